/* Uploads while a signal arrives every millisecond, whose handler does not have system calls restarted. */
#define _DEFAULT_SOURCE
#include "every_kind.h"

#include <signal.h>
#include <sys/time.h>

enum { SIGNALS = 300 };

static volatile sig_atomic_t arrived;
static char data[KIND_SIZE];

static void handle(int number) {
    (void)number;
    arrived = arrived + 1;
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    struct sigaction action = {.sa_handler = handle};
    struct itimerval timer = {{0, 1000}, {0, 1000}}, off = {{0, 0}, {0, 0}};
    int failed = 0;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    while (arrived < SIGNALS && failed == 0) {
        failed = upload_every_kind(bucket, data);
    }
    CHECK(setitimer(ITIMER_REAL, &off, NULL) == 0);
    CHECK(failed == 0);
    oss_bucket_free(bucket);
    return finish();
}
