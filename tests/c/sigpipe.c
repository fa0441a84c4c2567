/* The server resets RESETS uploads midway, and 60 more. SIGPIPE would end this process: its disposition is the default one. */
#include <pthread.h>
#include "support.h"

#include <signal.h>

enum { SIZE = 1 << 20 };

static volatile sig_atomic_t handled;

static void handle(int number) {
    (void)number;
    handled = handled + 1;
}

static int is_blocked(void) {
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, SIGPIPE);
}

static int is_pending(void) {
    sigset_t pending;
    sigpending(&pending);
    return sigismember(&pending, SIGPIPE);
}

static void block(int how) {
    sigset_t sigpipe;
    sigemptyset(&sigpipe);
    sigaddset(&sigpipe, SIGPIPE);
    pthread_sigmask(how, &sigpipe, NULL);
}

static void put_into_resets(oss_bucket *bucket, const char *data, int times) {
    for (int i = 0; i < times; i++) {
        oss_result *result = NULL;
        oss_status status = oss_put_object(bucket, "reset", data, SIZE, NULL, &result);
        CHECK(status == OSS_STATUS_NETWORK);
        /* Whether all of it had arrived by then need not be known. */
        CHECK(oss_result_stored(result) != OSS_STORED_YES);
        oss_result_free(result);
    }
}

int main(void) {
    oss_bucket_options *options = bucket_options();
    oss_bucket_options_set_max_attempts(options, 1);
    oss_bucket_options_set_settling_time_ms(options, 0);
    oss_bucket *bucket = open_bucket_with(options);
    char *data = calloc(1, SIZE);
    struct sigaction before, after;
    sigaction(SIGPIPE, NULL, &before);

    put_into_resets(bucket, data, atoi(needed_variable("RESETS")));
    CHECK(!is_blocked() && !is_pending());
    sigaction(SIGPIPE, NULL, &after);
    CHECK(before.sa_handler == SIG_DFL && after.sa_handler == SIG_DFL);

    /* A host that handles the signal is not bothered with ours. */
    signal(SIGPIPE, handle);
    put_into_resets(bucket, data, 20);
    CHECK(handled == 0);
    raise(SIGPIPE);
    CHECK(handled == 1);
    signal(SIGPIPE, SIG_DFL);

    /* A host that blocks the signal finds it blocked, and finds none that it did not have before. */
    block(SIG_BLOCK);
    put_into_resets(bucket, data, 20);
    CHECK(is_blocked() && !is_pending());
    /* One of its own stays pending. */
    pthread_kill(pthread_self(), SIGPIPE);
    put_into_resets(bucket, data, 20);
    CHECK(is_pending());
    signal(SIGPIPE, SIG_IGN);
    block(SIG_UNBLOCK);

    free(data);
    oss_bucket_options_free(options);
    oss_bucket_free(bucket);
    return finish();
}
