/*
 * The resolver of names is the program's own: its getaddrinfo() takes the place of the C library's. It answers with the
 * addresses in ADDRESSES, which commas part, or that there is no such name; it counts, and it can be made to hang.
 */
#ifndef TEST_OWN_RESOLVER_H
#define TEST_OWN_RESOLVER_H

#include "support.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <netdb.h>
#include <pthread.h>

static unsigned look_ups;
static bool hangs;
static pthread_mutex_t resolver = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t goes_on = PTHREAD_COND_INITIALIZER;

static inline void let_resolver_hang(bool hang) {
    pthread_mutex_lock(&resolver);
    hangs = hang;
    pthread_cond_broadcast(&goes_on);
    pthread_mutex_unlock(&resolver);
}

static inline unsigned count_look_ups(void) {
    pthread_mutex_lock(&resolver);
    const unsigned count = look_ups;
    pthread_mutex_unlock(&resolver);
    return count;
}

static inline struct addrinfo *address_info(const char *text, struct addrinfo *next) {
    struct {
        struct addrinfo info;
        struct sockaddr_in address;
    } *made = calloc(1, sizeof *made);
    if (made == NULL || inet_pton(AF_INET, text, &made->address.sin_addr) != 1) give_up(text, "no address");
    made->address.sin_family = AF_INET;
    made->info.ai_family = AF_INET;
    made->info.ai_socktype = SOCK_STREAM;
    made->info.ai_addr = (struct sockaddr *)&made->address;
    made->info.ai_addrlen = sizeof made->address;
    made->info.ai_next = next;
    return &made->info;
}

int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    char list[200], *comma;
    (void)node, (void)service, (void)hints;
    pthread_mutex_lock(&resolver);
    look_ups++;
    while (hangs) pthread_cond_wait(&goes_on, &resolver);
    pthread_mutex_unlock(&resolver);
    *found = NULL;
    if (variable("ADDRESSES") == NULL) return EAI_NONAME;
    format(list, sizeof list, ",%s", variable("ADDRESSES"));
    while ((comma = strrchr(list, ',')) != NULL) {
        *found = address_info(comma + 1, *found);
        *comma = '\0';
    }
    return 0;
}

void freeaddrinfo(struct addrinfo *info) {
    while (info != NULL) {
        struct addrinfo *next = info->ai_next;
        free(info);
        info = next;
    }
}

/* How many threads of the library's are looking a name up. */
static inline int resolving_threads(void) {
    DIR *tasks = opendir("/proc/self/task");
    int count = 0;
    if (tasks == NULL) give_up("/proc/self/task", "cannot be read");
    for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
        char path[300], name[32] = "";
        format(path, sizeof path, "/proc/self/task/%s/comm", task->d_name);
        /* It may have ended meanwhile. */
        FILE *file = fopen(path, "r");
        if (file == NULL) continue;
        if (fgets(name, sizeof name, file) != NULL) count += strcmp(name, "oss-resolve\n") == 0;
        fclose(file);
    }
    closedir(tasks);
    return count;
}

/* Options for a bucket that has a name of its own. */
static inline oss_bucket_options *options_by_name(void) {
    oss_bucket_options *options = bucket_options();
    CHECK_SETS(oss_bucket_options_set_addressing(options, OSS_ADDRESSING_CNAME));
    CHECK_SETS(oss_bucket_options_set_max_attempts(options, 1));
    return options;
}

static inline oss_bucket *bucket_by_name(void) {
    oss_bucket_options *options = options_by_name();
    oss_bucket *bucket = open_bucket_with(options);
    oss_bucket_options_free(options);
    return bucket;
}

#endif
