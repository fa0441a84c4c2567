/*
 * oss_upload in C++: the functions of oss_upload.h as classes. C++11 or newer; there is nothing more to link.
 * SPDX-License-Identifier: MIT OR Apache-2.0
 *
 * oss_upload.h says what each function does, which values it takes and what it promises. This header says what differs.
 *
 * Handles free themselves. They can be moved and not copied. One that was moved from is empty, and so is one made by
 * default, unless its default constructor says otherwise: operations and setters then end with status::invalid_argument,
 * and what is asked of it is empty. get() gives the handle to functions of oss_upload.h, and the constructor from a pointer
 * takes one over.
 *
 * What can fail returns something that says so: an operation a result, a factory an expected, a setter a setter_result.
 * All three are true when all went well. Where exceptions are enabled they also have or_throw(), which throws an error
 * otherwise:
 *
 *     oss::bucket bucket = oss::bucket::make(endpoint, name, credentials).or_throw();
 *
 * Nothing else throws on account of the library, and with -fno-exceptions and -fno-rtti all is there but or_throw(),
 * error and result::exception(). What allocates may throw std::bad_alloc, as everywhere.
 *
 * Functions of the caller's may be anything that can be called. None of their exceptions passes through the library: it
 * is caught, the upload ends as if the function had failed, and then result::exception() has it and or_throw() rethrows
 * it. If the handle was given to a function of oss_upload.h instead, it is dropped.
 *
 * What belongs to a handle lives with it: a text, and what a list or result gives, is good until the handle goes away or is
 * changed.
 */

#ifndef OSS_UPLOAD_HPP
#define OSS_UPLOAD_HPP

#include "oss_upload.h"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#if defined(__cpp_exceptions) || defined(__EXCEPTIONS) // which alone is there before gcc 5
#include <exception>
#define OSS_UPLOAD_HPP_EXCEPTIONS 1
#else
#define OSS_UPLOAD_HPP_EXCEPTIONS 0
#endif

#if __cplusplus >= 201703L
#include <string_view>
#define OSS_UPLOAD_HPP_NODISCARD [[nodiscard]]
#else
#define OSS_UPLOAD_HPP_NODISCARD
#endif

// Files that were compiled differently can be linked together: what differs among them has different names.
#if __cplusplus >= 201703L
#define OSS_UPLOAD_HPP_LANGUAGE cpp17
#else
#define OSS_UPLOAD_HPP_LANGUAGE cpp11
#endif
#if OSS_UPLOAD_HPP_EXCEPTIONS
#define OSS_UPLOAD_HPP_THROWING
#else
#define OSS_UPLOAD_HPP_THROWING _without_exceptions
#endif
#if defined(_LIBCPP_VERSION)
#define OSS_UPLOAD_HPP_STRINGS _libcpp
#elif !defined(_GLIBCXX_USE_CXX11_ABI) || !_GLIBCXX_USE_CXX11_ABI
#define OSS_UPLOAD_HPP_STRINGS _old_strings // as before gcc 5
#else
#define OSS_UPLOAD_HPP_STRINGS
#endif
#if defined(_GLIBCXX_DEBUG)
#define OSS_UPLOAD_HPP_VECTORS _checked_vectors
#else
#define OSS_UPLOAD_HPP_VECTORS
#endif
#define OSS_UPLOAD_HPP_JOIN_TEXT(a, b, c, d) a##b##c##d
#define OSS_UPLOAD_HPP_JOIN(a, b, c, d) OSS_UPLOAD_HPP_JOIN_TEXT(a, b, c, d)
#define OSS_UPLOAD_HPP_FLAVOUR                                                                                           \
    OSS_UPLOAD_HPP_JOIN(OSS_UPLOAD_HPP_LANGUAGE, OSS_UPLOAD_HPP_THROWING, OSS_UPLOAD_HPP_STRINGS, OSS_UPLOAD_HPP_VECTORS)

namespace oss {
inline namespace OSS_UPLOAD_HPP_FLAVOUR {

// The numbers of the C header under the names of C++. A name that C++ reserves ends with an underscore.

/** How much a line in a log matters. */
enum class log_level : std::int32_t {
    error = OSS_LOG_LEVEL_ERROR,
    warning = OSS_LOG_LEVEL_WARNING,
    info = OSS_LOG_LEVEL_INFO,
    debug = OSS_LOG_LEVEL_DEBUG,
};

/** How a call ended. */
enum class status : std::int32_t {
    ok = OSS_STATUS_OK,
    invalid_argument = OSS_STATUS_INVALID_ARGUMENT,
    local_io = OSS_STATUS_LOCAL_IO,
    source_changed = OSS_STATUS_SOURCE_CHANGED,
    cancelled = OSS_STATUS_CANCELLED,
    credentials = OSS_STATUS_CREDENTIALS,
    checkpoint_busy = OSS_STATUS_CHECKPOINT_BUSY,
    out_of_memory = OSS_STATUS_OUT_OF_MEMORY,
    network = OSS_STATUS_NETWORK,
    timeout = OSS_STATUS_TIMEOUT,
    tls = OSS_STATUS_TLS,
    service = OSS_STATUS_SERVICE,
    integrity = OSS_STATUS_INTEGRITY,
    bad_response = OSS_STATUS_BAD_RESPONSE,
    /** The object is stored all the same: do not upload it again. */
    callback_failed = OSS_STATUS_CALLBACK_FAILED,
    /** The object is stored; whether the callback ran is not known. Do not upload it again: ask the application server. */
    callback_unknown = OSS_STATUS_CALLBACK_UNKNOWN,
    not_authentic = OSS_STATUS_NOT_AUTHENTIC,
    internal = OSS_STATUS_INTERNAL
};

/** Whether the object is stored. What nothing proves is unknown; bucket::stat() tells more when a minute has passed. */
enum class stored : std::int32_t { no = OSS_STORED_NO, yes = OSS_STORED_YES, unknown = OSS_STORED_UNKNOWN };

/** How bad a finding is. */
enum class severity : std::int32_t {
    none = OSS_SEVERITY_NONE,
    warning = OSS_SEVERITY_WARNING,
    error = OSS_SEVERITY_ERROR
};

/** The ways to sign a request. */
enum class signature_version : std::int32_t { v1 = OSS_SIGNATURE_VERSION_V1, v4 = OSS_SIGNATURE_VERSION_V4 };

/** Where a bucket's name stands in a URL. */
enum class addressing : std::int32_t {
    auto_ = OSS_ADDRESSING_AUTO,
    virtual_ = OSS_ADDRESSING_VIRTUAL,
    path = OSS_ADDRESSING_PATH,
    cname = OSS_ADDRESSING_CNAME
};

/** How the template of a callback's body is filled in. */
enum class callback_body : std::int32_t { form = OSS_CALLBACK_BODY_FORM, json = OSS_CALLBACK_BODY_JSON };

/** How often OSS may be asked for a callback when its replies are lost. */
enum class callback_delivery : std::int32_t {
    at_most_once = OSS_CALLBACK_AT_MOST_ONCE,
    at_least_once = OSS_CALLBACK_AT_LEAST_ONCE
};

/** Who may read and write an object. */
enum class object_acl : std::int32_t {
    default_ = OSS_OBJECT_ACL_DEFAULT,
    private_ = OSS_OBJECT_ACL_PRIVATE,
    public_read = OSS_OBJECT_ACL_PUBLIC_READ,
    public_read_write = OSS_OBJECT_ACL_PUBLIC_READ_WRITE
};

/** How an object is stored. */
enum class storage : std::int32_t {
    standard = OSS_STORAGE_STANDARD,
    ia = OSS_STORAGE_IA,
    archive = OSS_STORAGE_ARCHIVE,
    cold_archive = OSS_STORAGE_COLD_ARCHIVE,
    deep_cold_archive = OSS_STORAGE_DEEP_COLD_ARCHIVE
};

/** How OSS encrypts an object. */
enum class encryption : std::int32_t {
    aes256 = OSS_ENCRYPTION_AES256,
    kms = OSS_ENCRYPTION_KMS,
    sm4 = OSS_ENCRYPTION_SM4,
    kms_sm4 = OSS_ENCRYPTION_KMS_SM4
};

/** Stands for a length that is not known beforehand. */
constexpr std::uint64_t length_unknown = OSS_LENGTH_UNKNOWN;

/** A status's name, such as "CALLBACK_FAILED"; the text is constant. */
inline const char *name_of(status value) noexcept { return oss_status_name(static_cast<std::int32_t>(value)); }

/**
 * A text, or bytes, that the library gives: from C++17 on a view of what belongs to the handle, before that a copy. A handle
 * that is about to go, such as a result that has no name, gives a std::string. A NUL follows the end, so data() is a text
 * for C.
 */
#if __cplusplus >= 201703L
using text = std::string_view;
#else
using text = std::string;
#endif

/**
 * A parameter that is text. The pointer has to be good for the call. Text with a NUL in it is refused rather than cut off. A
 * null pointer is what NULL is to the C function.
 */
class text_arg {
public:
    text_arg(const char *value) noexcept : pointer_(value) {}
    text_arg(const std::string &value) : pointer_(value.c_str()) {
        if (value.find('\0') != std::string::npos) take(value);
    }
#if __cplusplus >= 201703L
    text_arg(std::string_view value) : pointer_(nullptr) { take(std::string(value)); }
#endif
    text_arg(const text_arg &) = delete;
    text_arg &operator=(const text_arg &) = delete;

    const char *c_str() const noexcept { return pointer_; }

private:
    void take(std::string value) {
        copy_ = std::move(value);
        // The library knows a NUL that is written like this, and refuses it.
        for (std::size_t at = 0; (at = copy_.find('\0', at)) != std::string::npos; at += 2) copy_.replace(at, 1, "\xc0\x80");
        pointer_ = copy_.c_str();
    }

    std::string copy_{};
    const char *pointer_;
};

/**
 * A parameter that is the path of a file or a folder: bytes, in whatever encoding. The pointer has to be good for the call. A path
 * with a NUL in it is refused rather than cut off. A null pointer is what NULL is to the C function.
 */
class path_arg {
public:
    path_arg(const char *value) noexcept : pointer_(value) {}
    path_arg(const std::string &value) noexcept
        : pointer_(value.find('\0') == std::string::npos ? value.c_str() : with_nul()) {}
#if __cplusplus >= 201703L
    path_arg(std::string_view value)
        : copy_(value.find('\0') == std::string_view::npos ? value : with_nul()), pointer_(copy_.c_str()) {}
#endif
    path_arg(const path_arg &) = delete;
    path_arg &operator=(const path_arg &) = delete;

    const char *c_str() const noexcept { return pointer_; }

private:
    /** What the library refuses as a path that holds a NUL. */
    static const char *with_nul() noexcept { return "\xc0\x80\xff"; }

    std::string copy_{};
    const char *pointer_;
};

/**
 * A parameter that is data, borrowed: a pointer and a length, or whatever has data() and size() with elements of one byte,
 * such as std::string, std::vector<unsigned char>, std::string_view or std::span<const std::byte>; or a literal, "like this", whose
 * closing NUL is no part of it. Any array of const char is taken for a literal: a NUL at its end does not count, all before it does.
 * So an array of binary data needs a pointer and a length; as does a buffer of char that is not const, which does not say how much
 * is in it.
 */
class bytes {
public:
    bytes(const void *data, std::size_t size) noexcept : data_(data), size_(size) {}

    template <class Range,
              class Element = typename std::remove_pointer<decltype(std::declval<const Range &>().data())>::type,
              class = typename std::enable_if<sizeof(Element) == 1>::type,
              class = decltype(std::declval<const Range &>().size())>
    bytes(const Range &range) noexcept : data_(range.data()), size_(static_cast<std::size_t>(range.size())) {}

    template <std::size_t Size>
    bytes(const char (&literal)[Size]) noexcept
        : data_(literal), size_(literal[Size - 1] == '\0' ? Size - 1 : Size) {}
    template <std::size_t Size> bytes(char (&buffer)[Size]) = delete;

    const void *data() const noexcept { return data_; }
    std::size_t size() const noexcept { return size_; }

private:
    const void *data_;
    std::size_t size_;
};

/**
 * A parameter that can be left out: a handle, or nullptr where the C function takes NULL. An empty handle counts as left
 * out, but for a callback and an outbox: an empty one is refused.
 */
template <class Handle> class maybe {
public:
    maybe(std::nullptr_t = nullptr) noexcept : handle_(nullptr) {}
    maybe(const Handle &handle) noexcept : handle_(&handle) {}

    explicit operator bool() const noexcept { return handle_ != nullptr; }
    const Handle *operator->() const noexcept { return handle_; }
    auto get() const noexcept -> decltype(std::declval<const Handle &>().get()) {
        return handle_ != nullptr ? handle_->get() : nullptr;
    }

private:
    const Handle *handle_;
};

/** A header of a request, or a field of a form. */
struct name_value {
    std::string name;
    std::string value;
};

/** How far a call is. It is there for as long as the function runs that is told. */
class progress {
public:
    explicit progress(const oss_progress *told) noexcept : told_(told) {}

    /** How many bytes there are; length_unknown as long as that is not known. */
    std::uint64_t total() const noexcept { return oss_progress_total(told_); }
    /** How many the system has taken to send. It falls back when a request fails. */
    std::uint64_t sent() const noexcept { return oss_progress_sent(told_); }
    /** How many of these have been acknowledged on the network. */
    std::uint64_t acknowledged() const noexcept { return oss_progress_acknowledged(told_); }
    /** How many OSS has said that it has, which only grows. */
    std::uint64_t accepted() const noexcept { return oss_progress_accepted(told_); }
    std::uint64_t parts_done() const noexcept { return oss_progress_parts_done(told_); }
    /** 0 as long as it is not known how many there are. */
    std::uint64_t parts() const noexcept { return oss_progress_parts(told_); }
    std::uint64_t attempts() const noexcept { return oss_progress_attempts(told_); }
    /** Bytes a second, in the last seconds. */
    std::uint64_t rate() const noexcept { return oss_progress_rate(told_); }

private:
    const oss_progress *told_;
};

/** Not for use by others. */
namespace detail {

/** Owns a handle of the C library. */
template <class Handle, void (*Free)(Handle *)> class owner {
public:
    typedef Handle c_type;

    explicit owner(Handle *handle) noexcept : handle_(handle) {}

    /** The handle, which stays owned; a null pointer if this is empty. */
    Handle *get() const noexcept { return handle_.get(); }
    /** The handle, to be freed by the caller. */
    Handle *release() noexcept { return handle_.release(); }
    /** Whether there is a handle. */
    explicit operator bool() const noexcept { return get() != nullptr; }

private:
    struct deleter {
        void operator()(Handle *handle) const noexcept { Free(handle); }
    };
    std::unique_ptr<Handle, deleter> handle_;
};

/**
 * There if Range&& is something with bytes of its own that is about to go. A view can be told from that: it has nothing to
 * destroy, and its bytes do not become const with it.
 */
template <class Range, class Bytes = decltype(std::declval<Range &>().data()),
          class ConstBytes = decltype(std::declval<const Range &>().data())>
struct enable_if_owner_about_to_go
    : std::enable_if<!std::is_lvalue_reference<Range>::value &&
                     !(std::is_trivially_destructible<Range>::value && std::is_same<Bytes, ConstBytes>::value)> {};

#if OSS_UPLOAD_HPP_EXCEPTIONS
/**
 * Keeps what the caller's functions throw during a call. They run on the thread that calls; what is thrown on one that stands
 * in for it, at its end, is not kept.
 */
class catcher {
public:
    catcher() noexcept : outer_(innermost()) { innermost() = this; }
    ~catcher() { innermost() = outer_; }
    catcher(const catcher &) = delete;
    catcher &operator=(const catcher &) = delete;

    /** Keeps the exception that is being handled; the first one counts. */
    static void keep() noexcept {
        catcher *current = innermost();
        if (current != nullptr && !current->caught_) current->caught_ = std::current_exception();
    }
    /** Keeps the exception that is being handled, of a function that was asked for a key; the last one counts. */
    static void keep_no_key() noexcept {
        catcher *current = innermost();
        if (current != nullptr) current->no_key_ = std::current_exception();
    }
    /** What a call ended with: it may have had a key all the same. */
    const std::exception_ptr &caught(oss_status ended) const noexcept {
        return !caught_ && ended == OSS_STATUS_CREDENTIALS ? no_key_ : caught_;
    }

private:
    static catcher *&innermost() noexcept {
        static thread_local catcher *current = nullptr;
        return current;
    }

    catcher *outer_;
    std::exception_ptr caught_{};
    std::exception_ptr no_key_{};
};
#endif

/** What a function of the caller's returns to the library instead of an exception. */
constexpr std::int32_t failed = -1;

template <class Function> std::int32_t without_exceptions(Function function) noexcept {
#if OSS_UPLOAD_HPP_EXCEPTIONS
    try {
        return function();
    } catch (...) {
        catcher::keep();
        return failed;
    }
#else
    return function();
#endif
}

template <class Function, class... Arguments>
bool goes_on(std::true_type /* returns nothing */, Function &function, Arguments... arguments) {
    function(arguments...);
    return true;
}

template <class Function, class... Arguments>
bool goes_on(std::false_type /* returns bool */, Function &function, Arguments... arguments) {
    return function(arguments...);
}

/** Calls a function that may return bool to say whether to go on. */
template <class Function, class... Arguments> std::int32_t ask(Function &function, Arguments... arguments) noexcept {
    typedef decltype(function(arguments...)) answer;
    static_assert(std::is_void<answer>::value || std::is_same<answer, bool>::value,
                  "the function returns nothing, or a bool: true to go on");
    return without_exceptions([&]() -> std::int32_t {
        return goes_on(std::is_void<answer>(), function, arguments...) ? 0 : failed;
    });
}

template <class Read> struct reader {
    explicit reader(Read &&function) : read(std::move(function)) {}

    static std::int32_t give(void *self, void *buffer, std::size_t capacity, std::size_t *got) noexcept {
        typedef decltype(std::declval<Read &>()(static_cast<char *>(buffer), capacity)) answer;
        static_assert(std::is_integral<answer>::value && !std::is_same<answer, bool>::value,
                      "the function returns how many bytes it gave, or a negative number");
        return without_exceptions([&]() -> std::int32_t {
            Read &function = static_cast<reader *>(self)->read;
            const std::int64_t count = static_cast<std::int64_t>(function(static_cast<char *>(buffer), capacity));
            if (count < 0) return count < INT32_MIN ? failed : static_cast<std::int32_t>(count);
            *got = static_cast<std::size_t>(count);
            return 0;
        });
    }

    Read read;
};

template <class Read, class Rewind> struct rewindable : reader<Read> {
    rewindable(Read &&read_function, Rewind &&rewind_function)
        : reader<Read>(std::move(read_function)), rewind(std::move(rewind_function)) {}

    static std::int32_t again(void *self) noexcept {
        // The pointer was made of the base.
        return ask(static_cast<rewindable *>(static_cast<reader<Read> *>(self))->rewind);
    }

    Rewind rewind;
};

template <class Function> std::int32_t tell(void *function, const oss_progress *told) noexcept {
    return ask(*static_cast<Function *>(function), progress(told));
}

template <class Log> std::int32_t log(void *function, std::int32_t, const char *line) noexcept {
    return ask(*static_cast<Log *>(function), line);
}

template <class Log> std::int32_t log_with_level(void *function, std::int32_t level, const char *line) noexcept {
    return ask(*static_cast<Log *>(function), static_cast<log_level>(level), line);
}

/** Goes through what has an index. */
template <class List> class index_iterator {
public:
    typedef std::input_iterator_tag iterator_category;
    typedef typename List::value_type value_type;
    typedef std::ptrdiff_t difference_type;
    typedef value_type reference;
    /** What -> works on, since the list does not hold what it gives. */
    class pointer {
    public:
        explicit pointer(value_type &&value) : value_(std::move(value)) {}
        const value_type *operator->() const noexcept { return &value_; }

    private:
        value_type value_;
    };

    index_iterator() noexcept : list_(nullptr), index_(0) {}
    index_iterator(const List &list, std::size_t index) noexcept : list_(&list), index_(index) {}

    value_type operator*() const { return (*list_)[index_]; }
    pointer operator->() const { return pointer(**this); }
    index_iterator &operator++() noexcept {
        ++index_;
        return *this;
    }
    index_iterator operator++(int) noexcept {
        index_iterator before = *this;
        ++index_;
        return before;
    }
    friend bool operator==(const index_iterator &a, const index_iterator &b) noexcept { return a.index_ == b.index_; }
    friend bool operator!=(const index_iterator &a, const index_iterator &b) noexcept { return a.index_ != b.index_; }

private:
    const List *list_;
    std::size_t index_;
};

/** Seconds since 1970 as a time. */
inline std::chrono::system_clock::time_point time(std::int64_t seconds) noexcept {
    // std::time_t may end in 2038.
    return std::chrono::system_clock::from_time_t(0) + std::chrono::seconds(seconds);
}

/** The library refuses what is too long, and a negative duration becomes that. */
template <class Duration> std::uint64_t count(Duration duration) noexcept {
    return static_cast<std::uint64_t>(duration.count());
}

} // namespace detail

/** A text made by the library. */
class string : public detail::owner<oss_string, oss_string_free> {
public:
    explicit string(oss_string *handle = nullptr) noexcept : owner(handle) {}

    /** The text, followed by a NUL that does not count; never a null pointer. */
    const char *data() const noexcept { return oss_string_data(get()); }
    std::size_t size() const noexcept { return oss_string_len(get()); }
    /** A copy. */
    std::string str() const { return std::string(data(), size()); }
};

#if OSS_UPLOAD_HPP_EXCEPTIONS
class good_result;
#endif

/** How long the phases of attempts took: see oss_phase. */
struct phases {
    std::chrono::microseconds pausing{}, resolving{}, connecting{}, tls{}, sending{}, waiting{}, receiving{};
};

/** What one request of a call came to. */
struct attempt {
    std::uint64_t number{};
    /** OSS's name for it, such as "PutObject"; "HeadObject" is a look-up. */
    std::string operation{};
    /** 0 if it sent no part. */
    std::uint32_t part_number{};
    /** How it ended, by the reply alone. */
    oss::status status{};
    int http_status{};
    std::string request_id{}, error_code{};
    /** Where its connection led, such as "203.0.113.7:443"; empty if none was made. */
    std::string address{};
    /** Why it was sent again; empty if it was not. */
    std::string reason{};
    bool is_reused{}, is_counted{};
    phases times{};
    std::uint64_t bytes_sent{}, bytes_acknowledged{};
};

/** What all requests of a call came to together. */
struct attempt_sum {
    std::uint64_t attempts{}, bytes_sent{}, bytes_acknowledged{};
    phases times{};
};

namespace detail {

/** The phases, of which `us` gives each. */
template <class Us> phases phases_of(Us us) {
    const auto time = [&](oss_phase phase) { return std::chrono::microseconds(us(phase)); };
    phases times;
    times.pausing = time(OSS_PHASE_PAUSING);
    times.resolving = time(OSS_PHASE_RESOLVING);
    times.connecting = time(OSS_PHASE_CONNECTING);
    times.tls = time(OSS_PHASE_TLS);
    times.sending = time(OSS_PHASE_SENDING);
    times.waiting = time(OSS_PHASE_WAITING);
    times.receiving = time(OSS_PHASE_RECEIVING);
    return times;
}

inline attempt attempt_of(const oss_result *result, std::size_t index) {
    attempt told;
    told.number = oss_result_attempt_number(result, index);
    told.operation = oss_result_attempt_operation(result, index);
    told.part_number = oss_result_attempt_part_number(result, index);
    told.status = static_cast<oss::status>(oss_result_attempt_status(result, index));
    told.http_status = oss_result_attempt_http_status(result, index);
    told.request_id = oss_result_attempt_request_id(result, index);
    told.error_code = oss_result_attempt_error_code(result, index);
    told.address = oss_result_attempt_address(result, index);
    told.reason = oss_result_attempt_reason(result, index);
    told.is_reused = oss_result_attempt_is_reused(result, index) != 0;
    told.is_counted = oss_result_attempt_is_counted(result, index) != 0;
    told.times = phases_of([&](oss_phase phase) { return oss_result_attempt_us(result, index, phase); });
    told.bytes_sent = oss_result_attempt_bytes_sent(result, index);
    told.bytes_acknowledged = oss_result_attempt_bytes_acknowledged(result, index);
    return told;
}

} // namespace detail

/** All there is to know about one call. True if its status is ok. */
class OSS_UPLOAD_HPP_NODISCARD result : public detail::owner<oss_result, oss_result_free> {
public:
    explicit result(oss_result *handle = nullptr) noexcept : owner(handle) {}

    bool ok() const noexcept { return status() == oss::status::ok; }
    explicit operator bool() const noexcept { return ok(); }

    oss::status status() const noexcept { return static_cast<oss::status>(oss_result_status(get())); }
    oss::stored stored() const noexcept { return static_cast<oss::stored>(oss_result_stored(get())); }
    text message() const & { return text(oss_result_message(get())); }
    std::string message() const && { return oss_result_message(get()); }
    int http_status() const noexcept { return oss_result_http_status(get()); }
    text request_id() const & { return text(oss_result_request_id(get())); }
    std::string request_id() const && { return oss_result_request_id(get()); }
    text error_code() const & { return text(oss_result_error_code(get())); }
    std::string error_code() const && { return oss_result_error_code(get()); }
    text ec() const & { return text(oss_result_ec(get())); }
    std::string ec() const && { return oss_result_ec(get()); }
    text etag() const & { return text(oss_result_etag(get())); }
    std::string etag() const && { return oss_result_etag(get()); }
    text version_id() const & { return text(oss_result_version_id(get())); }
    std::string version_id() const && { return oss_result_version_id(get()); }
    bool has_crc64() const noexcept { return oss_result_crc64(get(), nullptr) != 0; }
    /** 0 if OSS sent none. */
    std::uint64_t crc64() const noexcept {
        std::uint64_t value = 0;
        oss_result_crc64(get(), &value);
        return value;
    }
    std::uint64_t next_position() const noexcept { return oss_result_next_position(get()); }
    /** Bytes, which may be anything. */
    text body() const & {
        std::size_t size = 0;
        const char *data = static_cast<const char *>(oss_result_body(get(), &size));
        return data != nullptr ? text(data, size) : text();
    }
    std::string body() const && {
        const text all = body();
        return std::string(all.begin(), all.end());
    }
    text content_type() const & { return text(oss_result_content_type(get())); }
    std::string content_type() const && { return oss_result_content_type(get()); }
    bool has_header(const text_arg &name) const noexcept { return oss_result_header(get(), name.c_str()) != nullptr; }
    /** Empty if the reply has no such header, too. */
    text header(const text_arg &name) const & {
        const char *value = oss_result_header(get(), name.c_str());
        return value != nullptr ? text(value) : text();
    }
    std::string header(const text_arg &name) const && {
        const text all = header(name);
        return std::string(all.begin(), all.end());
    }
    unsigned attempts() const noexcept { return oss_result_attempts(get()); }
    /** What each request came to, those that look something up among them; of very many, the first 8 and the last 24. */
    std::vector<attempt> history() const {
        std::vector<attempt> told;
        for (std::size_t i = 0; i < oss_result_attempt_count(get()); i++) told.push_back(detail::attempt_of(get(), i));
        return told;
    }
    /** What all of them came to together. */
    attempt_sum sum() const {
        attempt_sum all;
        all.attempts = oss_result_sum_attempts(get());
        all.bytes_sent = oss_result_sum_bytes_sent(get());
        all.bytes_acknowledged = oss_result_sum_bytes_acknowledged(get());
        all.times = detail::phases_of([&](oss_phase phase) { return oss_result_sum_us(get(), phase); });
        return all;
    }
    unsigned callback_repeats() const noexcept { return oss_result_callback_repeats(get()); }
    std::uint64_t delivered() const noexcept { return oss_result_delivered(get()); }
    std::uint64_t owed() const noexcept { return oss_result_owed(get()); }
    text upload_id() const & { return text(oss_result_upload_id(get())); }
    std::string upload_id() const && { return oss_result_upload_id(get()); }

#if OSS_UPLOAD_HPP_EXCEPTIONS
    result(oss_result *handle, std::exception_ptr thrown) noexcept : owner(handle), thrown_(std::move(thrown)) {}

    /** What a function of the caller's threw during the call; null if none did. */
    std::exception_ptr exception() const noexcept { return thrown_; }

    /**
     * The result, which may be ignored, if all went well. Rethrows what a function of the caller's threw, even
     * if the object was stored in spite of it; where that matters, ask stored() and exception() instead.
     *
     * @throw oss::error if the status is not ok; that of a failed callback too, whose object is stored.
     */
    good_result or_throw() &&;
    /** The same for a result that has a name. If it throws, the result is that of the error. */
    void or_throw() &;

private:
    std::exception_ptr thrown_{};
#endif
};

#if OSS_UPLOAD_HPP_EXCEPTIONS
/** A result whose status is ok, and which may therefore be ignored. */
class good_result : public result {
private:
    friend class result;
    explicit good_result(result &&good) noexcept : result(std::move(good)) {}
};
#endif

/** What became of a value that was set. A refused one leaves everything as it was. True if it was taken. */
class OSS_UPLOAD_HPP_NODISCARD setter_result {
public:
    setter_result(oss_status value, const char *refusal) noexcept
        : status_(static_cast<oss::status>(value)), message_(value == OSS_STATUS_OK ? "" : refusal) {
        // There is no handle that could say it.
        if (!ok() && *message_ == '\0') message_ = "what is to be set is empty: it was moved from";
    }

    bool ok() const noexcept { return status_ == oss::status::ok; }
    explicit operator bool() const noexcept { return ok(); }
    oss::status status() const noexcept { return status_; }
    /** Which rule was broken; good until the next refusal. */
    text message() const { return text(message_); }

#if OSS_UPLOAD_HPP_EXCEPTIONS
    /** @throw oss::error if the value was refused. */
    void or_throw() const;
#endif

private:
    oss::status status_;
    const char *message_;
};

#if OSS_UPLOAD_HPP_EXCEPTIONS
/** What or_throw() throws. */
class error : public std::exception {
public:
    explicit error(oss::result &&result)
        : facts_(std::make_shared<facts>(result.status(), result.message(), std::move(result))) {}
    explicit error(const setter_result &refusal)
        : facts_(std::make_shared<facts>(refusal.status(), refusal.message(), oss::result())) {}

    /** The status's name and the message. */
    const char *what() const noexcept override { return facts_->what.c_str(); }
    oss::status status() const noexcept { return facts_->status; }
    /** The result of the call; an empty one if a setter refused a value. */
    const oss::result &result() const noexcept { return facts_->result; }

private:
    struct facts {
        facts(oss::status how, const text &message, oss::result &&all)
            : status(how), what(name_of(how)), result(std::move(all)) {
            if (!message.empty()) what.append(": ").append(message.data(), message.size());
        }
        oss::status status;
        std::string what;
        oss::result result;
    };
    std::shared_ptr<const facts> facts_; // exceptions are copied
};

inline void result::or_throw() & {
    if (thrown_) std::rethrow_exception(thrown_);
    if (!ok()) throw error(std::move(*this));
}

inline good_result result::or_throw() && {
    or_throw();
    return good_result(std::move(*this));
}

inline void setter_result::or_throw() const {
    if (!ok()) throw error(*this);
}
#endif

/** A handle, or the result that says why there is none. True if there is one. */
template <class Handle> class OSS_UPLOAD_HPP_NODISCARD expected {
public:
    expected(Handle &&handle, oss::result &&why) noexcept : handle_(std::move(handle)), result_(std::move(why)) {}

    explicit operator bool() const noexcept { return static_cast<bool>(handle_); }
    /** The handle; an empty one if there is none. */
    Handle &operator*() & noexcept { return handle_; }
    const Handle &operator*() const & noexcept { return handle_; }
    Handle operator*() && noexcept { return std::move(handle_); }
    Handle *operator->() noexcept { return &handle_; }
    const Handle *operator->() const noexcept { return &handle_; }
    /** What there is to know about the call, whether it succeeded or not. */
    const oss::result &result() const & noexcept { return result_; }
    oss::result result() && noexcept { return std::move(result_); }

#if OSS_UPLOAD_HPP_EXCEPTIONS
    /**
     * The handle.
     *
     * @throw oss::error if there is none.
     */
    Handle or_throw() && {
        std::move(result_).or_throw();
        return std::move(handle_);
    }
#endif

private:
    Handle handle_;
    oss::result result_;
};

namespace detail {

/** Makes a call that writes a result. */
template <class Call> result run(Call call) noexcept {
    oss_result *written = nullptr;
#if OSS_UPLOAD_HPP_EXCEPTIONS
    catcher during_the_call;
    call(&written);
    return result(written, during_the_call.caught(oss_result_status(written)));
#else
    call(&written);
    return result(written);
#endif
}

/** Makes a call that writes a handle and a result. */
template <class Handle, class Call> expected<Handle> make(Call call) noexcept {
    typename Handle::c_type *made = nullptr;
    result why = run([&](oss_result **written) { call(&made, written); });
    return expected<Handle>(Handle(made), std::move(why));
}

} // namespace detail

/** The version of the library, such as "1.2.3"; the text is constant. */
inline const char *version() noexcept { return oss_version(); }
/** The same as a number. */
inline std::uint32_t version_number() noexcept { return oss_version_number(); }
/** Ok if the library that was loaded can do what the header says that the caller was compiled with. */
inline result check_version(std::uint32_t header_abi = OSS_UPLOAD_ABI,
                            std::uint32_t header_version = OSS_UPLOAD_VERSION_NUMBER) noexcept {
    return detail::run([&](oss_result **written) { oss_check_version(header_abi, header_version, written); });
}

/** An access key, as a function of the caller's gives it. */
struct access_key {
    access_key(std::string key_id, std::string key_secret, std::string token = std::string(),
               std::chrono::system_clock::time_point end = std::chrono::system_clock::time_point())
        : id(std::move(key_id)), secret(std::move(key_secret)), security_token(std::move(token)), expiry(end) {}

    std::string id;
    std::string secret;
    /** Empty for a key that has none. */
    std::string security_token;
    /** The beginning of 1970, which is the default, if it is not known: then a key is asked for before every request. */
    std::chrono::system_clock::time_point expiry;
};

namespace detail {

/** Asks a function of the caller's for a key. What of it is refused, the library says. */
template <class Function> std::int32_t give_key(void *function, oss_credentials_answer *answer) noexcept {
    const auto give = [&] {
        const access_key key = (*static_cast<Function *>(function))();
        oss_credentials_answer_set_access_key_id(answer, text_arg(key.id).c_str());
        oss_credentials_answer_set_access_key_secret(answer, text_arg(key.secret).c_str());
        oss_credentials_answer_set_security_token(answer, text_arg(key.security_token).c_str());
        const std::chrono::system_clock::duration since_1970 = key.expiry.time_since_epoch();
        if (since_1970.count() != 0) {
            oss_credentials_answer_set_expiry(answer,
                                              std::chrono::duration_cast<std::chrono::seconds>(since_1970).count());
        }
    };
#if OSS_UPLOAD_HPP_EXCEPTIONS
    try {
        give();
    } catch (...) {
        catcher::keep_no_key();
        return failed;
    }
#else
    give();
#endif
    return 0;
}

} // namespace detail

/**
 * Who signs: an access key, or a function that gives one. The function lives as long as these credentials and whatever was made
 * from them, but not as long as a handle that is released.
 */
class credentials : public detail::owner<oss_credentials, oss_credentials_free> {
public:
    explicit credentials(oss_credentials *handle = nullptr) noexcept : owner(handle) {}
    /** The handle cannot be had without the function. */
    oss_credentials *release() = delete;

    static expected<credentials> make(const text_arg &access_key_id, const text_arg &access_key_secret,
                                      const text_arg &security_token = nullptr) noexcept {
        return detail::make<credentials>([&](oss_credentials **made, oss_result **why) {
            oss_credentials_new(access_key_id.c_str(), access_key_secret.c_str(), security_token.c_str(), made, why);
        });
    }
    static expected<credentials> from_environment() noexcept {
        return detail::make<credentials>(
            [](oss_credentials **made, oss_result **why) { oss_credentials_new_from_environment(made, why); });
    }
    /** From a profile of Alibaba Cloud's command line tools. */
    static expected<credentials> from_profile(const path_arg &file = nullptr, const text_arg &profile = nullptr) noexcept {
        return detail::make<credentials>([&](oss_credentials **made, oss_result **why) {
            oss_credentials_new_from_profile(file.c_str(), profile.c_str(), made, why);
        });
    }
    /** From the role of the ECS instance. */
    static expected<credentials> from_ecs_role(const text_arg &role = nullptr) noexcept {
        return detail::make<credentials>([&](oss_credentials **made, oss_result **why) {
            oss_credentials_new_from_ecs_role(role.c_str(), made, why);
        });
    }
    /** From a role that is taken on with an OIDC token. */
    static expected<credentials> from_oidc(const text_arg &role_arn = nullptr, const text_arg &oidc_provider_arn = nullptr,
                                           const path_arg &token_file = nullptr, const text_arg &session_name = nullptr,
                                           const text_arg &sts_endpoint = nullptr) noexcept {
        return detail::make<credentials>([&](oss_credentials **made, oss_result **why) {
            oss_credentials_new_from_oidc(role_arn.c_str(), oidc_provider_arn.c_str(), token_file.c_str(),
                                          session_name.c_str(), sts_endpoint.c_str(), made, why);
        });
    }
    /** From a URL. */
    static expected<credentials> from_uri(const text_arg &uri = nullptr) noexcept {
        return detail::make<credentials>([&](oss_credentials **made, oss_result **why) {
            oss_credentials_new_from_uri(uri.c_str(), made, why);
        });
    }
    /** From what a command prints. */
    static expected<credentials> from_process(const text_arg &command) noexcept {
        return detail::make<credentials>([&](oss_credentials **made, oss_result **why) {
            oss_credentials_new_from_process(command.c_str(), made, why);
        });
    }
    /** From the first place that has any. */
    static expected<credentials> default_chain() noexcept {
        return detail::make<credentials>(
            [](oss_credentials **made, oss_result **why) { oss_credentials_new_default_chain(made, why); });
    }
    /**
     * Credentials that ask a function for the key of the moment, in the middle of a call that needs one.
     *
     * @param function  called with nothing, by one thread at a time, but any. Returns an access_key. If it throws, and there is no
     *                  other key, the call ends with status::credentials and result::exception() has what was thrown.
     */
    template <class Function> static expected<credentials> from_function(Function function) {
        std::shared_ptr<Function> kept = std::make_shared<Function>(std::move(function));
        expected<credentials> made = detail::make<credentials>([&](oss_credentials **handle, oss_result **why) {
            oss_credentials_new_from_function(&detail::give_key<Function>, kept.get(), handle, why);
        });
        made->function_ = std::move(kept);
        return made;
    }
    /** Credentials that sign nothing, for what anybody may write. */
    static expected<credentials> anonymous() noexcept {
        return detail::make<credentials>(
            [](oss_credentials **made, oss_result **why) { oss_credentials_new_anonymous(made, why); });
    }

private:
    friend class bucket;

    std::shared_ptr<void> function_{};
};

/** Ends the calls that it was given to. The default constructor makes one that is not fired. */
class cancel : public detail::owner<oss_cancel, oss_cancel_free> {
public:
    cancel() noexcept : owner(oss_cancel_new()) {}
    explicit cancel(oss_cancel *handle) noexcept : owner(handle) {}

    /** May be called from any thread and from a signal handler, as long as this exists. */
    void fire() const noexcept { oss_cancel_fire(get()); }
    bool has_fired() const noexcept { return oss_cancel_has_fired(get()) != 0; }
};

/** How fast all calls together may send that it was given to. */
class rate : public detail::owner<oss_rate, oss_rate_free> {
public:
    /** Zero pauses until another is set. */
    template <class Number, class = typename std::enable_if<std::is_integral<Number>::value>::type>
    explicit rate(Number bytes_per_second) noexcept
        : owner(oss_rate_new(static_cast<std::uint64_t>(bytes_per_second))) {}
    explicit rate(oss_rate *handle) noexcept : owner(handle) {}

    /** May be called from any thread and from a signal handler, as long as this exists. */
    void set(std::uint64_t bytes_per_second) const noexcept { oss_rate_set(get(), bytes_per_second); }
};

/** What variables stand for where the result of an upload does not say it. The default constructor makes an empty set. */
class callback_values : public detail::owner<oss_callback_values, oss_callback_values_free> {
public:
    callback_values() noexcept : owner(oss_callback_values_new()) {}
    explicit callback_values(oss_callback_values *handle) noexcept : owner(handle) {}

    setter_result set(const text_arg &name, const text_arg &value) noexcept {
        const oss_status taken = oss_callback_values_set(get(), name.c_str(), value.c_str());
        return setter_result(taken, oss_callback_values_error(get()));
    }
};

/** A callback that is owed. Nobody else can take it up while this exists; the record stays when it goes. outbox gives it. */
class owed : public detail::owner<oss_owed, oss_owed_free> {
public:
    explicit owed(oss_owed *handle = nullptr) noexcept : owner(handle) {}

    text url() const & { return text(oss_owed_url(get())); }
    std::string url() const && { return oss_owed_url(get()); }
    text bucket() const & { return text(oss_owed_bucket(get())); }
    std::string bucket() const && { return oss_owed_bucket(get()); }
    text key() const & { return text(oss_owed_key(get())); }
    std::string key() const && { return oss_owed_key(get()); }
    text upload_id() const & { return text(oss_owed_upload_id(get())); }
    std::string upload_id() const && { return oss_owed_upload_id(get()); }
    text etag() const & { return text(oss_owed_etag(get())); }
    std::string etag() const && { return oss_owed_etag(get()); }
    text content_type() const & { return text(oss_owed_content_type(get())); }
    std::string content_type() const && { return oss_owed_content_type(get()); }
    text message() const & { return text(oss_owed_message(get())); }
    std::string message() const && { return oss_owed_message(get()); }
    bool has_size() const noexcept { return oss_owed_size(get(), nullptr) != 0; }
    /** 0 if it is not known. */
    std::uint64_t size() const noexcept {
        std::uint64_t value = 0;
        oss_owed_size(get(), &value);
        return value;
    }
    bool has_crc64() const noexcept { return oss_owed_crc64(get(), nullptr) != 0; }
    /** 0 if it is not known. */
    std::uint64_t crc64() const noexcept {
        std::uint64_t value = 0;
        oss_owed_crc64(get(), &value);
        return value;
    }
    oss::stored stored() const noexcept { return static_cast<oss::stored>(oss_owed_stored(get())); }
    /** When the upload began, by the clock of the machine that made it. */
    std::chrono::system_clock::time_point since() const noexcept {
        return detail::time(0) + std::chrono::milliseconds(oss_owed_since_ms(get()));
    }
    unsigned tries() const noexcept { return oss_owed_tries(get()); }
    /** Nothing if it is due; the longest time there is if it is due in longer. */
    std::chrono::milliseconds due_in() const noexcept {
        const std::uint64_t time = oss_owed_due_in_ms(get());
        const std::uint64_t longest = static_cast<std::uint64_t>(INT64_MAX);
        return std::chrono::milliseconds(static_cast<std::int64_t>(time < longest ? time : longest));
    }

    /** The body that OSS would send, for a program that tells its server by itself. */
    expected<string> render(maybe<callback_values> values = nullptr) const noexcept {
        return detail::make<string>([&](oss_string **made, oss_result **why) {
            oss_owed_render(get(), values.get(), made, why);
        });
    }
    /** Takes the record away. */
    oss::result done() noexcept {
        return detail::run([&](oss_result **written) { oss_owed_done(get(), written); });
    }
    /** Puts off the next try. */
    oss::result postpone(std::chrono::milliseconds time) noexcept {
        return detail::run([&](oss_result **written) { oss_owed_postpone(get(), detail::count(time), written); });
    }
};

/** A folder in which it is kept that application servers are yet to hear of uploads. bucket makes up for what is owed. */
class outbox : public detail::owner<oss_outbox, oss_outbox_free> {
public:
    explicit outbox(oss_outbox *handle = nullptr) noexcept : owner(handle) {}
    /** The handle cannot be had without the function. */
    oss_outbox *release() = delete;

    /** The folder is made if it is missing. */
    static expected<outbox> make(const path_arg &folder) noexcept {
        return detail::make<outbox>(
            [&](oss_outbox **made, oss_result **why) { oss_outbox_open(folder.c_str(), made, why); });
    }

    /**
     * What is owed, the oldest first, and each time the next:
     *
     *     while (oss::expected<oss::owed> next = outbox.next()) std::cout << next->key() << '\n';
     *
     * After the last one there is none, with a result that is ok, and it begins anew.
     */
    expected<owed> next() noexcept {
        return detail::make<owed>([&](oss_owed **made, oss_result **why) { oss_outbox_next(get(), made, why); });
    }

    /**
     * Sets who is told what is worth a line in a log.
     *
     * @param log  called with a const char *, which is gone when it returns. Returns nothing, or a bool: false, or an exception,
     *             ends a delivery.
     */
    template <class Log> setter_result set_log(Log log) {
        std::shared_ptr<Log> function = std::make_shared<Log>(std::move(log));
        setter_result taken = set(oss_outbox_set_log(get(), &detail::log<Log>, function.get()));
        if (taken) log_ = std::move(function);
        return taken;
    }
    setter_result set_log(std::nullptr_t) noexcept {
        setter_result taken = set(oss_outbox_set_log(get(), nullptr, nullptr));
        if (taken) log_.reset();
        return taken;
    }

private:
    static setter_result set(oss_status value) noexcept { return setter_result(value, "there is no outbox"); }

    std::shared_ptr<void> log_{};
};

namespace detail {

/** Refuses an outbox that is empty: without it, nothing would be kept. */
template <class Set> setter_result set_outbox(maybe<outbox> where, Set set) noexcept {
    if (where && where.get() == nullptr) return setter_result(OSS_STATUS_INVALID_ARGUMENT, "there is no outbox");
    return set(where.get());
}

} // namespace detail

/**
 * How callbacks are made up for. The default constructor makes options that hold the defaults. A function that is set belongs
 * to the options.
 */
class delivery_options : public detail::owner<oss_delivery_options, oss_delivery_options_free> {
public:
    delivery_options() noexcept : owner(oss_delivery_options_new()) {}
    explicit delivery_options(oss_delivery_options *handle) noexcept : owner(handle) {}
    /** The handle cannot be had without the function. */
    oss_delivery_options *release() = delete;

    setter_result set_parallel(std::uint32_t callbacks) noexcept {
        return set(oss_delivery_options_set_parallel(get(), callbacks));
    }
    setter_result set_deadline(std::chrono::milliseconds time) noexcept {
        return set(oss_delivery_options_set_deadline_ms(get(), detail::count(time)));
    }
    /** The options keep their own reference to the cancel. */
    setter_result set_cancel(maybe<cancel> who) noexcept {
        return set(oss_delivery_options_set_cancel(get(), who.get()));
    }

    /**
     * Sets who is told how it gets on.
     *
     * @param progress  called with an oss::progress, of which accepted() is how many are no longer owed and total() how many
     *                  were tried. Returns nothing, or a bool: false, or an exception, ends the delivery.
     */
    template <class Progress> setter_result set_progress(Progress progress) {
        std::shared_ptr<Progress> function = std::make_shared<Progress>(std::move(progress));
        setter_result taken =
            set(oss_delivery_options_set_progress(get(), &detail::tell<Progress>, function.get()));
        if (taken) progress_ = std::move(function);
        return taken;
    }
    setter_result set_progress(std::nullptr_t) noexcept {
        setter_result taken = set(oss_delivery_options_set_progress(get(), nullptr, nullptr));
        if (taken) progress_.reset();
        return taken;
    }

private:
    setter_result set(oss_status value) noexcept { return setter_result(value, oss_delivery_options_error(get())); }

    std::shared_ptr<void> progress_{};
};

/** How a bucket is reached. The default constructor makes options that hold the defaults. */
class bucket_options : public detail::owner<oss_bucket_options, oss_bucket_options_free> {
public:
    bucket_options() noexcept : owner(oss_bucket_options_new()) {}
    explicit bucket_options(oss_bucket_options *handle) noexcept : owner(handle) {}

    setter_result set_region(const text_arg &region) noexcept {
        return set(oss_bucket_options_set_region(get(), region.c_str()));
    }
    setter_result set_signature_version(signature_version version) noexcept {
        return set(oss_bucket_options_set_signature_version(get(), static_cast<std::int32_t>(version)));
    }
    setter_result set_addressing(addressing where) noexcept {
        return set(oss_bucket_options_set_addressing(get(), static_cast<std::int32_t>(where)));
    }
    setter_result set_connect_timeout(std::chrono::milliseconds time) noexcept {
        return set(oss_bucket_options_set_connect_timeout_ms(get(), detail::count(time)));
    }
    setter_result set_stall_timeout(std::chrono::milliseconds time) noexcept {
        return set(oss_bucket_options_set_stall_timeout_ms(get(), detail::count(time)));
    }
    setter_result set_deadline(std::chrono::milliseconds time) noexcept {
        return set(oss_bucket_options_set_deadline_ms(get(), detail::count(time)));
    }
    setter_result set_max_attempts(std::uint32_t attempts) noexcept {
        return set(oss_bucket_options_set_max_attempts(get(), attempts));
    }
    setter_result set_settling_time(std::chrono::milliseconds time) noexcept {
        return set(oss_bucket_options_set_settling_time_ms(get(), detail::count(time)));
    }
    setter_result set_ca_file(const path_arg &path) noexcept {
        return set(oss_bucket_options_set_ca_file(get(), path.c_str()));
    }
    setter_result add_ca_file(const path_arg &path) noexcept {
        return set(oss_bucket_options_add_ca_file(get(), path.c_str()));
    }
    setter_result set_client_certificate(const path_arg &certificate_file, const path_arg &key_file) noexcept {
        return set(oss_bucket_options_set_client_certificate(get(), certificate_file.c_str(), key_file.c_str()));
    }
    setter_result set_public_key_pin(const text_arg &pins) noexcept {
        return set(oss_bucket_options_set_public_key_pin(get(), pins.c_str()));
    }
    setter_result set_proxy(const text_arg &proxy) noexcept {
        return set(oss_bucket_options_set_proxy(get(), proxy.c_str()));
    }
    setter_result set_proxy_from_environment(bool wanted) noexcept {
        return set(oss_bucket_options_set_proxy_from_environment(get(), wanted ? 1 : 0));
    }
    setter_result set_bind_address(const text_arg &address) noexcept {
        return set(oss_bucket_options_set_bind_address(get(), address.c_str()));
    }
    setter_result set_resolve(const text_arg &host, const text_arg &address) noexcept {
        return set(oss_bucket_options_set_resolve(get(), host.c_str(), address.c_str()));
    }
    setter_result set_user_agent(const text_arg &user_agent) noexcept {
        return set(oss_bucket_options_set_user_agent(get(), user_agent.c_str()));
    }
    /** The options keep their own reference to the cancel. */
    setter_result set_cancel(maybe<cancel> who) noexcept {
        return set(oss_bucket_options_set_cancel(get(), who.get()));
    }
    /** The options keep their own reference to the rate. */
    setter_result set_rate(maybe<rate> shared) noexcept {
        return set(oss_bucket_options_set_rate(get(), shared.get()));
    }
    /** The options keep their own reference to the outbox. */
    setter_result set_outbox(maybe<outbox> where) noexcept {
        return detail::set_outbox(where, [&](oss_outbox *kept) {
            return set(oss_bucket_options_set_outbox(get(), kept));
        });
    }

    /**
     * Sets who keeps a log of what the calls on the bucket do.
     *
     * @param log  called with an oss::log_level and a const char *, which is gone when it returns; on the thread that calls, on
     *             several at once if calls are made on several. It must outlive the bucket and what is made with it. Returns
     *             nothing, or a bool: false, or an exception, ends the call.
     */
    template <class Log> setter_result set_log(log_level level, Log &log) noexcept {
        return set(oss_bucket_options_set_log(get(), static_cast<std::int32_t>(level), &detail::log_with_level<Log>, &log));
    }
    setter_result set_log(std::nullptr_t) noexcept {
        return set(oss_bucket_options_set_log(get(), OSS_LOG_LEVEL_ERROR, nullptr, nullptr));
    }

private:
    setter_result set(oss_status value) noexcept { return setter_result(value, oss_bucket_options_error(get())); }
};

/** Something that was found about a callback. */
struct finding {
    oss::severity severity;
    text rule;
    text message;
};

/** What was found about a callback, errors first. A range of finding. */
class finding_list : public detail::owner<oss_finding_list, oss_finding_list_free> {
public:
    typedef finding value_type;
    typedef detail::index_iterator<finding_list> const_iterator;

    explicit finding_list(oss_finding_list *handle = nullptr) noexcept : owner(handle) {}

    std::size_t size() const noexcept { return oss_finding_list_count(get()); }
    bool empty() const noexcept { return size() == 0; }
    /** Beyond the end, one whose severity is none. */
    finding operator[](std::size_t index) const {
        return finding{static_cast<severity>(oss_finding_list_severity(get(), index)),
                       text(oss_finding_list_rule(get(), index)), text(oss_finding_list_message(get(), index))};
    }
    const_iterator begin() const noexcept { return const_iterator(*this, 0); }
    const_iterator end() const noexcept { return const_iterator(*this, size()); }
};

/** An upload callback. */
class callback : public detail::owner<oss_callback, oss_callback_free> {
public:
    explicit callback(oss_callback *handle = nullptr) noexcept : owner(handle) {}

    static expected<callback> make(const text_arg &url, const text_arg &body) noexcept {
        return detail::make<callback>(
            [&](oss_callback **made, oss_result **why) { oss_callback_new(url.c_str(), body.c_str(), made, why); });
    }
    static expected<callback> from_policy(const text_arg &policy) noexcept {
        return detail::make<callback>(
            [&](oss_callback **made, oss_result **why) { oss_callback_new_from_policy(policy.c_str(), made, why); });
    }

    setter_result add_url(const text_arg &url) noexcept { return set(oss_callback_add_url(get(), url.c_str())); }
    setter_result set_host(const text_arg &host) noexcept { return set(oss_callback_set_host(get(), host.c_str())); }
    setter_result set_body_type(callback_body type) noexcept {
        return set(oss_callback_set_body_type(get(), static_cast<std::int32_t>(type)));
    }
    setter_result set_sni(bool sni) noexcept { return set(oss_callback_set_sni(get(), sni)); }
    setter_result add_variable(const text_arg &name, const text_arg &value) noexcept {
        return set(oss_callback_add_variable(get(), name.c_str(), value.c_str()));
    }
    setter_result add_header(const text_arg &name, const text_arg &value) noexcept {
        return set(oss_callback_add_header(get(), name.c_str(), value.c_str()));
    }
    setter_result set_field(const text_arg &name, const text_arg &json) noexcept {
        return set(oss_callback_set_field(get(), name.c_str(), json.c_str()));
    }
    setter_result set_delivery_variable(const text_arg &name) noexcept {
        return set(oss_callback_set_delivery_variable(get(), name.c_str()));
    }

    /** Not ok if there are errors. */
    oss::result check() const noexcept {
        finding_list findings;
        return check(findings);
    }
    /** Not ok if there are errors; the findings are there either way. */
    oss::result check(finding_list &findings) const noexcept {
        oss_finding_list *found = nullptr;
        oss::result ended =
            detail::run([&](oss_result **written) { oss_callback_check(get(), &found, written); });
        findings = finding_list(found);
        return ended;
    }
    /** Without variables, their text is empty. */
    oss::result encode(string &encoded, string &variables) const noexcept {
        oss_string *first = nullptr, *second = nullptr;
        oss::result ended =
            detail::run([&](oss_result **written) { oss_callback_encode(get(), &first, &second, written); });
        encoded = string(first);
        variables = string(second);
        return ended;
    }
    expected<string> render(maybe<oss::result> upload, maybe<callback_values> values = nullptr) const noexcept {
        return detail::make<string>([&](oss_string **made, oss_result **why) {
            oss_callback_render(get(), upload.get(), values.get(), made, why);
        });
    }

private:
    setter_result set(oss_status value) noexcept { return setter_result(value, oss_callback_error(get())); }
};

namespace detail {

/** The same for a call that takes a callback. If that is empty the call is refused: without it, nobody would be told. */
template <class Call> result run(maybe<callback> notify, Call call) noexcept {
    if (notify && notify.get() == nullptr) return notify->check();
    return run(call);
}

template <class Handle, class Call> expected<Handle> make(maybe<callback> notify, Call call) noexcept {
    if (notify && notify.get() == nullptr) return expected<Handle>(Handle(nullptr), notify->check());
    return make<Handle>(call);
}

} // namespace detail

/** Verifies callback requests. The default constructor makes one that believes the key which the service publishes. */
class callback_verifier : public detail::owner<oss_callback_verifier, oss_callback_verifier_free> {
public:
    callback_verifier() noexcept : owner(oss_callback_verifier_new()) {}
    explicit callback_verifier(oss_callback_verifier *handle) noexcept : owner(handle) {}

    setter_result set_public_key(const text_arg &pem) noexcept {
        return set(oss_callback_verifier_set_public_key(get(), pem.c_str()));
    }
    setter_result add_key_prefix(const text_arg &prefix) noexcept {
        return set(oss_callback_verifier_add_key_prefix(get(), prefix.c_str()));
    }
    setter_result set_fetch_timeout(std::chrono::milliseconds time) noexcept {
        return set(oss_callback_verifier_set_fetch_timeout_ms(get(), detail::count(time)));
    }
    setter_result set_cache_time(std::chrono::seconds time) noexcept {
        return set(oss_callback_verifier_set_cache_time_s(get(), detail::count(time)));
    }
    setter_result set_ca_file(const path_arg &path) noexcept {
        return set(oss_callback_verifier_set_ca_file(get(), path.c_str()));
    }

    /** The same verifier, whose calls are bound to other limits; 0 for no limit but the time-out for fetching a key. */
    expected<callback_verifier> with_limits(std::chrono::milliseconds deadline,
                                            maybe<cancel> who = nullptr) const noexcept {
        return detail::make<callback_verifier>([&](oss_callback_verifier **made, oss_result **why) {
            oss_callback_verifier_with_limits(get(), detail::count(deadline), who.get(), made, why);
        });
    }

    /** Ok only if the request comes from OSS; nullptr stands for a header that is not there. */
    oss::result verify(const text_arg &target, bytes body, const text_arg &authorization,
                       const text_arg &pub_key_url) const noexcept {
        return detail::run([&](oss_result **written) {
            oss_callback_verify(get(), target.c_str(), body.data(), body.size(), authorization.c_str(),
                                pub_key_url.c_str(), written);
        });
    }
    /** The same, with the header x-oss-signature-version. */
    oss::result verify(const text_arg &target, bytes body, const text_arg &authorization, const text_arg &pub_key_url,
                       const text_arg &signature_version) const noexcept {
        return detail::run([&](oss_result **written) {
            oss_callback_verify_request(get(), target.c_str(), body.data(), body.size(), authorization.c_str(),
                                        pub_key_url.c_str(), signature_version.c_str(), written);
        });
    }
    /** Ok only if the request was signed with the private half of this key. */
    static oss::result verify_with_key(const text_arg &public_key, const text_arg &target, bytes body,
                                       const text_arg &authorization) noexcept {
        return detail::run([&](oss_result **written) {
            oss_callback_verify_with_key(public_key.c_str(), target.c_str(), body.data(), body.size(),
                                         authorization.c_str(), written);
        });
    }

private:
    setter_result set(oss_status value) noexcept { return setter_result(value, oss_callback_verifier_error(get())); }
};

/**
 * What an object is stored with. The default constructor makes options that hold the defaults. A function that is set belongs
 * to the options.
 */
class put_options : public detail::owner<oss_put_options, oss_put_options_free> {
public:
    put_options() noexcept : owner(oss_put_options_new()) {}
    explicit put_options(oss_put_options *handle) noexcept : owner(handle) {}
    /** The handle cannot be had without the function. */
    oss_put_options *release() = delete;

    setter_result set_content_type(const text_arg &value) noexcept {
        return set(oss_put_options_set_content_type(get(), value.c_str()));
    }
    setter_result set_cache_control(const text_arg &value) noexcept {
        return set(oss_put_options_set_cache_control(get(), value.c_str()));
    }
    setter_result set_content_disposition(const text_arg &value) noexcept {
        return set(oss_put_options_set_content_disposition(get(), value.c_str()));
    }
    setter_result set_content_encoding(const text_arg &value) noexcept {
        return set(oss_put_options_set_content_encoding(get(), value.c_str()));
    }
    setter_result set_content_language(const text_arg &value) noexcept {
        return set(oss_put_options_set_content_language(get(), value.c_str()));
    }
    setter_result set_expires(const text_arg &value) noexcept {
        return set(oss_put_options_set_expires(get(), value.c_str()));
    }
    setter_result set_header(const text_arg &name, const text_arg &value) noexcept {
        return set(oss_put_options_set_header(get(), name.c_str(), value.c_str()));
    }
    setter_result add_metadata(const text_arg &name, const text_arg &value) noexcept {
        return set(oss_put_options_add_metadata(get(), name.c_str(), value.c_str()));
    }
    setter_result add_tag(const text_arg &key, const text_arg &value) noexcept {
        return set(oss_put_options_add_tag(get(), key.c_str(), value.c_str()));
    }
    setter_result set_acl(object_acl acl) noexcept {
        return set(oss_put_options_set_acl(get(), static_cast<std::int32_t>(acl)));
    }
    setter_result set_storage_class(storage how) noexcept {
        return set(oss_put_options_set_storage_class(get(), static_cast<std::int32_t>(how)));
    }
    setter_result set_encryption(encryption how, const text_arg &key_id = nullptr) noexcept {
        return set(oss_put_options_set_encryption(get(), static_cast<std::int32_t>(how), key_id.c_str()));
    }
    setter_result set_forbid_overwrite(bool forbid) noexcept {
        return set(oss_put_options_set_forbid_overwrite(get(), forbid));
    }
    setter_result set_traffic_limit(std::uint64_t bits_per_second) noexcept {
        return set(oss_put_options_set_traffic_limit(get(), bits_per_second));
    }
    setter_result set_content_md5(bool wanted) noexcept {
        return set(oss_put_options_set_content_md5(get(), wanted));
    }
    setter_result set_previous_crc64(std::uint64_t crc64) noexcept {
        return set(oss_put_options_set_previous_crc64(get(), crc64));
    }
    setter_result set_callback_delivery(callback_delivery delivery) noexcept {
        return set(oss_put_options_set_callback_delivery(get(), static_cast<std::int32_t>(delivery)));
    }
    setter_result set_write_token(bool wanted) noexcept {
        return set(oss_put_options_set_write_token(get(), wanted ? 1 : 0));
    }
    setter_result set_deadline(std::chrono::milliseconds time) noexcept {
        return set(oss_put_options_set_deadline_ms(get(), detail::count(time)));
    }
    /** The options keep their own reference to the cancel. */
    setter_result set_cancel(maybe<cancel> who) noexcept {
        return set(oss_put_options_set_cancel(get(), who.get()));
    }
    /** The options keep their own reference to the rate. */
    setter_result set_rate(maybe<rate> shared) noexcept {
        return set(oss_put_options_set_rate(get(), shared.get()));
    }
    /** The options keep their own reference to the outbox. */
    setter_result set_outbox(maybe<outbox> where) noexcept {
        return detail::set_outbox(where, [&](oss_outbox *kept) {
            return set(oss_put_options_set_outbox(get(), kept));
        });
    }

    /**
     * Sets who is told how a put gets on. If puts on several threads use the options, it is called on all of these.
     *
     * @param progress  called with an oss::progress. Returns nothing, or a bool: false, or an exception, cancels the put.
     */
    template <class Progress> setter_result set_progress(Progress progress) {
        std::shared_ptr<Progress> function = std::make_shared<Progress>(std::move(progress));
        setter_result taken = set(oss_put_options_set_progress(get(), &detail::tell<Progress>, function.get()));
        if (taken) progress_ = std::move(function);
        return taken;
    }
    setter_result set_progress(std::nullptr_t) noexcept {
        setter_result taken = set(oss_put_options_set_progress(get(), nullptr, nullptr));
        if (taken) progress_.reset();
        return taken;
    }

private:
    setter_result set(oss_status value) noexcept { return setter_result(value, oss_put_options_error(get())); }

    std::shared_ptr<void> progress_{};
};

/**
 * How a managed upload goes about it. The default constructor makes options that hold the defaults. Functions that are set
 * belong to the options, and to the writers made with them.
 */
class upload_options : public detail::owner<oss_upload_options, oss_upload_options_free> {
public:
    upload_options() noexcept : owner(oss_upload_options_new()) {}
    explicit upload_options(oss_upload_options *handle) noexcept : owner(handle) {}
    /** The handle cannot be had without the functions. */
    oss_upload_options *release() = delete;

    setter_result set_put_options(maybe<put_options> options) noexcept {
        return set(oss_upload_options_set_put_options(get(), options.get()));
    }
    setter_result set_part_size(std::uint64_t size) noexcept {
        return set(oss_upload_options_set_part_size(get(), size));
    }
    setter_result set_threshold(std::uint64_t size) noexcept {
        return set(oss_upload_options_set_threshold(get(), size));
    }
    setter_result set_parallel(std::uint32_t parts) noexcept {
        return set(oss_upload_options_set_parallel(get(), parts));
    }
    setter_result set_checkpoint(const path_arg &folder) noexcept {
        return set(oss_upload_options_set_checkpoint(get(), folder.c_str()));
    }
    setter_result set_keep_parts(bool keep) noexcept { return set(oss_upload_options_set_keep_parts(get(), keep)); }
    setter_result set_memory_limit(std::uint64_t bytes) noexcept {
        return set(oss_upload_options_set_memory_limit(get(), bytes));
    }
    setter_result set_rate_limit(std::uint64_t bytes_per_second) noexcept {
        return set(oss_upload_options_set_rate_limit(get(), bytes_per_second));
    }
    setter_result set_deadline(std::chrono::milliseconds time) noexcept {
        return set(oss_upload_options_set_deadline_ms(get(), detail::count(time)));
    }
    /** The options keep their own reference to the cancel. */
    setter_result set_cancel(maybe<cancel> who) noexcept {
        return set(oss_upload_options_set_cancel(get(), who.get()));
    }
    /** The options keep their own reference to the rate. */
    setter_result set_rate(maybe<rate> shared) noexcept {
        return set(oss_upload_options_set_rate(get(), shared.get()));
    }
    /** The options keep their own reference to the outbox. */
    setter_result set_outbox(maybe<outbox> where) noexcept {
        return detail::set_outbox(where, [&](oss_outbox *kept) {
            return set(oss_upload_options_set_outbox(get(), kept));
        });
    }

    /**
     * Sets who is told how the upload gets on. If uploads on several threads use the options, it is called on all of these.
     *
     * @param progress  called with an oss::progress. Returns nothing, or a bool: false, or an exception, cancels the upload.
     */
    template <class Progress> setter_result set_progress(Progress progress) {
        std::shared_ptr<Progress> function = std::make_shared<Progress>(std::move(progress));
        setter_result taken =
            set(oss_upload_options_set_progress(get(), &detail::tell<Progress>, function.get()));
        if (taken) progress_ = std::move(function);
        return taken;
    }
    setter_result set_progress(std::nullptr_t) noexcept {
        setter_result taken = set(oss_upload_options_set_progress(get(), nullptr, nullptr));
        if (taken) progress_.reset();
        return taken;
    }

    /**
     * Sets who is told what is worth a line in a log.
     *
     * @param log  called with a const char *, which is gone when it returns. Returns nothing, or a bool, as for
     *             set_progress().
     */
    template <class Log> setter_result set_log(Log log) {
        std::shared_ptr<Log> function = std::make_shared<Log>(std::move(log));
        setter_result taken = set(oss_upload_options_set_log(get(), &detail::log<Log>, function.get()));
        if (taken) log_ = std::move(function);
        return taken;
    }
    setter_result set_log(std::nullptr_t) noexcept {
        setter_result taken = set(oss_upload_options_set_log(get(), nullptr, nullptr));
        if (taken) log_.reset();
        return taken;
    }

private:
    friend class writer;

    setter_result set(oss_status value) noexcept { return setter_result(value, oss_upload_options_error(get())); }

    std::shared_ptr<void> progress_{};
    std::shared_ptr<void> log_{};
};

/** What to upload. Each factory says what has to outlive the body; a body that cannot be right fails where it is used. */
class body : public detail::owner<oss_body, oss_body_free> {
public:
    explicit body(oss_body *handle = nullptr) noexcept : owner(handle) {}
    /** The handle cannot be had without what it reads. */
    oss_body *release() = delete;

    /** Borrows: the bytes have to stay as they are while the body exists. */
    static body from_bytes(bytes data) noexcept { return body(oss_body_from_bytes(data.data(), data.size())); }
    /** What owns its bytes and is about to go takes them along; from_string() keeps them. Views may go. */
    template <class Range, class = typename detail::enable_if_owner_about_to_go<Range>::type>
    static body from_bytes(Range &&) = delete;
    /** Keeps the string. */
    static body from_string(std::string data) {
        std::shared_ptr<std::string> kept = std::make_shared<std::string>(std::move(data));
        body made(oss_body_from_bytes(kept->data(), kept->size()));
        made.kept_ = std::move(kept);
        return made;
    }
    static body from_file(const path_arg &path) noexcept { return body(oss_body_from_file(path.c_str())); }
    static body from_file_range(const path_arg &path, std::uint64_t offset, std::uint64_t length) noexcept {
        return body(oss_body_from_file_range(path.c_str(), offset, length));
    }
    /** Duplicates the descriptor. */
    static body from_fd(int fd, std::uint64_t offset, std::uint64_t length) noexcept {
        return body(oss_body_from_fd(fd, offset, length));
    }

    /**
     * A body of what a function gives. Keeps the function, though not what that refers to.
     *
     * @param read    called with a char * and a std::size_t; puts up to so many bytes there and returns how many, 0 at the
     *                end. A negative number, which the message then shows, or an exception says that the data cannot be read.
     * @param length  how many bytes it gives.
     */
    template <class Read> static body from_reader(Read read, std::uint64_t length = length_unknown) {
        typedef detail::reader<Read> reader;
        std::shared_ptr<reader> kept = std::make_shared<reader>(std::move(read));
        body made(oss_body_from_reader(&reader::give, nullptr, kept.get(), length));
        made.kept_ = std::move(kept);
        return made;
    }
    /**
     * A body of what a function gives that can begin again.
     *
     * @param read    as for from_reader().
     * @param rewind  called with nothing. Returns nothing, or a bool: false, or an exception, if it cannot be done.
     * @param length  how many bytes it gives.
     */
    template <class Read, class Rewind>
    static body from_rewindable(Read read, Rewind rewind, std::uint64_t length = length_unknown) {
        typedef detail::rewindable<Read, Rewind> reader;
        std::shared_ptr<reader> kept = std::make_shared<reader>(std::move(read), std::move(rewind));
        // As the base, of which the functions make a reader again.
        detail::reader<Read> *base = kept.get();
        body made(oss_body_from_reader(&reader::give, &reader::again, base, length));
        made.kept_ = std::move(kept);
        return made;
    }

private:
    std::shared_ptr<void> kept_{};
};

/** A part of a multipart upload. */
struct part {
    std::uint32_t number;
    std::uint64_t size;
    text etag;
    bool has_crc64;
    std::uint64_t crc64;
};

/** Parts of a multipart upload. A range of part. The default constructor makes an empty list. */
class part_list : public detail::owner<oss_part_list, oss_part_list_free> {
public:
    typedef part value_type;
    typedef detail::index_iterator<part_list> const_iterator;

    part_list() noexcept : owner(oss_part_list_new()) {}
    explicit part_list(oss_part_list *handle) noexcept : owner(handle) {}

    setter_result add(std::uint32_t number, const text_arg &etag) noexcept {
        const oss_status taken = oss_part_list_add(get(), number, etag.c_str());
        return setter_result(taken, oss_part_list_error(get()));
    }
    std::size_t size() const noexcept { return oss_part_list_count(get()); }
    bool empty() const noexcept { return size() == 0; }
    /** Beyond the end, one whose number is 0. */
    part operator[](std::size_t index) const {
        std::uint64_t crc64 = 0;
        const bool has_crc64 = oss_part_list_crc64(get(), index, &crc64) != 0;
        return part{oss_part_list_number(get(), index), oss_part_list_size(get(), index),
                    text(oss_part_list_etag(get(), index)), has_crc64, crc64};
    }
    const_iterator begin() const noexcept { return const_iterator(*this, 0); }
    const_iterator end() const noexcept { return const_iterator(*this, size()); }
};

/** An upload in parts. The destructor ends nothing at OSS. bucket makes it. */
class multipart : public detail::owner<oss_multipart, oss_multipart_free> {
public:
    explicit multipart(oss_multipart *handle = nullptr) noexcept : owner(handle) {}

    text upload_id() const & { return text(oss_multipart_upload_id(get())); }
    std::string upload_id() const && { return oss_multipart_upload_id(get()); }

    /** Another handle for the upload, with limits of its own: a deadline for each call, 0 for none, and a cancel. */
    expected<multipart> with_limits(std::chrono::milliseconds deadline, maybe<cancel> who = nullptr) noexcept {
        expected<multipart> limited = detail::make<multipart>([&](oss_multipart **made, oss_result **why) {
            oss_multipart_with_limits(get(), detail::count(deadline), who.get(), made, why);
        });
        limited->key_ = key_;
        return limited;
    }

    oss::result upload_part(std::uint32_t number, bytes data) noexcept {
        return detail::run([&](oss_result **written) {
            oss_upload_part(get(), number, data.data(), data.size(), written);
        });
    }
    oss::result upload_part(std::uint32_t number, const body &what) noexcept {
        return detail::run(
            [&](oss_result **written) { oss_upload_part_body(get(), number, what.get(), written); });
    }
    expected<part_list> list_parts() noexcept {
        return detail::make<part_list>(
            [&](oss_part_list **made, oss_result **why) { oss_list_parts(get(), made, why); });
    }
    oss::result complete(maybe<callback> notify = nullptr) noexcept {
        return detail::run(notify, [&](oss_result **written) { oss_complete_multipart(get(), notify.get(), written); });
    }
    /** Of exactly these parts. */
    oss::result complete(const part_list &parts, maybe<callback> notify = nullptr) noexcept {
        return detail::run(notify, [&](oss_result **written) {
            oss_complete_multipart_with_parts(get(), parts.get(), notify.get(), written);
        });
    }
    /** Of whatever parts OSS has. */
    oss::result complete_with_all(maybe<callback> notify = nullptr) noexcept {
        return detail::run(notify, [&](oss_result **written) {
            oss_complete_multipart_with_all(get(), notify.get(), written);
        });
    }
    oss::result abort() noexcept {
        return detail::run([&](oss_result **written) { oss_abort_multipart(get(), written); });
    }

private:
    friend class bucket;

    std::shared_ptr<void> key_{}; // the function that gives it
};

/** An upload in parts that is neither completed nor aborted. */
struct unfinished_upload {
    text key;
    text upload_id;
    text initiated;
};

/** Uploads in parts that are neither completed nor aborted. A range of unfinished_upload. */
class upload_list : public detail::owner<oss_upload_list, oss_upload_list_free> {
public:
    typedef unfinished_upload value_type;
    typedef detail::index_iterator<upload_list> const_iterator;

    explicit upload_list(oss_upload_list *handle = nullptr) noexcept : owner(handle) {}

    std::size_t size() const noexcept { return oss_upload_list_count(get()); }
    bool empty() const noexcept { return size() == 0; }
    bool is_truncated() const noexcept { return oss_upload_list_is_truncated(get()) != 0; }
    /** Beyond the end, one whose texts are empty. */
    unfinished_upload operator[](std::size_t index) const {
        return unfinished_upload{text(oss_upload_list_key(get(), index)),
                                 text(oss_upload_list_upload_id(get(), index)),
                                 text(oss_upload_list_initiated(get(), index))};
    }
    const_iterator begin() const noexcept { return const_iterator(*this, 0); }
    const_iterator end() const noexcept { return const_iterator(*this, size()); }
};

/** A request that others can make without knowing a secret. bucket makes one; make() takes one that somebody else signed. */
class presigned : public detail::owner<oss_presigned, oss_presigned_free> {
public:
    explicit presigned(oss_presigned *handle = nullptr) noexcept : owner(handle) {}

    static expected<presigned> make(const text_arg &url) noexcept {
        return detail::make<presigned>(
            [&](oss_presigned **made, oss_result **why) { oss_presigned_new(url.c_str(), made, why); });
    }

    oss::result add_header(const text_arg &name, const text_arg &value) noexcept {
        return detail::run([&](oss_result **written) {
            oss_presigned_add_header(get(), name.c_str(), value.c_str(), written);
        });
    }
    /** Uploads to the URL. */
    oss::result put(const body &what, maybe<bucket_options> options = nullptr) const noexcept {
        return detail::run(
            [&](oss_result **written) { oss_put_to_url(get(), what.get(), options.get(), written); });
    }
    text method() const & { return text(oss_presigned_method(get())); }
    std::string method() const && { return oss_presigned_method(get()); }
    text url() const & { return text(oss_presigned_url(get())); }
    std::string url() const && { return oss_presigned_url(get()); }
    /** Empty where it is left to whoever uses the URL. */
    text body() const & { return text(oss_presigned_body(get(), nullptr)); }
    std::string body() const && { return oss_presigned_body(get(), nullptr); }
    /** The beginning of 1970 if somebody else signed it. */
    std::chrono::system_clock::time_point expires() const noexcept {
        return detail::time(oss_presigned_expires(get()));
    }
    /** The headers that have to be sent with the URL. */
    std::vector<name_value> headers() const {
        std::vector<name_value> all;
        for (std::size_t i = 0; i < oss_presigned_header_count(get()); i++) {
            all.push_back(name_value{oss_presigned_header_name(get(), i), oss_presigned_header_value(get(), i)});
        }
        return all;
    }
};

/** A form that uploads an object. post_policy makes one; make() begins one that somebody else signed. */
class post_form : public detail::owner<oss_post_form, oss_post_form_free> {
public:
    explicit post_form(oss_post_form *handle = nullptr) noexcept : owner(handle) {}

    static expected<post_form> make(const text_arg &url) noexcept {
        return detail::make<post_form>(
            [&](oss_post_form **made, oss_result **why) { oss_post_form_new(url.c_str(), made, why); });
    }

    oss::result set_field(const text_arg &name, const text_arg &value) noexcept {
        return detail::run([&](oss_result **written) {
            oss_post_form_set_field(get(), name.c_str(), value.c_str(), written);
        });
    }
    /** Uploads by the form. */
    oss::result post(const body &what, maybe<bucket_options> options = nullptr) const noexcept {
        return detail::run(
            [&](oss_result **written) { oss_post_object(get(), what.get(), options.get(), written); });
    }
    expected<string> to_json() const noexcept {
        return detail::make<string>(
            [&](oss_string **made, oss_result **why) { oss_post_form_to_json(get(), made, why); });
    }
    text url() const & { return text(oss_post_form_url(get())); }
    std::string url() const && { return oss_post_form_url(get()); }
    /** The beginning of 1970 if somebody else signed it. */
    std::chrono::system_clock::time_point expires() const noexcept {
        return detail::time(oss_post_form_expires(get()));
    }
    std::vector<name_value> fields() const {
        std::vector<name_value> all;
        for (std::size_t i = 0; i < oss_post_form_field_count(get()); i++) {
            all.push_back(name_value{oss_post_form_field_name(get(), i), oss_post_form_field_value(get(), i)});
        }
        return all;
    }
};

/** Takes the data of one object, piece by piece. The destructor sends nothing. bucket makes it. */
class writer : public detail::owner<oss_writer, oss_writer_free> {
public:
    explicit writer(oss_writer *handle = nullptr) noexcept : owner(handle) {}
    /** The handle cannot be had without the functions. */
    oss_writer *release() = delete;

    oss::result write(bytes data) noexcept {
        return detail::run(
            [&](oss_result **written) { oss_writer_write(get(), data.data(), data.size(), written); });
    }
    oss::result finish() noexcept {
        return detail::run([&](oss_result **written) { oss_writer_finish(get(), written); });
    }
    oss::result abort() noexcept {
        return detail::run([&](oss_result **written) { oss_writer_abort(get(), written); });
    }

private:
    friend class bucket;

    /** Keeps the functions of its options, which it goes on calling. */
    void keep(maybe<upload_options> options) noexcept {
        if (!options) return;
        progress_ = options->progress_;
        log_ = options->log_;
    }

    std::shared_ptr<void> progress_{};
    std::shared_ptr<void> log_{};
    std::shared_ptr<void> key_{}; // the function that gives it
};

/** A bucket and the connections to it. Any number of threads may use it at once. */
class bucket : public detail::owner<oss_bucket, oss_bucket_free> {
public:
    explicit bucket(oss_bucket *handle = nullptr) noexcept : owner(handle) {}

    /** The bucket keeps what it needs of the credentials and the options. */
    static expected<bucket> make(const text_arg &endpoint, const text_arg &name, const credentials &who,
                                 maybe<bucket_options> options = nullptr) noexcept {
        expected<bucket> opened = detail::make<bucket>([&](oss_bucket **made, oss_result **why) {
            oss_bucket_new(endpoint.c_str(), name.c_str(), who.get(), options.get(), made, why);
        });
        opened->key_ = who.function_;
        return opened;
    }

    /** Another handle for the bucket, with limits of its own: a deadline for each call, 0 for none, and a cancel. */
    expected<bucket> with_limits(std::chrono::milliseconds deadline, maybe<cancel> who = nullptr) const noexcept {
        return keyed(detail::make<bucket>([&](oss_bucket **made, oss_result **why) {
            oss_bucket_with_limits(get(), detail::count(deadline), who.get(), made, why);
        }));
    }

    // Uploads of small data, each with one request.

    oss::result put(const text_arg &key, bytes data, maybe<put_options> options = nullptr) const noexcept {
        return detail::run([&](oss_result **written) {
            oss_put_object(get(), key.c_str(), data.data(), data.size(), options.get(), written);
        });
    }
    oss::result put(const text_arg &key, bytes data, const callback &notify,
                    maybe<put_options> options = nullptr) const noexcept {
        return detail::run(notify, [&](oss_result **written) {
            oss_put_object_with_callback(get(), key.c_str(), data.data(), data.size(), notify.get(), options.get(),
                                         written);
        });
    }
    oss::result put(const text_arg &key, const body &what, maybe<callback> notify = nullptr,
                    maybe<put_options> options = nullptr) const noexcept {
        return detail::run(notify, [&](oss_result **written) {
            oss_put_body(get(), key.c_str(), what.get(), notify.get(), options.get(), written);
        });
    }
    oss::result put_file(const text_arg &key, const path_arg &path, maybe<callback> notify = nullptr,
                         maybe<put_options> options = nullptr) const noexcept {
        if (!notify) return put(key, body::from_file(path), nullptr, options);
        return detail::run(notify, [&](oss_result **written) {
            oss_put_file_with_callback(get(), key.c_str(), path.c_str(), notify.get(), options.get(), written);
        });
    }
    /** Adds data to the end of an object. */
    oss::result append(const text_arg &key, std::uint64_t position, const body &what,
                       maybe<put_options> options = nullptr) const noexcept {
        return detail::run([&](oss_result **written) {
            oss_append_object(get(), key.c_str(), position, what.get(), options.get(), written);
        });
    }

    // Uploads of data of any length.

    oss::result upload(const text_arg &key, const body &what, maybe<callback> notify = nullptr,
                       maybe<upload_options> options = nullptr) const noexcept {
        return detail::run(notify, [&](oss_result **written) {
            oss_upload_object(get(), key.c_str(), what.get(), notify.get(), options.get(), written);
        });
    }
    /** Begins an upload of data that is written piece by piece. The writer shares the functions of the options. */
    expected<writer> open_writer(const text_arg &key, maybe<callback> notify = nullptr,
                                 maybe<upload_options> options = nullptr) const noexcept {
        expected<writer> opened = detail::make<writer>(notify, [&](oss_writer **made, oss_result **why) {
            oss_writer_new(get(), key.c_str(), notify.get(), options.get(), made, why);
        });
        opened->keep(options);
        return keyed(std::move(opened));
    }
    expected<multipart> begin_multipart(const text_arg &key, maybe<put_options> options = nullptr) const noexcept {
        return keyed(detail::make<multipart>([&](oss_multipart **made, oss_result **why) {
            oss_begin_multipart(get(), key.c_str(), options.get(), made, why);
        }));
    }
    expected<multipart> reopen_multipart(const text_arg &key, const text_arg &upload_id) const noexcept {
        return keyed(detail::make<multipart>([&](oss_multipart **made, oss_result **why) {
            oss_reopen_multipart(get(), key.c_str(), upload_id.c_str(), made, why);
        }));
    }
    /** An empty prefix for all. */
    expected<upload_list> list_uploads(const text_arg &prefix, std::uint32_t limit) const noexcept {
        return detail::make<upload_list>([&](oss_upload_list **made, oss_result **why) {
            oss_list_uploads(get(), prefix.c_str(), limit, made, why);
        });
    }

    // Objects that are there.

    oss::result stat(const text_arg &key) const noexcept {
        return detail::run([&](oss_result **written) { oss_stat_object(get(), key.c_str(), written); });
    }
    oss::result remove(const text_arg &key) const noexcept {
        return detail::run([&](oss_result **written) { oss_remove_object(get(), key.c_str(), written); });
    }

    /** Has OSS call the application server for an object. */
    oss::result trigger_callback(const text_arg &key, const callback &notify,
                                 maybe<put_options> options = nullptr) const noexcept {
        return detail::run(notify, [&](oss_result **written) {
            oss_trigger_callback(get(), key.c_str(), notify.get(), options.get(), written);
        });
    }

    // Callbacks that are owed.

    /** Makes up for one. Its texts are then others. */
    oss::result settle(owed &one) const noexcept {
        return detail::run([&](oss_result **written) { oss_owed_settle(get(), one.get(), written); });
    }
    /** Makes up for all that are due; delivered() and owed() of the result count them. */
    oss::result deliver(const outbox &from, maybe<delivery_options> options = nullptr) const noexcept {
        return detail::run(
            [&](oss_result **written) { oss_outbox_deliver(from.get(), get(), options.get(), written); });
    }

    // Requests for others to make.

    /** As callback::check(), for callbacks after uploads to this bucket. */
    oss::result check(const callback &notify, finding_list &findings) const noexcept {
        oss_finding_list *found = nullptr;
        oss::result ended = detail::run(
            [&](oss_result **written) { oss_bucket_check_callback(get(), notify.get(), &found, written); });
        findings = finding_list(found);
        return ended;
    }

    expected<presigned> presign_put(const text_arg &key, std::chrono::seconds lifetime, maybe<callback> notify = nullptr,
                                    maybe<put_options> options = nullptr) const noexcept {
        return detail::make<presigned>(notify, [&](oss_presigned **made, oss_result **why) {
            oss_presign_put(get(), key.c_str(), notify.get(), options.get(), detail::count(lifetime), made, why);
        });
    }
    expected<presigned> presign_upload_part(const text_arg &key, const text_arg &upload_id, std::uint32_t number,
                                            std::chrono::seconds lifetime) const noexcept {
        return detail::make<presigned>([&](oss_presigned **made, oss_result **why) {
            oss_presign_upload_part(get(), key.c_str(), upload_id.c_str(), number, detail::count(lifetime), made, why);
        });
    }
    expected<presigned> presign_complete_multipart(const text_arg &key, const text_arg &upload_id,
                                                   std::chrono::seconds lifetime,
                                                   maybe<callback> notify = nullptr) const noexcept {
        return detail::make<presigned>(notify, [&](oss_presigned **made, oss_result **why) {
            oss_presign_complete_multipart(get(), key.c_str(), upload_id.c_str(), notify.get(),
                                           detail::count(lifetime), made, why);
        });
    }
    expected<presigned> presign_trigger_callback(const text_arg &key, std::chrono::seconds lifetime,
                                                 const callback &notify) const noexcept {
        return detail::make<presigned>(notify, [&](oss_presigned **made, oss_result **why) {
            oss_presign_trigger_callback(get(), key.c_str(), notify.get(), detail::count(lifetime), made, why);
        });
    }
    expected<presigned> presign_get(const text_arg &key, std::chrono::seconds lifetime) const noexcept {
        return detail::make<presigned>([&](oss_presigned **made, oss_result **why) {
            oss_presign_get(get(), key.c_str(), detail::count(lifetime), made, why);
        });
    }

private:
    /** What is made from the bucket, and needs the function that gives the key. */
    template <class Handle> expected<Handle> keyed(expected<Handle> made) const noexcept {
        made->key_ = key_;
        return made;
    }

    std::shared_ptr<void> key_{}; // the function that gives it
};

/** What others may upload with a form. The default constructor makes a policy that says nothing yet. */
class post_policy : public detail::owner<oss_post_policy, oss_post_policy_free> {
public:
    post_policy() noexcept : owner(oss_post_policy_new()) {}
    explicit post_policy(oss_post_policy *handle) noexcept : owner(handle) {}

    setter_result set_key(const text_arg &key) noexcept { return set(oss_post_policy_set_key(get(), key.c_str())); }
    setter_result set_key_prefix(const text_arg &prefix) noexcept {
        return set(oss_post_policy_set_key_prefix(get(), prefix.c_str()));
    }
    setter_result set_length_range(std::uint64_t least, std::uint64_t most) noexcept {
        return set(oss_post_policy_set_length_range(get(), least, most));
    }
    setter_result set_content_type(const text_arg &content_type) noexcept {
        return set(oss_post_policy_set_content_type(get(), content_type.c_str()));
    }
    setter_result add_field(const text_arg &name, const text_arg &value) noexcept {
        return set(oss_post_policy_add_field(get(), name.c_str(), value.c_str()));
    }
    setter_result add_field_prefix(const text_arg &name, const text_arg &prefix) noexcept {
        return set(oss_post_policy_add_field_prefix(get(), name.c_str(), prefix.c_str()));
    }
    setter_result allow_any_callback(bool allow) noexcept {
        return set(oss_post_policy_allow_any_callback(get(), allow ? 1 : 0));
    }
    expected<post_form> sign(const bucket &where, std::chrono::seconds lifetime,
                             maybe<callback> notify = nullptr) const noexcept {
        return detail::make<post_form>(notify, [&](oss_post_form **made, oss_result **why) {
            oss_post_policy_sign(get(), where.get(), notify.get(), detail::count(lifetime), made, why);
        });
    }

private:
    setter_result set(oss_status value) noexcept { return setter_result(value, oss_post_policy_error(get())); }
};

} // namespace OSS_UPLOAD_HPP_FLAVOUR
} // namespace oss

#undef OSS_UPLOAD_HPP_EXCEPTIONS
#undef OSS_UPLOAD_HPP_LANGUAGE
#undef OSS_UPLOAD_HPP_THROWING
#undef OSS_UPLOAD_HPP_STRINGS
#undef OSS_UPLOAD_HPP_VECTORS
#undef OSS_UPLOAD_HPP_JOIN_TEXT
#undef OSS_UPLOAD_HPP_JOIN
#undef OSS_UPLOAD_HPP_FLAVOUR
#undef OSS_UPLOAD_HPP_NODISCARD

#endif
