// What the caller's functions throw comes back after the call, and what ended badly is thrown when that is asked for.

#include "support.hpp"

#include <condition_variable>
#include <fstream>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace {

constexpr std::size_t part_size = 102400;

struct mishap : std::runtime_error {
    using std::runtime_error::runtime_error;
};

// The message of what a call throws; "nothing" if it throws nothing, or not this.
template <class Exception, class Call> std::string thrown_by(Call call) {
    try {
        call();
    } catch (const Exception &caught) {
        return caught.what();
    } catch (...) {
    }
    return "nothing";
}

std::string carried_by(const oss::result &result) {
    const std::exception_ptr carried = result.exception();
    return thrown_by<mishap>([&] {
        if (carried) std::rethrow_exception(carried);
    });
}

oss::upload_options in_parts() {
    oss::upload_options options;
    options.set_part_size(part_size).or_throw();
    options.set_threshold(0).or_throw();
    return options;
}

void what_ended_badly(const oss::bucket &bucket) {
    const std::string data = "data";
    bucket.put("well", data).or_throw();
    const oss::result well = bucket.put("well", data).or_throw();
    CHECK(well.stored() == oss::stored::yes && !well.etag().empty());
    const oss::result &referred_to = bucket.put("well", data).or_throw();
    CHECK_OK(referred_to);
    CHECK(referred_to.etag() == well.etag());
    oss::callback failing = oss::callback::make(variable("FAILING_URL"), "a=b").or_throw();
    try {
        bucket.put("untold", data, failing).or_throw();
        CHECK(false);
    } catch (const std::exception &caught) {
        const oss::error *error = dynamic_cast<const oss::error *>(&caught);
        CHECK(error != nullptr);
        if (error == nullptr) return;
        const oss::error copy = *error;
        CHECK(copy.status() == oss::status::callback_failed);
        CHECK(copy.result().stored() == oss::stored::yes && !copy.result().etag().empty());
        CHECK_CONTAINS(copy.what(), "CALLBACK_FAILED: ");
        CHECK_CONTAINS(copy.what(), std::string(copy.result().message()));
    }
    const std::string refused =
        thrown_by<oss::error>([&] { failing.add_variable("user", "42").or_throw(); });
    CHECK_CONTAINS(refused, "INVALID_ARGUMENT: ");
    CHECK_CONTAINS(refused, "x:");
    CHECK_CONTAINS(thrown_by<oss::error>([] { oss::credentials::make("", "").or_throw(); }), "INVALID_ARGUMENT: ");
    CHECK_TEXT(thrown_by<oss::error>([] { oss::result().or_throw(); }), "INTERNAL");
    oss::result named = bucket.put("well", data), nameless = bucket.put("", data);
    named.or_throw();
    CHECK(named.ok());
    CHECK_CONTAINS(thrown_by<oss::error>([&] { nameless.or_throw(); }), "INVALID_ARGUMENT: the object key is empty");
}

void thrown_while_reading(const oss::bucket &bucket) {
    const oss::body body = oss::body::from_reader(
        [](char *, std::size_t) -> std::size_t { throw mishap("no data"); }, 100);
    for (int i = 0; i < 2; i++) {
        oss::result result = bucket.put("read", body);
        CHECK_ENDS(oss::status::local_io, result);
        CHECK_TEXT(carried_by(result), "no data");
        CHECK(result.stored() == oss::stored::no);
        CHECK_TEXT(thrown_by<mishap>([&] { std::move(result).or_throw(); }), "no data");
    }
    CHECK_TEXT(thrown_by<mishap>([&] { bucket.upload("read", body, nullptr, in_parts()).or_throw(); }),
               "no data");
    // What was thrown in one call is not in the next.
    CHECK(!bucket.put("read", std::string("data")).exception());

    const oss::body again = oss::body::from_rewindable(
        [](char *buffer, std::size_t) {
            *buffer = 'x';
            return 1;
        },
        [] { throw mishap("no way back"); }, 1);
    CHECK_OK(bucket.put("again", again));
    CHECK_TEXT(carried_by(bucket.put("again", again)), "no way back");

    // What is thrown need not be an exception of the standard library.
    const oss::body number = oss::body::from_reader([](char *, std::size_t) -> std::size_t { throw 7; });
    int caught = 0;
    try {
        bucket.upload("read", number).or_throw();
    } catch (int value) {
        caught = value;
    }
    CHECK(caught == 7);
}

void thrown_while_watching(const oss::bucket &bucket) {
    const std::string data(3 * part_size, 'a');
    oss::upload_options options = in_parts();
    options.set_progress([](const oss::progress &how_far) {
        if (how_far.accepted() > 0) throw mishap("enough");
    }).or_throw();
    const oss::result stopped = bucket.upload("watched", oss::body::from_bytes(data), nullptr, options);
    CHECK_ENDS(oss::status::cancelled, stopped);
    CHECK_TEXT(carried_by(stopped), "enough");
    CHECK(stopped.stored() == oss::stored::no && bucket.stat("watched").stored() == oss::stored::no);

    oss::writer writer = bucket.open_writer("written", nullptr, options).or_throw();
    std::string carried;
    for (int i = 0; i < 12 && carried.empty(); i++) {
        const oss::result written = writer.write(data);
        if (!written) carried = carried_by(written);
    }
    CHECK_TEXT(carried, "enough");
    CHECK(bucket.stat("written").stored() == oss::stored::no);
}

// Waits until two threads are here.
class meeting {
public:
    void wait() {
        std::unique_lock<std::mutex> lock(mutex_);
        here_++;
        changed_.notify_all();
        changed_.wait(lock, [this] { return here_ >= 2; });
    }

private:
    std::mutex mutex_{};
    std::condition_variable changed_{};
    int here_ = 0;
};

// A function that is called on two threads at once tells each of them its own.
void thrown_on_two_threads(const oss::bucket &bucket) {
    meeting both;
    oss::upload_options options = in_parts();
    options.set_progress([&](const oss::progress &how_far) {
        both.wait();
        throw mishap(std::to_string(how_far.total()));
    }).or_throw();
    const auto upload = [&](const char *key, std::size_t size) {
        const std::string data(size, 'a');
        return carried_by(bucket.upload(key, oss::body::from_bytes(data), nullptr, options));
    };
    std::string carried_there;
    std::thread other([&] { carried_there = upload("there", 4 * part_size); });
    CHECK_TEXT(upload("here", 3 * part_size), std::to_string(3 * part_size));
    other.join();
    CHECK_TEXT(carried_there, std::to_string(4 * part_size));
}

// The record of an earlier upload is damaged, so that there is a line for the log.
void thrown_while_logging(const oss::bucket &bucket) {
    const std::string path = variable("SOURCE"), records = variable("SCRATCH") + "/records";
    oss::upload_options options = in_parts();
    options.set_checkpoint(records).or_throw();
    options.set_progress([](const oss::progress &how_far) { return how_far.accepted() == 0; }).or_throw();
    CHECK_ENDS(oss::status::cancelled, bucket.upload("logged", oss::body::from_file(path), nullptr, options));
    options.set_progress(nullptr).or_throw();
    options.set_part_size(2 * part_size).or_throw();
    std::string line;
    options.set_log([&](const char *text) {
        line = text;
        throw mishap("a full disk");
    }).or_throw();
    const oss::result stopped = bucket.upload("logged", oss::body::from_file(path), nullptr, options);
    CHECK_TEXT(carried_by(stopped), "a full disk");
    CHECK_ENDS(oss::status::cancelled, stopped);
    CHECK(!line.empty());
}

// What is no record is set aside with a line for the log, and what is tried is told.
void thrown_while_delivering(const oss::bucket &bucket) {
    const std::string folder = variable("SCRATCH") + "/outbox";
    oss::outbox outbox = oss::outbox::make(folder).or_throw();
    oss::put_options options;
    options.set_outbox(outbox).or_throw();
    const oss::callback failing = oss::callback::make(variable("FAILING_URL"), "a=b").or_throw();
    CHECK_ENDS(oss::status::callback_failed, bucket.put("owed", std::string("data"), failing, options));
    oss::delivery_options delivery;
    delivery.set_progress([](const oss::progress &) { throw mishap("too many"); }).or_throw();
    const oss::result stopped = bucket.deliver(outbox, delivery);
    CHECK_ENDS(oss::status::cancelled, stopped);
    CHECK_TEXT(carried_by(stopped), "too many");
    CHECK(stopped.owed() == 1);

    std::ofstream(folder + "/0000000000000-00000000000000000000000000000000.json") << "no record";
    outbox.set_log([](const char *) { throw mishap("a full disk"); }).or_throw();
    const oss::result unlogged = bucket.deliver(outbox);
    CHECK_TEXT(carried_by(unlogged), "a full disk");
    CHECK_ENDS(oss::status::cancelled, unlogged);
    outbox.set_log(nullptr).or_throw();
    bucket.deliver(outbox).or_throw();
}

// Where there is no other key, the call ends with what was thrown; where there is one, it need not even be known.
void thrown_while_asked() {
    using std::chrono::system_clock;
    int asked = 0;
    const oss::credentials who = oss::credentials::from_function([&] {
        if (asked++ != 1) throw mishap("no key");
        return oss::access_key(variable("OSS_ACCESS_KEY_ID"), variable("OSS_ACCESS_KEY_SECRET"), "",
                               system_clock::now() + std::chrono::seconds(3));
    }).or_throw();
    const oss::bucket bucket = bucket_of(who);
    const oss::result refused = bucket.put("asked", std::string("data"));
    CHECK_ENDS(oss::status::credentials, refused);
    CHECK_TEXT(carried_by(refused), "no key");
    // The key is used until its end, and before that the function has been asked in vain.
    bool used = true;
    while (used) {
        const oss::result put = bucket.put("asked", std::string("data"));
        used = static_cast<bool>(put);
        CHECK_TEXT(carried_by(put), used ? "nothing" : "no key");
        if (!used) CHECK_ENDS(oss::status::credentials, put);
    }
    CHECK(asked > 3);
}

// A call from within a function has its own exceptions, and leaves those of the outer one alone.
void thrown_within(const oss::bucket &bucket) {
    std::string inner;
    const oss::body body = oss::body::from_reader([&](char *, std::size_t) -> std::size_t {
        oss::callback notify = oss::callback::make("http://app.example.com/", "a=b").or_throw();
        inner = thrown_by<oss::error>([&] { notify.set_host("").or_throw(); });
        CHECK_OK(notify.check());
        throw mishap("outer");
    });
    CHECK_TEXT(carried_by(bucket.upload("within", body)), "outer");
    CHECK_CONTAINS(inner, "INVALID_ARGUMENT");
}

// With the functions of the C header the upload fails the same way, and the exception is dropped.
void thrown_under_c(const oss::bucket &bucket) {
    const oss::body body = oss::body::from_reader([](char *, std::size_t) -> std::size_t { throw mishap("unheard"); });
    CHECK(oss_upload_object(bucket.get(), "c", body.get(), nullptr, nullptr, nullptr) == OSS_STATUS_LOCAL_IO);
}

} // namespace

int main() {
    const oss::bucket bucket = open_bucket();
    what_ended_badly(bucket);
    thrown_while_reading(bucket);
    thrown_while_watching(bucket);
    thrown_on_two_threads(bucket);
    thrown_while_logging(bucket);
    thrown_while_delivering(bucket);
    thrown_while_asked();
    thrown_within(bucket);
    thrown_under_c(bucket);
    return finish();
}
