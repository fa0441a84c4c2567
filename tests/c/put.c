/* Puts one object and says how it ended. The environment may set PROXY, PROXY_FROM_ENVIRONMENT, ADDRESSING,
   CONNECT_TIMEOUT_MS, MAX_ATTEMPTS. */
#include "support.h"

static uint64_t number(const char *name, uint64_t otherwise) {
    const char *text = variable(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

int main(void) {
    oss_bucket_options *options = bucket_options();
    oss_result *result = NULL;
    CHECK_SETS(oss_bucket_options_set_proxy_from_environment(options, (int32_t)number("PROXY_FROM_ENVIRONMENT", 0)));
    CHECK_SETS(oss_bucket_options_set_addressing(options, (int32_t)number("ADDRESSING", OSS_ADDRESSING_AUTO)));
    CHECK_SETS(oss_bucket_options_set_connect_timeout_ms(options, number("CONNECT_TIMEOUT_MS", 10000)));
    CHECK_SETS(oss_bucket_options_set_max_attempts(options, (uint32_t)number("MAX_ATTEMPTS", 3)));
    oss_bucket *bucket = open_bucket_with(options);
    oss_status status = oss_put_object(bucket, "dir/object.txt", "data", 4, NULL, &result);
    printf("%s stored=%d attempts=%u %s\n", oss_status_name(status), (int)oss_result_stored(result),
           (unsigned)oss_result_attempts(result), oss_result_message(result));
    oss_result_free(result);
    oss_bucket_options_free(options);
    oss_bucket_free(bucket);
    return finish();
}
