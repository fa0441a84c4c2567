/* Uploads a file, whatever its size, in little memory; OSS then calls the application server.
 *
 *   put_file_callback FILE */
#include "example.h"

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: put_file_callback FILE\n");
        return EXIT_USAGE;
    }
    oss_bucket *bucket = open_bucket();
    oss_callback *callback = NULL;
    oss_result *result = NULL;
    int code = EXIT_FAILED;
    if (oss_callback_new(needed("OSS_CALLBACK_URL"),
                         "bucket=${bucket}&object=${object}&one=${x:my_var1}&two=${x:my_var2}", &callback, &result)
            != OSS_STATUS_OK
        || oss_callback_set_body_type(callback, OSS_CALLBACK_BODY_FORM) != OSS_STATUS_OK
        || oss_callback_add_variable(callback, "x:my_var1", "my_val1") != OSS_STATUS_OK
        || oss_callback_add_variable(callback, "x:my_var2", "my_val2") != OSS_STATUS_OK) {
        fprintf(stderr, "the callback: %s%s\n", oss_result_message(result), oss_callback_error(callback));
    } else if (bucket != NULL) {
        oss_result_free(result);
        switch (oss_put_file_with_callback(bucket, "examplefiles/exampleobject.txt", argv[1], callback, NULL, &result)) {
        case OSS_STATUS_OK:
            code = EXIT_OK;
            break;
        case OSS_STATUS_CALLBACK_FAILED:  /* stored; the body says why the callback failed */
        case OSS_STATUS_CALLBACK_UNKNOWN: /* stored; whether the application server was told is not known */
            code = EXIT_STORED_WITHOUT_CALLBACK;
            break;
        case OSS_STATUS_LOCAL_IO:       /* the file cannot be read */
        case OSS_STATUS_SOURCE_CHANGED: /* somebody wrote to the file meanwhile */
        default:                        /* what became of the object is in oss_result_stored() */
            code = EXIT_FAILED;
        }
        print_result(result);
    }
    oss_result_free(result);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return code;
}
