// The unit test of first_callback.c in C++.

#undef NDEBUG
#include <cassert>
#include <cstring>
#include <memory>
#include <oss_emulator.h>
#include <oss_upload.hpp>

using emulator_handle = std::unique_ptr<oss_emulator, void (*)(oss_emulator *)>;

static emulator_handle start_emulator() {
    oss_emulator *emulator = nullptr;
    assert(oss_emulator_start(nullptr, &emulator) == OSS_EMULATOR_STATUS_OK);
    return emulator_handle(emulator, oss_emulator_stop);
}

int main() {
    auto emulator = start_emulator();
    const auto *e = emulator.get();
    auto key = oss::credentials::make(oss_emulator_access_key_id(e), oss_emulator_access_key_secret(e)).or_throw();
    auto bucket = oss::bucket::make(oss_emulator_endpoint(e), oss_emulator_bucket(e), key).or_throw();
    auto callback = oss::callback::make(oss_emulator_callback_url(e), "object=${object}").or_throw();
    bucket.put("hello.txt", "Hello!", callback).or_throw();
    const auto *heard = oss_emulator_next_callback(emulator.get(), 1000);
    assert(std::strcmp(static_cast<const char *>(oss_emulator_callback_body(heard, nullptr)), "object=hello.txt") == 0);
}
