// What both of two files do, each as it was compiled.

#ifndef TEST_TWO_FILES_HPP
#define TEST_TWO_FILES_HPP

#include "support.hpp"

// In two_files_other.cpp. Types of C alone can go from one file to the other.
bool has_message(oss_result *result, const char *message);
const char *kept_by_the_other(oss_bucket *bucket);
bool other_uses_strings_and_vectors(oss_bucket *bucket);

namespace {

bool uses_strings_and_vectors(const oss::bucket &bucket) {
    const std::string with_nul("more than fits into a string\0without an allocation", 50);
    const bool refused = bucket.stat(with_nul).status() == oss::status::invalid_argument;
    oss::put_options options;
    CHECK_OK(options.add_metadata("a", "1"));
    CHECK_OK(options.add_metadata("b", "2"));
    const oss::presigned url = needed(bucket.presign_put("key", std::chrono::seconds(60), nullptr, options));
    const std::vector<oss::name_value> headers = url.headers();
    return refused && headers.size() == 2 && headers[0].value == "1" && headers[1].value == "2";
}

} // namespace

#endif
