/*
 * A tool that shares signed URLs with other programs:
 *   presigned_exchange put KEY [NAME VALUE]...     signs the upload of an object with these headers
 *   presigned_exchange part KEY UPLOAD_ID NUMBER   signs the upload of a part
 *   presigned_exchange complete KEY UPLOAD_ID      signs the completion of an upload in parts
 *   presigned_exchange get KEY                     signs the download of an object
 *   presigned_exchange upload URL FILE ANSWER [NAME VALUE]...
 *       uploads a file to a URL that somebody else signed with these headers; what comes back goes to the file ANSWER
 * What is signed has a callback if CALLBACK_URL is set, with the template CALLBACK_BODY and CALLBACK_USER as x:user.
 */

#include "support.h"

#define LIFETIME_S 600

static oss_callback *callback_of_the_environment(void) {
    oss_callback *callback = NULL;
    if (variable("CALLBACK_URL") != NULL) {
        CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(needed_variable("CALLBACK_URL"), needed_variable("CALLBACK_BODY"),
                                                   &callback, &result));
        CHECK_SETS(oss_callback_add_variable(callback, "x:user", needed_variable("CALLBACK_USER")));
    }
    return callback;
}

static oss_presigned *sign(const oss_bucket *bucket, const char *verb, const char *key, char **rest) {
    oss_callback *callback = callback_of_the_environment();
    oss_presigned *presigned = NULL;
    if (strcmp(verb, "put") == 0) {
        oss_put_options *options = oss_put_options_new();
        for (; rest[0] != NULL && rest[1] != NULL; rest += 2) {
            CHECK_SETS(oss_put_options_set_header(options, rest[0], rest[1]));
        }
        CHECK_ENDS(OSS_STATUS_OK,
                   oss_presign_put(bucket, key, callback, options, LIFETIME_S, &presigned, &result));
        oss_put_options_free(options);
    } else if (strcmp(verb, "part") == 0 && rest[0] != NULL && rest[1] != NULL) {
        uint32_t number = (uint32_t)atoi(rest[1]);
        CHECK_ENDS(OSS_STATUS_OK,
                   oss_presign_upload_part(bucket, key, rest[0], number, LIFETIME_S, &presigned, &result));
    } else if (strcmp(verb, "complete") == 0 && rest[0] != NULL) {
        CHECK_ENDS(OSS_STATUS_OK,
                   oss_presign_complete_multipart(bucket, key, rest[0], callback, LIFETIME_S, &presigned, &result));
    } else if (strcmp(verb, "get") == 0) {
        CHECK_ENDS(OSS_STATUS_OK, oss_presign_get(bucket, key, LIFETIME_S, &presigned, &result));
    } else {
        give_up(verb, "unknown, or with too few arguments");
    }
    oss_callback_free(callback);
    return presigned;
}

/* The method, the URL, and a line for each header that has to be sent. */
static void print(const oss_presigned *presigned) {
    printf("%s\n%s\n", oss_presigned_method(presigned), oss_presigned_url(presigned));
    for (size_t i = 0; i < oss_presigned_header_count(presigned); i++) {
        printf("%s: %s\n", oss_presigned_header_name(presigned, i), oss_presigned_header_value(presigned, i));
    }
}

static void write_answer(const char *path, const oss_result *result) {
    size_t length = 0;
    const void *answer = oss_result_body(result, &length);
    FILE *file = fopen(path, "wb");
    if (file == NULL || (length > 0 && fwrite(answer, 1, length, file) != length) || fclose(file) != 0) {
        give_up(path, "cannot be written");
    }
}

/* Whatever comes of it is for whoever called to judge. */
static void upload(const char *url, const char *path, const char *answer, char **headers) {
    oss_presigned *presigned = NULL;
    oss_body *body = oss_body_from_file(path);
    oss_result *result = NULL;

    CHECK_ENDS(OSS_STATUS_OK, oss_presigned_new(url, &presigned, &result));
    for (; headers[0] != NULL && headers[1] != NULL; headers += 2) {
        CHECK_ENDS(OSS_STATUS_OK, oss_presigned_add_header(presigned, headers[0], headers[1], &result));
    }
    oss_put_to_url(presigned, body, NULL, &result);
    printf("%s\n%d\n%d\n%s\n%s\n%s\n", oss_status_name(oss_result_status(result)), (int)oss_result_stored(result),
           (int)oss_result_http_status(result), oss_result_error_code(result), oss_result_etag(result),
           oss_result_content_type(result));
    write_answer(answer, result);
    oss_result_free(result);
    oss_body_free(body);
    oss_presigned_free(presigned);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        give_up("arguments", "missing");
    }
    if (strcmp(argv[1], "upload") == 0 && argc >= 5) {
        upload(argv[2], argv[3], argv[4], argv + 5);
    } else {
        oss_bucket *bucket = open_bucket();
        oss_presigned *presigned = sign(bucket, argv[1], argv[2], argv + 3);
        print(presigned);
        oss_presigned_free(presigned);
        oss_bucket_free(bucket);
    }
    return finish();
}
