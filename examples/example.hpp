// What the examples in C++ share: the bucket that the environment names, and a print-out of a result.
//
// Environment: OSS_ENDPOINT, OSS_BUCKET, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET, OSS_CALLBACK_URL; and OSS_REGION,
// unless the endpoint's name tells it.
#ifndef EXAMPLE_HPP
#define EXAMPLE_HPP

#include <cstdlib>
#include <iostream>
#include <oss_upload.hpp>
#include <string>

// How the examples end: an object that is stored in spite of a failed callback is no plain failure.
enum ending { ended_ok = 0, ended_failed = 1, ended_usage = 2, ended_stored_without_callback = 3 };

inline const char *needed(const char *variable) {
    const char *value = std::getenv(variable);
    if (value != nullptr && *value != '\0') return value;
    std::cerr << variable << " is not set. An example needs OSS_ENDPOINT, OSS_BUCKET, OSS_ACCESS_KEY_ID, "
              << "OSS_ACCESS_KEY_SECRET and OSS_CALLBACK_URL; OSS_REGION is optional.\n";
    std::exit(ended_usage);
}

// The bucket; throws oss::error if it cannot be had.
inline oss::bucket open_bucket() {
    const char *endpoint = needed("OSS_ENDPOINT"), *name = needed("OSS_BUCKET"), *region = std::getenv("OSS_REGION");
    needed("OSS_ACCESS_KEY_ID");
    needed("OSS_ACCESS_KEY_SECRET");
    oss::bucket_options options;
    if (region != nullptr) options.set_region(region).or_throw();
    return oss::bucket::make(endpoint, name, oss::credentials::from_environment().or_throw(), options).or_throw();
}

// Prints the result, and says how the program is to end.
inline ending conclude(const oss::result &result) {
    static const char *const stored[] = {"no", "yes", "unknown"};
    std::cout << "status:      " << oss::name_of(result.status()) << '\n'
              << "stored:      " << stored[static_cast<int>(result.stored())] << '\n'
              << "ETag:        " << result.etag() << '\n'
              << "request id:  " << result.request_id() << '\n';
    if (!result) std::cout << "message:     " << result.message() << '\n';
    std::cout << "answer:      " << result.content_type() << ", " << result.body().size() << " bytes\n"
              << result.body() << '\n';
    switch (result.status()) {
    case oss::status::ok:
        return ended_ok;
    case oss::status::callback_failed:  // stored; the body says why the callback failed
    case oss::status::callback_unknown: // stored; whether the application server was told is not known
        return ended_stored_without_callback;
    default: // what became of the object is in result.stored()
        return ended_failed;
    }
}

#endif
