/*
 * Loads the library LIBRARY, uploads, and unloads it, ROUNDS times, every other time on a thread that ends afterwards.
 * Threads, descriptors and mappings do not become more, and memory grows by GROWS_BY_KIB at the most.
 */
#define _DEFAULT_SOURCE
#include "loaded.h"

#include <dirent.h>
#include <pthread.h>

enum { WARM_UP = 20 };

typedef struct footprint {
    long threads, descriptors, mappings, resident_kib;
} footprint;

static long entries(const char *folder) {
    DIR *opened = opendir(folder);
    long count = 0;
    for (struct dirent *entry; opened != NULL && (entry = readdir(opened)) != NULL;) {
        count += entry->d_name[0] != '.';
    }
    if (opened != NULL) {
        closedir(opened);
    }
    return count;
}

static footprint measure(void) {
    footprint found = {entries("/proc/self/task"), entries("/proc/self/fd"), 0, 0};
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    FILE *status = fopen("/proc/self/status", "r");
    while (maps != NULL && fgets(line, sizeof line, maps) != NULL) {
        found.mappings++;
    }
    while (status != NULL && fgets(line, sizeof line, status) != NULL) {
        if (strncmp(line, "VmRSS:", 6) == 0) {
            found.resident_kib = strtol(line + 6, NULL, 10);
        }
    }
    if (maps == NULL || status == NULL) {
        stop("/proc/self", "cannot be read");
    }
    fclose(maps);
    fclose(status);
    return found;
}

static void *round_of(void *path) {
    loaded library = load(path);
    oss_bucket *bucket = open_loaded_bucket(&library);
    put_loaded(&library, bucket, "unloaded");
    library.bucket_free(bucket);
    if (dlclose(library.library) != 0) {
        stop("dlclose", dlerror());
    }
    return NULL;
}

static void rounds_of(char *path, long count) {
    for (long i = 0; i < count; i++) {
        pthread_t thread;
        if (i % 2 == 0) {
            round_of(path);
        } else if (pthread_create(&thread, NULL, round_of, path) != 0 || pthread_join(thread, NULL) != 0) {
            stop("a thread", "cannot be made");
        }
    }
}

int main(void) {
    const char *given = getenv("LIBRARY"), *rounds = getenv("ROUNDS");
    const char *grows_by = getenv("GROWS_BY_KIB");
    char path[4096];
    footprint before, after;
    if (given == NULL || rounds == NULL || grows_by == NULL || snprintf(path, sizeof path, "%s", given) >= (int)sizeof path) {
        stop("LIBRARY, ROUNDS or GROWS_BY_KIB", "not set");
    }
    rounds_of(path, WARM_UP);
    before = measure();
    rounds_of(path, strtol(rounds, NULL, 10));
    after = measure();
    printf("before: %ld threads, %ld descriptors, %ld mappings, %ld KiB\n", before.threads, before.descriptors,
           before.mappings, before.resident_kib);
    printf("after:  %ld threads, %ld descriptors, %ld mappings, %ld KiB\n", after.threads, after.descriptors,
           after.mappings, after.resident_kib);
    if (after.threads != before.threads || after.descriptors != before.descriptors) {
        stop("a thread or a descriptor", "left behind");
    }
    /* The allocator makes and drops a few mappings of its own. */
    if (after.mappings > before.mappings + 4 || after.resident_kib > before.resident_kib + strtol(grows_by, NULL, 10)) {
        stop("memory", "grows with every round");
    }
    printf("4 checks\n");
    return 0;
}
