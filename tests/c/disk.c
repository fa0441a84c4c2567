/*
 * For LD_PRELOAD: what a program does to the folder OUTBOX and what is in it goes to the file JOURNAL, a line for each call,
 * with a line also for what it sends. The call number FAIL_AT fails with the error ERROR, and so do all after it that need room
 * if FULL is set. Files are told apart by their numbers, since their names change.
 */

/* For RTLD_NEXT. */
#define _GNU_SOURCE

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hidden.h"

/* Threads are not expected: the library has none of its own. */
static unsigned long count;

static void note_bytes(const char *text, size_t size) {
    static int (*real_open)(const char *, int, ...);
    static ssize_t (*real_write)(int, const void *, size_t);
    const char *path = getenv("JOURNAL");
    int file;
    if (path == NULL) {
        return;
    }
    find(&real_open, "open");
    find(&real_write, "write");
    file = real_open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || real_write(file, text, size) != (ssize_t)size) {
        abort();
    }
    close(file);
}

static void note(const char *pattern, ...) {
    int error = errno;
    char line[2 * PATH_MAX + 100];
    va_list arguments;
    va_start(arguments, pattern);
    note_bytes(line, (size_t)vsnprintf(line, sizeof line, pattern, arguments));
    va_end(arguments);
    errno = error;
}

static void note_data(unsigned long file, const unsigned char *data, size_t size) {
    char *line = malloc(2 * size + 64);
    size_t length = (size_t)sprintf(line, "write %lu ", file);
    size_t index;
    for (index = 0; index < size; index++) {
        length += (size_t)sprintf(line + length, "%02x", data[index]);
    }
    line[length++] = '\n';
    note_bytes(line, length);
    free(line);
}

/* Whether a path is the folder, or leads into it. */
static bool is_watched(const char *path) {
    const char *folder = getenv("OUTBOX");
    size_t size = folder == NULL ? 0 : strlen(folder);
    return size > 0 && strncmp(path, folder, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

/* The same of the folder around it, whose entry it is. */
static bool is_around(const char *path) {
    const char *folder = getenv("OUTBOX");
    const char *end = folder == NULL ? NULL : strrchr(folder, '/');
    return end != NULL && strlen(path) == (size_t)(end - folder) && strncmp(path, folder, strlen(path)) == 0;
}

/* The path of an open file, or an empty one. */
static const char *path_of(int file) {
    static char path[PATH_MAX];
    char link[64];
    ssize_t size;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    size = readlink(link, path, sizeof path - 1);
    path[size < 0 ? 0 : size] = '\0';
    return path;
}

static unsigned long number_of(int file) {
    struct stat status;
    return fstat(file, &status) == 0 ? (unsigned long)status.st_ino : 0;
}

static int error(void) {
    static const struct {
        const char *name;
        int number;
    } errors[] = {{"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EFBIG", EFBIG},
                 {"EROFS", EROFS},   {"EMFILE", EMFILE}, {"ENOMEM", ENOMEM}};
    const char *name = getenv("ERROR");
    size_t index;
    for (index = 0; index < sizeof errors / sizeof errors[0]; index++) {
        if (strcmp(name, errors[index].name) == 0) {
            return errors[index].number;
        }
    }
    abort();
}

/* Whether the next call is to fail; `room` says whether it needs some. */
static bool fails(bool room) {
    const char *fail_at = getenv("FAIL_AT");
    unsigned long number = fail_at == NULL ? 0 : strtoul(fail_at, NULL, 10);
    count++;
    if (number == 0 || count < number || (count > number && (getenv("FULL") == NULL || !room))) {
        return false;
    }
    note("failed\n");
    errno = error();
    return true;
}

static int opened(int file, const char *path, int flags) {
    if (file >= 0 && (flags & O_CREAT)) {
        note("create %lu %s\n", number_of(file), path);
    }
    return file;
}

#define OPEN(function)                                                          \
    int function(const char *path, int flags, ...) {                            \
        static int (*real)(const char *, int, ...);                             \
        va_list arguments;                                                      \
        mode_t mode = 0;                                                        \
        va_start(arguments, flags);                                             \
        if (flags & O_CREAT) mode = (mode_t)va_arg(arguments, unsigned);        \
        va_end(arguments);                                                      \
        REAL(#function);                                                        \
        if (!is_watched(path)) return real(path, flags, mode);                  \
        return fails(flags & O_CREAT) ? -1 : opened(real(path, flags, mode), path, flags); \
    }

OPEN(open)
OPEN(open64)

int mkdir(const char *path, mode_t mode) {
    static int (*real)(const char *, mode_t);
    int result;
    REAL("mkdir");
    if (!is_watched(path)) {
        return real(path, mode);
    }
    result = fails(true) ? -1 : real(path, mode);
    if (result == 0) {
        note("mkdir %s\n", path);
    }
    return result;
}

int flock(int file, int operation) {
    static int (*real)(int, int);
    REAL("flock");
    return is_watched(path_of(file)) && fails(false) ? -1 : real(file, operation);
}

static int synced(int file, int (*real)(int)) {
    const char *path = path_of(file);
    struct stat status;
    if (!is_watched(path) && !is_around(path)) {
        return real(file);
    }
    if (fails(true) || real(file) != 0) {
        return -1;
    }
    if (fstat(file, &status) == 0 && S_ISDIR(status.st_mode)) {
        note("syncfolder %s\n", path_of(file));
    } else {
        note("sync %lu\n", number_of(file));
    }
    return 0;
}

int fsync(int file) {
    static int (*real)(int);
    REAL("fsync");
    return synced(file, real);
}

int fdatasync(int file) {
    static int (*real)(int);
    REAL("fdatasync");
    return synced(file, real);
}

int rename(const char *from, const char *to) {
    static int (*real)(const char *, const char *);
    int result;
    REAL("rename");
    if (!is_watched(from)) {
        return real(from, to);
    }
    result = fails(true) ? -1 : real(from, to);
    if (result == 0) {
        note("rename %s %s\n", from, to);
    }
    return result;
}

int unlink(const char *path) {
    static int (*real)(const char *);
    int result;
    REAL("unlink");
    if (!is_watched(path)) {
        return real(path);
    }
    result = fails(false) ? -1 : real(path);
    if (result == 0) {
        note("unlink %s\n", path);
    }
    return result;
}

ssize_t read(int file, void *data, size_t size) {
    static ssize_t (*real)(int, void *, size_t);
    REAL("read");
    return is_watched(path_of(file)) && fails(false) ? -1 : real(file, data, size);
}

ssize_t write(int file, const void *data, size_t size) {
    static ssize_t (*real)(int, const void *, size_t);
    ssize_t written;
    REAL("write");
    if (!is_watched(path_of(file))) {
        return real(file, data, size);
    }
    if (fails(true)) {
        int error = errno;
        /* A disk that is full takes some of it. */
        written = real(file, data, size / 2);
        errno = error;
        return -1;
    }
    written = real(file, data, size);
    if (written > 0) {
        note_data(number_of(file), data, (size_t)written);
    }
    return written;
}

/* A request is noted by the first line of its head; bodies have none. */
static void sending(const char *data, size_t size) {
    static const char VERSION[] = " HTTP/1.1";
    const char *end = memchr(data, '\r', size);
    const size_t length = sizeof VERSION - 1;
    if (end != NULL && end - data > (ptrdiff_t)length && memcmp(end - length, VERSION, length) == 0) {
        note("send %.*s\n", (int)(end - data), data);
    }
}

ssize_t writev(int file, const struct iovec *data, int pieces) {
    static ssize_t (*real)(int, const struct iovec *, int);
    REAL("writev");
    sending(data[0].iov_base, data[0].iov_len);
    return real(file, data, pieces);
}

ssize_t send(int socket, const void *data, size_t size, int flags) {
    static ssize_t (*real)(int, const void *, size_t, int);
    REAL("send");
    sending(data, size);
    return real(socket, data, size, flags);
}

ssize_t sendmsg(int socket, const struct msghdr *message, int flags) {
    static ssize_t (*real)(int, const struct msghdr *, int);
    REAL("sendmsg");
    sending(message->msg_iov[0].iov_base, message->msg_iov[0].iov_len);
    return real(socket, message, flags);
}
