/* What the C programs of the tests share: checks that say what went wrong, and the bucket to work on. */

#ifndef TEST_SUPPORT_H
#define TEST_SUPPORT_H

#include "oss_upload.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned checks;
static unsigned failures;

/* Any thread may check. */
static inline void count(unsigned *number) {
    __atomic_add_fetch(number, 1, __ATOMIC_RELAXED);
}

static inline void check(bool holds, const char *file, int line, const char *what) {
    count(&checks);
    if (!holds) {
        count(&failures);
        fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    }
}

static inline void check_text(const char *actual, const char *expected, const char *file, int line, const char *what) {
    count(&checks);
    if (actual == NULL || strcmp(actual, expected) != 0) {
        count(&failures);
        fprintf(stderr, "%s:%d: %s is \"%s\", not \"%s\"\n", file, line, what, actual ? actual : "(NULL)", expected);
    }
}

static inline void check_contains(const char *text, const char *part, const char *file, int line, const char *what) {
    count(&checks);
    if (text == NULL || strstr(text, part) == NULL) {
        count(&failures);
        fprintf(stderr, "%s:%d: %s is \"%s\", without \"%s\"\n", file, line, what, text ? text : "(NULL)", part);
    }
}

static inline void check_status(oss_status actual, oss_status expected, const oss_result *result, const char *file,
                                int line, const char *what) {
    count(&checks);
    if (actual != expected) {
        count(&failures);
        fprintf(stderr, "%s:%d: %s: %s instead of %s: %s\n", file, line, what, oss_status_name(actual),
                oss_status_name(expected), oss_result_message(result));
    } else if (result != NULL && oss_result_status(result) != actual) {
        count(&failures);
        fprintf(stderr, "%s:%d: %s: the result says %s\n", file, line, what,
                oss_status_name(oss_result_status(result)));
    } else if (result != NULL && actual != OSS_STATUS_OK && oss_result_message(result)[0] == '\0') {
        count(&failures);
        fprintf(stderr, "%s:%d: %s: %s without a message\n", file, line, what, oss_status_name(actual));
    }
}

#define CHECK(condition) check((condition), __FILE__, __LINE__, #condition)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_CONTAINS(text, part) check_contains((text), (part), __FILE__, __LINE__, #text)

/* Checks the status of a call that takes no result. */
#define CHECK_SETS(call) check_status((call), OSS_STATUS_OK, NULL, __FILE__, __LINE__, #call)

/* Checks the status of a call that writes `result`; the result stays for further checks. */
#define CHECK_CALL(expected, call)                                                    \
    do {                                                                              \
        oss_status status_ = (call);                                                  \
        check_status(status_, (expected), result, __FILE__, __LINE__, #call);         \
    } while (0)

/* The same for a call of which only the status matters: frees the result. */
#define CHECK_ENDS(expected, call)      \
    do {                                \
        oss_result *result = NULL;      \
        CHECK_CALL((expected), (call)); \
        CHECK(result != NULL);          \
        oss_result_free(result);        \
    } while (0)

/* Checks that a setter refuses a value, and that what it would have set says why. */
#define CHECK_REFUSED(call, error, part)                                                       \
    do {                                                                                       \
        check_status((call), OSS_STATUS_INVALID_ARGUMENT, NULL, __FILE__, __LINE__, #call);    \
        check_contains((error), (part), __FILE__, __LINE__, #call);                            \
        check(strpbrk((error), "\r\n") == NULL, __FILE__, __LINE__, "the message is one line"); \
    } while (0)

static inline int finish(void) {
    if (failures > 0) {
        fprintf(stderr, "%u of %u checks failed\n", failures, checks);
        return 1;
    }
    printf("%u checks\n", checks);
    return 0;
}

static inline void give_up(const char *what, const char *why) {
    fprintf(stderr, "%s: %s\n", what, why);
    exit(2);
}

/* A variable that the test sets, or NULL. */
static inline const char *variable(const char *name) {
    const char *value = getenv(name);
    return value != NULL && value[0] != '\0' ? value : NULL;
}

static inline const char *needed_variable(const char *name) {
    const char *value = variable(name);
    if (value == NULL) {
        give_up(name, "not set");
    }
    return value;
}

static inline void format(char *into, size_t capacity, const char *pattern, ...) {
    va_list arguments;
    int length;
    va_start(arguments, pattern);
    length = vsnprintf(into, capacity, pattern, arguments);
    va_end(arguments);
    if (length < 0 || (size_t)length >= capacity) {
        give_up(pattern, "too long");
    }
}

/* A key that is the test's own. */
static inline const char *key_of(const char *name) {
    static char key[1100];
    const char *prefix = variable("KEY_PREFIX");
    format(key, sizeof key, "%s%s", prefix ? prefix : "", name);
    return key;
}

/* The path of a file in the test's own folder. */
static inline const char *path_of(const char *name) {
    static char path[1100];
    format(path, sizeof path, "%s/%s", needed_variable("SCRATCH"), name);
    return path;
}

/* Options for a bucket as the test wants it: its region, and SIGNATURE_VERSION and CA_FILE if they are set. */
static inline oss_bucket_options *bucket_options(void) {
    oss_bucket_options *options = oss_bucket_options_new();
    if (variable("OSS_REGION") != NULL) {
        CHECK_SETS(oss_bucket_options_set_region(options, variable("OSS_REGION")));
    }
    if (variable("SIGNATURE_VERSION") != NULL) {
        CHECK_SETS(oss_bucket_options_set_signature_version(options, atoi(variable("SIGNATURE_VERSION"))));
    }
    if (variable("CA_FILE") != NULL) {
        CHECK_SETS(oss_bucket_options_set_ca_file(options, variable("CA_FILE")));
    }
    if (variable("PROXY") != NULL) {
        CHECK_SETS(oss_bucket_options_set_proxy(options, variable("PROXY")));
    }
    return options;
}

/* The bucket, with these credentials and options. */
static inline oss_bucket *bucket_with(const oss_credentials *credentials, const oss_bucket_options *options) {
    oss_bucket *bucket = NULL;
    oss_result *result = NULL;
    oss_bucket_new(needed_variable("OSS_ENDPOINT"), needed_variable("OSS_BUCKET"), credentials, options, &bucket,
                   &result);
    if (bucket == NULL) {
        give_up("oss_bucket_new", oss_result_message(result));
    }
    oss_result_free(result);
    return bucket;
}

/* The bucket, with these credentials. */
static inline oss_bucket *bucket_of(const oss_credentials *credentials) {
    oss_bucket_options *options = bucket_options();
    oss_bucket *bucket = bucket_with(credentials, options);
    oss_bucket_options_free(options);
    return bucket;
}

/* The bucket, with the credentials of the environment and these options. */
static inline oss_bucket *open_bucket_with(const oss_bucket_options *options) {
    oss_credentials *credentials = NULL;
    oss_result *result = NULL;
    oss_bucket *bucket;
    if (oss_credentials_new_from_environment(&credentials, &result) != OSS_STATUS_OK) {
        give_up("oss_credentials_new_from_environment", oss_result_message(result));
    }
    oss_result_free(result);
    bucket = bucket_with(credentials, options);
    oss_credentials_free(credentials);
    return bucket;
}

/* The bucket, with the credentials of the environment. */
static inline oss_bucket *open_bucket(void) {
    oss_bucket_options *options = bucket_options();
    oss_bucket *bucket = open_bucket_with(options);
    oss_bucket_options_free(options);
    return bucket;
}

/* Removes an object from a bucket that is not the test's alone. */
static inline void clean_up(const oss_bucket *bucket, const char *key) {
    if (variable("CLEAN_UP") != NULL) {
        CHECK_ENDS(OSS_STATUS_OK, oss_remove_object(bucket, key, &result));
    }
}

/* Checks that an object is there with this size and the CRC-64 that its upload reported. */
static inline void check_stored(const oss_bucket *bucket, const char *key, uint64_t size, const oss_result *upload,
                                const char *file, int line) {
    oss_result *result = NULL;
    uint64_t uploaded = 0, there = 1;
    char text[32];
    check_status(oss_stat_object(bucket, key, &result), OSS_STATUS_OK, result, file, line, "oss_stat_object");
    format(text, sizeof text, "%" PRIu64, size);
    check_text(oss_result_header(result, "content-LENGTH"), text, file, line, "the size");
    check(oss_result_crc64(upload, &uploaded) && oss_result_crc64(result, &there) && uploaded == there, file, line,
          "the object has the CRC-64 of the upload");
    check_text(oss_result_etag(result), oss_result_etag(upload), file, line, "the ETag");
    check(oss_result_stored(result) == OSS_STORED_YES, file, line, "the object is stored");
    oss_result_free(result);
}

#define CHECK_STORED(bucket, key, size, upload) check_stored((bucket), (key), (size), (upload), __FILE__, __LINE__)

/* Reads a whole file. */
static inline unsigned char *read_file(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    unsigned char *data;
    long end = -1;
    if (file == NULL || fseek(file, 0, SEEK_END) != 0 || (end = ftell(file)) < 0) {
        give_up(path, "cannot be read");
    }
    rewind(file);
    data = malloc(end > 0 ? (size_t)end : 1);
    if (data == NULL || fread(data, 1, (size_t)end, file) != (size_t)end) {
        give_up(path, "cannot be read");
    }
    fclose(file);
    *size = (size_t)end;
    return data;
}

#endif
