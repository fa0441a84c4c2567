/* While the resolver hangs, calls end in time and leave few threads behind; when it works again, so do they. */
#include "own_resolver.h"

#include <sched.h>
#include <time.h>

#define MOST_THREADS 8
#define PUTS 40

/* A put that comes to nothing. One that is not tried because so many hang says so. */
static void put_in_vain(const oss_bucket *bucket) {
    oss_result *result = NULL;
    const oss_status status = oss_put_object(bucket, "key", "data", 4, NULL, &result);
    CHECK(status == OSS_STATUS_TIMEOUT || status == OSS_STATUS_NETWORK);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    if (status == OSS_STATUS_NETWORK) CHECK_CONTAINS(oss_result_message(result), "look");
    oss_result_free(result);
}

/* What hung has gone, and a put gets through, though perhaps not the first on a busy machine. */
static void works_again(const oss_bucket *bucket) {
    const time_t end = time(NULL) + 20;
    while (resolving_threads() > 0 && time(NULL) < end) sched_yield();
    CHECK(resolving_threads() == 0);
    while (oss_put_object(bucket, "key", "data", 4, NULL, NULL) != OSS_STATUS_OK && time(NULL) < end) continue;
    CHECK(time(NULL) < end);
}

int main(void) {
    oss_bucket_options *options = options_by_name();
    oss_bucket *bucket;
    int most = 0;

    CHECK_SETS(oss_bucket_options_set_connect_timeout_ms(options, 50));
    bucket = open_bucket_with(options);
    let_resolver_hang(true);
    for (int i = 0; i < PUTS; i++) {
        put_in_vain(bucket);
        if (resolving_threads() > most) most = resolving_threads();
    }
    fprintf(stderr, "%d threads\n", most);
    CHECK(most >= 1 && most <= MOST_THREADS);
    let_resolver_hang(false);
    works_again(bucket);
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    return finish();
}
