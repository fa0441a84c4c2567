/* Uploads happen on the thread that calls: the process never has another one, but for the resolution of a host name. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <dirent.h>
#include <sched.h>
#include <time.h>

static int threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    for (struct dirent *entry; tasks && (entry = readdir(tasks));) count += entry->d_name[0] != '.';
    if (tasks) closedir(tasks);
    return count;
}

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
/* It begins a thread of its own when the program begins its first. */
#define WATCHING 1
#endif
#endif
#ifndef WATCHING
#define WATCHING 0
#endif

int main(void) {
    const int by_name = variable("BY_NAME") != NULL;
    const int expected = by_name ? 1 + WATCHING : 1;
    oss_bucket *bucket = open_bucket();
    oss_multipart *multipart = NULL;
    char *data = calloc(1, 3 << 20);

    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "small", "data", 4, NULL, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, "large", data, 3 << 20, NULL, &result));
    CHECK(oss_begin_multipart(bucket, "parts", NULL, &multipart, NULL) == OSS_STATUS_OK);
    CHECK_ENDS(OSS_STATUS_OK, oss_upload_part(multipart, 1, data, 3 << 20, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_complete_multipart(multipart, NULL, &result));
    if (by_name) {
        /* The thread that resolved the name has given its answer and is about to end. */
        time_t give_up = time(NULL) + 10;
        while (threads() > expected && time(NULL) < give_up) sched_yield();
    }
    CHECK(threads() == expected);

    free(data);
    oss_multipart_free(multipart);
    oss_bucket_free(bucket);
    return finish();
}
