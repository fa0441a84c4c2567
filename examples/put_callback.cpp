// put_callback.c in C++11: handles that free themselves.
//
//   put_callback     uploads 1 MiB of 'a'
#include "example.h"
#include <memory>
#include <string>

namespace {

struct Free {
    void operator()(oss_bucket *bucket) const { oss_bucket_free(bucket); }
    void operator()(oss_callback *callback) const { oss_callback_free(callback); }
    void operator()(oss_result *result) const { oss_result_free(result); }
};
using Bucket = std::unique_ptr<oss_bucket, Free>;
using Callback = std::unique_ptr<oss_callback, Free>;
using Result = std::unique_ptr<oss_result, Free>;

Callback new_callback(const char *url) {
    oss_callback *callback = nullptr;
    oss_result *result = nullptr;
    bool made = oss_callback_new(url, "bucket=${bucket}&object=${object}", &callback, &result) == OSS_STATUS_OK &&
                oss_callback_set_body_type(callback, OSS_CALLBACK_BODY_FORM) == OSS_STATUS_OK &&
                oss_callback_add_variable(callback, "x:my_var1", "my_val1") == OSS_STATUS_OK &&
                oss_callback_add_variable(callback, "x:my_var2", "my_val2") == OSS_STATUS_OK;
    Callback owned(callback);
    Result why(result);
    if (made) return owned;
    std::fprintf(stderr, "the callback: %s%s\n", oss_result_message(result), oss_callback_error(callback));
    return nullptr;
}

} // namespace

int main() {
    Bucket bucket(open_bucket());
    Callback callback = new_callback(needed("OSS_CALLBACK_URL"));
    if (!bucket || !callback) return EXIT_FAILED;

    const std::string data(1 << 20, 'a');
    oss_result *written = nullptr;
    oss_status status = oss_put_object_with_callback(bucket.get(), "examplefiles/exampleobject.txt", data.data(),
                                                     data.size(), callback.get(), nullptr, &written);
    Result result(written);
    print_result(result.get());
    switch (status) {
    case OSS_STATUS_OK:
        return EXIT_OK;
    case OSS_STATUS_CALLBACK_FAILED:  // stored; the body says why the callback failed
    case OSS_STATUS_CALLBACK_UNKNOWN: // stored; whether the application server was told is not known
        return EXIT_STORED_WITHOUT_CALLBACK;
    default: // what became of the object is in oss_result_stored()
        return EXIT_FAILED;
    }
}
