/*
 * Uploads in a process that may not make threads or processes any more: the kernel ends it when it tries. With BY_NAME the
 * endpoint has a host name, for which a thread would be needed; making one fails then, and so does the upload.
 */
#define _DEFAULT_SOURCE
#include "every_kind.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static char data[KIND_SIZE];

/* Who looks for leaks at the end makes a process for it, which this program may not. */
const char *__asan_default_options(void);

const char *__asan_default_options(void) {
    return "detect_leaks=0";
}

static void forbid_clone(unsigned action) {
    const unsigned number = (unsigned)offsetof(struct seccomp_data, nr);
    struct sock_filter filter[] = {
        {BPF_LD | BPF_W | BPF_ABS, 0, 0, number},
        {BPF_JMP | BPF_JEQ | BPF_K, 3, 0, SYS_clone},
        {BPF_JMP | BPF_JEQ | BPF_K, 2, 0, SYS_clone3},
        {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, SYS_vfork},
        {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
        {BPF_RET | BPF_K, 0, 0, action},
    };
    struct sock_fprog program = {sizeof filter / sizeof filter[0], filter};
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    if (variable("BY_NAME") == NULL) {
        forbid_clone(SECCOMP_RET_KILL_PROCESS);
        CHECK(upload_every_kind(bucket, data) == 0);
    } else {
        oss_result *result = NULL;
        forbid_clone(SECCOMP_RET_ERRNO | EAGAIN);
        CHECK_CALL(OSS_STATUS_NETWORK, oss_put_object(bucket, "refused", data, 1, NULL, &result));
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        oss_result_free(result);
    }
    oss_bucket_free(bucket);
    return finish();
}
