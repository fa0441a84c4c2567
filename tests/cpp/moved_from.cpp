// A handle that was moved from is empty: calls on it say so, and it can be given a new one.

#include "support.hpp"

#include <type_traits>

namespace {

template <class Handle> void check_movable() {
    static_assert(std::is_nothrow_move_constructible<Handle>::value, "it can be moved");
    static_assert(std::is_nothrow_move_assignable<Handle>::value, "it can be moved");
    static_assert(!std::is_copy_constructible<Handle>::value && !std::is_copy_assignable<Handle>::value,
                  "it cannot be copied");
    static_assert(!std::is_convertible<typename Handle::c_type *, Handle>::value,
                  "a handle of C is not taken over by chance");
}

// Moves a handle away, and returns what is left.
template <class Handle> Handle moved_from(Handle handle) {
    check_movable<Handle>();
    CHECK(static_cast<bool>(handle.get() != nullptr));
    typename Handle::c_type *const pointer = handle.get();
    Handle other(std::move(handle));
    CHECK(other.get() == pointer && handle.get() == nullptr);
    Handle last(nullptr);
    last = std::move(other);
    CHECK(last.get() == pointer && other.get() == nullptr);
    return other;
}

constexpr oss::status refused = oss::status::invalid_argument;

void settings() {
    oss::bucket_options bucket_options = moved_from(oss::bucket_options());
    CHECK_ENDS(refused, bucket_options.set_region("cn-hangzhou"));
    oss::put_options put_options = moved_from(oss::put_options());
    CHECK_ENDS(refused, put_options.set_content_type("text/plain"));
    CHECK(!put_options.set_content_type("text/plain").message().empty());
    oss::callback_values values = moved_from(oss::callback_values());
    CHECK_ENDS(refused, values.set("object", "value"));
    oss::post_policy policy = moved_from(oss::post_policy());
    CHECK_ENDS(refused, policy.set_key("key"));
    oss::part_list parts = moved_from(oss::part_list());
    CHECK_ENDS(refused, parts.add(1, "etag"));
    CHECK(parts.empty() && parts.begin() == parts.end());
    oss::cancel cancel = moved_from(oss::cancel());
    cancel.fire();
    CHECK(!cancel.has_fired());
    oss::rate rate = moved_from(oss::rate(0));
    rate.set(1);
    oss::callback_verifier verifier = moved_from(oss::callback_verifier());
    CHECK_ENDS(refused, verifier.verify("/", std::string(), "a", "b"));
    oss::upload_options upload_options = moved_from(oss::upload_options());
    CHECK_ENDS(refused, upload_options.set_progress([](const oss::progress &) {}));
    CHECK_ENDS(refused, upload_options.set_log(nullptr));
    oss::delivery_options delivery_options = moved_from(oss::delivery_options());
    CHECK_ENDS(refused, delivery_options.set_parallel(1));
    CHECK_ENDS(refused, delivery_options.set_progress([](const oss::progress &) {}));
    CHECK_ENDS(refused, delivery_options.set_progress(nullptr));
    // It can be used again.
    upload_options = oss::upload_options();
    CHECK_OK(upload_options.set_log([](const char *) {}));
}

void callbacks() {
    oss::callback callback = moved_from(needed(oss::callback::make("http://app.example.com/", "a=b")));
    CHECK_ENDS(refused, callback.set_sni(true));
    CHECK_ENDS(refused, callback.check());
    oss::string encoded, variables;
    CHECK_ENDS(refused, callback.encode(encoded, variables));
    CHECK(!encoded && encoded.size() == 0 && encoded.str().empty());
    CHECK_ENDS(refused, callback.render(nullptr).result());
    oss::callback strange = needed(oss::callback::make("http://127.0.0.1/", "a=b"));
    oss::finding_list findings;
    static_cast<void>(strange.check(findings));
    findings = moved_from(std::move(findings));
    CHECK(findings.empty());
    CHECK_OK(strange.encode(encoded, variables));
    CHECK(moved_from(std::move(encoded)).size() == 0);
}

void uploads(const oss::bucket &bucket) {
    const std::string data = "data";
    const oss::body body = moved_from(oss::body::from_string(data));
    CHECK_ENDS(refused, bucket.put("key", body));
    CHECK_ENDS(refused, bucket.upload("key", body));
    CHECK_ENDS(refused, moved_from(open_bucket()).put("key", data));
    CHECK_ENDS(refused, oss::bucket().stat("key"));
    CHECK_ENDS(refused, oss::bucket::make("http://127.0.0.1", "name-of-it", oss::credentials()).result());
    static_cast<void>(moved_from(needed(oss::credentials::make("id", "secret"))));

    const oss::result result = moved_from(bucket.put("key", data));
    CHECK_ENDS(oss::status::internal, result);
    CHECK(result.stored() == oss::stored::unknown && result.body().empty() && result.message().empty());
    CHECK(!result.has_crc64() && result.crc64() == 0 && !result.has_header("ETag") && result.header("ETag").empty());

    oss::multipart upload = needed(bucket.begin_multipart("key"));
    CHECK_OK(upload.upload_part(1, data));
    upload = moved_from(std::move(upload));
    CHECK_ENDS(refused, upload.upload_part(2, data));
    CHECK_ENDS(refused, upload.list_parts().result());
    CHECK(upload.upload_id().empty());
    oss::upload_list left = moved_from(needed(bucket.list_uploads(nullptr, 10)));
    CHECK(left.empty() && !left.is_truncated());
    oss::writer writer = moved_from(needed(bucket.open_writer("key")));
    CHECK_ENDS(refused, writer.write(data));
    CHECK_ENDS(refused, writer.finish());

    oss::presigned url = moved_from(needed(bucket.presign_get("key", std::chrono::seconds(60))));
    CHECK(url.url().empty() && url.headers().empty() && url.body().empty());
    CHECK_ENDS(refused, url.put(oss::body::from_bytes(data)));
    oss::post_form form = moved_from(needed(oss::post_form::make("http://127.0.0.1/")));
    CHECK(form.url().empty() && form.fields().empty());
    CHECK_ENDS(refused, form.set_field("key", "value"));
    CHECK_ENDS(refused, form.to_json().result());
}

void outboxes(const oss::bucket &bucket) {
    oss::outbox outbox = needed(oss::outbox::make(variable("SCRATCH") + "/outbox"));
    oss::put_options options;
    CHECK_OK(options.set_outbox(outbox));
    const oss::callback failing = needed(oss::callback::make(variable("FAILING_URL"), "a=b"));
    CHECK_ENDS(oss::status::callback_failed, bucket.put("owed", std::string("data"), failing, options));
    oss::owed owed = moved_from(needed(outbox.next()));
    CHECK(owed.url().empty() && !owed.has_size() && owed.size() == 0 && !owed.has_crc64() && owed.crc64() == 0);
    CHECK(owed.stored() == oss::stored::unknown && owed.since() == std::chrono::system_clock::time_point());
    CHECK_ENDS(refused, owed.done());
    CHECK_ENDS(refused, owed.postpone(std::chrono::milliseconds(1)));
    CHECK_ENDS(refused, owed.render().result());
    CHECK_ENDS(refused, bucket.settle(owed));
    outbox = moved_from(std::move(outbox));
    CHECK_ENDS(refused, outbox.next().result());
    CHECK_ENDS(refused, outbox.set_log([](const char *) {}));
    CHECK_ENDS(refused, outbox.set_log(nullptr));
    CHECK_ENDS(refused, bucket.deliver(outbox));
    // Nothing is uploaded without the outbox that it should have had.
    CHECK_ENDS(refused, options.set_outbox(outbox));
    CHECK_ENDS(refused, oss::upload_options().set_outbox(outbox));
    CHECK_ENDS(refused, oss::bucket_options().set_outbox(outbox));
    CHECK_OK(options.set_outbox(nullptr));
}

// Nothing is uploaded or signed without the callback that it should have had.
void callback_that_is_empty(const oss::bucket &bucket) {
    const oss::expected<oss::callback> never_made = oss::callback::make("no URL", "a=b");
    CHECK(!never_made);
    const oss::callback &empty = *never_made;
    const std::string data = "data";
    const oss::body body = oss::body::from_bytes(data);
    CHECK_ENDS(refused, bucket.put("untold", data, empty));
    CHECK_CONTAINS(bucket.put("untold", data, empty).message(), "callback");
    CHECK_ENDS(refused, bucket.put("untold", body, empty));
    CHECK_ENDS(refused, bucket.put_file("untold", variable("SOURCE"), empty));
    CHECK_ENDS(refused, bucket.upload("untold", body, empty));
    CHECK_ENDS(refused, bucket.open_writer("untold", empty).result());
    CHECK_ENDS(refused, bucket.trigger_callback("untold", empty));
    CHECK_ENDS(refused, bucket.presign_trigger_callback("untold", std::chrono::seconds(60), empty).result());
    CHECK_ENDS(refused, bucket.presign_put("untold", std::chrono::seconds(60), empty).result());
    CHECK_ENDS(refused, bucket.presign_complete_multipart("untold", "id", std::chrono::seconds(60), empty).result());
    oss::post_policy policy;
    CHECK_OK(policy.set_key("untold"));
    CHECK_ENDS(refused, policy.sign(bucket, std::chrono::seconds(60), empty).result());

    oss::multipart upload = needed(bucket.begin_multipart("untold"));
    const oss::result sent = upload.upload_part(1, data);
    oss::part_list parts;
    CHECK_OK(parts.add(1, std::string(sent.etag())));
    CHECK_ENDS(refused, upload.complete(empty));
    CHECK_ENDS(refused, upload.complete(parts, empty));
    CHECK_ENDS(refused, upload.complete_with_all(empty));
    CHECK(bucket.stat("untold").stored() == oss::stored::no);
    CHECK_OK(upload.complete(nullptr));
}

// A handle can be had from C and given to it.
void to_and_from_c() {
    oss::part_list parts(oss_part_list_new());
    CHECK_OK(parts.add(1, "etag"));
    oss_part_list *released = parts.release();
    CHECK(!parts && oss_part_list_count(released) == 1);
    oss_part_list_free(released);
}

} // namespace

int main() {
    settings();
    callbacks();
    uploads(open_bucket());
    outboxes(open_bucket());
    callback_that_is_empty(open_bucket());
    to_and_from_c();
    return finish();
}
