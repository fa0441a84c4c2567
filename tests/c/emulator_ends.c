/* Nothing keeps an emulator from ending, and nothing but its own process ends it. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <arpa/inet.h>
#include <oss_emulator.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A child leaves it as it is, and a handle that can be reached is no leak. */
static oss_emulator *emulator;

static void start(void) {
    CHECK(oss_emulator_start(NULL, &emulator) == OSS_EMULATOR_STATUS_OK);
}

/* Lets this process have no further descriptors. Returns what it could have before. */
static struct rlimit without_descriptors(void) {
    struct rlimit before, none;
    CHECK(getrlimit(RLIMIT_NOFILE, &before) == 0);
    none = before;
    none.rlim_cur = 3;
    CHECK(setrlimit(RLIMIT_NOFILE, &none) == 0);
    return before;
}

static void ends_without_a_descriptor(void) {
    struct rlimit before;
    start();
    before = without_descriptors();
    oss_emulator_stop(emulator);
    setrlimit(RLIMIT_NOFILE, &before);
}

/* Connects to the server at a URL. */
static void connect_to(int client, const char *url) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    address.sin_port = htons((uint16_t)atoi(strrchr(url, ':') + 1));
    CHECK(connect(client, (struct sockaddr *)&address, sizeof address) == 0);
}

static long milliseconds(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* A server that waits for descriptors takes hardly any of the processor's time. */
static void waits_quietly_for_descriptors(void) {
    const struct timespec moment = {0, 300000000};
    int clients[4];
    struct rlimit before;
    long used;
    int i;
    start();
    for (i = 0; i < 4; i++) {
        clients[i] = socket(AF_INET, SOCK_STREAM, 0);
    }
    before = without_descriptors();
    /* One descriptor was taken beforehand, for the first that comes. */
    for (i = 0; i < 4; i++) {
        connect_to(clients[i], i % 2 == 0 ? oss_emulator_callback_url(emulator) : oss_emulator_endpoint(emulator));
    }
    used = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    nanosleep(&moment, NULL);
    used = milliseconds(CLOCK_PROCESS_CPUTIME_ID) - used;
    CHECK(used < 30);
    oss_emulator_stop(emulator);
    setrlimit(RLIMIT_NOFILE, &before);
    for (i = 0; i < 4; i++) {
        close(clients[i]);
    }
}

static oss_status put(void) {
    oss_credentials *credentials = NULL;
    oss_bucket *bucket = NULL;
    oss_status status;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new(oss_emulator_access_key_id(emulator),
                                                  oss_emulator_access_key_secret(emulator), NULL, &credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(oss_emulator_endpoint(emulator), oss_emulator_bucket(emulator),
                                             credentials, NULL, &bucket, &result));
    status = oss_put_object(bucket, "key", "data", 4, NULL, NULL);
    oss_bucket_free(bucket);
    oss_credentials_free(credentials);
    return status;
}

static void a_child_leaves_it_to_its_parent(void) {
    int status = -1;
    pid_t child;
    start();
    CHECK(put() == OSS_STATUS_OK);
    child = fork();
    if (child == 0) {
        /* A child that hangs is ended by the signal, which the parent sees. */
        alarm(30);
        oss_emulator_stop(emulator);
        /* Whoever exits is looked at for leaks, such as the memory of threads that only the parent has. */
        kill(getpid(), SIGKILL);
    }
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK(put() == OSS_STATUS_OK);
    oss_emulator_stop(emulator);
}

int main(void) {
    alarm(100);
    ends_without_a_descriptor();
    waits_quietly_for_descriptors();
    a_child_leaves_it_to_its_parent();
    return finish();
}
