// The other one of two files that both use the header.

#include "support.hpp"

std::string message_of(oss_result *result);
std::string kept_by_the_other(oss_bucket *bucket);

std::string message_of(oss_result *result) { return std::string(oss::result(result).message()); }

std::string kept_by_the_other(oss_bucket *borrowed) {
    oss::bucket bucket(borrowed);
    bool told = false;
    oss::upload_options options;
    static_cast<void>(options.set_progress([&](std::uint64_t, std::uint64_t) { told = true; }));
    const oss::result stored = bucket.upload("other", oss::body::from_string("data"), nullptr, options);
    static_cast<void>(bucket.release());
    return told ? oss::name_of(stored.status()) : "not told";
}
