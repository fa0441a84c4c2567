/* A unit test of an upload with a callback, in fifteen lines. */

#undef NDEBUG
#include <assert.h>
#include <oss_emulator.h>
#include <oss_upload.h>
#include <string.h>

int main(void) {
    oss_emulator *emulator = NULL;
    oss_credentials *key = NULL;
    oss_bucket *bucket = NULL;
    oss_callback *callback = NULL;
    assert(!oss_emulator_start(NULL, &emulator));
    const char *id = oss_emulator_access_key_id(emulator), *secret = oss_emulator_access_key_secret(emulator);
    assert(!oss_credentials_new(id, secret, NULL, &key, NULL));
    assert(!oss_bucket_new(oss_emulator_endpoint(emulator), oss_emulator_bucket(emulator), key, NULL, &bucket, NULL));
    assert(!oss_callback_new(oss_emulator_callback_url(emulator), "object=${object}", &callback, NULL));
    assert(!oss_put_object_with_callback(bucket, "hello.txt", "Hello!", 6, callback, NULL, NULL));
    assert(!strcmp(oss_emulator_callback_body(oss_emulator_next_callback(emulator, 1000), NULL), "object=hello.txt"));
    oss_callback_free(callback);
    oss_bucket_free(bucket);
    oss_credentials_free(key);
    oss_emulator_stop(emulator);
}
