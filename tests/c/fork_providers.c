/*
 * Children that are forked while a thread of their parent's fetches a key over the network, from the PROVIDER that the test
 * names. Its service says on the pipe HELD that it has the parent's request, which it answers once there is a byte on the
 * pipe GO.
 */
#define _DEFAULT_SOURCE
#include "support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CHILDREN = 3 };

static oss_bucket *bucket;

/* The metadata service is here. */
int connect(int descriptor, const struct sockaddr *to, socklen_t size) {
    struct sockaddr_in address;
    if (to->sa_family == AF_INET && size == sizeof address) {
        memcpy(&address, to, size);
        if (address.sin_addr.s_addr == inet_addr("100.100.100.200")) {
            address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            address.sin_port = htons((uint16_t)atoi(needed_variable("SERVICE_PORT")));
            to = (const struct sockaddr *)&address;
        }
    }
    return (int)syscall(SYS_connect, descriptor, to, size);
}

static oss_credentials *found(const char *provider) {
    oss_credentials *made = NULL;
    if (strcmp(provider, "role") == 0) {
        CHECK_SETS(oss_credentials_new_from_ecs_role(NULL, &made, NULL));
    } else if (strcmp(provider, "oidc") == 0) {
        CHECK_SETS(oss_credentials_new_from_oidc("r", "p", needed_variable("TOKEN_FILE"), NULL, needed_variable("SERVICE"),
                                                 &made, NULL));
    } else {
        CHECK_SETS(oss_credentials_new_from_uri(needed_variable("SERVICE"), &made, NULL));
    }
    return made;
}

static oss_status put(const char *who, int round) {
    char key[64];
    format(key, sizeof key, "%s/%d", who, round);
    return oss_put_object(bucket, key, "x", 1, NULL, NULL);
}

static void *putting(void *round) {
    return (void *)(intptr_t)put("parent", *(int *)round);
}

static void wait_until_held(void) {
    char byte = 0;
    const int held = open(needed_variable("HELD"), O_RDONLY);
    CHECK(read(held, &byte, 1) == 1);
    close(held);
}

static void let_go(void) {
    const int go = open(needed_variable("GO"), O_WRONLY);
    CHECK(write(go, "x", 1) == 1);
    close(go);
}

/* It puts twice, with a key of its own. One that hangs is ended by the signal, which its parent sees. */
static pid_t forked(int round, int number) {
    const pid_t child = fork();
    if (child == 0) {
        char who[16];
        alarm(30);
        format(who, sizeof who, "child%d", number);
        const bool is_well = put(who, round) == OSS_STATUS_OK && put(who, round) == OSS_STATUS_OK;
        oss_bucket_free(bucket);
        _exit(!is_well);
    }
    return child;
}

static void go(int round) {
    oss_credentials *credentials = found(needed_variable("PROVIDER"));
    pid_t children[CHILDREN];
    pthread_t thread;
    void *status = NULL;
    bucket = bucket_of(credentials);
    oss_credentials_free(credentials);
    pthread_create(&thread, NULL, putting, &round);
    wait_until_held();
    for (int number = 0; number < CHILDREN; number++) children[number] = forked(round, number);
    /* Either side may be the first to have its key. */
    if (round % 2) let_go();
    for (int number = 0; number < CHILDREN; number++) {
        int ended = -1;
        CHECK(waitpid(children[number], &ended, 0) == children[number] && ended == 0);
    }
    if (round % 2 == 0) let_go();
    pthread_join(thread, &status);
    CHECK((intptr_t)status == OSS_STATUS_OK);
    CHECK(put("parent", round) == OSS_STATUS_OK);
    oss_bucket_free(bucket);
}

int main(void) {
    const int rounds = atoi(needed_variable("ROUNDS"));
    alarm(200);
    /* A process that has failed has left the service with another count. */
    for (int round = 0; round < rounds && failures == 0; round++) go(round);
    return finish();
}
