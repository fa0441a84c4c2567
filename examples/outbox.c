/* Uploads bytes with a callback that is not lost: as long as the application server has not answered, a record in a folder
 * says that it is owed, whatever becomes of this process. Run again, it is made up for.
 *
 *   outbox FOLDER            uploads 1 MiB of 'a'
 *   outbox FOLDER deliver    has OSS call again for all that is owed and due, and says what is left */
#include "example.h"
#include <string.h>

static int upload(const oss_bucket *bucket, const oss_callback *callback, const oss_outbox *outbox) {
    static char data[1 << 20];
    oss_put_options *options = oss_put_options_new();
    oss_result *result = NULL;
    int code = EXIT_FAILED;
    memset(data, 'a', sizeof data);
    oss_put_options_set_outbox(options, outbox);
    switch (oss_put_object_with_callback(bucket, "examplefiles/exampleobject.txt", data, sizeof data, callback, options,
                                         &result)) {
    case OSS_STATUS_OK: /* stored and told: nothing is owed */
        code = EXIT_OK;
        break;
    case OSS_STATUS_CALLBACK_FAILED:
    case OSS_STATUS_CALLBACK_UNKNOWN: /* stored, and owed */
        code = EXIT_STORED_WITHOUT_CALLBACK;
        break;
    default: /* owed, unless oss_result_stored() says no */
        code = EXIT_FAILED;
    }
    print_result(result);
    oss_result_free(result);
    oss_put_options_free(options);
    return code;
}

/* What a thread of the program's, or a job of cron's, does now and then. */
static int deliver(const oss_bucket *bucket, const oss_outbox *outbox) {
    oss_result *result = NULL;
    oss_status status = oss_outbox_deliver(outbox, bucket, NULL, &result);
    if (status != OSS_STATUS_OK) fprintf(stderr, "%s\n", oss_result_message(result));
    printf("delivered:   %llu\n", (unsigned long long)oss_result_delivered(result));
    printf("still owed:  %llu\n", (unsigned long long)oss_result_owed(result));
    oss_result_free(result);
    return status == OSS_STATUS_OK ? EXIT_OK : EXIT_FAILED;
}

static void list(oss_outbox *outbox) {
    oss_owed *owed = NULL;
    while (oss_outbox_next(outbox, &owed, NULL) == OSS_STATUS_OK && owed != NULL) {
        printf("owed:        %s, due in %llu s, tried %u times; %s\n", oss_owed_key(owed),
               (unsigned long long)(oss_owed_due_in_ms(owed) + 999) / 1000, oss_owed_tries(owed), oss_owed_message(owed));
        oss_owed_free(owed);
    }
}

int main(int argc, char **argv) {
    if (argc < 2 || argc > 3 || (argc == 3 && strcmp(argv[2], "deliver") != 0)) {
        fprintf(stderr, "usage: outbox FOLDER [deliver]\n");
        return EXIT_USAGE;
    }
    oss_bucket *bucket = open_bucket();
    oss_callback *callback = NULL;
    oss_outbox *outbox = NULL;
    oss_result *result = NULL;
    int code = EXIT_FAILED;
    /* By the variable, the application server can tell that it hears of the same upload again. */
    if (oss_callback_new(needed("OSS_CALLBACK_URL"), "bucket=${bucket}&object=${object}&delivery=${x:delivery}",
                         &callback, &result) != OSS_STATUS_OK
        || oss_callback_set_delivery_variable(callback, "x:delivery") != OSS_STATUS_OK)
        fprintf(stderr, "the callback: %s%s\n", oss_result_message(result), oss_callback_error(callback));
    else if (bucket != NULL) {
        oss_result_free(result);
        if (oss_outbox_open(argv[1], &outbox, &result) != OSS_STATUS_OK)
            fprintf(stderr, "%s\n", oss_result_message(result));
        else {
            code = argc == 3 ? deliver(bucket, outbox) : upload(bucket, callback, outbox);
            list(outbox);
        }
    }
    oss_result_free(result);
    oss_outbox_free(outbox);
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    return code;
}
