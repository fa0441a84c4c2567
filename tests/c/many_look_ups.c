/* However many threads want a bucket's name at the same time, they wait for one look-up, and none of them fails for it. */
#include "own_resolver.h"

#include <sched.h>

#define THREADS 32

static oss_bucket *bucket;
static oss_status ended[THREADS];

static void *put(void *place) {
    oss_status *status = place;
    char key[32];
    format(key, sizeof key, "thread/%d", (int)(status - ended));
    *status = oss_put_object(bucket, key, "data", 4, NULL, NULL);
    return NULL;
}

int main(void) {
    oss_bucket_options *options = options_by_name();
    pthread_t threads[THREADS];

    CHECK_SETS(oss_bucket_options_set_max_attempts(options, 1));
    bucket = open_bucket_with(options);
    let_resolver_hang(true);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_create(&threads[i], NULL, put, &ended[i]) == 0);
    }
    while (count_look_ups() == 0) sched_yield();
    let_resolver_hang(false);
    for (int i = 0; i < THREADS; i++) {
        CHECK(pthread_join(threads[i], NULL) == 0);
        CHECK(ended[i] == OSS_STATUS_OK);
    }
    CHECK(count_look_ups() == 1);
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    return finish();
}
