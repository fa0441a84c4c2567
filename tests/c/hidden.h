/* For what stands between a program and the C library: the functions that it hides. Needs _GNU_SOURCE, for RTLD_NEXT. */

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

/* Finds the function that is hidden by the one here of the same name. */
static void find(void *function, const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        abort();
    }
    /* ISO C has no conversion between pointers to objects and to functions. */
    memcpy(function, &found, sizeof found);
}

#define REAL(name) \
    if (real == NULL) find(&real, name)
