/*
 * Calls every function of liboss_emulator with what it must survive: NULL in place of each pointer, wrong numbers, impossible
 * lengths, text that is not UTF-8.
 *
 * tests/interface/emulator_header.rs reads this file: every function must be called here with a literal NULL for each of its pointers.
 */

#include "support.h"

#include <oss_emulator.h>

#define NOT_UTF8 "\xff\xfe\x80"

/* Checks that a call refuses an argument, and that the message has this word. */
#define REFUSED(word, error, call)                                      \
    do {                                                                \
        CHECK((call) == OSS_EMULATOR_STATUS_INVALID_ARGUMENT);          \
        check_contains((error), (word), __FILE__, __LINE__, #call);     \
    } while (0)

#define NO_HANDLE(call) CHECK((call) == OSS_EMULATOR_STATUS_INVALID_ARGUMENT)
#define NOTHING(call) CHECK_TEXT((const char *)(call), "")

static void options_refuse(void) {
    oss_emulator_options *options = oss_emulator_options_new();
#define ERROR oss_emulator_options_error(options)
    NOTHING(oss_emulator_options_error(NULL));
    NOTHING(ERROR);
    NO_HANDLE(oss_emulator_options_set_port(NULL, 0));
    REFUSED("port must be", ERROR, oss_emulator_options_set_port(options, 65536 + 18080));
    NO_HANDLE(oss_emulator_options_add_bucket(NULL, "bucket"));
    REFUSED("bucket is NULL", ERROR, oss_emulator_options_add_bucket(options, NULL));
    REFUSED("bucket is not valid UTF-8", ERROR, oss_emulator_options_add_bucket(options, NOT_UTF8));
    NO_HANDLE(oss_emulator_options_set_access_key(NULL, "id", "secret"));
    REFUSED("access_key_id is NULL", ERROR, oss_emulator_options_set_access_key(options, NULL, "secret"));
    REFUSED("access_key_secret is NULL", ERROR, oss_emulator_options_set_access_key(options, "id", NULL));
    REFUSED("access_key_id is empty", ERROR, oss_emulator_options_set_access_key(options, "", "secret"));
    NO_HANDLE(oss_emulator_options_set_region(NULL, "cn-hangzhou"));
    REFUSED("region is NULL", ERROR, oss_emulator_options_set_region(options, NULL));
    REFUSED("region is empty", ERROR, oss_emulator_options_set_region(options, ""));
    NO_HANDLE(oss_emulator_options_add_domain(NULL, "example.com"));
    REFUSED("domain is NULL", ERROR, oss_emulator_options_add_domain(options, NULL));
    REFUSED("domain is empty", ERROR, oss_emulator_options_add_domain(options, ""));
    NO_HANDLE(oss_emulator_options_add_cname(NULL, "example.com", "bucket"));
    REFUSED("domain is NULL", ERROR, oss_emulator_options_add_cname(options, NULL, "bucket"));
    REFUSED("bucket is NULL", ERROR, oss_emulator_options_add_cname(options, "example.com", NULL));
    NO_HANDLE(oss_emulator_options_set_certificate(NULL, "certificate", "key"));
    REFUSED("certificate is NULL", ERROR, oss_emulator_options_set_certificate(options, NULL, "key"));
    REFUSED("key is NULL", ERROR, oss_emulator_options_set_certificate(options, "certificate", NULL));
    NO_HANDLE(oss_emulator_options_set_data_folder(NULL, "/tmp"));
    REFUSED("folder is NULL", ERROR, oss_emulator_options_set_data_folder(options, NULL));
    REFUSED("folder is empty", ERROR, oss_emulator_options_set_data_folder(options, ""));
    NO_HANDLE(oss_emulator_options_set_callback_timeout_ms(NULL, 1));
    REFUSED("ms must be", ERROR, oss_emulator_options_set_callback_timeout_ms(options, 0));
    REFUSED("ms must be", ERROR, oss_emulator_options_set_callback_timeout_ms(options, UINT64_MAX));
    REFUSED("emulator is NULL", ERROR, oss_emulator_start(options, NULL));
    NO_HANDLE(oss_emulator_start(NULL, NULL));
    oss_emulator_options_free(options);
    oss_emulator_options_free(NULL);

    options = oss_emulator_options_new();
    CHECK(oss_emulator_options_add_bucket(options, "No bucket") == OSS_EMULATOR_STATUS_OK);
    {
        oss_emulator *emulator = (oss_emulator *)(uintptr_t)8;
        REFUSED("No bucket", ERROR, oss_emulator_start(options, &emulator));
        CHECK(emulator == NULL);
    }
    oss_emulator_options_free(options);
#undef ERROR
}

static void answers_refuse(void) {
    oss_emulator_answer *answer = oss_emulator_answer_new();
#define ERROR oss_emulator_answer_error(answer)
    NOTHING(oss_emulator_answer_error(NULL));
    NO_HANDLE(oss_emulator_answer_set_status(NULL, 200));
    REFUSED("status must be", ERROR, oss_emulator_answer_set_status(answer, 199));
    REFUSED("status must be", ERROR, oss_emulator_answer_set_status(answer, 600));
    REFUSED("status must be", ERROR, oss_emulator_answer_set_status(answer, -65336));
    NO_HANDLE(oss_emulator_answer_set_body(NULL, NULL, 0));
    REFUSED("body is NULL", ERROR, oss_emulator_answer_set_body(answer, NULL, 1));
    REFUSED("negative length", ERROR, oss_emulator_answer_set_body(answer, "body", (size_t)-1));
    NO_HANDLE(oss_emulator_answer_add_header(NULL, "name", "value"));
    REFUSED("name is NULL", ERROR, oss_emulator_answer_add_header(answer, NULL, "value"));
    REFUSED("value is NULL", ERROR, oss_emulator_answer_add_header(answer, "name", NULL));
    REFUSED("no header can be", ERROR, oss_emulator_answer_add_header(answer, "name", "value\r\nother: value"));
    REFUSED("no header can be", ERROR, oss_emulator_answer_add_header(answer, "name:", "value"));
    REFUSED("Content-Length is for", ERROR, oss_emulator_answer_add_header(answer, "Content-Length", "7"));
    NO_HANDLE(oss_emulator_answer_set_delay_ms(NULL, 1));
    REFUSED("ms must be", ERROR, oss_emulator_answer_set_delay_ms(answer, UINT64_MAX));
    NO_HANDLE(oss_emulator_answer_set_hang_up(NULL, 1));
    CHECK(oss_emulator_answer_set_hang_up(answer, -7) == OSS_EMULATOR_STATUS_OK);
    NO_HANDLE(oss_emulator_set_answer(NULL, answer));
    NO_HANDLE(oss_emulator_answer_once(NULL, answer));
    oss_emulator_answer_free(answer);
    oss_emulator_answer_free(NULL);
#undef ERROR
}

static void emulators_refuse(oss_emulator *emulator) {
    oss_emulator_object *object = NULL;
#define ERROR oss_emulator_error(emulator)
    NOTHING(ERROR);
    REFUSED("answer is NULL", ERROR, oss_emulator_set_answer(emulator, NULL));
    REFUSED("answer is NULL", ERROR, oss_emulator_answer_once(emulator, NULL));
    REFUSED("access_key_id is NULL", ERROR, oss_emulator_add_access_key(emulator, NULL, "secret", NULL));
    REFUSED("access_key_secret is NULL", ERROR, oss_emulator_add_access_key(emulator, "id", NULL, NULL));
    REFUSED("security_token is empty", ERROR, oss_emulator_add_access_key(emulator, "id", "secret", ""));
    REFUSED("security_token is not", ERROR, oss_emulator_add_access_key(emulator, "id", "secret", NOT_UTF8));
    REFUSED("access_key_id is NULL", ERROR, oss_emulator_remove_access_key(emulator, NULL));
    REFUSED("fault is NULL", ERROR, oss_emulator_inject_fault(emulator, NULL));
    REFUSED("fault: ", ERROR, oss_emulator_inject_fault(emulator, "[]"));
    REFUSED("key is NULL", ERROR, oss_emulator_put_object(emulator, NULL, NULL, NULL, 0));
    REFUSED("key is empty", ERROR, oss_emulator_put_object(emulator, NULL, "", NULL, 0));
    REFUSED("slash", ERROR, oss_emulator_put_object(emulator, NULL, "/key", NULL, 0));
    REFUSED("data is NULL", ERROR, oss_emulator_put_object(emulator, NULL, "key", NULL, 1));
    REFUSED("bucket is not valid UTF-8", ERROR, oss_emulator_put_object(emulator, NOT_UTF8, "key", NULL, 0));
    REFUSED("key is NULL", ERROR, oss_emulator_delete_object(emulator, NULL, NULL));
    REFUSED("key is NULL", ERROR, oss_emulator_get_object(emulator, NULL, NULL, &object));
    REFUSED("bucket is not valid UTF-8", ERROR, oss_emulator_get_object(emulator, NOT_UTF8, NOT_UTF8, &object));
    REFUSED("object is NULL", ERROR, oss_emulator_get_object(emulator, NULL, "key", NULL));
    CHECK(object == NULL);
    CHECK(oss_emulator_list_keys(emulator, NOT_UTF8) == NULL);
    REFUSED("no date can say", ERROR, oss_emulator_set_clock_offset(emulator, INT64_MIN));
    REFUSED("no date can say", ERROR, oss_emulator_set_clock_offset(emulator, INT64_MAX));
    REFUSED("no date can say", ERROR, oss_emulator_set_clock_offset(emulator, (int64_t)8000 * 366 * 24 * 3600));
    oss_emulator_clear_faults(emulator);
#undef ERROR
}

static void no_emulator_has_nothing(void) {
    oss_emulator_object *object = NULL;
    NOTHING(oss_emulator_error(NULL));
    NOTHING(oss_emulator_endpoint(NULL));
    NOTHING(oss_emulator_bucket(NULL));
    NOTHING(oss_emulator_region(NULL));
    NOTHING(oss_emulator_access_key_id(NULL));
    NOTHING(oss_emulator_access_key_secret(NULL));
    NOTHING(oss_emulator_callback_url(NULL));
    NO_HANDLE(oss_emulator_add_access_key(NULL, "id", "secret", NULL));
    NO_HANDLE(oss_emulator_remove_access_key(NULL, "id"));
    NO_HANDLE(oss_emulator_set_clock_offset(NULL, 1));
    NO_HANDLE(oss_emulator_inject_fault(NULL, "{}"));
    oss_emulator_clear_faults(NULL);
    NO_HANDLE(oss_emulator_put_object(NULL, NULL, "key", NULL, 0));
    NO_HANDLE(oss_emulator_delete_object(NULL, NULL, "key"));
    NO_HANDLE(oss_emulator_get_object(NULL, NULL, "key", &object));
    CHECK(oss_emulator_list_keys(NULL, NULL) == NULL);
    CHECK(oss_emulator_next_callback(NULL, UINT64_MAX) == NULL);
    CHECK(oss_emulator_next_request(NULL) == NULL);
    oss_emulator_stop(NULL);
}

static void nothing_says_nothing(void) {
    size_t length = 7;
    NOTHING(oss_emulator_callback_method(NULL));
    NOTHING(oss_emulator_callback_target(NULL));
    NOTHING(oss_emulator_callback_header(NULL, NULL));
    NOTHING(oss_emulator_callback_body(NULL, NULL));
    NOTHING(oss_emulator_callback_body(NULL, &length));
    CHECK(length == 0);
    NOTHING(oss_emulator_request_method(NULL));
    NOTHING(oss_emulator_request_target(NULL));
    NOTHING(oss_emulator_request_operation(NULL));
    NOTHING(oss_emulator_request_bucket(NULL));
    NOTHING(oss_emulator_request_key(NULL));
    NOTHING(oss_emulator_request_header(NULL, NULL));
    CHECK(oss_emulator_request_body_size(NULL) == 0);
    CHECK(oss_emulator_request_status(NULL) == 0);
    NOTHING(oss_emulator_object_data(NULL, NULL));
    NOTHING(oss_emulator_object_header(NULL, NULL));
    oss_emulator_object_free(NULL);
    CHECK(oss_emulator_keys_count(NULL) == 0);
    NOTHING(oss_emulator_keys_at(NULL, SIZE_MAX));
    oss_emulator_keys_free(NULL);
}

int main(void) {
    oss_emulator *emulator = NULL;
    options_refuse();
    answers_refuse();
    CHECK(oss_emulator_start(NULL, &emulator) == OSS_EMULATOR_STATUS_OK);
    emulators_refuse(emulator);
    oss_emulator_stop(emulator);
    no_emulator_has_nothing();
    nothing_says_nothing();
    return finish();
}
