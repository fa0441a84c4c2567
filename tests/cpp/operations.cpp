// Uses every class on a bucket, without exceptions. CALLBACK_URL answers with ANSWER, FAILING_URL with an error.

#include "support.hpp"

#include <array>
#include <cstring>
#include <fstream>
#include <thread>

#if __cplusplus >= 202002L
#include <ranges>
#include <span>

static_assert(std::ranges::input_range<const oss::finding_list>, "algorithms for ranges take it");
static_assert(std::ranges::input_range<const oss::part_list>, "algorithms for ranges take it");
static_assert(std::ranges::input_range<const oss::upload_list>, "algorithms for ranges take it");
#endif

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t part_size = 102400;

std::string data_of(std::size_t size) {
    std::string data(size, '\0');
    for (std::size_t i = 0; i < size; i++) data[i] = static_cast<char>(i * 31 % 251);
    return data;
}

// A function object that cannot be copied.
class source {
public:
    explicit source(std::string data) : data_(new std::string(std::move(data))) {}

    std::size_t operator()(void *buffer, std::size_t capacity) {
        const std::size_t count = data_->copy(static_cast<char *>(buffer), capacity, position_);
        position_ += count;
        return count;
    }

private:
    std::unique_ptr<std::string> data_;
    std::size_t position_ = 0;
};

// Bytes that are counted in an int, as some libraries do.
struct counted_in_int {
    const char *data() const { return "data"; }
    int size() const { return 4; }
};

void check_there(const oss::bucket &bucket, const char *key, std::size_t size) {
    const oss::result there = bucket.stat(key);
    CHECK_OK(there);
    CHECK(there.has_header("content-LENGTH") && !there.has_header("x-none"));
    CHECK_TEXT(there.header("Content-Length"), std::to_string(size));
    CHECK_TEXT(there.header("x-none"), "");
    CHECK(there.stored() == oss::stored::yes);
}

oss::callback callback_to(const char *url) {
    oss::callback notify =
        needed(oss::callback::make(variable(url), "object=${object}&size=${size}&user=${x:user}"));
    CHECK_OK(notify.add_variable("x:user", "a b"));
    return notify;
}

void callbacks(const oss::bucket &bucket) {
    const oss::callback notify = callback_to("CALLBACK_URL"), failing = callback_to("FAILING_URL");
    const oss::result told = bucket.put("told", std::string("data"), notify);
    CHECK_OK(told);
    CHECK(told.stored() == oss::stored::yes && told.http_status() == 200 && told.attempts() == 1);
    CHECK(told.callback_repeats() == 0);
    const std::vector<oss::attempt> history = told.history();
    CHECK(history.size() == 1 && history[0].number == 1 && history[0].status == oss::status::ok);
    CHECK(history[0].http_status == 200 && history[0].is_counted && history[0].part_number == 0);
    CHECK_TEXT(history[0].operation, "PutObject");
    CHECK_TEXT(history[0].request_id, std::string(told.request_id().data(), told.request_id().size()));
    CHECK_CONTAINS(history[0].address, ":");
    CHECK(history[0].reason.empty() && history[0].error_code.empty());
    CHECK(history[0].bytes_sent > 0 && history[0].bytes_acknowledged == history[0].bytes_sent);
    CHECK(history[0].times.waiting.count() > 0 && history[0].times.pausing.count() == 0);
    CHECK(told.sum().attempts == 1 && told.sum().bytes_sent == history[0].bytes_sent);
    CHECK(told.sum().bytes_acknowledged == told.sum().bytes_sent);
    CHECK(told.sum().times.waiting == history[0].times.waiting);
    CHECK_TEXT(told.body(), variable("ANSWER"));
    CHECK(std::strlen(told.body().data()) == told.body().size());
    CHECK_TEXT(told.content_type(), "application/json");
    CHECK_TEXT(told.message(), "");
    CHECK(!told.etag().empty() && !told.request_id().empty() && told.has_crc64() && told.crc64() != 0);
    CHECK(told.upload_id().empty() && told.version_id().empty() && told.next_position() == 0);

    const oss::result untold = bucket.put("untold", oss::body::from_string("data"), failing);
    CHECK_ENDS(oss::status::callback_failed, untold);
    CHECK(untold.stored() == oss::stored::yes && untold.http_status() == 203 && !untold.ec().empty());
    CHECK_TEXT(untold.error_code(), "CallbackFailed");
    const oss::string body = needed(failing.render(untold));
    CHECK_TEXT(body.str(), "object=untold&size=4&user=a%20b");
    CHECK(std::strlen(body.data()) == body.size());
    oss::callback_values values;
    CHECK_OK(values.set("object", "other"));
    CHECK_ENDS(oss::status::invalid_argument, values.set("none", "other"));
    CHECK_CONTAINS(needed(failing.render(untold, values)).str(), "object=other&");
    const oss::expected<oss::string> missing = failing.render(nullptr, values);
    CHECK(!missing);
    CHECK_ENDS(oss::status::invalid_argument, missing.result());
}

// Who is told of a put, and keeps the log of a bucket, is not the library's.
void told_meanwhile() {
    std::vector<std::string> lines;
    auto log = [&](oss::log_level level, const char *line) {
        CHECK(level >= oss::log_level::error && level <= oss::log_level::debug);
        lines.push_back(line);
    };
    oss::bucket_options options;
    CHECK_OK(options.set_region("cn-hangzhou"));
    CHECK_OK(options.set_log(oss::log_level::info, log));
    const oss::bucket bucket = needed(oss::bucket::make(variable("OSS_ENDPOINT"), variable("OSS_BUCKET"),
                                                        needed(oss::credentials::from_environment()), options));
    const std::string data = data_of(200000);
    unsigned calls = 0;
    const auto whether_kept = std::make_shared<int>();
    oss::put_options watched;
    CHECK_OK(watched.set_progress([&, whether_kept](const oss::progress &how_far) {
        CHECK(how_far.total() == data.size() && how_far.accepted() <= how_far.acknowledged());
        CHECK(how_far.acknowledged() <= how_far.sent() && how_far.sent() <= data.size());
        CHECK(how_far.parts() == 1 && how_far.parts_done() <= 1);
        CHECK(how_far.attempts() == how_far.parts_done());
        static_cast<void>(how_far.rate());
        calls++;
    }));
    CHECK(whether_kept.use_count() == 2);
    oss::put_options moved = std::move(watched);
    CHECK_OK(bucket.put("watched", data, moved));
    CHECK(calls >= 2 && lines.size() == 1);
    CHECK_CONTAINS(lines[0], "PUT PutObject \"watched\": HTTP 200 after ");
    CHECK_OK(moved.set_progress(nullptr));
    CHECK(whether_kept.use_count() == 1);
    CHECK_OK(options.set_log(nullptr));
}

void callback_settings(const oss::bucket &bucket) {
    oss::callback notify = needed(oss::callback::make("https://app.example.com/", "{\"a\":${x:a}}"));
    CHECK_OK(notify.add_url("https://other.example.com/"));
    CHECK_OK(notify.set_host("app.example.com"));
    CHECK_OK(notify.set_body_type(oss::callback_body::json));
    const oss::setter_result refused = notify.add_variable("user", "42");
    CHECK_ENDS(oss::status::invalid_argument, refused);
    CHECK_CONTAINS(refused.message(), "x:");
    CHECK_ENDS(oss::status::invalid_argument, notify.add_header("Key", "value"));
    CHECK_ENDS(oss::status::invalid_argument, notify.set_field("signatureVersion", "2.0"));
    CHECK_ENDS(oss::status::invalid_argument, notify.set_delivery_variable("delivery"));

    oss::finding_list findings;
    CHECK_ENDS(oss::status::invalid_argument, notify.check());
    CHECK_ENDS(oss::status::invalid_argument, notify.check(findings));
    CHECK(!findings.empty() && findings[0].severity == oss::severity::error && !findings[0].rule.empty());
    CHECK(findings.begin()->rule == findings[0].rule);
    const std::vector<oss::finding> all(findings.begin(), findings.end());
    CHECK(all.size() == findings.size());
    std::size_t warnings = 0;
    for (const oss::finding &found : findings) {
        if (found.severity == oss::severity::warning && found.rule == "https-without-sni") warnings++;
        CHECK(!found.message.empty());
    }
    CHECK(warnings == 1);
    CHECK(findings[findings.size()].severity == oss::severity::none);

    oss::callback plain = needed(oss::callback::make("https://app.example.com/", "a=${x:a}&d=${x:delivery}"));
    CHECK_OK(plain.add_variable("x:a", "1"));
    CHECK_OK(plain.add_header("key", "value"));
    CHECK_OK(plain.set_field("signatureVersion", "\"2.0\""));
    CHECK_OK(plain.set_delivery_variable("x:delivery"));
    CHECK_OK(plain.set_sni(true));
    CHECK_OK(plain.check(findings));
    CHECK(findings.empty());
    CHECK_OK(bucket.check(plain, findings));
    CHECK(findings.empty());
    oss::string encoded, variables;
    CHECK_OK(plain.encode(encoded, variables));
    CHECK(encoded.size() > 0 && variables.size() > 0);
    CHECK_OK(needed(oss::callback::from_policy("policy")).encode(encoded, variables));
    CHECK(encoded.size() > 0 && variables.size() == 0 && !variables);
}

void settings(const oss::bucket &bucket) {
    oss::put_options options;
    CHECK_OK(options.set_content_type("text/plain"));
    CHECK_OK(options.set_cache_control("no-cache"));
    CHECK_OK(options.set_content_disposition("inline"));
    CHECK_OK(options.set_content_encoding("identity"));
    CHECK_OK(options.set_content_language("en"));
    CHECK_OK(options.set_expires("Wed, 08 Jul 2026 16:57:01 GMT"));
    CHECK_OK(options.set_header("x-oss-persistent-headers", "a:YQ=="));
    CHECK_OK(options.add_metadata("name", std::string("value")));
    CHECK_OK(options.add_tag("key", "value"));
    CHECK_OK(options.set_acl(oss::object_acl::private_));
    CHECK_OK(options.set_storage_class(oss::storage::standard));
    CHECK_OK(options.set_encryption(oss::encryption::kms, "key-id"));
    CHECK_OK(options.set_encryption(oss::encryption::aes256));
    CHECK_OK(options.set_forbid_overwrite(true));
    CHECK_OK(options.set_traffic_limit(838860800));
    CHECK_OK(options.set_content_md5(true));
    CHECK_OK(options.set_callback_delivery(oss::callback_delivery::at_most_once));
    CHECK_OK(options.set_callback_delivery(oss::callback_delivery::at_least_once));
    CHECK_OK(options.set_write_token(true));
    CHECK_OK(options.set_deadline(std::chrono::minutes(1)));
    CHECK_OK(options.set_cancel(nullptr));
    CHECK_ENDS(oss::status::invalid_argument, options.set_deadline(milliseconds(-1)));
    CHECK_OK(bucket.put("set", std::string("data"), options));
    CHECK_TEXT(bucket.stat("set").header("x-oss-meta-name"), "value");
    CHECK(bucket.stat("set").header("x-oss-meta-oss-upload-token").size() == 32);
    CHECK_TEXT(bucket.put("set", std::string("data"), options).error_code(), "FileAlreadyExists");
    CHECK_OK(bucket.put("empty", std::string(), nullptr));

    const std::array<unsigned char, 3> array = {{1, 2, 3}};
    CHECK_OK(bucket.put("array", array));
    CHECK_OK(bucket.put("vector", std::vector<char>(7)));
    CHECK_OK(bucket.put("pointer", oss::bytes("data", 4)));
    CHECK_OK(bucket.put("counted", counted_in_int()));
    check_there(bucket, "vector", 7);
#if __cplusplus >= 201703L
    CHECK_OK(bucket.put(std::string_view("viewed", 4), std::string_view("data")));
    check_there(bucket, "view", 4);
#endif
#if __cplusplus >= 202002L
    const std::array<std::byte, 5> raw = {};
    CHECK_OK(bucket.put("span", std::span<const std::byte>(raw)));
    check_there(bucket, "span", 5);
#endif
    CHECK_OK(bucket.remove("set"));
    CHECK(bucket.stat("set").stored() == oss::stored::no);
}

void put_as(const oss::credentials &who) {
    oss::bucket_options options;
    CHECK_OK(options.set_region(variable("OSS_REGION")));
    const auto bucket = needed(oss::bucket::make(variable("OSS_ENDPOINT"), variable("OSS_BUCKET"), who, options));
    CHECK_OK(bucket.put("found", std::string("data")));
    CHECK_OK(bucket.remove("found"));
}

/* That each place is asked as it should be is for C to test. */
void found_credentials() {
    put_as(needed(oss::credentials::default_chain()));
    const char *format = R"(printf '{"AccessKeyId": "%s", "AccessKeySecret": "%s"}')";
    put_as(needed(oss::credentials::from_process(format + std::string(" $OSS_ACCESS_KEY_ID $OSS_ACCESS_KEY_SECRET"))));
    CHECK_CONTAINS(oss::credentials::from_uri("ftp://example.com").result().message(), "URL");
    CHECK_CONTAINS(oss::credentials::from_oidc("role", nullptr, "token").result().message(), "OIDC_PROVIDER_ARN");
    CHECK_CONTAINS(oss::credentials::from_ecs_role("a/b").result().message(), "role");
    CHECK_ENDS(oss::status::invalid_argument, oss::credentials::from_process("").result());
    CHECK(needed(oss::credentials::from_profile("/nonexistent", "uploads")).get() != nullptr);
}

void bucket_settings(const oss::credentials &who) {
    oss::bucket_options options;
    CHECK_OK(options.set_region("cn-hangzhou"));
    CHECK_OK(options.set_signature_version(oss::signature_version::v4));
    CHECK_OK(options.set_addressing(oss::addressing::path));
    CHECK_OK(options.set_connect_timeout(seconds(5)));
    CHECK_OK(options.set_stall_timeout(seconds(5)));
    CHECK_OK(options.set_deadline(seconds(60)));
    CHECK_OK(options.set_max_attempts(2));
    CHECK_OK(options.set_settling_time(milliseconds(0)));
    CHECK_ENDS(oss::status::invalid_argument, options.set_settling_time(milliseconds(-1)));
    CHECK_OK(options.set_ca_file("/nonexistent"));
    CHECK_OK(options.add_ca_file("/nonexistent"));
    CHECK_OK(options.set_client_certificate("/nonexistent", "/nonexistent"));
    CHECK_OK(options.set_public_key_pin("sha256//AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="));
    CHECK_OK(options.set_public_key_pin(std::string()));
    CHECK_ENDS(oss::status::invalid_argument, options.set_public_key_pin("sha256//AAEC"));
    CHECK_OK(options.set_proxy("http://proxy.example.com:8080"));
    CHECK_OK(options.set_proxy_from_environment(true));
    CHECK_OK(options.set_bind_address("127.0.0.1"));
    CHECK_ENDS(oss::status::invalid_argument, options.set_bind_address("no/interface"));
    CHECK_OK(options.set_resolve("oss.example.com", "127.0.0.1"));
    CHECK_ENDS(oss::status::invalid_argument, options.set_resolve("oss.example.com", "localhost"));
    CHECK_OK(options.set_user_agent("test/1"));
    const oss::setter_result refused = options.set_max_attempts(0);
    CHECK_ENDS(oss::status::invalid_argument, refused);
    CHECK(!refused.message().empty());

    oss::cancel fired;
    CHECK(!fired.has_fired());
    CHECK_OK(options.set_cancel(fired));
    fired.fire();
    CHECK(fired.has_fired());
    const oss::bucket bucket =
        needed(oss::bucket::make(variable("OSS_ENDPOINT"), variable("OSS_BUCKET"), who, options));
    CHECK_ENDS(oss::status::cancelled, bucket.stat("anything"));

    const oss::expected<oss::bucket> wrong = oss::bucket::make("https://example.com", "No Bucket", who);
    CHECK(!wrong && wrong->get() == nullptr);
    CHECK_ENDS(oss::status::invalid_argument, wrong.result());
    found_credentials();
    CHECK_ENDS(oss::status::invalid_argument, oss::credentials::make("", "secret").result());
}

// A function that gives the key goes on being asked by what was made from its credentials.
void living_credentials() {
    int asked = 0;
    oss::multipart begun;
    {
        // What the function has of its own goes with it.
        const std::string id = variable("OSS_ACCESS_KEY_ID"), secret = variable("OSS_ACCESS_KEY_SECRET");
        const oss::bucket bucket = bucket_of(needed(oss::credentials::from_function([&asked, id, secret] {
            asked++;
            return oss::access_key(id, secret);
        })));
        CHECK_OK(bucket.put("living", std::string("data")));
        CHECK(asked == 1);
        const oss::expected<oss::bucket> limited = bucket.with_limits(std::chrono::seconds(60));
        CHECK_OK(limited->put("living", std::string("data")));
        begun = needed(limited->begin_multipart("parts"));
        CHECK(asked == 3);
    }
    CHECK_OK(begun.upload_part(1, std::string("data")));
    CHECK_OK(begun.abort());
    CHECK(asked == 5);

    const auto end = std::chrono::system_clock::now() + std::chrono::hours(1);
    int kept = 0;
    const oss::bucket bucket = bucket_of(needed(oss::credentials::from_function([&] {
        kept++;
        return oss::access_key(variable("OSS_ACCESS_KEY_ID"), variable("OSS_ACCESS_KEY_SECRET"), "", end);
    })));
    for (int i = 0; i < 3; i++) CHECK_OK(bucket.put("living", std::string("data")));
    CHECK(kept == 1);

    const oss::bucket wrong = bucket_of(needed(oss::credentials::from_function(
        [] { return oss::access_key(std::string("id\0", 3), "secret"); })));
    CHECK_ENDS(oss::status::credentials, wrong.put("wrong", std::string("data")));
    const oss::bucket nobody = bucket_of(needed(oss::credentials::anonymous()));
    CHECK_ENDS(oss::status::service, nobody.put("anonymous", std::string("data")));
    CHECK_ENDS(oss::status::invalid_argument, nobody.presign_get("key", std::chrono::seconds(60)).result());
}

static_assert(std::is_constructible<oss::bytes, const char (&)[6]>::value, "a literal is data");
static_assert(!std::is_constructible<oss::bytes, char (&)[6]>::value, "a buffer may be filled in part");
static_assert(!std::is_constructible<oss::bytes, const char *>::value, "a pointer has no length");

// The NUL that ends a literal is no part of the data; others are.
void literals(const oss::bucket &bucket) {
    static const char unended[] = {'a', 'b'};
    CHECK_OK(bucket.put("literal", "hello"));
    check_there(bucket, "literal", 5);
    CHECK_OK(bucket.put("literal", "a\0b"));
    check_there(bucket, "literal", 3);
    CHECK_OK(bucket.put("literal", ""));
    check_there(bucket, "literal", 0);
    CHECK_OK(bucket.put("literal", unended));
    check_there(bucket, "literal", 2);
    const oss::result told = bucket.put("literal", "hello", callback_to("CALLBACK_URL"), oss::put_options());
    CHECK_OK(told);
    CHECK_TEXT(told.body(), variable("ANSWER"));
    CHECK_OK(bucket.put("literal", oss::body::from_bytes("hello")));
    check_there(bucket, "literal", 5);
}

// Checks that a NUL is refused, and in what.
template <class Result> void check_nul(const std::string &what, const Result &refused) {
    CHECK(refused.status() == oss::status::invalid_argument);
    const oss::text said = refused.message();
    CHECK(std::string(said.begin(), said.end()) == what + " holds a NUL");
}

// Whatever it stands in.
void nul_is_named(const oss::bucket &bucket) {
    const std::string nul("a\0b", 3);
    check_nul("key", bucket.put(nul, std::string("data")));
    check_nul("path", bucket.put_file("key", nul));
    check_nul("path", bucket.put("key", oss::body::from_file(nul)));
    check_nul("access_key_secret", oss::credentials::make("id", nul).result());
    check_nul("file", oss::credentials::from_profile(nul).result());
    check_nul("profile", oss::credentials::from_profile("file", nul).result());
    check_nul("token_file", oss::credentials::from_oidc("role", "provider", nul).result());
    oss::upload_options options;
    check_nul("folder", options.set_checkpoint(nul));
    oss::bucket_options reached;
    check_nul("path", reached.set_ca_file(nul));
    check_nul("proxy", reached.set_proxy(std::string("\0", 1)));
    oss::put_options stored;
    check_nul("value", stored.add_metadata("name", nul));
#if __cplusplus >= 201703L
    check_nul("key", bucket.put(std::string_view(nul), std::string("data")));
    check_nul("path", bucket.put_file("key", std::string_view(nul)));
#endif
}

// Text that C would see the beginning of only is refused.
void text_with_nul(const oss::bucket &bucket) {
    const std::string cut("key\0more", 8);
    CHECK_ENDS(oss::status::invalid_argument, bucket.put(cut, std::string("data")));
    CHECK_ENDS(oss::status::invalid_argument, bucket.put_file("key", std::string("/dev/null\0", 10)));
    CHECK(bucket.stat("key").stored() == oss::stored::no);
    oss::upload_options options;
    CHECK_ENDS(oss::status::invalid_argument, options.set_checkpoint(std::string("a\0b", 3)));
    CHECK_ENDS(oss::status::invalid_argument, oss::outbox::make(std::string("a\0b", 3)).result());
    CHECK_ENDS(oss::status::invalid_argument, oss::credentials::from_profile(std::string("a\0b", 3)).result());
    CHECK_ENDS(oss::status::invalid_argument,
               oss::credentials::from_oidc("role", "provider", std::string("a\0b", 3)).result());
#if __cplusplus >= 201703L
    CHECK_ENDS(oss::status::invalid_argument, bucket.put(std::string_view(cut), std::string("data")));
    CHECK_ENDS(oss::status::invalid_argument, bucket.put_file("key", std::string_view("/dev/null\0", 10)));
    CHECK_ENDS(oss::status::invalid_argument, oss::credentials::from_profile(std::string_view("a\0b", 3)).result());
#endif
}

void bodies(const oss::bucket &bucket, const std::string &folder) {
    const std::string data = data_of(3 * part_size + 1), path = folder + "/data";
    std::ofstream(path.c_str(), std::ios::binary) << data;
    CHECK_OK(bucket.put_file("file", path));
    const std::string in_gbk = folder + "/\xb1\xa8\xb8\xe6";
    CHECK(std::rename(path.c_str(), in_gbk.c_str()) == 0);
    CHECK_OK(bucket.put_file("report", in_gbk));
    check_there(bucket, "report", data.size());
    CHECK(std::rename(in_gbk.c_str(), path.c_str()) == 0);
    CHECK_OK(bucket.put("file", oss::body::from_file(path)));
    check_there(bucket, "file", data.size());
    CHECK_OK(bucket.put("range", oss::body::from_file_range(path, 1, 10)));
    check_there(bucket, "range", 10);
    std::FILE *file = std::fopen(path.c_str(), "rb");
    const oss::body open_file = oss::body::from_fd(fileno(file), 2, 20);
    std::fclose(file);
    CHECK_OK(bucket.put("open", open_file));
    check_there(bucket, "open", 20);
    CHECK_ENDS(oss::status::local_io, bucket.put("none", oss::body::from_file("/nonexistent")));

    oss::upload_options options;
    CHECK_OK(options.set_part_size(part_size));
    CHECK_OK(options.set_threshold(part_size));
    CHECK_OK(options.set_parallel(2));
    CHECK_OK(bucket.upload("bytes", oss::body::from_bytes(data), nullptr, options));
    check_there(bucket, "bytes", data.size());
    CHECK_OK(bucket.upload("read", oss::body::from_reader(source(data)), nullptr, options));
    check_there(bucket, "read", data.size());
    CHECK(bucket.stat("read").crc64() == bucket.stat("bytes").crc64());
    CHECK_OK(bucket.put("read-once", oss::body::from_reader(source("four"), 4)));

    std::size_t position = 0;
    int rewinds = 0;
    oss::body again = oss::body::from_rewindable(
        [&](char *buffer, std::size_t capacity) {
            const std::size_t count = data.copy(buffer, capacity, position);
            position += count;
            return count;
        },
        [&] {
            position = 0;
            rewinds++;
        },
        data.size());
    const oss::body moved = std::move(again);
    CHECK_OK(bucket.put("again", moved));
    CHECK_OK(bucket.upload("again", moved, nullptr, options));
    CHECK(rewinds > 0);
    CHECK(bucket.stat("again").crc64() == bucket.stat("bytes").crc64());

    const oss::body wrong = oss::body::from_rewindable([](char *, std::size_t) { return -7; }, [] { return false; }, 9);
    CHECK_CONTAINS(bucket.put("wrong", wrong).message(), "-7");
    CHECK_CONTAINS(bucket.put("wrong", wrong).message(), "rewind");
    CHECK_ENDS(oss::status::local_io, bucket.put("wrong", wrong));
}

void watching(const oss::bucket &bucket) {
    const std::string data = data_of(3 * part_size);
    std::uint64_t last = 0;
    unsigned calls = 0;
    oss::put_options put;
    CHECK_OK(put.add_metadata("name", "value"));
    oss::upload_options options;
    CHECK_OK(options.set_part_size(part_size));
    CHECK_OK(options.set_threshold(0));
    CHECK_OK(options.set_put_options(put));
    CHECK_OK(options.set_memory_limit(1 << 20));
    CHECK_OK(options.set_rate_limit(1 << 30));
    {
        const oss::rate shared(0);
        CHECK_OK(put.set_rate(shared));
        CHECK_OK(put.set_rate(nullptr));
        CHECK_OK(options.set_rate(shared));
        shared.set(1 << 30);
    }
    CHECK_OK(options.set_deadline(seconds(60)));
    CHECK_OK(options.set_log([](const std::string &) {}));
    CHECK_OK(options.set_progress([&](const oss::progress &how_far) {
        CHECK(how_far.accepted() >= last && how_far.total() == data.size());
        last = how_far.accepted();
        calls++;
    }));
    CHECK_OK(bucket.upload("watched", oss::body::from_bytes(data), nullptr, options));
    CHECK(last == data.size() && calls > 1);
    CHECK_TEXT(bucket.stat("watched").header("x-oss-meta-name"), "value");

    CHECK_OK(options.set_keep_parts(true));
    CHECK_OK(options.set_progress([](const oss::progress &how_far) { return how_far.accepted() == 0; }));
    const oss::result stopped = bucket.upload("stopped", oss::body::from_bytes(data), nullptr, options);
    CHECK_ENDS(oss::status::cancelled, stopped);
    CHECK(stopped.stored() == oss::stored::no && !stopped.upload_id().empty());
    const oss::upload_list left = needed(bucket.list_uploads("stop", 10));
    CHECK(left.size() == 1 && !left.empty() && !left.is_truncated());
    for (const oss::unfinished_upload upload : left) {
        CHECK_TEXT(upload.key, "stopped");
        CHECK(upload.upload_id == stopped.upload_id() && !upload.initiated.empty());
        CHECK_OK(needed(bucket.reopen_multipart(std::string(upload.key), std::string(upload.upload_id))).abort());
    }
    CHECK(needed(bucket.list_uploads("", 10)).empty());

    CHECK_OK(options.set_progress(nullptr));
    CHECK_OK(options.set_log(nullptr));
    oss::cancel fired;
    fired.fire();
    CHECK_OK(options.set_cancel(fired));
    CHECK_ENDS(oss::status::cancelled, bucket.upload("stopped", oss::body::from_bytes(data), nullptr, options));
}

void resuming(const oss::bucket &bucket, const std::string &folder) {
    const std::string path = folder + "/resumed", records = folder + "/records";
    std::ofstream(path.c_str(), std::ios::binary) << data_of(3 * part_size);
    oss::upload_options options;
    CHECK_OK(options.set_part_size(part_size));
    CHECK_OK(options.set_parallel(1));
    CHECK_OK(options.set_checkpoint(records));
    CHECK_OK(options.set_progress([](const oss::progress &how_far) { return how_far.accepted() < part_size; }));
    CHECK_ENDS(oss::status::cancelled, bucket.upload("resumed", oss::body::from_file(path), nullptr, options));
    std::uint64_t first = 0;
    CHECK_OK(options.set_progress([&](const oss::progress &how_far) {
        if (first == 0) first = how_far.accepted();
    }));
    CHECK_OK(bucket.upload("resumed", oss::body::from_file(path), nullptr, options));
    CHECK(first >= part_size);
}

void writing(const oss::bucket &bucket) {
    const std::string data = data_of(part_size);
    std::uint64_t seen = 0;
    oss::writer writer;
    {
        // The writer goes on calling the function when the options are gone.
        oss::upload_options options;
        CHECK_OK(options.set_part_size(part_size));
        const std::shared_ptr<std::uint64_t> kept = std::make_shared<std::uint64_t>(0);
        CHECK_OK(options.set_progress([&seen, kept](const oss::progress &how_far) {
            *kept = how_far.accepted();
            seen = *kept;
        }));
        writer = needed(bucket.open_writer("written", callback_to("CALLBACK_URL"), options));
        CHECK_OK(options.set_progress([](const oss::progress &) { return false; }));
    }
    for (int i = 0; i < 6; i++) CHECK_OK(writer.write(data));
    const oss::result finished = writer.finish();
    CHECK_OK(finished);
    CHECK_TEXT(finished.body(), variable("ANSWER"));
    CHECK(seen == 6 * data.size());
    check_there(bucket, "written", 6 * data.size());

    oss::writer given_up = needed(bucket.open_writer("given-up"));
    CHECK_OK(given_up.write(std::string("data")));
    CHECK_OK(given_up.abort());
    CHECK(bucket.stat("given-up").stored() == oss::stored::no);
}

void parts(const oss::bucket &bucket) {
    const std::string data = data_of(part_size);
    oss::multipart upload = needed(bucket.begin_multipart("parts"));
    // Several threads may upload parts of it at once.
    oss::result second;
    std::thread other([&] { second = upload.upload_part(2, oss::body::from_bytes(data)); });
    const oss::result first = upload.upload_part(1, data);
    other.join();
    CHECK_OK(first);
    CHECK_OK(second);
    const oss::part_list there = needed(upload.list_parts());
    CHECK(there.size() == 2 && !there.empty() && there[2].number == 0);
    std::uint32_t number = 0;
    for (const oss::part &part : there) {
        CHECK(part.number == ++number && part.size == data.size() && part.etag == first.etag());
        CHECK(!part.has_crc64 || part.crc64 == first.crc64());
    }
    oss::part_list some;
    CHECK_OK(some.add(1, std::string(first.etag())));
    CHECK_ENDS(oss::status::invalid_argument, some.add(1, "again"));
    CHECK_OK(upload.complete(some));
    check_there(bucket, "parts", data.size());

    oss::multipart begun = needed(bucket.begin_multipart("parts", oss::put_options()));
    CHECK_OK(begun.upload_part(1, data));
    oss::multipart reopened = needed(bucket.reopen_multipart("parts", std::string(begun.upload_id())));
    CHECK_OK(reopened.complete(callback_to("CALLBACK_URL")));
    oss::multipart all = needed(bucket.begin_multipart("parts"));
    CHECK_OK(all.upload_part(1, std::string("data")));
    CHECK_OK(all.complete_with_all());
    check_there(bucket, "parts", 4);
    CHECK_TEXT(bucket.reopen_multipart("parts", "none").result().error_code(), "NoSuchUpload");
}

void appending(const oss::bucket &bucket) {
    oss::put_options options;
    CHECK_OK(options.set_previous_crc64(0));
    const oss::body line = oss::body::from_string("line\n");
    const oss::result begun = bucket.append("log", 0, line, options);
    CHECK_OK(begun);
    CHECK(begun.next_position() == 5);
    CHECK_OK(bucket.append("log", begun.next_position(), line));
    CHECK_TEXT(bucket.append("log", 1, line).error_code(), "PositionNotEqualToLength");
}

void for_others(const oss::bucket &bucket) {
    const std::chrono::system_clock::time_point now = std::chrono::system_clock::now();
    oss::put_options options;
    CHECK_OK(options.set_content_type("text/plain"));
    const oss::presigned url = needed(bucket.presign_put("for/others", seconds(900), callback_to("CALLBACK_URL"), options));
    CHECK_TEXT(url.method(), "PUT");
    CHECK(url.expires() > now + seconds(800) && url.expires() < now + seconds(1000));
    CHECK(url.headers().size() == 1 && url.headers()[0].value == "text/plain");
    const oss::result told = url.put(oss::body::from_string("data"));
    CHECK_OK(told);
    CHECK_TEXT(told.body(), variable("ANSWER"));

    oss::presigned theirs = needed(oss::presigned::make(std::string(url.url())));
    CHECK_ENDS(oss::status::invalid_argument, theirs.add_header("Host", "x"));
    CHECK_OK(theirs.add_header("Content-Type", "text/plain"));
    CHECK_OK(theirs.put(oss::body::from_string("data"), oss::bucket_options()));
    CHECK(theirs.expires() == std::chrono::system_clock::time_point());
    CHECK(url.body().empty());
    const oss::result again = bucket.trigger_callback("for/others", callback_to("CALLBACK_URL"), options);
    CHECK_OK(again);
    CHECK_TEXT(again.body(), variable("ANSWER"));
    const oss::presigned trigger =
        needed(bucket.presign_trigger_callback("for/others", seconds(60), callback_to("CALLBACK_URL")));
    CHECK_TEXT(trigger.method(), "POST");
    CHECK(trigger.headers().size() == 2);
    CHECK_CONTAINS(trigger.body(), "trigger/callback");
    CHECK_TEXT(needed(bucket.presign_get("for/others", std::chrono::hours(1))).method(), "GET");
    CHECK_TEXT(needed(bucket.presign_upload_part("key", "id", 1, seconds(60))).method(), "PUT");
    CHECK_TEXT(needed(bucket.presign_complete_multipart("key", "id", seconds(60))).method(), "POST");
    CHECK_ENDS(oss::status::invalid_argument, bucket.presign_get("key", seconds(-1)).result());

    oss::post_policy policy;
    CHECK_OK(policy.set_key("other"));
    CHECK_OK(policy.set_key_prefix("users/"));
    CHECK_OK(policy.set_length_range(1, 100));
    CHECK_OK(policy.set_content_type("text/plain"));
    CHECK_OK(policy.add_field("x-oss-meta-a", "b"));
    CHECK_OK(policy.add_field_prefix("x-oss-meta-c", "d"));
    CHECK_ENDS(oss::status::invalid_argument, policy.add_field("policy", "x"));
    CHECK_OK(policy.allow_any_callback(false));
    const oss::post_form without = needed(policy.sign(bucket, seconds(600)));
    CHECK_CONTAINS(needed(without.to_json()).str(), "\"callback\":\"\"");
    CHECK_OK(policy.allow_any_callback(true));
    CHECK(needed(needed(policy.sign(bucket, seconds(600))).to_json()).str().find("callback") == std::string::npos);
    oss::post_form form = needed(policy.sign(bucket, seconds(600), callback_to("CALLBACK_URL")));
    CHECK(form.expires() > now + seconds(500));
    CHECK_OK(form.set_field("key", "users/42"));
    CHECK_OK(form.set_field("x-oss-meta-c", "dd"));
    const oss::result posted = form.post(oss::body::from_string("data"));
    CHECK_OK(posted);
    CHECK_TEXT(posted.body(), variable("ANSWER"));
    CHECK_CONTAINS(needed(form.to_json()).str(), "users/42");

    oss::post_form handed_out = needed(oss::post_form::make(std::string(form.url())));
    for (const oss::name_value &field : form.fields()) CHECK_OK(handed_out.set_field(field.name, field.value));
    CHECK_OK(handed_out.post(oss::body::from_string("data")));
    check_there(bucket, "users/42", 4);
}

void verifying() {
    oss::callback_verifier verifier;
    CHECK_OK(verifier.add_key_prefix("https://keys.example.com/"));
    CHECK_OK(verifier.set_fetch_timeout(milliseconds(100)));
    CHECK_OK(verifier.set_cache_time(std::chrono::hours(24)));
    CHECK_OK(verifier.set_ca_file("/nonexistent"));
    CHECK_ENDS(oss::status::invalid_argument, verifier.set_public_key("none"));
    CHECK_ENDS(oss::status::not_authentic, verifier.verify("/", std::string("body"), nullptr, nullptr));
    CHECK_ENDS(oss::status::not_authentic, verifier.verify("/", std::string("body"), nullptr, nullptr, nullptr));
    const oss::result unknown = verifier.verify("/", std::string("body"), "AAAA", "AAAA", "2.0");
    CHECK_ENDS(oss::status::bad_response, unknown);
    CHECK_CONTAINS(unknown.message(), "2.0");

    // 64 bytes could be a signature, so the key is fetched, unless that is cancelled.
    oss::cancel fired;
    fired.fire();
    const oss::callback_verifier limited = needed(verifier.with_limits(seconds(60), fired));
    const std::string signature = std::string(85, 'A') + "Q==";
    CHECK_ENDS(oss::status::cancelled,
               limited.verify("/", std::string("body"), signature, "aHR0cHM6Ly9rZXlzLmV4YW1wbGUuY29tL2E="));
    CHECK_ENDS(oss::status::invalid_argument, verifier.with_limits(milliseconds(-1)).result());
    CHECK_ENDS(oss::status::invalid_argument,
               oss::callback_verifier::verify_with_key("none", "/", std::string("body"), "AAAA"));
}

// What is asked of a handle that has no name outlives it.
void handles_without_names(const oss::bucket &bucket) {
    CHECK_OK(bucket.put("nameless", std::string("data")));
    const auto length = bucket.stat("nameless").header("Content-Length");
    CHECK_TEXT(length, "4");
    const auto answer = bucket.put("told", std::string("data"), callback_to("CALLBACK_URL")).body();
    CHECK_TEXT(answer, variable("ANSWER"));
    const auto rule = bucket.stat("/").message();
    CHECK_CONTAINS(rule, "slash");
    const auto wrong = oss::credentials::make("", "").result().message();
    CHECK_CONTAINS(wrong, "access key");
    const oss::result &why = oss::credentials::make("", "").result();
    CHECK_ENDS(oss::status::invalid_argument, why);
    const auto url = needed(bucket.presign_get("nameless", seconds(60))).url();
    CHECK_CONTAINS(url, "nameless");
    const oss::multipart left = needed(bucket.begin_multipart("left"));
    for (const oss::unfinished_upload upload : *bucket.list_uploads("left", 10)) {
        CHECK_TEXT(upload.upload_id, std::string(left.upload_id()));
        CHECK_OK(needed(bucket.reopen_multipart("left", std::string(upload.upload_id))).abort());
    }
    CHECK(needed(bucket.list_uploads("left", 10)).empty());
}

void limits(const oss::bucket &bucket) {
    oss::cancel fired;
    fired.fire();
    const oss::bucket patient = needed(bucket.with_limits(std::chrono::minutes(1)));
    CHECK_OK(patient.put("in-time", std::string("data")));
    CHECK_ENDS(oss::status::cancelled, needed(bucket.with_limits(milliseconds(0), fired)).stat("in-time"));
    CHECK_ENDS(oss::status::invalid_argument, bucket.with_limits(milliseconds(-1)).result());
    CHECK_OK(bucket.stat("in-time"));

    oss::multipart upload = needed(bucket.begin_multipart("limited"));
    CHECK_OK(needed(upload.with_limits(seconds(60))).upload_part(1, std::string("data")));
    CHECK_ENDS(oss::status::cancelled, needed(upload.with_limits(seconds(60), fired)).complete());
    CHECK_OK(upload.complete());
    check_there(bucket, "limited", 4);
}

oss::result put_owing(const oss::bucket &bucket, const oss::outbox &outbox, const char *key, const oss::callback &notify) {
    oss::put_options options;
    CHECK_OK(options.set_outbox(outbox));
    return bucket.put(key, std::string("data"), notify, options);
}

void check_record(const oss::owed &owed, const oss::result &upload) {
    CHECK_CONTAINS(owed.url(), "/owed/failed.txt");
    CHECK_TEXT(owed.bucket(), variable("OSS_BUCKET"));
    CHECK_TEXT(owed.key(), "owed/failed.txt");
    CHECK_TEXT(owed.etag(), std::string(upload.etag()));
    CHECK_TEXT(owed.content_type(), "text/plain");
    CHECK_TEXT(owed.message(), std::string(upload.message()));
    CHECK(owed.upload_id().empty() && owed.tries() == 0 && owed.due_in() == milliseconds(0));
    CHECK(owed.has_size() && owed.size() == 4);
    CHECK(owed.has_crc64() && owed.crc64() == upload.crc64());
    CHECK(owed.stored() == oss::stored::yes);
    const auto age = std::chrono::system_clock::now() - owed.since();
    CHECK(age > seconds(-2) && age < std::chrono::hours(1));
    CHECK_TEXT(needed(owed.render()).str(), "object=owed%2Ffailed.txt&size=4&user=a%20b");
    oss::callback_values values;
    CHECK_OK(values.set("object", "other"));
    CHECK_CONTAINS(needed(owed.render(values)).str(), "object=other&");
}

// The reply to the upload of "owed/lost" is lost.
void owing(const oss::bucket &bucket, const std::string &folder) {
    oss::outbox outbox = needed(oss::outbox::make(folder + "/outbox"));
    const oss::result failed = put_owing(bucket, outbox, "owed/failed.txt", callback_to("FAILING_URL"));
    CHECK_ENDS(oss::status::callback_failed, failed);
    oss::delivery_options options;
    unsigned told = 0;
    CHECK_OK(options.set_parallel(1));
    CHECK_OK(options.set_deadline(seconds(60)));
    CHECK_OK(options.set_cancel(nullptr));
    CHECK_OK(options.set_progress([&](const oss::progress &how_far) {
        CHECK(how_far.accepted() == 0 && how_far.total() == 1);
        told++;
    }));
    CHECK_ENDS(oss::status::invalid_argument, options.set_parallel(0));
    CHECK_ENDS(oss::status::invalid_argument, options.set_deadline(milliseconds(-1)));
    {
        oss::expected<oss::owed> owed = outbox.next();
        CHECK(static_cast<bool>(owed));
        check_record(*owed, failed);
        CHECK_OK(owed->postpone(milliseconds(0)));
        CHECK_OK(bucket.deliver(outbox, options));
        CHECK(told == 0);
    }
    const oss::result delivery = bucket.deliver(outbox, options);
    CHECK_ENDS(oss::status::callback_failed, delivery);
    CHECK(delivery.delivered() == 0 && delivery.owed() == 1 && told == 1);

    CHECK_ENDS(oss::status::callback_unknown, put_owing(bucket, outbox, "owed/lost", callback_to("CALLBACK_URL")));
    unsigned count = 0;
    outbox = needed(oss::outbox::make(folder + "/outbox"));
    while (oss::expected<oss::owed> next = outbox.next()) {
        count++;
        if (next->key() == "owed/failed.txt") {
            CHECK(next->tries() == 1);
            CHECK_OK(next->postpone(std::chrono::hours(1)));
            CHECK(next->due_in() > std::chrono::minutes(50) && next->due_in() <= std::chrono::hours(1));
            CHECK_OK(next->done());
            continue;
        }
        const oss::result settled = bucket.settle(*next);
        CHECK_OK(settled);
        CHECK_TEXT(settled.body(), variable("ANSWER"));
    }
    CHECK(count == 2);
    const oss::expected<oss::owed> none = outbox.next();
    CHECK_OK(none.result());
    CHECK(!none);
    CHECK_ENDS(oss::status::local_io, oss::outbox::make("/dev/null/outbox").result());

    oss::upload_options upload;
    CHECK_OK(upload.set_outbox(outbox));
    CHECK_OK(upload.set_outbox(nullptr));
    oss::bucket_options elsewhere;
    CHECK_OK(elsewhere.set_outbox(outbox));
}

void versions() {
    CHECK_TEXT(oss::version(), OSS_UPLOAD_VERSION);
    CHECK(oss::version_number() == OSS_UPLOAD_VERSION_NUMBER);
    CHECK_OK(oss::check_version());
    CHECK_ENDS(oss::status::invalid_argument, oss::check_version(OSS_UPLOAD_ABI + 1));
}

} // namespace

int main() {
    const oss::bucket bucket = open_bucket();
    const std::string folder = variable("SCRATCH");
    callbacks(bucket);
    told_meanwhile();
    callback_settings(bucket);
    settings(bucket);
    bucket_settings(needed(oss::credentials::from_environment()));
    living_credentials();
    literals(bucket);
    text_with_nul(bucket);
    nul_is_named(bucket);
    bodies(bucket, folder);
    watching(bucket);
    resuming(bucket, folder);
    writing(bucket);
    parts(bucket);
    appending(bucket);
    for_others(bucket);
    verifying();
    handles_without_names(bucket);
    limits(bucket);
    owing(bucket, folder);
    versions();
    return finish();
}
