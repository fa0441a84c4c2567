/*
 * A name whose resolution never ends: a cancel and a deadline end the call all the same. This program's own getaddrinfo()
 * takes the place of the C library's. HTTPS=1 asks for the other way to the endpoint.
 */
#include "support.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

/* Written to when a resolution begins; closed when those that are waiting may end. */
static int begun[2], never[2];

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    char byte = 0;
    (void)node, (void)service, (void)hints, (void)found;
    if (write(begun[1], &byte, 1) == 1) {
        while (read(never[0], &byte, 1) < 0 && errno == EINTR) continue;
    }
    return EAI_AGAIN;
}

static void wait_for_resolution(void) {
    char byte;
    while (read(begun[0], &byte, 1) < 0 && errno == EINTR) continue;
}

static void *fire(void *cancel) {
    wait_for_resolution();
    oss_cancel_fire(cancel);
    return NULL;
}

static oss_bucket *nowhere(const oss_bucket_options *options) {
    const char *endpoint = variable("HTTPS") ? "https://nowhere.invalid" : "http://nowhere.invalid";
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    CHECK_SETS(oss_credentials_new("id", "secret", NULL, &credentials, NULL));
    CHECK_SETS(oss_bucket_new(endpoint, "examplebucket", credentials, options, &bucket, NULL));
    oss_credentials_free(credentials);
    return bucket;
}

static void cancelled(void) {
    oss_bucket_options *options = bucket_options();
    oss_cancel *cancel = oss_cancel_new();
    oss_bucket *bucket;
    pthread_t firing;

    CHECK_SETS(oss_bucket_options_set_cancel(options, cancel));
    bucket = nowhere(options);
    CHECK(pthread_create(&firing, NULL, fire, cancel) == 0);
    CHECK_ENDS(OSS_STATUS_CANCELLED, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK(pthread_join(firing, NULL) == 0);
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    oss_cancel_free(cancel);
}

/* Returns whether a resolution had begun when the time was over. */
static bool out_of_time(uint64_t deadline_ms) {
    struct pollfd resolution = {begun[0], POLLIN, 0};
    oss_bucket_options *options = bucket_options();
    oss_bucket *bucket;

    CHECK_SETS(oss_bucket_options_set_deadline_ms(options, deadline_ms));
    bucket = nowhere(options);
    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    return poll(&resolution, 1, 0) == 1;
}

int main(void) {
    CHECK(pipe(begun) == 0 && pipe(never) == 0);
    cancelled();
    /* A busy machine may need longer to get there. */
    for (uint64_t deadline_ms = 200; !out_of_time(deadline_ms); deadline_ms *= 2) continue;
    close(never[1]);
    return finish();
}
