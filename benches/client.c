/* What an upload costs with the library: the counterpart of bare.c, with the same arguments.
 *   client PORT file PATH N   N times: put the file
 *   client PORT bytes SIZE N  N times: put SIZE zero bytes
 * To 127.0.0.1:PORT over plain http, signed with V4. Prints wall seconds, microseconds a put, and the peak memory. */
#include <oss_upload.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static long peak_kib(void) {
    FILE *status = fopen("/proc/self/status", "r");
    char line[256];
    long kib = -1;
    while (status && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &kib) == 1) break;
    if (status) fclose(status);
    return kib;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: client PORT file|bytes PATH|SIZE N\n");
        return 2;
    }
    int is_file = !strcmp(argv[2], "file"), n = atoi(argv[4]);
    size_t size = is_file ? 0 : strtoull(argv[3], NULL, 10);
    char endpoint[64], *data = is_file ? NULL : calloc(1, size + 1);
    snprintf(endpoint, sizeof endpoint, "http://127.0.0.1:%d", atoi(argv[1]));

    oss_credentials *credentials = NULL;
    oss_bucket_options *options = oss_bucket_options_new();
    oss_bucket *bucket = NULL;
    oss_bucket_options_set_region(options, "cn-hangzhou");
    oss_credentials_new("bench-id", "bench-secret", NULL, &credentials, NULL);
    oss_bucket_new(endpoint, "bench", credentials, options, &bucket, NULL);

    double start = now();
    for (int i = 0; i < n; i++) {
        oss_result *result = NULL;
        oss_status status = is_file ? oss_put_file_with_callback(bucket, "object", argv[3], NULL, NULL, &result)
                                    : oss_put_object(bucket, "object", data, size, NULL, &result);
        if (status != OSS_STATUS_OK) {
            fprintf(stderr, "put %d: %s: %s\n", i, oss_status_name((int)status), oss_result_message(result));
            return 1;
        }
        oss_result_free(result);
    }
    double t = now() - start;
    printf("library %s n=%d wall=%.4f us_per_put=%.1f peak_kib=%ld\n", argv[2], n, t, t / n * 1e6, peak_kib());
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    oss_credentials_free(credentials);
    free(data);
    return 0;
}
