// What the C++ programs of the tests share: checks that say what went wrong, and the bucket to work on.

#ifndef TEST_SUPPORT_HPP
#define TEST_SUPPORT_HPP

#include "oss_upload.hpp"

#include <cstdio>
#include <cstdlib>
#include <string>

struct checks {
    static checks &all() {
        static checks counted;
        return counted;
    }

    unsigned made = 0;
    unsigned failed = 0;
};

inline void check(bool holds, const char *file, int line, const std::string &what) {
    checks::all().made++;
    if (holds) return;
    checks::all().failed++;
    std::fprintf(stderr, "%s:%d: not so: %s\n", file, line, what.c_str());
}

template <class Outcome>
void check_status(const Outcome &outcome, oss::status expected, const char *file, int line, const char *what) {
    const bool is_ok = expected == oss::status::ok;
    check(outcome.status() == expected && outcome.ok() == is_ok && static_cast<bool>(outcome) == is_ok, file, line,
          std::string(what) + ": " + oss::name_of(outcome.status()) + " instead of " + oss::name_of(expected) + ": " +
              std::string(outcome.message()));
}

inline void check_text(const oss::text &actual, const std::string &expected, const char *file, int line, const char *what) {
    check(actual == expected, file, line,
          std::string(what) + " is \"" + expected + "\", but \"" + std::string(actual) + "\"");
}

inline void check_contains(const oss::text &actual, const std::string &part, const char *file, int line, const char *what) {
    check(actual.find(part) != oss::text::npos, file, line,
          std::string(what) + " has \"" + part + "\", but is \"" + std::string(actual) + "\"");
}

#define CHECK(...) check((__VA_ARGS__), __FILE__, __LINE__, #__VA_ARGS__)
#define CHECK_TEXT(actual, expected) check_text((actual), (expected), __FILE__, __LINE__, #actual)
#define CHECK_CONTAINS(actual, part) check_contains((actual), (part), __FILE__, __LINE__, #actual)
#define CHECK_OK(...) check_status((__VA_ARGS__), oss::status::ok, __FILE__, __LINE__, #__VA_ARGS__)
#define CHECK_ENDS(expected, ...) check_status((__VA_ARGS__), (expected), __FILE__, __LINE__, #__VA_ARGS__)

inline int finish() {
    if (checks::all().failed > 0) {
        std::fprintf(stderr, "%u of %u checks failed\n", checks::all().failed, checks::all().made);
        return 1;
    }
    std::printf("%u checks\n", checks::all().made);
    return 0;
}

inline std::string variable(const char *name) {
    const char *value = std::getenv(name);
    if (value != nullptr) return value;
    std::fprintf(stderr, "%s is not set\n", name);
    std::exit(2);
}

// What there has to be for the test to go on.
template <class Handle> Handle needed(oss::expected<Handle> made) {
    if (made) return std::move(*made);
    std::fprintf(stderr, "%s\n", std::string(made.result().message()).c_str());
    std::exit(2);
}

inline oss::bucket bucket_of(const oss::credentials &who) {
    oss::bucket_options options;
    CHECK_OK(options.set_region(variable("OSS_REGION")));
    if (const char *ca_file = std::getenv("CA_FILE")) CHECK_OK(options.set_ca_file(ca_file));
    return needed(oss::bucket::make(variable("OSS_ENDPOINT"), variable("OSS_BUCKET"), who, options));
}

inline oss::bucket open_bucket() { return bucket_of(needed(oss::credentials::from_environment())); }

#endif
