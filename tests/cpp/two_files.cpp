// One of two files that both use the header. The other one is compiled in another way.

#include "two_files.hpp"

int main() {
    const oss::bucket bucket = open_bucket();
    oss::result refused = bucket.put("/", std::string("data"));
    CHECK_ENDS(oss::status::invalid_argument, refused);
    const std::string message(refused.message());
    CHECK(!message.empty() && has_message(refused.release(), message.c_str()));
    CHECK_TEXT(kept_by_the_other(bucket.get()), "OK");
    CHECK_OK(bucket.stat("other"));
    CHECK(uses_strings_and_vectors(bucket));
    CHECK(other_uses_strings_and_vectors(bucket.get()));
    return finish();
}
