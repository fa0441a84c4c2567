/*
 * There is no memory for more than 64 KiB, once: this program's own malloc() and its like take the place of the C library's,
 * and each allocation that large fails in one of the children that try. None of them may die of it, and what they are told of
 * the object must be so. In one more child it is the system that has no more. With ONLY, one of the ways is gone.
 */
#define _GNU_SOURCE
#include "support.h"

#include <errno.h>
#include <execinfo.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LARGE = 64 << 10, SMALL = 60000, SIZE = 600000, PART = 102400, NEVER = -1 };

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);
void *__libc_memalign(size_t alignment, size_t size);

/* How many large allocations succeed before one fails, and whether it has. */
static int passing = NEVER;

static bool fails(size_t size) {
    if (passing == NEVER || size <= LARGE || passing-- > 0) return false;
    if (getenv("TRACE") != NULL) {
        void *frames[40];
        passing = NEVER;
        backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
    }
    passing = NEVER;
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    return fails(size) ? NULL : __libc_malloc(size);
}

void *calloc(size_t count, size_t size) {
    return fails(count * size) ? NULL : __libc_calloc(count, size);
}

void *realloc(void *old, size_t size) {
    return fails(size) ? NULL : __libc_realloc(old, size);
}

int posix_memalign(void **made, size_t alignment, size_t size) {
    if (fails(size)) return ENOMEM;
    *made = __libc_memalign(alignment, size);
    return *made == NULL ? ENOMEM : 0;
}

static char data[SIZE];
static oss_bucket_options *network;
static oss_bucket *bucket;
static const char *key;

static int32_t read_zeros(void *left, void *buffer, size_t capacity, size_t *got) {
    size_t *rest = left;
    *got = capacity < *rest ? capacity : *rest;
    memset(buffer, 0, *got);
    *rest -= *got;
    return 0;
}

static oss_upload_options *in_parts(void) {
    oss_upload_options *options = oss_upload_options_new();
    CHECK_SETS(oss_upload_options_set_threshold(options, 0));
    CHECK_SETS(oss_upload_options_set_part_size(options, PART));
    return options;
}

static oss_status upload(oss_body *body, oss_upload_options *options, oss_result **result) {
    const oss_status status = oss_upload_object(bucket, key, body, NULL, options, result);
    oss_body_free(body);
    oss_upload_options_free(options);
    return status;
}

static oss_status put(oss_result **result) {
    return oss_put_object(bucket, key, data, SIZE, NULL, result);
}

/* The application server's answer is long. */
static oss_status put_with_callback(oss_result **result) {
    oss_callback *callback = NULL;
    oss_callback_new(needed_variable("CALLBACK_URL"), "a=b", &callback, NULL);
    const oss_status status = oss_put_object_with_callback(bucket, key, data, SIZE, callback, NULL, result);
    oss_callback_free(callback);
    return status;
}

static oss_status upload_bytes(oss_result **result) {
    return upload(oss_body_from_bytes(data, SIZE), in_parts(), result);
}

static oss_status upload_file(oss_result **result) {
    oss_upload_options *options = in_parts();
    CHECK_SETS(oss_upload_options_set_checkpoint(options, path_of("checkpoints")));
    return upload(oss_body_from_file(needed_variable("SOURCE")), options, result);
}

static oss_status upload_reader(oss_result **result) {
    size_t left = SIZE;
    return upload(oss_body_from_reader(read_zeros, NULL, &left, OSS_LENGTH_UNKNOWN), in_parts(), result);
}

/* It is to be put, so it is held as a whole. */
static oss_status put_reader(oss_result **result) {
    size_t left = SIZE;
    oss_body *body = oss_body_from_reader(read_zeros, NULL, &left, SIZE);
    const oss_status status = oss_put_body(bucket, key, body, NULL, NULL, result);
    oss_body_free(body);
    return status;
}

/* A small body, of which the form is a part, goes in one piece. */
static oss_status post_form(oss_result **result) {
    oss_post_policy *policy = oss_post_policy_new();
    oss_body *body = oss_body_from_bytes(data, SMALL);
    oss_post_form *form = NULL;
    CHECK_SETS(oss_post_policy_set_key(policy, key));
    CHECK_SETS(oss_post_policy_sign(policy, bucket, NULL, 900, &form, NULL));
    const oss_status status = oss_post_object(form, body, network, result);
    oss_post_form_free(form);
    oss_body_free(body);
    oss_post_policy_free(policy);
    return status;
}

/* The key comes from a large file, or from a command. */
static oss_status put_with_key_of(oss_credentials *credentials, oss_result **result) {
    oss_bucket *its_bucket = bucket_with(credentials, network);
    const oss_status status = oss_put_object(its_bucket, key, "x", 1, NULL, result);
    oss_bucket_free(its_bucket);
    oss_credentials_free(credentials);
    return status;
}

static oss_status put_with_profile(oss_result **result) {
    oss_credentials *credentials = NULL;
    CHECK_SETS(oss_credentials_new_from_profile(needed_variable("PROFILES"), NULL, &credentials, NULL));
    return put_with_key_of(credentials, result);
}

static oss_status put_with_command(oss_result **result) {
    oss_credentials *credentials = NULL;
    CHECK_SETS(oss_credentials_new_from_process(needed_variable("KEY_COMMAND"), &credentials, NULL));
    return put_with_key_of(credentials, result);
}

static oss_status write_pieces(oss_result **result) {
    oss_upload_options *options = in_parts();
    oss_writer *writer = NULL;
    oss_status status = oss_writer_new(bucket, key, NULL, options, &writer, result);
    for (size_t from = 0; status == OSS_STATUS_OK && from < SIZE; from += SIZE / 10) {
        oss_result_free(*result);
        status = oss_writer_write(writer, data + from, SIZE / 10, result);
    }
    if (status == OSS_STATUS_OK) {
        oss_result_free(*result);
        status = oss_writer_finish(writer, result);
    }
    oss_writer_free(writer);
    oss_upload_options_free(options);
    return status;
}

static oss_status list_uploads(oss_result **result) {
    oss_upload_list *uploads = NULL;
    const oss_status status = oss_list_uploads(bucket, "left/", 1000, &uploads, result);
    CHECK(oss_upload_list_count(uploads) == (status == OSS_STATUS_OK ? 400 : 0));
    oss_upload_list_free(uploads);
    return status;
}

/* They are listed, and listed again to be completed. They are too small for that. */
static oss_status list_parts(oss_result **result) {
    oss_multipart *multipart = NULL;
    oss_part_list *parts = NULL;
    oss_status status = oss_reopen_multipart(bucket, "many", needed_variable("MANY_PARTS"), &multipart, result);
    if (status == OSS_STATUS_OK) {
        oss_result_free(*result);
        status = oss_list_parts(multipart, &parts, result);
    }
    if (status == OSS_STATUS_OK) {
        oss_result_free(*result);
        status = oss_complete_multipart_with_parts(multipart, parts, NULL, result);
        if (status == OSS_STATUS_INVALID_ARGUMENT) {
            CHECK_CONTAINS(oss_result_message(*result), "every part but the last needs");
            status = OSS_STATUS_OK;
        }
    }
    oss_part_list_free(parts);
    oss_multipart_free(multipart);
    return status;
}

static oss_status verify(oss_result **result) {
    return oss_callback_verify_with_key(needed_variable("PUBLIC_KEY"), "/", data, SIZE, "AAAA", result);
}

static oss_status verify_with(const oss_callback_verifier *verifier, oss_result **result) {
    static const char signature[] =
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==";
    static const char url[] = "aHR0cHM6Ly8xMjcuMC4wLjE6MS9rZXk="; /* https://127.0.0.1:1/key */
    return oss_callback_verify(verifier, "/", data, SIZE, signature, url, result);
}

/* Nothing answers there. That one caller had no memory to find out is not what the next one is told. */
static oss_status fetch_key(oss_result **result) {
    oss_callback_verifier *verifier = oss_callback_verifier_new();
    CHECK_SETS(oss_callback_verifier_add_key_prefix(verifier, "https://127.0.0.1:1/"));
    if (variable("CA_FILE") != NULL) CHECK_SETS(oss_callback_verifier_set_ca_file(verifier, variable("CA_FILE")));
    const oss_status status = verify_with(verifier, result);
    CHECK(status != OSS_STATUS_OK);
    CHECK(status != OSS_STATUS_OUT_OF_MEMORY || verify_with(verifier, NULL) != OSS_STATUS_OUT_OF_MEMORY);
    oss_callback_verifier_free(verifier);
    return status == OSS_STATUS_OUT_OF_MEMORY ? status : OSS_STATUS_OK;
}

static const struct {
    const char *name;
    oss_status (*work)(oss_result **result);
    bool stores;
} ways[] = {
    {"put", put, true},
    {"put with callback", put_with_callback, true},
    {"upload bytes", upload_bytes, true},
    {"upload file", upload_file, true},
    {"upload reader", upload_reader, true},
    {"put reader", put_reader, true},
    {"post form", post_form, true},
    {"put with profile", put_with_profile, true},
    {"put with command", put_with_command, true},
    {"write", write_pieces, true},
    {"list uploads", list_uploads, false},
    {"list parts", list_parts, false},
    {"verify", verify, false},
    {"fetch key", fetch_key, false},
};

/* What is said of the object is so. */
static void check_truth(oss_stored stored) {
    oss_result *result = NULL;
    const oss_status there = oss_stat_object(bucket, key, &result);
    CHECK(there == OSS_STATUS_OK || oss_result_http_status(result) == 404);
    CHECK(stored != OSS_STORED_YES || there == OSS_STATUS_OK);
    CHECK(stored != OSS_STORED_NO || there != OSS_STATUS_OK);
    oss_result_free(result);
}

/* In a child: goes this way while an allocation fails. Says whether there was one. */
static bool try(size_t way, int nth) {
    oss_result *result = NULL;
    passing = nth;
    const oss_status status = ways[way].work(&result);
    const bool has_failed = passing == NEVER;
    passing = NEVER;
    CHECK(result != NULL && (oss_result_status(result) == status || !ways[way].stores));
    if (status != OSS_STATUS_OK && status != OSS_STATUS_OUT_OF_MEMORY) {
        CHECK(status == OSS_STATUS_NOT_AUTHENTIC || status == OSS_STATUS_CALLBACK_UNKNOWN);
        if (failures > 0) fprintf(stderr, "%s: %s\n", oss_status_name(status), oss_result_message(result));
    }
    if (ways[way].stores) check_truth(oss_result_stored(result));
    oss_result_free(result);
    return has_failed;
}

static void go(size_t way) {
    for (int nth = 0; nth < 200; nth++) {
        char name[100];
        int status = -1;
        format(name, sizeof name, "%s/%d", ways[way].name, nth);
        key = key_of(name);
        const pid_t child = fork();
        if (child == 0) {
            alarm(60);
            failures = 0;
            const bool has_failed = try(way, nth);
            _exit(failures > 0 ? 2 : has_failed ? 0 : 1);
        }
        waitpid(child, &status, 0);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) != 2);
        if (!WIFEXITED(status) || WEXITSTATUS(status) == 2) fprintf(stderr, "failed: %s\n", name);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
            printf("%s: %d\n", ways[way].name, nth);
            return;
        }
    }
    CHECK(!"there is an end");
}

/* In a child, for which the system has 16 MiB more, holds a part of 32 MiB. */
static void run_out_of_addresses(void) {
    int status = -1;
    key = key_of("out of addresses");
    const pid_t child = fork();
    if (child == 0) {
        unsigned long pages = 0;
        size_t left = 64 << 20;
        oss_result *result = NULL;
        FILE *file = fopen("/proc/self/statm", "r");
        alarm(60);
        failures = 0;
        CHECK(file != NULL && fscanf(file, "%lu", &pages) == 1 && fclose(file) == 0);
        const rlim_t most = pages * (rlim_t)sysconf(_SC_PAGESIZE) + (16 << 20);
        const struct rlimit limit = {most, most};
        CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
        oss_upload_options *options = oss_upload_options_new();
        CHECK_SETS(oss_upload_options_set_part_size(options, 32 << 20));
        CHECK_CALL(OSS_STATUS_OUT_OF_MEMORY,
                   upload(oss_body_from_reader(read_zeros, NULL, &left, OSS_LENGTH_UNKNOWN), options, &result));
        CHECK(oss_result_stored(result) == OSS_STORED_NO);
        CHECK_CONTAINS(oss_result_message(result), "33554432 bytes");
        check_truth(OSS_STORED_NO);
        oss_result_free(result);
        _exit(failures > 0);
    }
    waitpid(child, &status, 0);
    CHECK(status == 0);
}

int main(void) {
    const char *only = variable("ONLY");
    network = bucket_options();
    bucket = open_bucket_with(network);
    for (size_t way = 0; way < sizeof ways / sizeof ways[0]; way++) {
        if (only == NULL || strcmp(only, ways[way].name) == 0) go(way);
    }
    run_out_of_addresses();
    oss_bucket_free(bucket);
    oss_bucket_options_free(network);
    return finish();
}
