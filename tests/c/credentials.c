/*
 * Credentials from every place they can come from, right and wrong. STS_ID, STS_SECRET and STS_TOKEN are a temporary
 * key, if the bucket knows one.
 */

#include "support.h"

static const char *id;
static const char *secret;

/* What the credentials of the environment are good for: they are made, and a put with them ends like this. */
static void from_environment(oss_status made, oss_status put) {
    oss_credentials *credentials = (oss_credentials *)&failures;
    oss_result *result = NULL;
    oss_bucket *bucket;
    CHECK_CALL(made, oss_credentials_new_from_environment(&credentials, &result));
    CHECK(strstr(oss_result_message(result), secret) == NULL);
    CHECK(oss_result_http_status(result) == 0);
    oss_result_free(result);
    CHECK((credentials != NULL) == (made == OSS_STATUS_OK));
    if (credentials == NULL) {
        return;
    }
    bucket = bucket_of(credentials);
    oss_credentials_free(credentials);
    CHECK_ENDS(put, oss_put_object(bucket, key_of("by-environment"), "", 0, NULL, &result));
    if (put == OSS_STATUS_OK) {
        clean_up(bucket, key_of("by-environment"));
    }
    oss_bucket_free(bucket);
}

static void set(const char *name, const char *value) {
    CHECK((value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

static void environment(void) {
    char padded_id[300], padded_secret[300];

    from_environment(OSS_STATUS_OK, OSS_STATUS_OK);
    format(padded_id, sizeof padded_id, " \t%s\r\n", id);
    format(padded_secret, sizeof padded_secret, "\n %s ", secret);
    set("OSS_ACCESS_KEY_ID", padded_id);
    set("OSS_ACCESS_KEY_SECRET", padded_secret);
    set("OSS_SESSION_TOKEN", " \n");
    from_environment(OSS_STATUS_OK, OSS_STATUS_OK);

    set("OSS_ACCESS_KEY_ID", NULL);
    from_environment(OSS_STATUS_CREDENTIALS, OSS_STATUS_OK);
    set("ALIBABA_CLOUD_ACCESS_KEY_ID", padded_id);
    set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", secret);
    /* Half a key is no reason to take another. */
    from_environment(OSS_STATUS_CREDENTIALS, OSS_STATUS_OK);
    set("OSS_ACCESS_KEY_SECRET", NULL);
    from_environment(OSS_STATUS_OK, OSS_STATUS_OK);
    /* OSS's own variables come first. */
    set("OSS_ACCESS_KEY_ID", id);
    set("OSS_ACCESS_KEY_SECRET", "not-the-secret");
    from_environment(OSS_STATUS_OK, OSS_STATUS_SERVICE);
    set("OSS_ACCESS_KEY_ID", NULL);
    set("OSS_ACCESS_KEY_SECRET", NULL);
    set("OSS_SESSION_TOKEN", NULL);
    if (variable("STS_ID") != NULL) {
        set("ALIBABA_CLOUD_ACCESS_KEY_ID", variable("STS_ID"));
        set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", variable("STS_SECRET"));
        set("ALIBABA_CLOUD_SECURITY_TOKEN", variable("STS_TOKEN"));
        from_environment(OSS_STATUS_OK, OSS_STATUS_OK);
        set("ALIBABA_CLOUD_SECURITY_TOKEN", NULL);
        from_environment(OSS_STATUS_OK, OSS_STATUS_SERVICE);
        set("OSS_ACCESS_KEY_ID", variable("STS_ID"));
        set("OSS_ACCESS_KEY_SECRET", variable("STS_SECRET"));
        set("OSS_SESSION_TOKEN", variable("STS_TOKEN"));
        from_environment(OSS_STATUS_OK, OSS_STATUS_OK);
        set("OSS_SESSION_TOKEN", NULL);
    }
    set("OSS_ACCESS_KEY_ID", "");
    set("OSS_ACCESS_KEY_SECRET", "");
    set("ALIBABA_CLOUD_ACCESS_KEY_ID", NULL);
    set("ALIBABA_CLOUD_ACCESS_KEY_SECRET", NULL);
    from_environment(OSS_STATUS_CREDENTIALS, OSS_STATUS_OK);
    set("OSS_ACCESS_KEY_ID", "id\nX-Evil: 1");
    set("OSS_ACCESS_KEY_SECRET", secret);
    from_environment(OSS_STATUS_CREDENTIALS, OSS_STATUS_OK);
    set("OSS_ACCESS_KEY_ID", id);
}

static void made(const char *with_id, const char *with_secret, const char *token, oss_status expected) {
    oss_credentials *credentials = (oss_credentials *)&failures;
    oss_result *result = NULL;
    CHECK_CALL(expected, oss_credentials_new(with_id, with_secret, token, &credentials, &result));
    CHECK((credentials != NULL) == (expected == OSS_STATUS_OK));
    CHECK(strstr(oss_result_message(result), "tell-nobody") == NULL);
    oss_result_free(result);
    oss_credentials_free(credentials);
}

static void given(void) {
    made(id, secret, NULL, OSS_STATUS_OK);
    made(id, secret, "", OSS_STATUS_OK);
    made("", "tell-nobody", NULL, OSS_STATUS_INVALID_ARGUMENT);
    made(" \n", "tell-nobody", NULL, OSS_STATUS_INVALID_ARGUMENT);
    made(id, "", NULL, OSS_STATUS_INVALID_ARGUMENT);
    made(id, " ", NULL, OSS_STATUS_INVALID_ARGUMENT);
    made("a\nb", "tell-nobody", NULL, OSS_STATUS_INVALID_ARGUMENT);
    made(id, "tell-nobody", "tell-nobody\r\nX-Evil: 1", OSS_STATUS_INVALID_ARGUMENT);
}

/* Ends a put with these credentials as a refusal, and returns what there is to know. */
static oss_result *refused_put(const char *with_id, const char *with_secret, const char *token) {
    oss_credentials *credentials = NULL;
    oss_result *result = NULL;
    oss_bucket *bucket;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new(with_id, with_secret, token, &credentials, &result));
    bucket = bucket_of(credentials);
    CHECK_CALL(OSS_STATUS_SERVICE, oss_put_object(bucket, key_of("refused"), "x", 1, NULL, &result));
    CHECK(oss_result_http_status(result) == 403);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_attempts(result) == 1);
    CHECK(oss_result_request_id(result)[0] != '\0');
    CHECK_CONTAINS(oss_result_message(result), oss_result_error_code(result));
    oss_bucket_free(bucket);
    oss_credentials_free(credentials);
    return result;
}

static void refused(void) {
    oss_result *result = refused_put(id, "tell-nobody", NULL);
    CHECK_TEXT(oss_result_error_code(result), "SignatureDoesNotMatch");
    CHECK(oss_result_ec(result)[0] != '\0');
    CHECK_CONTAINS(oss_result_message(result), oss_result_ec(result));
    CHECK(strstr(oss_result_message(result), "tell-nobody") == NULL);
    CHECK(strstr(oss_result_body(result, NULL), "tell-nobody") == NULL);
    oss_result_free(result);

    result = refused_put("no-such-id", "tell-nobody", NULL);
    CHECK_TEXT(oss_result_error_code(result), "InvalidAccessKeyId");
    CHECK(strstr(oss_result_message(result), "tell-nobody") == NULL);
    oss_result_free(result);

    if (variable("STS_ID") != NULL) {
        result = refused_put(variable("STS_ID"), variable("STS_SECRET"), "tell-nobody");
        CHECK(strstr(oss_result_message(result), "tell-nobody") == NULL);
        CHECK(strstr(oss_result_message(result), variable("STS_SECRET")) == NULL);
        oss_result_free(result);
    }
}

int main(void) {
    static char own_id[200], own_secret[200];
    format(own_id, sizeof own_id, "%s", needed_variable("OSS_ACCESS_KEY_ID"));
    format(own_secret, sizeof own_secret, "%s", needed_variable("OSS_ACCESS_KEY_SECRET"));
    id = own_id;
    secret = own_secret;
    environment();
    given();
    refused();
    return finish();
}
