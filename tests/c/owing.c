/*
 * Uploads KEY with a callback to CALLBACK_URL and an outbox in the folder OUTBOX, in the way that WAY names, or delivers what is
 * owed there: WAY=deliver. The keys of COUNT uploads are KEY-0, KEY-1 and so on. Says how each call ended, and at the end how
 * much memory the program has taken at most.
 */

#include "support.h"

#define PART 102400u

static unsigned char data[2 * PART + 1000];

static uint32_t number(const char *name, uint32_t otherwise) {
    return variable(name) != NULL ? (uint32_t)strtoul(variable(name), NULL, 10) : otherwise;
}

/* Says how a call ended, and whether that was well. */
static bool ended(oss_status status, oss_result *result) {
    static const char *const STORED[] = {"NO", "YES", "UNKNOWN"};
    printf("%s %s %" PRIu64 " %" PRIu64 " %s\n", oss_status_name(status), STORED[oss_result_stored(result)],
           oss_result_delivered(result), oss_result_owed(result), oss_result_message(result));
    oss_result_free(result);
    return status == OSS_STATUS_OK;
}

/* Says how much memory was taken at most. What getrusage() says counts that of the parent, too. */
static void print_peak(void) {
    char line[256];
    FILE *status = fopen("/proc/self/status", "r");
    unsigned long peak;
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (sscanf(line, "VmHWM: %lu", &peak) == 1) {
            printf("peak %lu KiB\n", peak);
        }
    }
    if (status != NULL) {
        fclose(status);
    }
}

static void put(const oss_bucket *bucket, const char *key, const oss_callback *callback, const oss_outbox *outbox) {
    oss_put_options *options = oss_put_options_new();
    oss_result *result = NULL;
    oss_status status;
    CHECK_SETS(oss_put_options_set_outbox(options, outbox));
    status = oss_put_object_with_callback(bucket, key, data, sizeof data, callback, options, &result);
    ended(status, result);
    oss_put_options_free(options);
}

static void parts(const oss_bucket *bucket, const char *key, const oss_callback *callback, const oss_outbox *outbox) {
    oss_put_options *options = oss_put_options_new();
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;
    oss_status status;
    CHECK_SETS(oss_put_options_set_outbox(options, outbox));
    status = oss_begin_multipart(bucket, key, options, &multipart, &result);
    if (ended(status, result)) {
        result = NULL;
        status = oss_upload_part(multipart, 1, data, sizeof data, &result);
        if (ended(status, result)) {
            result = NULL;
            status = oss_complete_multipart(multipart, callback, &result);
            ended(status, result);
        }
    }
    oss_multipart_free(multipart);
    oss_put_options_free(options);
}

static oss_upload_options *upload_options(const oss_outbox *outbox) {
    oss_upload_options *options = oss_upload_options_new();
    CHECK_SETS(oss_upload_options_set_outbox(options, outbox));
    CHECK_SETS(oss_upload_options_set_part_size(options, PART));
    CHECK_SETS(oss_upload_options_set_threshold(options, 0));
    return options;
}

static void managed(const oss_bucket *bucket, const char *key, const oss_callback *callback, const oss_outbox *outbox) {
    oss_upload_options *options = upload_options(outbox);
    oss_body *body = oss_body_from_file(needed_variable("FILE"));
    oss_result *result = NULL;
    oss_status status;
    if (variable("CHECKPOINT") != NULL) {
        CHECK_SETS(oss_upload_options_set_checkpoint(options, variable("CHECKPOINT")));
    }
    status = oss_upload_object(bucket, key, body, callback, options, &result);
    ended(status, result);
    oss_body_free(body);
    oss_upload_options_free(options);
}

static void written(const oss_bucket *bucket, const char *key, const oss_callback *callback, const oss_outbox *outbox) {
    oss_upload_options *options = upload_options(outbox);
    oss_writer *writer = NULL;
    oss_result *result = NULL;
    oss_status status = oss_writer_new(bucket, key, callback, options, &writer, &result);
    if (ended(status, result)) {
        result = NULL;
        status = oss_writer_write(writer, data, sizeof data, &result);
        if (ended(status, result)) {
            result = NULL;
            status = oss_writer_finish(writer, &result);
            ended(status, result);
        }
    }
    oss_writer_free(writer);
    oss_upload_options_free(options);
}

static void deliver(const oss_bucket *bucket, const oss_outbox *outbox) {
    oss_delivery_options *options = oss_delivery_options_new();
    oss_result *result = NULL;
    oss_status status;
    CHECK_SETS(oss_delivery_options_set_parallel(options, number("PARALLEL", 4)));
    status = oss_outbox_deliver(outbox, bucket, options, &result);
    ended(status, result);
    oss_delivery_options_free(options);
}

static void upload(const char *way, const oss_bucket *bucket, const char *key, const oss_outbox *outbox) {
    oss_callback *callback = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(needed_variable("CALLBACK_URL"), "o=${object}&d=${x:delivery}", &callback,
                                               &result));
    CHECK_SETS(oss_callback_set_delivery_variable(callback, "x:delivery"));
    if (strcmp(way, "put") == 0) {
        put(bucket, key, callback, outbox);
    } else if (strcmp(way, "parts") == 0) {
        parts(bucket, key, callback, outbox);
    } else if (strcmp(way, "managed") == 0) {
        managed(bucket, key, callback, outbox);
    } else if (strcmp(way, "writer") == 0) {
        written(bucket, key, callback, outbox);
    } else {
        give_up(way, "no such way");
    }
    oss_callback_free(callback);
}

int main(void) {
    const char *way = needed_variable("WAY");
    oss_bucket_options *settings = bucket_options();
    oss_outbox *outbox = NULL;
    oss_result *result = NULL;
    oss_bucket *bucket;
    uint32_t index;

    /* What was sent by a program that is dead is done within that time, or never. */
    CHECK_SETS(oss_bucket_options_set_settling_time_ms(settings, 300));
    bucket = open_bucket_with(settings);
    if (oss_outbox_open(needed_variable("OUTBOX"), &outbox, &result) != OSS_STATUS_OK) {
        ended(oss_result_status(result), result);
    } else {
        oss_result_free(result);
        if (strcmp(way, "deliver") == 0) {
            deliver(bucket, outbox);
        } else if (variable("COUNT") == NULL) {
            upload(way, bucket, key_of(needed_variable("KEY")), outbox);
        }
        for (index = 0; index < number("COUNT", 0); index++) {
            char key[100];
            format(key, sizeof key, "%s-%u", needed_variable("KEY"), (unsigned)index);
            upload(way, bucket, key, outbox);
        }
    }
    oss_outbox_free(outbox);
    oss_bucket_free(bucket);
    oss_bucket_options_free(settings);
    print_peak();
    return finish();
}
