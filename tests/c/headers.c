/* Sets all that an object can be stored with, has it stored, and tries to smuggle in what no header may have. */

#include "support.h"

static oss_bucket *bucket;

static void put(const char *name, const oss_put_options *options, oss_status expected) {
    oss_result *result = NULL;
    CHECK_CALL(expected, oss_put_object(bucket, key_of(name), "data", 4, options, &result));
    oss_result_free(result);
}

static void check_header(const char *key, const char *name, const char *expected) {
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_stat_object(bucket, key, &result));
    if (expected == NULL) {
        CHECK(oss_result_header(result, name) == NULL);
    } else {
        CHECK_TEXT(oss_result_header(result, name), expected);
    }
    oss_result_free(result);
}

static void descriptive_headers(void) {
    oss_put_options *options = oss_put_options_new();
    const char *key;

    CHECK_SETS(oss_put_options_set_content_type(options, "text/x-first"));
    CHECK_SETS(oss_put_options_set_content_type(options, "text/x-test; charset=utf-8"));
    CHECK_SETS(oss_put_options_set_cache_control(options, "max-age=60, private"));
    CHECK_SETS(oss_put_options_set_content_disposition(options, "attachment; filename=\"a b.txt\""));
    CHECK_SETS(oss_put_options_set_content_encoding(options, "x-none"));
    CHECK_SETS(oss_put_options_set_content_language(options, "zh-CN"));
    CHECK_SETS(oss_put_options_set_expires(options, "Wed, 08 Jul 2026 16:57:01 GMT"));
    CHECK_SETS(oss_put_options_add_metadata(options, "Author", "first"));
    CHECK_SETS(oss_put_options_add_metadata(options, "author", "\xe5\x90\x8d\xe5\xad\x97 and a\ttab"));
    CHECK_SETS(oss_put_options_add_metadata(options, "Page-2", "two"));
    CHECK_SETS(oss_put_options_set_header(options, "X-Oss-Meta-By-Header", "three"));
    CHECK_SETS(oss_put_options_set_header(options, "x-oss-persistent-headers", "a:YQ=="));
    put("described", options, OSS_STATUS_OK);
    key = key_of("described");
    check_header(key, "Content-Type", "text/x-test; charset=utf-8");
    check_header(key, "Cache-Control", "max-age=60, private");
    check_header(key, "Content-Disposition", "attachment; filename=\"a b.txt\"");
    check_header(key, "Content-Encoding", "x-none");
    check_header(key, "Content-Language", "zh-CN");
    check_header(key, "Expires", "Wed, 08 Jul 2026 16:57:01 GMT");
    check_header(key, "x-oss-meta-author", "\xe5\x90\x8d\xe5\xad\x97 and a\ttab");
    check_header(key, "x-oss-meta-page-2", "two");
    check_header(key, "x-oss-meta-by-header", "three");
    clean_up(bucket, key);

    /* An empty value takes a header away again. */
    CHECK_SETS(oss_put_options_set_cache_control(options, ""));
    CHECK_SETS(oss_put_options_add_metadata(options, "page-2", ""));
    put("described-less", options, OSS_STATUS_OK);
    key = key_of("described-less");
    check_header(key, "Cache-Control", NULL);
    check_header(key, "x-oss-meta-page-2", NULL);
    check_header(key, "x-oss-meta-by-header", "three");
    clean_up(bucket, key);
    oss_put_options_free(options);
}

static void guessed_types(void) {
    static const struct {
        const char *name, *type;
    } guesses[] = {
        {"guess.jpg", "image/jpeg"},       {"GUESS.PNG", "image/png"},
        {"guess.txt", "text/plain"},       {"guess.html", "text/html"},
        {"guess.json", "application/json"}, {"guess", "application/octet-stream"},
        {"guess.unheard-of", "application/octet-stream"},
    };
    for (size_t i = 0; i < sizeof guesses / sizeof guesses[0]; i++) {
        put(guesses[i].name, NULL, OSS_STATUS_OK);
        check_header(key_of(guesses[i].name), "content-type", guesses[i].type);
        clean_up(bucket, key_of(guesses[i].name));
    }
}

/* These need rights and a region that not every bucket has, so only the emulator is asked for them. */
static void kinds_of_storage(void) {
    static const int32_t acls[] = {OSS_OBJECT_ACL_DEFAULT, OSS_OBJECT_ACL_PRIVATE, OSS_OBJECT_ACL_PUBLIC_READ,
                                   OSS_OBJECT_ACL_PUBLIC_READ_WRITE};
    static const int32_t classes[] = {OSS_STORAGE_STANDARD, OSS_STORAGE_IA, OSS_STORAGE_ARCHIVE,
                                      OSS_STORAGE_COLD_ARCHIVE, OSS_STORAGE_DEEP_COLD_ARCHIVE};
    oss_put_options *options = oss_put_options_new();
    char name[32];

    for (int i = 0; i < 4; i++) {
        CHECK_SETS(oss_put_options_set_acl(options, acls[i]));
        format(name, sizeof name, "acl-%d", i);
        put(name, options, OSS_STATUS_OK);
    }
    oss_put_options_free(options);

    options = oss_put_options_new();
    for (int i = 0; i < 5; i++) {
        CHECK_SETS(oss_put_options_set_storage_class(options, classes[i]));
        format(name, sizeof name, "storage-%d", i);
        put(name, options, OSS_STATUS_OK);
    }
    oss_put_options_free(options);

    options = oss_put_options_new();
    CHECK_SETS(oss_put_options_set_encryption(options, OSS_ENCRYPTION_KMS_SM4, "key-1"));
    put("encryption-kms-sm4", options, OSS_STATUS_OK);
    CHECK_SETS(oss_put_options_set_encryption(options, OSS_ENCRYPTION_KMS, NULL));
    put("encryption-kms", options, OSS_STATUS_OK);
    CHECK_SETS(oss_put_options_set_encryption(options, OSS_ENCRYPTION_SM4, NULL));
    put("encryption-sm4", options, OSS_STATUS_OK);
    CHECK_SETS(oss_put_options_set_encryption(options, OSS_ENCRYPTION_AES256, NULL));
    put("encryption-aes256", options, OSS_STATUS_OK);
    CHECK_REFUSED(oss_put_options_set_encryption(options, OSS_ENCRYPTION_AES256, "key-1"),
                  oss_put_options_error(options), "key id");
    CHECK_REFUSED(oss_put_options_set_encryption(options, OSS_ENCRYPTION_KMS, "key\n"),
                  oss_put_options_error(options), "control");
    put("encryption-still-aes256", options, OSS_STATUS_OK);
    oss_put_options_free(options);
}

static void tags(void) {
    oss_put_options *options = oss_put_options_new();
    char long_key[130], name[32];

    CHECK_SETS(oss_put_options_add_tag(options, "project", "a + b=c"));
    CHECK_SETS(oss_put_options_add_tag(options, "\xe5\x90\x8d", ""));
    put("tagged", options, OSS_STATUS_OK);
    check_header(key_of("tagged"), "x-oss-tagging-count", "2");
    clean_up(bucket, key_of("tagged"));

    CHECK_REFUSED(oss_put_options_add_tag(options, "", "v"), oss_put_options_error(options), "tag");
    CHECK_REFUSED(oss_put_options_add_tag(options, "project", "d"), oss_put_options_error(options), "twice");
    CHECK_REFUSED(oss_put_options_add_tag(options, "a&b", "v"), oss_put_options_error(options), "letters, digits");
    CHECK_REFUSED(oss_put_options_add_tag(options, "k", "a,b"), oss_put_options_error(options), "letters, digits");
    CHECK_REFUSED(oss_put_options_set_header(options, "x-oss-tagging", "k=a%2Cb"), oss_put_options_error(options),
                  "letters, digits");
    memset(long_key, 'k', 129);
    long_key[129] = '\0';
    CHECK_REFUSED(oss_put_options_add_tag(options, long_key, "v"), oss_put_options_error(options), "128");
    for (int i = 2; i < 10; i++) {
        format(name, sizeof name, "tag-%d", i);
        CHECK_SETS(oss_put_options_add_tag(options, name, "v"));
    }
    CHECK_REFUSED(oss_put_options_add_tag(options, "eleventh", "v"), oss_put_options_error(options), "10");
    oss_put_options_free(options);
}

static void forbidden_overwrite(void) {
    oss_put_options *options = oss_put_options_new();
    const char *key;
    oss_result *result = NULL;

    CHECK_SETS(oss_put_options_set_forbid_overwrite(options, 2));
    put("once", options, OSS_STATUS_OK);
    key = key_of("once");
    CHECK_CALL(OSS_STATUS_SERVICE, oss_put_object(bucket, key, "other", 5, options, &result));
    CHECK_TEXT(oss_result_error_code(result), "FileAlreadyExists");
    CHECK(oss_result_http_status(result) == 409);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_attempts(result) == 1);
    CHECK_CONTAINS(oss_result_message(result), "FileAlreadyExists");
    oss_result_free(result);
    check_header(key, "content-length", "4");
    CHECK_SETS(oss_put_options_set_forbid_overwrite(options, 0));
    put("once", options, OSS_STATUS_OK);
    clean_up(bucket, key_of("once"));
    oss_put_options_free(options);
}

static void traffic_limit_and_md5(void) {
    oss_put_options *options = oss_put_options_new();

    CHECK_REFUSED(oss_put_options_set_traffic_limit(options, 0), oss_put_options_error(options), "245760");
    CHECK_REFUSED(oss_put_options_set_traffic_limit(options, 245759), oss_put_options_error(options), "245760");
    CHECK_REFUSED(oss_put_options_set_traffic_limit(options, 838860801), oss_put_options_error(options), "838860800");
    CHECK_REFUSED(oss_put_options_set_traffic_limit(options, UINT64_MAX), oss_put_options_error(options), "838860800");
    CHECK_SETS(oss_put_options_set_traffic_limit(options, 245760));
    CHECK_SETS(oss_put_options_set_content_md5(options, -1));
    put("limited", options, OSS_STATUS_OK);
    clean_up(bucket, key_of("limited"));
    CHECK_SETS(oss_put_options_set_traffic_limit(options, 838860800));
    CHECK_SETS(oss_put_options_set_content_md5(options, 0));
    CHECK_SETS(oss_put_options_set_deadline_ms(options, 60000));
    put("limited-most", options, OSS_STATUS_OK);
    clean_up(bucket, key_of("limited-most"));
    CHECK_REFUSED(oss_put_options_set_deadline_ms(options, 604800001), oss_put_options_error(options), "604800000");
    oss_put_options_free(options);
}

static void user_agent(void) {
    oss_bucket_options *options = bucket_options();
    oss_credentials *credentials = NULL;
    oss_bucket *other = NULL;

    CHECK_REFUSED(oss_bucket_options_set_user_agent(options, "a\r\nX-Evil: 1"), oss_bucket_options_error(options),
                  "control");
    CHECK_SETS(oss_bucket_options_set_user_agent(options, "test-agent/1"));
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new_from_environment(&credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(needed_variable("OSS_ENDPOINT"), needed_variable("OSS_BUCKET"),
                                             credentials, options, &other, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(other, key_of("agent"), "", 0, NULL, &result));
    clean_up(other, key_of("agent"));
    oss_bucket_free(other);
    oss_credentials_free(credentials);
    oss_bucket_options_free(options);
}

static void smuggling(void) {
    static const char *const bad_values[] = {"a\r\nX-Evil: 1", "a\n", "\r",     "a\nb",   "\x01",
                                             "\x1b[31m",       "\x7f", "a\vb", "a\fb",   "\x08"};
    static const char *const bad_names[] = {"",       "a b", "a:",    "a\r\nX-Evil", "a\n", "\xc3\xa9", "(x)",
                                            "a\tb", " a",  "x-oss-meta-", "x-oss-meta-a_b"};
    static const char *const bad_metadata[] = {"", "a b", "a:b", "a_b", "\xc3\xa9", "a\r\nX-Evil", "x-oss-meta-a"};
    static const char *const owned[] = {
        "Host",         "content-length",       "Transfer-Encoding", "CONNECTION",
        "Date",         "Authorization",        "x-oss-date",        "X-Oss-Content-Sha256",
        "x-oss-security-token", "x-oss-callback", "X-OSS-CALLBACK-VAR", "Expect",
        "TE",           "Trailer",              "Upgrade",           "Proxy-Authorization",
        "Keep-Alive"};
    oss_put_options *options = oss_put_options_new();

    CHECK_TEXT(oss_put_options_error(options), "");
    for (size_t i = 0; i < sizeof bad_values / sizeof bad_values[0]; i++) {
        const char *bad = bad_values[i];
        CHECK_REFUSED(oss_put_options_set_header(options, "x-test", bad), oss_put_options_error(options), "control");
        CHECK_REFUSED(oss_put_options_add_metadata(options, "test", bad), oss_put_options_error(options), "control");
        CHECK_REFUSED(oss_put_options_set_content_type(options, bad), oss_put_options_error(options), "control");
        CHECK_REFUSED(oss_put_options_set_cache_control(options, bad), oss_put_options_error(options), "control");
        CHECK_REFUSED(oss_put_options_set_content_disposition(options, bad), oss_put_options_error(options),
                      "control");
        CHECK_REFUSED(oss_put_options_set_content_encoding(options, bad), oss_put_options_error(options), "control");
        CHECK_REFUSED(oss_put_options_set_content_language(options, bad), oss_put_options_error(options), "control");
        CHECK_REFUSED(oss_put_options_set_expires(options, bad), oss_put_options_error(options), "control");
    }
    for (size_t i = 0; i < sizeof bad_names / sizeof bad_names[0]; i++) {
        CHECK_REFUSED(oss_put_options_set_header(options, bad_names[i], "v"), oss_put_options_error(options), "name");
    }
    for (size_t i = 0; i < sizeof bad_metadata / sizeof bad_metadata[0]; i++) {
        CHECK_REFUSED(oss_put_options_add_metadata(options, bad_metadata[i], "v"), oss_put_options_error(options),
                      "metadata name");
    }
    for (size_t i = 0; i < sizeof owned / sizeof owned[0]; i++) {
        CHECK_REFUSED(oss_put_options_set_header(options, owned[i], "v"), oss_put_options_error(options), owned[i]);
    }
    {
        static char large[8200];
        memset(large, 'm', sizeof large - 1);
        CHECK_REFUSED(oss_put_options_add_metadata(options, "large", large), oss_put_options_error(options), "8192");
    }
    /* Nothing of all that is left. */
    put("clean", options, OSS_STATUS_OK);
    clean_up(bucket, key_of("clean"));
    oss_put_options_free(options);
}

int main(void) {
    bucket = open_bucket();
    descriptive_headers();
    guessed_types();
    if (variable("CLEAN_UP") == NULL) {
        kinds_of_storage();
    }
    tags();
    forbidden_overwrite();
    traffic_limit_and_md5();
    user_agent();
    smuggling();
    oss_bucket_free(bucket);
    return finish();
}
