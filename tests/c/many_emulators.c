/*
 * Runs COUNT emulators in one process at the same time, uploads to each, and stops them: each has its own objects, its ports and
 * threads are gone afterwards, and the signals of the program's own thread are as they were.
 */

#include "support.h"

#include <dirent.h>
#include <oss_emulator.h>
#include <signal.h>
#include <time.h>

#define MOST 200

static unsigned entries(const char *path) {
    DIR *folder = opendir(path);
    unsigned count = 0;
    if (folder == NULL) {
        give_up(path, "cannot be read");
    }
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static unsigned threads(void) {
    return entries("/proc/self/task");
}

static unsigned descriptors(void) {
    return entries("/proc/self/fd");
}

/* The system lists a thread for a moment longer than it can be waited for. */
static int threads_come_down_to(unsigned expected) {
    const struct timespec moment = {0, 1000000};
    int tries = 10000;
    while (threads() > expected && tries-- > 0) {
        nanosleep(&moment, NULL);
    }
    return threads() == expected;
}

static void upload_to(const oss_emulator *emulator, const char *key) {
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    oss_callback *callback = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new(oss_emulator_access_key_id(emulator),
                                                  oss_emulator_access_key_secret(emulator), NULL, &credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(oss_emulator_endpoint(emulator), oss_emulator_bucket(emulator),
                                             credentials, NULL, &bucket, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_callback_new(oss_emulator_callback_url(emulator), "${object}", &callback, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object_with_callback(bucket, key, key, strlen(key), callback, NULL, &result));
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    oss_credentials_free(credentials);
}

static void check_has_only(oss_emulator *emulator, const char *key) {
    oss_emulator_keys *keys = oss_emulator_list_keys(emulator, NULL);
    CHECK(oss_emulator_keys_count(keys) == 1);
    CHECK_TEXT(oss_emulator_keys_at(keys, 0), key);
    CHECK_TEXT((const char *)oss_emulator_callback_body(oss_emulator_next_callback(emulator, 1000), NULL), key);
    CHECK(oss_emulator_next_callback(emulator, 0) == NULL);
    oss_emulator_keys_free(keys);
}

int main(void) {
    static oss_emulator *emulators[MOST];
    const int count = atoi(needed_variable("COUNT"));
    unsigned open, running;
    sigset_t before, after;
    char key[32];
    int i, signal;

    if (count > MOST) {
        give_up("COUNT", "is too large");
    }
    /* What the first one leaves behind for all, such as the source of random numbers, is no leak. */
    CHECK(oss_emulator_start(NULL, &emulators[0]) == OSS_EMULATOR_STATUS_OK);
    upload_to(emulators[0], "first");
    oss_emulator_stop(emulators[0]);
    CHECK(threads_come_down_to(3));
    open = descriptors();
    running = threads();

    sigemptyset(&before);
    sigaddset(&before, SIGUSR1);
    sigprocmask(SIG_SETMASK, &before, NULL);
    for (i = 0; i < count; i++) {
        CHECK(oss_emulator_start(NULL, &emulators[i]) == OSS_EMULATOR_STATUS_OK);
    }
    sigprocmask(SIG_SETMASK, NULL, &after);
    for (signal = 1; signal <= SIGRTMAX; signal++) {
        CHECK(sigismember(&before, signal) == sigismember(&after, signal));
    }
    CHECK(threads() >= running + 2 * (unsigned)count);
    for (i = 0; i < count; i++) {
        format(key, sizeof key, "%d", i);
        upload_to(emulators[i], key);
    }
    for (i = 0; i < count; i++) {
        format(key, sizeof key, "%d", i);
        check_has_only(emulators[i], key);
    }
    for (i = 0; i < count; i++) {
        oss_emulator_stop(emulators[i]);
    }
    CHECK(threads_come_down_to(running));
    CHECK(descriptors() == open);
    return finish();
}
