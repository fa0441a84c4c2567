/*
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/**
 * @file
 * oss_upload: uploads to Alibaba Cloud OSS, with upload callbacks done right.
 *
 * This file is generated from the library's source; do not edit it.
 *
 * WHAT IT PROMISES
 *
 * The truth about the object. After every call oss_result_stored() says YES, NO or UNKNOWN, and the status tells a failed
 * callback (HTTP 203: the object is stored, but the application server did not answer as it should) from success and from
 * failure. ETag, CRC-64, version id and request id survive in all three. YES and NO are said where something proves it: a
 * reply that OSS itself made, a look at the object, or that the request never arrived. What a proxy, a gateway or a cache
 * says proves nothing. When the reply to an upload with a callback is lost, the object is looked for, and nothing is sent
 * again unless OSS is done with the request and the object is not there: a callback never runs twice without a word.
 *
 * The callback's answer, always, as bytes, with its content type.
 *
 * Mistakes are found before a byte is sent: in keys, names, headers, callbacks and part lists. The message names the rule.
 *
 * No threads. Everything runs on the thread that called, during the call. There are two exceptions, whose threads block all
 * signals and end by themselves: the resolution of a host name, and a call of a thread that is ending and has lost its own
 * data already, as in the destructor of a static object after main(). Another thread stands in for that one, which waits.
 *
 * No global state: no initialisation, no exit handler, no signal handler, no logger, no change of the environment.
 *
 * SIGPIPE never reaches the host: no upload raises it. Every signal's disposition and mask is left as it was.
 *
 * Fork is safe. A handle made before fork() works in parent and child; the child never touches a connection of the
 * parent's.
 *
 * Nothing aborts the host but the end of memory. NULL, wrong lengths, wrong numbers and text that is not UTF-8 end in
 * OSS_STATUS_INVALID_ARGUMENT, and a defect of the library in OSS_STATUS_INTERNAL, with a line on the standard error
 * output. A pthread_cancel() waits until the thread's call is over.
 *
 * One deadline for each call, on the monotonic clock, over name resolution, connecting, TLS, sending, retries, the wait for
 * the callback, and the search for an object whose upload got no reply. A cancel works from any thread and from a signal
 * handler, and takes effect within a tenth of a second.
 *
 * Bounded memory: it does not grow with the object. A put takes less than 8 MiB, and each further part in flight 256 KiB,
 * or a whole part if its data can be read only once. It does not grow with what a server sends either: whatever is longer than
 * anything of OSS's is not believed.
 *
 * Integrity from end to end: the CRC-64 of what is sent is compared with what OSS stored, for every part and for the whole.
 * A file that changes while it is being uploaded is an error of its own. Its times are a hint, its bytes the proof: where
 * they have moved, what was read is read again and compared.
 *
 * A crash loses nothing but time: an upload with a checkpoint folder goes on from what OSS really has, also if the process
 * was killed while OSS made the object. Its record is never half-written, never used by two calls at once, never needs to
 * be deleted by hand, and holds no secret. One that somebody else could have written is not believed.
 *
 * Secrets stay in: the access key's secret and the security token are in no message, and are wiped from memory when nothing
 * needs them any more. What a connection has sent or received, tokens and keys of services among it, is out of reach of that,
 * and so is what the parser of such an answer held meanwhile of text with escapes in it.
 *
 * HOW IT IS USED
 *
 * Handles are opaque: what ends in _new, and oss_begin_multipart() and the like, gives one; its _free takes it, and takes
 * NULL. Free a handle when no call on it is running or about to; what was made from it keeps its own reference, so the
 * order of frees does not matter. A pointer to a const handle may be used by many threads at once, any other by one, unless
 * its type says more.
 *
 * Text is NUL-terminated UTF-8 and is copied. Paths of files and folders are NUL-terminated bytes, as Linux has them, in whatever
 * encoding; they are copied too. Data is a pointer and a length, borrowed for the call. Flags are int32_t, 0 for no
 * and anything else for yes; those that are returned are 0 or 1.
 *
 * Operations return an oss_status; their last parameter receives an oss_result that says more, whether they succeed or not,
 * unless it is NULL. What was there before is overwritten, so free it before the variable is used again, with
 * oss_result_free(). Setters return an oss_status too, and the object they set says why a value was refused.
 */


#ifndef OSS_UPLOAD_H
#define OSS_UPLOAD_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version that this header belongs to.
 */
#define OSS_UPLOAD_VERSION "0.1.0"

/**
 * The same as a number: major * 1000000 + minor * 1000 + patch.
 */
#define OSS_UPLOAD_VERSION_NUMBER 1000

/**
 * Counts breaks of the binary interface, and is the number in the shared library's name.
 */
#define OSS_UPLOAD_ABI 0

/**
 * Stands for a length that is not known beforehand.
 */
#define OSS_LENGTH_UNKNOWN UINT64_MAX

/**
 * How a call ended. The numbers never change; later versions may add some. YES, NO and UNKNOWN are what oss_result_stored()
 * says with it after an upload. A part makes no object, so after one it is NO.
 */
typedef enum {
    /**
     * All went well; with a callback, the application server answered. YES.
     */
    OSS_STATUS_OK = 0,
    /**
     * An argument is NULL or breaks a rule, which the message names. Nothing was sent, unless data of unknown length
     * turned out to be too long. NO.
     */
    OSS_STATUS_INVALID_ARGUMENT = 1,
    /**
     * A file or another source could not be read, or a checkpoint not be read or written. NO; UNKNOWN if the reply to an
     * earlier attempt was lost, or an earlier process may have completed the upload.
     */
    OSS_STATUS_LOCAL_IO = 2,
    /**
     * A file had other bytes when it was read again, or a whole file another length: oss_body_from_file() says when it is.
     * What was being sent was cut off, so it was not stored; of an earlier attempt, whose reply was lost, that may not be
     * known.
     */
    OSS_STATUS_SOURCE_CHANGED = 3,
    /**
     * The caller cancelled. NO if it is certain that OSS did nothing; otherwise UNKNOWN.
     */
    OSS_STATUS_CANCELLED = 4,
    /**
     * There are no credentials to sign with. NO.
     */
    OSS_STATUS_CREDENTIALS = 5,
    /**
     * Another call, of this process or another, is using the checkpoint. NO: nothing was sent.
     */
    OSS_STATUS_CHECKPOINT_BUSY = 6,
    /**
     * There is no memory for more than 64 KiB of what has to be held: a part, a reply, a list or a record. NO if it is certain
     * that OSS did nothing; otherwise UNKNOWN.
     */
    OSS_STATUS_OUT_OF_MEMORY = 7,
    /**
     * No connection could be made, it broke, or an earlier process asked OSS to complete the upload, which may be at it. NO
     * if it is certain that OSS did nothing; otherwise UNKNOWN.
     */
    OSS_STATUS_NETWORK = 100,
    /**
     * A time-out or the deadline ended the call. NO if it is certain that OSS did nothing; otherwise UNKNOWN.
     */
    OSS_STATUS_TIMEOUT = 101,
    /**
     * There is no TLS with the server: a certificate is not trusted, a file with certificates or a key is of no use, the
     * system has no root certificates, or only one of the two sides speaks TLS. The message says which. NO;
     * UNKNOWN if the reply to an earlier attempt was lost.
     */
    OSS_STATUS_TLS = 102,
    /**
     * OSS refused: see oss_result_error_code() and oss_result_http_status(). NO; UNKNOWN if OSS does not say that it did
     * nothing, as with 500, or if it was a proxy, a gateway or a cache that answered, as the message says.
     */
    OSS_STATUS_SERVICE = 200,
    /**
     * The CRC-64 that OSS computed is not that of the data. YES: what is stored is wrong.
     */
    OSS_STATUS_INTEGRITY = 201,
    /**
     * The reply makes no sense, or is not OSS's. UNKNOWN, but for requests that store nothing.
     */
    OSS_STATUS_BAD_RESPONSE = 202,
    /**
     * The object is stored, but the application server did not answer as it should: OSS said so with HTTP 203 and its
     * error document, which is the body and says why. YES.
     */
    OSS_STATUS_CALLBACK_FAILED = 300,
    /**
     * The object is stored, but what became of the callback is not known: the reply was lost and the object looked up, or
     * the answer was cut short, or it was not the application server's. YES. From what has OSS call for an object that is there
     * already, also UNKNOWN: that the object is stored is then not known either, or it is gone.
     */
    OSS_STATUS_CALLBACK_UNKNOWN = 301,
    /**
     * A callback request does not come from OSS.
     */
    OSS_STATUS_NOT_AUTHENTIC = 302,
    /**
     * A defect of the library. UNKNOWN.
     */
    OSS_STATUS_INTERNAL = 900,
} oss_status;

/**
 * How bad a finding is.
 */
typedef enum {
    /**
     * There is no such finding.
     */
    OSS_SEVERITY_NONE = 0,
    /**
     * It works, but likely not as it is meant.
     */
    OSS_SEVERITY_WARNING = 1,
    /**
     * A rule is broken: an upload with this callback is refused.
     */
    OSS_SEVERITY_ERROR = 2,
} oss_severity;

/**
 * Whether the object is stored. What nothing proves, however likely it is, is UNKNOWN.
 */
typedef enum {
    /**
     * What the call had to upload was not stored by it, and will not be: it did not arrive, or OSS is done with it. Another
     * object may be there under the key.
     */
    OSS_STORED_NO = 0,
    /**
     * It is stored: OSS said so in its reply, or a look at the object did.
     */
    OSS_STORED_YES = 1,
    /**
     * A request may have arrived whose reply was lost, and what became of it could not be found out; OSS may still be about
     * to store the object. After a minute it is done: oss_stat_object() then tells what is there.
     */
    OSS_STORED_UNKNOWN = 2,
} oss_stored;

/**
 * The ways to sign a request.
 */
typedef enum {
    /**
     * HMAC-SHA1. OSS no longer offers it to new accounts.
     */
    OSS_SIGNATURE_VERSION_V1 = 1,
    /**
     * HMAC-SHA256, bound to a region.
     */
    OSS_SIGNATURE_VERSION_V4 = 4,
} oss_signature_version;

/**
 * The places where a bucket's name can stand in a URL. An IP address always has the bucket in the path.
 */
typedef enum {
    /**
     * In the path for an IP address or "localhost", before the host otherwise.
     */
    OSS_ADDRESSING_AUTO = 0,
    /**
     * Before the host: bucket.endpoint/key.
     */
    OSS_ADDRESSING_VIRTUAL = 1,
    /**
     * In the path: endpoint/bucket/key. Public OSS refuses it.
     */
    OSS_ADDRESSING_PATH = 2,
    /**
     * Nowhere: the endpoint is a domain of the bucket's own.
     */
    OSS_ADDRESSING_CNAME = 3,
} oss_addressing;

/**
 * How OSS fills in the template of a callback's body, and the content type it sends.
 */
typedef enum {
    /**
     * application/x-www-form-urlencoded: values are percent-encoded.
     */
    OSS_CALLBACK_BODY_FORM = 0,
    /**
     * application/json: values become JSON literals. Strings come with their quotes, so the template puts none around
     * a placeholder.
     */
    OSS_CALLBACK_BODY_JSON = 1,
} oss_callback_body;

/**
 * How often OSS may be asked for a callback when its replies are lost.
 */
typedef enum {
    /**
     * Once, unless it is certain that the callback has not run.
     */
    OSS_CALLBACK_AT_MOST_ONCE = 0,
    /**
     * Until a reply comes, so that the callback may run several times.
     */
    OSS_CALLBACK_AT_LEAST_ONCE = 1,
} oss_callback_delivery;

/**
 * Who may read and write an object.
 */
typedef enum {
    /**
     * As the bucket says.
     */
    OSS_OBJECT_ACL_DEFAULT = 0,
    /**
     * The owner alone.
     */
    OSS_OBJECT_ACL_PRIVATE = 1,
    /**
     * Anybody may read.
     */
    OSS_OBJECT_ACL_PUBLIC_READ = 2,
    /**
     * Anybody may read and write.
     */
    OSS_OBJECT_ACL_PUBLIC_READ_WRITE = 3,
} oss_object_acl;

/**
 * How an object is stored.
 */
typedef enum {
    /**
     * Standard: for data in use.
     */
    OSS_STORAGE_STANDARD = 0,
    /**
     * IA: for infrequent access.
     */
    OSS_STORAGE_IA = 1,
    /**
     * Archive.
     */
    OSS_STORAGE_ARCHIVE = 2,
    /**
     * ColdArchive.
     */
    OSS_STORAGE_COLD_ARCHIVE = 3,
    /**
     * DeepColdArchive.
     */
    OSS_STORAGE_DEEP_COLD_ARCHIVE = 4,
} oss_storage;

/**
 * How OSS encrypts an object.
 */
typedef enum {
    /**
     * AES-256 with keys of OSS's.
     */
    OSS_ENCRYPTION_AES256 = 0,
    /**
     * With keys of the key management service.
     */
    OSS_ENCRYPTION_KMS = 1,
    /**
     * SM4 with keys of OSS's.
     */
    OSS_ENCRYPTION_SM4 = 2,
    /**
     * SM4 with keys of the key management service.
     */
    OSS_ENCRYPTION_KMS_SM4 = 3,
} oss_encryption;

/**
 * How much a line in a log matters.
 */
typedef enum {
    /**
     * A call did not do what it was to do.
     */
    OSS_LOG_LEVEL_ERROR = 1,
    /**
     * An attempt failed or is made again, or something else went otherwise than it should.
     */
    OSS_LOG_LEVEL_WARNING = 2,
    /**
     * A request did what it was for: an object or a part was sent, or something was looked up; or a key was asked for.
     */
    OSS_LOG_LEVEL_INFO = 3,
    /**
     * What else happens: a connection was made.
     */
    OSS_LOG_LEVEL_DEBUG = 4,
} oss_log_level;

/**
 * What an attempt spends its time on.
 */
typedef enum {
    /**
     * The pause before it, for which the call did nothing.
     */
    OSS_PHASE_PAUSING = 0,
    /**
     * Finding the addresses of the host, or of the proxy.
     */
    OSS_PHASE_RESOLVING = 1,
    /**
     * Reaching one of them, and having a proxy open a tunnel.
     */
    OSS_PHASE_CONNECTING = 2,
    /**
     * The handshakes of TLS, with a proxy too.
     */
    OSS_PHASE_TLS = 3,
    /**
     * Making the request ready, from the end of the one before it if no other one is under way: reading data beforehand, records
     * on disk, and the functions of the caller's for the log and the progress. Signing it, for which a key may have to be asked
     * for, and handing it to the system, waits for the data and for a rate limit included.
     */
    OSS_PHASE_SENDING = 4,
    /**
     * From then on until the head of the reply was there.
     */
    OSS_PHASE_WAITING = 5,
    /**
     * Reading the rest of the reply.
     */
    OSS_PHASE_RECEIVING = 6,
} oss_phase;

/**
 * What to upload. It can be used any number of times, and by several threads at once, unless it is a reader. A body that cannot be right, such
 * as one from a NULL path, is still made; the operation that uses it says what is wrong.
 */
typedef struct oss_body oss_body;

/**
 * A bucket and the connections to it. Any number of threads may use it at once, and so may a child after fork(): it
 * never touches a connection of its parent's.
 */
typedef struct oss_bucket oss_bucket;

/**
 * How a bucket is reached: set what differs from the defaults and give it to oss_bucket_new(). A setter that refuses a
 * value leaves everything as it was; oss_bucket_options_error() then says why. For one thread at a time.
 */
typedef struct oss_bucket_options oss_bucket_options;

/**
 * An upload callback: after the upload OSS sends a POST to the application server, waits for its answer for up to 5
 * seconds and hands that answer back to the uploader. A setter that refuses a value leaves everything as it was;
 * oss_callback_error() then says why. Built by one thread; once built, any number of threads may use it.
 */
typedef struct oss_callback oss_callback;

/**
 * What the variables of a callback's template stand for, where the result of an upload does not say it. A setter that
 * refuses a value leaves everything as it was; oss_callback_values_error() then says why. Set by one thread; any number of
 * calls may use it afterwards.
 */
typedef struct oss_callback_values oss_callback_values;

/**
 * Verifies callback requests, for the server that receives them. Set up by one thread; any number may use it afterwards.
 * Keep it: it remembers the service's key. A child may go on with it after fork().
 */
typedef struct oss_callback_verifier oss_callback_verifier;

/**
 * Ends the calls that it was given to. Any thread may fire it, and a signal handler may. It stays fired: what is given
 * it later ends at once.
 */
typedef struct oss_cancel oss_cancel;

/**
 * Who signs: an access key, with a security token if it is a temporary one; or where such keys come from, so that uploads
 * may take longer than any of them lives. Any number of threads and buckets may share it. Ids, secrets and tokens are wiped from
 * memory when the last user is gone.
 */
typedef struct oss_credentials oss_credentials;

/**
 * What an oss_credentials_fn answers with. It is there during the call of the function only.
 */
typedef struct oss_credentials_answer oss_credentials_answer;

/**
 * How oss_outbox_deliver() goes about it. A setter that refuses a value leaves everything as it was;
 * oss_delivery_options_error() then says why. Set by one thread; any number of calls may use it afterwards.
 */
typedef struct oss_delivery_options oss_delivery_options;

/**
 * What was found about a callback, errors first. It never changes, so threads may share it.
 */
typedef struct oss_finding_list oss_finding_list;

/**
 * An upload in parts. Any number of threads may upload parts of it at once, and a child may go on with it after fork().
 * Freeing the handle ends nothing at OSS: an upload that is neither completed nor aborted keeps its parts, which cost
 * money, and can be taken up again with oss_reopen_multipart().
 */
typedef struct oss_multipart oss_multipart;

/**
 * A folder in which it is kept that application servers are yet to hear of uploads. Any number of processes may use a folder
 * at once. Calls may share the handle, but for oss_outbox_next() and oss_outbox_set_log(), during which nobody else may use
 * it.
 */
typedef struct oss_outbox oss_outbox;

/**
 * A callback that is owed: a record of an outbox, which nobody else can take up meanwhile. For one thread at a time. Freeing
 * it leaves the record as it is.
 */
typedef struct oss_owed oss_owed;

/**
 * Parts of a multipart upload. For one thread at a time.
 */
typedef struct oss_part_list oss_part_list;

/**
 * A form that uploads an object (PostObject): the URL that it is sent to, and its fields without the file. Whoever knows
 * them can use them until they expire, so treat them as a secret of their own.
 */
typedef struct oss_post_form oss_post_form;

/**
 * What others may upload with a form (PostObject), a browser for example, without knowing a secret. All that is not said
 * here is left to them. A setter that refuses a value leaves everything as it was; oss_post_policy_error() then says why.
 * Set by one thread; any number of calls may use it afterwards.
 */
typedef struct oss_post_policy oss_post_policy;

/**
 * A request that others can make without knowing a secret: a method, a URL, headers that belong to it, and in one
 * case a body. Whoever knows it can use it until it expires, so treat it as a secret of its own.
 */
typedef struct oss_presigned oss_presigned;

/**
 * How far a call is. It is there for as long as the progress function runs that it was handed to.
 */
typedef struct oss_progress oss_progress;

/**
 * What an object is stored with: its headers, and what else an upload can ask for. A setter that refuses a value leaves
 * everything as it was; oss_put_options_error() then says why. Setting a value again replaces it; an empty value takes
 * a header away. Set by one thread; any number of calls may use it afterwards.
 */
typedef struct oss_put_options oss_put_options;

/**
 * How fast all calls together may send that it was given to, whichever buckets and threads they are of. Any thread may set
 * it while they run, and a signal handler may.
 */
typedef struct oss_rate oss_rate;

/**
 * All there is to know about one call, whether it succeeded or not. Every operation writes one through its last
 * parameter unless that is NULL; free it with oss_result_free(). It never changes, so threads may share it. What its
 * accessors return lives as long as the result does.
 */
typedef struct oss_result oss_result;

/**
 * A text made by the library. Free it with oss_string_free().
 */
typedef struct oss_string oss_string;

/**
 * Uploads in parts that are neither completed nor aborted. For one thread at a time.
 */
typedef struct oss_upload_list oss_upload_list;

/**
 * How a managed upload goes about it. A setter that refuses a value leaves everything as it was;
 * oss_upload_options_error() then says why. Set by one thread; any number of calls may use it afterwards.
 */
typedef struct oss_upload_options oss_upload_options;

/**
 * Takes the data of one object, piece by piece. For one thread at a time, which need not always be the same.
 */
typedef struct oss_writer oss_writer;

/**
 * Gives data. It puts up to `capacity` bytes into `buffer`, of which there is at least one, and says in `*got` how many;
 * none at the end. Before each call `*got` is SIZE_MAX: a function that leaves it so has failed without saying so, and the call
 * ends with OSS_STATUS_LOCAL_IO. It runs on the thread that called (at the end of a thread, on one that stands in for it), during
 * the call, and must neither talk to OSS itself nor free what the call uses; while it waits, everything waits. Returns 0, or a
 * number of the caller's own if the data cannot be read: the call then ends with OSS_STATUS_LOCAL_IO and the number in its
 * message.
 *
 * It has to return: nothing may be thrown out of it, and no longjmp() may leave it, which would be undefined behaviour. That holds
 * for all functions that are given to this library.
 */
typedef int32_t (*oss_read_fn)(void *user_data, void *buffer, size_t capacity, size_t *got);

/**
 * Has the data begin again, as it did the first time. Returns 0, or a number of the caller's own if that cannot be done. Nothing
 * may be thrown out of it, and no longjmp() may leave it.
 */
typedef int32_t (*oss_rewind_fn)(void *user_data);

/**
 * Is told what is worth a line in a log, and by an oss_log_level how much it matters. It runs where an oss_read_fn does, during
 * the call. `line` has no line end and no secrets, and is gone when the function returns. Returns 0 to go on; anything else
 * cancels the call. Nothing may be thrown out of it, and no longjmp() may leave it.
 */
typedef int32_t (*oss_log_fn)(void *user_data, int32_t level, const char *line);

/**
 * Gives the access key to sign with: it sets the answer's id and secret and, for a temporary key, its token and its end.
 *
 * It runs during a call that has to sign, on the thread that called (at the end of a thread, on one that stands in for it),
 * and never twice at a time for the same credentials; while it runs, this call waits, and only its deadline goes on. No lock is
 * held meanwhile, and the function may call this library, but with other credentials; it must not free what the call uses.
 * Returns 0, or a number of the caller's own if there is no key: a call that has no other then ends with
 * OSS_STATUS_CREDENTIALS and the number in its message. Nothing may be thrown out of it, and no longjmp() may leave it.
 */
typedef int32_t (*oss_credentials_fn)(void *user_data, oss_credentials_answer *answer);

/**
 * Is told how an upload gets on: at its beginning, whenever OSS has accepted more, and otherwise at least four times a second,
 * also while it waits, pauses, sends something again or reads data beforehand; but not while a function of the caller's keeps it,
 * nor while the credentials get a key: a command that prints one may take 15 seconds. It runs where an oss_read_fn does, during
 * the call, and must neither talk to OSS itself nor free what the call uses.
 *
 * What `progress` tells is found by oss_progress_accepted() and its like; it is gone when the function returns. Returns 0 to go
 * on; anything else cancels the upload. Nothing may be thrown out of it, and no longjmp() may leave it.
 */
typedef int32_t (*oss_progress_fn)(void *user_data, const oss_progress *progress);

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Adds data to the end of an object, or makes one to which data can be added. There is no callback: OSS makes none after
 * an append.
 *
 * The position guards the data against being appended twice, so a request whose reply was lost is sent again. If that brings
 * no success, since OSS says that the object has another length by now, for example, the object is looked for: if it is what
 * it should be, the call has succeeded, and if that cannot be known, stored is OSS_STORED_UNKNOWN. Then look how long the
 * object is with oss_stat_object(), when a minute has passed.
 *
 * The CRC-64 of the whole object is compared. For that the object's CRC-64 before the append has to be known: it is 0 at
 * position 0, it can be given by oss_put_options_set_previous_crc64(), and otherwise it is asked for with one more request.
 * Where OSS does not tell it, Content-MD5 is sent instead, and OSS compares.
 *
 * @param bucket    not NULL.
 * @param key       as for oss_put_object(). An object that was not made by an append cannot be appended to: OSS refuses
 *                  with the code "ObjectNotAppendable".
 * @param position  how many bytes the object has; 0 makes it.
 * @param body      what to add, as for oss_put_body(); not NULL. The object can grow to 5 GiB.
 * @param options   NULL for the defaults. What the object is stored with counts at position 0 only.
 * @param result    receives what there is to know about the call; may be NULL. oss_result_next_position() is where the next
 *                  append goes on, and oss_result_crc64() is of the whole object.
 * @return OSS_STATUS_OK: appended, and stored is OSS_STORED_YES.
 *         OSS_STATUS_SERVICE with the code "PositionNotEqualToLength" and OSS_STORED_NO: nothing was appended, and
 *         oss_result_next_position() is the length that the object has.
 *         OSS_STATUS_INTEGRITY: appended, but the whole has not the CRC-64 that it should have.
 *         Otherwise as for oss_put_body(). Blocks until the reply is there or a time-out ends it.
 *
 * @code
 * oss_body *line = oss_body_from_bytes("a line\n", 7);
 * oss_put_options *options = oss_put_options_new();
 * oss_result *result = NULL;
 * uint64_t position = 0, crc64 = 0;
 * while (position < 21) {
 *     if (oss_put_options_set_previous_crc64(options, crc64) != OSS_STATUS_OK ||
 *         oss_append_object(bucket, "logs/today.log", position, line, options, &result) != OSS_STATUS_OK) {
 *         break;
 *     }
 *     position = oss_result_next_position(result);
 *     oss_result_crc64(result, &crc64);
 *     oss_result_free(result);
 *     result = NULL;
 * }
 * oss_result_free(result);
 * oss_put_options_free(options);
 * oss_body_free(line);
 * @endcode
 */
oss_status oss_append_object(const oss_bucket *bucket,
                             const char *key,
                             uint64_t position,
                             const oss_body *body,
                             const oss_put_options *options,
                             oss_result **result);

/**
 * Counts the attempts of the call that can be looked at one by one: all requests that it sent, those among them that looked
 * something up, one that went over a connection which the server had closed, and one that could not be sent. Of very many,
 * the first 8 and the last 24 are kept; oss_result_attempt_number() tells where some are missing, and oss_result_sum_attempts()
 * how many there were.
 *
 * @param result  may be NULL.
 * @return how many are kept, from 0 to 32.
 *
 * @code
 * oss_result *result = NULL;
 * if (oss_put_object(bucket, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * }
 * for (size_t i = 0; i < oss_result_attempt_count(result); i++) {
 *     printf("%s to %s: %s after %llu us of waiting\n", oss_result_attempt_operation(result, i),
 *            oss_result_attempt_address(result, i), oss_status_name(oss_result_attempt_status(result, i)),
 *            (unsigned long long)oss_result_attempt_us(result, i, OSS_PHASE_WAITING));
 * }
 * oss_result_free(result);
 * @endcode
 */
size_t oss_result_attempt_count(const oss_result *result);

/**
 * Tells which of the call's attempts it was, in the order in which they ended.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return the number, from 1 on; 0 if there is no such attempt.
 */
uint64_t oss_result_attempt_number(const oss_result *result, size_t index);

/**
 * Says what an attempt was to do, by OSS's name for it. HeadObject is a look-up.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return such as "PutObject", "UploadPart" or "HeadObject", valid until `result` is freed; empty if there is no such attempt.
 */
const char *oss_result_attempt_operation(const oss_result *result,
                                         size_t index);

/**
 * Tells which part an attempt sent.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return the part's number; 0 if it sent none.
 */
uint32_t oss_result_attempt_part_number(const oss_result *result, size_t index);

/**
 * Tells how an attempt ended, as if it had been all of the call. It is OSS's reply that is judged: one whose CRC-64 is not that
 * of the data is a success of its attempt, be it that the call ends with OSS_STATUS_INTEGRITY. A look-up that found nothing ends
 * with OSS_STATUS_SERVICE.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return the status; OSS_STATUS_INTERNAL if there is no such attempt.
 */
oss_status oss_result_attempt_status(const oss_result *result,
                                     size_t index);

/**
 * Gives the HTTP status of the reply to an attempt.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return such as 200; 0 when there was no reply, or if there is no such attempt.
 */
int32_t oss_result_attempt_http_status(const oss_result *result, size_t index);

/**
 * Gives the id under which OSS knows an attempt.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return the id, valid until `result` is freed; empty when no reply of OSS's came, or if there is no such attempt.
 */
const char *oss_result_attempt_request_id(const oss_result *result, size_t index);

/**
 * Gives OSS's name for what was wrong with an attempt.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return such as "RequestTimeTooSkewed", valid until `result` is freed; empty when OSS reported no error, or if there is no
 *         such attempt.
 */
const char *oss_result_attempt_error_code(const oss_result *result,
                                          size_t index);

/**
 * Tells where the connection of an attempt led: to the proxy's address where there is a proxy.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return such as "203.0.113.7:443" or "[2001:db8::7]:443", valid until `result` is freed; empty when no connection was made,
 *         or if there is no such attempt.
 */
const char *oss_result_attempt_address(const oss_result *result,
                                       size_t index);

/**
 * Says why it was sent again what an attempt sent: what the attempt before it came to.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return a line for a human, without secrets, valid until `result` is freed; empty when it was sent for the first time, or
 *         if there is no such attempt.
 */
const char *oss_result_attempt_reason(const oss_result *result,
                                      size_t index);

/**
 * Tells whether an attempt went over a connection that was used before, of this call or an earlier one.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return 1 if so, and 0 otherwise.
 */
int32_t oss_result_attempt_is_reused(const oss_result *result, size_t index);

/**
 * Tells whether an attempt is one of those that oss_bucket_options_set_max_attempts() limits. One that met a connection which
 * the server had closed is not, nor is one whose key OSS refused, where there was a newer one to send it again with.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return 1 if so, and 0 otherwise.
 */
int32_t oss_result_attempt_is_counted(const oss_result *result,
                                      size_t index);

/**
 * Tells how long a phase of an attempt took. All phases but OSS_PHASE_PAUSING, which was before it, are the time from its
 * beginning to its end.
 *
 * Of a call that sends one request at a time, attempts and pauses together are its time, but for what is done on this side
 * before the first and after the last request: making ready for the bucket's first call, which for https means reading
 * certificates; reading data beforehand, for a Content-MD5 or from a reader; records on disk; and the functions of the caller's
 * for the log and the progress. Of parts that are sent several at a time, they are more than the call's time.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @param phase   an oss_phase.
 * @return microseconds; 0 if there is no such attempt or phase.
 */
uint64_t oss_result_attempt_us(const oss_result *result,
                               size_t index,
                               int32_t phase);

/**
 * Counts the bytes of an attempt that the system took to send, as they go over the network: the head of the request and
 * encryption included.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return the number of bytes; 0 if there is no such attempt.
 */
uint64_t oss_result_attempt_bytes_sent(const oss_result *result, size_t index);

/**
 * Counts those bytes of an attempt that are known to have arrived: all, if it was answered after all were sent, and otherwise
 * those that the other system, or the proxy's, has acknowledged.
 *
 * @param result  may be NULL.
 * @param index   from 0 to the count less one.
 * @return the number of bytes; 0 where the system does not say, or if there is no such attempt.
 */
uint64_t oss_result_attempt_bytes_acknowledged(const oss_result *result,
                                               size_t index);

/**
 * Counts all attempts of the call, those that are not kept among them. oss_result_attempts() counts fewer: those of the
 * operation itself.
 *
 * @param result  may be NULL.
 * @return the number of attempts; 0 for NULL.
 */
uint64_t oss_result_sum_attempts(const oss_result *result);

/**
 * Tells how long a phase took in all attempts of the call together; of OSS_PHASE_PAUSING, all pauses, also one after which
 * nothing was sent.
 *
 * @param result  may be NULL.
 * @param phase   an oss_phase.
 * @return microseconds; 0 for NULL, or if there is no such phase.
 */
uint64_t oss_result_sum_us(const oss_result *result,
                           int32_t phase);

/**
 * Counts the bytes of all attempts together, as oss_result_attempt_bytes_sent() does for one.
 *
 * @param result  may be NULL.
 * @return the number of bytes; 0 for NULL.
 */
uint64_t oss_result_sum_bytes_sent(const oss_result *result);

/**
 * Counts the bytes of all attempts together, as oss_result_attempt_bytes_acknowledged() does for one.
 *
 * @param result  may be NULL.
 * @return the number of bytes; 0 for NULL.
 */
uint64_t oss_result_sum_bytes_acknowledged(const oss_result *result);

/**
 * Makes a body of bytes in memory.
 *
 * @param data  the bytes; not copied: they must stay as they are while the body exists. May be anything if `len` is 0.
 * @param len   how many bytes.
 * @return a handle, to be freed with oss_body_free(); never NULL.
 */
oss_body *oss_body_from_bytes(const void *data, size_t len);

/**
 * Makes a body of a whole file. Every operation opens the file anew.
 *
 * A file's times are a hint, its bytes the proof. If its device, inode, length or times have moved since the upload began,
 * what was sent is read again before it becomes an object, and its CRC-64 compared: equal bytes go on, so it does not matter
 * that a file was touched, renamed or given another mode. Others, and another length, end with OSS_STATUS_SOURCE_CHANGED.
 * When a file was written to a moment ago, its times need not move if it is written to again; so what is read of it before
 * they are three seconds old is read twice anyway.
 *
 * This finds out about whoever calls write() and its like. It need not find out about a program that has had the file in
 * memory for longer, with mmap(): what it writes there may move the file's times late, or never. Nor need it about another
 * machine that writes to the same file, of which a network file system may tell late. From these, a file has to be at rest
 * while it is uploaded.
 *
 * A file that has bytes although its length is said to be 0, as in /proc, is read to its end by oss_upload_object(), which
 * takes no checkpoint folder for it. Whatever else takes a body refuses it, as does oss_put_file_with_callback().
 *
 * @param path  the file's path; not NULL, not empty; copied.
 * @return a handle, to be freed with oss_body_free(); never NULL.
 */
oss_body *oss_body_from_file(const char *path);

/**
 * Makes a body of a part of a file. Every operation opens the file anew. What happens to the file elsewhere does not matter:
 * it may grow.
 *
 * @param path    the file's path; not NULL, not empty; copied.
 * @param offset  where the part begins, in bytes.
 * @param len     how many bytes; the file must have as many from `offset` on.
 * @return a handle, to be freed with oss_body_free(); never NULL.
 */
oss_body *oss_body_from_file_range(const char *path,
                                   uint64_t offset,
                                   uint64_t len);

/**
 * Makes a body of a part of an open file. It is read with pread(): the descriptor's offset is neither used nor moved.
 *
 * @param fd      a descriptor of a regular file, open for reading. It is duplicated, so it may be closed afterwards.
 * @param offset  where the part begins, in bytes.
 * @param len     how many bytes; the file must have as many from `offset` on.
 * @return a handle, to be freed with oss_body_free(); never NULL.
 */
oss_body *oss_body_from_fd(int fd, uint64_t offset, uint64_t len);

/**
 * Makes a body of what a function gives. One operation at a time may use it.
 *
 * oss_upload_object() takes it whatever it can do. A single put or part needs to know its length, and a way to send it
 * again: a function to rewind, or else a length of at most 4 MiB, which is then held in memory. A function that ends
 * before its length is an error. Where a second operation begins, it is rewound; if that is not possible, the operation
 * goes on where the first one ended. Within an operation it has to give the same bytes whenever it was rewound: where they
 * are others, the operation ends with OSS_STATUS_SOURCE_CHANGED, and does not send the last of them. What it sent before, of
 * which the reply was lost, may be stored.
 *
 * @param read       gives the data; not NULL.
 * @param rewind     has it begin again; NULL if that is not possible.
 * @param user_data  handed to both functions; may be NULL.
 * @param len        how many bytes it gives; OSS_LENGTH_UNKNOWN if that is not known.
 * @return a handle, to be freed with oss_body_free(); never NULL.
 *
 * @code
 * oss_body *body = oss_body_from_reader(read_data, NULL, NULL, OSS_LENGTH_UNKNOWN);
 * oss_result *result = NULL;
 * if (oss_upload_object(bucket, "dir/stream.bin", body, callback, NULL, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_body_free(body);
 * @endcode
 */
oss_body *oss_body_from_reader(oss_read_fn read,
                               oss_rewind_fn rewind,
                               void *user_data,
                               uint64_t len);

/**
 * Frees a body.
 *
 * @param body  may be NULL; not to be used afterwards.
 */
void oss_body_free(oss_body *body);

/**
 * Makes a handle for a bucket. Nothing is sent: whether the bucket exists is found out by the first upload.
 *
 * @param endpoint     such as "https://oss-cn-hangzhou.aliyuncs.com", "http://127.0.0.1:9000" or a domain of the
 *                     bucket's own, in ASCII; https if it names no scheme; not NULL; copied.
 * @param name         the bucket's name: 3 to 63 of a-z, 0-9 and "-"; not NULL; copied.
 * @param credentials  who signs; not NULL; the bucket keeps its own reference.
 * @param options      NULL for the defaults; copied.
 * @param bucket       receives the handle, to be freed with oss_bucket_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for an endpoint or name that cannot be right, for V4 without a
 *         region, or for a host of aliyuncs.com that tells no region, such as oss-accelerate.aliyuncs.com, if neither region nor
 *         signature is set. Does not block.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * oss_bucket *bucket = NULL;
 * oss_result *result = NULL;
 * if (oss_credentials_new_from_environment(&credentials, NULL) != OSS_STATUS_OK ||
 *     oss_bucket_new("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials, NULL, &bucket, &result) !=
 *         OSS_STATUS_OK) {
 *     printf("no bucket: %s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_bucket_free(bucket);
 * oss_credentials_free(credentials);
 * @endcode
 */
oss_status oss_bucket_new(const char *endpoint,
                          const char *name,
                          const oss_credentials *credentials,
                          const oss_bucket_options *options,
                          oss_bucket **bucket,
                          oss_result **result);

/**
 * Gives another handle for a bucket, which shares its connections, and whose calls are bound to a deadline and a cancel of
 * their own instead of the bucket's. With it a single call can be ended that takes no options, such as oss_stat_object().
 *
 * @param bucket       not NULL.
 * @param deadline_ms  how long each call may take in all, at most 604 800 000 milliseconds; 0 for no limit.
 * @param cancel       who may end the calls; NULL for nobody; the handle keeps its own reference.
 * @param limited      receives the handle, to be freed with oss_bucket_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block: nothing is sent.
 *
 * @code
 * oss_bucket *limited = NULL;
 * oss_result *result = NULL;
 * if (oss_bucket_with_limits(bucket, 2000, NULL, &limited, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * } else if (oss_stat_object(limited, "dir/photo.jpg", NULL) == OSS_STATUS_TIMEOUT) {
 *     printf("no answer within two seconds\n");
 * }
 * oss_result_free(result);
 * oss_bucket_free(limited);
 * @endcode
 */
oss_status oss_bucket_with_limits(const oss_bucket *bucket,
                                  uint64_t deadline_ms,
                                  const oss_cancel *cancel,
                                  oss_bucket **limited,
                                  oss_result **result);

/**
 * Frees a bucket and closes its idle connections. No call on it may be running or about to; multipart uploads made
 * from it keep their own reference.
 *
 * @param bucket  may be NULL; not to be used afterwards.
 */
void oss_bucket_free(oss_bucket *bucket);

/**
 * Makes options that hold the defaults.
 *
 * @return a handle, to be freed with oss_bucket_options_free(); never NULL.
 */
oss_bucket_options *oss_bucket_options_new(void);

/**
 * Sets the region for V4 signatures. It need not be set for an endpoint whose name tells it, as most of aliyuncs.com do, also
 * those that are called otherwise than their region, such as oss-cn-hzfinance. Others tell none: those for acceleration, say.
 *
 * @param options  not NULL.
 * @param region   such as "cn-hangzhou", without "oss-" before it and "-internal" after it; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_region(oss_bucket_options *options,
                                         const char *region);

/**
 * Sets the signature. By default it is V4 if the region is given or the endpoint tells it. Otherwise it is V1, and the message
 * says so if OSS refuses; but not at hosts of aliyuncs.com, where V1 is closed to new accounts: oss_bucket_new() refuses those
 * that tell no region.
 *
 * @param options  not NULL.
 * @param version  an oss_signature_version.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_signature_version(oss_bucket_options *options,
                                                    int32_t version);

/**
 * Sets where the bucket's name stands in a URL. The default is OSS_ADDRESSING_AUTO.
 *
 * @param options     not NULL.
 * @param addressing  an oss_addressing.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_addressing(oss_bucket_options *options, int32_t addressing);

/**
 * Sets how long it may take to connect: name resolution, trying the addresses, a proxy's tunnel and the TLS handshake, all
 * together. The default is 10 000 ms.
 *
 * The addresses of a name are tried as RFC 8305 has it: both families in turn, the next one after 250 ms, or at once when
 * one has failed. The one that answered is tried first for 10 minutes.
 *
 * @param options  not NULL.
 * @param ms       from 1 to 604 800 000 milliseconds.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_connect_timeout_ms(oss_bucket_options *options,
                                                     uint64_t ms);

/**
 * Sets how long a request may stand still. The default is 30 000 ms. While data is sent, it stands still as long as the
 * other side takes none, whatever it says meanwhile; but not while it waits for the source or for a rate limit. When all has
 * arrived, it stands still as long as no byte of the reply comes. Even if this is less, OSS may then be silent for 6 seconds
 * for each callback URL, and for 60 seconds while it puts parts together.
 *
 * @param options  not NULL.
 * @param ms       from 1 to 604 800 000 milliseconds.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_stall_timeout_ms(oss_bucket_options *options,
                                                   uint64_t ms);

/**
 * Sets how long each call may take in all: name resolution, sending, retries, the wait for the callback, and the search for
 * an object whose upload got no reply, for which little time may be left then. There is no such limit by default.
 * oss_put_options_set_deadline_ms() sets it for one call.
 *
 * @param options  not NULL.
 * @param ms       at most 604 800 000 milliseconds; 0 for no limit.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_deadline_ms(oss_bucket_options *options,
                                              uint64_t ms);

/**
 * Sets how often a request is tried at the most, the first time included. The default is 3. Between two attempts lies
 * a random pause of up to 20 seconds. What is sent again is said at oss_put_body().
 *
 * When OSS refuses a request because its time is wrong, and tells its own time twice alike, the bucket keeps the difference,
 * and the request is sent once more. So it is when a reset hid that from an upload, and a HEAD brings it to light. The
 * system's clock stays as it is.
 *
 * @param options   not NULL.
 * @param attempts  from 1, for no retry, to 100.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_max_attempts(oss_bucket_options *options,
                                               uint32_t attempts);

/**
 * Sets how long an object is looked for when the reply to its upload was lost, so that OSS may still be storing it. The
 * default is 10 000 ms. It is looked for at once, and again after pauses that double from 200 ms, until it is there or this
 * time is over, within the call's deadline and cancel. What has not come until then may come yet: stored is then unknown.
 *
 * A minute after a request was sent, OSS is taken to be done with it. So with a settling time of more than a minute, 70 000 ms
 * for example, what is not there then was not stored: an upload with a callback is sent again, and one without ends with
 * OSS_STORED_NO. A deadline has to leave time for that. Only replies are believed that OSS made and no cache kept. Uploads to
 * URLs and by forms cannot look for anything.
 *
 * @param options  not NULL.
 * @param ms       at most 604 800 000 milliseconds; 0 for a single look, and where OSS is done, a second one that has to find as
 *                 little.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_settling_time_ms(oss_bucket_options *options,
                                                   uint64_t ms);

/**
 * Sets the certificates to trust instead of the system's. The file is read at the first call over TLS.
 *
 * A certificate that signed itself is trusted too, if it is in the file and the server shows this very one. Its name and
 * its dates are checked all the same.
 *
 * @param options  not NULL.
 * @param path     a file with certificates in PEM form; not NULL, not empty; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_ca_file(oss_bucket_options *options,
                                          const char *path);

/**
 * Adds certificates to trust: to the system's, or to those of oss_bucket_options_set_ca_file() if that is set as well. The
 * file is read at the first call over TLS, and a certificate in it that signed itself is trusted as it is there.
 *
 * @param options  not NULL.
 * @param path     a file with certificates in PEM form, any number of them; not NULL, not empty; copied.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT also if a file is added already.
 */
oss_status oss_bucket_options_add_ca_file(oss_bucket_options *options,
                                          const char *path);

/**
 * Sets the certificate that is shown to the endpoint when it asks for one over https. There is none by default. The files
 * are read at the first call over https.
 *
 * @param options           not NULL.
 * @param certificate_file  a file in PEM form with the certificate, and behind it those that lead to one that the endpoint
 *                          trusts; not NULL, not empty; copied.
 * @param key_file          a file in PEM form with the certificate's private key, not encrypted; not NULL, not empty;
 *                          copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_client_certificate(oss_bucket_options *options,
                                                     const char *certificate_file,
                                                     const char *key_file);

/**
 * Sets which public keys the endpoint may have over https, as curl's --pinnedpubkey does: that of its certificate must be
 * one of them, and the certificate be trusted all the same. By default any key will do.
 *
 * @param options  not NULL.
 * @param pins     for each key, "sha256//" and the Base64 of the SHA-256 of its DER form (SubjectPublicKeyInfo); several
 *                 are joined by ";"; "" for any key; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_public_key_pin(oss_bucket_options *options,
                                                 const char *pins);

/**
 * Sets an HTTP proxy to go through. There is none by default; the environment is asked for one only after
 * oss_bucket_options_set_proxy_from_environment(). Over https, the proxy is asked for a tunnel (CONNECT). It is the proxy that
 * looks up the endpoint's name.
 *
 * @param options  not NULL.
 * @param proxy    a URL such as "http://user:password@proxy.example.com:8080", with https if the proxy itself is spoken to
 *                 over TLS, where the same certificates are trusted as for the endpoint; without a path; user and
 *                 password percent-encoded, sent by the scheme Basic; the port is 80 if none is named, for https 443; not NULL;
 *                 copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_proxy(oss_bucket_options *options,
                                        const char *proxy);

/**
 * Sets whether the environment is asked for a proxy if oss_bucket_options_set_proxy() sets none. By default it is not.
 *
 * Over https these variables are asked: https_proxy, HTTPS_PROXY, all_proxy, ALL_PROXY; over http: http_proxy, HTTP_PROXY,
 * all_proxy, ALL_PROXY. The first that is not empty counts. HTTP_PROXY does not if there is a variable REQUEST_METHOD: to
 * a CGI program, whoever sends a request can set it. The value is as for oss_bucket_options_set_proxy(), but "http://" may
 * be left out.
 *
 * The hosts in no_proxy, or else in NO_PROXY, are reached without one. It is a list with commas of names, which stand for
 * what is below them too ("example.com" and ".example.com" alike), IP addresses and networks such as "10.0.0.0/8", all of
 * them also with a colon and a port (an IPv6 address then in brackets); "*" is every host.
 *
 * The variables are read by oss_bucket_new(), oss_put_to_url() and oss_post_object(), and not again for the same bucket.
 * If the value is no proxy's, these end with OSS_STATUS_INVALID_ARGUMENT and a message that names the variable.
 *
 * @param options  not NULL.
 * @param wanted   0 for no, which is the default; anything else for yes.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_proxy_from_environment(oss_bucket_options *options,
                                                         int32_t wanted);

/**
 * Sets where connections start from. By default the system chooses.
 *
 * @param options  not NULL.
 * @param address  an IP address of this machine, or the name of a network interface, such as "eth0": 1 to 15 bytes without
 *                 "/", ":" and white space; "" for wherever the system wants; not NULL; copied. Whether there is such an
 *                 address or interface is found out by the first upload. Before Linux 5.7, only programs with CAP_NET_RAW
 *                 may name an interface.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_bind_address(oss_bucket_options *options,
                                               const char *address);

/**
 * Sets the address of a host, as curl's --resolve does: connections to it go there, and it is not looked up. Requests and
 * certificates keep to its name. Several hosts can have an address each; a later one for the same host replaces it.
 *
 * @param options  not NULL.
 * @param host     the whole name that connections are made to, in whatever case: the endpoint's, with the bucket's before
 *                 it if it stands there, such as "examplebucket.oss-cn-hangzhou.aliyuncs.com"; not NULL; copied.
 * @param address  an IP address; "" to look the host up after all; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_resolve(oss_bucket_options *options,
                                          const char *host,
                                          const char *address);

/**
 * Sets the User-Agent header. The default is "oss-upload/" and the library's version.
 *
 * @param options     not NULL.
 * @param user_agent  not NULL, without control characters; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_user_agent(oss_bucket_options *options, const char *user_agent);

/**
 * Sets who may end the operations on the bucket, all of them.
 *
 * @param options  not NULL.
 * @param cancel   NULL for nobody, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_cancel(oss_bucket_options *options, const oss_cancel *cancel);

/**
 * Sets where it is kept on disk that a callback is owed, for what takes no other options: oss_put_to_url(),
 * oss_post_object(), and what oss_reopen_multipart() opens; see oss_outbox_open(). Such an object has no token, so that it is
 * known by its bytes: what is uploaded to a URL or by a form is read once more beforehand.
 *
 * @param options  not NULL.
 * @param outbox   NULL for none, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_outbox(oss_bucket_options *options,
                                         const oss_outbox *outbox);

/**
 * Says which rule the value broke that a setter refused last.
 *
 * @param options  may be NULL.
 * @return one line for a human, valid until the next refusal or until `options` is freed; empty if no value was refused.
 */
const char *oss_bucket_options_error(const oss_bucket_options *options);

/**
 * Frees options. Buckets made with them keep what they need.
 *
 * @param options  may be NULL; not to be used afterwards.
 */
void oss_bucket_options_free(oss_bucket_options *options);

/**
 * Sets who keeps a log of what the calls on the bucket do, and those that take bucket options: a line for each attempt, look-up
 * and part, with what came of it and how long it took; for each time that something is sent again, with the pause before it and
 * why; for each new connection; for each time that the credentials are asked for a key, and what came of that after how long;
 * and for a call that failed. What is refused before the call begins, as a wrong argument or a file that cannot be opened, has
 * no line: its result tells. No line holds an access key, a signature, a token, or what a callback tells.
 *
 * The function is called on the thread that calls, on several at once if calls are made on several. What
 * oss_upload_options_set_log() and oss_outbox_set_log() are told is among the lines, as warnings, where a call on the bucket
 * comes upon it.
 *
 * @param options    not NULL.
 * @param level      an oss_log_level: lines that matter less are left out.
 * @param log        NULL for nobody, which is the default. What it returns ends the call if it is not 0.
 * @param user_data  handed to the function; it must be usable, by any thread, as long as the bucket is.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_log(oss_bucket_options *options,
                                      int32_t level,
                                      oss_log_fn log,
                                      void *user_data);

/**
 * Makes a callback from a URL and the template of the body.
 *
 * In the template, ${bucket}, ${object}, ${etag}, ${size}, ${mimeType}, ${imageInfo.height}, ${imageInfo.width},
 * ${imageInfo.format}, ${crc64}, ${contentMd5}, ${vpcId}, ${clientIp}, ${reqId} and ${operation} stand for what OSS
 * knows, and ${x:name} for a variable of the uploader's. Everything else is sent as it is.
 *
 * @param url       where OSS sends the POST: http, https or without scheme for http; any character outside ASCII
 *                  percent-encoded; not NULL; copied.
 * @param body      the template; not NULL, not empty; copied.
 * @param callback  receives the handle, to be freed with oss_callback_free(), or NULL on failure; not NULL.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names the rule. Does not block.
 *
 * @code
 * oss_callback *notify = NULL;
 * oss_result *result = NULL;
 * if (oss_callback_new("http://app.example.com/uploaded",
 *                      "bucket=${bucket}&object=${object}&user=${x:user}", &notify, &result) != OSS_STATUS_OK ||
 *     oss_callback_add_variable(notify, "x:user", "42") != OSS_STATUS_OK) {
 *     printf("%s%s\n", oss_result_message(result), oss_callback_error(notify));
 * }
 * oss_result_free(result);
 * oss_callback_free(notify);
 * @endcode
 */
oss_status oss_callback_new(const char *url, const char *body, oss_callback **callback, oss_result **result);

/**
 * Makes a callback that is stored on the bucket as a named policy. Nothing but variables can be added to it; what OSS
 * does with one that the policy has too is not documented.
 *
 * @param policy    the policy's name; not NULL, not empty; copied.
 * @param callback  receives the handle, to be freed with oss_callback_free(), or NULL on failure; not NULL.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names the rule. Does not block.
 */
oss_status oss_callback_new_from_policy(const char *policy, oss_callback **callback, oss_result **result);

/**
 * Adds a URL that OSS tries when those before it failed. There can be five in all.
 *
 * @param callback  not NULL.
 * @param url       as for oss_callback_new(); not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_add_url(oss_callback *callback, const char *url);

/**
 * Sets the Host header of the POST. The default is the host of the URL.
 *
 * @param callback  not NULL.
 * @param host      not NULL, not empty; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_set_host(oss_callback *callback, const char *host);

/**
 * Sets how the template is filled in. The default is OSS_CALLBACK_BODY_FORM.
 *
 * @param callback  not NULL.
 * @param type      an oss_callback_body.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_set_body_type(oss_callback *callback, int32_t type);

/**
 * Sets whether OSS names the host in the TLS handshake with an https URL. By default it does not, and most servers with
 * several domains then refuse it: the upload ends with OSS_STATUS_CALLBACK_FAILED, "Error status : 502.".
 *
 * @param callback  not NULL.
 * @param sni       0 for no, which is the default; anything else for yes.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_set_sni(oss_callback *callback, int32_t sni);

/**
 * Adds a variable that the template refers to as ${x:name}.
 *
 * @param callback  not NULL.
 * @param name      "x:" and then one or more of a-z, 0-9, "_", "-" and "."; not NULL; copied.
 * @param value     any text, may be empty; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_add_variable(oss_callback *callback, const char *name, const char *value);

/**
 * Adds a header to the POST. There can be ten of them. Only error messages of OSS speak of this: try it before you rely on it.
 *
 * @param callback  not NULL.
 * @param name      one or more of a-z, 0-9 and "-", and no "x-oss-" at the beginning; not one that was added before; not
 *                  NULL; copied.
 * @param value     any text without line ends, may be empty; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_add_header(oss_callback *callback,
                                   const char *name,
                                   const char *value);

/**
 * Sets a field of the settings that this library has no setter for, such as one that a later OSS may know. What OSS makes of
 * it is between you and OSS.
 *
 * @param callback  not NULL.
 * @param name      the field's name; not one that another function sets, nor one that was set before; not NULL, not empty;
 *                  copied.
 * @param json      a JSON value as text, in which a string has its quotes; for "signatureVersion" a string; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 *
 * @code
 * oss_callback *notify = NULL;
 * if (oss_callback_new("http://app.example.com/uploaded", "object=${object}", &notify, NULL) == OSS_STATUS_OK &&
 *     oss_callback_set_field(notify, "signatureVersion", "\"2.0\"") != OSS_STATUS_OK) {
 *     printf("%s\n", oss_callback_error(notify));
 * }
 * oss_callback_free(notify);
 * @endcode
 */
oss_status oss_callback_set_field(oss_callback *callback,
                                  const char *name,
                                  const char *json);

/**
 * Names a variable that the library sets for each upload anew, to 128 random bits in 32 hexadecimal digits. Whatever is
 * delivered for one upload has the same: what OSS sends first, what it sends when it is asked again because a reply was lost,
 * and what oss_callback_render() makes from the upload's result. An application server that remembers the ids it has seen can
 * so tell that it hears of the same upload again.
 *
 * A call that uploads draws an id; an upload in parts draws one when it begins or is reopened, and a resumed upload keeps that
 * of the process which began it. What is signed for others has one that was drawn when it was signed: whoever uploads with it
 * twice has two uploads with the same id. oss_callback_encode() draws one each time.
 *
 * @param callback  not NULL.
 * @param name      as for oss_callback_add_variable(), for instance "x:delivery"; not that of another variable; not NULL;
 *                  copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 *
 * @code
 * oss_callback *notify = NULL;
 * const char *body = "object=${object}&delivery=${x:delivery}";
 * if (oss_callback_new("http://app.example.com/uploaded", body, &notify, NULL) == OSS_STATUS_OK &&
 *     oss_callback_set_delivery_variable(notify, "x:delivery") != OSS_STATUS_OK) {
 *     printf("%s\n", oss_callback_error(notify));
 * }
 * oss_callback_free(notify);
 * @endcode
 */
oss_status oss_callback_set_delivery_variable(oss_callback *callback,
                                              const char *name);

/**
 * Encodes a callback as OSS wants it: Base64 of JSON. For programs that send it by other means, as the headers
 * x-oss-callback and x-oss-callback-var or the query parameters callback and callback-var.
 *
 * @param callback   not NULL.
 * @param encoded    receives the callback, to be freed with oss_string_free(), or NULL on failure; not NULL.
 * @param variables  receives the variables, to be freed with oss_string_free(), or NULL if there are none; not NULL.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT if one of the two is longer than the 5120 bytes that OSS takes.
 *         Does not block.
 */
oss_status oss_callback_encode(const oss_callback *callback,
                               oss_string **encoded,
                               oss_string **variables,
                               oss_result **result);

/**
 * Says which rule the value broke that a setter refused last.
 *
 * @param callback  may be NULL.
 * @return one line for a human, valid until the next refusal or until `callback` is freed; empty if no value was
 *         refused.
 */
const char *oss_callback_error(const oss_callback *callback);

/**
 * Frees a callback.
 *
 * @param callback  may be NULL; not to be used afterwards.
 */
void oss_callback_free(oss_callback *callback);

/**
 * Looks for broken rules and likely mistakes in a callback, without sending anything.
 *
 * What a setter refused is not part of the callback; it is listed all the same, as "refused". The other findings are:
 * "settings-too-long", "variables-too-long" and "variable-not-set", which are errors; "variable-not-used" and
 * "many-variables"; "private-host", which OSS does not call; "https-without-sni" and "sni-without-https";
 * "encoded-placeholder", "parentheses" and "foreign-placeholder", which OSS does not replace; "unencoded-text" in a form; and
 * "json-as-form", "escaped-twice", "quoted-placeholder" and "not-json" for a body that is no JSON once it is filled in. There
 * may be more in later versions.
 *
 * @param callback  not NULL.
 * @param findings  receives the list, to be freed with oss_finding_list_free(), whether there are errors or not; NULL only if
 *                  the call itself is wrong; not NULL.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK if there is no error among the findings; OSS_STATUS_INVALID_ARGUMENT if there is, with its message.
 *         Does not block: no name is resolved.
 *
 * @code
 * oss_finding_list *findings = NULL;
 * oss_result *result = NULL;
 * if (oss_callback_check(callback, &findings, &result) != OSS_STATUS_OK) {
 *     fprintf(stderr, "%s\n", oss_result_message(result));
 * }
 * for (size_t i = 0; i < oss_finding_list_count(findings); i++) {
 *     oss_severity severity = oss_finding_list_severity(findings, i);
 *     fprintf(stderr, "%s: %s\n", severity == OSS_SEVERITY_ERROR ? "error" : "warning",
 *             oss_finding_list_message(findings, i));
 * }
 * oss_finding_list_free(findings);
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_callback_check(const oss_callback *callback,
                              oss_finding_list **findings,
                              oss_result **result);

/**
 * Looks for the same as oss_callback_check(), and for what is wrong with a callback after uploads to this bucket:
 * "region-without-callbacks" where the bucket's region is known and is not among those for which OSS's documentation promises
 * callbacks.
 *
 * @param bucket    not NULL.
 * @param callback  not NULL.
 * @param findings  receives the list, to be freed with oss_finding_list_free(), whether there are errors or not; NULL only if
 *                  the call itself is wrong; not NULL.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return as for oss_callback_check().
 */
oss_status oss_bucket_check_callback(const oss_bucket *bucket,
                                     const oss_callback *callback,
                                     oss_finding_list **findings,
                                     oss_result **result);

/**
 * Counts the findings.
 *
 * @param list  may be NULL.
 * @return how many there are; 0 for NULL.
 */
size_t oss_finding_list_count(const oss_finding_list *list);

/**
 * Says how bad a finding is.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return OSS_SEVERITY_NONE if there is no such finding.
 */
oss_severity oss_finding_list_severity(const oss_finding_list *list, size_t index);

/**
 * Gives the name of what was found, for programs: it stays the same from version to version.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return such as "https-without-sni", valid until the list is freed; empty if there is no such finding.
 */
const char *oss_finding_list_rule(const oss_finding_list *list, size_t index);

/**
 * Says in one line, for a human, what was found.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the line, valid until the list is freed; empty if there is no such finding.
 */
const char *oss_finding_list_message(const oss_finding_list *list, size_t index);

/**
 * Frees a list.
 *
 * @param list  may be NULL; not to be used afterwards.
 */
void oss_finding_list_free(oss_finding_list *list);

/**
 * Makes an empty set of values.
 *
 * @return a handle, to be freed with oss_callback_values_free(); never NULL.
 */
oss_callback_values *oss_callback_values_new(void);

/**
 * Sets what one of OSS's variables stands for, such as "imageInfo.width", or that of oss_callback_set_delivery_variable().
 *
 * @param values  not NULL.
 * @param name    a variable that oss_callback_new() lists, or one that begins with "x:", without "${" and "}"; not NULL.
 * @param value   a decimal number for "size", "imageInfo.height" and "imageInfo.width"; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_values_set(oss_callback_values *values,
                                   const char *name,
                                   const char *value);

/**
 * Says which rule the value broke that the setter refused last.
 *
 * @param values  may be NULL.
 * @return one line for a human, valid until the next refusal or until `values` is freed; empty if no value was refused.
 */
const char *oss_callback_values_error(const oss_callback_values *values);

/**
 * Frees a set of values.
 *
 * @param values  may be NULL; not to be used afterwards.
 */
void oss_callback_values_free(oss_callback_values *values);

/**
 * Makes the body that OSS would send for a callback after an upload, so that a program can tell its server itself when an
 * upload ended with OSS_STATUS_CALLBACK_FAILED or OSS_STATUS_CALLBACK_UNKNOWN.
 *
 * Only the body can be made. OSS signs its requests with a key that nobody else has: a server that verifies callbacks has
 * to take this one by another way, with an authentication of its own. And after OSS_STATUS_CALLBACK_UNKNOWN the server may
 * have heard from OSS already, so it should be able to hear the same twice.
 *
 * The result of the upload tells bucket, object, etag, size, mimeType, crc64, contentMd5, reqId and operation, and what the
 * variable of oss_callback_set_delivery_variable() was set to. It tells no bucket after oss_post_object() and
 * oss_put_to_url(), no object after the latter, no mimeType of a multipart upload that was reopened, and no reqId if the reply
 * was lost and the object looked up. After oss_trigger_callback() it is sure to tell only bucket, object and that variable. What
 * it does not tell has to be among the values, except for what not every upload has: contentMd5, vpcId, clientIp and
 * imageInfo.* are then empty, and in JSON imageInfo.* is null. In a form a blank becomes "%20"; OSS may write "+".
 *
 * @param callback  not one that is stored on the bucket as a policy; not NULL.
 * @param upload    the result of an upload with a callback; NULL if all is among the values.
 * @param values    what comes before that of `upload`; NULL for nothing.
 * @param body      receives the text, to be freed with oss_string_free(), or NULL on failure; not NULL.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names what is missing. Does not block.
 *
 * @code
 * oss_result *upload = NULL;
 * oss_string *body = NULL;
 * oss_status status = oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, NULL, &upload);
 * if (status == OSS_STATUS_CALLBACK_FAILED) {
 *     status = oss_callback_render(callback, upload, NULL, &body, NULL);
 *     printf("the application server should hear: %s\n", status == OSS_STATUS_OK ? oss_string_data(body) : "?");
 * }
 * oss_string_free(body);
 * oss_result_free(upload);
 * @endcode
 */
oss_status oss_callback_render(const oss_callback *callback,
                               const oss_result *upload,
                               const oss_callback_values *values,
                               oss_string **body,
                               oss_result **result);

/**
 * Makes a verifier that believes the key which the service publishes at its official place, fetches it when it is first
 * needed, and keeps it for a day.
 *
 * @return a handle, to be freed with oss_callback_verifier_free(); never NULL.
 */
oss_callback_verifier *oss_callback_verifier_new(void);

/**
 * Sets the one key to believe, whatever a request names. Nothing is fetched then.
 *
 * @param verifier  not NULL.
 * @param pem       an RSA public key of 512 to 4096 bits in PEM form; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_verifier_set_public_key(oss_callback_verifier *verifier, const char *pem);

/**
 * Adds a place where keys may be. The first one takes the place of the official ones,
 * "https://gosspublic.alicdn.com/" and "http://gosspublic.alicdn.com/".
 *
 * @param verifier  not NULL.
 * @param prefix    what the URL of a key must begin with, from the scheme to a slash, such as "https://keys.example.com/";
 *                  not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_verifier_add_key_prefix(oss_callback_verifier *verifier,
                                                const char *prefix);

/**
 * Sets how long it may take to fetch a key. The default is 3000 ms; OSS waits for the answer to a callback for 5 s in all.
 *
 * @param verifier  not NULL.
 * @param ms        from 1 to 60 000.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_verifier_set_fetch_timeout_ms(oss_callback_verifier *verifier,
                                                      uint64_t ms);

/**
 * Sets how long a key is kept that was fetched. The default is a day.
 *
 * @param verifier  not NULL.
 * @param seconds   at most 365 days; 0 to fetch it for every request.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_verifier_set_cache_time_s(oss_callback_verifier *verifier, uint64_t seconds);

/**
 * Sets the certificates to trust when a key is fetched over https, instead of the system's.
 *
 * @param verifier  not NULL.
 * @param path      a PEM file; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_callback_verifier_set_ca_file(oss_callback_verifier *verifier, const char *path);

/**
 * Gives another handle for a verifier, which shares the keys that it fetches, and whose calls are bound to a deadline and a
 * cancel of their own, also while another thread fetches the key that they need.
 *
 * @param verifier     not NULL; what is set on one of the two afterwards does not hold for the other.
 * @param deadline_ms  how long each call may take in all, at most 604 800 000 milliseconds; 0 for no limit but the time-out
 *                     for fetching a key.
 * @param cancel       who may end the calls; NULL for nobody; the handle keeps its own reference.
 * @param limited      receives the handle, to be freed with oss_callback_verifier_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block: nothing is fetched.
 *
 * @code
 * oss_callback_verifier *verifier = oss_callback_verifier_new(), *limited = NULL;
 * oss_status status = oss_callback_verifier_with_limits(verifier, 2000, NULL, &limited, NULL);
 * if (status == OSS_STATUS_OK) {
 *     status = oss_callback_verify(limited, "/uploaded", data, size, "header", "header", NULL);
 * }
 * printf("%s\n", status == OSS_STATUS_OK ? "200" : status == OSS_STATUS_NOT_AUTHENTIC ? "403" : "503");
 * oss_callback_verifier_free(limited);
 * oss_callback_verifier_free(verifier);
 * @endcode
 */
oss_status oss_callback_verifier_with_limits(const oss_callback_verifier *verifier,
                                             uint64_t deadline_ms,
                                             const oss_cancel *cancel,
                                             oss_callback_verifier **limited,
                                             oss_result **result);

/**
 * Says whether a callback request comes from OSS, if it is signed in the way that OSS's documentation describes. Where
 * the header x-oss-signature-version is at hand, oss_callback_verify_request() tells whether it is.
 *
 * OSS signs what it sends: the path, decoded, the query as it is, and the body. So give these as they came over the wire,
 * not as a framework or a proxy has rewritten them.
 *
 * What no key can have signed is refused without fetching one. Several calls that need the same key wait for one of them to
 * fetch it, and for five seconds after that failed nobody tries again: they end with the same status at once.
 *
 * @param verifier       not NULL.
 * @param target         path and query of the request line, such as "/uploaded?from=oss"; not NULL.
 * @param body           the raw body, borrowed for the call; may be anything if `len` is 0.
 * @param len            how many bytes.
 * @param authorization  the value of the header Authorization; NULL if there is none, which makes it not authentic.
 * @param pub_key_url    the value of the header x-oss-pub-key-url; NULL if there is none. With a key set, it is not looked
 *                       at.
 * @param result         receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: it comes from OSS.
 *         OSS_STATUS_NOT_AUTHENTIC: it does not; the message says why.
 *         Anything else: that could not be found out, since the key could not be fetched; OSS_STATUS_TIMEOUT if its server,
 *         which the message names, did not answer in time. Do not believe the request.
 *         Blocks while a key is being fetched, and not beyond the time-out for that. SIGPIPE is blocked on the calling
 *         thread meanwhile.
 *
 * @code
 * oss_callback_verifier *verifier = oss_callback_verifier_new();
 * const char *authorization = "header", *pub_key_url = "header";
 * if (oss_callback_verify(verifier, "/uploaded", data, size, authorization, pub_key_url, NULL) != OSS_STATUS_OK) {
 *     printf("403\n");
 * }
 * oss_callback_verifier_free(verifier);
 * @endcode
 */
oss_status oss_callback_verify(const oss_callback_verifier *verifier,
                               const char *target,
                               const void *body,
                               size_t len,
                               const char *authorization,
                               const char *pub_key_url,
                               oss_result **result);

/**
 * Says whether a callback request comes from OSS, as oss_callback_verify() does, and looks at the version of its signature
 * too. What is signed in a way that is not known here may well be from OSS; but that cannot be found out.
 *
 * @param verifier           not NULL.
 * @param target             as for oss_callback_verify(); not NULL.
 * @param body               as for oss_callback_verify().
 * @param len                how many bytes.
 * @param authorization      as for oss_callback_verify().
 * @param pub_key_url        as for oss_callback_verify().
 * @param signature_version  the value of the header x-oss-signature-version; NULL or empty if there is none, which is taken
 *                           for "1.0".
 * @param result             receives what there is to know about the call; may be NULL.
 * @return as for oss_callback_verify(); OSS_STATUS_BAD_RESPONSE for a version other than "1.0", which the message names:
 *         that could not be found out either, and nothing is fetched. Blocks as oss_callback_verify() does.
 *
 * @code
 * oss_callback_verifier *verifier = oss_callback_verifier_new();
 * const char *authorization = "header", *pub_key_url = "header", *version = "1.0";
 * switch (oss_callback_verify_request(verifier, "/uploaded", data, size, authorization, pub_key_url, version, NULL)) {
 * case OSS_STATUS_OK: printf("200\n"); break;
 * case OSS_STATUS_NOT_AUTHENTIC: printf("403\n"); break;
 * default: printf("503\n"); break;
 * }
 * oss_callback_verifier_free(verifier);
 * @endcode
 */
oss_status oss_callback_verify_request(const oss_callback_verifier *verifier,
                                       const char *target,
                                       const void *body,
                                       size_t len,
                                       const char *authorization,
                                       const char *pub_key_url,
                                       const char *signature_version,
                                       oss_result **result);

/**
 * Says whether a callback request was signed with the private half of a key, in the way of the version "1.0". Nothing is
 * fetched.
 *
 * @param public_key     an RSA public key of 512 to 4096 bits in PEM form; not NULL.
 * @param target         as for oss_callback_verify(); not NULL.
 * @param body           as for oss_callback_verify().
 * @param len            how many bytes.
 * @param authorization  as for oss_callback_verify().
 * @param result         receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK, OSS_STATUS_NOT_AUTHENTIC, or OSS_STATUS_INVALID_ARGUMENT for what is no such key. Does not block.
 */
oss_status oss_callback_verify_with_key(const char *public_key,
                                        const char *target,
                                        const void *body,
                                        size_t len,
                                        const char *authorization,
                                        oss_result **result);

/**
 * Says which rule the value broke that a setter refused last.
 *
 * @param verifier  may be NULL.
 * @return one line for a human, valid until the next refusal or until `verifier` is freed; empty if nothing was refused.
 */
const char *oss_callback_verifier_error(const oss_callback_verifier *verifier);

/**
 * Frees a verifier.
 *
 * @param verifier  may be NULL; not to be used afterwards.
 */
void oss_callback_verifier_free(oss_callback_verifier *verifier);

/**
 * Makes a cancel that is not fired.
 *
 * Options take it: oss_upload_options_set_cancel() and oss_put_options_set_cancel() for single operations,
 * oss_bucket_options_set_cancel() for all operations on a bucket. They keep their own reference.
 *
 * @return a handle, to be freed with oss_cancel_free(); never NULL.
 */
oss_cancel *oss_cancel_new(void);

/**
 * Ends the calls that it was given to, within a tenth of a second, whatever they are waiting for: a name, a connection,
 * a reply or the next attempt. They return OSS_STATUS_CANCELLED, unless they are done by then. Only a function of the
 * caller's, or a disk that does not answer, is waited for; and removing the parts of an upload that is not to be resumed
 * may take up to two seconds more.
 *
 * @param cancel  may be NULL. Any thread may call this, any number of times, and a signal handler may: nothing but one
 *                store to memory happens.
 */
void oss_cancel_fire(const oss_cancel *cancel);

/**
 * Says whether a cancel was fired.
 *
 * @param cancel  may be NULL.
 * @return 1 if oss_cancel_fire() was called on it, otherwise 0; 0 for NULL.
 */
int32_t oss_cancel_has_fired(const oss_cancel *cancel);

/**
 * Frees the handle. What it was given to is not ended, and can no longer be ended through it.
 *
 * @param cancel  may be NULL; not to be used afterwards, in a signal handler neither.
 */
void oss_cancel_free(oss_cancel *cancel);

/**
 * Makes credentials from an access key. White space around the values is cut off.
 *
 * @param access_key_id      not NULL, not empty; copied.
 * @param access_key_secret  not NULL, not empty; copied.
 * @param security_token     the token of a temporary key, whose id begins with "STS."; NULL or empty for a key that has none;
 *                           copied.
 * @param credentials        receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result             receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * if (oss_credentials_new("access-key-id", "access-key-secret", NULL, &credentials, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(credentials);
 * }
 * @endcode
 */
oss_status oss_credentials_new(const char *access_key_id,
                               const char *access_key_secret,
                               const char *security_token,
                               oss_credentials **credentials,
                               oss_result **result);

/**
 * Makes credentials from the environment as it is now: OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and, for a temporary
 * key, OSS_SESSION_TOKEN; or, if those are not set, ALIBABA_CLOUD_ACCESS_KEY_ID, ALIBABA_CLOUD_ACCESS_KEY_SECRET and
 * ALIBABA_CLOUD_SECURITY_TOKEN. Half a key, as an id without its secret, is an error that names the other half. The environment
 * is only read; as with getenv(), no other thread may change it meanwhile.
 *
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_CREDENTIALS if the variables are not set or not usable. Does not block.
 */
oss_status oss_credentials_new_from_environment(oss_credentials **credentials,
                                                oss_result **result);

/**
 * Makes credentials that get their keys from a function of yours, from a token service for example.
 *
 * The function is not called yet, but in the middle of a call, before a request that has to be signed: for the first one, when
 * the last key is within 5 minutes of its end (or within a fifth of its life, if that is less), and before every request if
 * the function does not say when its keys end. It is also called when OSS refuses a key, as SecurityTokenExpired or
 * InvalidAccessKeyId: if there is another key by then, the request is signed anew and sent once more, which costs no attempt.
 *
 * One call at a time asks the function. Others use the key that is there while it has not ended; otherwise they wait for
 * the new one, within their own deadline and cancel. If the function fails, the key that is there is used until it
 * ends, and the function is called again some seconds later.
 *
 * @param function     not NULL.
 * @param user_data    handed to the function; it must be usable, from any thread, as long as these credentials are there or
 *                     anything that was made from them: a bucket, an upload in parts, a writer.
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
 *
 * @code
 * // current_key(void *user_data, oss_credentials_answer *answer) sets the answer's key and returns 0.
 * oss_credentials *credentials = NULL;
 * oss_bucket *own = NULL;
 * oss_result *result = NULL;
 * if (oss_credentials_new_from_function(current_key, NULL, &credentials, NULL) == OSS_STATUS_OK &&
 *     oss_bucket_new("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials, NULL, &own, NULL) == OSS_STATUS_OK &&
 *     oss_put_object(own, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_bucket_free(own);
 * oss_credentials_free(credentials);
 * @endcode
 */
oss_status oss_credentials_new_from_function(oss_credentials_fn function,
                                             void *user_data,
                                             oss_credentials **credentials,
                                             oss_result **result);

/**
 * Makes credentials that sign nothing: requests go out unsigned, which OSS takes for buckets and objects that anybody may write.
 * URLs and forms cannot be signed with them.
 *
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
 *
 * @code
 * oss_credentials *nobody = NULL;
 * if (oss_credentials_new_anonymous(&nobody, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(nobody);
 * }
 * @endcode
 */
oss_status oss_credentials_new_anonymous(oss_credentials **credentials,
                                         oss_result **result);

/**
 * Frees credentials. Buckets made from them keep their own reference.
 *
 * @param credentials  may be NULL; not to be used afterwards.
 */
void oss_credentials_free(oss_credentials *credentials);

/**
 * Sets the id of the access key.
 *
 * @param answer  the function's own; not NULL.
 * @param id      not NULL; copied. White space around it is cut off. One that begins with "STS." needs a token.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_credentials_answer_set_access_key_id(oss_credentials_answer *answer, const char *id);

/**
 * Sets the secret of the access key.
 *
 * @param answer  the function's own; not NULL.
 * @param secret  not NULL; copied, and wiped from memory when no request needs it any more.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_credentials_answer_set_access_key_secret(oss_credentials_answer *answer, const char *secret);

/**
 * Sets the token of a temporary key.
 *
 * @param answer  the function's own; not NULL.
 * @param token   not NULL, and empty for a key that has none, which is the default; copied, and wiped as the secret is.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_credentials_answer_set_security_token(oss_credentials_answer *answer, const char *token);

/**
 * Sets until when OSS takes the key. A key whose end is known is kept until 5 minutes before it, or for four fifths of its life
 * if that is shorter; one whose end is not known is asked for before every request.
 *
 * @param answer        the function's own; not NULL.
 * @param unix_seconds  seconds since 1970.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_credentials_answer_set_expiry(oss_credentials_answer *answer,
                                             int64_t unix_seconds);

/**
 * Makes credentials from a profile in a file of Alibaba Cloud's command line tools, which is read anew whenever a key is wanted:
 * before the first request that has to be signed, when the last key is about to end, and when OSS refuses it.
 *
 * The file is one in JSON, as of the tool aliyun, or one in sections, as of ossutil. Where none is named, these are looked for,
 * and the first that has the profile counts: the one that ALIBABA_CLOUD_CONFIG_FILE names, else ~/.aliyun/config.json (neither if
 * ALIBABA_CLOUD_CLI_PROFILE_DISABLED is "true"); ~/.alibabacloud/credentials; ~/.ossutilconfig. It may have 1 MiB.
 *
 * The profile may be of the mode AK, StsToken, EcsRamRole, OIDC, CredentialsURI or External; of another mode it is an error that
 * names the mode. External runs a command, as oss_credentials_new_from_process() does; that and CredentialsURI are refused if
 * ALIBABA_CLOUD_DISABLE_EXTERNAL_PROCESS is "true". What a profile leaves open is taken from the environment.
 *
 * The environment is read by this function, and only here; as with getenv(), no other thread may change it meanwhile.
 *
 * @param file         the file's path; NULL or empty to look for it as described; copied.
 * @param profile      the profile's name; NULL or empty for the one that ALIBABACLOUD_PROFILE or ALIBABA_CLOUD_PROFILE names,
 *                     else the file's current one; copied.
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block. What is wrong with the profile ends the first call that
 *         needs a key with OSS_STATUS_CREDENTIALS.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * if (oss_credentials_new_from_profile(NULL, "uploads", &credentials, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(credentials);
 * }
 * @endcode
 */
oss_status oss_credentials_new_from_profile(const char *file,
                                            const char *profile,
                                            oss_credentials **credentials,
                                            oss_result **result);

/**
 * Makes credentials from the RAM role of the ECS instance that the program runs on. Its metadata service is asked when a key is
 * wanted: before the first request that has to be signed, and when the last key is about to end.
 *
 * It is asked with a token, as hardened instances demand. If it gives none it is asked without, unless
 * ALIBABA_CLOUD_IMDSV1_DISABLED is "true". It is never asked through a proxy. A machine that is no instance is found out
 * within 2 seconds as a rule, and an answer is awaited for 5 seconds. The environment is read by this function, as by
 * oss_credentials_new_from_profile().
 *
 * @param role         the role's name; NULL or empty for the one that ALIBABA_CLOUD_ECS_METADATA names, else for the one that the
 *                     instance has; copied.
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS if ALIBABA_CLOUD_ECS_METADATA_DISABLED is "true"
 *         or the name is none of a role. Does not block. Where there is no key, the first call that needs one ends with
 *         OSS_STATUS_CREDENTIALS.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * if (oss_credentials_new_from_ecs_role(NULL, &credentials, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(credentials);
 * }
 * @endcode
 */
oss_status oss_credentials_new_from_ecs_role(const char *role,
                                             oss_credentials **credentials,
                                             oss_result **result);

/**
 * Makes credentials from a RAM role that is taken on with an OIDC token, as pods of a cluster do (RRSA). The token's file is read
 * and the token service is asked when a key is wanted: before the first request that has to be signed, and when the last
 * key is about to end. A key is good for an hour. The service is not asked through a proxy. The environment is read by this
 * function, as by oss_credentials_new_from_profile().
 *
 * @param role_arn           the role; NULL or empty for the one that ALIBABA_CLOUD_ROLE_ARN names; copied.
 * @param oidc_provider_arn  who vouches for the token; NULL or empty for ALIBABA_CLOUD_OIDC_PROVIDER_ARN; copied.
 * @param token_file         the path of the token's file; NULL or empty for ALIBABA_CLOUD_OIDC_TOKEN_FILE; copied.
 * @param session_name       what the session is called in the role's records; NULL or empty for
 *                           ALIBABA_CLOUD_ROLE_SESSION_NAME, else "oss-upload"; copied.
 * @param sts_endpoint       the token service's host, such as "sts.cn-hangzhou.aliyuncs.com", or its URL; NULL or empty for
 *                           ALIBABA_CLOUD_STS_ENDPOINT, else for that of the region that ALIBABA_CLOUD_STS_REGION names (the
 *                           inner one if ALIBABA_CLOUD_VPC_ENDPOINT_ENABLED is "true"), else "sts.aliyuncs.com"; copied.
 * @param credentials        receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result             receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS, with what is missing, if the role, the provider or
 *         the file is neither given nor in the environment. Does not block. Where there is no key, the first call that needs one
 *         ends with OSS_STATUS_CREDENTIALS.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * if (oss_credentials_new_from_oidc("acs:ram::1234567890123456:role/uploads",
 *                                   "acs:ram::1234567890123456:oidc-provider/cluster", "/var/run/secrets/token", NULL,
 *                                   "sts.cn-hangzhou.aliyuncs.com", &credentials, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(credentials);
 * }
 * @endcode
 */
oss_status oss_credentials_new_from_oidc(const char *role_arn,
                                         const char *oidc_provider_arn,
                                         const char *token_file,
                                         const char *session_name,
                                         const char *sts_endpoint,
                                         oss_credentials **credentials,
                                         oss_result **result);

/**
 * Makes credentials from a URL, as of a service beside the program, which answers a GET with JSON: AccessKeyId, AccessKeySecret
 * and, for a temporary key, SecurityToken and Expiration (such as "2026-01-01T00:00:00Z"). It is asked when a key is wanted:
 * before the first request that has to be signed, when the last key is about to end, and when OSS refuses it; a redirect is not
 * followed, and no proxy is used. The environment is read by this function, as by oss_credentials_new_from_profile().
 *
 * @param uri          the URL, http or https; NULL or empty for the one that ALIBABA_CLOUD_CREDENTIALS_URI holds; copied. No
 *                     message repeats it.
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS if there is no URL, or none that can be asked. Does
 *         not block. Where there is no key, the first call that needs one ends with OSS_STATUS_CREDENTIALS.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * if (oss_credentials_new_from_uri("http://127.0.0.1:8080/key", &credentials, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(credentials);
 * }
 * @endcode
 */
oss_status oss_credentials_new_from_uri(const char *uri,
                                        oss_credentials **credentials,
                                        oss_result **result);

/**
 * Makes credentials from what a command prints: JSON with AccessKeyId, AccessKeySecret and, for a temporary key, SecurityToken
 * and Expiration (such as "2026-01-01T00:00:00Z"); or with access_key_id, access_key_secret, sts_token and expiration. It is run
 * when a key is wanted: before the first request that has to be signed, when the last key is about to end, and when OSS
 * refuses it.
 *
 * A shell runs it, "/bin/sh -c", with the environment and the folder of the program. It has no descriptors of the program's:
 * its input and its errors are /dev/null. No signal is blocked or ignored in it. It has a process group of its own, which
 * is killed when the command has ended, after 15 seconds, after 65535 bytes of output, and when the call for which it is run
 * comes to its deadline or is cancelled.
 *
 * It is a child of this process: a handler for SIGCHLD sees it end, and who waits for just any child may be told of it. That and
 * an ignored SIGCHLD do no harm; only whether the command failed is not known then. Functions of pthread_atfork() run.
 *
 * @param command      not NULL, not empty; copied.
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block, and does not run the command. Where there is no key, the
 *         first call that needs one ends with OSS_STATUS_CREDENTIALS.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * if (oss_credentials_new_from_process("/usr/local/bin/print-key --json", &credentials, NULL) == OSS_STATUS_OK) {
 *     oss_credentials_free(credentials);
 * }
 * @endcode
 */
oss_status oss_credentials_new_from_process(const char *command,
                                            oss_credentials **credentials,
                                            oss_result **result);

/**
 * Makes credentials from the first place that has any, in the order of Alibaba Cloud's own tools:
 *
 * 1. the environment, as oss_credentials_new_from_environment();
 * 2. a role with an OIDC token, as oss_credentials_new_from_oidc(), if the environment names any of the three that it needs;
 * 3. a profile in a file, as oss_credentials_new_from_profile(), if there is one that was filled in;
 * 4. the role of the ECS instance, as oss_credentials_new_from_ecs_role();
 * 5. a URL, as oss_credentials_new_from_uri(), if ALIBABA_CLOUD_CREDENTIALS_URI is set.
 *
 * What is there and not whole is an error that says what is missing, and no step to the next place: half a key in the
 * environment, a role without its token, a profile that cannot be read, that names a mode which is not known here, or that is
 * asked for by name and is in none of the files. The first two places are looked at by this function, which reads the environment
 * as oss_credentials_new_from_profile() does; the others when a key is wanted. The one that had a key is kept.
 *
 * @param credentials  receives the handle, to be freed with oss_credentials_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_CREDENTIALS if something is there and not whole. Does not
 *         block. If no place has a key, the first call that needs one ends with OSS_STATUS_CREDENTIALS, and its message says what
 *         each place lacks.
 *
 * @code
 * oss_credentials *credentials = NULL;
 * oss_bucket *own = NULL;
 * oss_result *result = NULL;
 * if (oss_credentials_new_default_chain(&credentials, NULL) == OSS_STATUS_OK &&
 *     oss_bucket_new("https://oss-cn-hangzhou.aliyuncs.com", "examplebucket", credentials, NULL, &own, NULL) == OSS_STATUS_OK &&
 *     oss_put_object(own, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_bucket_free(own);
 * oss_credentials_free(credentials);
 * @endcode
 */
oss_status oss_credentials_new_default_chain(oss_credentials **credentials,
                                             oss_result **result);

/**
 * Makes up for all callbacks that are due, so that a thread of the program's or a job of cron's needs nothing else: each is
 * tried once, as by oss_owed_settle(). What fails is put off, for a second at first, then longer each time, up to an hour.
 *
 * Only what is owed for objects of this bucket is looked at, reached by the same endpoint as when it was uploaded. Several
 * threads and processes may do this at once; none of them takes up what another has in hand.
 *
 * @param outbox   not NULL.
 * @param bucket   not NULL.
 * @param options  NULL for the defaults.
 * @param result   receives what there is to know about the call; may be NULL. oss_result_delivered() counts the callbacks
 *                 that are no longer owed, oss_result_owed() those for this bucket that still are, be it that they are not
 *                 due yet. What the application servers answer is not kept; oss_owed_settle() hands it over.
 * @return OSS_STATUS_OK if nothing failed; otherwise how the first one failed, as oss_owed_settle() says it;
 *         OSS_STATUS_TIMEOUT at the deadline and OSS_STATUS_CANCELLED, before all were tried; OSS_STATUS_LOCAL_IO if the folder
 *         cannot be read; OSS_STATUS_INVALID_ARGUMENT. Blocks until all that are due were tried.
 *
 * @code
 * oss_outbox *outbox = NULL;
 * oss_result *result = NULL;
 * oss_status status = oss_outbox_open("/var/lib/myapp/outbox", &outbox, &result);
 * if (status == OSS_STATUS_OK) {
 *     oss_result_free(result);
 *     status = oss_outbox_deliver(outbox, bucket, NULL, &result);
 * }
 * if (status != OSS_STATUS_OK) {
 *     fprintf(stderr, "%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_outbox_free(outbox);
 * @endcode
 */
oss_status oss_outbox_deliver(const oss_outbox *outbox,
                              const oss_bucket *bucket,
                              const oss_delivery_options *options,
                              oss_result **result);

/**
 * Makes up for it: looks the object up, and if it is there, has OSS call the application server once more, as
 * oss_trigger_callback() does. The record goes if the application server answers, and if the object is not stored. It stays if
 * the object was stored and is gone, or has made room for another one: OSS can then no longer be asked to call for it. Tell the
 * application server by other means, as with oss_owed_render(), or give it up; oss_owed_done() takes the record away.
 *
 * The object is there if it has the token and the CRC-64 that it was uploaded with. That it is not is certain only once OSS
 * is over with the upload, a minute after it was sent; a process that did not come back is given that minute from the first
 * look on. Until then the object is looked for as after a lost reply.
 *
 * The application server may hear the same again, if it heard it without our knowing. oss_callback_set_delivery_variable()
 * lets it tell.
 *
 * @param bucket  the bucket that the object was uploaded to, reached by the same endpoint; not NULL.
 * @param owed    not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: it is no longer owed; oss_result_stored() says OSS_STORED_YES if the application server answered,
 *         with oss_result_body() as its answer, and OSS_STORED_NO if the upload has not stored it. Otherwise it stays owed,
 *         with one try more and due later: OSS_STATUS_CALLBACK_FAILED if the callback failed again, OSS_STATUS_CALLBACK_UNKNOWN
 *         if its reply was lost (stored: OSS_STORED_YES, since it was looked up), or if the object is gone or what became of it
 *         cannot be told (stored: OSS_STORED_UNKNOWN), and whatever oss_trigger_callback() ends with; OSS_STATUS_INVALID_ARGUMENT if it is owed for an object elsewhere, or no longer
 *         owed. Blocks as oss_trigger_callback() does.
 *
 * @code
 * oss_outbox *outbox = NULL;
 * oss_owed *owed = NULL;
 * oss_result *result = NULL;
 * if (oss_outbox_open("/var/lib/myapp/outbox", &outbox, NULL) == OSS_STATUS_OK &&
 *     oss_outbox_next(outbox, &owed, NULL) == OSS_STATUS_OK && owed != NULL &&
 *     oss_owed_settle(bucket, owed, &result) == OSS_STATUS_OK) {
 *     printf("the application server says: %s\n", (const char *)oss_result_body(result, NULL));
 * }
 * oss_result_free(result);
 * oss_owed_free(owed);
 * oss_outbox_free(outbox);
 * @endcode
 */
oss_status oss_owed_settle(const oss_bucket *bucket,
                           oss_owed *owed,
                           oss_result **result);

/**
 * Makes options that hold the defaults.
 *
 * @return a handle, to be freed with oss_delivery_options_free(); never NULL.
 */
oss_delivery_options *oss_delivery_options_new(void);

/**
 * Sets how many callbacks are made up for at once, all on the thread that calls. The default is 4.
 *
 * @param options    not NULL.
 * @param callbacks  from 1 to 100.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_delivery_options_set_parallel(oss_delivery_options *options, uint32_t callbacks);

/**
 * Sets how long the whole call may take, whatever the bucket's options say.
 *
 * @param options  not NULL.
 * @param ms       at most seven days; 0 for no limit.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_delivery_options_set_deadline_ms(oss_delivery_options *options, uint64_t ms);

/**
 * Sets who may end the call, besides the bucket's own cancel.
 *
 * @param options  not NULL.
 * @param cancel   NULL for nobody, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_delivery_options_set_cancel(oss_delivery_options *options, const oss_cancel *cancel);

/**
 * Sets who is told how it gets on, after each callback that was tried: oss_progress_accepted() is how many are no longer owed,
 * oss_progress_total() how many were tried; the rest is 0.
 *
 * @param options    not NULL.
 * @param progress   NULL for nobody, which is the default.
 * @param user_data  handed to the function; whatever uses the options must find it usable.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_delivery_options_set_progress(oss_delivery_options *options,
                                             oss_progress_fn progress,
                                             void *user_data);

/**
 * Says why a setter refused a value last.
 *
 * @param options  may be NULL.
 * @return one line for a human, valid until the next refusal or until `options` is freed; empty if nothing was refused.
 */
const char *oss_delivery_options_error(const oss_delivery_options *options);

/**
 * Frees the options.
 *
 * @param options  may be NULL; not to be used afterwards.
 */
void oss_delivery_options_free(oss_delivery_options *options);

/**
 * Begins an upload in parts. If the reply is lost, it is begun again, and an upload without parts may be left. Nobody was
 * told its id, so no result names it. oss_list_uploads() with the key as its prefix lists it; a lifecycle rule of the bucket
 * that removes parts after some days spares the trouble.
 *
 * @param bucket     not NULL.
 * @param key        as for oss_put_object().
 * @param options    what the object is to be stored with; NULL for the defaults.
 * @param multipart  receives the handle, to be freed with oss_multipart_free(), or NULL on failure; not NULL.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: the upload has begun; nothing is stored before it is completed. Blocks until the reply is there
 *         or a time-out ends it.
 *
 * @code
 * oss_multipart *multipart = NULL;
 * oss_result *result = NULL;
 * if (oss_begin_multipart(bucket, "dir/film.mp4", NULL, &multipart, NULL) != OSS_STATUS_OK ||
 *     oss_upload_part(multipart, 1, data, size, NULL) != OSS_STATUS_OK ||
 *     oss_complete_multipart(multipart, callback, &result) != OSS_STATUS_OK) {
 *     fprintf(stderr, "not complete: %s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_multipart_free(multipart);
 * @endcode
 */
oss_status oss_begin_multipart(const oss_bucket *bucket,
                               const char *key,
                               const oss_put_options *options,
                               oss_multipart **multipart,
                               oss_result **result);

/**
 * Goes on with an upload that was begun elsewhere or earlier. OSS is asked for the parts that are there, and
 * oss_complete_multipart() includes them. What the object is stored with was settled at the beginning; a traffic limit,
 * a deadline and the wish not to overwrite do not come back with it.
 *
 * @param bucket     not NULL.
 * @param key        the key that the upload was begun with; not NULL.
 * @param upload_id  the id that it was given; not NULL.
 * @param multipart  receives the handle, to be freed with oss_multipart_free(), or NULL on failure; not NULL.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_SERVICE with the code "NoSuchUpload" if there is none. Blocks until all replies are
 *         there or a time-out ends it.
 */
oss_status oss_reopen_multipart(const oss_bucket *bucket,
                                const char *key,
                                const char *upload_id,
                                oss_multipart **multipart,
                                oss_result **result);

/**
 * Gives another handle for an upload in parts, whose calls are bound to a deadline and a cancel of their own instead of
 * those that it was begun with. What is uploaded through one of the handles is known to the other.
 *
 * @param multipart    not NULL.
 * @param deadline_ms  how long each call may take in all, at most 604 800 000 milliseconds; 0 for no limit.
 * @param cancel       who may end the calls; NULL for nobody; the handle keeps its own reference.
 * @param limited      receives the handle, to be freed with oss_multipart_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block: nothing is sent.
 */
oss_status oss_multipart_with_limits(oss_multipart *multipart,
                                     uint64_t deadline_ms,
                                     const oss_cancel *cancel,
                                     oss_multipart **limited,
                                     oss_result **result);

/**
 * Gives the id under which OSS knows the upload.
 *
 * @param multipart  may be NULL.
 * @return the id, valid until `multipart` is freed; empty for NULL.
 */
const char *oss_multipart_upload_id(const oss_multipart *multipart);

/**
 * Uploads bytes as a part.
 *
 * @param multipart    not NULL; several threads may upload parts at once.
 * @param part_number  from 1 to 10000; a part that is there under this number is replaced.
 * @param data         the bytes, borrowed for the call; may be anything if `len` is 0.
 * @param len          how many bytes; at most 5 GiB, and at least 102 400 in every part but the last.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return as for oss_upload_part_body().
 */
oss_status oss_upload_part(oss_multipart *multipart,
                           uint32_t part_number,
                           const void *data,
                           size_t len,
                           oss_result **result);

/**
 * Uploads a body as a part. Its CRC-64 is compared with the one that OSS reports, and it is sent again if they differ, and
 * also if its reply is lost: a part makes no object, so stored is OSS_STORED_NO however this ends.
 *
 * @param multipart    not NULL; several threads may upload parts at once.
 * @param part_number  as for oss_upload_part().
 * @param body         what to upload, of a size as for oss_upload_part(); not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: OSS has the part; its ETag is in the result. Blocks until the reply is there or a time-out ends
 *         it.
 */
oss_status oss_upload_part_body(oss_multipart *multipart,
                                uint32_t part_number,
                                const oss_body *body,
                                oss_result **result);

/**
 * Lists the parts that OSS has of an upload.
 *
 * @param multipart  not NULL.
 * @param parts      receives the list, to be freed with oss_part_list_free(), or NULL on failure; not NULL.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_SERVICE with the code "NoSuchUpload" if the upload was completed or aborted. Blocks
 *         until all replies are there or a time-out ends it.
 */
oss_status oss_list_parts(oss_multipart *multipart, oss_part_list **parts, oss_result **result);

/**
 * Makes the object of the parts that were uploaded through the handle and of those that were there when it was
 * reopened, and has OSS call the application server.
 *
 * The CRC-64 of the object is compared with that of its parts. What is sent again and what is not follows the rules of
 * oss_put_body(). When a reply was lost and OSS then says "NoSuchUpload", the upload may have been completed: the object is
 * looked for, and if it is not found, stored is OSS_STORED_UNKNOWN.
 *
 * @param multipart  not NULL.
 * @param callback   what OSS shall tell the application server; NULL for no callback.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return as for oss_put_body(). When it fails with OSS_STORED_NO, the upload is still there, unless OSS says
 *         "NoSuchUpload".
 */
oss_status oss_complete_multipart(oss_multipart *multipart,
                                  const oss_callback *callback,
                                  oss_result **result);

/**
 * Makes the object of exactly these parts, as oss_complete_multipart() does of those it knows. Parts that other programs
 * uploaded are looked up first, for their sizes and CRCs.
 *
 * @param multipart  not NULL.
 * @param parts      numbers and ETags; not NULL, not empty.
 * @param callback   what OSS shall tell the application server; NULL for no callback.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return as for oss_complete_multipart(); OSS_STATUS_SERVICE with the code "InvalidPart" for a part that OSS has not.
 */
oss_status oss_complete_multipart_with_parts(oss_multipart *multipart,
                                             const oss_part_list *parts,
                                             const oss_callback *callback,
                                             oss_result **result);

/**
 * Makes the object of whatever parts OSS has, as oss_complete_multipart() does of those it knows. They are listed first,
 * so that the object can be checked.
 *
 * @param multipart  not NULL.
 * @param callback   what OSS shall tell the application server; NULL for no callback.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return as for oss_complete_multipart().
 */
oss_status oss_complete_multipart_with_all(oss_multipart *multipart,
                                           const oss_callback *callback,
                                           oss_result **result);

/**
 * Ends an upload without an object: OSS forgets it and its parts. Parts that are being uploaded meanwhile may survive;
 * abort again when they are done. If one that was sent through this handle was not answered, oss_result_upload_id() names the
 * upload, for a minute. What others than OSS answer, be it a success, counts as a lost reply, and OSS is asked
 * again.
 *
 * @param multipart  not NULL; still to be freed.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK, also if the upload is gone after a reply was lost; OSS_STATUS_SERVICE with the code "NoSuchUpload"
 *         if it was completed or aborted before. With any other status it may still be there: abort again. Blocks until the
 *         reply is there or a time-out ends it.
 */
oss_status oss_abort_multipart(oss_multipart *multipart,
                               oss_result **result);

/**
 * Frees the handle. At OSS the upload stays as it is.
 *
 * @param multipart  may be NULL; not to be used afterwards.
 */
void oss_multipart_free(oss_multipart *multipart);

/**
 * Looks whether an object is there and what it is. Its size is the header "Content-Length" of the result, its
 * metadata the headers "x-oss-meta-…"; ETag, CRC-64 and version id have accessors of their own.
 *
 * After an upload that ended with OSS_STORED_UNKNOWN, this tells what became of it, when a minute has passed: until then,
 * OSS may still store the object. Only OSS is believed: a 200 or a 404 of a proxy's or a cache's says nothing.
 *
 * @param bucket  not NULL.
 * @param key     as for oss_put_object().
 * @param result  receives what there is to know about the object; may be NULL.
 * @return OSS_STATUS_OK with OSS_STORED_YES; OSS_STATUS_SERVICE with the HTTP status 404 and OSS_STORED_NO if there is none.
 *         With OSS_STORED_UNKNOWN it could not be found out, whatever the HTTP status. Blocks until the reply is there or a
 *         time-out ends it.
 *
 * @code
 * oss_result *result = NULL;
 * if (oss_stat_object(bucket, "dir/photo.jpg", &result) == OSS_STATUS_OK) {
 *     printf("%s bytes\n", oss_result_header(result, "Content-Length"));
 * }
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_stat_object(const oss_bucket *bucket,
                           const char *key,
                           oss_result **result);

/**
 * Removes an object. Removing one that is not there succeeds, so that it is asked for again when a reply is lost. What others
 * than OSS answer counts as that.
 *
 * @param bucket  not NULL.
 * @param key     as for oss_put_object().
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: the object is not there, and stored is OSS_STORED_NO. With any other status it is
 *         OSS_STORED_UNKNOWN, unless an argument was wrong. Blocks until the reply is there or a time-out ends it.
 */
oss_status oss_remove_object(const oss_bucket *bucket,
                             const char *key,
                             oss_result **result);

/**
 * Opens a folder in which it is kept that a callback is owed.
 *
 * OSS calls an application server once. If that fails, if its reply is lost or the process ends before it comes, the server
 * never hears of an object that is there. An upload with a callback whose options name an outbox therefore writes a record
 * into the folder, and has it on disk, before the request goes out that may run the callback; the record goes when the
 * application server's answer has come, or when it is certain that nothing was stored. What stays is made up for by
 * oss_outbox_deliver(). If the record cannot be written, the upload ends with OSS_STATUS_LOCAL_IO before anything is sent.
 *
 * An object that is stored so gets a token, as with oss_put_options_set_write_token(), so that it is known again. A record
 * holds the callback with its variables and what is known of the object, but no keys. Only records are believed that nobody
 * but this user can have written.
 *
 * @param folder  made if it is missing, with access for this user alone; not NULL.
 * @param outbox  receives the handle, to be freed with oss_outbox_free(), or NULL on failure; not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK, OSS_STATUS_INVALID_ARGUMENT, or OSS_STATUS_LOCAL_IO if the folder cannot be used. Blocks for the
 *         disk only.
 *
 * @code
 * oss_outbox *outbox = NULL;
 * oss_result *result = NULL;
 * oss_put_options *options = oss_put_options_new();
 * if (oss_outbox_open("/var/lib/myapp/outbox", &outbox, NULL) == OSS_STATUS_OK &&
 *     oss_put_options_set_outbox(options, outbox) == OSS_STATUS_OK &&
 *     oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, options, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_put_options_free(options);
 * oss_outbox_free(outbox);
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_outbox_open(const char *folder,
                           oss_outbox **outbox,
                           oss_result **result);

/**
 * Sets who is told what is worth a line in a log: that something in the folder is no record, and was set aside under another
 * name.
 *
 * @param outbox     not NULL.
 * @param log        NULL for nobody, which is the default. What it returns ends oss_outbox_deliver() if it is not 0.
 * @param user_data  handed to the function; whatever uses the outbox must find it usable.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_outbox_set_log(oss_outbox *outbox,
                              oss_log_fn log,
                              void *user_data);

/**
 * Frees the handle. The folder stays as it is.
 *
 * @param outbox  may be NULL; not to be used afterwards. Options that name it keep their own reference.
 */
void oss_outbox_free(oss_outbox *outbox);

/**
 * Gives what is owed, the oldest first, and each time the next. What a call that is under way may come to owe, and what
 * somebody else has in hand, is passed over.
 *
 * Nobody else can take up what was given, in this process or another, until its handle is freed.
 *
 * @param outbox  not NULL.
 * @param owed    receives a handle, to be freed with oss_owed_free(), or NULL on failure and after the last one, after which
 *                it begins anew with the oldest; not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK, OSS_STATUS_INVALID_ARGUMENT, or OSS_STATUS_LOCAL_IO if the folder cannot be read. Blocks for the
 *         disk only.
 *
 * @code
 * oss_outbox *outbox = NULL;
 * oss_owed *owed = NULL;
 * oss_status status = oss_outbox_open("/var/lib/myapp/outbox", &outbox, NULL);
 * while (status == OSS_STATUS_OK && (status = oss_outbox_next(outbox, &owed, NULL)) == OSS_STATUS_OK && owed != NULL) {
 *     printf("%s: tried %u times, %s\n", oss_owed_key(owed), oss_owed_tries(owed), oss_owed_message(owed));
 *     oss_owed_free(owed);
 * }
 * oss_outbox_free(outbox);
 * @endcode
 */
oss_status oss_outbox_next(oss_outbox *outbox,
                           oss_owed **owed,
                           oss_result **result);

/**
 * Gives the URL of the object, without a query: it begins with the endpoint that it was uploaded to.
 *
 * @param owed  may be NULL.
 * @return the URL, valid until `owed` is used for a call that changes it, or freed; empty for NULL.
 */
const char *oss_owed_url(const oss_owed *owed);

/**
 * Gives the name of the bucket.
 *
 * @param owed  may be NULL.
 * @return the name, valid as for oss_owed_url(); empty for an upload to a URL or by a form.
 */
const char *oss_owed_bucket(const oss_owed *owed);

/**
 * Gives the key of the object.
 *
 * @param owed  may be NULL.
 * @return the key, valid as for oss_owed_url(); empty for an upload to a URL.
 */
const char *oss_owed_key(const oss_owed *owed);

/**
 * Gives the id of the upload in parts that made the object.
 *
 * @param owed  may be NULL.
 * @return the id, valid as for oss_owed_url(); empty if it was no upload in parts.
 */
const char *oss_owed_upload_id(const oss_owed *owed);

/**
 * Gives the ETag of the object, without quotes.
 *
 * @param owed  may be NULL.
 * @return the ETag, valid as for oss_owed_url(); empty as long as OSS has not said it.
 */
const char *oss_owed_etag(const oss_owed *owed);

/**
 * Gives the content type of the object.
 *
 * @param owed  may be NULL.
 * @return the type, valid as for oss_owed_url(); empty if it is not known.
 */
const char *oss_owed_content_type(const oss_owed *owed);

/**
 * Says how the call, or the last try to make up for it, ended.
 *
 * @param owed  may be NULL.
 * @return one line for a human, valid as for oss_owed_url().
 */
const char *oss_owed_message(const oss_owed *owed);

/**
 * Gives the size of the object.
 *
 * @param owed  may be NULL.
 * @param size  receives the size in bytes if it is known; may be NULL.
 * @return 1 if it is known, otherwise 0.
 */
int32_t oss_owed_size(const oss_owed *owed, uint64_t *size);

/**
 * Gives the CRC-64 of the object.
 *
 * @param owed   may be NULL.
 * @param crc64  receives the CRC-64 if it is known; may be NULL.
 * @return 1 if it is known, otherwise 0.
 */
int32_t oss_owed_crc64(const oss_owed *owed, uint64_t *crc64);

/**
 * Tells whether the object was stored when it was last known.
 *
 * @param owed  may be NULL.
 * @return OSS_STORED_YES or OSS_STORED_UNKNOWN.
 */
oss_stored oss_owed_stored(const oss_owed *owed);

/**
 * Says when the upload began.
 *
 * @param owed  may be NULL.
 * @return milliseconds since 1970, by the clock of the machine that made it; 0 for NULL.
 */
int64_t oss_owed_since_ms(const oss_owed *owed);

/**
 * Counts how often it was tried to make up for it.
 *
 * @param owed  may be NULL.
 * @return the number of tries, without that of the upload.
 */
uint32_t oss_owed_tries(const oss_owed *owed);

/**
 * Says in how long it is due.
 *
 * @param owed  may be NULL.
 * @return milliseconds; 0 if it is due.
 */
uint64_t oss_owed_due_in_ms(const oss_owed *owed);

/**
 * Makes the body that OSS would send, as oss_callback_render() does, for a program that tells its server by itself.
 *
 * @param owed    not NULL.
 * @param values  what comes before that which is known; NULL for nothing.
 * @param body    receives the text, to be freed with oss_string_free(), or NULL on failure; not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT with a message that names what is missing. Does not block.
 */
oss_status oss_owed_render(const oss_owed *owed,
                           const oss_callback_values *values,
                           oss_string **body,
                           oss_result **result);

/**
 * Takes the record away: the program told its server by itself, or has given it up.
 *
 * @param owed    not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK, also if it was gone; OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_LOCAL_IO if it cannot be removed.
 *         Blocks for the disk only.
 */
oss_status oss_owed_done(oss_owed *owed, oss_result **result);

/**
 * Puts off the next try of oss_outbox_deliver().
 *
 * @param owed    not NULL.
 * @param ms      for how long from now on, in milliseconds.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT; OSS_STATUS_LOCAL_IO if it cannot be written. Blocks for the disk only.
 */
oss_status oss_owed_postpone(oss_owed *owed,
                             uint64_t ms,
                             oss_result **result);

/**
 * Frees the handle, so that others can take the record up.
 *
 * @param owed  may be NULL; not to be used afterwards.
 */
void oss_owed_free(oss_owed *owed);

/**
 * Makes an empty list, for oss_complete_multipart_with_parts().
 *
 * @return a handle, to be freed with oss_part_list_free(); never NULL.
 */
oss_part_list *oss_part_list_new(void);

/**
 * Adds a part to a list. The order does not matter.
 *
 * @param list         not NULL.
 * @param part_number  from 1 to 10000, each once.
 * @param etag         what oss_result_etag() said of the part, with or without quotes; not NULL, not empty; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_part_list_add(oss_part_list *list, uint32_t part_number, const char *etag);

/**
 * Counts the parts.
 *
 * @param list  may be NULL.
 * @return how many there are; 0 for NULL.
 */
size_t oss_part_list_count(const oss_part_list *list);

/**
 * Gives a part's number.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the number; 0 if there is no such part.
 */
uint32_t oss_part_list_number(const oss_part_list *list, size_t index);

/**
 * Gives a part's size.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the size in bytes; 0 if there is no such part, or it was added by the caller.
 */
uint64_t oss_part_list_size(const oss_part_list *list, size_t index);

/**
 * Gives a part's ETag.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the ETag without its quotes, valid until the list is freed; empty if there is no such part.
 */
const char *oss_part_list_etag(const oss_part_list *list, size_t index);

/**
 * Gives a part's CRC-64.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @param crc64  receives the value if it is known; may be NULL.
 * @return 1 if it is known, otherwise 0.
 */
int32_t oss_part_list_crc64(const oss_part_list *list, size_t index, uint64_t *crc64);

/**
 * Says which rule the part broke that oss_part_list_add() refused last.
 *
 * @param list  may be NULL.
 * @return one line for a human, valid until the next refusal or until `list` is freed; empty if no part was refused.
 */
const char *oss_part_list_error(const oss_part_list *list);

/**
 * Frees a list.
 *
 * @param list  may be NULL; not to be used afterwards.
 */
void oss_part_list_free(oss_part_list *list);

/**
 * Makes a form out of what somebody else signed, for oss_post_object().
 *
 * @param url     where the form is sent: the bucket's address; not NULL; copied.
 * @param form    receives the handle, to be freed with oss_post_form_free(), or NULL on failure; not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for what is no such URL. Does not block.
 */
oss_status oss_post_form_new(const char *url, oss_post_form **form, oss_result **result);

/**
 * Fills in a field, for example "key" where the policy leaves it open.
 *
 * @param form    not NULL.
 * @param name    in any case; replaced if it is there already; not "file"; not NULL; copied.
 * @param value   not NULL; copied. A key is as for oss_put_object(), without "${filename}", which OSS replaces by the name of
 *                the file.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for a field that cannot be right. Does not block.
 */
oss_status oss_post_form_set_field(oss_post_form *form,
                                   const char *name,
                                   const char *value,
                                   oss_result **result);

/**
 * Uploads an object by a form that somebody signed, without any access key. The callback in it, if there is one, and its
 * answer are treated as everywhere: OSS's 203 is OSS_STATUS_CALLBACK_FAILED, and nothing is sent twice that may have been
 * stored with a callback. Nothing can be looked up: when a reply is lost, and sending again brings none where that is done,
 * stored is unknown.
 *
 * @param form     with the field "key"; not NULL.
 * @param body     what to upload; with the form around it at most 5 GiB; not NULL.
 * @param options  time-outs, the deadline, a cancel, certificates and the proxy; NULL for the defaults.
 * @param result   receives what there is to know about the call; may be NULL.
 * @return as for oss_put_body(). OSS_STATUS_SERVICE with the code "AccessDenied" for what the policy does not allow.
 *         Blocks as that does.
 *
 * @code
 * oss_post_form *form = NULL;
 * oss_body *body = oss_body_from_file("/tmp/photo.jpg");
 * oss_result *result = NULL;
 * if (oss_post_form_new("https://examplebucket.oss-cn-hangzhou.aliyuncs.com/", &form, NULL) == OSS_STATUS_OK &&
 *     oss_post_form_set_field(form, "key", "users/42/photo.jpg", NULL) == OSS_STATUS_OK &&
 *     oss_post_form_set_field(form, "policy", "eyJleHBpcmF0aW9uIjoi…", NULL) == OSS_STATUS_OK &&
 *     oss_post_object(form, body, NULL, &result) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_body_free(body);
 * oss_post_form_free(form);
 * @endcode
 */
oss_status oss_post_object(const oss_post_form *form,
                           const oss_body *body,
                           const oss_bucket_options *options,
                           oss_result **result);

/**
 * Gives the form as JSON, for a web page: {"url":"…","fields":{"policy":"…",…}}. The page sends the fields, then the file
 * as "file".
 *
 * @param form    not NULL.
 * @param json    receives the text, to be freed with oss_string_free(), or NULL on failure; not NULL.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
 */
oss_status oss_post_form_to_json(const oss_post_form *form,
                                 oss_string **json,
                                 oss_result **result);

/**
 * Gives the URL that the form is sent to.
 *
 * @param form  may be NULL.
 * @return the URL, valid until `form` is freed or a field is filled in; empty for NULL.
 */
const char *oss_post_form_url(const oss_post_form *form);

/**
 * Says until when the form is good.
 *
 * @param form  may be NULL.
 * @return seconds since 1970; 0 for NULL and for a form that somebody else signed.
 */
int64_t oss_post_form_expires(const oss_post_form *form);

/**
 * Counts the fields.
 *
 * @param form  may be NULL.
 * @return how many there are; 0 for NULL.
 */
size_t oss_post_form_field_count(const oss_post_form *form);

/**
 * Gives the name of a field.
 *
 * @param form   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the name, valid until `form` is freed or a field is filled in; empty if there is no such field.
 */
const char *oss_post_form_field_name(const oss_post_form *form, size_t index);

/**
 * Gives the value of a field.
 *
 * @param form   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the value, valid until `form` is freed or a field is filled in; empty if there is no such field.
 */
const char *oss_post_form_field_value(const oss_post_form *form, size_t index);

/**
 * Frees a form.
 *
 * @param form  may be NULL; not to be used afterwards.
 */
void oss_post_form_free(oss_post_form *form);

/**
 * Makes a policy. It cannot be signed before it says something of the key.
 *
 * @return a handle, to be freed with oss_post_policy_free(); never NULL.
 *
 * @code
 * oss_post_policy *policy = oss_post_policy_new();
 * oss_post_form *form = NULL;
 * oss_string *json = NULL;
 * if (oss_post_policy_set_key_prefix(policy, "users/42/") == OSS_STATUS_OK &&
 *     oss_post_policy_set_length_range(policy, 1, 10 << 20) == OSS_STATUS_OK &&
 *     oss_post_policy_sign(policy, bucket, callback, 600, &form, NULL) == OSS_STATUS_OK &&
 *     oss_post_form_to_json(form, &json, NULL) == OSS_STATUS_OK) {
 *     printf("%s\n", oss_string_data(json));
 * }
 * oss_string_free(json);
 * oss_post_form_free(form);
 * oss_post_policy_free(policy);
 * @endcode
 */
oss_post_policy *oss_post_policy_new(void);

/**
 * Sets the key that the object gets. The form then has it as its field "key".
 *
 * @param policy  not NULL.
 * @param key     as for oss_put_object(), without "${filename}", which OSS replaces by the name of the file; not NULL;
 *                copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_post_policy_set_key(oss_post_policy *policy, const char *key);

/**
 * Sets what the object's key begins with. Whoever fills in the form chooses the rest and adds the field "key".
 *
 * @param policy  not NULL.
 * @param prefix  what keys begin with, such as "users/42/"; empty for any key; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_post_policy_set_key_prefix(oss_post_policy *policy, const char *prefix);

/**
 * Sets how large the object may be. OSS refuses others with the codes "EntityTooSmall" and "EntityTooLarge".
 *
 * @param policy  not NULL.
 * @param least   in bytes.
 * @param most    in bytes; at most 5 GiB.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_post_policy_set_length_range(oss_post_policy *policy, uint64_t least, uint64_t most);

/**
 * Sets the content type that the object gets, whatever its file says. The form then has it as its field
 * "x-oss-content-type".
 *
 * @param policy        not NULL.
 * @param content_type  such as "image/jpeg"; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_post_policy_set_content_type(oss_post_policy *policy, const char *content_type);

/**
 * Adds a field that the form has to have with exactly this value, such as "x-oss-object-acl", "x-oss-meta-…",
 * "x-oss-forbid-overwrite", "Cache-Control" or "success_action_status".
 *
 * @param policy  not NULL.
 * @param name    in any case; replaced if it is there already; not the key, the callback or a field of the signature; not
 *                NULL; copied.
 * @param value   not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_post_policy_add_field(oss_post_policy *policy,
                                     const char *name,
                                     const char *value);

/**
 * Sets what the value of a field has to begin with, such as "image/" for "x-oss-content-type". Whoever fills in the form
 * adds the field.
 *
 * @param policy  not NULL.
 * @param name    as for oss_post_policy_add_field().
 * @param prefix  what the value begins with; empty for any value; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_post_policy_add_field_prefix(oss_post_policy *policy,
                                            const char *name,
                                            const char *prefix);

/**
 * Sets whether whoever has a form that was signed without a callback may add one of their own. The default is that they may
 * not: OSS would call whatever server they name, and sign that. The form then has the field "callback", which is empty.
 *
 * @param policy  not NULL.
 * @param allow   0 for no, anything else for yes. With a callback given to oss_post_policy_sign() it makes no difference:
 *                nobody can put another in its place.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
 */
oss_status oss_post_policy_allow_any_callback(oss_post_policy *policy,
                                              int32_t allow);

/**
 * Signs a policy: gives the form that uploads what it allows, with all fields that OSS wants, those of the signature and
 * the callback among them. Each field has its condition, so nobody can change it. Whoever uses the form adds the field
 * "key" if the policy leaves it open, and the file as the last field, "file".
 *
 * @param policy      has to say something of the key; not NULL.
 * @param bucket      where to; not NULL. With temporary credentials the form ends with them, however long its life.
 * @param callback    what OSS shall tell the application server; NULL for no callback, and then whoever uses the form cannot
 *                    add one, unless oss_post_policy_allow_any_callback() allows it. Its variables become fields. One that
 *                    the template names and that is not set has to be added by whoever uses the form.
 * @param lifetime_s  as for oss_presign_put().
 * @param form        receives the handle, to be freed with oss_post_form_free(), or NULL on failure; not NULL.
 * @param result      receives what there is to know about the call; may be NULL.
 * @return as for oss_presign_put().
 */
oss_status oss_post_policy_sign(const oss_post_policy *policy,
                                const oss_bucket *bucket,
                                const oss_callback *callback,
                                uint64_t lifetime_s,
                                oss_post_form **form,
                                oss_result **result);

/**
 * Says which rule the value broke that a setter refused last.
 *
 * @param policy  may be NULL.
 * @return one line for a human, valid until the next refusal or until `policy` is freed; empty if no value was refused.
 */
const char *oss_post_policy_error(const oss_post_policy *policy);

/**
 * Frees a policy.
 *
 * @param policy  may be NULL; not to be used afterwards.
 */
void oss_post_policy_free(oss_post_policy *policy);

/**
 * Signs the upload of an object, for somebody else to make. A callback travels in the URL, so whoever uses it has nothing
 * to add for that.
 *
 * @param bucket      not NULL. With temporary credentials the URL ends with their key, however long its life; one that is asked
 *                    for may be near its end, since it is kept until 5 minutes before.
 * @param key         as for oss_put_object().
 * @param callback    what OSS shall tell the application server; NULL for no callback.
 * @param options     what the object is stored with; NULL for nothing. Each becomes a header that has to be sent with the
 *                    URL, exactly as oss_presigned_header_value() gives it. A content type is not guessed: without one
 *                    here, none may be sent.
 * @param lifetime_s  for how many seconds it is good: with V4 up to seven days, with V1 up to 366. They begin now, by OSS's
 *                    clock where an earlier call found out that it differs from the system's; over plain http, where that
 *                    could be forged, by no more than 15 minutes.
 * @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
 * @param result      receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT, also for anonymous credentials; OSS_STATUS_CREDENTIALS if there is no key
 *         to sign with. Blocks only where the key has to be asked for, within the bucket's deadline: nothing is sent to OSS.
 *
 * @code
 * oss_presigned *presigned = NULL;
 * oss_result *result = NULL;
 * if (oss_presign_put(bucket, "dir/photo.jpg", callback, NULL, 900, &presigned, &result) == OSS_STATUS_OK) {
 *     printf("%s %s\n", oss_presigned_method(presigned), oss_presigned_url(presigned));
 * } else {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_presigned_free(presigned);
 * @endcode
 */
oss_status oss_presign_put(const oss_bucket *bucket,
                           const char *key,
                           const oss_callback *callback,
                           const oss_put_options *options,
                           uint64_t lifetime_s,
                           oss_presigned **presigned,
                           oss_result **result);

/**
 * Signs the upload of a part, for somebody else to make.
 *
 * @param bucket       not NULL.
 * @param key          the key that the upload was begun with; not NULL.
 * @param upload_id    the id that it was given; not NULL.
 * @param part_number  from 1 to 10000.
 * @param lifetime_s   as for oss_presign_put().
 * @param presigned    receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
 * @param result       receives what there is to know about the call; may be NULL.
 * @return as for oss_presign_put().
 */
oss_status oss_presign_upload_part(const oss_bucket *bucket,
                                   const char *key,
                                   const char *upload_id,
                                   uint32_t part_number,
                                   uint64_t lifetime_s,
                                   oss_presigned **presigned,
                                   oss_result **result);

/**
 * Signs the completion of an upload in parts, for somebody else to make. A callback travels in the URL. The list of parts
 * is the body of the request and not signed.
 *
 * @param bucket      not NULL.
 * @param key         the key that the upload was begun with; not NULL.
 * @param upload_id   the id that it was given; not NULL.
 * @param callback    what OSS shall tell the application server; NULL for no callback.
 * @param lifetime_s  as for oss_presign_put().
 * @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
 * @param result      receives what there is to know about the call; may be NULL.
 * @return as for oss_presign_put().
 */
oss_status oss_presign_complete_multipart(const oss_bucket *bucket,
                                          const char *key,
                                          const char *upload_id,
                                          const oss_callback *callback,
                                          uint64_t lifetime_s,
                                          oss_presigned **presigned,
                                          oss_result **result);

/**
 * Signs that OSS shall call the application server for an object that is there already, as oss_trigger_callback() has it
 * done, for somebody else to ask for. That takes the method, the URL, the headers and the body, exactly as they are: the
 * body's MD5 is among the headers and signed, so that with this URL OSS makes this callback and no other. It makes it as often
 * as it is asked to.
 *
 * @param bucket      not NULL.
 * @param key         as for oss_put_object().
 * @param callback    what OSS shall tell the application server; not NULL.
 * @param lifetime_s  as for oss_presign_put().
 * @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
 * @param result      receives what there is to know about the call; may be NULL.
 * @return as for oss_presign_put().
 *
 * @code
 * oss_presigned *presigned = NULL;
 * oss_result *result = NULL;
 * if (oss_presign_trigger_callback(bucket, "dir/photo.jpg", callback, 900, &presigned, &result) == OSS_STATUS_OK) {
 *     printf("%s %s\n%s\n", oss_presigned_method(presigned), oss_presigned_url(presigned),
 *            oss_presigned_body(presigned, NULL));
 * } else {
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_presigned_free(presigned);
 * @endcode
 */
oss_status oss_presign_trigger_callback(const oss_bucket *bucket,
                                        const char *key,
                                        const oss_callback *callback,
                                        uint64_t lifetime_s,
                                        oss_presigned **presigned,
                                        oss_result **result);

/**
 * Signs the download of an object, for somebody else to make.
 *
 * @param bucket      not NULL.
 * @param key         as for oss_put_object().
 * @param lifetime_s  as for oss_presign_put().
 * @param presigned   receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
 * @param result      receives what there is to know about the call; may be NULL.
 * @return as for oss_presign_put().
 */
oss_status oss_presign_get(const oss_bucket *bucket,
                           const char *key,
                           uint64_t lifetime_s,
                           oss_presigned **presigned,
                           oss_result **result);

/**
 * Takes a URL for a PUT that somebody else signed, for oss_put_to_url().
 *
 * @param url        http or https, with its query; not NULL; copied. It is in no message.
 * @param presigned  receives the handle, to be freed with oss_presigned_free(), or NULL on failure; not NULL.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for what is no such URL. Does not block.
 */
oss_status oss_presigned_new(const char *url, oss_presigned **presigned, oss_result **result);

/**
 * Adds a header that was signed together with a URL. Some programs sign the callback like that, as "x-oss-callback" and
 * "x-oss-callback-var".
 *
 * @param presigned  not NULL.
 * @param name       replaced if it is there already; not NULL; copied.
 * @param value      not NULL; copied.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT for a header that cannot be sent, or that the library writes. Does not
 *         block.
 */
oss_status oss_presigned_add_header(oss_presigned *presigned,
                                    const char *name,
                                    const char *value,
                                    oss_result **result);

/**
 * Uploads to a URL that somebody else signed, without any access key. The callback in it, if there is one, and its answer
 * are treated as everywhere: OSS's 203 is OSS_STATUS_CALLBACK_FAILED, and nothing is sent twice that may have been
 * stored with a callback. Nothing can be looked up with such a URL: when a reply is lost, and sending again brings none where
 * that is done, stored is unknown.
 *
 * @param presigned  from oss_presigned_new(), oss_presign_put() or oss_presign_upload_part(); not NULL.
 * @param body       what to upload, at most 5 GiB; not NULL.
 * @param options    time-outs, the deadline, a cancel, certificates and the proxy; NULL for the defaults.
 * @param result     receives what there is to know about the call; may be NULL.
 * @return as for oss_put_body(). OSS_STATUS_SERVICE with the code "AccessDenied" if the URL has expired. Blocks as that
 *         does.
 *
 * @code
 * oss_presigned *presigned = NULL;
 * oss_body *body = oss_body_from_file("/tmp/photo.jpg");
 * oss_result *result = NULL;
 * oss_status status =
 *     oss_presigned_new("https://examplebucket.oss-cn-hangzhou.aliyuncs.com/photo.jpg?…", &presigned, &result);
 * if (status == OSS_STATUS_OK) {
 *     oss_result_free(result);
 *     status = oss_put_to_url(presigned, body, NULL, &result);
 * }
 * printf("%s\n", status == OSS_STATUS_OK ? "stored" : oss_result_message(result));
 * oss_result_free(result);
 * oss_body_free(body);
 * oss_presigned_free(presigned);
 * @endcode
 */
oss_status oss_put_to_url(const oss_presigned *presigned,
                          const oss_body *body,
                          const oss_bucket_options *options,
                          oss_result **result);

/**
 * Gives the method to use.
 *
 * @param presigned  may be NULL.
 * @return such as "PUT", valid until `presigned` is freed or gets another header; empty for NULL.
 */
const char *oss_presigned_method(const oss_presigned *presigned);

/**
 * Gives the URL.
 *
 * @param presigned  may be NULL.
 * @return the URL, valid until `presigned` is freed or gets another header; empty for NULL.
 */
const char *oss_presigned_url(const oss_presigned *presigned);

/**
 * Says until when the URL is good.
 *
 * @param presigned  may be NULL.
 * @return seconds since 1970; 0 for NULL and for a URL that somebody else signed.
 */
int64_t oss_presigned_expires(const oss_presigned *presigned);

/**
 * Counts the headers that have to be sent with the URL.
 *
 * @param presigned  may be NULL.
 * @return how many there are; 0 for NULL.
 */
size_t oss_presigned_header_count(const oss_presigned *presigned);

/**
 * Gives the name of a header that has to be sent with the URL.
 *
 * @param presigned  may be NULL.
 * @param index      from 0 to the count less one.
 * @return the name, valid until `presigned` is freed or gets another header; empty if there is no such header.
 */
const char *oss_presigned_header_name(const oss_presigned *presigned, size_t index);

/**
 * Gives the value of a header that has to be sent with the URL.
 *
 * @param presigned  may be NULL.
 * @param index      from 0 to the count less one.
 * @return the value, valid until `presigned` is freed or gets another header; empty if there is no such header.
 */
const char *oss_presigned_header_value(const oss_presigned *presigned, size_t index);

/**
 * Gives the body that has to be sent with the URL, of what oss_presign_trigger_callback() signed.
 *
 * @param presigned  may be NULL.
 * @param len        receives the number of bytes; may be NULL.
 * @return the text, valid until `presigned` is freed or gets another header; empty for NULL, and where the body is left to
 *         whoever uses the URL.
 */
const char *oss_presigned_body(const oss_presigned *presigned,
                               size_t *len);

/**
 * Frees the handle.
 *
 * @param presigned  may be NULL; not to be used afterwards.
 */
void oss_presigned_free(oss_presigned *presigned);

/**
 * Tells how many bytes there are in all. Of oss_outbox_deliver() it is how many callbacks were tried.
 *
 * @param progress  may be NULL.
 * @return the number of bytes; OSS_LENGTH_UNKNOWN as long as that is not known, and for NULL.
 */
uint64_t oss_progress_total(const oss_progress *progress);

/**
 * Counts the bytes that the system has taken to send, those that OSS has accepted among them. Whenever a request fails, what
 * it sent no longer counts, and the number falls back, also if nothing is sent again; oss_progress_accepted() never does.
 *
 * @param progress  may be NULL.
 * @return the number of bytes; 0 for NULL.
 *
 * @code
 * const oss_progress *progress = NULL;
 * if (oss_progress_total(progress) != OSS_LENGTH_UNKNOWN) {
 *     printf("%llu of %llu bytes\n", (unsigned long long)oss_progress_sent(progress),
 *            (unsigned long long)oss_progress_total(progress));
 * }
 * @endcode
 */
uint64_t oss_progress_sent(const oss_progress *progress);

/**
 * Counts the bytes that have been acknowledged on the network, by OSS's system or a proxy's, those that OSS has accepted among
 * them. It falls back as oss_progress_sent() does. Where this system does not say, it is the same as that.
 *
 * @param progress  may be NULL.
 * @return the number of bytes; 0 for NULL.
 */
uint64_t oss_progress_acknowledged(const oss_progress *progress);

/**
 * Counts the bytes that OSS has said that it has, in whole parts. It only grows, whatever is sent again. For an upload that is
 * resumed, it is 0 until it is known what was there, and goes on from that. Of oss_outbox_deliver() it is how many callbacks are
 * no longer owed.
 *
 * @param progress  may be NULL.
 * @return the number of bytes; 0 for NULL.
 */
uint64_t oss_progress_accepted(const oss_progress *progress);

/**
 * Counts the parts that OSS has. Data that is put with a single request is one part.
 *
 * @param progress  may be NULL.
 * @return the number of parts; 0 for NULL.
 */
uint64_t oss_progress_parts_done(const oss_progress *progress);

/**
 * Tells how many parts there are in all.
 *
 * @param progress  may be NULL.
 * @return the number of parts; 0 as long as that is not known, and for NULL.
 */
uint64_t oss_progress_parts(const oss_progress *progress);

/**
 * Counts the requests of the call that have come to their end, as oss_result_sum_attempts() does afterwards.
 *
 * @param progress  may be NULL.
 * @return the number of requests; 0 for NULL.
 */
uint64_t oss_progress_attempts(const oss_progress *progress);

/**
 * Tells how fast data went over the network in the last five seconds, or since the call began, whatever was sent twice.
 *
 * @param progress  may be NULL.
 * @return bytes a second; 0 for NULL.
 */
uint64_t oss_progress_rate(const oss_progress *progress);

/**
 * Uploads bytes as an object.
 *
 * @param bucket   not NULL.
 * @param key      the object's name: 1 to 1023 bytes of UTF-8 that do not begin with a slash or a backslash; not NULL.
 * @param data     the bytes, borrowed for the call; may be anything if `len` is 0.
 * @param len      how many bytes; at most 5 GiB.
 * @param options  NULL for the defaults.
 * @param result   receives what there is to know about the call; may be NULL.
 * @return as for oss_put_body().
 *
 * @code
 * oss_result *result = NULL;
 * if (oss_put_object(bucket, "notes/today.txt", data, size, NULL, &result) != OSS_STATUS_OK) {
 *     fprintf(stderr, "%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_put_object(const oss_bucket *bucket,
                          const char *key,
                          const void *data,
                          size_t len,
                          const oss_put_options *options,
                          oss_result **result);

/**
 * Uploads bytes as an object and has OSS call the application server.
 *
 * @param bucket    not NULL.
 * @param key       as for oss_put_object().
 * @param data      as for oss_put_object().
 * @param len       as for oss_put_object().
 * @param callback  what OSS shall tell the application server; not NULL: a callback that could not be made does not become an
 *                  upload without one.
 * @param options   NULL for the defaults.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return as for oss_put_body().
 *
 * @code
 * oss_result *result = NULL;
 * switch (oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, NULL, &result)) {
 * case OSS_STATUS_OK:
 *     printf("the application server says: %s\n", (const char *)oss_result_body(result, NULL));
 *     break;
 * case OSS_STATUS_CALLBACK_FAILED:
 *     printf("%s; its ETag is %s\n", oss_result_message(result), oss_result_etag(result));
 *     break;
 * default:
 *     printf("%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_put_object_with_callback(const oss_bucket *bucket,
                                        const char *key,
                                        const void *data,
                                        size_t len,
                                        const oss_callback *callback,
                                        const oss_put_options *options,
                                        oss_result **result);

/**
 * Uploads a file as an object and has OSS call the application server.
 *
 * @param bucket    not NULL.
 * @param key       as for oss_put_object().
 * @param path      the file; not NULL, not empty.
 * @param callback  as for oss_put_object_with_callback(); not NULL. oss_put_body() with oss_body_from_file() does without.
 * @param options   NULL for the defaults.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return as for oss_put_body().
 *
 * @code
 * oss_result *result = NULL;
 * oss_status status = oss_put_file_with_callback(bucket, "dir/photo.jpg", "/tmp/photo.jpg", callback, NULL, &result);
 * printf("%s\n", status == OSS_STATUS_OK ? "stored" : oss_result_message(result));
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_put_file_with_callback(const oss_bucket *bucket,
                                      const char *key,
                                      const char *path,
                                      const oss_callback *callback,
                                      const oss_put_options *options,
                                      oss_result **result);

/**
 * Uploads a body as an object, with or without a callback.
 *
 * The data's CRC-64 is computed on the way and compared with the one that OSS reports. A request that certainly was not
 * carried out is sent again, up to the bucket's number of attempts.
 *
 * When its reply is lost, it may have been carried out, or be under way. Then an upload without a callback is sent again too,
 * and looked for in the end. One with a callback is looked for at once, as long as
 * oss_bucket_options_set_settling_time_ms() says: if it is there, the call ends with OSS_STATUS_CALLBACK_UNKNOWN, and
 * otherwise with OSS_STORED_UNKNOWN. It is sent again only if OSS is done with it, because OSS said so or a minute has
 * passed, and the object is not there: then no callback has run, and none runs twice without a word.
 * oss_put_options_set_callback_delivery() has it otherwise.
 *
 * A reply that OSS did not make, but a proxy, a gateway or a cache, counts as lost, whatever its HTTP status. An object is
 * known by its size and CRC-64, whoever stored it, or by its token: oss_put_options_set_write_token().
 *
 * @param bucket    not NULL.
 * @param key       as for oss_put_object().
 * @param body      what to upload, at most 5 GiB; not NULL.
 * @param callback  what OSS shall tell the application server; NULL for no callback.
 * @param options   NULL for the defaults.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: stored, and with a callback oss_result_body() is the application server's answer.
 *         OSS_STATUS_CALLBACK_FAILED: stored, but the application server did not answer as it should.
 *         OSS_STATUS_CALLBACK_UNKNOWN: stored, but what became of the callback is not known: do not upload again.
 *         OSS_STATUS_SERVICE: OSS refused, for example a wrong key with the code "SignatureDoesNotMatch".
 *         OSS_STATUS_INVALID_ARGUMENT, OSS_STATUS_LOCAL_IO, OSS_STATUS_SOURCE_CHANGED: the fault lies on this side.
 *         OSS_STATUS_INTEGRITY: stored, but not with the data's CRC-64, however often it was sent. With a callback it is sent
 *         once, and oss_result_body() is the answer all the same.
 *         Whatever else is returned, oss_result_stored() says whether the object is stored. After OSS_STORED_UNKNOWN,
 *         oss_stat_object() tells when a minute has passed.
 *         Blocks until the reply is there, the application server's answer included, or a time-out ends it.
 */
oss_status oss_put_body(const oss_bucket *bucket,
                        const char *key,
                        const oss_body *body,
                        const oss_callback *callback,
                        const oss_put_options *options,
                        oss_result **result);

/**
 * Makes options that hold the defaults.
 *
 * @return a handle, to be freed with oss_put_options_free(); never NULL.
 */
oss_put_options *oss_put_options_new(void);

/**
 * Sets the content type. By default it is guessed from the key's ending, or else from the file's, and is
 * "application/octet-stream" if neither tells.
 *
 * @param options  not NULL.
 * @param value    such as "image/jpeg"; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_content_type(oss_put_options *options, const char *value);

/**
 * Sets the Cache-Control that a download will carry.
 *
 * @param options  not NULL.
 * @param value    not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_cache_control(oss_put_options *options, const char *value);

/**
 * Sets the Content-Disposition that a download will carry.
 *
 * @param options  not NULL.
 * @param value    such as "attachment; filename=\"a.txt\""; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_content_disposition(oss_put_options *options, const char *value);

/**
 * Sets the Content-Encoding that a download will carry. The data is sent as it is.
 *
 * @param options  not NULL.
 * @param value    such as "gzip"; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_content_encoding(oss_put_options *options, const char *value);

/**
 * Sets the Content-Language that a download will carry.
 *
 * @param options  not NULL.
 * @param value    such as "zh-CN"; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_content_language(oss_put_options *options, const char *value);

/**
 * Sets the Expires that a download will carry.
 *
 * @param options  not NULL.
 * @param value    such as "Wed, 08 Jul 2026 16:57:01 GMT"; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_expires(oss_put_options *options, const char *value);

/**
 * Sets any other header of the request. Those that the library writes itself are refused: Host, Content-Length,
 * Transfer-Encoding, Connection, Date, Authorization, x-oss-date, x-oss-content-sha256, x-oss-security-token,
 * x-oss-callback, x-oss-callback-var and their like.
 *
 * @param options  not NULL.
 * @param name     the header's name; not NULL; copied.
 * @param value    without line ends and other control characters; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_header(oss_put_options *options, const char *name, const char *value);

/**
 * Adds user metadata. All of it together may have 8 KiB: the names, each with "x-oss-meta-" before it, and the values.
 *
 * @param options  not NULL.
 * @param name     of a-z, 0-9 and "-", without the "x-oss-meta-" before it; upper case is made lower; not NULL; copied.
 * @param value    not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_add_metadata(oss_put_options *options, const char *name, const char *value);

/**
 * Adds a tag to the object. There can be ten. Key and value consist of letters, digits, blanks and + - = . _ : /
 *
 * @param options  not NULL.
 * @param key      1 to 128 characters, not bytes, other than the keys of the tags before; not NULL; copied.
 * @param value    up to 256 characters; not NULL; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_add_tag(oss_put_options *options, const char *key, const char *value);

/**
 * Sets who may read and write the object.
 *
 * @param options  not NULL.
 * @param acl      an oss_object_acl.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_acl(oss_put_options *options, int32_t acl);

/**
 * Sets how the object is stored.
 *
 * @param options  not NULL.
 * @param storage  an oss_storage.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_storage_class(oss_put_options *options, int32_t storage);

/**
 * Sets how OSS encrypts the object.
 *
 * @param options     not NULL.
 * @param encryption  an oss_encryption.
 * @param key_id      a key of the key management service, for OSS_ENCRYPTION_KMS and OSS_ENCRYPTION_KMS_SM4 only; NULL
 *                    for the default key; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_encryption(oss_put_options *options, int32_t encryption, const char *key_id);

/**
 * Sets whether an object that is there already stays as it is; the upload then ends with OSS_STATUS_SERVICE and the
 * error code "FileAlreadyExists". It has no effect on a bucket with versions.
 *
 * @param options  not NULL.
 * @param forbid   0 to replace it, which is the default; anything else to keep what is there.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_forbid_overwrite(oss_put_options *options, int32_t forbid);

/**
 * Sets how fast OSS lets the data in. In a multipart upload it holds for each part.
 *
 * @param options          not NULL.
 * @param bits_per_second  from 245 760 to 838 860 800.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_traffic_limit(oss_put_options *options, uint64_t bits_per_second);

/**
 * Sets whether a put, an append and each part of a multipart upload send the Content-MD5 of their data, for which the
 * data is read once more beforehand. It is not needed for integrity: the CRC-64 is compared in any case.
 *
 * @param options  not NULL.
 * @param wanted   0 for no, which is the default; anything else for yes.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_content_md5(oss_put_options *options, int32_t wanted);

/**
 * Says what CRC-64 an object has before oss_append_object() appends to it, as oss_result_crc64() gave it after the append
 * before. That saves a request. Other operations take no notice of it.
 *
 * @param options  not NULL.
 * @param crc64    of the whole object so far.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_previous_crc64(oss_put_options *options,
                                              uint64_t crc64);

/**
 * Sets how long a call may take in all, whatever the bucket's options say. A multipart upload begun with these options
 * keeps to it in each of its calls.
 *
 * @param options  not NULL.
 * @param ms       at most 604 800 000 milliseconds; 0 for no limit.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_deadline_ms(oss_put_options *options, uint64_t ms);

/**
 * Sets who may end the operation, besides the bucket's own cancel. For an upload in parts it counts for all its operations.
 *
 * @param options  not NULL.
 * @param cancel   NULL for nobody, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_cancel(oss_put_options *options,
                                      const oss_cancel *cancel);

/**
 * Says which rule the value broke that a setter refused last.
 *
 * @param options  may be NULL.
 * @return one line for a human, valid until the next refusal or until `options` is freed; empty if no value was refused.
 */
const char *oss_put_options_error(const oss_put_options *options);

/**
 * Frees options.
 *
 * @param options  may be NULL; not to be used afterwards.
 */
void oss_put_options_free(oss_put_options *options);

/**
 * Sets what is done when the reply to an upload with a callback is lost. The default is OSS_CALLBACK_AT_MOST_ONCE: the
 * upload is not sent again where its callback may have run, and ends with OSS_STATUS_CALLBACK_UNKNOWN, or without knowing
 * whether the object is stored.
 *
 * With OSS_CALLBACK_AT_LEAST_ONCE it is sent again, as an upload without a callback is, and may replace what another writer
 * stored meanwhile. oss_result_callback_repeats() tells how often the callback may have run before, so the application
 * server should be able to hear the same twice. OSS_STATUS_CALLBACK_UNKNOWN then says that no attempt was answered.
 *
 * A multipart upload begun with these options keeps to it when it is completed, and oss_trigger_callback() keeps to it. It
 * has no effect on URLs and forms: what is uploaded with one asks for its callback at most once.
 *
 * @param options   not NULL.
 * @param delivery  an oss_callback_delivery.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 *
 * @code
 * oss_put_options *options = oss_put_options_new();
 * oss_result *result = NULL;
 * if (oss_put_options_set_callback_delivery(options, OSS_CALLBACK_AT_LEAST_ONCE) == OSS_STATUS_OK &&
 *     oss_put_object_with_callback(bucket, "orders/1.json", data, size, callback, options, &result) == OSS_STATUS_OK) {
 *     printf("the application server may have heard of it %u times before\n", oss_result_callback_repeats(result));
 * }
 * oss_result_free(result);
 * oss_put_options_free(options);
 * @endcode
 */
oss_status oss_put_options_set_callback_delivery(oss_put_options *options,
                                                 int32_t delivery);

/**
 * Sets whether an object is stored with a token: 128 random bits of the call's own, as metadata under the name
 * x-oss-meta-oss-upload-token. By it a look-up after a lost reply tells the object from one with equal bytes that another
 * writer stored. Whoever may read the object sees its metadata; therefore there is none by default.
 *
 * A multipart upload has one token from its beginning to its completion; one that is reopened has none, so that it is known
 * by its bytes. It has no effect on appends, nor on URLs and forms.
 *
 * @param options  not NULL.
 * @param wanted   0 for no, which is the default; anything else for yes.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_write_token(oss_put_options *options,
                                           int32_t wanted);

/**
 * Sets where it is kept on disk that the callback is owed; see oss_outbox_open(). It counts for uploads in parts that are
 * begun with these options too, and has no effect on what has no callback, nor on URLs and forms, which take
 * oss_bucket_options_set_outbox().
 *
 * @param options  not NULL.
 * @param outbox   NULL for none, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_outbox(oss_put_options *options,
                                      const oss_outbox *outbox);

/**
 * Sets who is told how a put gets on: what oss_put_object(), oss_put_object_with_callback(), oss_put_file_with_callback() and
 * oss_put_body() store. Other operations take no notice of it; a managed upload has oss_upload_options_set_progress().
 *
 * @param options    not NULL.
 * @param progress   NULL for nobody, which is the default.
 * @param user_data  handed to the function; whatever uses the options must find it usable.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_progress(oss_put_options *options,
                                        oss_progress_fn progress,
                                        void *user_data);

/**
 * Makes a rate to be shared.
 *
 * Options take it: oss_upload_options_set_rate() and oss_put_options_set_rate() for single operations,
 * oss_bucket_options_set_rate() for all operations on a bucket. They keep their own reference. Whoever wants to send first
 * goes first, a piece of a tenth of a second at a time; time in which nobody sends is not saved up. After a fork, parent and
 * child each have their own.
 *
 * @param bytes_per_second  as for oss_rate_set().
 * @return a handle, to be freed with oss_rate_free(); never NULL.
 *
 * @code
 * oss_rate *rate = oss_rate_new(1000000);
 * oss_bucket_options *options = oss_bucket_options_new();
 * if (oss_bucket_options_set_rate(options, rate) != OSS_STATUS_OK) {
 *     printf("%s\n", oss_bucket_options_error(options));
 * }
 * oss_bucket_options_free(options);
 * oss_rate_set(rate, 50000000);
 * oss_rate_free(rate);
 * @endcode
 */
oss_rate *oss_rate_new(uint64_t bytes_per_second);

/**
 * Sets how fast those that share it send from now on. What waits for its turn takes note within a twentieth of a second. A
 * pause is no standstill that a time-out would end; the deadline and a cancel still end a call, and a server may give up a
 * connection on which a request is only half sent.
 *
 * @param rate              may be NULL. Any thread may call this, any number of times, and a signal handler may: nothing but
 *                          one store to memory happens.
 * @param bytes_per_second  0 for a pause until it is set again; what is less than 1024 counts as 1024; UINT64_MAX for as
 *                          fast as it can be.
 */
void oss_rate_set(const oss_rate *rate,
                  uint64_t bytes_per_second);

/**
 * Frees the handle. What it was given to keeps to the rate that was set last.
 *
 * @param rate  may be NULL; not to be used afterwards, in a signal handler neither.
 */
void oss_rate_free(oss_rate *rate);

/**
 * Sets how fast all operations on the bucket send, together with whatever else has the same rate. An operation whose own
 * options have a rate too keeps to both. Handles of oss_bucket_with_limits() keep it.
 *
 * @param options  not NULL.
 * @param rate     NULL for none, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_bucket_options_set_rate(oss_bucket_options *options,
                                       const oss_rate *rate);

/**
 * Sets how fast the operation sends, together with whatever else has the same rate. For an upload in parts it counts for
 * all its operations.
 *
 * @param options  not NULL.
 * @param rate     NULL for none, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_put_options_set_rate(oss_put_options *options,
                                    const oss_rate *rate);

/**
 * Sets how fast the upload sends, together with whatever else has the same rate. With oss_upload_options_set_rate_limit()
 * it keeps to both.
 *
 * @param options  not NULL.
 * @param rate     NULL for that of the put options, if they have one; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_rate(oss_upload_options *options,
                                       const oss_rate *rate);

/**
 * Tells how the call ended.
 *
 * @param result  may be NULL.
 * @return the status that the call itself returned; OSS_STATUS_INTERNAL for NULL.
 */
oss_status oss_result_status(const oss_result *result);

/**
 * Tells whether the call stored the object; for oss_stat_object() and oss_remove_object(), whether it is there. A failed
 * callback does not undo an upload: the object is there all the same. A part makes no object before it is completed, so
 * the result of a successful part says OSS_STORED_NO. OSS_STORED_YES and OSS_STORED_NO are said where a reply of OSS's
 * proves them, or that nothing arrived; the rest is OSS_STORED_UNKNOWN.
 *
 * @param result  may be NULL.
 * @return what is known; OSS_STORED_UNKNOWN for NULL.
 */
oss_stored oss_result_stored(const oss_result *result);

/**
 * Says in one line, for a human, what went wrong. It holds no secrets. Where a connection failed, it names host and port, and
 * the proxy if there is one.
 *
 * @param result  may be NULL.
 * @return the message; empty when all went well and nothing is left at OSS.
 */
const char *oss_result_message(const oss_result *result);

/**
 * Gives the HTTP status of the last reply.
 *
 * @param result  may be NULL.
 * @return such as 200, 203 or 403; 0 when there was no reply.
 */
int32_t oss_result_http_status(const oss_result *result);

/**
 * Gives the id under which OSS knows the request, for its support. OSS always sends one; an empty id with an HTTP
 * status means that something else answered, such as a proxy. When a reply was lost and the object was looked up instead,
 * it is the id of the look-up.
 *
 * @param result  may be NULL.
 * @return the id, or an empty text.
 */
const char *oss_result_request_id(const oss_result *result);

/**
 * Gives OSS's name for the error.
 *
 * @param result  may be NULL.
 * @return such as "SignatureDoesNotMatch" or "CallbackFailed"; empty when OSS reported no error.
 */
const char *oss_result_error_code(const oss_result *result);

/**
 * Gives OSS's number for the cause of the error. Show it, but do not branch on it: the numbers may change.
 *
 * @param result  may be NULL.
 * @return such as "0002-00000040", or an empty text.
 */
const char *oss_result_ec(const oss_result *result);

/**
 * Gives the ETag of the object or part.
 *
 * @param result  may be NULL.
 * @return the ETag without its quotes, or an empty text. One of more than 1024 bytes is none of OSS's, and counts as missing.
 */
const char *oss_result_etag(const oss_result *result);

/**
 * Gives the id of the object's version in a bucket with versions.
 *
 * @param result  may be NULL.
 * @return the id, or an empty text. One of more than 1024 bytes is none of OSS's, and counts as missing.
 */
const char *oss_result_version_id(const oss_result *result);

/**
 * Gives the CRC-64 (ECMA-182) that OSS computed of the object or part.
 *
 * @param result  may be NULL.
 * @param crc64   receives the value if there is one; may be NULL.
 * @return 1 if OSS sent one, otherwise 0.
 */
int32_t oss_result_crc64(const oss_result *result, uint64_t *crc64);

/**
 * Gives the position at which the next append would go on: the length of an object that was made by appending.
 *
 * @param result  may be NULL.
 * @return the position; 0 when OSS sent none, as for objects of other kinds.
 */
uint64_t oss_result_next_position(const oss_result *result);

/**
 * Gives the body of the reply, byte for byte. After OSS_STATUS_OK with a callback it is the application server's
 * answer; after a failure it is OSS's error document. Up to 4 MiB are kept.
 *
 * @param result  may be NULL.
 * @param len     receives the number of bytes; may be NULL.
 * @return the bytes, followed by a NUL that does not count; NULL for NULL.
 */
const void *oss_result_body(const oss_result *result, size_t *len);

/**
 * Gives the content type of the body, which for a callback is the one that the application server sent. When a reply was
 * lost and the object was looked up instead, it is the object's, and so are the other headers.
 *
 * @param result  may be NULL.
 * @return such as "application/json", or an empty text.
 */
const char *oss_result_content_type(const oss_result *result);

/**
 * Gives a header of the reply. A reply with more than 730 of them, or more than some 64 KiB, is none of OSS's and counts as
 * lost.
 *
 * @param result  may be NULL.
 * @param name    the header's name in any case; NULL is no header's name.
 * @return its value; NULL if the reply has no such header, or more than text in it.
 */
const char *oss_result_header(const oss_result *result,
                              const char *name);

/**
 * Tells how often the request was tried. Requests that only look something up do not count. Nor does one that met an idle
 * connection which the server had closed: it is sent once more, over a new one, if it cannot have arrived or may simply be
 * sent again. oss_result_attempt_count() leads to all of them.
 *
 * An upload in parts that oss_upload_object() or a writer makes counts them together: those at beginning it, at each of its
 * parts, at completing it, and at removing its parts if it failed.
 *
 * @param result  may be NULL.
 * @return the number of attempts, those without a connection among them; 0 when it did not come to one.
 */
uint32_t oss_result_attempts(const oss_result *result);

/**
 * Tells how many earlier requests of the call may have run the callback, besides the one that the result tells of. There are
 * none unless oss_put_options_set_callback_delivery() allows it.
 *
 * @param result  may be NULL.
 * @return the number of requests; 0 for NULL.
 */
uint32_t oss_result_callback_repeats(const oss_result *result);

/**
 * Counts the callbacks that oss_outbox_deliver() made up for, or found not to be owed because nothing was stored.
 *
 * @param result  may be NULL.
 * @return how many are no longer owed.
 */
uint64_t oss_result_delivered(const oss_result *result);

/**
 * Counts the callbacks that are still owed after oss_outbox_deliver(), for objects of the bucket: those that failed, and those
 * that were not due.
 *
 * @param result  may be NULL.
 * @return how many were seen that are still owed; there may be more if the call was ended early.
 */
uint64_t oss_result_owed(const oss_result *result);

/**
 * Gives the id of an upload in parts that has come to no end: its parts are still at OSS, where they cost money, because
 * they were to be kept or could not be removed; or they were removed, and one that was sent and not answered may arrive
 * within a minute. With OSS_STORED_UNKNOWN, OSS may have made the object of them, or may be about to: look for it with
 * oss_stat_object() when a minute has passed. oss_reopen_multipart() takes the id, and oss_abort_multipart() removes what is
 * there; "NoSuchUpload" says that nothing is.
 *
 * After OSS_STATUS_OK with a checkpoint folder it can be an earlier upload of the file, of which the message says more.
 *
 * @param result  may be NULL.
 * @return the id, valid until `result` is freed; empty if nothing was left behind.
 */
const char *oss_result_upload_id(const oss_result *result);

/**
 * Frees a result.
 *
 * @param result  may be NULL; not to be used afterwards, nor anything that its accessors returned.
 */
void oss_result_free(oss_result *result);

/**
 * Names a status.
 *
 * @param status  an oss_status, or any other number.
 * @return the name without its prefix, such as "CALLBACK_FAILED"; "UNKNOWN" for a number that is no status. The text
 *         is constant and need not be freed.
 */
const char *oss_status_name(int32_t status);

/**
 * Gives the text.
 *
 * @param string  may be NULL.
 * @return the text, NUL-terminated, valid until `string` is freed; an empty text for NULL.
 */
const char *oss_string_data(const oss_string *string);

/**
 * Gives the length of the text.
 *
 * @param string  may be NULL.
 * @return the number of bytes before the terminating NUL; 0 for NULL.
 */
size_t oss_string_len(const oss_string *string);

/**
 * Frees a text.
 *
 * @param string  may be NULL; not to be used afterwards.
 */
void oss_string_free(oss_string *string);

/**
 * Has OSS call the application server for an object that is there already: after an upload whose callback failed, for
 * example, or of which nobody knows what became. The server hears from OSS itself, with OSS's signature, of the object as
 * it is now.
 *
 * This is what OSS's SDKs for phones do. OSS's documentation does not speak of it, so an OSS may refuse it, and what
 * "operation" stands for in such a callback is not known.
 *
 * When the reply is lost, the request is not sent again, since OSS may have called; with OSS_CALLBACK_AT_LEAST_ONCE it is,
 * and oss_result_callback_repeats() tells how often the callback may have run before. What OSS certainly did not do is sent
 * again in any case. Nothing is stored and nothing looked up: that the object is there, which OSS_STORED_YES says, is in a
 * reply of OSS's. Where that was lost, nobody but the program that calls this can know it.
 *
 * @param bucket    not NULL.
 * @param key       as for oss_put_object().
 * @param callback  what OSS shall tell the application server; not NULL.
 * @param options   NULL for the defaults. The deadline, the cancel, the callback delivery and the content type count, which is
 *                  guessed from the key and says nothing of what is sent; what else an object is stored with is checked,
 *                  and not sent.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK: oss_result_body() is the application server's answer.
 *         OSS_STATUS_CALLBACK_FAILED: OSS says that the application server did not answer as it should.
 *         OSS_STATUS_CALLBACK_UNKNOWN: whether the callback was made, or what the application server answered, is not known.
 *         So ends, too, what is cancelled or out of time while OSS may be at it. With these, stored is OSS_STORED_YES; but
 *         OSS_STORED_UNKNOWN if no reply of OSS's tells of the object, or only an error document of OSS's under a 200.
 *         OSS_STATUS_SERVICE with the code "NoSuchKey" and OSS_STORED_NO: there is no such object.
 *         Any other status: the callback was not made, and stored is OSS_STORED_UNKNOWN, unless an argument was wrong. An
 *         OSS that does not know how to call again ends with OSS_STATUS_SERVICE and says so in its own words. Blocks until
 *         the reply is there or a time-out ends it.
 *
 * @code
 * oss_result *result = NULL;
 * oss_status status = oss_put_object_with_callback(bucket, "dir/photo.jpg", data, size, callback, NULL, NULL);
 * if (status == OSS_STATUS_CALLBACK_FAILED) {
 *     status = oss_trigger_callback(bucket, "dir/photo.jpg", callback, NULL, &result);
 *     printf("%s: the application server says: %s\n", oss_status_name((int)status),
 *            (const char *)oss_result_body(result, NULL));
 * }
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_trigger_callback(const oss_bucket *bucket,
                                const char *key,
                                const oss_callback *callback,
                                const oss_put_options *options,
                                oss_result **result);

/**
 * Uploads data of any kind and length as an object, with or without a callback. This is what most programs should call
 * for anything that is not small.
 *
 * Small data is put with one request; the rest goes in parts, several at a time, on the thread that calls. Each part is
 * sent again if need be, its CRC-64 is compared with the one that OSS reports, and so is that of the whole. The callback
 * goes with the request that makes the object, and only with that one. What is sent again and what is not follows the
 * rules of oss_put_body(). If the upload fails, its parts are removed, unless they are wanted for resuming, or OSS may yet
 * make the object of them, so that stored is OSS_STORED_UNKNOWN. A part that was sent and not answered may arrive after the
 * others were removed: they are then removed twice, and oss_result_upload_id() names the upload, to be aborted once more.
 *
 * If the reply to the beginning of an upload in parts is lost, it is begun again, and the first may be left at OSS without
 * parts. Nobody was told its id, so no result names it. oss_list_uploads() with the key as its prefix lists it; a lifecycle
 * rule of the bucket that removes parts after some days spares the trouble.
 *
 * What is left of an earlier upload of a file that has changed since is removed. If that fails, the file is uploaded all the
 * same, and oss_result_upload_id() and the message name what is left.
 *
 * With a checkpoint folder, an earlier process may have been stopped after it asked OSS to make the object. If OSS made it of
 * the file as it is now, the call ends with OSS_STATUS_OK, or with OSS_STATUS_CALLBACK_UNKNOWN if there was a callback. If
 * OSS still has the upload, it is completed; but where a callback might run twice, not within a minute after it was asked
 * for. Until then the object is looked for, and if it is not found, the call ends with OSS_STORED_UNKNOWN, and its message
 * says from when on the same call goes on. If there is neither, the upload starts over; where a callback might run twice, it
 * ends with OSS_STORED_UNKNOWN first, and starts over at the next call when the minute has passed.
 *
 * @param bucket    not NULL.
 * @param key       as for oss_put_object().
 * @param body      what to upload; not NULL.
 * @param callback  what OSS shall tell the application server; NULL for no callback.
 * @param options   NULL for the defaults.
 * @param result    receives what there is to know about the call; may be NULL. oss_result_upload_id() says whether parts
 *                  were left at OSS.
 * @return as for oss_put_body(), and besides:
 *         OSS_STATUS_CANCELLED: a cancel was fired, or the progress function said so.
 *         OSS_STATUS_CHECKPOINT_BUSY: another call, of this process or another, is at the same upload, and was so for two
 *         seconds.
 *         OSS_STATUS_LOCAL_IO: the data could not be read, or the checkpoint not be read, or not be written at the beginning or
 *         before a callback was asked for, or there is no place for it.
 *         OSS_STATUS_SOURCE_CHANGED: the file no longer has the bytes that were sent, and these are not stored.
 *         OSS_STATUS_INTEGRITY with OSS_STORED_NO: a part had another CRC-64 than its data, however often it was sent.
 *         OSS_STATUS_CALLBACK_UNKNOWN can also mean that an earlier process stored the object and was stopped before it
 *         learnt of it. Blocks until the object is stored, or a time-out, the deadline or a cancel ends it.
 *
 * @code
 * oss_body *body = oss_body_from_file("/data/film.mp4");
 * oss_upload_options *options = oss_upload_options_new();
 * oss_result *result = NULL;
 * if (oss_upload_options_set_checkpoint(options, "/var/lib/myapp/uploads") != OSS_STATUS_OK ||
 *     oss_upload_object(bucket, "films/film.mp4", body, callback, options, &result) != OSS_STATUS_OK) {
 *     fprintf(stderr, "%s%s\n", oss_upload_options_error(options), oss_result_message(result));
 * }
 * oss_result_free(result);
 * oss_upload_options_free(options);
 * oss_body_free(body);
 * @endcode
 */
oss_status oss_upload_object(const oss_bucket *bucket,
                             const char *key,
                             const oss_body *body,
                             const oss_callback *callback,
                             const oss_upload_options *options,
                             oss_result **result);

/**
 * Lists the uploads in parts that are neither completed nor aborted, whoever began them. Their parts cost money: with
 * oss_reopen_multipart() and oss_abort_multipart() a program can remove what others left.
 *
 * @param bucket   not NULL.
 * @param prefix   what the keys begin with; NULL or empty for all.
 * @param limit    how many to list at most, from 1 to 100 000. Keys, ids and times of more than 16 MiB in all are not listed
 *                 either way; with a longer prefix there are fewer.
 * @param uploads  receives the list, to be freed with oss_upload_list_free(), or NULL on failure; not NULL.
 * @param result   receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_SERVICE if OSS refuses; OSS_STATUS_BAD_RESPONSE for a list that makes no sense, as one that
 *         does not go on or has a key or an id of more than 1024 bytes. Blocks until all replies are there or a time-out ends
 *         it.
 *
 * @code
 * oss_upload_list *uploads = NULL;
 * if (oss_list_uploads(bucket, "films/", 1000, &uploads, NULL) == OSS_STATUS_OK) {
 *     for (size_t i = 0; i < oss_upload_list_count(uploads); i++) {
 *         const char *key = oss_upload_list_key(uploads, i), *id = oss_upload_list_upload_id(uploads, i);
 *         oss_multipart *multipart = NULL;
 *         if (oss_reopen_multipart(bucket, key, id, &multipart, NULL) != OSS_STATUS_OK ||
 *             oss_abort_multipart(multipart, NULL) != OSS_STATUS_OK) {
 *             printf("%s is still there\n", key);
 *         }
 *         oss_multipart_free(multipart);
 *     }
 * }
 * oss_upload_list_free(uploads);
 * @endcode
 */
oss_status oss_list_uploads(const oss_bucket *bucket,
                            const char *prefix,
                            uint32_t limit,
                            oss_upload_list **uploads,
                            oss_result **result);

/**
 * Counts the uploads.
 *
 * @param list  may be NULL.
 * @return how many there are; 0 for NULL.
 */
size_t oss_upload_list_count(const oss_upload_list *list);

/**
 * Says whether there are more uploads than were listed.
 *
 * @param list  may be NULL.
 * @return 1 if the limit, or that of 16 MiB, left some out, otherwise 0; 0 for NULL.
 */
int32_t oss_upload_list_is_truncated(const oss_upload_list *list);

/**
 * Gives the key that an upload will make.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the key, valid until the list is freed; empty if there is no such upload.
 */
const char *oss_upload_list_key(const oss_upload_list *list, size_t index);

/**
 * Gives an upload's id, for oss_reopen_multipart().
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the id, valid until the list is freed; empty if there is no such upload.
 */
const char *oss_upload_list_upload_id(const oss_upload_list *list, size_t index);

/**
 * Says when an upload was begun.
 *
 * @param list   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the time as OSS writes it, such as "2026-01-31T23:59:59.000Z", valid until the list is freed; empty if there is
 *         no such upload.
 */
const char *oss_upload_list_initiated(const oss_upload_list *list,
                                      size_t index);

/**
 * Frees a list.
 *
 * @param list  may be NULL; not to be used afterwards.
 */
void oss_upload_list_free(oss_upload_list *list);

/**
 * Makes options that hold the defaults.
 *
 * @return a handle, to be freed with oss_upload_options_free(); never NULL.
 */
oss_upload_options *oss_upload_options_new(void);

/**
 * Sets what the object is stored with. A deadline or a cancel among these options counts where none is set on the upload
 * options themselves; a traffic limit is shared out, so that it holds for all parts together.
 *
 * @param options      not NULL.
 * @param put_options  copied; NULL for the defaults.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_put_options(oss_upload_options *options,
                                              const oss_put_options *put_options);

/**
 * Sets how large the parts are. By default they have 8 MiB, or more where 10 000 parts of that would not suffice; parts
 * of data of unknown length then double after every 500. A size set here is exceeded if the length is known and 10 000
 * parts of it would not suffice. Where the data has to be held, oss_upload_options_set_memory_limit() bounds all of this.
 *
 * @param options  not NULL.
 * @param bytes    from 102 400 to 5 GiB; 0 for the default.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_part_size(oss_upload_options *options,
                                            uint64_t bytes);

/**
 * Sets up to which length data is put with a single request. The default is 16 MiB. Data of unknown length, and that of a
 * reader that cannot rewind, is put if it fits into one part; with a checkpoint folder everything goes in parts.
 *
 * @param options  not NULL.
 * @param bytes    at most 5 GiB.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_threshold(oss_upload_options *options,
                                            uint64_t bytes);

/**
 * Sets how many parts are sent at once, each over a connection of its own. The default is 4. They are all sent by the
 * thread that calls. Data from a reader or writer is held in memory meanwhile: so many parts of it, or as many as the memory
 * limit has room for.
 *
 * @param options  not NULL.
 * @param parts    from 1 to 100.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_parallel(oss_upload_options *options,
                                           uint32_t parts);

/**
 * Sets how much memory the upload takes for the data that it has in hand. It follows from this how many parts are sent at
 * once, and how large they are where no size is set.
 *
 * A part from a reader that gives the data once, or from a writer, is held until OSS has it. If not even one can be held, of
 * the size that is set, unless the data is known to be shorter, or that 10 000 of them need for a known length, the upload is
 * refused, and the message says which limit would do. Data of unknown length ends with OSS_STATUS_INVALID_ARGUMENT as soon as it is longer than 10 000 parts can
 * be: with the default limit and no part size of your own, that is beyond 1.2 TB. Files, and bytes in memory, are read as they
 * are sent, which takes 1 MiB for each part that is under way.
 *
 * @param options  not NULL.
 * @param bytes    at least 1 MiB (1 048 576); 0 for the default, which is 128 MiB.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_memory_limit(oss_upload_options *options,
                                               uint64_t bytes);

/**
 * Has an upload of a file leave a record while it is going on, so that a later call with the same arguments goes on where
 * it was stopped, be it by an error, a cancel or the end of the process.
 *
 * The record is bound to the endpoint, bucket and key, to the file's path and the range of it, and to the part size and the
 * object's headers: when one of them differs, the upload starts over, and so it does when the record is damaged. When the
 * file's device, inode, length or times have moved, the parts in the record are compared with it by their CRC-64: if all are
 * equal the upload goes on, otherwise it starts over. Before it goes on, OSS is asked which parts it has. When the object is
 * stored, the record is removed. It holds no secret, and only its owner can read it. One call at a time works on an upload;
 * another waits up to two seconds, since whoever is at it may be about to end.
 *
 * Without a callback the record is a convenience: once the upload has begun, a disk that is full or fails costs a line in the log,
 * and perhaps the parts that are sent until it can be written again. With a callback, Complete is not sent before that is on
 * record, which keeps the callback from running twice: where that cannot be written, the call ends with OSS_STATUS_LOCAL_IO, and
 * its parts are kept.
 *
 * What somebody else could have written is not believed: a record and its lock have to be regular files that belong to the
 * effective user, have one name and can be written to by nobody else. Others are removed, with a line in the log, and the
 * upload starts over. Where something cannot be removed, such as a directory with files in it, the record is kept under another
 * name, which the next call finds, and a line in the log says so. There are four names; where all are taken, the call ends with
 * OSS_STATUS_LOCAL_IO before anything is sent, and so it does on a file system that does not know whose a file is. The folder
 * should be one of your own.
 *
 * A record that is ours and cannot be read just now, such as for want of file descriptors, stays: the call ends with
 * OSS_STATUS_LOCAL_IO or OSS_STATUS_OUT_OF_MEMORY before anything is sent, and with OSS_STORED_UNKNOWN, since an earlier process
 * may have completed the upload.
 *
 * @param options  not NULL.
 * @param folder   a folder of your own, such as "/var/lib/myapp/uploads"; made if it is missing, for its owner only; NULL for
 *                 no record, which is the default; copied.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_checkpoint(oss_upload_options *options,
                                             const char *folder);

/**
 * Sets what becomes of the parts when an upload fails. By default they are removed, unless there is a checkpoint folder
 * and the file is still the same. Parts that are kept can be found in oss_result_upload_id(), and they cost money.
 *
 * @param options  not NULL.
 * @param keep     0 to remove them, which is the default; anything else to leave them at OSS.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_keep_parts(oss_upload_options *options, int32_t keep);

/**
 * Sets how fast the data is sent, all parts together.
 *
 * @param options           not NULL.
 * @param bytes_per_second  at least 1024; 0 for as fast as it can be, which is the default.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_rate_limit(oss_upload_options *options, uint64_t bytes_per_second);

/**
 * Sets how long the whole upload may take, whatever the bucket's options say. Some of it, a tenth but at most two seconds,
 * is kept for removing the parts if it is not enough. For a writer it counts for each of its calls.
 *
 * @param options  not NULL.
 * @param ms       at most seven days; 0 for no limit.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_deadline_ms(oss_upload_options *options,
                                              uint64_t ms);

/**
 * Sets who may end the upload, besides the bucket's own cancel.
 *
 * @param options  not NULL.
 * @param cancel   NULL for nobody, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_cancel(oss_upload_options *options, const oss_cancel *cancel);

/**
 * Sets who is told how the upload gets on.
 *
 * @param options    not NULL.
 * @param progress   NULL for nobody, which is the default.
 * @param user_data  handed to the function; whatever uses the options must find it usable.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_progress(oss_upload_options *options, oss_progress_fn progress, void *user_data);

/**
 * Sets who is told what is worth a line in a log about the upload as a whole, as warnings: that it could not be resumed and
 * starts over, say. oss_bucket_options_set_log() is told of each request besides.
 *
 * @param options    not NULL.
 * @param log        NULL for nobody, which is the default.
 * @param user_data  handed to the function; whatever uses the options must find it usable.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_log(oss_upload_options *options,
                                      oss_log_fn log,
                                      void *user_data);

/**
 * Sets where it is kept on disk that the callback is owed, whatever the put options say; see oss_outbox_open(). Room for the
 * record is taken before anything is sent.
 *
 * @param options  not NULL.
 * @param outbox   NULL for none, which is the default; the options keep their own reference.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT.
 */
oss_status oss_upload_options_set_outbox(oss_upload_options *options,
                                         const oss_outbox *outbox);

/**
 * Says why a setter refused a value last.
 *
 * @param options  may be NULL.
 * @return one line for a human, valid until the next refusal or until `options` is freed; empty if nothing was refused.
 */
const char *oss_upload_options_error(const oss_upload_options *options);

/**
 * Frees options.
 *
 * @param options  may be NULL; not to be used afterwards.
 */
void oss_upload_options_free(oss_upload_options *options);

/**
 * Gives the version of the library, such as "1.2.3". That of the header is OSS_UPLOAD_VERSION.
 *
 * @return the version, valid for as long as the library is loaded; never NULL.
 */
const char *oss_version(void);

/**
 * Gives the version of the library as a number. That of the header is OSS_UPLOAD_VERSION_NUMBER.
 *
 * @return major * 1000000 + minor * 1000 + patch.
 */
uint32_t oss_version_number(void);

/**
 * Checks that the library which was loaded can do what the header says that the program was compiled with. The linker sees
 * to most of that; this also finds a library that is older than the header, before a function turns out to be missing.
 *
 * @param header_abi      OSS_UPLOAD_ABI.
 * @param header_version  OSS_UPLOAD_VERSION_NUMBER.
 * @param result          receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; OSS_STATUS_INVALID_ARGUMENT if the two do not go together. Does not block.
 *
 * @code
 * oss_result *result = NULL;
 * if (oss_check_version(OSS_UPLOAD_ABI, OSS_UPLOAD_VERSION_NUMBER, &result) != OSS_STATUS_OK) {
 *     fprintf(stderr, "%s\n", oss_result_message(result));
 * }
 * oss_result_free(result);
 * @endcode
 */
oss_status oss_check_version(uint32_t header_abi,
                             uint32_t header_version,
                             oss_result **result);

/**
 * Begins an upload of data that is produced piece by piece. Nothing is sent yet.
 *
 * What is written is held in memory until there are as many parts as are sent at once; they are then sent while
 * oss_writer_write() or oss_writer_finish() is running. Data that fits into one part is put with a single request.
 *
 * @param bucket    not NULL; the writer keeps its own reference.
 * @param key       as for oss_put_object(); copied.
 * @param callback  what OSS shall tell the application server when the object is stored; NULL for no callback; copied.
 * @param options   NULL for the defaults; copied. The functions among them are called by the writer's operations. A
 *                  checkpoint folder is refused: what was written cannot be had again.
 * @param writer    receives the handle, to be freed with oss_writer_free(), or NULL on failure; not NULL.
 * @param result    receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK or OSS_STATUS_INVALID_ARGUMENT. Does not block.
 *
 * @code
 * oss_writer *writer = NULL;
 * oss_result *result = NULL;
 * if (oss_writer_new(bucket, "logs/today.csv", callback, NULL, &writer, NULL) == OSS_STATUS_OK &&
 *     oss_writer_write(writer, data, size, NULL) == OSS_STATUS_OK &&
 *     oss_writer_finish(writer, &result) == OSS_STATUS_OK) {
 *     printf("the application server says: %s\n", (const char *)oss_result_body(result, NULL));
 * }
 * oss_result_free(result);
 * oss_writer_free(writer);
 * @endcode
 */
oss_status oss_writer_new(const oss_bucket *bucket,
                          const char *key,
                          const oss_callback *callback,
                          const oss_upload_options *options,
                          oss_writer **writer,
                          oss_result **result);

/**
 * Takes data for the object.
 *
 * @param writer  not NULL.
 * @param data    the bytes, copied; may be anything if `len` is 0.
 * @param len     how many bytes.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK; otherwise the upload has failed as it can with oss_upload_object(), its parts are removed unless
 *         the options keep them, and later calls fail too. Blocks while parts are being sent.
 */
oss_status oss_writer_write(oss_writer *writer,
                            const void *data,
                            size_t len,
                            oss_result **result);

/**
 * Sends what is left and makes the object of all that was written.
 *
 * @param writer  not NULL; still to be freed.
 * @param result  receives what there is to know about the call, the application server's answer included; may be NULL.
 * @return as for oss_upload_object(). Blocks as that does.
 */
oss_status oss_writer_finish(oss_writer *writer, oss_result **result);

/**
 * Ends an upload without an object, and removes what OSS has of it. If that fails, or a part that was sent and not answered
 * may arrive afterwards, oss_result_upload_id() names the upload, and the writer can be aborted once more.
 *
 * @param writer  not NULL; still to be freed.
 * @param result  receives what there is to know about the call; may be NULL.
 * @return OSS_STATUS_OK, also if there was nothing to remove. Blocks until OSS has answered or a time-out ends it.
 */
oss_status oss_writer_abort(oss_writer *writer,
                            oss_result **result);

/**
 * Frees a writer. Finish or abort it before: freeing sends nothing, so parts that were sent already stay at OSS and cost
 * money.
 *
 * @param writer  may be NULL; not to be used afterwards.
 */
void oss_writer_free(oss_writer *writer);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OSS_UPLOAD_H */
