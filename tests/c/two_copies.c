/* Two copies of the library, LIBRARY and COPY, in one process: each works by itself, and goes on when the other is gone. */
#include "loaded.h"

int main(void) {
    loaded first = load(getenv("LIBRARY")), second = load(getenv("COPY"));
    oss_bucket *buckets[2];
    if (first.put_object == second.put_object) {
        stop("the copies", "are the same");
    }
    buckets[0] = open_loaded_bucket(&first);
    buckets[1] = open_loaded_bucket(&second);
    for (int i = 0; i < 10; i++) {
        put_loaded(&first, buckets[0], "first");
        put_loaded(&second, buckets[1], "second");
    }
    first.bucket_free(buckets[0]);
    dlclose(first.library);
    put_loaded(&second, buckets[1], "alone");
    second.bucket_free(buckets[1]);
    dlclose(second.library);
    printf("1 checks\n");
    return 0;
}
