// What is static is destroyed after main, when much of what the main thread had is gone already; and still its destructor
// uploads.

#include "support.hpp"

#include <thread>

namespace {

// A log, say, that is uploaded when the program is over.
struct uploaded_last {
    uploaded_last() = default;
    uploaded_last(const uploaded_last &) = delete;
    uploaded_last &operator=(const uploaded_last &) = delete;

    ~uploaded_last() {
        CHECK_OK(bucket.put("after main", std::string("data")));
        // A thread that is about to end is stood in for, also when it is only asked for a key.
        CHECK(static_cast<bool>(asking.presign_get("after main", std::chrono::hours(1))));
        CHECK(asked_on != std::thread::id() && asked_on != std::this_thread::get_id());
        const int failed = finish();
        std::fflush(nullptr);
        // An exit code can no longer be returned.
        if (failed != 0) std::_Exit(failed);
    }

    oss::bucket bucket{};
    oss::bucket asking{};
    std::thread::id asked_on{};
};

uploaded_last last;

} // namespace

int main() {
    last.bucket = open_bucket();
    const oss::access_key key(variable("OSS_ACCESS_KEY_ID"), variable("OSS_ACCESS_KEY_SECRET"));
    last.asking = bucket_of(needed(oss::credentials::from_function([key] {
        last.asked_on = std::this_thread::get_id();
        return key;
    })));
    // Whoever has not uploaded has nothing to lose.
    CHECK_OK(last.bucket.put("in main", std::string("data")));
}
