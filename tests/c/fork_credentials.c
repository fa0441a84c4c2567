/* Credentials in a child that was forked while a thread of its parent asks for a key, and while the function itself runs. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <pthread.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static pid_t parent;
static oss_bucket *bucket, *other;
static int asked[2], may_answer[2];
static bool forks;

static oss_status put(const oss_bucket *where, const char *key) {
    return oss_put_object(where, key, "x", 1, NULL, NULL);
}

static int outcome_of(pid_t child) {
    int status = -1;
    waitpid(child, &status, 0);
    return status;
}

/* In the parent it takes as long as the test likes. */
static int32_t current_key(void *user_data, oss_credentials_answer *answer) {
    char byte = 'x';
    (void)user_data;
    if (forks) {
        pid_t child = fork();
        if (child == 0) {
            alarm(30);
            _exit(put(other, "child of the function") != OSS_STATUS_OK);
        }
        CHECK(outcome_of(child) == 0);
    } else if (getpid() == parent) {
        CHECK(write(asked[1], &byte, 1) == 1 && read(may_answer[0], &byte, 1) == 1);
    }
    oss_credentials_answer_set_access_key_id(answer, needed_variable("OSS_ACCESS_KEY_ID"));
    oss_credentials_answer_set_access_key_secret(answer, needed_variable("OSS_ACCESS_KEY_SECRET"));
    oss_credentials_answer_set_expiry(answer, (int64_t)time(NULL) + 3600);
    return 0;
}

static oss_bucket *bucket_from_function(void) {
    oss_credentials *credentials = NULL;
    oss_bucket *made;
    CHECK_SETS(oss_credentials_new_from_function(current_key, NULL, &credentials, NULL));
    made = bucket_of(credentials);
    oss_credentials_free(credentials);
    return made;
}

static void *putting(void *argument) {
    *(oss_status *)argument = put(bucket, "parent");
    return NULL;
}

static void forked_while_a_thread_asks(void) {
    pthread_t thread;
    oss_status status = OSS_STATUS_INTERNAL;
    char byte = 'x';
    pid_t child;
    bucket = bucket_from_function();
    CHECK(pipe(asked) == 0 && pipe(may_answer) == 0);
    pthread_create(&thread, NULL, putting, &status);
    CHECK(read(asked[0], &byte, 1) == 1);
    child = fork();
    if (child == 0) {
        /* A child that hangs is ended by the signal, which the parent sees. */
        alarm(30);
        int failed = put(bucket, "child") != OSS_STATUS_OK || put(bucket, "child") != OSS_STATUS_OK;
        oss_bucket_free(bucket);
        _exit(failed);
    }
    CHECK(outcome_of(child) == 0);
    CHECK(write(may_answer[1], &byte, 1) == 1);
    pthread_join(thread, NULL);
    CHECK(status == OSS_STATUS_OK);
    CHECK(put(bucket, "parent") == OSS_STATUS_OK);
    oss_bucket_free(bucket);
}

static void forked_in_the_function(void) {
    forks = true;
    bucket = bucket_from_function();
    CHECK(put(bucket, "parent") == OSS_STATUS_OK);
    oss_bucket_free(bucket);
}

int main(void) {
    alarm(100);
    parent = getpid();
    other = open_bucket();
    forked_while_a_thread_asks();
    forked_in_the_function();
    oss_bucket_free(other);
    return finish();
}
