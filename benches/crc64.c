/* Folds with PCLMULQDQ as the library does, 128 bytes at a time: V. Gopal et al., "Fast CRC Computation for Generic
 * Polynomials Using PCLMULQDQ Instruction", Intel 2009. By a table, which is far slower, where there is no such
 * instruction. */
#include "crc64.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t POLYNOMIAL = 0xC96C5795D7870F42;
static const uint64_t CHECK = 0x995DC9BBDF1939FA; /* the CRC of "123456789" */

typedef uint64_t update(uint64_t state, const unsigned char *data, size_t size);

static uint64_t table[256];
static update *quickest;

/* What times x to the power of n leaves when divided by the polynomial; reflected, as everything here. */
static uint64_t times_x(uint64_t remainder, unsigned n) {
    while (n--) remainder = remainder >> 1 ^ (remainder & 1 ? POLYNOMIAL : 0);
    return remainder;
}

static uint64_t by_table(uint64_t state, const unsigned char *data, size_t size) {
    while (size--) state = table[(state ^ *data++) & 0xFF] ^ state >> 8;
    return state;
}

#ifdef __x86_64__
#include <immintrin.h>
#define WITH_PCLMUL __attribute__((target("pclmul,sse4.1")))

enum { LANE = 16, LANES = 8, BLOCK = LANES * LANE };

/* What moves a lane on by a block, and by a lane. */
static __m128i by_block, by_lane;

/* The product of two reflected numbers lacks a bit, hence the 1. */
static __m128i distance(unsigned bytes) {
    uint64_t one = (uint64_t)1 << 63;
    return _mm_set_epi64x((long long)times_x(one, bytes * 8 - 1), (long long)times_x(one, bytes * 8 + 64 - 1));
}

WITH_PCLMUL static inline __m128i moved(__m128i lane, __m128i by) {
    return _mm_xor_si128(_mm_clmulepi64_si128(lane, by, 0x00), _mm_clmulepi64_si128(lane, by, 0x11));
}

WITH_PCLMUL static uint64_t by_folding(uint64_t state, const unsigned char *data, size_t size) {
    if (size < BLOCK) return by_table(state, data, size);
    __m128i lanes[LANES];
    memcpy(lanes, data, BLOCK);
    lanes[0] = _mm_xor_si128(lanes[0], _mm_cvtsi64_si128((long long)state));
    for (data += BLOCK, size -= BLOCK; size >= BLOCK; data += BLOCK, size -= BLOCK)
        for (int i = 0; i < LANES; i++)
            lanes[i] = _mm_xor_si128(moved(lanes[i], by_block), _mm_loadu_si128((const __m128i *)data + i));
    for (int i = 1; i < LANES; i++) lanes[i] = _mm_xor_si128(moved(lanes[i - 1], by_lane), lanes[i]);
    unsigned char folded[LANE];
    memcpy(folded, &lanes[LANES - 1], LANE);
    return by_table(by_table(0, folded, LANE), data, size);
}
#endif

static update *choose(void) {
#ifdef __x86_64__
    by_block = distance(BLOCK);
    by_lane = distance(LANE);
    if (__builtin_cpu_supports("pclmul") && __builtin_cpu_supports("sse4.1")) return by_folding;
#endif
    return by_table;
}

uint64_t crc64(uint64_t crc, const void *data, size_t size) {
    return ~quickest(~crc, data, size);
}

/* Of each length, so that whole blocks and what is left of one are among them. */
static int agrees_with_table(void) {
    unsigned char data[1000];
    for (size_t i = 0; i < sizeof data; i++) data[i] = (unsigned char)(i * i + i / 7);
    for (size_t size = 0; size < sizeof data; size++)
        if (quickest(size, data + 1, size) != by_table(size, data + 1, size)) return 0;
    return 1;
}

void crc64_prepare(void) {
    for (unsigned byte = 0; byte < 256; byte++) table[byte] = times_x(byte, 8);
    quickest = choose();
    if (crc64(0, "123456789", 9) != CHECK || !agrees_with_table()) {
        fprintf(stderr, "crc64.c computes something wrong\n");
        exit(1);
    }
}
