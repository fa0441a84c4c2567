/* A name is looked up once, however many connections an upload makes to it at the same time. */
#include "own_resolver.h"

#define PARTS 100
#define PART_SIZE 102400

int main(void) {
    oss_bucket *bucket = bucket_by_name();
    oss_upload_options *options = oss_upload_options_new();
    char *data = calloc(PARTS, PART_SIZE);
    oss_body *body = oss_body_from_bytes(data, PARTS * PART_SIZE);

    CHECK_SETS(oss_upload_options_set_part_size(options, PART_SIZE));
    CHECK_SETS(oss_upload_options_set_threshold(options, PART_SIZE));
    CHECK_SETS(oss_upload_options_set_parallel(options, PARTS));
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_object(bucket, "parts", body, NULL, options, &result));
    fprintf(stderr, "%u look-ups\n", count_look_ups());
    CHECK(count_look_ups() == 1);

    oss_body_free(body);
    free(data);
    oss_upload_options_free(options);
    oss_bucket_free(bucket);
    return finish();
}
