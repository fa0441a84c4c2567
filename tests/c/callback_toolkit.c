/*
 * Looks for mistakes in callbacks; then uploads with one to CALLBACK_URL, whose server fails, and prints the body that the
 * server should have understood.
 */

#include "support.h"

static bool has(const oss_finding_list *findings, const char *rule, oss_severity severity) {
    for (size_t i = 0; i < oss_finding_list_count(findings); i++) {
        if (strcmp(oss_finding_list_rule(findings, i), rule) == 0) {
            CHECK(oss_finding_list_severity(findings, i) == severity);
            CHECK(oss_finding_list_message(findings, i)[0] != '\0');
            return true;
        }
    }
    return false;
}

static void mistakes(void) {
    oss_callback *callback = NULL;
    oss_finding_list *findings = NULL;
    oss_result *result = NULL;

    CHECK_SETS(oss_callback_new("https://app.example.com", "{\"o\":\"${object}\",\"u\":${x:user}}", &callback, NULL));
    CHECK_SETS(oss_callback_set_body_type(callback, OSS_CALLBACK_BODY_JSON));
    CHECK(oss_callback_add_url(callback, "http://") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_SETS(oss_callback_add_url(callback, "http://10.0.0.1/"));
    CHECK_CALL(OSS_STATUS_INVALID_ARGUMENT, oss_callback_check(callback, &findings, &result));
    CHECK_CONTAINS(oss_result_message(result), "x:user");
    CHECK(oss_finding_list_severity(findings, 0) == OSS_SEVERITY_ERROR);
    CHECK(has(findings, "variable-not-set", OSS_SEVERITY_ERROR));
    CHECK(has(findings, "https-without-sni", OSS_SEVERITY_WARNING));
    CHECK(has(findings, "private-host", OSS_SEVERITY_WARNING));
    CHECK(has(findings, "quoted-placeholder", OSS_SEVERITY_WARNING));
    CHECK(has(findings, "refused", OSS_SEVERITY_WARNING));
    CHECK(oss_finding_list_count(findings) == 5);
    oss_result_free(result);
    oss_finding_list_free(findings);

    CHECK_SETS(oss_callback_add_variable(callback, "x:user", "42"));
    CHECK_CALL(OSS_STATUS_OK, oss_callback_check(callback, &findings, &result));
    CHECK(oss_finding_list_count(findings) == 4);
    oss_result_free(result);
    oss_finding_list_free(findings);
    oss_callback_free(callback);
}

/* What is encoded differs by the delivery's id only. */
static void settings_of_their_own(void) {
    oss_callback *callback = NULL;
    oss_string *encoded[2] = {NULL, NULL}, *variables[2] = {NULL, NULL};

    CHECK_SETS(oss_callback_new("http://app.example.com", "d=${x:delivery}", &callback, NULL));
    CHECK_SETS(oss_callback_add_header(callback, "key", "value"));
    CHECK(oss_callback_add_header(callback, "key", "value") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(oss_callback_error(callback), "twice");
    CHECK_SETS(oss_callback_set_field(callback, "signatureVersion", "\"2.0\""));
    CHECK(oss_callback_set_field(callback, "signatureVersion", "\"2.0\"") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(oss_callback_error(callback), "twice");
    CHECK_SETS(oss_callback_set_delivery_variable(callback, "x:delivery"));
    CHECK(oss_callback_set_delivery_variable(callback, "x:delivery") == OSS_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(oss_callback_error(callback), "twice");
    for (int i = 0; i < 2; i++) CHECK_SETS(oss_callback_encode(callback, &encoded[i], &variables[i], NULL));
    CHECK_TEXT(oss_string_data(encoded[0]), oss_string_data(encoded[1]));
    CHECK(strcmp(oss_string_data(variables[0]), oss_string_data(variables[1])) != 0);
    for (int i = 0; i < 2; i++) {
        oss_string_free(encoded[i]);
        oss_string_free(variables[i]);
    }
    oss_callback_free(callback);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    oss_callback *callback = NULL;
    oss_callback_values *values = oss_callback_values_new();
    oss_result *result = NULL;
    oss_string *body = NULL;

    mistakes();
    settings_of_their_own();
    CHECK_SETS(oss_callback_new(needed_variable("CALLBACK_URL"),
                                "bucket=${bucket}&object=${object}&etag=${etag}&size=${size}&type=${mimeType}"
                                "&crc64=${crc64}&id=${reqId}&operation=${operation}&ip=${clientIp}&delivery=${x:delivery}",
                                &callback, NULL));
    CHECK_SETS(oss_callback_set_delivery_variable(callback, "x:delivery"));
    CHECK_CALL(OSS_STATUS_CALLBACK_FAILED,
               oss_put_object_with_callback(bucket, "toolkit/photo.jpg", "photo", 5, callback, NULL, &result));
    CHECK_SETS(oss_callback_values_set(values, "clientIp", "127.0.0.1"));
    CHECK_SETS(oss_callback_render(callback, result, values, &body, NULL));
    printf("%s\n", oss_string_data(body));

    oss_string_free(body);
    oss_result_free(result);
    oss_callback_values_free(values);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return finish();
}
