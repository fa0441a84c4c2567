/* No file may have a byte. SIGXFSZ would end this process: its disposition is the default one. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <signal.h>
#include <sys/resource.h>

static int is_in(int (*ask)(sigset_t *)) {
    sigset_t set;
    sigemptyset(&set);
    ask(&set);
    return sigismember(&set, SIGXFSZ);
}

static int mask(sigset_t *set) {
    return sigprocmask(SIG_BLOCK, NULL, set);
}

static void block(int how) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGXFSZ);
    sigprocmask(how, &set, NULL);
}

/* What has to be on disk before anything is sent cannot be: so nothing is. */
static void put_with_outbox(const oss_bucket *bucket) {
    oss_callback *callback = NULL;
    oss_outbox *outbox = NULL;
    oss_result *result = NULL;
    oss_put_options *options = oss_put_options_new();
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(needed_variable("CALLBACK_URL"), "a=b", &callback, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_outbox_open(path_of("outbox"), &outbox, &result));
    CHECK_SETS(oss_put_options_set_outbox(options, outbox));
    oss_body *body = oss_body_from_bytes("data", 4);
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_put_body(bucket, "never/owed", body, callback, options, &result));
    CHECK_CONTAINS(oss_result_message(result), "File too large");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    oss_body_free(body);
    oss_put_options_free(options);
    oss_outbox_free(outbox);
    oss_callback_free(callback);
}

static void upload_with_checkpoint(const oss_bucket *bucket) {
    oss_upload_options *options = oss_upload_options_new();
    oss_body *body = oss_body_from_file(needed_variable("SOURCE"));
    oss_result *result = NULL;
    CHECK_SETS(oss_upload_options_set_checkpoint(options, path_of("checkpoints")));
    const oss_status status = oss_upload_object(bucket, "recorded", body, NULL, options, &result);
    CHECK(status == OSS_STATUS_OK || status == OSS_STATUS_LOCAL_IO);
    CHECK((oss_result_stored(result) == OSS_STORED_YES) == (status == OSS_STATUS_OK));
    oss_result_free(result);
    oss_body_free(body);
    oss_upload_options_free(options);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    struct rlimit nothing = {0, 0};
    CHECK(setrlimit(RLIMIT_FSIZE, &nothing) == 0);
    put_with_outbox(bucket);
    upload_with_checkpoint(bucket);
    CHECK(!is_in(mask) && !is_in(sigpending));

    /* One that the host has waiting stays. */
    block(SIG_BLOCK);
    put_with_outbox(bucket);
    CHECK(is_in(mask) && !is_in(sigpending));
    raise(SIGXFSZ);
    put_with_outbox(bucket);
    upload_with_checkpoint(bucket);
    CHECK(is_in(mask) && is_in(sigpending));
    signal(SIGXFSZ, SIG_IGN);
    block(SIG_UNBLOCK);

    oss_bucket_free(bucket);
    return finish();
}
