/* Uploads bytes; OSS then calls the application server, whose answer comes back with the result.
 *
 *   put_callback [FILE]     uploads 1 MiB of 'a', or the bytes of FILE */
#include "example.h"
#include <string.h>

static char *load(const char *path, size_t *size) {
    FILE *file = fopen(path, "rb");
    long end = file != NULL && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    char *data = end >= 0 && fseek(file, 0, SEEK_SET) == 0 ? malloc((size_t)end + 1) : NULL;
    if (data != NULL) *size = fread(data, 1, (size_t)end, file);
    if (data == NULL || *size != (size_t)end) {
        perror(path);
        exit(EXIT_FAILED);
    }
    fclose(file);
    return data;
}

int main(int argc, char **argv) {
    static char letters[1 << 20];
    size_t size = sizeof letters;
    char *loaded = argc > 1 ? load(argv[1], &size) : NULL;
    const char *data = loaded != NULL ? loaded : memset(letters, 'a', sizeof letters);

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
        switch (oss_put_object_with_callback(bucket, "examplefiles/exampleobject.txt", data, size, callback, NULL,
                                             &result)) {
        case OSS_STATUS_OK: /* stored, and the body of the result is the application server's answer */
            code = EXIT_OK;
            break;
        case OSS_STATUS_CALLBACK_FAILED:  /* stored; the body says why the callback failed */
        case OSS_STATUS_CALLBACK_UNKNOWN: /* stored; whether the application server was told is not known */
            code = EXIT_STORED_WITHOUT_CALLBACK;
            break;
        default: /* what became of the object is in oss_result_stored() */
            code = EXIT_FAILED;
        }
        print_result(result);
    }
    oss_result_free(result);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    free(loaded);
    return code;
}
