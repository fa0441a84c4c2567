/*
 * Uploads FILE as KEY and leaves a record of it in the folder CHECKPOINT, in parts of PART_SIZE bytes, PARALLEL at a
 * time, with a callback to CALLBACK_URL if that is set. Says how it ended; what is worth a line in a log is a line here
 * too. Requests carry USER_AGENT, so that the server can tell one run of this program from another.
 */

#include "support.h"

static int print_line(void *user_data, int32_t level, const char *line) {
    (void)user_data;
    (void)level;
    printf("log %s\n", line);
    return 0;
}

static uint32_t number(const char *name) {
    return (uint32_t)strtoul(needed_variable(name), NULL, 10);
}

int main(void) {
    static const char *const STORED[] = {"NO", "YES", "UNKNOWN"};
    oss_bucket_options *bucket_settings = bucket_options();
    oss_upload_options *options = oss_upload_options_new();
    oss_callback *callback = NULL;
    oss_result *result = NULL;
    oss_bucket *bucket;
    oss_body *body;
    oss_status status;

    CHECK_SETS(oss_bucket_options_set_user_agent(bucket_settings, needed_variable("USER_AGENT")));
    /* What was sent by a program that is dead is done within that time, or never. */
    CHECK_SETS(oss_bucket_options_set_settling_time_ms(bucket_settings, 300));
    bucket = open_bucket_with(bucket_settings);
    CHECK_SETS(oss_upload_options_set_checkpoint(options, needed_variable("CHECKPOINT")));
    CHECK_SETS(oss_upload_options_set_part_size(options, number("PART_SIZE")));
    CHECK_SETS(oss_upload_options_set_parallel(options, number("PARALLEL")));
    CHECK_SETS(oss_upload_options_set_log(options, print_line, NULL));
    if (variable("CALLBACK_URL") != NULL) {
        CHECK_CALL(OSS_STATUS_OK, oss_callback_new(variable("CALLBACK_URL"), "object=${object}", &callback, &result));
        oss_result_free(result);
    }
    body = oss_body_from_file(needed_variable("FILE"));
    status = oss_upload_object(bucket, key_of(needed_variable("KEY")), body, callback, options, &result);
    printf("status %s\n", oss_status_name(status));
    printf("stored %s\n", STORED[oss_result_stored(result)]);
    printf("message %s\n", oss_result_message(result));
    printf("upload_id %s\n", oss_result_upload_id(result));
    oss_result_free(result);
    oss_body_free(body);
    oss_callback_free(callback);
    oss_upload_options_free(options);
    oss_bucket_free(bucket);
    oss_bucket_options_free(bucket_settings);
    return finish();
}
