/* Credentials that get their keys from a function, and credentials that sign nothing. */

#include "support.h"

#include <time.h>

/* What the function answers with, and how often it was called. */
typedef struct {
    const char *id, *secret, *token;
    int64_t expiry;
    int32_t failure;
    unsigned calls;
    /* An id that nobody knows comes first. */
    const char *id_before;
    /* What is put before it answers, with other credentials. */
    const oss_bucket *other;
} answers;

static const char *own_id, *own_secret;
/* That of the call under way stays where it is. */
static char nested_key[1100];

static int32_t answer_with(void *user_data, oss_credentials_answer *answer) {
    answers *with = user_data;
    const char *id = with->calls++ == 0 && with->id_before != NULL ? with->id_before : with->id;
    if (with->other != NULL) {
        CHECK_ENDS(OSS_STATUS_OK, oss_put_object(with->other, nested_key, "x", 1, NULL, &result));
        clean_up(with->other, nested_key);
    }
    if (id != NULL) CHECK_SETS(oss_credentials_answer_set_access_key_id(answer, id));
    if (with->secret != NULL) CHECK_SETS(oss_credentials_answer_set_access_key_secret(answer, with->secret));
    if (with->token != NULL) CHECK_SETS(oss_credentials_answer_set_security_token(answer, with->token));
    if (with->expiry != 0) CHECK_SETS(oss_credentials_answer_set_expiry(answer, with->expiry));
    return with->failure;
}

static oss_bucket *bucket_from(oss_credentials_fn function, void *user_data) {
    oss_credentials *credentials = NULL;
    oss_bucket *bucket;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new_from_function(function, user_data, &credentials, &result));
    bucket = bucket_of(credentials);
    oss_credentials_free(credentials);
    return bucket;
}

static answers right(void) {
    answers with = {0};
    with.id = own_id;
    with.secret = own_secret;
    return with;
}

/* Puts with what the function answers. How the first of `puts` ends, and that the function was called so often in all. */
static oss_result *put(answers *with, unsigned puts, oss_status expected, unsigned calls) {
    oss_bucket *bucket = bucket_from(answer_with, with);
    oss_result *first = NULL;
    for (unsigned i = 0; i < puts; i++) {
        oss_result *result = NULL;
        CHECK_CALL(expected, oss_put_object(bucket, key_of("function"), "x", 1, NULL, &result));
        if (first == NULL) first = result;
        else oss_result_free(result);
    }
    CHECK(with->calls == calls);
    if (expected == OSS_STATUS_OK) clean_up(bucket, key_of("function"));
    oss_bucket_free(bucket);
    return first;
}

static void keys_are_kept_until_their_end(void) {
    answers with = right();
    with.expiry = (int64_t)time(NULL) + 3600;
    oss_result_free(put(&with, 3, OSS_STATUS_OK, 1));

    with = right();
    oss_result_free(put(&with, 3, OSS_STATUS_OK, 3));

    with = right();
    with.expiry = (int64_t)time(NULL) - 1;
    oss_result_free(put(&with, 3, OSS_STATUS_OK, 3));
}

static void key_that_is_refused_is_asked_for_again(void) {
    answers with = right();
    oss_result *result;
    with.expiry = (int64_t)time(NULL) + 3600;
    with.id_before = "no-such-id";
    result = put(&with, 2, OSS_STATUS_OK, 2);
    CHECK(oss_result_attempts(result) == 1);
    oss_result_free(result);
}

static void no_key(answers with, const char *why) {
    oss_result *result = put(&with, 1, OSS_STATUS_CREDENTIALS, 1);
    CHECK_CONTAINS(oss_result_message(result), why);
    CHECK(strstr(oss_result_message(result), "tell-nobody") == NULL);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_http_status(result) == 0);
    oss_result_free(result);
}

static void what_is_no_key_says_why(void) {
    answers with = right();
    with.failure = 42;
    no_key(with, "failed with 42");

    with = right();
    with.id = NULL;
    with.secret = "tell-nobody";
    no_key(with, "access key id is empty");
    with.id = "id";
    with.secret = NULL;
    no_key(with, "access key secret is empty");
    with.secret = "tell-nobody";
    with.id = "STS.id";
    no_key(with, "without its security token");
    with.token = "tell-nobody\r\nX-Evil: 1";
    no_key(with, "security token holds a control character");
}

/* Calls setters with what they refuse. */
static int32_t wrong(void *user_data, oss_credentials_answer *answer) {
    (void)user_data;
    CHECK(oss_credentials_answer_set_access_key_secret(answer, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_security_token(answer, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_access_key_id(answer, "\xff") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_credentials_answer_set_access_key_id(answer, own_id));
    CHECK_SETS(oss_credentials_answer_set_access_key_secret(answer, own_secret));
    CHECK(oss_credentials_answer_set_expiry(answer, 0) == OSS_STATUS_INVALID_ARGUMENT);
    /* Milliseconds. */
    CHECK(oss_credentials_answer_set_expiry(answer, (int64_t)time(NULL) * 1000) == OSS_STATUS_INVALID_ARGUMENT);
    return 0;
}

static void what_a_setter_refused_is_no_answer(void) {
    oss_bucket *bucket = bucket_from(wrong, NULL);
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_CREDENTIALS, oss_put_object(bucket, key_of("wrong"), "x", 1, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "is no time in seconds since 1970");
    oss_result_free(result);
    oss_bucket_free(bucket);
}

static void function_may_upload_with_other_credentials(void) {
    answers with = right();
    oss_bucket *other = open_bucket();
    with.other = other;
    oss_result_free(put(&with, 1, OSS_STATUS_OK, 1));
    oss_bucket_free(other);
}

static void nothing_to_hand_out(const oss_bucket *bucket, oss_status expected) {
    oss_presigned *presigned = NULL;
    oss_post_policy *policy = oss_post_policy_new();
    oss_post_form *form = NULL;
    CHECK_ENDS(expected, oss_presign_put(bucket, "key", NULL, NULL, 60, &presigned, &result));
    CHECK_ENDS(expected, oss_presign_get(bucket, "key", 60, &presigned, &result));
    CHECK_ENDS(expected, oss_presign_upload_part(bucket, "key", "id", 1, 60, &presigned, &result));
    CHECK_ENDS(expected, oss_presign_complete_multipart(bucket, "key", "id", NULL, 60, &presigned, &result));
    CHECK(presigned == NULL);
    CHECK_SETS(oss_post_policy_set_key(policy, "key"));
    CHECK_ENDS(expected, oss_post_policy_sign(policy, bucket, NULL, 60, &form, &result));
    CHECK(form == NULL);
    oss_post_policy_free(policy);
}

static void without_a_key_nothing_is_handed_out(void) {
    answers with = right();
    oss_bucket *bucket = bucket_from(answer_with, &with);
    with.failure = 1;
    nothing_to_hand_out(bucket, OSS_STATUS_CREDENTIALS);
    oss_bucket_free(bucket);
}

static void anonymous(void) {
    oss_credentials *nobody = NULL;
    oss_result *result = NULL;
    oss_bucket *bucket;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new_anonymous(&nobody, &result));
    bucket = bucket_of(nobody);
    oss_credentials_free(nobody);
    nothing_to_hand_out(bucket, OSS_STATUS_INVALID_ARGUMENT);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_put_object(bucket, key_of("anonymous"), "x", 1, NULL, &result));
    CHECK_TEXT(oss_result_error_code(result), "AccessDenied");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    oss_bucket_free(bucket);
}

int main(void) {
    own_id = needed_variable("OSS_ACCESS_KEY_ID");
    own_secret = needed_variable("OSS_ACCESS_KEY_SECRET");
    format(nested_key, sizeof nested_key, "%s", key_of("nested"));
    keys_are_kept_until_their_end();
    key_that_is_refused_is_asked_for_again();
    what_is_no_key_says_why();
    what_a_setter_refused_is_no_answer();
    function_may_upload_with_other_credentials();
    without_a_key_nothing_is_handed_out();
    anonymous();
    return finish();
}
