/*
 * Begins uploads, lists them in every way, and removes them. With MANY, so many uploads are there below "many/", three
 * for each key.
 */

#include "support.h"

#include <ctype.h>

enum { PAGE = 1000 };

static oss_bucket *bucket;

static oss_multipart *begin(const char *key) {
    oss_multipart *multipart = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_begin_multipart(bucket, key, NULL, &multipart, &result));
    if (multipart == NULL) {
        give_up(key, "cannot be begun");
    }
    return multipart;
}

static oss_upload_list *list_of(const char *prefix, uint32_t limit) {
    oss_upload_list *list = NULL;
    oss_result *result = NULL;
    CHECK_CALL(OSS_STATUS_OK, oss_list_uploads(bucket, prefix, limit, &list, &result));
    if (list == NULL) {
        give_up("oss_list_uploads", oss_result_message(result));
    }
    CHECK(oss_result_http_status(result) == 200);
    oss_result_free(result);
    return list;
}

static void check_list(const char *prefix, uint32_t limit, size_t count, bool is_truncated, int line) {
    oss_upload_list *list = list_of(prefix, limit);
    check(oss_upload_list_count(list) == count, __FILE__, line, "as many are listed as there should be");
    check(oss_upload_list_is_truncated(list) == is_truncated, __FILE__, line, "whether there are more is told");
    oss_upload_list_free(list);
}

#define CHECK_LIST(prefix, limit, count, is_truncated) \
    check_list((prefix), (limit), (count), (is_truncated), __LINE__)

/* "2026-01-31T23:59:59.000Z". */
static bool is_time(const char *text) {
    static const char pattern[] = "0000-00-00T00:00:00.000Z";
    if (strlen(text) != strlen(pattern)) {
        return false;
    }
    for (size_t i = 0; pattern[i] != '\0'; i++) {
        if (pattern[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != pattern[i]) {
            return false;
        }
    }
    return true;
}

/* Takes an upload up again by what the list says of it, and removes it. */
static void remove_listed(const oss_upload_list *list, size_t index) {
    oss_multipart *multipart = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_reopen_multipart(bucket, oss_upload_list_key(list, index),
                                                   oss_upload_list_upload_id(list, index), &multipart, &result));
    CHECK_TEXT(oss_multipart_upload_id(multipart), oss_upload_list_upload_id(list, index));
    CHECK_ENDS(OSS_STATUS_OK, oss_abort_multipart(multipart, &result));
    oss_multipart_free(multipart);
}

/* Keys in which encoders and decoders like to go wrong, in the order in which they are listed. */
static const char *const ODD[] = {
    "odd/\x01\x02\x1f",  "odd/\t tab",      "odd/\nline\r\nend", "odd/ space ",     "odd/\"quotes\"",
    "odd/%",             "odd/%2B",         "odd/%zz",           "odd/&amp;<Key>",  "odd/+plus+",
    "odd/]]>",           "odd/a/b//c",      "odd/\x7f",          "odd/\xc3\xa9",    "odd/\xe5\x90\x8d/\xe5\xad\x97",
    "odd/\xf0\x9f\xa6\x80",
};
enum { ODD_KEYS = sizeof ODD / sizeof ODD[0] };

static void odd_keys(void) {
    oss_multipart *begun[ODD_KEYS];
    oss_upload_list *list;
    char prefix[1100];
    format(prefix, sizeof prefix, "%s", key_of("odd/"));
    /* Not in the order of the list. */
    for (size_t i = ODD_KEYS; i-- > 0;) {
        begun[i] = begin(key_of(ODD[i]));
    }
    list = list_of(prefix, 1000);
    CHECK(oss_upload_list_count(list) == ODD_KEYS && !oss_upload_list_is_truncated(list));
    for (size_t i = 0; i < ODD_KEYS; i++) {
        CHECK_TEXT(oss_upload_list_key(list, i), key_of(ODD[i]));
        CHECK_TEXT(oss_upload_list_upload_id(list, i), oss_multipart_upload_id(begun[i]));
        CHECK(is_time(oss_upload_list_initiated(list, i)));
        /* As a prefix it finds itself. */
        CHECK_LIST(key_of(ODD[i]), 10, strcmp(ODD[i], "odd/%") == 0 ? 3 : 1, false);
        oss_multipart_free(begun[i]);
    }
    CHECK_TEXT(oss_upload_list_key(list, ODD_KEYS), "");
    CHECK_TEXT(oss_upload_list_upload_id(list, ODD_KEYS), "");
    CHECK_TEXT(oss_upload_list_initiated(list, SIZE_MAX), "");
    for (size_t i = 0; i < ODD_KEYS; i++) {
        remove_listed(list, i);
    }
    oss_upload_list_free(list);
    CHECK_LIST(prefix, 1000, 0, false);
}

/* Several uploads of one key are several, and a limit leaves some out. */
static void prefixes_and_limits(void) {
    oss_multipart *begun[5];
    oss_upload_list *list;
    char prefix[1100];
    format(prefix, sizeof prefix, "%s", key_of("limited/"));
    for (int i = 0; i < 5; i++) {
        begun[i] = begin(key_of(i < 3 ? "limited/same" : i == 3 ? "limited/other" : "limited/some"));
    }
    CHECK_LIST(prefix, 100000, 5, false);
    CHECK_LIST(prefix, 5, 5, false);
    CHECK_LIST(prefix, 4, 4, true);
    CHECK_LIST(prefix, 2, 2, true);
    CHECK_LIST(prefix, 1, 1, true);
    CHECK_LIST(key_of("limited/s"), 100, 4, false);
    CHECK_LIST(key_of("limited/same"), 2, 2, true);
    CHECK_LIST(key_of("limited/same"), 3, 3, false);
    CHECK_LIST(key_of("limited/none"), 100, 0, false);
    list = list_of(prefix, 100);
    CHECK_TEXT(oss_upload_list_key(list, 0), key_of("limited/other"));
    CHECK_TEXT(oss_upload_list_key(list, 4), key_of("limited/some"));
    for (size_t i = 1; i < 4; i++) {
        CHECK_TEXT(oss_upload_list_key(list, i), key_of("limited/same"));
        CHECK(strcmp(oss_upload_list_upload_id(list, i), oss_upload_list_upload_id(list, i % 3 + 1)) != 0);
    }
    for (size_t i = 0; i < 5; i++) {
        remove_listed(list, i);
        oss_multipart_free(begun[i]);
    }
    oss_upload_list_free(list);
    CHECK_LIST(prefix, 100, 0, false);
}

/* More than one reply: all of them are there once, in order. */
static void many(size_t count) {
    oss_upload_list *list = list_of("many/", 100000);
    const char *last_key = "", *last_id = "";
    CHECK(count > PAGE && oss_upload_list_count(list) == count);
    CHECK(!oss_upload_list_is_truncated(list));
    for (size_t i = 0; i < oss_upload_list_count(list); i++) {
        const char *key = oss_upload_list_key(list, i), *id = oss_upload_list_upload_id(list, i);
        char expected[32];
        format(expected, sizeof expected, "many/%04zu", i / 3);
        CHECK_TEXT(key, expected);
        CHECK(strcmp(key, last_key) != 0 || strcmp(id, last_id) > 0);
        last_key = key;
        last_id = id;
    }
    oss_upload_list_free(list);
    CHECK_LIST("many/", PAGE - 1, PAGE - 1, true);
    CHECK_LIST("many/", PAGE, PAGE, true);
    CHECK_LIST("many/", PAGE + 1, PAGE + 1, true);
    CHECK_LIST("many/", (uint32_t)count - 1, count - 1, true);
    CHECK_LIST("many/", (uint32_t)count, count, false);
    CHECK_LIST("many/", (uint32_t)count + 1, count, false);
    CHECK_LIST(NULL, 100000, count, false);
    CHECK_LIST("", 100000, count, false);
    CHECK_LIST(NULL, 7, 7, true);
}

static void bucket_that_is_missing(void) {
    oss_bucket_options *bucket_settings = bucket_options();
    oss_credentials *credentials = NULL;
    oss_bucket *missing = NULL;
    oss_upload_list *list = (oss_upload_list *)&failures;
    oss_result *result = NULL;
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new_from_environment(&credentials, &result));
    CHECK_ENDS(OSS_STATUS_OK, oss_bucket_new(needed_variable("OSS_ENDPOINT"), "no-bucket-of-this-name", credentials,
                                             bucket_settings, &missing, &result));
    CHECK_CALL(OSS_STATUS_SERVICE, oss_list_uploads(missing, NULL, 10, &list, &result));
    CHECK_TEXT(oss_result_error_code(result), "NoSuchBucket");
    CHECK(list == NULL);
    oss_result_free(result);
    oss_bucket_free(missing);
    oss_credentials_free(credentials);
    oss_bucket_options_free(bucket_settings);
}

int main(void) {
    bucket = open_bucket();
    odd_keys();
    prefixes_and_limits();
    if (variable("MANY") != NULL) {
        many((size_t)atoi(variable("MANY")));
        bucket_that_is_missing();
    }
    oss_bucket_free(bucket);
    return finish();
}
