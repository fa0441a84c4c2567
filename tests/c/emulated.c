/*
 * Uses all of liboss_emulator, as a unit test would: the library uploads to it. CERTIFICATE is one for 127.0.0.1, in the file
 * CA_FILE too, and KEY its key.
 */

#include "support.h"

#include <oss_emulator.h>
#include <pthread.h>

#define CHECK_DONE(call) CHECK((call) == OSS_EMULATOR_STATUS_OK)

/* Starts an emulator and frees the options that it was given. */
static oss_emulator *start(oss_emulator_options *options) {
    oss_emulator *emulator = NULL;
    if (oss_emulator_start(options, &emulator) != OSS_EMULATOR_STATUS_OK) {
        give_up("oss_emulator_start", oss_emulator_options_error(options));
    }
    oss_emulator_options_free(options);
    return emulator;
}

/* Opens a bucket with this key; a security token and options may be NULL. */
static oss_bucket *open_with(const oss_emulator *emulator, const char *id, const char *secret, const char *token,
                             const oss_bucket_options *options) {
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new(id, secret, token, &credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(oss_emulator_endpoint(emulator), oss_emulator_bucket(emulator),
                                             credentials, options, &bucket, &result));
    oss_credentials_free(credentials);
    return bucket;
}

static oss_bucket *open_at(const oss_emulator *emulator, const oss_bucket_options *options) {
    return open_with(emulator, oss_emulator_access_key_id(emulator), oss_emulator_access_key_secret(emulator), NULL,
                     options);
}

/* Puts an object that the application server is to hear of, and checks how that ends, with a part of the body and its type. */
static void put(const oss_emulator *emulator, oss_status expected, const char *answer, const char *type) {
    oss_bucket *bucket = open_at(emulator, NULL);
    oss_callback *callback = NULL;
    oss_result *result = NULL;
    char url[128];
    format(url, sizeof url, "%s/uploaded?user=42", oss_emulator_callback_url(emulator));
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(url, "object=${object}&size=${size}", &callback, &result));
    CHECK_CALL(expected, oss_put_object_with_callback(bucket, "dir/photo.jpg", "data", 4, callback, NULL, &result));
    CHECK_CONTAINS((const char *)oss_result_body(result, NULL), answer);
    CHECK_TEXT(oss_result_content_type(result), type);
    oss_result_free(result);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
}

static void callbacks_are_received_with_all_that_they_say(void) {
    oss_emulator *emulator = start(NULL);
    const oss_emulator_callback *first, *second;
    size_t length = 0;
    CHECK(oss_emulator_next_callback(emulator, 0) == NULL);
    put(emulator, OSS_STATUS_OK, "{\"Status\":\"OK\"}", "application/json");
    put(emulator, OSS_STATUS_OK, "{\"Status\":\"OK\"}", "application/json");
    first = oss_emulator_next_callback(emulator, 1000);
    second = oss_emulator_next_callback(emulator, 1000);
    CHECK(first != NULL && second != NULL && first != second);
    CHECK(oss_emulator_next_callback(emulator, 0) == NULL);
    CHECK_TEXT(oss_emulator_callback_method(first), "POST");
    CHECK_TEXT(oss_emulator_callback_target(first), "/uploaded?user=42");
    CHECK_TEXT(oss_emulator_callback_header(first, "content-TYPE"), "application/x-www-form-urlencoded");
    CHECK_TEXT(oss_emulator_callback_header(first, "x-none"), "");
    CHECK_TEXT((const char *)oss_emulator_callback_body(first, &length), "object=dir%2Fphoto.jpg&size=4");
    CHECK(length == strlen("object=dir%2Fphoto.jpg&size=4"));
    oss_emulator_stop(emulator);
}

/* Waits for a callback while the emulator is in use. */
static void *next_callback(void *emulator) {
    return (void *)oss_emulator_next_callback((oss_emulator *)emulator, 60000);
}

static void threads_share_an_emulator(void) {
    oss_emulator *emulator = start(NULL);
    pthread_t waiting[2];
    void *callbacks[2];
    int i;
    for (i = 0; i < 2; i++) {
        CHECK(pthread_create(&waiting[i], NULL, next_callback, emulator) == 0);
    }
    put(emulator, OSS_STATUS_OK, "{\"Status\":\"OK\"}", "application/json");
    CHECK(oss_emulator_inject_fault(emulator, "{}") == OSS_EMULATOR_STATUS_INVALID_ARGUMENT);
    put(emulator, OSS_STATUS_OK, "{\"Status\":\"OK\"}", "application/json");
    for (i = 0; i < 2; i++) {
        CHECK(pthread_join(waiting[i], &callbacks[i]) == 0);
        CHECK_TEXT(oss_emulator_callback_method((oss_emulator_callback *)callbacks[i]), "POST");
    }
    CHECK(callbacks[0] != callbacks[1]);
    oss_emulator_stop(emulator);
}

static void answers_are_those_that_were_set(void) {
    oss_emulator_answer *answer = oss_emulator_answer_new();
    oss_emulator *emulator = start(NULL);
    CHECK_DONE(oss_emulator_answer_set_status(answer, 502));
    CHECK_DONE(oss_emulator_answer_once(emulator, answer));
    CHECK_DONE(oss_emulator_answer_set_status(answer, 200));
    CHECK_DONE(oss_emulator_answer_set_hang_up(answer, 1));
    CHECK_DONE(oss_emulator_answer_once(emulator, answer));
    CHECK_DONE(oss_emulator_answer_set_hang_up(answer, 0));
    CHECK_DONE(oss_emulator_answer_set_body(answer, "{\"id\":7}", 8));
    CHECK_DONE(oss_emulator_answer_add_header(answer, "Content-Type", "text/json"));
    CHECK_DONE(oss_emulator_answer_add_header(answer, "X-Own", "kept"));
    CHECK_DONE(oss_emulator_set_answer(emulator, answer));
    oss_emulator_answer_free(answer);
    put(emulator, OSS_STATUS_CALLBACK_FAILED, "502", "application/xml");
    put(emulator, OSS_STATUS_CALLBACK_FAILED, "CallbackFailed", "application/xml");
    put(emulator, OSS_STATUS_OK, "{\"id\":7}", "text/json");
    put(emulator, OSS_STATUS_OK, "{\"id\":7}", "text/json");
    oss_emulator_stop(emulator);
}

static void answers_may_come_too_late(void) {
    oss_emulator_options *options = oss_emulator_options_new();
    oss_emulator_answer *answer = oss_emulator_answer_new();
    oss_emulator *emulator;
    CHECK_DONE(oss_emulator_options_set_callback_timeout_ms(options, 100));
    emulator = start(options);
    CHECK_DONE(oss_emulator_answer_set_delay_ms(answer, 600000));
    CHECK_DONE(oss_emulator_set_answer(emulator, answer));
    oss_emulator_answer_free(answer);
    put(emulator, OSS_STATUS_CALLBACK_FAILED, "CallbackFailed", "application/xml");
    oss_emulator_stop(emulator);
}

static void requests_are_told_in_their_order(void) {
    oss_emulator *emulator = start(NULL);
    oss_bucket *bucket = open_at(emulator, NULL);
    const oss_emulator_request *request;
    CHECK(oss_emulator_next_request(emulator) == NULL);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "a b", "data", 4, NULL, &result));
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, "nothing", &result));
    request = oss_emulator_next_request(emulator);
    CHECK_TEXT(oss_emulator_request_method(request), "PUT");
    CHECK_TEXT(oss_emulator_request_target(request), "/test-bucket/a%20b");
    CHECK_TEXT(oss_emulator_request_operation(request), "PutObject");
    CHECK_TEXT(oss_emulator_request_bucket(request), "test-bucket");
    CHECK_TEXT(oss_emulator_request_key(request), "a b");
    CHECK_TEXT(oss_emulator_request_header(request, "Content-LENGTH"), "4");
    CHECK(oss_emulator_request_body_size(request) == 4);
    CHECK(oss_emulator_request_status(request) == 200);
    request = oss_emulator_next_request(emulator);
    CHECK_TEXT(oss_emulator_request_operation(request), "HeadObject");
    CHECK(oss_emulator_request_status(request) == 404);
    CHECK(oss_emulator_next_request(emulator) == NULL);
    oss_bucket_free(bucket);
    oss_emulator_stop(emulator);
}

static void faults_befall_what_they_match(void) {
    oss_emulator *emulator = start(NULL);
    oss_bucket *bucket = open_at(emulator, NULL);
    oss_result *result = NULL;
    const char *fault = "{\"action\":\"status\",\"status\":503,\"operation\":\"PutObject\"}";
    CHECK_DONE(oss_emulator_inject_fault(emulator, fault));
    CHECK_CALL(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK(oss_result_attempts(result) == 2);
    oss_result_free(result);
    CHECK_DONE(oss_emulator_inject_fault(emulator, fault));
    oss_emulator_clear_faults(emulator);
    CHECK_CALL(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK(oss_result_attempts(result) == 1);
    oss_result_free(result);
    CHECK(oss_emulator_inject_fault(emulator, "{\"action\":\"sulk\"}") == OSS_EMULATOR_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(oss_emulator_error(emulator), "sulk");
    oss_bucket_free(bucket);
    oss_emulator_stop(emulator);
}

/* Gives an object; NULL if it is not there. */
static oss_emulator_object *get(oss_emulator *emulator, const char *bucket, const char *key) {
    oss_emulator_object *object = NULL;
    CHECK_DONE(oss_emulator_get_object(emulator, bucket, key, &object));
    return object;
}

static void objects_are_put_got_listed_and_deleted(void) {
    oss_emulator *emulator = start(NULL);
    oss_bucket *bucket = open_at(emulator, NULL);
    oss_emulator_object *object;
    oss_emulator_keys *keys;
    size_t length = 0;
    CHECK_DONE(oss_emulator_put_object(emulator, NULL, "b", "there\0before", 12));
    CHECK_DONE(oss_emulator_put_object(emulator, "other-bucket", "c", NULL, 0));
    CHECK_ENDS(OSS_STATUS_OK, oss_stat_object(bucket, "b", &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "a.txt", "data", 4, NULL, &result));

    object = get(emulator, NULL, "b");
    CHECK(memcmp(oss_emulator_object_data(object, &length), "there\0before", 13) == 0 && length == 12);
    oss_emulator_object_free(object);
    object = get(emulator, "test-bucket", "a.txt");
    CHECK_TEXT((const char *)oss_emulator_object_data(object, NULL), "data");
    CHECK_TEXT(oss_emulator_object_header(object, "Content-Type"), "text/plain");
    oss_emulator_object_free(object);
    CHECK(get(emulator, NULL, "c") == NULL);
    CHECK(get(emulator, "no-such-bucket", "c") == NULL);

    keys = oss_emulator_list_keys(emulator, NULL);
    CHECK(oss_emulator_keys_count(keys) == 2);
    CHECK_TEXT(oss_emulator_keys_at(keys, 0), "a.txt");
    CHECK_TEXT(oss_emulator_keys_at(keys, 1), "b");
    CHECK_TEXT(oss_emulator_keys_at(keys, 2), "");
    oss_emulator_keys_free(keys);
    keys = oss_emulator_list_keys(emulator, "no-such-bucket");
    CHECK(keys != NULL && oss_emulator_keys_count(keys) == 0);
    oss_emulator_keys_free(keys);

    CHECK_DONE(oss_emulator_delete_object(emulator, NULL, "b"));
    CHECK_DONE(oss_emulator_delete_object(emulator, NULL, "b"));
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, "b", &result));
    CHECK(oss_emulator_put_object(emulator, "No Bucket", "key", "", 0) == OSS_EMULATOR_STATUS_INVALID_ARGUMENT);
    CHECK_CONTAINS(oss_emulator_error(emulator), "No Bucket/key cannot be stored");
    oss_bucket_free(bucket);
    oss_emulator_stop(emulator);
}

static void keys_come_and_go(void) {
    oss_emulator *emulator = start(NULL);
    oss_bucket *bucket = open_with(emulator, "STS.id", "secret", "token", NULL);
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK_DONE(oss_emulator_add_access_key(emulator, "STS.id", "secret", "token"));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK_DONE(oss_emulator_remove_access_key(emulator, "STS.id"));
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    oss_bucket_free(bucket);
    oss_emulator_stop(emulator);
}

static void clock_can_be_wrong(void) {
    oss_emulator *emulator = start(NULL);
    oss_bucket *bucket = open_at(emulator, NULL);
    CHECK_DONE(oss_emulator_set_clock_offset(emulator, -3600));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK(oss_emulator_request_status(oss_emulator_next_request(emulator)) == 403);
    CHECK(oss_emulator_request_status(oss_emulator_next_request(emulator)) == 200);
    oss_bucket_free(bucket);
    oss_emulator_stop(emulator);
}

/* Puts an object into the bucket "films" at an endpoint that is the emulator's by name only. */
static void put_by_name(oss_emulator *emulator, const char *endpoint, const char *key,
                        const oss_bucket_options *options) {
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    oss_emulator_object *object;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new("own-id", "own-secret", NULL, &credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(endpoint, "films", credentials, options, &bucket, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, key, "data", 4, NULL, &result));
    object = get(emulator, "films", key);
    CHECK(object != NULL);
    oss_emulator_object_free(object);
    oss_bucket_free(bucket);
    oss_credentials_free(credentials);
}

static void options_are_kept(void) {
    oss_emulator_options *options = oss_emulator_options_new();
    oss_bucket_options *of_bucket = oss_bucket_options_new();
    oss_emulator *emulator, *other = NULL;
    oss_bucket *bucket;
    CHECK_DONE(oss_emulator_options_add_bucket(options, "photos"));
    CHECK_DONE(oss_emulator_options_add_bucket(options, "films"));
    CHECK_DONE(oss_emulator_options_set_access_key(options, "own-id", "own-secret"));
    CHECK_DONE(oss_emulator_options_set_region(options, "eu-central-1"));
    CHECK_DONE(oss_emulator_options_add_domain(options, "OSS.example.com"));
    CHECK_DONE(oss_emulator_options_add_cname(options, "files.example.com", "films"));
    emulator = start(options);
    CHECK_TEXT(oss_emulator_bucket(emulator), "photos");
    CHECK_TEXT(oss_emulator_region(emulator), "eu-central-1");
    CHECK_TEXT(oss_emulator_access_key_id(emulator), "own-id");
    CHECK_TEXT(oss_emulator_access_key_secret(emulator), "own-secret");
    CHECK_SETS(oss_bucket_options_set_region(of_bucket, "eu-central-1"));
    bucket = open_at(emulator, of_bucket);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    oss_bucket_free(bucket);

    CHECK_SETS(oss_bucket_options_set_proxy(of_bucket, oss_emulator_endpoint(emulator)));
    put_by_name(emulator, "http://oss.example.com", "by-name", of_bucket);
    CHECK_SETS(oss_bucket_options_set_addressing(of_bucket, OSS_ADDRESSING_CNAME));
    put_by_name(emulator, "http://files.example.com", "by-domain", of_bucket);
    oss_bucket_options_free(of_bucket);

    /* Its port is taken. */
    options = oss_emulator_options_new();
    CHECK_DONE(oss_emulator_options_set_port(
        options, (uint32_t)atoi(strrchr(oss_emulator_endpoint(emulator), ':') + 1)));
    CHECK(oss_emulator_start(options, &other) == OSS_EMULATOR_STATUS_SYSTEM);
    CHECK(other == NULL);
    CHECK_CONTAINS(oss_emulator_options_error(options), "in use");
    CHECK(oss_emulator_start(options, &other) == OSS_EMULATOR_STATUS_SYSTEM);
    oss_emulator_options_free(options);
    oss_emulator_stop(emulator);
}

static void objects_in_a_folder_outlive_the_emulator(void) {
    oss_emulator_options *options = oss_emulator_options_new();
    oss_emulator *emulator = NULL, *other = NULL;
    oss_emulator_object *object;
    char bucket[1200];
    CHECK_DONE(oss_emulator_options_set_data_folder(options, path_of("data")));
    CHECK_DONE(oss_emulator_start(options, &emulator));
    CHECK_DONE(oss_emulator_put_object(emulator, NULL, "key", "data", 4));
    CHECK(oss_emulator_start(options, &other) == OSS_EMULATOR_STATUS_SYSTEM);
    CHECK_CONTAINS(oss_emulator_options_error(options), "another emulator keeps its objects in");
    oss_emulator_stop(emulator);
    emulator = start(options);
    object = get(emulator, NULL, "key");
    CHECK_TEXT((const char *)oss_emulator_object_data(object, NULL), "data");
    oss_emulator_object_free(object);

    /* Somebody has taken the bucket's folder away. */
    format(bucket, sizeof bucket, "%s/test-bucket", path_of("data"));
    CHECK(rename(bucket, path_of("taken-away")) == 0);
    object = (oss_emulator_object *)(uintptr_t)8;
    CHECK(oss_emulator_get_object(emulator, NULL, "key", &object) == OSS_EMULATOR_STATUS_SYSTEM && object == NULL);
    CHECK_CONTAINS(oss_emulator_error(emulator), "test-bucket/key cannot be read");
    CHECK(oss_emulator_delete_object(emulator, NULL, "key") == OSS_EMULATOR_STATUS_SYSTEM);
    CHECK_CONTAINS(oss_emulator_error(emulator), "test-bucket/key cannot be removed");
    CHECK(oss_emulator_put_object(emulator, NULL, "key", "data", 4) == OSS_EMULATOR_STATUS_SYSTEM);
    oss_emulator_stop(emulator);
}

static void https_is_spoken_with_a_certificate(void) {
    oss_emulator_options *options = oss_emulator_options_new();
    oss_bucket_options *of_bucket = oss_bucket_options_new();
    oss_emulator *emulator;
    oss_bucket *bucket;
    CHECK_DONE(
        oss_emulator_options_set_certificate(options, needed_variable("CERTIFICATE"), needed_variable("KEY")));
    emulator = start(options);
    CHECK(strncmp(oss_emulator_endpoint(emulator), "https://127.0.0.1:", 18) == 0);
    CHECK_SETS(oss_bucket_options_set_ca_file(of_bucket, needed_variable("CA_FILE")));
    bucket = open_at(emulator, of_bucket);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    oss_bucket_free(bucket);

    /* The emulator goes on writing to whom has left, which must not end this program by a SIGPIPE. */
    CHECK_DONE(oss_emulator_inject_fault(emulator, "{\"action\":\"drip_reply\",\"interval_ms\":1}"));
    CHECK_DONE(oss_emulator_inject_fault(emulator, "{\"action\":\"slow_reply\",\"delay_ms\":50}"));
    CHECK_SETS(oss_bucket_options_set_deadline_ms(of_bucket, 50));
    bucket = open_at(emulator, of_bucket);
    CHECK_ENDS(OSS_STATUS_TIMEOUT, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    oss_bucket_free(bucket);
    CHECK_SETS(oss_bucket_options_set_deadline_ms(of_bucket, 0));
    bucket = open_at(emulator, of_bucket);
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    oss_bucket_free(bucket);
    oss_bucket_options_free(of_bucket);
    oss_emulator_stop(emulator);

    options = oss_emulator_options_new();
    CHECK_DONE(oss_emulator_options_set_certificate(options, "none", "none"));
    CHECK(oss_emulator_start(options, &emulator) == OSS_EMULATOR_STATUS_SYSTEM && emulator == NULL);
    oss_emulator_options_free(options);
}

int main(void) {
    callbacks_are_received_with_all_that_they_say();
    threads_share_an_emulator();
    answers_are_those_that_were_set();
    answers_may_come_too_late();
    requests_are_told_in_their_order();
    faults_befall_what_they_match();
    objects_are_put_got_listed_and_deleted();
    keys_come_and_go();
    clock_can_be_wrong();
    options_are_kept();
    objects_in_a_folder_outlive_the_emulator();
    if (variable("CERTIFICATE") != NULL) https_is_spoken_with_a_certificate();
    return finish();
}
