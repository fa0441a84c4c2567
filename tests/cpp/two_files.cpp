// One of two files that both use the header. The other one is compiled in another way.

#include "support.hpp"

// In two_files_other.cpp.
std::string message_of(oss_result *result);
std::string kept_by_the_other(oss_bucket *bucket);

int main() {
    const oss::bucket bucket = open_bucket();
    oss::result refused = bucket.put("/", std::string("data"));
    CHECK_ENDS(oss::status::invalid_argument, refused);
    const std::string message(refused.message());
    CHECK(!message.empty() && message_of(refused.release()) == message);
    CHECK_TEXT(kept_by_the_other(bucket.get()), "OK");
    CHECK_OK(bucket.stat("other"));
    return finish();
}
