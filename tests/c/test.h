/* What every test program needs: a bucket from the environment, and checks that are counted. */
#ifndef TEST_H
#define TEST_H

#include <oss_upload.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned test_checks;

/* Ends the program with a message unless the condition holds. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        test_checks++;                                                                             \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: %s: ", __FILE__, __LINE__, #condition);                        \
            fprintf(stderr, __VA_ARGS__);                                                          \
            fprintf(stderr, "\n");                                                                 \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

/* Calls an operation, all arguments but the result given, and insists on OSS_STATUS_OK. */
#define CHECK_OK(operation, ...)                                                                   \
    do {                                                                                           \
        oss_result *test_result = NULL;                                                            \
        oss_status test_status = operation(__VA_ARGS__, &test_result);                             \
        CHECK(test_status == OSS_STATUS_OK, "%s: %s: %s", #operation, oss_status_name(test_status), \
              oss_result_message(test_result));                                                    \
        oss_result_free(test_result);                                                              \
    } while (0)

/* Insists that a setter takes a value. */
#define CHECK_SET(call) CHECK((call) == OSS_STATUS_OK, "the value was refused")

/* The bucket that the environment names. The region is set if it is given; the options may be NULL. */
static oss_bucket *test_bucket(oss_bucket_options *options) {
    oss_bucket_options *own = options ? NULL : oss_bucket_options_new();
    oss_bucket_options *used = options ? options : own;
    const char *region = getenv("OSS_REGION");
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    if (region) CHECK_SET(oss_bucket_options_set_region(used, region));
    CHECK_OK(oss_credentials_new_from_environment, &credentials);
    CHECK_OK(oss_bucket_new, getenv("OSS_ENDPOINT"), getenv("OSS_BUCKET"), credentials, used, &bucket);
    oss_credentials_free(credentials);
    oss_bucket_options_free(own);
    return bucket;
}

/* The last line says how many checks there were: a program that checks nothing proves nothing. */
static int test_end(void) {
    printf("%u checks\n", test_checks);
    return 0;
}

#endif
