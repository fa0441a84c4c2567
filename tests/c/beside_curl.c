/* Uploads in a process that has libcurl and OpenSSL in it too; neither disturbs the other. */
#define _DEFAULT_SOURCE
#include "every_kind.h"

#include <curl/curl.h>
#include <openssl/evp.h>

static char data[KIND_SIZE];

static size_t ignore(char *bytes, size_t size, size_t count, void *user_data) {
    (void)bytes;
    (void)user_data;
    return size * count;
}

/* What the server answers does not matter, only that it does. */
static void fetch(CURL *curl) {
    long status = 0;
    CHECK(curl_easy_perform(curl) == CURLE_OK);
    CHECK(curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status) == CURLE_OK);
    CHECK(status == 403);
}

static void digest(void) {
    unsigned char value[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    CHECK(EVP_Digest("abc", 3, value, &size, EVP_sha256(), NULL) == 1);
    CHECK(size == 32 && value[0] == 0xba && value[31] == 0xad);
}

int main(void) {
    oss_bucket *bucket = open_bucket();
    CURL *curl;
    CHECK(curl_global_init(CURL_GLOBAL_ALL) == CURLE_OK);
    CHECK((curl = curl_easy_init()) != NULL);
    CHECK(strstr(curl_version(), "OpenSSL/3") != NULL);
    CHECK(curl_easy_setopt(curl, CURLOPT_URL, needed_variable("OSS_ENDPOINT")) == CURLE_OK);
    CHECK(curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore) == CURLE_OK);
    if (variable("CA_FILE") != NULL) {
        CHECK(curl_easy_setopt(curl, CURLOPT_CAINFO, variable("CA_FILE")) == CURLE_OK);
    }
    for (int i = 0; i < 3; i++) {
        fetch(curl);
        CHECK(upload_every_kind(bucket, data) == 0);
        digest();
    }
    curl_easy_cleanup(curl);
    oss_bucket_free(bucket);
    curl_global_cleanup();
    return finish();
}
