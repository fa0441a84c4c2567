/* Uploads 1 MiB of 'a' in parts; OSS calls the application server once, when the parts become an object.
 *
 *   multipart_callback */
#include "example.h"
#include <string.h>

enum { SIZE = 1 << 20, PART_SIZE = 300 * 1024 };

/* Leaves an upload that cannot be completed: its parts would go on costing money. */
static void give_up(oss_multipart *multipart, const char *what, const oss_result *result) {
    fprintf(stderr, "%s: %s\n", what, oss_result_message(result));
    if (multipart != NULL && oss_result_stored(result) == OSS_STORED_NO
        && oss_abort_multipart(multipart, NULL) != OSS_STATUS_OK)
        fprintf(stderr, "the parts of upload %s are still there\n", oss_multipart_upload_id(multipart));
}

static int upload(const oss_bucket *bucket, const oss_callback *callback) {
    static char data[SIZE];
    oss_multipart *multipart = NULL;
    oss_result *result = NULL;
    const char *doing = "begin";
    int code = EXIT_FAILED;
    oss_status status = oss_begin_multipart(bucket, "examplefiles/exampleobject.txt", NULL, &multipart, &result);
    memset(data, 'a', sizeof data);
    for (size_t done = 0, number = 1; status == OSS_STATUS_OK && done < SIZE; done += PART_SIZE, number++) {
        size_t size = SIZE - done < PART_SIZE ? SIZE - done : PART_SIZE;
        oss_result_free(result);
        doing = "part";
        status = oss_upload_part(multipart, (uint32_t)number, data + done, size, &result);
        if (status == OSS_STATUS_OK) printf("part %zu:      %s\n", number, oss_result_etag(result));
    }
    if (status == OSS_STATUS_OK) {
        oss_result_free(result);
        doing = "complete";
        status = oss_complete_multipart(multipart, callback, &result);
        print_result(result);
    }
    if (status == OSS_STATUS_OK)
        code = EXIT_OK;
    else if (status == OSS_STATUS_CALLBACK_FAILED || status == OSS_STATUS_CALLBACK_UNKNOWN)
        code = EXIT_STORED_WITHOUT_CALLBACK; /* the object is there: nothing to abort */
    else
        give_up(multipart, doing, result);
    oss_result_free(result);
    oss_multipart_free(multipart);
    return code;
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    oss_callback *callback = NULL;
    oss_result *result = NULL;
    int code = EXIT_FAILED;
    if (oss_callback_new(needed("OSS_CALLBACK_URL"),
                         "bucket=${bucket}&object=${object}&one=${x:my_var1}&two=${x:my_var2}", &callback, &result)
            != OSS_STATUS_OK
        || oss_callback_set_body_type(callback, OSS_CALLBACK_BODY_FORM) != OSS_STATUS_OK
        || oss_callback_add_variable(callback, "x:my_var1", "my_val1") != OSS_STATUS_OK
        || oss_callback_add_variable(callback, "x:my_var2", "my_val2") != OSS_STATUS_OK)
        fprintf(stderr, "the callback: %s%s\n", oss_result_message(result), oss_callback_error(callback));
    else if (bucket != NULL)
        code = upload(bucket, callback);
    oss_result_free(result);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return code;
}
