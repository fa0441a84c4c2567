/* A host that closes all descriptors between two calls, as daemons do, and opens its own under their numbers. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1024, PAIRS = 40, AT_ONCE = 3 };

/* Opens two things, of which at least one could be mistaken for ours. */
typedef void pair(int fds[2]);

static void nothing(int fds[2]) {
    fds[0] = fds[1] = -1;
}

static void files(int fds[2]) {
    for (int i = 0; i < 2; i++) fds[i] = open(path_of("file"), O_CREAT | O_RDWR | O_APPEND, 0600);
}

static void sockets(int fds[2]) {
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0);
}

static void connections(int fds[2]) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    const int listening = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listening, (struct sockaddr *)&address, length) == 0 && listen(listening, 1) == 0);
    CHECK(getsockname(listening, (struct sockaddr *)&address, &length) == 0);
    fds[0] = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(connect(fds[0], (struct sockaddr *)&address, length) == 0);
    fds[1] = accept(listening, NULL, NULL);
    close(listening);
}

static void epolls(int fds[2]) {
    const struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data = {.u64 = 8}};
    int pipes[2];
    CHECK(pipe(pipes) == 0);
    for (int i = 0; i < 2; i++) {
        fds[i] = epoll_create1(0);
        CHECK(epoll_ctl(fds[i], EPOLL_CTL_ADD, pipes[1], (struct epoll_event *)&event) == 0);
    }
}

struct own {
    int fd;
    struct stat stat;
};

static struct own own[2 * PAIRS];
static oss_bucket *bucket;

static void close_all_and_open(pair *opened) {
    for (int fd = 3; fd < MOST; fd++) close(fd);
    for (int i = 0; i < PAIRS; i++) {
        int fds[2];
        opened(fds);
        for (int j = 0; j < 2; j++) {
            own[2 * i + j].fd = fds[j];
            if (fds[j] >= 0) CHECK(fstat(fds[j], &own[2 * i + j].stat) == 0);
        }
    }
}

/* What is the host's is still open, and nobody wrote to it or read from it. */
static void check_own(void) {
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        struct stat now;
        int waiting = 0;
        if (own[i].fd < 0) continue;
        CHECK(fstat(own[i].fd, &now) == 0);
        CHECK(now.st_dev == own[i].stat.st_dev && now.st_ino == own[i].stat.st_ino && now.st_size == own[i].stat.st_size);
        if (S_ISSOCK(now.st_mode)) CHECK(ioctl(own[i].fd, FIONREAD, &waiting) == 0 && waiting == 0);
    }
}

static void *put(void *key) {
    CHECK_ENDS(OSS_STATUS_OK, oss_put_object(bucket, key, "data", 4, NULL, &result));
    return NULL;
}

/* Leaves as many lanes as there are calls at once. */
static void put_several(void) {
    pthread_t threads[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) pthread_create(&threads[i], NULL, put, "several");
    for (int i = 0; i < AT_ONCE; i++) pthread_join(threads[i], NULL);
}

static void try(pair *opened) {
    bucket = open_bucket();
    put_several();
    close_all_and_open(opened);
    put("after");
    put_several();
    check_own();
    /* And once more, with what was made since. */
    close_all_and_open(opened);
    put("again");
    check_own();
    close_all_and_open(opened);
    oss_bucket_free(bucket);
    check_own();
}

int main(void) {
    static pair *const all[] = {nothing, files, sockets, connections, epolls};
    alarm(100);
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) try(all[i]);
    return finish();
}
