/*
 * The system has no room for what is to be sent, once: this program's own sendmsg() takes the place of the C library's,
 * and says so when it is told to. That ends the attempt at once, with that reason; the next gets through.
 */
#define _GNU_SOURCE
#include "support.h"

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

/* How many calls are let through before one fails; NONE if none is to. */
#define NONE UINT_MAX
static unsigned passing = NONE;

static bool fails(void) {
    /* After the one that fails, which makes NONE of 0, all are let through. */
    if (passing == NONE || passing-- > 0) return false;
    errno = ENOBUFS;
    return true;
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    return fails() ? -1 : syscall(SYS_sendmsg, socket, message, flags);
}

ssize_t send(int socket, const void *data, size_t size, int flags) {
    return fails() ? -1 : syscall(SYS_sendto, socket, data, size, flags, NULL, 0);
}

static void put(uint32_t attempts, unsigned calls, size_t size, oss_status expected) {
    oss_bucket_options *options = bucket_options();
    oss_bucket *bucket;
    oss_result *result = NULL;
    char *data = calloc(size, 1);

    CHECK_SETS(oss_bucket_options_set_max_attempts(options, attempts));
    CHECK_SETS(oss_bucket_options_set_stall_timeout_ms(options, 5000));
    bucket = open_bucket_with(options);
    passing = calls;
    CHECK_CALL(expected, oss_put_object(bucket, "key", data, size, NULL, &result));
    CHECK(passing == NONE);
    CHECK(oss_result_attempts(result) == attempts);
    if (expected != OSS_STATUS_OK) {
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        CHECK_CONTAINS(oss_result_message(result), strerror(ENOBUFS));
    }
    oss_result_free(result);
    free(data);
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
}

static void fails_once(unsigned calls, size_t size) {
    put(1, calls, size, OSS_STATUS_NETWORK);
    put(2, calls, size, OSS_STATUS_OK);
}

int main(void) {
    fails_once(0, 0);
    fails_once(0, 4);
    for (unsigned calls = 0; calls < 4; calls++) fails_once(calls, 1 << 20);
    return finish();
}
