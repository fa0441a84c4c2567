/* Uploads the file SOURCE and pieces of it from memory, by path and by descriptor. */

#include "support.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static oss_bucket *bucket;
static const char *source;
static unsigned char *data;
static size_t size;

/* Uploads a body under a key, and checks that it is there with this size. */
static void store(const char *name, oss_body *body, size_t expected) {
    const char *key = key_of(name);
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_put_body(bucket, key, body, NULL, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_YES);
    CHECK(oss_result_attempts(result) == 1);
    CHECK_TEXT(oss_result_message(result), "");
    CHECK_STORED(bucket, key, expected, result);
    oss_result_free(result);
    /* A body serves any number of times. */
    CHECK_ENDS(OSS_STATUS_OK, oss_put_body(bucket, key, body, NULL, NULL, &result));
    oss_body_free(body);
    clean_up(bucket, key);
}

/* Checks that a body is refused before anything is sent, with a message that has this part. */
static void refuse(oss_body *body, oss_status status, const char *part) {
    oss_result *result = NULL;
    CHECK(body != NULL);
    CHECK_CALL(status, oss_put_body(bucket, key_of("refused"), body, NULL, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), part);
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK(oss_result_attempts(result) == 0);
    CHECK(oss_result_http_status(result) == 0);
    oss_result_free(result);
    oss_body_free(body);
}

static void memory_and_files(void) {
    FILE *empty;

    store("bytes", oss_body_from_bytes(data, size), size);
    store("bytes-empty", oss_body_from_bytes(NULL, 0), 0);
    store("file", oss_body_from_file(source), size);
    store("range", oss_body_from_file_range(source, 1000, 70001), 70001);
    store("range-empty", oss_body_from_file_range(source, size, 0), 0);
    store("range-whole", oss_body_from_file_range(source, 0, size), size);
    empty = fopen(path_of("empty"), "wb");
    CHECK(empty != NULL && fclose(empty) == 0);
    store("file-empty", oss_body_from_file(path_of("empty")), 0);
}

/* A callback that could not be made, of which nobody took notice: nothing is stored, with a callback or without. */
static void no_callback(void) {
    oss_callback *callback = NULL;
    oss_callback_new("no URL", "object=${object}", &callback, NULL);
    CHECK_ENDS(OSS_STATUS_INVALID_ARGUMENT,
               oss_put_object_with_callback(bucket, key_of("refused"), data, size, callback, NULL, &result));
    CHECK_ENDS(OSS_STATUS_INVALID_ARGUMENT,
               oss_put_file_with_callback(bucket, key_of("refused"), source, callback, NULL, &result));
}

static void bad_paths(void) {
    oss_callback *callback = NULL;
    oss_result *result = NULL;
    const char *missing = path_of("no-such-file");

    CHECK_SETS(oss_callback_new("http://app.example.com/", "object=${object}", &callback, NULL));
    CHECK_CALL(OSS_STATUS_LOCAL_IO,
               oss_put_file_with_callback(bucket, key_of("refused"), missing, callback, NULL, &result));
    oss_callback_free(callback);
    CHECK_CONTAINS(oss_result_message(result), missing);
    CHECK_CONTAINS(oss_result_message(result), "No such file");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);

    refuse(oss_body_from_file(missing), OSS_STATUS_LOCAL_IO, missing);
    refuse(oss_body_from_file(""), OSS_STATUS_INVALID_ARGUMENT, "empty");
    refuse(oss_body_from_file(needed_variable("SCRATCH")), OSS_STATUS_LOCAL_IO, "regular file");
    refuse(oss_body_from_file_range(source, 0, size + 1), OSS_STATUS_INVALID_ARGUMENT, source);
    refuse(oss_body_from_file_range(source, size + 1, 0), OSS_STATUS_INVALID_ARGUMENT, source);
    refuse(oss_body_from_file_range(source, 1, size), OSS_STATUS_INVALID_ARGUMENT, source);
    refuse(oss_body_from_file_range(source, UINT64_MAX, 2), OSS_STATUS_INVALID_ARGUMENT, source);
    refuse(oss_body_from_file_range(source, 1, UINT64_MAX), OSS_STATUS_INVALID_ARGUMENT, source);
}

static void descriptors(void) {
    int fd = open(source, O_RDONLY);
    int write_only = open(path_of("empty"), O_WRONLY);
    int folder = open(needed_variable("SCRATCH"), O_RDONLY);
    int ends[2];
    oss_body *body;

    CHECK(fd >= 0 && write_only >= 0 && folder >= 0 && pipe(ends) == 0);
    CHECK(lseek(fd, 12345, SEEK_SET) == 12345);
    store("fd", oss_body_from_fd(fd, 0, size), size);
    store("fd-range", oss_body_from_fd(fd, 4096, 100000), 100000);
    store("fd-empty", oss_body_from_fd(fd, 0, 0), 0);
    CHECK(lseek(fd, 0, SEEK_CUR) == 12345);
    refuse(oss_body_from_fd(fd, 1, size), OSS_STATUS_INVALID_ARGUMENT, "descriptor");

    /* The body has a descriptor of its own. */
    body = oss_body_from_fd(fd, 0, size);
    CHECK(close(fd) == 0);
    store("fd-closed-later", body, size);
    refuse(oss_body_from_fd(fd, 0, size), OSS_STATUS_LOCAL_IO, "descriptor");

    refuse(oss_body_from_fd(ends[0], 0, 1), OSS_STATUS_LOCAL_IO, "regular file");
    refuse(oss_body_from_fd(folder, 0, 1), OSS_STATUS_LOCAL_IO, "regular file");
    refuse(oss_body_from_fd(-1, 0, 1), OSS_STATUS_INVALID_ARGUMENT, "-1");
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && close(folder) == 0 && close(write_only) == 0);
}

/* To open a pipe that has a name waits for somebody to write into it, who may never come. */
static void named_pipe(void) {
    CHECK(mkfifo(path_of("pipe"), 0600) == 0);
    alarm(20);
    refuse(oss_body_from_file(path_of("pipe")), OSS_STATUS_LOCAL_IO, "regular file");
    alarm(0);
}

/* A descriptor that is not open for reading fails while it is read, and nothing is stored. */
static void unreadable_descriptor(void) {
    FILE *file = fopen(path_of("write-only"), "wb");
    oss_result *result = NULL;
    oss_body *body;
    int fd;

    CHECK(file != NULL && fputs("not to be read", file) >= 0 && fclose(file) == 0);
    fd = open(path_of("write-only"), O_WRONLY);
    body = oss_body_from_fd(fd, 0, 14);
    CHECK_CALL(OSS_STATUS_LOCAL_IO, oss_put_body(bucket, key_of("refused"), body, NULL, NULL, &result));
    CHECK_CONTAINS(oss_result_message(result), "descriptor");
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    oss_result_free(result);
    oss_body_free(body);
    CHECK(close(fd) == 0);
}

int main(void) {
    bucket = open_bucket();
    source = needed_variable("SOURCE");
    data = read_file(source, &size);
    memory_and_files();
    no_callback();
    bad_paths();
    descriptors();
    unreadable_descriptor();
    named_pipe();
    CHECK_ENDS(OSS_STATUS_SERVICE, oss_stat_object(bucket, key_of("refused"), &result));
    free(data);
    oss_bucket_free(bucket);
    return finish();
}
