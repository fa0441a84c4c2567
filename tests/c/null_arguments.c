/*
 * Calls every function of the library with every argument that it must survive: NULL in place of each pointer, wrong
 * numbers, impossible lengths, text that is not UTF-8. None of it may be sent.
 *
 * tests/programs/arguments.rs reads this file: every function must be called here with a literal NULL for each of its pointers
 * (`where` stands for a result that is once there and once NULL).
 */

#include "support.h"

#include <limits.h>
#include <time.h>

/* What no handle points to; nothing may look there. */
#define BOGUS ((void *)(uintptr_t)8)
#define NOT_UTF8 "\xff\xfe\x80"
#define GIB_5 (UINT64_C(5) << 30)
#define DAYS_7 UINT64_C(604800000)

/* Checks that a call refuses an argument and that the message has this word; without a result it does the same. */
#define REFUSED(word, call)                                                          \
    do {                                                                             \
        oss_result *result_ = BOGUS;                                                 \
        oss_result **where = &result_;                                               \
        oss_status status_ = (call);                                                 \
        check_refusal(status_, result_, (word), __FILE__, __LINE__, #call);          \
        where = NULL;                                                                \
        check((call) == OSS_STATUS_INVALID_ARGUMENT, __FILE__, __LINE__, #call);     \
    } while (0)

#define CHECK_NULLS(handle)    \
    do {                       \
        CHECK((handle) == NULL); \
        (handle) = BOGUS;      \
    } while (0)

static void check_refusal(oss_status status, oss_result *result, const char *word, const char *file, int line,
                          const char *what) {
    check(result != NULL && result != BOGUS, file, line, "there is a result");
    check_status(status, OSS_STATUS_INVALID_ARGUMENT, result, file, line, what);
    check_contains(oss_result_message(result), word, file, line, what);
    check(strpbrk(oss_result_message(result), "\r\n") == NULL, file, line, "the message is one line");
    check(oss_result_stored(result) == OSS_STORED_NO, file, line, "nothing is stored");
    check(oss_result_attempts(result) == 0, file, line, "nothing was sent");
    check(oss_result_http_status(result) == 0, file, line, "there was no reply");
    oss_result_free(result);
}

static oss_credentials *credentials;
static oss_bucket *bucket;
static oss_callback *callback;
static oss_multipart *multipart;
static oss_body *body;
static oss_writer *writer;
static oss_outbox *outbox;

static void frees(void) {
    oss_body_free(NULL);
    oss_bucket_free(NULL);
    oss_bucket_options_free(NULL);
    oss_callback_free(NULL);
    oss_callback_values_free(NULL);
    oss_callback_verifier_free(NULL);
    oss_cancel_free(NULL);
    oss_credentials_free(NULL);
    oss_delivery_options_free(NULL);
    oss_finding_list_free(NULL);
    oss_multipart_free(NULL);
    oss_outbox_free(NULL);
    oss_owed_free(NULL);
    oss_part_list_free(NULL);
    oss_post_form_free(NULL);
    oss_post_policy_free(NULL);
    oss_presigned_free(NULL);
    oss_put_options_free(NULL);
    oss_rate_free(NULL);
    oss_result_free(NULL);
    oss_string_free(NULL);
    oss_upload_list_free(NULL);
    oss_upload_options_free(NULL);
    oss_writer_free(NULL);
}

static void check_no_attempt(const oss_result *result, size_t index) {
    CHECK(oss_result_attempt_count(result) == 0);
    CHECK(oss_result_attempt_number(result, index) == 0 && oss_result_attempt_part_number(result, index) == 0);
    CHECK(oss_result_attempt_status(result, index) == OSS_STATUS_INTERNAL);
    CHECK(oss_result_attempt_http_status(result, index) == 0);
    CHECK_TEXT(oss_result_attempt_operation(result, index), "");
    CHECK_TEXT(oss_result_attempt_request_id(result, index), "");
    CHECK_TEXT(oss_result_attempt_error_code(result, index), "");
    CHECK_TEXT(oss_result_attempt_address(result, index), "");
    CHECK_TEXT(oss_result_attempt_reason(result, index), "");
    CHECK(oss_result_attempt_is_reused(result, index) == 0 && oss_result_attempt_is_counted(result, index) == 0);
    for (int32_t phase = -1; phase <= 7; phase++) {
        CHECK(oss_result_attempt_us(result, index, phase) == 0);
    }
    CHECK(oss_result_attempt_bytes_sent(result, index) == 0);
    CHECK(oss_result_attempt_bytes_acknowledged(result, index) == 0);
}

static void results(void) {
    oss_result *result = NULL;
    uint64_t crc64 = 7;
    size_t length = 7;

    CHECK(oss_result_status(NULL) == OSS_STATUS_INTERNAL);
    CHECK(oss_result_stored(NULL) == OSS_STORED_UNKNOWN);
    CHECK_TEXT(oss_result_message(NULL), "");
    CHECK(oss_result_http_status(NULL) == 0);
    CHECK_TEXT(oss_result_request_id(NULL), "");
    CHECK_TEXT(oss_result_error_code(NULL), "");
    CHECK_TEXT(oss_result_ec(NULL), "");
    CHECK_TEXT(oss_result_etag(NULL), "");
    CHECK_TEXT(oss_result_version_id(NULL), "");
    CHECK(!oss_result_crc64(NULL, &crc64) && crc64 == 7);
    CHECK(oss_result_next_position(NULL) == 0);
    CHECK(oss_result_body(NULL, &length) == NULL && length == 0);
    CHECK_TEXT(oss_result_content_type(NULL), "");
    CHECK(oss_result_header(NULL, "etag") == NULL);
    CHECK(oss_result_attempts(NULL) == 0);
    CHECK(oss_result_callback_repeats(NULL) == 0);
    CHECK(oss_result_delivered(NULL) == 0 && oss_result_owed(NULL) == 0);
    CHECK_TEXT(oss_result_upload_id(NULL), "");
    CHECK(oss_result_sum_attempts(NULL) == 0 && oss_result_sum_us(NULL, OSS_PHASE_WAITING) == 0);
    CHECK(oss_result_sum_bytes_sent(NULL) == 0 && oss_result_sum_bytes_acknowledged(NULL) == 0);
    CHECK(oss_result_attempt_count(NULL) == 0 && oss_result_attempt_number(NULL, 0) == 0);
    CHECK_TEXT(oss_result_attempt_operation(NULL, 0), "");
    CHECK(oss_result_attempt_part_number(NULL, 0) == 0);
    CHECK(oss_result_attempt_status(NULL, 0) == OSS_STATUS_INTERNAL);
    CHECK(oss_result_attempt_http_status(NULL, 0) == 0);
    CHECK_TEXT(oss_result_attempt_request_id(NULL, 0), "");
    CHECK_TEXT(oss_result_attempt_error_code(NULL, 0), "");
    CHECK_TEXT(oss_result_attempt_address(NULL, 0), "");
    CHECK_TEXT(oss_result_attempt_reason(NULL, 0), "");
    CHECK(oss_result_attempt_is_reused(NULL, 0) == 0 && oss_result_attempt_is_counted(NULL, 0) == 0);
    CHECK(oss_result_attempt_us(NULL, 0, OSS_PHASE_WAITING) == 0);
    CHECK(oss_result_attempt_bytes_sent(NULL, 0) == 0 && oss_result_attempt_bytes_acknowledged(NULL, 0) == 0);

    /* A result without a reply. */
    oss_put_object(bucket, "", NULL, 0, NULL, &result);
    CHECK(oss_result_status(result) == OSS_STATUS_INVALID_ARGUMENT);
    check_no_attempt(result, 0);
    check_no_attempt(result, SIZE_MAX);
    CHECK(!oss_result_crc64(result, NULL));
    CHECK(oss_result_header(result, NULL) == NULL);
    CHECK(oss_result_header(result, NOT_UTF8) == NULL);
    CHECK(oss_result_header(result, "") == NULL);
    CHECK(oss_result_header(result, "etag") == NULL);
    CHECK(oss_result_body(result, NULL) != NULL);
    CHECK(oss_result_body(result, &length) != NULL && length == 0);
    CHECK_TEXT(oss_result_etag(result), "");
    CHECK_TEXT(oss_result_version_id(result), "");
    CHECK_TEXT(oss_result_request_id(result), "");
    CHECK_TEXT(oss_result_ec(result), "");
    CHECK(oss_result_next_position(result) == 0);
    CHECK(oss_result_callback_repeats(result) == 0);
    CHECK(oss_result_delivered(result) == 0 && oss_result_owed(result) == 0);
    CHECK_TEXT(oss_result_upload_id(result), "");
    oss_result_free(result);

    CHECK_TEXT(oss_status_name(OSS_STATUS_OK), "OK");
    CHECK_TEXT(oss_status_name(OSS_STATUS_CALLBACK_FAILED), "CALLBACK_FAILED");
    CHECK_TEXT(oss_status_name(OSS_STATUS_CHECKPOINT_BUSY), "CHECKPOINT_BUSY");
    CHECK_TEXT(oss_status_name(OSS_STATUS_OUT_OF_MEMORY), "OUT_OF_MEMORY");
    CHECK_TEXT(oss_status_name(-1), "UNKNOWN");
    CHECK_TEXT(oss_status_name(8), "UNKNOWN");
    CHECK_TEXT(oss_status_name(INT32_MAX), "UNKNOWN");
    CHECK_TEXT(oss_status_name(INT32_MIN), "UNKNOWN");
}

static void strings(void) {
    CHECK_TEXT(oss_string_data(NULL), "");
    CHECK(oss_string_len(NULL) == 0);
}

static int32_t no_key(void *user_data, oss_credentials_answer *answer) {
    (void)user_data;
    CHECK(oss_credentials_answer_set_access_key_id(answer, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_access_key_secret(answer, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_security_token(answer, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    return 0;
}

static void credentials_and_buckets(void) {
    oss_credentials *made = BOGUS;
    oss_bucket *opened = BOGUS;

    REFUSED("access_key_id", oss_credentials_new(NULL, "secret", NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("access_key_secret", oss_credentials_new("id", NULL, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("credentials", oss_credentials_new("id", "secret", NULL, NULL, where));
    REFUSED("access_key_id", oss_credentials_new(NOT_UTF8, "secret", NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("access_key_secret", oss_credentials_new("id", NOT_UTF8, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("security_token", oss_credentials_new("id", "secret", NOT_UTF8, &made, where));
    CHECK_NULLS(made);
    REFUSED("credentials", oss_credentials_new_from_environment(NULL, where));
    CHECK_SETS(oss_credentials_new_from_environment(&made, NULL));
    oss_credentials_free(made);
    REFUSED("function", oss_credentials_new_from_function(NULL, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("credentials", oss_credentials_new_from_function(no_key, NULL, NULL, where));
    CHECK_SETS(oss_credentials_new_from_function(no_key, NULL, &made, NULL));
    CHECK_SETS(oss_bucket_new("http://127.0.0.1", "examplebucket", made, NULL, &opened, NULL));
    CHECK(oss_put_object(opened, "key", "x", 1, NULL, NULL) == OSS_STATUS_CREDENTIALS);
    oss_bucket_free(opened);
    oss_credentials_free(made);
    opened = BOGUS;
    REFUSED("credentials", oss_credentials_new_anonymous(NULL, where));
    CHECK(oss_credentials_answer_set_access_key_id(NULL, "id") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_access_key_secret(NULL, "secret") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_security_token(NULL, "token") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_credentials_answer_set_expiry(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);

    REFUSED("credentials", oss_credentials_new_from_profile(NULL, NULL, NULL, where));
    REFUSED("profile", oss_credentials_new_from_profile(NULL, NOT_UTF8, &made, where));
    CHECK(made == NULL);
    CHECK_SETS(oss_credentials_new_from_profile(NOT_UTF8, NULL, &made, NULL));
    oss_credentials_free(made);
    REFUSED("credentials", oss_credentials_new_from_ecs_role(NULL, NULL, where));
    REFUSED("role", oss_credentials_new_from_ecs_role(NOT_UTF8, &made, where));
    CHECK(made == NULL);
    REFUSED("credentials", oss_credentials_new_from_oidc("r", "p", "f", NULL, NULL, NULL, where));
    REFUSED("role_arn", oss_credentials_new_from_oidc(NOT_UTF8, "p", "f", NULL, NULL, &made, where));
    CHECK(made == NULL);
    REFUSED("oidc_provider_arn", oss_credentials_new_from_oidc("r", NOT_UTF8, "f", NULL, NULL, &made, where));
    REFUSED("session_name", oss_credentials_new_from_oidc("r", "p", "f", NOT_UTF8, NULL, &made, where));
    REFUSED("sts_endpoint", oss_credentials_new_from_oidc("r", "p", "f", NULL, NOT_UTF8, &made, where));
    CHECK_SETS(oss_credentials_new_from_oidc("r", "p", NOT_UTF8, NULL, NULL, &made, NULL));
    oss_credentials_free(made);
    CHECK_ENDS(OSS_STATUS_CREDENTIALS,
               oss_credentials_new_from_oidc(NULL, NULL, NULL, NULL, NULL, &made, &result));
    CHECK(made == NULL);
    REFUSED("credentials", oss_credentials_new_from_uri("http://127.0.0.1/", NULL, where));
    REFUSED("uri", oss_credentials_new_from_uri(NOT_UTF8, &made, where));
    CHECK(made == NULL);
    CHECK_ENDS(OSS_STATUS_CREDENTIALS, oss_credentials_new_from_uri(NULL, &made, &result));
    REFUSED("credentials", oss_credentials_new_from_process("true", NULL, where));
    REFUSED("command", oss_credentials_new_from_process(NULL, &made, where));
    CHECK(made == NULL);
    REFUSED("command", oss_credentials_new_from_process(NOT_UTF8, &made, where));
    REFUSED("command", oss_credentials_new_from_process(" ", &made, where));
    CHECK(made == NULL);
    REFUSED("credentials", oss_credentials_new_default_chain(NULL, where));
    CHECK_SETS(oss_credentials_new_default_chain(&made, NULL));
    oss_credentials_free(made);

    REFUSED("endpoint", oss_bucket_new(NULL, "examplebucket", credentials, NULL, &opened, where));
    CHECK_NULLS(opened);
    REFUSED("name", oss_bucket_new("http://127.0.0.1", NULL, credentials, NULL, &opened, where));
    CHECK_NULLS(opened);
    REFUSED("needs OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET, or ALIBABA_CLOUD_ACCESS_KEY_ID",
            oss_bucket_new("http://127.0.0.1", "examplebucket", NULL, NULL, &opened, where));
    CHECK_NULLS(opened);
    REFUSED("bucket", oss_bucket_new("http://127.0.0.1", "examplebucket", credentials, NULL, NULL, where));
    REFUSED("endpoint", oss_bucket_new(NOT_UTF8, "examplebucket", credentials, NULL, &opened, where));
    CHECK_NULLS(opened);
    REFUSED("name", oss_bucket_new("http://127.0.0.1", NOT_UTF8, credentials, NULL, &opened, where));
    CHECK_NULLS(opened);
    REFUSED("endpoint", oss_bucket_new("", "examplebucket", credentials, NULL, &opened, where));
    REFUSED("endpoint", oss_bucket_new("ftp://127.0.0.1", "examplebucket", credentials, NULL, &opened, where));
    REFUSED("endpoint", oss_bucket_new("http://127.0.0.1/path", "examplebucket", credentials, NULL, &opened, where));
    REFUSED("endpoint", oss_bucket_new("http://127.0.0.1:99999", "examplebucket", credentials, NULL, &opened, where));
    REFUSED("endpoint", oss_bucket_new("http://id:pw@127.0.0.1", "examplebucket", credentials, NULL, &opened, where));
    REFUSED("bucket name", oss_bucket_new("http://127.0.0.1", "", credentials, NULL, &opened, where));
    REFUSED("bucket name", oss_bucket_new("http://127.0.0.1", "Example", credentials, NULL, &opened, where));
    REFUSED("bucket name", oss_bucket_new("http://127.0.0.1", "a/b", credentials, NULL, &opened, where));
    CHECK(opened == NULL);

    REFUSED("bucket", oss_bucket_with_limits(NULL, 0, NULL, &opened, where));
    CHECK_NULLS(opened);
    REFUSED("limited", oss_bucket_with_limits(bucket, 0, NULL, NULL, where));
    REFUSED("deadline", oss_bucket_with_limits(bucket, DAYS_7 + 1, NULL, &opened, where));
    CHECK(opened == NULL);
}

#define PIN "sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

static void ways_of_buckets(oss_bucket_options *options) {
    static const char *const no_pin[] = {";", PIN ";", "sha256//AAEC", "AAEC", "sha1//AAEC", "sha256//tell=me=",
                                         (" " PIN)};
    static const char *const no_place[] = {"sixteen-bytes-xx", "a/b", "a b", "[::1]", "127.0.0.1:80"};
    static const char *const no_host[] = {"", "*", "127.0.0.1", "a.example.com:80", "http://a.example.com"};
    static const char *const no_address[] = {"a.example.com", "127.0.0.1:80", "127.0.0.256"};

    CHECK_REFUSED(oss_bucket_options_add_ca_file(options, NULL), oss_bucket_options_error(options), "path");
    CHECK_REFUSED(oss_bucket_options_add_ca_file(options, ""), oss_bucket_options_error(options), "CA file");
    CHECK_SETS(oss_bucket_options_add_ca_file(options, NOT_UTF8));
    CHECK_REFUSED(oss_bucket_options_add_ca_file(options, "other.pem"), oss_bucket_options_error(options), "already");

    CHECK_REFUSED(oss_bucket_options_set_client_certificate(options, NULL, "key.pem"),
                  oss_bucket_options_error(options), "certificate_file");
    CHECK_REFUSED(oss_bucket_options_set_client_certificate(options, "a.pem", NULL),
                  oss_bucket_options_error(options), "key_file");
    CHECK_REFUSED(oss_bucket_options_set_client_certificate(options, "", "key.pem"),
                  oss_bucket_options_error(options), "certificate is empty");
    CHECK_REFUSED(oss_bucket_options_set_client_certificate(options, "a.pem", ""),
                  oss_bucket_options_error(options), "key is empty");
    CHECK_SETS(oss_bucket_options_set_client_certificate(options, NOT_UTF8, NOT_UTF8));

    CHECK_REFUSED(oss_bucket_options_set_public_key_pin(options, NULL), oss_bucket_options_error(options), "pins");
    CHECK_REFUSED(oss_bucket_options_set_public_key_pin(options, NOT_UTF8), oss_bucket_options_error(options), "UTF-8");
    for (size_t i = 0; i < sizeof no_pin / sizeof no_pin[0]; i++) {
        CHECK_REFUSED(oss_bucket_options_set_public_key_pin(options, no_pin[i]), oss_bucket_options_error(options),
                      "32 bytes in Base64");
    }
    CHECK_SETS(oss_bucket_options_set_public_key_pin(options, PIN ";" PIN));
    CHECK_SETS(oss_bucket_options_set_public_key_pin(options, ""));

    CHECK_REFUSED(oss_bucket_options_set_bind_address(options, NULL), oss_bucket_options_error(options), "address");
    CHECK_REFUSED(oss_bucket_options_set_bind_address(options, NOT_UTF8), oss_bucket_options_error(options), "UTF-8");
    for (size_t i = 0; i < sizeof no_place / sizeof no_place[0]; i++) {
        CHECK_REFUSED(oss_bucket_options_set_bind_address(options, no_place[i]), oss_bucket_options_error(options),
                      "neither an IP address nor the name of a network interface");
    }
    CHECK_SETS(oss_bucket_options_set_bind_address(options, "::1"));
    CHECK_SETS(oss_bucket_options_set_bind_address(options, "fifteen-bytes-x"));
    CHECK_SETS(oss_bucket_options_set_bind_address(options, ""));

    CHECK_REFUSED(oss_bucket_options_set_resolve(options, NULL, "::1"), oss_bucket_options_error(options), "host");
    CHECK_REFUSED(oss_bucket_options_set_resolve(options, "a.example.com", NULL), oss_bucket_options_error(options),
                  "address");
    CHECK_REFUSED(oss_bucket_options_set_resolve(options, NOT_UTF8, "::1"), oss_bucket_options_error(options),
                  "host is not valid UTF-8");
    CHECK_REFUSED(oss_bucket_options_set_resolve(options, "a.example.com", NOT_UTF8),
                  oss_bucket_options_error(options), "address is not valid UTF-8");
    for (size_t i = 0; i < sizeof no_host / sizeof no_host[0]; i++) {
        CHECK_REFUSED(oss_bucket_options_set_resolve(options, no_host[i], "::1"), oss_bucket_options_error(options),
                      "is not a name to look up");
    }
    for (size_t i = 0; i < sizeof no_address / sizeof no_address[0]; i++) {
        CHECK_REFUSED(oss_bucket_options_set_resolve(options, "a.example.com", no_address[i]),
                      oss_bucket_options_error(options), "is not an IP address");
    }
    CHECK_SETS(oss_bucket_options_set_resolve(options, "a.example.com", "::1"));
    CHECK_SETS(oss_bucket_options_set_resolve(options, "A.Example.com", ""));
}

/* The environment is asked for a proxy on request only, and what is wrong with it names the variable. */
static void proxy_of_the_environment(void) {
    static const char *const endpoint = "https://oss.example.com";
    oss_bucket_options *options = oss_bucket_options_new();
    oss_presigned *presigned = NULL;
    oss_post_form *form = NULL;
    oss_bucket *opened = NULL;

    CHECK_SETS(oss_presigned_new("https://oss.example.com/key?Signature=x", &presigned, NULL));
    CHECK_SETS(oss_post_form_new(endpoint, &form, NULL));
    CHECK_SETS(oss_post_form_set_field(form, "key", "refused", NULL));
    CHECK(setenv("https_proxy", "ftp://user:tell-nobody@proxy.example.com", 1) == 0);
    CHECK_SETS(oss_bucket_new(endpoint, "examplebucket", credentials, options, &opened, NULL));
    oss_bucket_free(opened);

    CHECK_SETS(oss_bucket_options_set_proxy_from_environment(options, INT32_MIN));
    REFUSED("variable https_proxy", oss_bucket_new(endpoint, "examplebucket", credentials, options, &opened, where));
    CHECK(opened == NULL);
    REFUSED("variable https_proxy", oss_put_to_url(presigned, body, options, where));
    REFUSED("variable https_proxy", oss_post_object(form, body, options, where));
    CHECK_SETS(oss_bucket_new("http://oss.example.com", "examplebucket", credentials, options, &opened, NULL));
    oss_bucket_free(opened);

    CHECK(setenv("no_proxy", ".example.com", 1) == 0);
    CHECK_SETS(oss_bucket_new(endpoint, "examplebucket", credentials, options, &opened, NULL));
    oss_bucket_free(opened);
    CHECK(unsetenv("no_proxy") == 0);
    CHECK_SETS(oss_bucket_options_set_proxy(options, "http://proxy.example.com"));
    CHECK_SETS(oss_bucket_new(endpoint, "examplebucket", credentials, options, &opened, NULL));
    oss_bucket_free(opened);
    CHECK(unsetenv("https_proxy") == 0);
    oss_post_form_free(form);
    oss_presigned_free(presigned);
    oss_bucket_options_free(options);
}

static void options_of_buckets(void) {
    static const int32_t no_version[] = {INT32_MIN, -1, 0, 2, 3, 5, INT32_MAX};
    static const int32_t no_addressing[] = {INT32_MIN, -1, 4, INT32_MAX};
    oss_bucket_options *options = oss_bucket_options_new();
    oss_bucket *opened = BOGUS;

    CHECK(oss_bucket_options_set_region(NULL, "cn-hangzhou") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_signature_version(NULL, 4) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_addressing(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_connect_timeout_ms(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_stall_timeout_ms(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_deadline_ms(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_max_attempts(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_settling_time_ms(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_ca_file(NULL, "ca.pem") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_add_ca_file(NULL, "ca.pem") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_client_certificate(NULL, "a.pem", "key.pem") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_public_key_pin(NULL, "") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_proxy(NULL, "http://127.0.0.1:1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_proxy_from_environment(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_bind_address(NULL, "127.0.0.1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_resolve(NULL, "a.example.com", "127.0.0.1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_user_agent(NULL, "agent") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_bucket_options_set_cancel(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_bucket_options_set_cancel(options, NULL));
    CHECK(oss_bucket_options_set_rate(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_bucket_options_set_rate(options, NULL));
    CHECK(oss_bucket_options_set_log(NULL, OSS_LOG_LEVEL_INFO, NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_bucket_options_set_log(options, OSS_LOG_LEVEL_INFO, NULL, NULL));
    CHECK(oss_bucket_options_set_outbox(NULL, outbox) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_bucket_options_set_outbox(options, NULL));
    CHECK_TEXT(oss_bucket_options_error(NULL), "");
    CHECK_TEXT(oss_bucket_options_error(options), "");
    CHECK_REFUSED(oss_bucket_options_set_log(options, 0, NULL, NULL), oss_bucket_options_error(options), "0");
    CHECK_REFUSED(oss_bucket_options_set_log(options, 5, NULL, NULL), oss_bucket_options_error(options), "5");

    CHECK_REFUSED(oss_bucket_options_set_region(options, NULL), oss_bucket_options_error(options), "region");
    CHECK_REFUSED(oss_bucket_options_set_ca_file(options, NULL), oss_bucket_options_error(options), "path");
    CHECK_REFUSED(oss_bucket_options_set_proxy(options, NULL), oss_bucket_options_error(options), "proxy");
    CHECK_REFUSED(oss_bucket_options_set_user_agent(options, NULL), oss_bucket_options_error(options), "user_agent");
    CHECK_REFUSED(oss_bucket_options_set_region(options, NOT_UTF8), oss_bucket_options_error(options), "UTF-8");
    CHECK_SETS(oss_bucket_options_set_ca_file(options, NOT_UTF8));
    CHECK_REFUSED(oss_bucket_options_set_proxy(options, NOT_UTF8), oss_bucket_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_bucket_options_set_user_agent(options, NOT_UTF8), oss_bucket_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_bucket_options_set_region(options, ""), oss_bucket_options_error(options), "region");
    CHECK_REFUSED(oss_bucket_options_set_region(options, "cn-hangzhou-internal"), oss_bucket_options_error(options),
                  "write \"cn-hangzhou\"");
    CHECK_REFUSED(oss_bucket_options_set_region(options, "oss-cn-hangzhou"), oss_bucket_options_error(options),
                  "cn-hangzhou");
    CHECK_REFUSED(oss_bucket_options_set_ca_file(options, ""), oss_bucket_options_error(options), "CA file");
    CHECK_REFUSED(oss_bucket_options_set_proxy(options, "ftp://user:tell-nobody@a"), oss_bucket_options_error(options),
                  "proxy");
    CHECK(strstr(oss_bucket_options_error(options), "tell-nobody") == NULL);
    CHECK_REFUSED(oss_bucket_options_set_connect_timeout_ms(options, 0), oss_bucket_options_error(options), "connect");
    CHECK_REFUSED(oss_bucket_options_set_connect_timeout_ms(options, UINT64_MAX), oss_bucket_options_error(options),
                  "connect");
    CHECK_REFUSED(oss_bucket_options_set_stall_timeout_ms(options, 0), oss_bucket_options_error(options), "stall");
    CHECK_REFUSED(oss_bucket_options_set_stall_timeout_ms(options, UINT64_MAX), oss_bucket_options_error(options),
                  "stall");
    CHECK_REFUSED(oss_bucket_options_set_deadline_ms(options, UINT64_MAX), oss_bucket_options_error(options),
                  "deadline");
    CHECK_REFUSED(oss_bucket_options_set_settling_time_ms(options, DAYS_7 + 1), oss_bucket_options_error(options),
                  "settling");
    CHECK_CONTAINS(oss_bucket_options_error(options), "604800000");
    CHECK_REFUSED(oss_bucket_options_set_settling_time_ms(options, UINT64_MAX), oss_bucket_options_error(options),
                  "settling");
    CHECK_SETS(oss_bucket_options_set_settling_time_ms(options, 0));
    CHECK_SETS(oss_bucket_options_set_settling_time_ms(options, DAYS_7));
    CHECK_REFUSED(oss_bucket_options_set_max_attempts(options, 0), oss_bucket_options_error(options), "attempts");
    CHECK_REFUSED(oss_bucket_options_set_max_attempts(options, 101), oss_bucket_options_error(options), "attempts");
    for (size_t i = 0; i < sizeof no_version / sizeof no_version[0]; i++) {
        CHECK_REFUSED(oss_bucket_options_set_signature_version(options, no_version[i]),
                      oss_bucket_options_error(options), "oss_signature_version");
    }
    for (size_t i = 0; i < sizeof no_addressing / sizeof no_addressing[0]; i++) {
        CHECK_REFUSED(oss_bucket_options_set_addressing(options, no_addressing[i]), oss_bucket_options_error(options),
                      "oss_addressing");
    }

    ways_of_buckets(options);

    /* V4 needs a region, and none of the refused ones is left. */
    CHECK_SETS(oss_bucket_options_set_signature_version(options, OSS_SIGNATURE_VERSION_V4));
    REFUSED("region", oss_bucket_new("http://127.0.0.1", "examplebucket", credentials, options, &opened, where));
    REFUSED("region", oss_bucket_new("oss-accelerate.aliyuncs.com", "examplebucket", credentials, NULL, &opened, where));
    CHECK(opened == NULL);
    oss_bucket_options_free(options);
}

static void callbacks(void) {
    static const int32_t no_body_type[] = {INT32_MIN, -1, 2, INT32_MAX};
    oss_callback *made = BOGUS;
    oss_string *encoded = BOGUS, *variables = BOGUS;

    REFUSED("url", oss_callback_new(NULL, "body", &made, where));
    CHECK_NULLS(made);
    REFUSED("body", oss_callback_new("http://a.example.com", NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("callback", oss_callback_new("http://a.example.com", "body", NULL, where));
    REFUSED("url", oss_callback_new(NOT_UTF8, "body", &made, where));
    CHECK_NULLS(made);
    REFUSED("body", oss_callback_new("http://a.example.com", NOT_UTF8, &made, where));
    CHECK_NULLS(made);
    REFUSED("policy", oss_callback_new_from_policy(NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("policy", oss_callback_new_from_policy(NOT_UTF8, &made, where));
    CHECK_NULLS(made);
    REFUSED("policy", oss_callback_new_from_policy("", &made, where));
    CHECK_NULLS(made);
    REFUSED("callback", oss_callback_new_from_policy("policy", NULL, where));

    CHECK(oss_callback_add_url(NULL, "http://a.example.com") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_set_host(NULL, "a.example.com") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_set_body_type(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_set_sni(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_add_variable(NULL, "x:a", "1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_add_header(NULL, "a", "1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_set_field(NULL, "a", "1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_set_delivery_variable(NULL, "x:a") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_TEXT(oss_callback_error(NULL), "");

    CHECK_REFUSED(oss_callback_add_url(callback, NULL), oss_callback_error(callback), "url");
    CHECK_REFUSED(oss_callback_set_host(callback, NULL), oss_callback_error(callback), "host");
    CHECK_REFUSED(oss_callback_add_variable(callback, NULL, "1"), oss_callback_error(callback), "name");
    CHECK_REFUSED(oss_callback_add_variable(callback, "x:a", NULL), oss_callback_error(callback), "value");
    CHECK_REFUSED(oss_callback_add_url(callback, NOT_UTF8), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_set_host(callback, NOT_UTF8), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_add_variable(callback, NOT_UTF8, "1"), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_add_variable(callback, "x:a", NOT_UTF8), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_add_header(callback, NULL, "1"), oss_callback_error(callback), "name");
    CHECK_REFUSED(oss_callback_add_header(callback, "a", NULL), oss_callback_error(callback), "value");
    CHECK_REFUSED(oss_callback_add_header(callback, NOT_UTF8, "1"), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_add_header(callback, "a", NOT_UTF8), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_add_header(callback, "", "1"), oss_callback_error(callback), "empty");
    CHECK_REFUSED(oss_callback_add_header(callback, "A", "1"), oss_callback_error(callback), "lower-case");
    CHECK_REFUSED(oss_callback_add_header(callback, "x-oss-a", "1"), oss_callback_error(callback), "x-oss-");
    CHECK_REFUSED(oss_callback_add_header(callback, "a", "1\r\nb: 2"), oss_callback_error(callback), "line end");
    CHECK_REFUSED(oss_callback_set_field(callback, NULL, "1"), oss_callback_error(callback), "name");
    CHECK_REFUSED(oss_callback_set_field(callback, "a", NULL), oss_callback_error(callback), "json");
    CHECK_REFUSED(oss_callback_set_field(callback, NOT_UTF8, "1"), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_set_field(callback, "a", NOT_UTF8), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_set_field(callback, "", "1"), oss_callback_error(callback), "empty");
    CHECK_REFUSED(oss_callback_set_field(callback, "a", "b"), oss_callback_error(callback), "no JSON");
    CHECK_REFUSED(oss_callback_set_field(callback, "callbackUrl", "1"), oss_callback_error(callback), "otherwise");
    CHECK_REFUSED(oss_callback_set_field(callback, "signatureVersion", "2"), oss_callback_error(callback), "string");
    CHECK_REFUSED(oss_callback_set_delivery_variable(callback, NULL), oss_callback_error(callback), "name");
    CHECK_REFUSED(oss_callback_set_delivery_variable(callback, NOT_UTF8), oss_callback_error(callback), "UTF-8");
    CHECK_REFUSED(oss_callback_set_delivery_variable(callback, "id"), oss_callback_error(callback), "x:");
    for (size_t i = 0; i < sizeof no_body_type / sizeof no_body_type[0]; i++) {
        CHECK_REFUSED(oss_callback_set_body_type(callback, no_body_type[i]), oss_callback_error(callback),
                      "oss_callback_body");
    }

    REFUSED("callback", oss_callback_encode(NULL, &encoded, &variables, where));
    CHECK_NULLS(encoded);
    CHECK_NULLS(variables);
    REFUSED("encoded", oss_callback_encode(callback, NULL, &variables, where));
    REFUSED("variables", oss_callback_encode(callback, &encoded, NULL, where));
    CHECK_SETS(oss_callback_encode(callback, &encoded, &variables, NULL));
    CHECK(variables == NULL);
    oss_string_free(encoded);
}

static void bodies_of_callbacks(void) {
    oss_callback_values *values = oss_callback_values_new();
    oss_callback *sized = NULL;
    oss_string *made = BOGUS;

    CHECK(oss_callback_values_set(NULL, "size", "1") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_TEXT(oss_callback_values_error(NULL), "");
    CHECK_REFUSED(oss_callback_values_set(values, NULL, "1"), oss_callback_values_error(values), "name");
    CHECK_REFUSED(oss_callback_values_set(values, "size", NULL), oss_callback_values_error(values), "value");
    CHECK_REFUSED(oss_callback_values_set(values, "x:", "1"), oss_callback_values_error(values), "after x:");
    CHECK_REFUSED(oss_callback_values_set(values, "X:a", "1"), oss_callback_values_error(values), "imageInfo.width");
    CHECK_REFUSED(oss_callback_values_set(values, "size", "-1"), oss_callback_values_error(values), "number");
    CHECK_REFUSED(oss_callback_values_set(values, "object", NOT_UTF8), oss_callback_values_error(values), "UTF-8");

    CHECK_SETS(oss_callback_new("http://a.example.com", "s=${size}", &sized, NULL));
    REFUSED("callback", oss_callback_render(NULL, NULL, values, &made, where));
    CHECK_NULLS(made);
    REFUSED("body", oss_callback_render(sized, NULL, values, NULL, where));
    REFUSED("size", oss_callback_render(sized, NULL, NULL, &made, where));
    CHECK_NULLS(made);
    CHECK_SETS(oss_callback_values_set(values, "size", "5"));
    CHECK_SETS(oss_callback_render(sized, NULL, values, &made, NULL));
    CHECK_TEXT(oss_string_data(made), "s=5");
    oss_string_free(made);
    oss_callback_free(sized);
    oss_callback_values_free(values);
}

static void findings(void) {
    oss_finding_list *made = BOGUS;

    REFUSED("callback", oss_callback_check(NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("findings", oss_callback_check(callback, NULL, where));
    REFUSED("bucket", oss_bucket_check_callback(NULL, callback, &made, where));
    CHECK_NULLS(made);
    REFUSED("callback", oss_bucket_check_callback(bucket, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("findings", oss_bucket_check_callback(bucket, callback, NULL, where));
    CHECK_SETS(oss_bucket_check_callback(bucket, callback, &made, NULL));
    CHECK(oss_finding_list_count(made) > 0);
    oss_finding_list_free(made);
    CHECK_SETS(oss_callback_check(callback, &made, NULL));
    /* The setters have refused much by now. */
    CHECK(oss_finding_list_count(made) > 0);
    CHECK_TEXT(oss_finding_list_rule(made, 0), "refused");
    CHECK(oss_finding_list_severity(made, SIZE_MAX) == OSS_SEVERITY_NONE);
    CHECK_TEXT(oss_finding_list_rule(made, SIZE_MAX), "");
    CHECK_TEXT(oss_finding_list_message(made, SIZE_MAX), "");
    CHECK(oss_finding_list_count(NULL) == 0);
    CHECK(oss_finding_list_severity(NULL, 0) == OSS_SEVERITY_NONE);
    CHECK_TEXT(oss_finding_list_rule(NULL, 0), "");
    CHECK_TEXT(oss_finding_list_message(NULL, 0), "");
    oss_finding_list_free(made);
}

static void options_of_puts(void) {
    static const int32_t no_acl[] = {INT32_MIN, -1, 4, INT32_MAX};
    static const int32_t no_storage[] = {INT32_MIN, -1, 5, INT32_MAX};
    static const int32_t no_encryption[] = {INT32_MIN, -1, 4, INT32_MAX};
    static const int32_t no_delivery[] = {INT32_MIN, -1, 2, INT32_MAX};
    static const int32_t flags[] = {INT32_MIN, 1, INT32_MAX, 0};
    oss_put_options *options = oss_put_options_new();

    CHECK(oss_put_options_set_content_type(NULL, "a/b") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_cache_control(NULL, "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_content_disposition(NULL, "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_content_encoding(NULL, "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_content_language(NULL, "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_expires(NULL, "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_header(NULL, "n", "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_add_metadata(NULL, "n", "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_add_tag(NULL, "n", "v") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_acl(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_storage_class(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_encryption(NULL, 0, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_forbid_overwrite(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_traffic_limit(NULL, 245760) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_content_md5(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_progress(NULL, NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_progress_total(NULL) == OSS_LENGTH_UNKNOWN && oss_progress_sent(NULL) == 0);
    CHECK(oss_progress_acknowledged(NULL) == 0 && oss_progress_accepted(NULL) == 0);
    CHECK(oss_progress_parts_done(NULL) == 0 && oss_progress_parts(NULL) == 0);
    CHECK(oss_progress_attempts(NULL) == 0 && oss_progress_rate(NULL) == 0);
    CHECK(oss_put_options_set_previous_crc64(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_callback_delivery(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_write_token(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_deadline_ms(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_put_options_set_cancel(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_put_options_set_cancel(options, NULL));
    CHECK(oss_put_options_set_rate(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_put_options_set_rate(options, NULL));
    CHECK(oss_put_options_set_outbox(NULL, outbox) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_put_options_set_outbox(options, NULL));
    CHECK_TEXT(oss_put_options_error(NULL), "");

    CHECK_REFUSED(oss_put_options_set_content_type(options, NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_cache_control(options, NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_content_disposition(options, NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_content_encoding(options, NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_content_language(options, NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_expires(options, NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_header(options, NULL, "v"), oss_put_options_error(options), "name");
    CHECK_REFUSED(oss_put_options_set_header(options, "n", NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_add_metadata(options, NULL, "v"), oss_put_options_error(options), "name");
    CHECK_REFUSED(oss_put_options_add_metadata(options, "n", NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_add_tag(options, NULL, "v"), oss_put_options_error(options), "key");
    CHECK_REFUSED(oss_put_options_add_tag(options, "n", NULL), oss_put_options_error(options), "value");
    CHECK_REFUSED(oss_put_options_set_content_type(options, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_cache_control(options, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_content_disposition(options, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_content_encoding(options, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_content_language(options, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_expires(options, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_header(options, NOT_UTF8, "v"), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_header(options, "n", NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_add_metadata(options, NOT_UTF8, "v"), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_add_metadata(options, "n", NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_add_tag(options, NOT_UTF8, "v"), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_add_tag(options, "n", NOT_UTF8), oss_put_options_error(options), "UTF-8");
    CHECK_REFUSED(oss_put_options_set_encryption(options, 1, NOT_UTF8), oss_put_options_error(options), "UTF-8");
    for (size_t i = 0; i < sizeof no_acl / sizeof no_acl[0]; i++) {
        CHECK_REFUSED(oss_put_options_set_acl(options, no_acl[i]), oss_put_options_error(options), "oss_object_acl");
    }
    for (size_t i = 0; i < sizeof no_storage / sizeof no_storage[0]; i++) {
        CHECK_REFUSED(oss_put_options_set_storage_class(options, no_storage[i]), oss_put_options_error(options),
                      "oss_storage");
    }
    for (size_t i = 0; i < sizeof no_encryption / sizeof no_encryption[0]; i++) {
        CHECK_REFUSED(oss_put_options_set_encryption(options, no_encryption[i], NULL), oss_put_options_error(options),
                      "oss_encryption");
    }
    for (size_t i = 0; i < sizeof no_delivery / sizeof no_delivery[0]; i++) {
        CHECK_REFUSED(oss_put_options_set_callback_delivery(options, no_delivery[i]), oss_put_options_error(options),
                      "oss_callback_delivery");
    }
    CHECK_SETS(oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_LEAST_ONCE));
    CHECK_SETS(oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_MOST_ONCE));
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        CHECK_SETS(oss_put_options_set_write_token(options, flags[i]));
    }
    oss_put_options_free(options);
}

static void cancels(void) {
    oss_cancel *cancel = oss_cancel_new();

    oss_cancel_fire(NULL);
    CHECK(!oss_cancel_has_fired(NULL));
    CHECK(!oss_cancel_has_fired(cancel));
    oss_cancel_fire(cancel);
    oss_cancel_fire(cancel);
    CHECK(oss_cancel_has_fired(cancel));
    oss_cancel_free(cancel);
}

static void rates(void) {
    static const uint64_t any[] = {0, 1, 1023, 1024, UINT64_MAX};
    oss_rate *rate = oss_rate_new(UINT64_MAX);

    oss_rate_set(NULL, 1);
    for (size_t i = 0; i < sizeof any / sizeof any[0]; i++) {
        oss_rate_set(rate, any[i]);
    }
    oss_rate_free(rate);
}

static void options_of_uploads(void) {
    static const uint64_t no_part_size[] = {1, 102399, GIB_5 + 1, UINT64_MAX};
    static const uint32_t no_parallel[] = {0, 101, UINT32_MAX};
    oss_upload_options *options = oss_upload_options_new();

    CHECK(oss_upload_options_set_put_options(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_part_size(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_threshold(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_parallel(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_checkpoint(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_keep_parts(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_rate_limit(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_memory_limit(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_deadline_ms(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_cancel(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_rate(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_progress(NULL, NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_log(NULL, NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_upload_options_set_outbox(NULL, outbox) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_TEXT(oss_upload_options_error(NULL), "");

    /* What may be NULL or 0 is a default. */
    CHECK_SETS(oss_upload_options_set_put_options(options, NULL));
    CHECK_SETS(oss_upload_options_set_checkpoint(options, NULL));
    CHECK_SETS(oss_upload_options_set_cancel(options, NULL));
    CHECK_SETS(oss_upload_options_set_rate(options, NULL));
    CHECK_SETS(oss_upload_options_set_progress(options, NULL, NULL));
    CHECK_SETS(oss_upload_options_set_log(options, NULL, NULL));
    CHECK_SETS(oss_upload_options_set_outbox(options, NULL));
    CHECK_SETS(oss_upload_options_set_part_size(options, 0));
    CHECK_SETS(oss_upload_options_set_threshold(options, 0));
    CHECK_SETS(oss_upload_options_set_rate_limit(options, 0));
    CHECK_SETS(oss_upload_options_set_deadline_ms(options, 0));
    /* The limits themselves are within them. */
    CHECK_SETS(oss_upload_options_set_part_size(options, 102400));
    CHECK_SETS(oss_upload_options_set_part_size(options, GIB_5));
    CHECK_SETS(oss_upload_options_set_threshold(options, GIB_5));
    CHECK_SETS(oss_upload_options_set_parallel(options, 1));
    CHECK_SETS(oss_upload_options_set_parallel(options, 100));
    CHECK_SETS(oss_upload_options_set_rate_limit(options, 1024));
    CHECK_SETS(oss_upload_options_set_rate_limit(options, UINT64_MAX));
    CHECK_SETS(oss_upload_options_set_memory_limit(options, 0));
    CHECK_SETS(oss_upload_options_set_memory_limit(options, 1048576));
    CHECK_SETS(oss_upload_options_set_memory_limit(options, UINT64_MAX));
    CHECK_SETS(oss_upload_options_set_deadline_ms(options, DAYS_7));
    CHECK_TEXT(oss_upload_options_error(options), "");

    for (size_t i = 0; i < sizeof no_part_size / sizeof no_part_size[0]; i++) {
        CHECK_REFUSED(oss_upload_options_set_part_size(options, no_part_size[i]), oss_upload_options_error(options),
                      "part size");
        CHECK_CONTAINS(oss_upload_options_error(options), "102400");
        CHECK_CONTAINS(oss_upload_options_error(options), "5368709120");
    }
    for (size_t i = 0; i < sizeof no_parallel / sizeof no_parallel[0]; i++) {
        CHECK_REFUSED(oss_upload_options_set_parallel(options, no_parallel[i]), oss_upload_options_error(options),
                      "parallel");
        CHECK_CONTAINS(oss_upload_options_error(options), "from 1 to 100");
    }
    CHECK_REFUSED(oss_upload_options_set_threshold(options, GIB_5 + 1), oss_upload_options_error(options),
                  "threshold");
    CHECK_CONTAINS(oss_upload_options_error(options), "5368709120");
    CHECK_REFUSED(oss_upload_options_set_threshold(options, UINT64_MAX), oss_upload_options_error(options),
                  "threshold");
    CHECK_REFUSED(oss_upload_options_set_rate_limit(options, 1), oss_upload_options_error(options), "1024");
    CHECK_REFUSED(oss_upload_options_set_memory_limit(options, 1), oss_upload_options_error(options), "1048576");
    CHECK_REFUSED(oss_upload_options_set_memory_limit(options, 1048575), oss_upload_options_error(options), "1048576");
    CHECK_REFUSED(oss_upload_options_set_rate_limit(options, 1023), oss_upload_options_error(options), "1024");
    CHECK_REFUSED(oss_upload_options_set_deadline_ms(options, DAYS_7 + 1), oss_upload_options_error(options),
                  "deadline");
    CHECK_CONTAINS(oss_upload_options_error(options), "604800000");
    CHECK_REFUSED(oss_upload_options_set_deadline_ms(options, UINT64_MAX), oss_upload_options_error(options),
                  "deadline");
    CHECK_REFUSED(oss_upload_options_set_checkpoint(options, ""), oss_upload_options_error(options), "checkpoint");
    CHECK_SETS(oss_upload_options_set_checkpoint(options, NOT_UTF8));
    oss_upload_options_free(options);
}

/* Gives one byte, but not before two milliseconds have passed. */
static int32_t late_byte(void *user_data, void *buffer, size_t capacity, size_t *got) {
    struct timespec start, now;
    (void)user_data;
    CHECK(capacity > 0);
    clock_gettime(CLOCK_MONOTONIC, &start);
    do {
        clock_gettime(CLOCK_MONOTONIC, &now);
    } while ((now.tv_sec - start.tv_sec) * 1000000000L + now.tv_nsec - start.tv_nsec < 2000000L);
    *(char *)buffer = 'x';
    *got = 1;
    return 0;
}

/* What was set before stays when a setter refuses: here a checkpoint folder, which a writer has no use for, and a
 * deadline that passes before anything is sent. (The others are seen in what is sent: tests/c/managed.c.) */
static void refusals_change_nothing(void) {
    oss_upload_options *options = oss_upload_options_new();
    oss_body *late = oss_body_from_reader(late_byte, NULL, NULL, 1);
    oss_writer *made = BOGUS;
    oss_result *result = NULL;

    CHECK_SETS(oss_upload_options_set_checkpoint(options, path_of("checkpoints")));
    CHECK_REFUSED(oss_upload_options_set_checkpoint(options, ""), oss_upload_options_error(options), "empty");
    REFUSED("checkpoint", oss_writer_new(bucket, "refused", NULL, options, &made, where));
    CHECK_NULLS(made);
    CHECK_SETS(oss_upload_options_set_checkpoint(options, NULL));

    CHECK_SETS(oss_upload_options_set_deadline_ms(options, 1));
    CHECK_REFUSED(oss_upload_options_set_deadline_ms(options, DAYS_7 + 1), oss_upload_options_error(options), "long");
    CHECK_CALL(OSS_STATUS_TIMEOUT, oss_upload_object(bucket, "refused", late, NULL, options, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    oss_body_free(late);
    oss_upload_options_free(options);
}

/* A body that cannot be right is still made, and refused where it is used. */
static void refused_body(oss_body *made, const char *word) {
    CHECK(made != NULL);
    REFUSED(word, oss_put_body(bucket, "refused", made, NULL, NULL, where));
    REFUSED(word, oss_upload_part_body(multipart, 1, made, where));
    REFUSED(word, oss_upload_object(bucket, "refused", made, NULL, NULL, where));
    oss_body_free(made);
}

static void bodies(void) {
    refused_body(oss_body_from_bytes(NULL, 1), "data");
    refused_body(oss_body_from_bytes("x", SIZE_MAX), "data");
    refused_body(oss_body_from_bytes("x", (size_t)SSIZE_MAX + 1), "data");
    refused_body(oss_body_from_file(NULL), "path");
    refused_body(oss_body_from_file(""), "path of the file is empty");
    refused_body(oss_body_from_file_range(NULL, 0, 0), "path");
    refused_body(oss_body_from_file_range("", 0, 0), "path of the file is empty");
    refused_body(oss_body_from_fd(-1, 0, 0), "-1");
    refused_body(oss_body_from_fd(INT_MIN, 0, 0), "negative");
    refused_body(oss_body_from_reader(NULL, NULL, NULL, 1), "read");
    refused_body(oss_body_from_reader(NULL, NULL, NULL, OSS_LENGTH_UNKNOWN), "read");
}

static void objects(void) {
    REFUSED("bucket is NULL: oss_bucket_new() or oss_bucket_with_limits() failed",
            oss_put_object(NULL, "refused", "x", 1, NULL, where));
    REFUSED("key", oss_put_object(bucket, NULL, "x", 1, NULL, where));
    REFUSED("data", oss_put_object(bucket, "refused", NULL, 1, NULL, where));
    REFUSED("key", oss_put_object(bucket, NOT_UTF8, "x", 1, NULL, where));
    REFUSED("data", oss_put_object(bucket, "refused", "x", SIZE_MAX, NULL, where));
    REFUSED("data", oss_put_object(bucket, "refused", "x", (size_t)SSIZE_MAX + 1, NULL, where));
    REFUSED("key", oss_put_object(bucket, "", "x", 1, NULL, where));

    REFUSED("bucket", oss_put_object_with_callback(NULL, "refused", "x", 1, callback, NULL, where));
    REFUSED("callback is NULL: oss_callback_new() or oss_callback_new_from_policy() failed",
            oss_put_object_with_callback(bucket, "refused", "x", 1, NULL, NULL, where));
    REFUSED("oss_put_object() uploads without",
            oss_put_object_with_callback(bucket, "refused", "x", 1, NULL, NULL, where));
    REFUSED("key", oss_put_object_with_callback(bucket, NULL, "x", 1, callback, NULL, where));
    REFUSED("data", oss_put_object_with_callback(bucket, "refused", NULL, 1, callback, NULL, where));
    REFUSED("key", oss_put_object_with_callback(bucket, NOT_UTF8, "x", 1, callback, NULL, where));
    REFUSED("data", oss_put_object_with_callback(bucket, "refused", "x", SIZE_MAX, callback, NULL, where));

    REFUSED("bucket", oss_put_file_with_callback(NULL, "refused", needed_variable("SOURCE"), callback, NULL, where));
    REFUSED("callback is NULL",
            oss_put_file_with_callback(bucket, "refused", needed_variable("SOURCE"), NULL, NULL, where));
    REFUSED("oss_put_body() uploads without",
            oss_put_file_with_callback(bucket, "refused", "/dev/null", NULL, NULL, where));
    /* A wrong argument comes before a file that cannot be read. */
    REFUSED("bucket", oss_put_file_with_callback(NULL, "refused", "/dev/null", callback, NULL, where));
    REFUSED("key", oss_put_file_with_callback(bucket, NULL, "/dev/null", callback, NULL, where));
    REFUSED("key", oss_put_file_with_callback(bucket, NULL, needed_variable("SOURCE"), callback, NULL, where));
    REFUSED("path", oss_put_file_with_callback(bucket, "refused", NULL, callback, NULL, where));
    REFUSED("path", oss_put_file_with_callback(bucket, "refused", "", callback, NULL, where));
    CHECK_ENDS(OSS_STATUS_LOCAL_IO,
               oss_put_file_with_callback(bucket, "refused", NOT_UTF8, callback, NULL, &result));
    REFUSED("key", oss_put_file_with_callback(bucket, NOT_UTF8, needed_variable("SOURCE"), callback, NULL, where));

    REFUSED("bucket", oss_put_body(NULL, "refused", body, NULL, NULL, where));
    REFUSED("key", oss_put_body(bucket, NULL, body, callback, NULL, where));
    REFUSED("body", oss_put_body(bucket, "refused", NULL, callback, NULL, where));
    REFUSED("key", oss_put_body(bucket, NOT_UTF8, body, callback, NULL, where));

    REFUSED("bucket", oss_append_object(NULL, "refused", 0, body, NULL, where));
    REFUSED("key", oss_append_object(bucket, NULL, 0, body, NULL, where));
    REFUSED("body", oss_append_object(bucket, "refused", 0, NULL, NULL, where));
    REFUSED("key", oss_append_object(bucket, NOT_UTF8, 0, body, NULL, where));
    REFUSED("5368709120", oss_append_object(bucket, "refused", GIB_5, body, NULL, where));
    REFUSED("5368709120", oss_append_object(bucket, "refused", UINT64_MAX, body, NULL, where));

    REFUSED("bucket", oss_trigger_callback(NULL, "refused", callback, NULL, where));
    REFUSED("key", oss_trigger_callback(bucket, NULL, callback, NULL, where));
    REFUSED("key", oss_trigger_callback(bucket, NOT_UTF8, callback, NULL, where));
    REFUSED("key", oss_trigger_callback(bucket, "", callback, NULL, where));
    REFUSED("callback", oss_trigger_callback(bucket, "refused", NULL, NULL, where));

    REFUSED("bucket", oss_stat_object(NULL, "refused", where));
    REFUSED("key", oss_stat_object(bucket, NULL, where));
    REFUSED("key", oss_stat_object(bucket, NOT_UTF8, where));
    REFUSED("bucket", oss_remove_object(NULL, "refused", where));
    REFUSED("key", oss_remove_object(bucket, NULL, where));
    REFUSED("key", oss_remove_object(bucket, NOT_UTF8, where));
}

static void multiparts(void) {
    oss_multipart *made = BOGUS;
    oss_part_list *parts = BOGUS, *list = oss_part_list_new();
    uint64_t crc64 = 7;

    REFUSED("bucket", oss_begin_multipart(NULL, "refused", NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_begin_multipart(bucket, NULL, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("multipart", oss_begin_multipart(bucket, "refused", NULL, NULL, where));
    REFUSED("key", oss_begin_multipart(bucket, NOT_UTF8, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("bucket", oss_reopen_multipart(NULL, "refused", "id", &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_reopen_multipart(bucket, NULL, "id", &made, where));
    CHECK_NULLS(made);
    REFUSED("upload_id", oss_reopen_multipart(bucket, "refused", NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("multipart", oss_reopen_multipart(bucket, "refused", "id", NULL, where));
    REFUSED("key", oss_reopen_multipart(bucket, NOT_UTF8, "id", &made, where));
    CHECK_NULLS(made);
    REFUSED("upload_id", oss_reopen_multipart(bucket, "refused", NOT_UTF8, &made, where));
    CHECK_NULLS(made);
    REFUSED("upload id", oss_reopen_multipart(bucket, "refused", "", &made, where));
    CHECK_NULLS(made);
    CHECK_TEXT(oss_multipart_upload_id(NULL), "");

    REFUSED("multipart", oss_multipart_with_limits(NULL, 0, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("limited", oss_multipart_with_limits(multipart, 0, NULL, NULL, where));
    REFUSED("deadline", oss_multipart_with_limits(multipart, UINT64_MAX, NULL, &made, where));
    CHECK_NULLS(made);

    REFUSED("multipart", oss_upload_part(NULL, 1, "x", 1, where));
    REFUSED("data", oss_upload_part(multipart, 1, NULL, 1, where));
    REFUSED("data", oss_upload_part(multipart, 1, "x", SIZE_MAX, where));
    REFUSED("part number", oss_upload_part(multipart, 0, "x", 1, where));
    REFUSED("multipart", oss_upload_part_body(NULL, 1, body, where));
    REFUSED("body", oss_upload_part_body(multipart, 1, NULL, where));
    REFUSED("part number", oss_upload_part_body(multipart, UINT32_MAX, body, where));
    REFUSED("multipart", oss_list_parts(NULL, &parts, where));
    CHECK_NULLS(parts);
    REFUSED("parts", oss_list_parts(multipart, NULL, where));
    REFUSED("multipart", oss_complete_multipart(NULL, NULL, where));
    REFUSED("multipart", oss_complete_multipart_with_parts(NULL, list, NULL, where));
    REFUSED("parts", oss_complete_multipart_with_parts(multipart, NULL, callback, where));
    REFUSED("part", oss_complete_multipart_with_parts(multipart, list, callback, where));
    REFUSED("multipart", oss_complete_multipart_with_all(NULL, NULL, where));
    REFUSED("multipart", oss_abort_multipart(NULL, where));

    CHECK(oss_part_list_add(NULL, 1, "etag") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_TEXT(oss_part_list_error(NULL), "");
    CHECK_REFUSED(oss_part_list_add(list, 1, NULL), oss_part_list_error(list), "etag");
    CHECK_REFUSED(oss_part_list_add(list, 1, NOT_UTF8), oss_part_list_error(list), "etag");
    CHECK_REFUSED(oss_part_list_add(list, 0, "etag"), oss_part_list_error(list), "part number");
    CHECK(oss_part_list_count(NULL) == 0);
    CHECK(oss_part_list_number(NULL, 0) == 0);
    CHECK(oss_part_list_size(NULL, 0) == 0);
    CHECK_TEXT(oss_part_list_etag(NULL, 0), "");
    CHECK(!oss_part_list_crc64(NULL, 0, &crc64) && crc64 == 7);
    CHECK(oss_part_list_count(list) == 0);
    CHECK(oss_part_list_number(list, 0) == 0);
    CHECK(oss_part_list_size(list, SIZE_MAX) == 0);
    CHECK_TEXT(oss_part_list_etag(list, 0), "");
    CHECK(!oss_part_list_crc64(list, 0, NULL));
    oss_part_list_free(list);
}

static void uploads(void) {
    oss_upload_options *options = oss_upload_options_new();

    REFUSED("bucket", oss_upload_object(NULL, "refused", body, callback, options, where));
    REFUSED("key", oss_upload_object(bucket, NULL, body, callback, options, where));
    REFUSED("body", oss_upload_object(bucket, "refused", NULL, callback, options, where));
    REFUSED("key", oss_upload_object(bucket, NULL, body, NULL, NULL, where));
    REFUSED("key", oss_upload_object(bucket, NOT_UTF8, body, callback, options, where));
    REFUSED("key", oss_upload_object(bucket, "", body, callback, options, where));
    /* Bytes cannot be taken up again by a later process. */
    CHECK_SETS(oss_upload_options_set_checkpoint(options, path_of("checkpoints")));
    REFUSED("checkpoint", oss_upload_object(bucket, "refused", body, callback, options, where));
    oss_upload_options_free(options);
}

static void lists_of_uploads(void) {
    static const uint32_t no_limit[] = {0, 100001, UINT32_MAX};
    oss_upload_list *list = BOGUS;

    REFUSED("bucket", oss_list_uploads(NULL, "", 1, &list, where));
    CHECK_NULLS(list);
    REFUSED("prefix", oss_list_uploads(bucket, NOT_UTF8, 1, &list, where));
    CHECK_NULLS(list);
    REFUSED("uploads", oss_list_uploads(bucket, NULL, 1, NULL, where));
    for (size_t i = 0; i < sizeof no_limit / sizeof no_limit[0]; i++) {
        REFUSED("limit", oss_list_uploads(bucket, NULL, no_limit[i], &list, where));
        CHECK_NULLS(list);
        REFUSED("from 1 to 100000", oss_list_uploads(bucket, "", no_limit[i], &list, where));
        CHECK_NULLS(list);
    }
    CHECK(oss_upload_list_count(NULL) == 0);
    CHECK(!oss_upload_list_is_truncated(NULL));
    CHECK_TEXT(oss_upload_list_key(NULL, 0), "");
    CHECK_TEXT(oss_upload_list_upload_id(NULL, SIZE_MAX), "");
    CHECK_TEXT(oss_upload_list_initiated(NULL, 0), "");
}

static void writers(void) {
    oss_upload_options *options = oss_upload_options_new();
    oss_writer *made = BOGUS;

    REFUSED("bucket", oss_writer_new(NULL, "refused", callback, options, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_writer_new(bucket, NULL, callback, options, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_writer_new(bucket, NULL, NULL, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_writer_new(bucket, NOT_UTF8, callback, options, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_writer_new(bucket, "", callback, options, &made, where));
    CHECK_NULLS(made);
    REFUSED("writer", oss_writer_new(bucket, "refused", callback, options, NULL, where));

    REFUSED("writer is NULL: oss_writer_new() failed", oss_writer_write(NULL, "x", 1, where));
    REFUSED("data", oss_writer_write(writer, NULL, 1, where));
    REFUSED("data", oss_writer_write(writer, "x", SIZE_MAX, where));
    REFUSED("data", oss_writer_write(writer, "x", (size_t)SSIZE_MAX + 1, where));
    REFUSED("writer", oss_writer_finish(NULL, where));
    REFUSED("writer", oss_writer_abort(NULL, where));
    oss_upload_options_free(options);
}

static void outboxes(void) {
    oss_outbox *made = BOGUS;
    oss_owed *owed = BOGUS;

    REFUSED("folder", oss_outbox_open(NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("empty", oss_outbox_open("", &made, where));
    CHECK_NULLS(made);
    REFUSED("outbox", oss_outbox_open(path_of("outbox"), NULL, where));
    CHECK(oss_outbox_set_log(NULL, NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_outbox_set_log(outbox, NULL, NULL));

    REFUSED("outbox", oss_outbox_next(NULL, &owed, where));
    CHECK_NULLS(owed);
    REFUSED("owed", oss_outbox_next(outbox, NULL, where));
    CHECK_SETS(oss_outbox_next(outbox, &owed, NULL));
    CHECK(owed == NULL);
    REFUSED("outbox", oss_outbox_deliver(NULL, bucket, NULL, where));
    REFUSED("bucket", oss_outbox_deliver(outbox, NULL, NULL, where));
}

static void options_of_deliveries(void) {
    static const uint32_t no_parallel[] = {0, 101, UINT32_MAX};
    oss_delivery_options *options = oss_delivery_options_new();

    CHECK(oss_delivery_options_set_parallel(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_delivery_options_set_deadline_ms(NULL, 0) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_delivery_options_set_cancel(NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_delivery_options_set_progress(NULL, NULL, NULL) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_TEXT(oss_delivery_options_error(NULL), "");
    CHECK_SETS(oss_delivery_options_set_cancel(options, NULL));
    CHECK_SETS(oss_delivery_options_set_progress(options, NULL, NULL));
    CHECK_SETS(oss_delivery_options_set_deadline_ms(options, 0));
    CHECK_SETS(oss_delivery_options_set_deadline_ms(options, DAYS_7));
    CHECK_SETS(oss_delivery_options_set_parallel(options, 1));
    CHECK_SETS(oss_delivery_options_set_parallel(options, 100));
    CHECK_TEXT(oss_delivery_options_error(options), "");
    for (size_t i = 0; i < sizeof no_parallel / sizeof no_parallel[0]; i++) {
        CHECK_REFUSED(oss_delivery_options_set_parallel(options, no_parallel[i]), oss_delivery_options_error(options),
                      "from 1 to 100");
    }
    CHECK_REFUSED(oss_delivery_options_set_deadline_ms(options, DAYS_7 + 1), oss_delivery_options_error(options),
                  "deadline");
    CHECK_REFUSED(oss_delivery_options_set_deadline_ms(options, UINT64_MAX), oss_delivery_options_error(options),
                  "deadline");
    CHECK_SETS(oss_outbox_deliver(outbox, bucket, options, NULL));
    oss_delivery_options_free(options);
}

static void nothing_that_is_owed(void) {
    uint64_t number = 7;

    CHECK_TEXT(oss_owed_url(NULL), "");
    CHECK_TEXT(oss_owed_bucket(NULL), "");
    CHECK_TEXT(oss_owed_key(NULL), "");
    CHECK_TEXT(oss_owed_upload_id(NULL), "");
    CHECK_TEXT(oss_owed_etag(NULL), "");
    CHECK_TEXT(oss_owed_content_type(NULL), "");
    CHECK_TEXT(oss_owed_message(NULL), "");
    CHECK(!oss_owed_size(NULL, NULL) && !oss_owed_size(NULL, &number) && number == 7);
    CHECK(!oss_owed_crc64(NULL, NULL) && !oss_owed_crc64(NULL, &number) && number == 7);
    CHECK(oss_owed_stored(NULL) == OSS_STORED_UNKNOWN);
    CHECK(oss_owed_since_ms(NULL) == 0 && oss_owed_tries(NULL) == 0 && oss_owed_due_in_ms(NULL) == 0);
}

/* A callback that nobody can answer is owed. */
static oss_owed *something_owed(void) {
    oss_put_options *options = oss_put_options_new();
    oss_callback *unanswered = NULL;
    oss_owed *owed = NULL;

    CHECK_SETS(oss_callback_new("http://127.0.0.1:1", "o=${object}&w=${imageInfo.width}&r=${reqId}", &unanswered, NULL));
    CHECK_SETS(oss_put_options_set_outbox(options, outbox));
    CHECK_ENDS(OSS_STATUS_CALLBACK_FAILED,
               oss_put_object_with_callback(bucket, "empty/owed", NULL, 0, unanswered, options, &result));
    CHECK_SETS(oss_outbox_next(outbox, &owed, NULL));
    oss_callback_free(unanswered);
    oss_put_options_free(options);
    return owed;
}

static void what_is_owed(void) {
    oss_callback_values *values = oss_callback_values_new();
    oss_owed *owed = something_owed();
    oss_bucket *elsewhere = NULL;
    oss_string *made = BOGUS;

    nothing_that_is_owed();
    CHECK(oss_owed_size(owed, NULL) && oss_owed_crc64(owed, NULL));
    REFUSED("owed", oss_owed_render(NULL, values, &made, where));
    CHECK_NULLS(made);
    REFUSED("body", oss_owed_render(owed, values, NULL, where));
    REFUSED("reqId", oss_owed_render(owed, NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("owed", oss_owed_postpone(NULL, 0, where));
    CHECK_SETS(oss_owed_postpone(owed, UINT64_MAX, NULL));
    CHECK(oss_owed_due_in_ms(owed) > DAYS_7);
    CHECK_SETS(oss_owed_postpone(owed, 0, NULL));
    CHECK(oss_owed_due_in_ms(owed) == 0);
    REFUSED("bucket", oss_owed_settle(NULL, owed, where));
    REFUSED("owed", oss_owed_settle(bucket, NULL, where));
    CHECK_SETS(oss_bucket_new("http://127.0.0.1:1", "examplebucket", credentials, NULL, &elsewhere, NULL));
    REFUSED("not in this bucket", oss_owed_settle(elsewhere, owed, where));
    REFUSED("owed", oss_owed_done(NULL, where));
    CHECK_SETS(oss_owed_done(owed, NULL));
    CHECK_SETS(oss_owed_done(owed, NULL));
    REFUSED("no longer owed", oss_owed_settle(bucket, owed, where));
    oss_bucket_free(elsewhere);
    oss_owed_free(owed);
    oss_callback_values_free(values);
}

static void signing_urls(void) {
    oss_put_options *options = oss_put_options_new();
    oss_presigned *made = BOGUS;

    REFUSED("bucket", oss_presign_put(NULL, "refused", callback, options, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_presign_put(bucket, NULL, NULL, NULL, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("presigned", oss_presign_put(bucket, "refused", callback, options, 900, NULL, where));
    REFUSED("0 s", oss_presign_put(bucket, "refused", callback, options, 0, &made, where));
    CHECK_NULLS(made);
    REFUSED("604800", oss_presign_put(bucket, "refused", callback, options, UINT64_MAX, &made, where));
    CHECK_NULLS(made);

    REFUSED("bucket", oss_presign_upload_part(NULL, "refused", "id", 1, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_presign_upload_part(bucket, NULL, "id", 1, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("upload_id", oss_presign_upload_part(bucket, "refused", NULL, 1, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("part number", oss_presign_upload_part(bucket, "refused", "id", 0, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("presigned", oss_presign_upload_part(bucket, "refused", "id", 1, 900, NULL, where));

    REFUSED("bucket", oss_presign_complete_multipart(NULL, "refused", "id", callback, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_presign_complete_multipart(bucket, NULL, "id", NULL, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("upload_id", oss_presign_complete_multipart(bucket, "refused", NULL, callback, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("presigned", oss_presign_complete_multipart(bucket, "refused", "id", callback, 900, NULL, where));

    REFUSED("bucket", oss_presign_trigger_callback(NULL, "refused", callback, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_presign_trigger_callback(bucket, NULL, callback, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("callback", oss_presign_trigger_callback(bucket, "refused", NULL, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("presigned", oss_presign_trigger_callback(bucket, "refused", callback, 900, NULL, where));
    REFUSED("604800", oss_presign_trigger_callback(bucket, "refused", callback, UINT64_MAX, &made, where));
    CHECK_NULLS(made);

    REFUSED("bucket", oss_presign_get(NULL, "refused", 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("key", oss_presign_get(bucket, NULL, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("presigned", oss_presign_get(bucket, "refused", 900, NULL, where));
    oss_put_options_free(options);
}

static void signed_urls(void) {
    oss_bucket_options *options = oss_bucket_options_new();
    oss_presigned *made = BOGUS;
    size_t length = 7;

    REFUSED("url", oss_presigned_new(NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("UTF-8", oss_presigned_new(NOT_UTF8, &made, where));
    CHECK_NULLS(made);
    REFUSED("presigned", oss_presigned_new("http://127.0.0.1/refused", NULL, where));
    CHECK_SETS(oss_presigned_new("http://127.0.0.1/refused", &made, NULL));
    REFUSED("presigned", oss_presigned_add_header(NULL, "a", "b", where));
    REFUSED("name", oss_presigned_add_header(made, NULL, "b", where));
    REFUSED("value", oss_presigned_add_header(made, "a", NULL, where));
    CHECK(oss_presigned_header_count(made) == 0);
    CHECK_SETS(oss_presigned_add_header(made, "a", "b", NULL));
    CHECK_TEXT(oss_presigned_header_name(made, 0), "a");
    CHECK_TEXT(oss_presigned_header_value(made, 0), "b");
    CHECK_TEXT(oss_presigned_header_name(made, 1), "");
    REFUSED("presigned is NULL: oss_presigned_new() or the function that signs failed",
            oss_put_to_url(NULL, body, options, where));
    REFUSED("body", oss_put_to_url(made, NULL, NULL, where));
    CHECK_TEXT(oss_presigned_method(NULL), "");
    CHECK_TEXT(oss_presigned_url(NULL), "");
    CHECK_TEXT(oss_presigned_header_name(NULL, 0), "");
    CHECK_TEXT(oss_presigned_header_value(NULL, SIZE_MAX), "");
    CHECK(oss_presigned_header_count(NULL) == 0);
    CHECK_TEXT(oss_presigned_body(NULL, NULL), "");
    CHECK_TEXT(oss_presigned_body(NULL, &length), "");
    CHECK(length == 0);
    length = 7;
    CHECK_TEXT(oss_presigned_body(made, &length), "");
    CHECK(length == 0);
    CHECK(oss_presigned_expires(NULL) == 0);
    oss_presigned_free(made);
    oss_bucket_options_free(options);
}

static void policies(void) {
    oss_post_policy *policy = oss_post_policy_new();
    oss_post_form *made = BOGUS;

    CHECK(oss_post_policy_set_key(NULL, "a") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_post_policy_set_key_prefix(NULL, "a") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_post_policy_set_length_range(NULL, 0, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_post_policy_set_content_type(NULL, "a/b") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_post_policy_add_field(NULL, "a", "b") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_post_policy_add_field_prefix(NULL, "a", "b") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_post_policy_allow_any_callback(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_post_policy_allow_any_callback(policy, INT32_MIN));
    CHECK_TEXT(oss_post_policy_error(NULL), "");
    CHECK_REFUSED(oss_post_policy_set_key(policy, NULL), oss_post_policy_error(policy), "key");
    CHECK_REFUSED(oss_post_policy_set_key(policy, NOT_UTF8), oss_post_policy_error(policy), "UTF-8");
    CHECK_REFUSED(oss_post_policy_set_key(policy, "${filename}"), oss_post_policy_error(policy), "replaces");
    CHECK_REFUSED(oss_post_policy_set_key_prefix(policy, NULL), oss_post_policy_error(policy), "prefix");
    CHECK_REFUSED(oss_post_policy_set_length_range(policy, 2, 1), oss_post_policy_error(policy), "range");
    CHECK_REFUSED(oss_post_policy_set_length_range(policy, 0, UINT64_MAX), oss_post_policy_error(policy), "range");
    CHECK_REFUSED(oss_post_policy_set_content_type(policy, NULL), oss_post_policy_error(policy), "content_type");
    CHECK_REFUSED(oss_post_policy_add_field(policy, NULL, "b"), oss_post_policy_error(policy), "name");
    CHECK_REFUSED(oss_post_policy_add_field(policy, "a", NULL), oss_post_policy_error(policy), "value");
    CHECK_REFUSED(oss_post_policy_add_field(policy, "Policy", "b"), oss_post_policy_error(policy), "by signing");
    CHECK_REFUSED(oss_post_policy_add_field_prefix(policy, NULL, "b"), oss_post_policy_error(policy), "name");
    CHECK_REFUSED(oss_post_policy_add_field_prefix(policy, "a", NULL), oss_post_policy_error(policy), "prefix");

    REFUSED("key", oss_post_policy_sign(policy, bucket, callback, 900, &made, where));
    CHECK_NULLS(made);
    CHECK_SETS(oss_post_policy_set_key_prefix(policy, ""));
    REFUSED("policy", oss_post_policy_sign(NULL, bucket, callback, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("bucket", oss_post_policy_sign(policy, NULL, callback, 900, &made, where));
    CHECK_NULLS(made);
    REFUSED("form", oss_post_policy_sign(policy, bucket, callback, 900, NULL, where));
    REFUSED("604800", oss_post_policy_sign(policy, bucket, NULL, UINT64_MAX, &made, where));
    CHECK_NULLS(made);
    CHECK_SETS(oss_post_policy_sign(policy, bucket, NULL, 900, &made, NULL));
    oss_post_form_free(made);
    oss_post_policy_free(policy);
}

static void forms(void) {
    oss_bucket_options *options = oss_bucket_options_new();
    oss_post_form *made = BOGUS;
    oss_string *json = BOGUS;

    REFUSED("url", oss_post_form_new(NULL, &made, where));
    CHECK_NULLS(made);
    REFUSED("UTF-8", oss_post_form_new(NOT_UTF8, &made, where));
    CHECK_NULLS(made);
    REFUSED("form", oss_post_form_new("http://127.0.0.1/", NULL, where));
    CHECK_SETS(oss_post_form_new("http://127.0.0.1/", &made, NULL));
    REFUSED("form", oss_post_form_set_field(NULL, "a", "b", where));
    REFUSED("name", oss_post_form_set_field(made, NULL, "b", where));
    REFUSED("value", oss_post_form_set_field(made, "a", NULL, where));
    REFUSED("file", oss_post_form_set_field(made, "file", "x", where));
    CHECK(oss_post_form_field_count(made) == 0);
    REFUSED("key", oss_post_object(made, body, options, where));
    CHECK_SETS(oss_post_form_set_field(made, "key", "refused", NULL));
    CHECK_TEXT(oss_post_form_field_name(made, 0), "key");
    CHECK_TEXT(oss_post_form_field_value(made, 0), "refused");
    CHECK_TEXT(oss_post_form_field_name(made, 1), "");
    REFUSED("form", oss_post_object(NULL, body, options, where));
    REFUSED("body", oss_post_object(made, NULL, NULL, where));
    REFUSED("form", oss_post_form_to_json(NULL, &json, where));
    CHECK_NULLS(json);
    REFUSED("json", oss_post_form_to_json(made, NULL, where));
    CHECK_TEXT(oss_post_form_url(NULL), "");
    CHECK_TEXT(oss_post_form_field_name(NULL, 0), "");
    CHECK_TEXT(oss_post_form_field_value(NULL, SIZE_MAX), "");
    CHECK(oss_post_form_field_count(NULL) == 0);
    CHECK(oss_post_form_expires(NULL) == 0 && oss_post_form_expires(made) == 0);
    oss_post_form_free(made);
    oss_bucket_options_free(options);
}

static void versions(void) {
    REFUSED("binary interface", oss_check_version(OSS_UPLOAD_ABI + 1, OSS_UPLOAD_VERSION_NUMBER, where));
    REFUSED("older", oss_check_version(OSS_UPLOAD_ABI, OSS_UPLOAD_VERSION_NUMBER + 1, where));
    REFUSED("4294.967.295", oss_check_version(OSS_UPLOAD_ABI, UINT32_MAX, where));
    CHECK_SETS(oss_check_version(OSS_UPLOAD_ABI, OSS_UPLOAD_VERSION_NUMBER, NULL));
    CHECK_SETS(oss_check_version(OSS_UPLOAD_ABI, 0, NULL));
    CHECK_TEXT(oss_version(), OSS_UPLOAD_VERSION);
    CHECK(oss_version_number() == OSS_UPLOAD_VERSION_NUMBER);
}

static void verifiers(void) {
    oss_callback_verifier *verifier = oss_callback_verifier_new();

    CHECK(oss_callback_verifier_set_public_key(NULL, "pem") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_verifier_add_key_prefix(NULL, "https://a.example.com/") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_verifier_set_fetch_timeout_ms(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_verifier_set_cache_time_s(NULL, 1) == OSS_STATUS_INVALID_ARGUMENT);
    CHECK(oss_callback_verifier_set_ca_file(NULL, "a.pem") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_TEXT(oss_callback_verifier_error(NULL), "");
    CHECK_REFUSED(oss_callback_verifier_set_public_key(verifier, NULL), oss_callback_verifier_error(verifier), "pem");
    CHECK_REFUSED(oss_callback_verifier_set_public_key(verifier, "pem"), oss_callback_verifier_error(verifier), "RSA");
    CHECK_REFUSED(oss_callback_verifier_add_key_prefix(verifier, NULL), oss_callback_verifier_error(verifier), "prefix");
    CHECK_REFUSED(oss_callback_verifier_add_key_prefix(verifier, "https://a.example.com"),
                  oss_callback_verifier_error(verifier), "slash");
    CHECK_REFUSED(oss_callback_verifier_set_fetch_timeout_ms(verifier, 0), oss_callback_verifier_error(verifier), "ms");
    CHECK_REFUSED(oss_callback_verifier_set_fetch_timeout_ms(verifier, UINT64_MAX),
                  oss_callback_verifier_error(verifier), "ms");
    CHECK_REFUSED(oss_callback_verifier_set_cache_time_s(verifier, UINT64_MAX), oss_callback_verifier_error(verifier),
                  "long");
    CHECK_REFUSED(oss_callback_verifier_set_ca_file(verifier, NULL), oss_callback_verifier_error(verifier), "path");
    CHECK_REFUSED(oss_callback_verifier_set_ca_file(verifier, ""), oss_callback_verifier_error(verifier), "empty");

    REFUSED("verifier is NULL: oss_callback_verifier_new() or oss_callback_verifier_with_limits() failed",
            oss_callback_verify(NULL, "/", "", 0, "AAAA", "AAAA", where));
    REFUSED("target", oss_callback_verify(verifier, NULL, "", 0, "AAAA", "AAAA", where));
    REFUSED("body", oss_callback_verify(verifier, "/", NULL, 1, "AAAA", "AAAA", where));
    CHECK(oss_callback_verify(verifier, "/", "", 0, NULL, "AAAA", NULL) == OSS_STATUS_NOT_AUTHENTIC);
    CHECK(oss_callback_verify(verifier, "/", "", 0, "AAAA", NULL, NULL) == OSS_STATUS_NOT_AUTHENTIC);
    CHECK(oss_callback_verify(verifier, NOT_UTF8, NOT_UTF8, 3, NOT_UTF8, NOT_UTF8, NULL) == OSS_STATUS_NOT_AUTHENTIC);

    REFUSED("verifier", oss_callback_verify_request(NULL, "/", "", 0, "AAAA", "AAAA", "1.0", where));
    REFUSED("target", oss_callback_verify_request(verifier, NULL, "", 0, "AAAA", "AAAA", "1.0", where));
    REFUSED("body", oss_callback_verify_request(verifier, "/", NULL, 1, "AAAA", "AAAA", "1.0", where));
    CHECK(oss_callback_verify_request(verifier, "/", "", 0, NULL, NULL, NULL, NULL) == OSS_STATUS_NOT_AUTHENTIC);
    CHECK(oss_callback_verify_request(verifier, "/", "", 0, "AAAA", "AAAA", "", NULL) == OSS_STATUS_NOT_AUTHENTIC);
    CHECK(oss_callback_verify_request(verifier, "/", "", 0, "AAAA", "AAAA", "2.0", NULL) == OSS_STATUS_BAD_RESPONSE);
    CHECK(oss_callback_verify_request(verifier, "/", "", 0, NULL, NULL, NOT_UTF8, NULL) == OSS_STATUS_BAD_RESPONSE);

    oss_callback_verifier *limited = verifier;
    REFUSED("verifier", oss_callback_verifier_with_limits(NULL, 0, NULL, &limited, where));
    CHECK_NULLS(limited);
    REFUSED("limited", oss_callback_verifier_with_limits(verifier, 0, NULL, NULL, where));
    REFUSED("deadline", oss_callback_verifier_with_limits(verifier, DAYS_7 + 1, NULL, &limited, where));
    CHECK_NULLS(limited);
    CHECK_SETS(oss_callback_verifier_with_limits(verifier, 0, NULL, &limited, NULL));
    oss_callback_verifier_free(verifier);
    CHECK(oss_callback_verify(limited, "/", "", 0, NULL, NULL, NULL) == OSS_STATUS_NOT_AUTHENTIC);
    oss_callback_verifier_free(limited);
}

static void keys_of_the_service(void) {
    static const char key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKs/JBGzwUB2aVht4crBx3oIPBLNsjGs\n"
                              "C0fTXv+nvlmklvkcolvpvXLTjaxUHR3W9LXxQ2EHXAJfCB+6H2YF1k8CAwEAAQ==\n"
                              "-----END PUBLIC KEY-----\n";

    REFUSED("public_key", oss_callback_verify_with_key(NULL, "/", "", 0, "AAAA", where));
    REFUSED("RSA", oss_callback_verify_with_key("key", "/", "", 0, "AAAA", where));
    REFUSED("target", oss_callback_verify_with_key(key, NULL, "", 0, "AAAA", where));
    REFUSED("body", oss_callback_verify_with_key(key, "/", NULL, 1, "AAAA", where));
    CHECK(oss_callback_verify_with_key(key, "/", "", 0, NULL, NULL) == OSS_STATUS_NOT_AUTHENTIC);
    CHECK(oss_callback_verify_with_key(key, NOT_UTF8, "", 0, NOT_UTF8, NULL) == OSS_STATUS_NOT_AUTHENTIC);
}

/* Without a length, data may be anything. */
static void nothing_to_send(void) {
    oss_body *empty = oss_body_from_bytes(BOGUS, 0);
    oss_callback *unanswered = NULL;
    CHECK_SETS(oss_callback_new("http://127.0.0.1:1", "o=${object}", &unanswered, NULL));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "empty/null", NULL, 0, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "empty/bogus", BOGUS, 0, NULL, &result));
    CHECK_ENDS(OSS_STATUS_CALLBACK_FAILED,
               oss_put_object_with_callback(bucket, "empty/put", BOGUS, 0, unanswered, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_body(bucket, "empty/body", empty, NULL, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, BOGUS, 0, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 2, NULL, 0, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, "empty/upload", empty, NULL, NULL, &result));
    /* The refused data has done the writer no harm. */
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, BOGUS, 0, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_write(writer, NULL, 0, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_writer_finish(writer, &result));
    /* And no result is wanted. */
    CHECK_SETS(oss_put_object(bucket, "empty/no-result", NULL, 0, NULL, NULL));
    CHECK_SETS(oss_stat_object(bucket, "empty/no-result", NULL));
    CHECK_SETS(oss_remove_object(bucket, "empty/no-result", NULL));
    oss_callback_free(unanswered);
    oss_body_free(empty);
}

int main(void) {
    CHECK_SETS(oss_credentials_new_from_environment(&credentials, NULL));
    CHECK_SETS(oss_callback_new("http://a.example.com", "body", &callback, NULL));
    CHECK_SETS(oss_outbox_open(path_of("outbox"), &outbox, NULL));
    bucket = open_bucket();
    body = oss_body_from_bytes("x", 1);
    CHECK_SETS(oss_begin_multipart(bucket, "multipart", NULL, &multipart, NULL));
    CHECK_SETS(oss_writer_new(bucket, "empty/writer", NULL, NULL, &writer, NULL));
    frees();
    versions();
    results();
    strings();
    credentials_and_buckets();
    options_of_buckets();
    proxy_of_the_environment();
    callbacks();
    bodies_of_callbacks();
    findings();
    options_of_puts();
    cancels();
    rates();
    options_of_uploads();
    refusals_change_nothing();
    bodies();
    objects();
    multiparts();
    uploads();
    lists_of_uploads();
    writers();
    outboxes();
    options_of_deliveries();
    what_is_owed();
    signing_urls();
    signed_urls();
    policies();
    forms();
    verifiers();
    keys_of_the_service();
    nothing_to_send();
    CHECK_SETS(oss_abort_multipart(multipart, NULL));
    oss_multipart_free(multipart);
    oss_outbox_free(outbox);
    oss_writer_free(writer);
    oss_body_free(body);
    oss_bucket_free(bucket);
    oss_callback_free(callback);
    oss_credentials_free(credentials);
    return finish();
}
