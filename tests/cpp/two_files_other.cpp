// The other one of two files that both use the header.

#include "two_files.hpp"

bool has_message(oss_result *result, const char *message) { return oss::result(result).message() == message; }

const char *kept_by_the_other(oss_bucket *borrowed) {
    oss::bucket bucket(borrowed);
    bool told = false;
    oss::upload_options options;
    static_cast<void>(options.set_progress([&](const oss::progress &) { told = true; }));
    const oss::result stored = bucket.upload("other", oss::body::from_string("data"), nullptr, options);
    static_cast<void>(bucket.release());
    return told ? oss::name_of(stored.status()) : "not told";
}

bool other_uses_strings_and_vectors(oss_bucket *borrowed) {
    oss::bucket bucket(borrowed);
    const bool well = uses_strings_and_vectors(bucket);
    static_cast<void>(bucket.release());
    return well;
}
