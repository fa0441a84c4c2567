/* A rate in a parent and its child: each has its own. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

int main(void) {
    static const char data[150000];
    oss_rate *rate = oss_rate_new(0);
    oss_bucket_options *options = bucket_options();
    oss_bucket *bucket = NULL, *limited = NULL;
    int status = -1;
    alarm(60);
    CHECK_SETS(oss_bucket_options_set_rate(options, rate));
    bucket = open_bucket_with(options);
    oss_bucket_options_free(options);
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_with_limits(bucket, 200, NULL, &limited, &result));

    /* The parent stays paused, whatever the child does. */
    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_put_object(limited, "never/before", data, sizeof data, NULL, &result));
    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        oss_rate_set(rate, UINT64_MAX);
        const oss_status put = oss_put_object(bucket, "child", data, sizeof data, NULL, NULL);
        oss_bucket_free(bucket);
        oss_rate_free(rate);
        _exit(put != OSS_STATUS_OK);
    }
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_put_object(limited, "never/after", data, sizeof data, NULL, &result));
    oss_bucket_free(limited);
    oss_bucket_free(bucket);
    oss_rate_free(rate);
    return finish();
}
