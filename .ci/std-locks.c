/*
 * Tells ThreadSanitizer what the locks of Rust's standard library do. Where nobody waits, their code is inlined and the
 * sanitizer sees it; where somebody does, it is in the library as it came, compiled without a sanitizer. So is what a
 * thread does at its end for a scope that waits for it. The linker puts these functions in the place of those, whose names
 * .ci/sanitize finds out.
 *
 * A mutex, a lock and a condition variable begin with the word on which their atomic operations are; a scope has it behind
 * a pointer.
 */

#include <stdbool.h>
#include <stdint.h>

void __tsan_acquire(void *address);
void __tsan_release(void *address);

#define JOINED(prefix, name) prefix##name
#define JOIN(prefix, name) JOINED(prefix, name)
#define REAL(name) JOIN(__real_, name)
#define WRAP(name) JOIN(__wrap_, name)

void REAL(MUTEX_LOCK)(void *mutex);
void REAL(RWLOCK_READ)(void *lock);
void REAL(RWLOCK_WRITE)(void *lock);
void REAL(CONDVAR_WAIT)(void *condvar, void *mutex);
bool REAL(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *mutex, uint64_t seconds, uint32_t nanoseconds);
void REAL(SCOPE_THREAD_END)(void *scope, bool has_panicked);

void WRAP(MUTEX_LOCK)(void *mutex) {
    REAL(MUTEX_LOCK)(mutex);
    __tsan_acquire(mutex);
}

void WRAP(RWLOCK_READ)(void *lock) {
    REAL(RWLOCK_READ)(lock);
    __tsan_acquire(lock);
}

void WRAP(RWLOCK_WRITE)(void *lock) {
    REAL(RWLOCK_WRITE)(lock);
    __tsan_acquire(lock);
}

void WRAP(CONDVAR_WAIT)(void *condvar, void *mutex) {
    __tsan_release(mutex);
    REAL(CONDVAR_WAIT)(condvar, mutex);
    __tsan_acquire(mutex);
}

bool WRAP(CONDVAR_WAIT_TIMEOUT)(void *condvar, void *mutex, uint64_t seconds, uint32_t nanoseconds) {
    __tsan_release(mutex);
    bool woken = REAL(CONDVAR_WAIT_TIMEOUT)(condvar, mutex, seconds, nanoseconds);
    __tsan_acquire(mutex);
    return woken;
}

void WRAP(SCOPE_THREAD_END)(void *scope, bool has_panicked) {
    __tsan_release((void **)scope + 1);
    REAL(SCOPE_THREAD_END)(scope, has_panicked);
}
