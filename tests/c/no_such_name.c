/* A name that nobody knows is an error that says which name. */
#include "own_resolver.h"

int main(void) {
    oss_bucket *bucket = bucket_by_name();
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_NETWORK, oss_put_object(bucket, "key", "data", 4, NULL, &result));
    CHECK(oss_result_stored(result) == OSS_STORED_NO);
    CHECK_CONTAINS(oss_result_message(result), needed_variable("NAME"));
    CHECK(strstr(oss_result_message(result), "failed to lookup address information") == NULL);
    CHECK(count_look_ups() > 0 && strpbrk(oss_result_message(result), "\r\n") == NULL);
    oss_result_free(result);
    oss_bucket_free(bucket);
    return finish();
}
