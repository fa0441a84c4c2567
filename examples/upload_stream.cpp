// Uploads what comes out of a stream, whose length nobody knows beforehand, and calls the application server at the end.
// Ctrl-C cancels.
//
//   upload_stream [KEY] < DATA
#include "example.hpp"
#include <csignal>
#include <stdexcept>

namespace {

// Never freed: a signal may come until the very end.
const oss::cancel &on_interrupt = *new oss::cancel;

std::size_t read_from(std::istream &stream, char *buffer, std::size_t capacity) {
    stream.read(buffer, static_cast<std::streamsize>(capacity));
    if (stream.bad()) throw std::runtime_error("the stream cannot be read");
    return static_cast<std::size_t>(stream.gcount());
}

int upload(std::istream &stream, const char *key) {
    const oss::bucket bucket = open_bucket();
    const oss::callback callback =
        oss::callback::make(needed("OSS_CALLBACK_URL"), "object=${object}&size=${size}").or_throw();

    oss::upload_options options;
    options.set_cancel(on_interrupt).or_throw();
    options.set_progress([](const oss::progress &how_far) { std::cerr << how_far.accepted() << " bytes are there\n"; })
        .or_throw();

    const oss::body body = oss::body::from_reader(
        [&stream](char *buffer, std::size_t capacity) { return read_from(stream, buffer, capacity); });
    const oss::result result = bucket.upload(key, body, callback, options);
    // What the functions above threw comes back after the call.
    if (result.exception()) std::rethrow_exception(result.exception());
    return conclude(result);
}

} // namespace

int main(int argc, char **argv) {
    std::ios::sync_with_stdio(false); // lets the stream read more than a byte at a time, and tell failure from the end
    std::signal(SIGINT, [](int) { on_interrupt.fire(); });
    try {
        return upload(std::cin, argc > 1 ? argv[1] : "examplefiles/exampleobject.txt");
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return ended_failed;
    }
}
