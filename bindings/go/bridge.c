#include "bridge.h"

#include "_cgo_export.h"

void ossupload_read_result(const oss_result *result, ossupload_fields *fields) {
    fields->status = (int32_t)oss_result_status(result);
    fields->stored = (int32_t)oss_result_stored(result);
    fields->message = oss_result_message(result);
    fields->http_status = oss_result_http_status(result);
    fields->request_id = oss_result_request_id(result);
    fields->error_code = oss_result_error_code(result);
    fields->ec = oss_result_ec(result);
    fields->etag = oss_result_etag(result);
    fields->version_id = oss_result_version_id(result);
    fields->has_crc64 = oss_result_crc64(result, &fields->crc64);
    fields->next_position = oss_result_next_position(result);
    fields->body = oss_result_body(result, &fields->body_len);
    fields->content_type = oss_result_content_type(result);
    fields->attempts = oss_result_attempts(result);
    fields->callback_repeats = oss_result_callback_repeats(result);
    fields->delivered = oss_result_delivered(result);
    fields->owed = oss_result_owed(result);
    fields->upload_id = oss_result_upload_id(result);
}

void ossupload_read_attempt(const oss_result *result, size_t index, ossupload_attempt *fields) {
    fields->number = oss_result_attempt_number(result, index);
    fields->operation = oss_result_attempt_operation(result, index);
    fields->part_number = oss_result_attempt_part_number(result, index);
    fields->status = (int32_t)oss_result_attempt_status(result, index);
    fields->http_status = oss_result_attempt_http_status(result, index);
    fields->request_id = oss_result_attempt_request_id(result, index);
    fields->error_code = oss_result_attempt_error_code(result, index);
    fields->address = oss_result_attempt_address(result, index);
    fields->reason = oss_result_attempt_reason(result, index);
    fields->is_reused = oss_result_attempt_is_reused(result, index);
    fields->is_counted = oss_result_attempt_is_counted(result, index);
    fields->bytes_sent = oss_result_attempt_bytes_sent(result, index);
    fields->bytes_acknowledged = oss_result_attempt_bytes_acknowledged(result, index);
    for (int32_t phase = 0; phase < OSSUPLOAD_PHASES; phase++)
        fields->us[phase] = oss_result_attempt_us(result, index, phase);
}

void ossupload_read_sum(const oss_result *result, ossupload_sum *fields) {
    fields->attempts = oss_result_sum_attempts(result);
    fields->bytes_sent = oss_result_sum_bytes_sent(result);
    fields->bytes_acknowledged = oss_result_sum_bytes_acknowledged(result);
    for (int32_t phase = 0; phase < OSSUPLOAD_PHASES; phase++) fields->us[phase] = oss_result_sum_us(result, phase);
}

static int32_t read_go(void *reader, void *buffer, size_t capacity, size_t *got) {
    return ossuploadRead((uintptr_t)reader, buffer, capacity, got);
}

static int32_t rewind_go(void *reader) { return ossuploadRewind((uintptr_t)reader); }

static int32_t progress_go(void *observer, const oss_progress *progress) {
    return ossuploadProgress((uintptr_t)observer, (oss_progress *)progress);
}

static int32_t log_go(void *observer, int32_t level, const char *line) {
    (void)level;
    return ossuploadLog((uintptr_t)observer, (char *)line);
}

static int32_t keep_go(void *log, int32_t level, const char *line) {
    (void)level;
    ossuploadKeep((uintptr_t)log, (char *)line);
    return 0;
}

static int32_t say_go(void *logger, int32_t level, const char *line) {
    ossuploadSay((uintptr_t)logger, level, (char *)line);
    return 0;
}

oss_body *ossupload_body_from_reader(uintptr_t reader, bool can_rewind, uint64_t len) {
    return oss_body_from_reader(read_go, can_rewind ? rewind_go : NULL, (void *)reader, len);
}

oss_status ossupload_set_progress(oss_upload_options *options, uintptr_t observer) {
    return oss_upload_options_set_progress(options, progress_go, (void *)observer);
}

oss_status ossupload_set_log(oss_upload_options *options, uintptr_t observer) {
    return oss_upload_options_set_log(options, log_go, (void *)observer);
}

oss_status ossupload_set_delivery_progress(oss_delivery_options *options, uintptr_t observer) {
    return oss_delivery_options_set_progress(options, progress_go, (void *)observer);
}

static int32_t retrieve_go(void *provided, oss_credentials_answer *answer) {
    return ossuploadRetrieve((uintptr_t)provided, answer);
}

oss_status ossupload_credentials_from_function(uintptr_t provided, oss_credentials **made, oss_result **result) {
    return oss_credentials_new_from_function(retrieve_go, (void *)provided, made, result);
}

oss_status ossupload_set_put_progress(oss_put_options *options, uintptr_t observer) {
    return oss_put_options_set_progress(options, progress_go, (void *)observer);
}

oss_status ossupload_set_bucket_log(oss_bucket_options *options, int32_t level, uintptr_t logger) {
    return oss_bucket_options_set_log(options, level, say_go, (void *)logger);
}

oss_status ossupload_set_outbox_log(oss_outbox *outbox, uintptr_t log) {
    return oss_outbox_set_log(outbox, keep_go, (void *)log);
}
