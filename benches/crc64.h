/* CRC-64/XZ (ECMA-182, reflected), as in x-oss-hash-crc64ecma. */
#include <stddef.h>
#include <stdint.h>

/* Before anything else. Ends the program if it would compute something wrong. */
void crc64_prepare(void);

/* The CRC of what has the CRC `crc`, 0 for nothing, and then of `size` bytes. */
uint64_t crc64(uint64_t crc, const void *data, size_t size);
