/* What the examples share: the bucket that the environment names, and a print-out of a result.
 *
 * Environment: OSS_ENDPOINT, OSS_BUCKET, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_CALLBACK_URL; and OSS_REGION,
 * unless the endpoint's name tells it. */
#ifndef EXAMPLE_H
#define EXAMPLE_H

#include <oss_upload.h>
#include <stdio.h>
#include <stdlib.h>

/* How the examples end: an object that is stored in spite of a failed callback is no plain failure. */
enum { EXIT_OK = 0, EXIT_FAILED = 1, EXIT_USAGE = 2, EXIT_STORED_WITHOUT_CALLBACK = 3 };

static inline const char *needed(const char *variable) {
    const char *value = getenv(variable);
    if (value != NULL && *value != '\0') return value;
    fprintf(stderr, "%s is not set. An example needs OSS_ENDPOINT, OSS_BUCKET, OSS_ACCESS_KEY_ID, "
                    "OSS_ACCESS_KEY_SECRET and OSS_CALLBACK_URL; OSS_REGION is optional.\n", variable);
    exit(EXIT_USAGE);
}

/* The bucket, reached as the options say, or NULL after saying why not. */
static inline oss_bucket *open_bucket_with(oss_bucket_options *options) {
    const char *endpoint = needed("OSS_ENDPOINT"), *name = needed("OSS_BUCKET"), *region = getenv("OSS_REGION");
    needed("OSS_ACCESS_KEY_ID");
    needed("OSS_ACCESS_KEY_SECRET");
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    oss_result *result = NULL;
    if (region != NULL && oss_bucket_options_set_region(options, region) != OSS_STATUS_OK) {
        fprintf(stderr, "OSS_REGION: %s\n", oss_bucket_options_error(options));
    } else if (oss_credentials_new_from_environment(&credentials, &result) != OSS_STATUS_OK) {
        fprintf(stderr, "the access key: %s\n", oss_result_message(result));
    } else {
        oss_result_free(result);
        if (oss_bucket_new(endpoint, name, credentials, options, &bucket, &result) != OSS_STATUS_OK)
            fprintf(stderr, "the bucket: %s\n", oss_result_message(result));
    }
    oss_result_free(result);
    oss_credentials_free(credentials);
    return bucket;
}

/* The bucket, or NULL after saying why not. */
static inline oss_bucket *open_bucket(void) {
    oss_bucket_options *options = oss_bucket_options_new();
    oss_bucket *bucket = open_bucket_with(options);
    oss_bucket_options_free(options);
    return bucket;
}

static inline void print_result(const oss_result *result) {
    static const char *const stored[] = {"no", "yes", "unknown"};
    size_t size = 0;
    const void *body = oss_result_body(result, &size);
    printf("status:      %s\n", oss_status_name((int)oss_result_status(result)));
    printf("stored:      %s\n", stored[oss_result_stored(result)]);
    printf("ETag:        %s\n", oss_result_etag(result));
    printf("request id:  %s\n", oss_result_request_id(result));
    if (oss_result_status(result) != OSS_STATUS_OK) printf("message:     %s\n", oss_result_message(result));
    printf("answer:      %s, %zu bytes\n", oss_result_content_type(result), size);
    if (size > 0) fwrite(body, 1, size, stdout);
    printf("\n");
}

#endif
