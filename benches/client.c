/* What an upload costs with the library: the counterpart of bare.c, with the same arguments.
 *   client file PATH N PORT [CA-FILE]    N times: put the file
 *   client bytes SIZE N PORT [CA-FILE]   N times: put SIZE zero bytes
 * and of what has no counterpart:
 *   client upload PATH N PORT [CA-FILE]  once: upload the file with N parts in flight
 *   client stream SIZE N PORT [CA-FILE]  once: upload SIZE zero bytes from a function with N parts in flight
 * To 127.0.0.1:PORT, over https if there is a CA-FILE, signed with V4. Prints wall seconds, microseconds a put, and the
 * peak memory. */
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

/* Gives zero bytes until none are left. */
static int32_t read_zeros(void *left, void *buffer, size_t capacity, size_t *got) {
    uint64_t *rest = left;
    *got = *rest < capacity ? (size_t)*rest : capacity;
    memset(buffer, 0, *got);
    *rest -= *got;
    return 0;
}

static oss_status upload(const oss_bucket *bucket, oss_body *body, uint32_t parallel, oss_result **result) {
    oss_upload_options *options = oss_upload_options_new();
    oss_upload_options_set_parallel(options, parallel);
    oss_status status = oss_upload_object(bucket, "object", body, NULL, options, result);
    oss_upload_options_free(options);
    oss_body_free(body);
    return status;
}

static oss_status put(const oss_bucket *bucket, oss_body *body, oss_result **result) {
    oss_status status = oss_put_body(bucket, "object", body, NULL, NULL, result);
    oss_body_free(body);
    return status;
}

int main(int argc, char **argv) {
    if (argc != 5 && argc != 6) {
        fprintf(stderr, "usage: client file|bytes|upload|stream PATH|SIZE N PORT [CA-FILE]\n");
        return 2;
    }
    const char *what = argv[1], *path = argv[2], *ca_file = argv[5];
    int n = atoi(argv[3]), is_managed = !strcmp(what, "upload") || !strcmp(what, "stream");
    uint64_t size = strtoull(argv[2], NULL, 10);
    char endpoint[64], *data = !strcmp(what, "bytes") ? calloc(1, size + 1) : NULL;
    snprintf(endpoint, sizeof endpoint, "%s://127.0.0.1:%d", ca_file ? "https" : "http", atoi(argv[4]));

    oss_credentials *credentials = NULL;
    oss_bucket_options *options = oss_bucket_options_new();
    oss_bucket *bucket = NULL;
    oss_bucket_options_set_region(options, "cn-hangzhou");
    if (ca_file) oss_bucket_options_set_ca_file(options, ca_file);
    oss_credentials_new("bench-id", "bench-secret", NULL, &credentials, NULL);
    oss_bucket_new(endpoint, "bench", credentials, options, &bucket, NULL);

    double start = now();
    for (int i = 0; i < (is_managed ? 1 : n); i++) {
        oss_result *result = NULL;
        oss_status status;
        if (!strcmp(what, "upload"))
            status = upload(bucket, oss_body_from_file(path), (uint32_t)n, &result);
        else if (!strcmp(what, "stream"))
            status = upload(bucket, oss_body_from_reader(read_zeros, NULL, &size, OSS_LENGTH_UNKNOWN), (uint32_t)n, &result);
        else if (!strcmp(what, "file"))
            status = put(bucket, oss_body_from_file(path), &result);
        else
            status = oss_put_object(bucket, "object", data, (size_t)size, NULL, &result);
        if (status != OSS_STATUS_OK) {
            fprintf(stderr, "%s %d: %s: %s\n", what, i, oss_status_name((int)status), oss_result_message(result));
            return 1;
        }
        oss_result_free(result);
    }
    double t = now() - start;
    printf("library %s n=%d wall=%.4f us_per_put=%.1f peak_kib=%ld\n", what, n, t, t / n * 1e6, peak_kib());
    oss_bucket_free(bucket);
    oss_bucket_options_free(options);
    oss_credentials_free(credentials);
    free(data);
    return 0;
}
