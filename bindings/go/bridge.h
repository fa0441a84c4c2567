/* What Go cannot do in C itself: hand a cgo.Handle over as a pointer, and read a whole result with few calls. */
#ifndef OSSUPLOAD_BRIDGE_H
#define OSSUPLOAD_BRIDGE_H

#include <oss_upload.h>
#include <stdbool.h>
#include <stdlib.h>

typedef struct {
    const char *message, *request_id, *error_code, *ec, *etag, *version_id, *content_type, *upload_id;
    const void *body;
    size_t body_len;
    uint64_t crc64, next_position, delivered, owed;
    uint32_t attempts, callback_repeats;
    int32_t status, stored, http_status, has_crc64;
} ossupload_fields;

enum { OSSUPLOAD_PHASES = OSS_PHASE_RECEIVING + 1 };

typedef struct {
    const char *operation, *request_id, *error_code, *address, *reason;
    uint64_t number, bytes_sent, bytes_acknowledged, us[OSSUPLOAD_PHASES];
    uint32_t part_number;
    int32_t status, http_status, is_reused, is_counted;
} ossupload_attempt;

typedef struct {
    uint64_t attempts, bytes_sent, bytes_acknowledged, us[OSSUPLOAD_PHASES];
} ossupload_sum;

void ossupload_read_attempt(const oss_result *result, size_t index, ossupload_attempt *fields);
void ossupload_read_sum(const oss_result *result, ossupload_sum *fields);
void ossupload_read_result(const oss_result *result, ossupload_fields *fields);

oss_body *ossupload_body_from_reader(uintptr_t reader, bool can_rewind, uint64_t len);
oss_status ossupload_set_progress(oss_upload_options *options, uintptr_t observer);
oss_status ossupload_set_log(oss_upload_options *options, uintptr_t observer);
oss_status ossupload_set_delivery_progress(oss_delivery_options *options, uintptr_t observer);
oss_status ossupload_credentials_from_function(uintptr_t provided, oss_credentials **made, oss_result **result);
oss_status ossupload_set_put_progress(oss_put_options *options, uintptr_t observer);
oss_status ossupload_set_bucket_log(oss_bucket_options *options, int32_t level, uintptr_t logger);
oss_status ossupload_set_outbox_log(oss_outbox *outbox, uintptr_t log);

#endif
