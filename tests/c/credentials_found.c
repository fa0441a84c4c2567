/*
 * Credentials from the places where Alibaba's own tools find them. HOME is an empty folder, and SERVICE a URL that answers
 * with a temporary key, also to whoever posts a token.
 */

#include "support.h"

#define TEMPORARY "{\"AccessKeyId\": \"STS.id\", \"AccessKeySecret\": \"sts-secret\", \"SecurityToken\": \"sts-token\"}"

/* Checks that a call is refused because of what is missing around the program, and says so. */
#define CHECK_MISSING(call, part)                                 \
    do {                                                          \
        oss_result *result = NULL;                                \
        oss_credentials *made = (oss_credentials *)&failures;     \
        CHECK_CALL(OSS_STATUS_CREDENTIALS, (call));               \
        CHECK(made == NULL);                                      \
        CHECK_CONTAINS(oss_result_message(result), (part));       \
        oss_result_free(result);                                  \
    } while (0)

static void write_file(const char *path, const char *text) {
    FILE *file = fopen(path, "w");
    CHECK(file != NULL && fputs(text, file) >= 0 && fclose(file) == 0);
}

static void set(const char *name, const char *value) {
    CHECK((value != NULL ? setenv(name, value, 1) : unsetenv(name)) == 0);
}

/* Two puts with what was made end like this; if there is no key, its message says why. */
static void puts_end(oss_status expected, oss_credentials *credentials, const char *why) {
    oss_bucket *bucket = bucket_of(credentials);
    oss_result *result = NULL;
    oss_credentials_free(credentials);
    for (int i = 0; i < 2; i++) {
        CHECK_CALL(expected, oss_put_object(bucket, key_of("found"), "x", 1, NULL, &result));
        CHECK_CONTAINS(oss_result_message(result), why);
        CHECK(strstr(oss_result_message(result), "sts-secret") == NULL);
        CHECK(oss_result_stored(result) == (expected == OSS_STATUS_OK ? OSS_STORED_YES : OSS_STORED_NO));
        oss_result_free(result);
    }
    oss_bucket_free(bucket);
}

static void from_profiles(void) {
    char path[1200], text[600];
    oss_credentials *made = NULL;
    format(path, sizeof path, "%s/.ossutilconfig", needed_variable("HOME"));
    CHECK_ENDS(OSS_STATUS_OK, oss_credentials_new_from_profile(NULL, "", &made, &result));
    puts_end(OSS_STATUS_CREDENTIALS, made, ".ossutilconfig");
    format(text, sizeof text, "[Credentials]\naccessKeyID = %s\naccessKeySecret = %s\n",
           needed_variable("OSS_ACCESS_KEY_ID"), needed_variable("OSS_ACCESS_KEY_SECRET"));
    write_file(path, text);
    CHECK_SETS(oss_credentials_new_from_profile(NULL, NULL, &made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    CHECK_SETS(oss_credentials_new_from_profile(path, "other", &made, NULL));
    puts_end(OSS_STATUS_CREDENTIALS, made, "no profile \"other\"");
}

static void from_services(void) {
    char token[1200];
    oss_credentials *made = NULL;
    const char *service = needed_variable("SERVICE");
    CHECK_SETS(oss_credentials_new_from_uri(service, &made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    CHECK_MISSING(oss_credentials_new_from_uri(NULL, &made, &result), "ALIBABA_CLOUD_CREDENTIALS_URI");
    CHECK_MISSING(oss_credentials_new_from_uri("file:///etc", &made, &result), "URL");

    format(token, sizeof token, "%s/token", needed_variable("HOME"));
    write_file(token, "web-token\n");
    CHECK_SETS(oss_credentials_new_from_oidc("role", "provider", token, "session", service, &made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    CHECK_MISSING(
        oss_credentials_new_from_oidc("role", "", token, NULL, service, &made, &result),
        "ALIBABA_CLOUD_OIDC_PROVIDER_ARN");

    set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    CHECK_MISSING(oss_credentials_new_from_ecs_role(NULL, &made, &result),
                                  "ALIBABA_CLOUD_ECS_METADATA_DISABLED");
    set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", NULL);
    CHECK_MISSING(oss_credentials_new_from_ecs_role("a/b", &made, &result), "role");
    CHECK_SETS(oss_credentials_new_from_ecs_role("", &made, NULL));
    oss_credentials_free(made);
}

static void from_processes(void) {
    oss_credentials *made = NULL;
    CHECK_SETS(oss_credentials_new_from_process("echo '" TEMPORARY "'", &made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    CHECK_SETS(oss_credentials_new_from_process("echo sts-secret; exit 7", &made, NULL));
    puts_end(OSS_STATUS_CREDENTIALS, made, "exit status: 7");
}

static void from_the_chain(void) {
    char id[200];
    oss_credentials *made = NULL;
    format(id, sizeof id, "%s", needed_variable("OSS_ACCESS_KEY_ID"));
    CHECK_SETS(oss_credentials_new_default_chain(&made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    set("OSS_ACCESS_KEY_ID", NULL);
    CHECK_MISSING(oss_credentials_new_default_chain(&made, &result), "OSS_ACCESS_KEY_ID is not");
    set("OSS_ACCESS_KEY_SECRET", NULL);
    CHECK_SETS(oss_credentials_new_default_chain(&made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    set("HOME", "/nowhere");
    set("ALIBABA_CLOUD_ECS_METADATA_DISABLED", "true");
    CHECK_SETS(oss_credentials_new_default_chain(&made, NULL));
    puts_end(OSS_STATUS_CREDENTIALS, made, "there is no access key anywhere");
    set("ALIBABA_CLOUD_CREDENTIALS_URI", needed_variable("SERVICE"));
    CHECK_SETS(oss_credentials_new_default_chain(&made, NULL));
    puts_end(OSS_STATUS_OK, made, "");
    set("OSS_ACCESS_KEY_ID", id);
}

int main(void) {
    from_profiles();
    from_services();
    from_processes();
    from_the_chain();
    return finish();
}
