/*
 * For LD_PRELOAD: counts the calls by which a program changes files or talks to the network, and kills the program
 * before the call number KILL_AT is done. The name of each call goes to the file CALLS, a line for each, at the end or
 * when it is killed. Its clock of the day is CLOCK_AHEAD seconds ahead.
 */

/* For RTLD_NEXT and syscall(). */
#define _GNU_SOURCE

#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "hidden.h"

/* Threads are not expected: the library has none of its own. */
static unsigned long count;
static char names[1 << 16];
static size_t length;

static void save(void) __attribute__((destructor));

static void save(void) {
    static int (*real_open)(const char *, int, ...);
    static ssize_t (*real_write)(int, const void *, size_t);
    const char *path = getenv("CALLS");
    int file;
    if (path == NULL) {
        return;
    }
    find(&real_open, "open");
    find(&real_write, "write");
    file = real_open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || real_write(file, names, length) != (ssize_t)length) {
        abort();
    }
    close(file);
}

static void next(const char *name) {
    const char *last = getenv("KILL_AT");
    size_t size = strlen(name);
    if (length + size + 1 > sizeof names) {
        abort();
    }
    memcpy(names + length, name, size);
    names[length + size] = '\n';
    length += size + 1;
    count++;
    if (last != NULL && count == strtoul(last, NULL, 10)) {
        save();
        raise(SIGKILL);
    }
}

static mode_t mode_of(va_list arguments, int flags) {
    return flags & O_CREAT ? (mode_t)va_arg(arguments, unsigned) : 0;
}

#define OPEN(function)                                   \
    int function(const char *path, int flags, ...) {     \
        static int (*real)(const char *, int, ...);      \
        va_list arguments;                               \
        mode_t mode;                                     \
        va_start(arguments, flags);                      \
        mode = mode_of(arguments, flags);                \
        va_end(arguments);                               \
        REAL(#function);                                 \
        if (flags & O_CREAT) next("open");               \
        return real(path, flags, mode);                  \
    }

#define OPEN_AT(function)                                        \
    int function(int folder, const char *path, int flags, ...) { \
        static int (*real)(int, const char *, int, ...);         \
        va_list arguments;                                       \
        mode_t mode;                                             \
        va_start(arguments, flags);                              \
        mode = mode_of(arguments, flags);                        \
        va_end(arguments);                                       \
        REAL(#function);                                         \
        if (flags & O_CREAT) next("open");                       \
        return real(folder, path, flags, mode);                  \
    }

OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

/* Asked by the kernel: a sanitizer asks for the time even while the real function would be looked for. */
int clock_gettime(clockid_t clock, struct timespec *time) {
    const char *ahead = getenv("CLOCK_AHEAD");
    int result = (int)syscall(SYS_clock_gettime, clock, time);
    if (clock == CLOCK_REALTIME && ahead != NULL) {
        time->tv_sec += strtol(ahead, NULL, 10);
    }
    return result;
}

int mkdir(const char *path, mode_t mode) {
    static int (*real)(const char *, mode_t);
    REAL("mkdir");
    next("mkdir");
    return real(path, mode);
}

int flock(int file, int operation) {
    static int (*real)(int, int);
    REAL("flock");
    next("flock");
    return real(file, operation);
}

int fsync(int file) {
    static int (*real)(int);
    REAL("fsync");
    next("fsync");
    return real(file);
}

int fdatasync(int file) {
    static int (*real)(int);
    REAL("fdatasync");
    next("fsync");
    return real(file);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    REAL("rename");
    next("rename");
    return real(from, to);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to) {
    static int (*real)(int, const char *, int, const char *);
    REAL("renameat");
    next("rename");
    return real(from_folder, from, to_folder, to);
}

int unlink(const char *path) {
    static int (*real)(const char *);
    REAL("unlink");
    next("unlink");
    return real(path);
}

int unlinkat(int folder, const char *path, int flags) {
    static int (*real)(int, const char *, int);
    REAL("unlinkat");
    next("unlink");
    return real(folder, path, flags);
}

/* Writing to a file or to a connection. Runtimes wake themselves by writing to descriptors that nobody else sees. */
static void next_write(int file) {
    struct stat status;
    if (fstat(file, &status) == 0) {
        if (S_ISREG(status.st_mode)) next("write");
        if (S_ISSOCK(status.st_mode)) next("send");
    }
}

ssize_t write(int file, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    REAL("write");
    next_write(file);
    return real(file, data, size);
}

ssize_t writev(int file, const struct iovec *data, int pieces) {
    static ssize_t (*real)(int, const struct iovec *, int);
    REAL("writev");
    next_write(file);
    return real(file, data, pieces);
}

int connect(int socket, const struct sockaddr *address, socklen_t size) {
    static int (*real)(int, const struct sockaddr *, socklen_t);
    REAL("connect");
    next("connect");
    return real(socket, address, size);
}

ssize_t send(int socket, const void *data, size_t size, int flags) {
    static ssize_t (*real)(int, const void *, size_t, int);
    REAL("send");
    next("send");
    return real(socket, data, size, flags);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    static ssize_t (*real)(int, const struct msghdr *, int);
    REAL("sendmsg");
    next("send");
    return real(socket, message, flags);
}

ssize_t recv(int socket, void *data, size_t size, int flags) {
    static ssize_t (*real)(int, void *, size_t, int);
    REAL("recv");
    next("recv");
    return real(socket, data, size, flags);
}
