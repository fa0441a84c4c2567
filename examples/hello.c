#include <oss_upload.h>
#include <stdio.h>
#include <stdlib.h>

static oss_result *result; /* what the last call said */

static void need(oss_status status) {
    if (status != OSS_STATUS_OK) fprintf(stderr, "%s\n", oss_result_message(result));
    oss_result_free(result);
    if (status != OSS_STATUS_OK) exit(EXIT_FAILURE);
}

int main(void) {
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    oss_callback *callback = NULL;
    need(oss_credentials_new_from_environment(&credentials, &result));
    need(oss_bucket_new(getenv("OSS_ENDPOINT"), getenv("OSS_BUCKET"), credentials, NULL, &bucket, &result));
    need(oss_callback_new(getenv("OSS_CALLBACK_URL"), "object=${object}&size=${size}", &callback, &result));
    oss_status status = oss_put_object_with_callback(bucket, "hello.txt", "Hello!", 6, callback, NULL, &result);
    const char *answer = status == OSS_STATUS_OK ? oss_result_body(result, NULL) : oss_result_message(result);
    printf("%s: %s\n", oss_status_name((int)status), answer);
    oss_result_free(result);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    oss_credentials_free(credentials);
    return status == OSS_STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
