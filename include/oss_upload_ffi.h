/*
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * What oss_upload.h declares, for the foreign function interfaces of other languages: without comments, and without
 * directives, which most of them cannot read. OSS_LENGTH_UNKNOWN is 18446744073709551615: all bits of a uint64_t.
 *
 * This file is generated from the library's source; do not edit it.
 */

enum {
    OSS_UPLOAD_VERSION_NUMBER = 1000,
    OSS_UPLOAD_ABI = 0,
};

typedef enum {
    OSS_STATUS_OK = 0,
    OSS_STATUS_INVALID_ARGUMENT = 1,
    OSS_STATUS_LOCAL_IO = 2,
    OSS_STATUS_SOURCE_CHANGED = 3,
    OSS_STATUS_CANCELLED = 4,
    OSS_STATUS_CREDENTIALS = 5,
    OSS_STATUS_CHECKPOINT_BUSY = 6,
    OSS_STATUS_OUT_OF_MEMORY = 7,
    OSS_STATUS_NETWORK = 100,
    OSS_STATUS_TIMEOUT = 101,
    OSS_STATUS_TLS = 102,
    OSS_STATUS_SERVICE = 200,
    OSS_STATUS_INTEGRITY = 201,
    OSS_STATUS_BAD_RESPONSE = 202,
    OSS_STATUS_CALLBACK_FAILED = 300,
    OSS_STATUS_CALLBACK_UNKNOWN = 301,
    OSS_STATUS_NOT_AUTHENTIC = 302,
    OSS_STATUS_INTERNAL = 900,
} oss_status;

typedef enum {
    OSS_SEVERITY_NONE = 0,
    OSS_SEVERITY_WARNING = 1,
    OSS_SEVERITY_ERROR = 2,
} oss_severity;

typedef enum {
    OSS_STORED_NO = 0,
    OSS_STORED_YES = 1,
    OSS_STORED_UNKNOWN = 2,
} oss_stored;

typedef enum {
    OSS_SIGNATURE_VERSION_V1 = 1,
    OSS_SIGNATURE_VERSION_V4 = 4,
} oss_signature_version;

typedef enum {
    OSS_ADDRESSING_AUTO = 0,
    OSS_ADDRESSING_VIRTUAL = 1,
    OSS_ADDRESSING_PATH = 2,
    OSS_ADDRESSING_CNAME = 3,
} oss_addressing;

typedef enum {
    OSS_CALLBACK_BODY_FORM = 0,
    OSS_CALLBACK_BODY_JSON = 1,
} oss_callback_body;

typedef enum {
    OSS_CALLBACK_AT_MOST_ONCE = 0,
    OSS_CALLBACK_AT_LEAST_ONCE = 1,
} oss_callback_delivery;

typedef enum {
    OSS_OBJECT_ACL_DEFAULT = 0,
    OSS_OBJECT_ACL_PRIVATE = 1,
    OSS_OBJECT_ACL_PUBLIC_READ = 2,
    OSS_OBJECT_ACL_PUBLIC_READ_WRITE = 3,
} oss_object_acl;

typedef enum {
    OSS_STORAGE_STANDARD = 0,
    OSS_STORAGE_IA = 1,
    OSS_STORAGE_ARCHIVE = 2,
    OSS_STORAGE_COLD_ARCHIVE = 3,
    OSS_STORAGE_DEEP_COLD_ARCHIVE = 4,
} oss_storage;

typedef enum {
    OSS_ENCRYPTION_AES256 = 0,
    OSS_ENCRYPTION_KMS = 1,
    OSS_ENCRYPTION_SM4 = 2,
    OSS_ENCRYPTION_KMS_SM4 = 3,
} oss_encryption;

typedef enum {
    OSS_LOG_LEVEL_ERROR = 1,
    OSS_LOG_LEVEL_WARNING = 2,
    OSS_LOG_LEVEL_INFO = 3,
    OSS_LOG_LEVEL_DEBUG = 4,
} oss_log_level;

typedef enum {
    OSS_PHASE_PAUSING = 0,
    OSS_PHASE_RESOLVING = 1,
    OSS_PHASE_CONNECTING = 2,
    OSS_PHASE_TLS = 3,
    OSS_PHASE_SENDING = 4,
    OSS_PHASE_WAITING = 5,
    OSS_PHASE_RECEIVING = 6,
} oss_phase;

typedef struct oss_body oss_body;

typedef struct oss_bucket oss_bucket;

typedef struct oss_bucket_options oss_bucket_options;

typedef struct oss_callback oss_callback;

typedef struct oss_callback_values oss_callback_values;

typedef struct oss_callback_verifier oss_callback_verifier;

typedef struct oss_cancel oss_cancel;

typedef struct oss_credentials oss_credentials;

typedef struct oss_credentials_answer oss_credentials_answer;

typedef struct oss_delivery_options oss_delivery_options;

typedef struct oss_finding_list oss_finding_list;

typedef struct oss_multipart oss_multipart;

typedef struct oss_outbox oss_outbox;

typedef struct oss_owed oss_owed;

typedef struct oss_part_list oss_part_list;

typedef struct oss_post_form oss_post_form;

typedef struct oss_post_policy oss_post_policy;

typedef struct oss_presigned oss_presigned;

typedef struct oss_progress oss_progress;

typedef struct oss_put_options oss_put_options;

typedef struct oss_rate oss_rate;

typedef struct oss_result oss_result;

typedef struct oss_string oss_string;

typedef struct oss_upload_list oss_upload_list;

typedef struct oss_upload_options oss_upload_options;

typedef struct oss_writer oss_writer;

typedef int32_t (*oss_read_fn)(void *user_data, void *buffer, size_t capacity, size_t *got);

typedef int32_t (*oss_rewind_fn)(void *user_data);

typedef int32_t (*oss_log_fn)(void *user_data, int32_t level, const char *line);

typedef int32_t (*oss_credentials_fn)(void *user_data, oss_credentials_answer *answer);

typedef int32_t (*oss_progress_fn)(void *user_data, const oss_progress *progress);

oss_status oss_append_object(const oss_bucket *bucket,
                             const char *key,
                             uint64_t position,
                             const oss_body *body,
                             const oss_put_options *options,
                             oss_result **result);

size_t oss_result_attempt_count(const oss_result *result);

uint64_t oss_result_attempt_number(const oss_result *result, size_t index);

const char *oss_result_attempt_operation(const oss_result *result, size_t index);

uint32_t oss_result_attempt_part_number(const oss_result *result, size_t index);

oss_status oss_result_attempt_status(const oss_result *result, size_t index);

int32_t oss_result_attempt_http_status(const oss_result *result, size_t index);

const char *oss_result_attempt_request_id(const oss_result *result, size_t index);

const char *oss_result_attempt_error_code(const oss_result *result, size_t index);

const char *oss_result_attempt_address(const oss_result *result, size_t index);

const char *oss_result_attempt_reason(const oss_result *result, size_t index);

int32_t oss_result_attempt_is_reused(const oss_result *result, size_t index);

int32_t oss_result_attempt_is_counted(const oss_result *result, size_t index);

uint64_t oss_result_attempt_us(const oss_result *result, size_t index, int32_t phase);

uint64_t oss_result_attempt_bytes_sent(const oss_result *result, size_t index);

uint64_t oss_result_attempt_bytes_acknowledged(const oss_result *result, size_t index);

uint64_t oss_result_sum_attempts(const oss_result *result);

uint64_t oss_result_sum_us(const oss_result *result, int32_t phase);

uint64_t oss_result_sum_bytes_sent(const oss_result *result);

uint64_t oss_result_sum_bytes_acknowledged(const oss_result *result);

oss_body *oss_body_from_bytes(const void *data, size_t len);

oss_body *oss_body_from_file(const char *path);

oss_body *oss_body_from_file_range(const char *path, uint64_t offset, uint64_t len);

oss_body *oss_body_from_fd(int fd, uint64_t offset, uint64_t len);

oss_body *oss_body_from_reader(oss_read_fn read, oss_rewind_fn rewind, void *user_data, uint64_t len);

void oss_body_free(oss_body *body);

oss_status oss_bucket_new(const char *endpoint,
                          const char *name,
                          const oss_credentials *credentials,
                          const oss_bucket_options *options,
                          oss_bucket **bucket,
                          oss_result **result);

oss_status oss_bucket_with_limits(const oss_bucket *bucket,
                                  uint64_t deadline_ms,
                                  const oss_cancel *cancel,
                                  oss_bucket **limited,
                                  oss_result **result);

void oss_bucket_free(oss_bucket *bucket);

oss_bucket_options *oss_bucket_options_new(void);

oss_status oss_bucket_options_set_region(oss_bucket_options *options, const char *region);

oss_status oss_bucket_options_set_signature_version(oss_bucket_options *options, int32_t version);

oss_status oss_bucket_options_set_addressing(oss_bucket_options *options, int32_t addressing);

oss_status oss_bucket_options_set_connect_timeout_ms(oss_bucket_options *options, uint64_t ms);

oss_status oss_bucket_options_set_stall_timeout_ms(oss_bucket_options *options, uint64_t ms);

oss_status oss_bucket_options_set_deadline_ms(oss_bucket_options *options, uint64_t ms);

oss_status oss_bucket_options_set_max_attempts(oss_bucket_options *options, uint32_t attempts);

oss_status oss_bucket_options_set_settling_time_ms(oss_bucket_options *options, uint64_t ms);

oss_status oss_bucket_options_set_ca_file(oss_bucket_options *options, const char *path);

oss_status oss_bucket_options_add_ca_file(oss_bucket_options *options, const char *path);

oss_status oss_bucket_options_set_client_certificate(oss_bucket_options *options,
                                                     const char *certificate_file,
                                                     const char *key_file);

oss_status oss_bucket_options_set_public_key_pin(oss_bucket_options *options, const char *pins);

oss_status oss_bucket_options_set_proxy(oss_bucket_options *options, const char *proxy);

oss_status oss_bucket_options_set_proxy_from_environment(oss_bucket_options *options, int32_t wanted);

oss_status oss_bucket_options_set_bind_address(oss_bucket_options *options, const char *address);

oss_status oss_bucket_options_set_resolve(oss_bucket_options *options, const char *host, const char *address);

oss_status oss_bucket_options_set_user_agent(oss_bucket_options *options, const char *user_agent);

oss_status oss_bucket_options_set_cancel(oss_bucket_options *options, const oss_cancel *cancel);

oss_status oss_bucket_options_set_outbox(oss_bucket_options *options, const oss_outbox *outbox);

const char *oss_bucket_options_error(const oss_bucket_options *options);

void oss_bucket_options_free(oss_bucket_options *options);

oss_status oss_bucket_options_set_log(oss_bucket_options *options, int32_t level, oss_log_fn log, void *user_data);

oss_status oss_callback_new(const char *url, const char *body, oss_callback **callback, oss_result **result);

oss_status oss_callback_new_from_policy(const char *policy, oss_callback **callback, oss_result **result);

oss_status oss_callback_add_url(oss_callback *callback, const char *url);

oss_status oss_callback_set_host(oss_callback *callback, const char *host);

oss_status oss_callback_set_body_type(oss_callback *callback, int32_t type);

oss_status oss_callback_set_sni(oss_callback *callback, int32_t sni);

oss_status oss_callback_add_variable(oss_callback *callback, const char *name, const char *value);

oss_status oss_callback_add_header(oss_callback *callback, const char *name, const char *value);

oss_status oss_callback_set_field(oss_callback *callback, const char *name, const char *json);

oss_status oss_callback_set_delivery_variable(oss_callback *callback, const char *name);

oss_status oss_callback_encode(const oss_callback *callback,
                               oss_string **encoded,
                               oss_string **variables,
                               oss_result **result);

const char *oss_callback_error(const oss_callback *callback);

void oss_callback_free(oss_callback *callback);

oss_status oss_callback_check(const oss_callback *callback, oss_finding_list **findings, oss_result **result);

oss_status oss_bucket_check_callback(const oss_bucket *bucket,
                                     const oss_callback *callback,
                                     oss_finding_list **findings,
                                     oss_result **result);

size_t oss_finding_list_count(const oss_finding_list *list);

oss_severity oss_finding_list_severity(const oss_finding_list *list, size_t index);

const char *oss_finding_list_rule(const oss_finding_list *list, size_t index);

const char *oss_finding_list_message(const oss_finding_list *list, size_t index);

void oss_finding_list_free(oss_finding_list *list);

oss_callback_values *oss_callback_values_new(void);

oss_status oss_callback_values_set(oss_callback_values *values, const char *name, const char *value);

const char *oss_callback_values_error(const oss_callback_values *values);

void oss_callback_values_free(oss_callback_values *values);

oss_status oss_callback_render(const oss_callback *callback,
                               const oss_result *upload,
                               const oss_callback_values *values,
                               oss_string **body,
                               oss_result **result);

oss_callback_verifier *oss_callback_verifier_new(void);

oss_status oss_callback_verifier_set_public_key(oss_callback_verifier *verifier, const char *pem);

oss_status oss_callback_verifier_add_key_prefix(oss_callback_verifier *verifier, const char *prefix);

oss_status oss_callback_verifier_set_fetch_timeout_ms(oss_callback_verifier *verifier, uint64_t ms);

oss_status oss_callback_verifier_set_cache_time_s(oss_callback_verifier *verifier, uint64_t seconds);

oss_status oss_callback_verifier_set_ca_file(oss_callback_verifier *verifier, const char *path);

oss_status oss_callback_verifier_with_limits(const oss_callback_verifier *verifier,
                                             uint64_t deadline_ms,
                                             const oss_cancel *cancel,
                                             oss_callback_verifier **limited,
                                             oss_result **result);

oss_status oss_callback_verify(const oss_callback_verifier *verifier,
                               const char *target,
                               const void *body,
                               size_t len,
                               const char *authorization,
                               const char *pub_key_url,
                               oss_result **result);

oss_status oss_callback_verify_request(const oss_callback_verifier *verifier,
                                       const char *target,
                                       const void *body,
                                       size_t len,
                                       const char *authorization,
                                       const char *pub_key_url,
                                       const char *signature_version,
                                       oss_result **result);

oss_status oss_callback_verify_with_key(const char *public_key,
                                        const char *target,
                                        const void *body,
                                        size_t len,
                                        const char *authorization,
                                        oss_result **result);

const char *oss_callback_verifier_error(const oss_callback_verifier *verifier);

void oss_callback_verifier_free(oss_callback_verifier *verifier);

oss_cancel *oss_cancel_new(void);

void oss_cancel_fire(const oss_cancel *cancel);

int32_t oss_cancel_has_fired(const oss_cancel *cancel);

void oss_cancel_free(oss_cancel *cancel);

oss_status oss_credentials_new(const char *access_key_id,
                               const char *access_key_secret,
                               const char *security_token,
                               oss_credentials **credentials,
                               oss_result **result);

oss_status oss_credentials_new_from_environment(oss_credentials **credentials, oss_result **result);

oss_status oss_credentials_new_from_function(oss_credentials_fn function,
                                             void *user_data,
                                             oss_credentials **credentials,
                                             oss_result **result);

oss_status oss_credentials_new_anonymous(oss_credentials **credentials, oss_result **result);

void oss_credentials_free(oss_credentials *credentials);

oss_status oss_credentials_answer_set_access_key_id(oss_credentials_answer *answer, const char *id);

oss_status oss_credentials_answer_set_access_key_secret(oss_credentials_answer *answer, const char *secret);

oss_status oss_credentials_answer_set_security_token(oss_credentials_answer *answer, const char *token);

oss_status oss_credentials_answer_set_expiry(oss_credentials_answer *answer, int64_t unix_seconds);

oss_status oss_credentials_new_from_profile(const char *file,
                                            const char *profile,
                                            oss_credentials **credentials,
                                            oss_result **result);

oss_status oss_credentials_new_from_ecs_role(const char *role, oss_credentials **credentials, oss_result **result);

oss_status oss_credentials_new_from_oidc(const char *role_arn,
                                         const char *oidc_provider_arn,
                                         const char *token_file,
                                         const char *session_name,
                                         const char *sts_endpoint,
                                         oss_credentials **credentials,
                                         oss_result **result);

oss_status oss_credentials_new_from_uri(const char *uri, oss_credentials **credentials, oss_result **result);

oss_status oss_credentials_new_from_process(const char *command, oss_credentials **credentials, oss_result **result);

oss_status oss_credentials_new_default_chain(oss_credentials **credentials, oss_result **result);

oss_status oss_outbox_deliver(const oss_outbox *outbox,
                              const oss_bucket *bucket,
                              const oss_delivery_options *options,
                              oss_result **result);

oss_status oss_owed_settle(const oss_bucket *bucket, oss_owed *owed, oss_result **result);

oss_delivery_options *oss_delivery_options_new(void);

oss_status oss_delivery_options_set_parallel(oss_delivery_options *options, uint32_t callbacks);

oss_status oss_delivery_options_set_deadline_ms(oss_delivery_options *options, uint64_t ms);

oss_status oss_delivery_options_set_cancel(oss_delivery_options *options, const oss_cancel *cancel);

oss_status oss_delivery_options_set_progress(oss_delivery_options *options, oss_progress_fn progress, void *user_data);

const char *oss_delivery_options_error(const oss_delivery_options *options);

void oss_delivery_options_free(oss_delivery_options *options);

oss_status oss_begin_multipart(const oss_bucket *bucket,
                               const char *key,
                               const oss_put_options *options,
                               oss_multipart **multipart,
                               oss_result **result);

oss_status oss_reopen_multipart(const oss_bucket *bucket,
                                const char *key,
                                const char *upload_id,
                                oss_multipart **multipart,
                                oss_result **result);

oss_status oss_multipart_with_limits(oss_multipart *multipart,
                                     uint64_t deadline_ms,
                                     const oss_cancel *cancel,
                                     oss_multipart **limited,
                                     oss_result **result);

const char *oss_multipart_upload_id(const oss_multipart *multipart);

oss_status oss_upload_part(oss_multipart *multipart,
                           uint32_t part_number,
                           const void *data,
                           size_t len,
                           oss_result **result);

oss_status oss_upload_part_body(oss_multipart *multipart,
                                uint32_t part_number,
                                const oss_body *body,
                                oss_result **result);

oss_status oss_list_parts(oss_multipart *multipart, oss_part_list **parts, oss_result **result);

oss_status oss_complete_multipart(oss_multipart *multipart, const oss_callback *callback, oss_result **result);

oss_status oss_complete_multipart_with_parts(oss_multipart *multipart,
                                             const oss_part_list *parts,
                                             const oss_callback *callback,
                                             oss_result **result);

oss_status oss_complete_multipart_with_all(oss_multipart *multipart, const oss_callback *callback, oss_result **result);

oss_status oss_abort_multipart(oss_multipart *multipart, oss_result **result);

void oss_multipart_free(oss_multipart *multipart);

oss_status oss_stat_object(const oss_bucket *bucket, const char *key, oss_result **result);

oss_status oss_remove_object(const oss_bucket *bucket, const char *key, oss_result **result);

oss_status oss_outbox_open(const char *folder, oss_outbox **outbox, oss_result **result);

oss_status oss_outbox_set_log(oss_outbox *outbox, oss_log_fn log, void *user_data);

void oss_outbox_free(oss_outbox *outbox);

oss_status oss_outbox_next(oss_outbox *outbox, oss_owed **owed, oss_result **result);

const char *oss_owed_url(const oss_owed *owed);

const char *oss_owed_bucket(const oss_owed *owed);

const char *oss_owed_key(const oss_owed *owed);

const char *oss_owed_upload_id(const oss_owed *owed);

const char *oss_owed_etag(const oss_owed *owed);

const char *oss_owed_content_type(const oss_owed *owed);

const char *oss_owed_message(const oss_owed *owed);

int32_t oss_owed_size(const oss_owed *owed, uint64_t *size);

int32_t oss_owed_crc64(const oss_owed *owed, uint64_t *crc64);

oss_stored oss_owed_stored(const oss_owed *owed);

int64_t oss_owed_since_ms(const oss_owed *owed);

uint32_t oss_owed_tries(const oss_owed *owed);

uint64_t oss_owed_due_in_ms(const oss_owed *owed);

oss_status oss_owed_render(const oss_owed *owed,
                           const oss_callback_values *values,
                           oss_string **body,
                           oss_result **result);

oss_status oss_owed_done(oss_owed *owed, oss_result **result);

oss_status oss_owed_postpone(oss_owed *owed, uint64_t ms, oss_result **result);

void oss_owed_free(oss_owed *owed);

oss_part_list *oss_part_list_new(void);

oss_status oss_part_list_add(oss_part_list *list, uint32_t part_number, const char *etag);

size_t oss_part_list_count(const oss_part_list *list);

uint32_t oss_part_list_number(const oss_part_list *list, size_t index);

uint64_t oss_part_list_size(const oss_part_list *list, size_t index);

const char *oss_part_list_etag(const oss_part_list *list, size_t index);

int32_t oss_part_list_crc64(const oss_part_list *list, size_t index, uint64_t *crc64);

const char *oss_part_list_error(const oss_part_list *list);

void oss_part_list_free(oss_part_list *list);

oss_status oss_post_form_new(const char *url, oss_post_form **form, oss_result **result);

oss_status oss_post_form_set_field(oss_post_form *form, const char *name, const char *value, oss_result **result);

oss_status oss_post_object(const oss_post_form *form,
                           const oss_body *body,
                           const oss_bucket_options *options,
                           oss_result **result);

oss_status oss_post_form_to_json(const oss_post_form *form, oss_string **json, oss_result **result);

const char *oss_post_form_url(const oss_post_form *form);

int64_t oss_post_form_expires(const oss_post_form *form);

size_t oss_post_form_field_count(const oss_post_form *form);

const char *oss_post_form_field_name(const oss_post_form *form, size_t index);

const char *oss_post_form_field_value(const oss_post_form *form, size_t index);

void oss_post_form_free(oss_post_form *form);

oss_post_policy *oss_post_policy_new(void);

oss_status oss_post_policy_set_key(oss_post_policy *policy, const char *key);

oss_status oss_post_policy_set_key_prefix(oss_post_policy *policy, const char *prefix);

oss_status oss_post_policy_set_length_range(oss_post_policy *policy, uint64_t least, uint64_t most);

oss_status oss_post_policy_set_content_type(oss_post_policy *policy, const char *content_type);

oss_status oss_post_policy_add_field(oss_post_policy *policy, const char *name, const char *value);

oss_status oss_post_policy_add_field_prefix(oss_post_policy *policy, const char *name, const char *prefix);

oss_status oss_post_policy_allow_any_callback(oss_post_policy *policy, int32_t allow);

oss_status oss_post_policy_sign(const oss_post_policy *policy,
                                const oss_bucket *bucket,
                                const oss_callback *callback,
                                uint64_t lifetime_s,
                                oss_post_form **form,
                                oss_result **result);

const char *oss_post_policy_error(const oss_post_policy *policy);

void oss_post_policy_free(oss_post_policy *policy);

oss_status oss_presign_put(const oss_bucket *bucket,
                           const char *key,
                           const oss_callback *callback,
                           const oss_put_options *options,
                           uint64_t lifetime_s,
                           oss_presigned **presigned,
                           oss_result **result);

oss_status oss_presign_upload_part(const oss_bucket *bucket,
                                   const char *key,
                                   const char *upload_id,
                                   uint32_t part_number,
                                   uint64_t lifetime_s,
                                   oss_presigned **presigned,
                                   oss_result **result);

oss_status oss_presign_complete_multipart(const oss_bucket *bucket,
                                          const char *key,
                                          const char *upload_id,
                                          const oss_callback *callback,
                                          uint64_t lifetime_s,
                                          oss_presigned **presigned,
                                          oss_result **result);

oss_status oss_presign_trigger_callback(const oss_bucket *bucket,
                                        const char *key,
                                        const oss_callback *callback,
                                        uint64_t lifetime_s,
                                        oss_presigned **presigned,
                                        oss_result **result);

oss_status oss_presign_get(const oss_bucket *bucket,
                           const char *key,
                           uint64_t lifetime_s,
                           oss_presigned **presigned,
                           oss_result **result);

oss_status oss_presigned_new(const char *url, oss_presigned **presigned, oss_result **result);

oss_status oss_presigned_add_header(oss_presigned *presigned, const char *name, const char *value, oss_result **result);

oss_status oss_put_to_url(const oss_presigned *presigned,
                          const oss_body *body,
                          const oss_bucket_options *options,
                          oss_result **result);

const char *oss_presigned_method(const oss_presigned *presigned);

const char *oss_presigned_url(const oss_presigned *presigned);

int64_t oss_presigned_expires(const oss_presigned *presigned);

size_t oss_presigned_header_count(const oss_presigned *presigned);

const char *oss_presigned_header_name(const oss_presigned *presigned, size_t index);

const char *oss_presigned_header_value(const oss_presigned *presigned, size_t index);

const char *oss_presigned_body(const oss_presigned *presigned, size_t *len);

void oss_presigned_free(oss_presigned *presigned);

uint64_t oss_progress_total(const oss_progress *progress);

uint64_t oss_progress_sent(const oss_progress *progress);

uint64_t oss_progress_acknowledged(const oss_progress *progress);

uint64_t oss_progress_accepted(const oss_progress *progress);

uint64_t oss_progress_parts_done(const oss_progress *progress);

uint64_t oss_progress_parts(const oss_progress *progress);

uint64_t oss_progress_attempts(const oss_progress *progress);

uint64_t oss_progress_rate(const oss_progress *progress);

oss_status oss_put_object(const oss_bucket *bucket,
                          const char *key,
                          const void *data,
                          size_t len,
                          const oss_put_options *options,
                          oss_result **result);

oss_status oss_put_object_with_callback(const oss_bucket *bucket,
                                        const char *key,
                                        const void *data,
                                        size_t len,
                                        const oss_callback *callback,
                                        const oss_put_options *options,
                                        oss_result **result);

oss_status oss_put_file_with_callback(const oss_bucket *bucket,
                                      const char *key,
                                      const char *path,
                                      const oss_callback *callback,
                                      const oss_put_options *options,
                                      oss_result **result);

oss_status oss_put_body(const oss_bucket *bucket,
                        const char *key,
                        const oss_body *body,
                        const oss_callback *callback,
                        const oss_put_options *options,
                        oss_result **result);

oss_put_options *oss_put_options_new(void);

oss_status oss_put_options_set_content_type(oss_put_options *options, const char *value);

oss_status oss_put_options_set_cache_control(oss_put_options *options, const char *value);

oss_status oss_put_options_set_content_disposition(oss_put_options *options, const char *value);

oss_status oss_put_options_set_content_encoding(oss_put_options *options, const char *value);

oss_status oss_put_options_set_content_language(oss_put_options *options, const char *value);

oss_status oss_put_options_set_expires(oss_put_options *options, const char *value);

oss_status oss_put_options_set_header(oss_put_options *options, const char *name, const char *value);

oss_status oss_put_options_add_metadata(oss_put_options *options, const char *name, const char *value);

oss_status oss_put_options_add_tag(oss_put_options *options, const char *key, const char *value);

oss_status oss_put_options_set_acl(oss_put_options *options, int32_t acl);

oss_status oss_put_options_set_storage_class(oss_put_options *options, int32_t storage);

oss_status oss_put_options_set_encryption(oss_put_options *options, int32_t encryption, const char *key_id);

oss_status oss_put_options_set_forbid_overwrite(oss_put_options *options, int32_t forbid);

oss_status oss_put_options_set_traffic_limit(oss_put_options *options, uint64_t bits_per_second);

oss_status oss_put_options_set_content_md5(oss_put_options *options, int32_t wanted);

oss_status oss_put_options_set_previous_crc64(oss_put_options *options, uint64_t crc64);

oss_status oss_put_options_set_deadline_ms(oss_put_options *options, uint64_t ms);

oss_status oss_put_options_set_cancel(oss_put_options *options, const oss_cancel *cancel);

const char *oss_put_options_error(const oss_put_options *options);

void oss_put_options_free(oss_put_options *options);

oss_status oss_put_options_set_callback_delivery(oss_put_options *options, int32_t delivery);

oss_status oss_put_options_set_write_token(oss_put_options *options, int32_t wanted);

oss_status oss_put_options_set_outbox(oss_put_options *options, const oss_outbox *outbox);

oss_status oss_put_options_set_progress(oss_put_options *options, oss_progress_fn progress, void *user_data);

oss_rate *oss_rate_new(uint64_t bytes_per_second);

void oss_rate_set(const oss_rate *rate, uint64_t bytes_per_second);

void oss_rate_free(oss_rate *rate);

oss_status oss_bucket_options_set_rate(oss_bucket_options *options, const oss_rate *rate);

oss_status oss_put_options_set_rate(oss_put_options *options, const oss_rate *rate);

oss_status oss_upload_options_set_rate(oss_upload_options *options, const oss_rate *rate);

oss_status oss_result_status(const oss_result *result);

oss_stored oss_result_stored(const oss_result *result);

const char *oss_result_message(const oss_result *result);

int32_t oss_result_http_status(const oss_result *result);

const char *oss_result_request_id(const oss_result *result);

const char *oss_result_error_code(const oss_result *result);

const char *oss_result_ec(const oss_result *result);

const char *oss_result_etag(const oss_result *result);

const char *oss_result_version_id(const oss_result *result);

int32_t oss_result_crc64(const oss_result *result, uint64_t *crc64);

uint64_t oss_result_next_position(const oss_result *result);

const void *oss_result_body(const oss_result *result, size_t *len);

const char *oss_result_content_type(const oss_result *result);

const char *oss_result_header(const oss_result *result, const char *name);

uint32_t oss_result_attempts(const oss_result *result);

uint32_t oss_result_callback_repeats(const oss_result *result);

uint64_t oss_result_delivered(const oss_result *result);

uint64_t oss_result_owed(const oss_result *result);

const char *oss_result_upload_id(const oss_result *result);

void oss_result_free(oss_result *result);

const char *oss_status_name(int32_t status);

const char *oss_string_data(const oss_string *string);

size_t oss_string_len(const oss_string *string);

void oss_string_free(oss_string *string);

oss_status oss_trigger_callback(const oss_bucket *bucket,
                                const char *key,
                                const oss_callback *callback,
                                const oss_put_options *options,
                                oss_result **result);

oss_status oss_upload_object(const oss_bucket *bucket,
                             const char *key,
                             const oss_body *body,
                             const oss_callback *callback,
                             const oss_upload_options *options,
                             oss_result **result);

oss_status oss_list_uploads(const oss_bucket *bucket,
                            const char *prefix,
                            uint32_t limit,
                            oss_upload_list **uploads,
                            oss_result **result);

size_t oss_upload_list_count(const oss_upload_list *list);

int32_t oss_upload_list_is_truncated(const oss_upload_list *list);

const char *oss_upload_list_key(const oss_upload_list *list, size_t index);

const char *oss_upload_list_upload_id(const oss_upload_list *list, size_t index);

const char *oss_upload_list_initiated(const oss_upload_list *list, size_t index);

void oss_upload_list_free(oss_upload_list *list);

oss_upload_options *oss_upload_options_new(void);

oss_status oss_upload_options_set_put_options(oss_upload_options *options, const oss_put_options *put_options);

oss_status oss_upload_options_set_part_size(oss_upload_options *options, uint64_t bytes);

oss_status oss_upload_options_set_threshold(oss_upload_options *options, uint64_t bytes);

oss_status oss_upload_options_set_parallel(oss_upload_options *options, uint32_t parts);

oss_status oss_upload_options_set_memory_limit(oss_upload_options *options, uint64_t bytes);

oss_status oss_upload_options_set_checkpoint(oss_upload_options *options, const char *folder);

oss_status oss_upload_options_set_keep_parts(oss_upload_options *options, int32_t keep);

oss_status oss_upload_options_set_rate_limit(oss_upload_options *options, uint64_t bytes_per_second);

oss_status oss_upload_options_set_deadline_ms(oss_upload_options *options, uint64_t ms);

oss_status oss_upload_options_set_cancel(oss_upload_options *options, const oss_cancel *cancel);

oss_status oss_upload_options_set_progress(oss_upload_options *options, oss_progress_fn progress, void *user_data);

oss_status oss_upload_options_set_log(oss_upload_options *options, oss_log_fn log, void *user_data);

oss_status oss_upload_options_set_outbox(oss_upload_options *options, const oss_outbox *outbox);

const char *oss_upload_options_error(const oss_upload_options *options);

void oss_upload_options_free(oss_upload_options *options);

const char *oss_version(void);

uint32_t oss_version_number(void);

oss_status oss_check_version(uint32_t header_abi, uint32_t header_version, oss_result **result);

oss_status oss_writer_new(const oss_bucket *bucket,
                          const char *key,
                          const oss_callback *callback,
                          const oss_upload_options *options,
                          oss_writer **writer,
                          oss_result **result);

oss_status oss_writer_write(oss_writer *writer, const void *data, size_t len, oss_result **result);

oss_status oss_writer_finish(oss_writer *writer, oss_result **result);

oss_status oss_writer_abort(oss_writer *writer, oss_result **result);

void oss_writer_free(oss_writer *writer);
