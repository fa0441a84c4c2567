/* A multipart upload that a parent and its child work on together. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <sys/wait.h>
#include <unistd.h>

enum { SIZE = 200 << 10 };

int main(void) {
    alarm(100);
    oss_bucket *bucket = open_bucket();
    oss_multipart *multipart = NULL;
    char *data = malloc(SIZE);
    memset(data, 'p', SIZE);
    CHECK(oss_begin_multipart(bucket, "together", NULL, &multipart, NULL) == OSS_STATUS_OK);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, data, SIZE, &result));

    pid_t child = fork();
    if (child == 0) {
        alarm(30);
        memset(data, 'c', SIZE);
        oss_status status = oss_upload_part(multipart, 2, data, SIZE, NULL);
        oss_multipart_free(multipart);
        oss_bucket_free(bucket);
        _exit(status != OSS_STATUS_OK);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK(status == 0);
    CHECK_ENDS(OSS_STATUS_OK, oss_complete_multipart_with_all(multipart, NULL, &result));

    free(data);
    oss_multipart_free(multipart);
    oss_bucket_free(bucket);
    return finish();
}
