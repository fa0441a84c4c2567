/*
 * A tool that shares uploads with other programs:
 *   exchange put KEY FILE                uploads a file
 *   exchange begin KEY FILE              begins a multipart upload with the file as part 1, prints its id
 *   exchange finish KEY UPLOAD_ID FILE   adds the file as part 2 and completes the upload
 */

#include "support.h"

int main(int argc, char **argv) {
    const char *verb = argc > 1 ? argv[1] : "";
    oss_bucket *bucket = open_bucket();
    oss_multipart *multipart = NULL;
    oss_body *body = NULL;

    if (argc < 4) {
        give_up("arguments", "missing");
    }
    body = oss_body_from_file(argv[argc - 1]);
    if (strcmp(verb, "put") == 0) {
        CHECK_ENDS(OSS_STATUS_OK, oss_put_body(bucket, argv[2], body, NULL, NULL, &result));
    } else if (strcmp(verb, "begin") == 0) {
        CHECK_ENDS(OSS_STATUS_OK, oss_begin_multipart(bucket, argv[2], NULL, &multipart, &result));
        CHECK_ENDS(OSS_STATUS_OK, oss_upload_part_body(multipart, 1, body, &result));
        printf("%s\n", oss_multipart_upload_id(multipart));
    } else if (strcmp(verb, "finish") == 0 && argc == 5) {
        CHECK_ENDS(OSS_STATUS_OK, oss_reopen_multipart(bucket, argv[2], argv[3], &multipart, &result));
        CHECK_ENDS(OSS_STATUS_OK, oss_upload_part_body(multipart, 2, body, &result));
        CHECK_ENDS(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    } else {
        give_up(verb, "unknown");
    }
    oss_multipart_free(multipart);
    oss_body_free(body);
    oss_bucket_free(bucket);
    return finish();
}
