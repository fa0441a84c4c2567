/*
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */

/**
 * @file
 * oss_emulator: an OSS server on loopback, and an application server that receives its callbacks, for unit tests.
 *
 * This file is generated from the library's source; do not edit it.
 *
 * Each emulator has its own ports, buckets, keys and threads, so any number of them can be there at once. It is ready when
 * oss_emulator_start() returns, and all of it is gone when oss_emulator_stop() does. Its threads block all signals, so those of
 * the program reach the program's own.
 *
 * Handles are opaque. What is not const belongs to the caller, who frees it, once; what is const belongs to the handle that it
 * was got from, and is there as long as that is. Everything takes NULL in place of a handle, and then has nothing to say or to
 * do. An emulator and what is const may be used by many threads at once, other handles by one. A process that fork() made has
 * none of its parent's emulators, and may only stop them, which does nothing.
 *
 * Text is NUL-terminated UTF-8 and is copied; paths are NUL-terminated bytes. Data is a pointer and a length, borrowed for the
 * call. Flags are int32_t, 0 for no and anything else for yes.
 *
 * What can fail returns an oss_emulator_status, and its first parameter then says why: oss_emulator_error(),
 * oss_emulator_options_error() or oss_emulator_answer_error().
 */


#ifndef OSS_EMULATOR_H
#define OSS_EMULATOR_H

#include <stddef.h>
#include <stdint.h>

/**
 * The version that this header belongs to.
 */
#define OSS_EMULATOR_VERSION "0.1.0"

/**
 * Counts breaks of the binary interface, and is the number in the shared library's name.
 */
#define OSS_EMULATOR_ABI 0

/**
 * How a call ended. The numbers never change; later versions may add some.
 */
typedef enum {
    /**
     * All went well.
     */
    OSS_EMULATOR_STATUS_OK = 0,
    /**
     * An argument is NULL or breaks a rule, which the message names.
     */
    OSS_EMULATOR_STATUS_INVALID_ARGUMENT = 1,
    /**
     * The system did not give what is needed: a port, a thread, a file.
     */
    OSS_EMULATOR_STATUS_SYSTEM = 2,
    /**
     * A defect of the emulator.
     */
    OSS_EMULATOR_STATUS_INTERNAL = 900,
} oss_emulator_status;

/**
 * A running OSS server, and an application server that receives its callbacks. It begins with oss_emulator_start() and ends
 * with oss_emulator_stop(). Many threads may use it at once.
 */
typedef struct oss_emulator oss_emulator;

/**
 * What the application server answers to a callback.
 */
typedef struct oss_emulator_answer oss_emulator_answer;

/**
 * A callback that the application server received. It belongs to its emulator.
 */
typedef struct oss_emulator_callback oss_emulator_callback;

/**
 * The keys of a bucket, as they were when they were asked for.
 */
typedef struct oss_emulator_keys oss_emulator_keys;

/**
 * An object, as it was when it was asked for. It begins with oss_emulator_get_object() and ends with
 * oss_emulator_object_free().
 */
typedef struct oss_emulator_object oss_emulator_object;

/**
 * What an emulator is started with. Without any options it has the bucket "test-bucket", one access key, and free ports of
 * 127.0.0.1.
 */
typedef struct oss_emulator_options oss_emulator_options;

/**
 * A request that the OSS server received, as it was when it was asked for. It belongs to its emulator.
 */
typedef struct oss_emulator_request oss_emulator_request;

#ifdef __cplusplus
extern "C" {
#endif // __cplusplus

/**
 * Makes an answer: 200 with the JSON {"Status":"OK"}, which is also what is answered as long as none is set.
 *
 * @return a handle, to be freed with oss_emulator_answer_free(); never NULL.
 *
 * @code
 * oss_emulator *emulator = NULL;
 * oss_emulator_answer *answer = oss_emulator_answer_new();
 * if (oss_emulator_start(NULL, &emulator) != OSS_EMULATOR_STATUS_OK ||
 *     oss_emulator_answer_set_status(answer, 502) != OSS_EMULATOR_STATUS_OK ||
 *     oss_emulator_answer_once(emulator, answer) != OSS_EMULATOR_STATUS_OK) {
 *     printf("%s%s\n", oss_emulator_answer_error(answer), oss_emulator_error(emulator));
 * }
 * oss_emulator_answer_free(answer);
 * oss_emulator_stop(emulator);
 * @endcode
 */
oss_emulator_answer *oss_emulator_answer_new(void);

/**
 * Sets the HTTP status.
 *
 * @param answer  not NULL.
 * @param status  from 200 to 599.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_answer_set_status(oss_emulator_answer *answer, int32_t status);

/**
 * Sets the body.
 *
 * @param answer  not NULL.
 * @param body    may be NULL if `len` is 0; copied.
 * @param len     its length.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_answer_set_body(oss_emulator_answer *answer, const void *body, size_t len);

/**
 * Adds a header. A Content-Type takes the place of the one that is there, which is application/json.
 *
 * @param answer  not NULL.
 * @param name    not NULL, not empty; copied.
 * @param value   not NULL; copied.
 * @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT for what cannot be in a header, and for those that
 *         say how long the answer is.
 */
oss_emulator_status oss_emulator_answer_add_header(oss_emulator_answer *answer,
                                                   const char *name,
                                                   const char *value);

/**
 * Sets how long the application server waits before it answers.
 *
 * @param answer  not NULL.
 * @param ms      at most 600 000 milliseconds.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_answer_set_delay_ms(oss_emulator_answer *answer, uint64_t ms);

/**
 * Sets whether the application server closes the connection instead of answering.
 *
 * @param answer   not NULL.
 * @param hang_up  a flag.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_answer_set_hang_up(oss_emulator_answer *answer, int32_t hang_up);

/**
 * Says why the last setter failed that did.
 *
 * @param answer  may be NULL.
 * @return one line, valid until another call on `answer`; empty if none has failed.
 */
const char *oss_emulator_answer_error(const oss_emulator_answer *answer);

/**
 * Frees an answer. Emulators that have it keep a copy.
 *
 * @param answer  may be NULL; not to be used afterwards.
 */
void oss_emulator_answer_free(oss_emulator_answer *answer);

/**
 * Sets what is answered to callbacks from now on.
 *
 * @param emulator  not NULL.
 * @param answer    not NULL; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_set_answer(oss_emulator *emulator, const oss_emulator_answer *answer);

/**
 * Adds what is answered to one callback, behind what waits already. Then that of oss_emulator_set_answer() follows again.
 *
 * @param emulator  not NULL.
 * @param answer    not NULL; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_answer_once(oss_emulator *emulator,
                                             const oss_emulator_answer *answer);

/**
 * Gives the HTTP method.
 *
 * @param callback  may be NULL.
 * @return such as "POST"; empty for NULL.
 */
const char *oss_emulator_callback_method(const oss_emulator_callback *callback);

/**
 * Gives the path and the query.
 *
 * @param callback  may be NULL.
 * @return such as "/uploaded?user=42", as it was sent; empty for NULL.
 */
const char *oss_emulator_callback_target(const oss_emulator_callback *callback);

/**
 * Gives a header.
 *
 * @param callback  may be NULL.
 * @param name      in any case; may be NULL.
 * @return the first value; empty if there is none.
 */
const char *oss_emulator_callback_header(const oss_emulator_callback *callback, const char *name);

/**
 * Gives the body.
 *
 * @param callback  may be NULL.
 * @param len       receives its length; may be NULL.
 * @return the bytes, with a NUL behind them; nothing but that NUL for NULL.
 */
const void *oss_emulator_callback_body(const oss_emulator_callback *callback, size_t *len);

/**
 * Lists the keys of a bucket, in the order of their bytes.
 *
 * @param emulator  may be NULL.
 * @param bucket    NULL for that of oss_emulator_bucket(); one that is not there has no keys.
 * @return the keys, to be freed with oss_emulator_keys_free(); NULL for an emulator that is NULL, and a bucket that is not
 *         UTF-8.
 */
oss_emulator_keys *oss_emulator_list_keys(const oss_emulator *emulator,
                                          const char *bucket);

/**
 * Counts keys.
 *
 * @param keys  may be NULL.
 * @return how many there are; 0 for NULL.
 */
size_t oss_emulator_keys_count(const oss_emulator_keys *keys);

/**
 * Gives a key.
 *
 * @param keys   may be NULL.
 * @param index  from 0 to the count less one.
 * @return the key, valid until `keys` is freed; empty if there is no such key.
 */
const char *oss_emulator_keys_at(const oss_emulator_keys *keys, size_t index);

/**
 * Frees the list of keys.
 *
 * @param keys  may be NULL; not to be used afterwards.
 */
void oss_emulator_keys_free(oss_emulator_keys *keys);

/**
 * Stores an object as if it had been uploaded. The bucket is made if need be.
 *
 * @param emulator  not NULL.
 * @param bucket    NULL for that of oss_emulator_bucket().
 * @param key       one that OSS can have: from 1 to 1023 bytes of UTF-8, not beginning with a slash or a backslash; not NULL.
 * @param data      may be NULL if `len` is 0; copied.
 * @param len       its length.
 * @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT also for a bucket or a key that OSS would not have;
 *         OSS_EMULATOR_STATUS_SYSTEM if the data folder cannot be written.
 */
oss_emulator_status oss_emulator_put_object(oss_emulator *emulator,
                                            const char *bucket,
                                            const char *key,
                                            const void *data,
                                            size_t len);

/**
 * Gives an object.
 *
 * @param emulator  not NULL.
 * @param bucket    NULL for that of oss_emulator_bucket().
 * @param key       not NULL.
 * @param object    receives the object, to be freed with oss_emulator_object_free(), or NULL if it is not there; not NULL.
 * @return OSS_EMULATOR_STATUS_OK, also if it is not there; OSS_EMULATOR_STATUS_INVALID_ARGUMENT; OSS_EMULATOR_STATUS_SYSTEM if
 *         the data folder cannot be read.
 */
oss_emulator_status oss_emulator_get_object(oss_emulator *emulator,
                                            const char *bucket,
                                            const char *key,
                                            oss_emulator_object **object);

/**
 * Removes an object; one that is not there is no error.
 *
 * @param emulator  not NULL.
 * @param bucket    NULL for that of oss_emulator_bucket().
 * @param key       not NULL.
 * @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT; OSS_EMULATOR_STATUS_SYSTEM if the data folder cannot be
 *         written.
 */
oss_emulator_status oss_emulator_delete_object(oss_emulator *emulator,
                                               const char *bucket,
                                               const char *key);

/**
 * Gives the data of an object.
 *
 * @param object  may be NULL.
 * @param len     receives its length; may be NULL.
 * @return the bytes, with a NUL behind them, valid until `object` is freed; nothing but that NUL for NULL.
 */
const void *oss_emulator_object_data(const oss_emulator_object *object, size_t *len);

/**
 * Gives a header that an object was stored with: its content type, metadata and the like.
 *
 * @param object  may be NULL.
 * @param name    such as "x-oss-meta-color", in any case; may be NULL.
 * @return the value, valid until `object` is freed; empty if there is none.
 */
const char *oss_emulator_object_header(const oss_emulator_object *object, const char *name);

/**
 * Frees an object, which stays where it is stored.
 *
 * @param object  may be NULL; not to be used afterwards.
 */
void oss_emulator_object_free(oss_emulator_object *object);

/**
 * Makes options that hold the defaults.
 *
 * @return a handle, to be freed with oss_emulator_options_free(); never NULL.
 *
 * @code
 * oss_emulator_options *options = oss_emulator_options_new();
 * oss_emulator *emulator = NULL;
 * if (oss_emulator_options_add_bucket(options, "photos") != OSS_EMULATOR_STATUS_OK ||
 *     oss_emulator_start(options, &emulator) != OSS_EMULATOR_STATUS_OK) {
 *     printf("%s\n", oss_emulator_options_error(options));
 * }
 * oss_emulator_options_free(options);
 * oss_emulator_stop(emulator);
 * @endcode
 */
oss_emulator_options *oss_emulator_options_new(void);

/**
 * Sets the port of the OSS server. By default it is a free one.
 *
 * @param options  not NULL.
 * @param port     at most 65535; 0 for a free one.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_set_port(oss_emulator_options *options, uint32_t port);

/**
 * Adds a bucket that is there from the start. The first one takes the place of "test-bucket".
 *
 * @param options  not NULL.
 * @param bucket   its name, of which oss_emulator_start() says whether it can be one; not NULL; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_add_bucket(oss_emulator_options *options, const char *bucket);

/**
 * Sets the access key. oss_emulator_add_access_key() adds others later.
 *
 * @param options            not NULL.
 * @param access_key_id      not NULL, not empty; copied.
 * @param access_key_secret  not NULL, not empty; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_set_access_key(oss_emulator_options *options,
                                                        const char *access_key_id,
                                                        const char *access_key_secret);

/**
 * Sets the region that signatures V4 must name. The default is "cn-hangzhou".
 *
 * @param options  not NULL.
 * @param region   not NULL, not empty; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_set_region(oss_emulator_options *options, const char *region);

/**
 * Adds a name of the OSS server: requests to a host with a bucket's name before it are for that bucket, as they are with
 * "localhost" and the endpoints of OSS. They get to the emulator if it is their proxy, or if the name is resolved to its address.
 *
 * @param options  not NULL.
 * @param domain   such as "oss.example.test"; not NULL, not empty; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_add_domain(oss_emulator_options *options,
                                                    const char *domain);

/**
 * Adds a domain that stands for a bucket: requests to that host are for that bucket. They get to the emulator as with
 * oss_emulator_options_add_domain().
 *
 * @param options  not NULL.
 * @param domain   a host's name, without a port; not NULL, not empty; copied.
 * @param bucket   not NULL, not empty; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_add_cname(oss_emulator_options *options,
                                                   const char *domain,
                                                   const char *bucket);

/**
 * Has the OSS server speak https, with this certificate.
 *
 * @param options      not NULL.
 * @param certificate  the chain, in PEM; not NULL; copied.
 * @param key          its private key, in PEM; not NULL; copied. oss_emulator_start() says whether they can be used.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_set_certificate(oss_emulator_options *options,
                                                         const char *certificate,
                                                         const char *key);

/**
 * Keeps objects in a folder, where the next emulator finds them. Only one has it at a time, and another one does not start. By
 * default they are in memory.
 *
 * @param options  not NULL.
 * @param folder   is made if it is not there; a path in whatever encoding; not NULL, not empty; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_set_data_folder(oss_emulator_options *options,
                                                         const char *folder);

/**
 * Sets how long an application server may take to answer a callback. The default is that of OSS, 5000 ms.
 *
 * @param options  not NULL.
 * @param ms       from 1 to 600 000 milliseconds.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_options_set_callback_timeout_ms(oss_emulator_options *options, uint64_t ms);

/**
 * Says why the last setter failed that did, or the start.
 *
 * @param options  may be NULL.
 * @return one line, valid until another call on `options`; empty if none has failed.
 */
const char *oss_emulator_options_error(const oss_emulator_options *options);

/**
 * Frees options. Emulators that were started with them go on.
 *
 * @param options  may be NULL; not to be used afterwards.
 */
void oss_emulator_options_free(oss_emulator_options *options);

/**
 * Waits for the next callback: each is given once, in the order in which they came, whichever thread asks.
 *
 * @param emulator    may be NULL.
 * @param timeout_ms  how long to wait for one at most, in milliseconds. An upload that has returned has had its callback.
 * @return the callback, valid until `emulator` is stopped; NULL if none came.
 */
const oss_emulator_callback *oss_emulator_next_callback(oss_emulator *emulator,
                                                        uint64_t timeout_ms);

/**
 * Gives the next request that the OSS server is through with: each is given once, in the order in which they were answered, or
 * were not. Of more than 20 000 that nobody has asked for, the first are forgotten.
 *
 * @param emulator  may be NULL.
 * @return the request, valid until `emulator` is stopped; NULL if there are no more so far.
 *
 * @code
 * oss_emulator *emulator = NULL;
 * const oss_emulator_request *request = NULL;
 * if (oss_emulator_start(NULL, &emulator) == OSS_EMULATOR_STATUS_OK) {
 *     while ((request = oss_emulator_next_request(emulator)) != NULL) {
 *         printf("%s: %d\n", oss_emulator_request_operation(request), (int)oss_emulator_request_status(request));
 *     }
 * }
 * oss_emulator_stop(emulator);
 * @endcode
 */
const oss_emulator_request *oss_emulator_next_request(oss_emulator *emulator);

/**
 * Gives the HTTP method.
 *
 * @param request  may be NULL.
 * @return such as "PUT"; empty for NULL.
 */
const char *oss_emulator_request_method(const oss_emulator_request *request);

/**
 * Gives the path and the query.
 *
 * @param request  may be NULL.
 * @return such as "/test-bucket/dir/photo.jpg", as it was sent; empty for NULL.
 */
const char *oss_emulator_request_target(const oss_emulator_request *request);

/**
 * Gives the operation, by its name in OSS's documentation.
 *
 * @param request  may be NULL.
 * @return such as "PutObject"; "Unknown" for what OSS does not have; empty for NULL.
 */
const char *oss_emulator_request_operation(const oss_emulator_request *request);

/**
 * Gives the bucket, however it was addressed.
 *
 * @param request  may be NULL.
 * @return its name; empty for a request without one, and for NULL.
 */
const char *oss_emulator_request_bucket(const oss_emulator_request *request);

/**
 * Gives the key.
 *
 * @param request  may be NULL.
 * @return the key, decoded; empty for a request without one, and for NULL.
 */
const char *oss_emulator_request_key(const oss_emulator_request *request);

/**
 * Gives a header.
 *
 * @param request  may be NULL.
 * @param name     in any case; may be NULL.
 * @return the first value; empty if there is none.
 */
const char *oss_emulator_request_header(const oss_emulator_request *request, const char *name);

/**
 * Says how much of the body had arrived.
 *
 * @param request  may be NULL.
 * @return the number of bytes; 0 for NULL.
 */
uint64_t oss_emulator_request_body_size(const oss_emulator_request *request);

/**
 * Gives the HTTP status of the reply.
 *
 * @param request  may be NULL.
 * @return the status; 0 if no reply was sent, as when a fault came before it, and for NULL.
 */
int32_t oss_emulator_request_status(const oss_emulator_request *request);

/**
 * Starts an OSS server and an application server. Both are ready when this returns, and take some threads and descriptors.
 *
 * @param options   NULL for the defaults. Emulators do not share them: they are copied.
 * @param emulator  receives the handle, to be given back with oss_emulator_stop(), or NULL on failure; not NULL.
 * @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT for a bucket that OSS would not have;
 *         OSS_EMULATOR_STATUS_SYSTEM for a port that is taken, a certificate that cannot be used, a folder that cannot be read,
 *         and for want of threads or descriptors. oss_emulator_options_error() says why.
 *
 * @code
 * oss_emulator *emulator = NULL;
 * if (oss_emulator_start(NULL, &emulator) == OSS_EMULATOR_STATUS_OK) {
 *     printf("upload to %s at %s\n", oss_emulator_bucket(emulator), oss_emulator_endpoint(emulator));
 * }
 * oss_emulator_stop(emulator);
 * @endcode
 */
oss_emulator_status oss_emulator_start(oss_emulator_options *options,
                                       oss_emulator **emulator);

/**
 * Ends the servers and their connections, and frees the handle with all that was got from it and is const. It waits for nothing
 * but the system, which may be looking up the address of a callback's host. In a process that was forked from the one that
 * started it, which has none of the threads, nothing ends and nothing is freed.
 *
 * @param emulator  may be NULL; not to be used afterwards, nor by other threads meanwhile.
 */
void oss_emulator_stop(oss_emulator *emulator);

/**
 * Says why the last call on the emulator failed that did.
 *
 * @param emulator  may be NULL.
 * @return one line, valid until `emulator` is stopped; empty if none has failed.
 */
const char *oss_emulator_error(const oss_emulator *emulator);

/**
 * Gives the endpoint of the OSS server.
 *
 * @param emulator  may be NULL.
 * @return such as "http://127.0.0.1:40123"; empty for NULL.
 */
const char *oss_emulator_endpoint(const oss_emulator *emulator);

/**
 * Gives the first bucket's name.
 *
 * @param emulator  may be NULL.
 * @return "test-bucket" unless the options say otherwise; empty for NULL.
 */
const char *oss_emulator_bucket(const oss_emulator *emulator);

/**
 * Gives the region that signatures V4 must name.
 *
 * @param emulator  may be NULL.
 * @return "cn-hangzhou" unless the options say otherwise; empty for NULL.
 */
const char *oss_emulator_region(const oss_emulator *emulator);

/**
 * Gives the id of the access key.
 *
 * @param emulator  may be NULL.
 * @return the id; empty for NULL.
 */
const char *oss_emulator_access_key_id(const oss_emulator *emulator);

/**
 * Gives the secret of the access key.
 *
 * @param emulator  may be NULL.
 * @return the secret; empty for NULL.
 */
const char *oss_emulator_access_key_secret(const oss_emulator *emulator);

/**
 * Gives the URL of the application server. Callbacks may also go to any path below it, or to another server.
 *
 * @param emulator  may be NULL.
 * @return such as "http://127.0.0.1:40124"; empty for NULL.
 */
const char *oss_emulator_callback_url(const oss_emulator *emulator);

/**
 * Accepts another access key, in the place of one of the same id.
 *
 * @param emulator           not NULL.
 * @param access_key_id      not NULL, not empty; copied.
 * @param access_key_secret  not NULL, not empty; copied.
 * @param security_token     that of temporary keys, which requests must then carry; not empty; NULL for a permanent
 *                           key; copied.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_add_access_key(oss_emulator *emulator,
                                                const char *access_key_id,
                                                const char *access_key_secret,
                                                const char *security_token);

/**
 * Knows an access key no longer, as when it was deleted or has ended.
 *
 * @param emulator       not NULL.
 * @param access_key_id  one that is unknown is no error; not NULL.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 */
oss_emulator_status oss_emulator_remove_access_key(oss_emulator *emulator, const char *access_key_id);

/**
 * Sets the OSS server's clock.
 *
 * @param emulator  not NULL.
 * @param seconds   how far it is ahead of the machine's; negative if it is behind.
 * @return OSS_EMULATOR_STATUS_OK; OSS_EMULATOR_STATUS_INVALID_ARGUMENT also for a time beyond the years from 0 to 9999.
 */
oss_emulator_status oss_emulator_set_clock_offset(oss_emulator *emulator, int64_t seconds);

/**
 * Adds a fault behind those that wait: something that is to go wrong with the requests that it matches.
 *
 * @param emulator  not NULL.
 * @param fault     as JSON, such as {"action":"reset_before_reply","operation":"PutObject"}: what `oss-emulator --help` lists;
 *                  not NULL.
 * @return OSS_EMULATOR_STATUS_OK or OSS_EMULATOR_STATUS_INVALID_ARGUMENT.
 *
 * @code
 * oss_emulator *emulator = NULL;
 * if (oss_emulator_start(NULL, &emulator) != OSS_EMULATOR_STATUS_OK ||
 *     oss_emulator_inject_fault(emulator, "{\"action\":\"status\",\"status\":503,\"times\":2}") != OSS_EMULATOR_STATUS_OK) {
 *     printf("%s\n", oss_emulator_error(emulator));
 * }
 * oss_emulator_stop(emulator);
 * @endcode
 */
oss_emulator_status oss_emulator_inject_fault(oss_emulator *emulator,
                                              const char *fault);

/**
 * Forgets all faults that wait. One that has begun goes on.
 *
 * @param emulator  may be NULL.
 */
void oss_emulator_clear_faults(const oss_emulator *emulator);

#ifdef __cplusplus
}  // extern "C"
#endif  // __cplusplus

#endif  /* OSS_EMULATOR_H */
