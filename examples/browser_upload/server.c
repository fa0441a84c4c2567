/* The application server of a web page from which people upload straight to OSS: it serves the page, hands out forms that
 * are good for one upload, and receives the callback.
 *
 *   server [OPTIONS]     server --help lists the options
 *
 * It needs libmicrohttpd: cc server.c $(pkg-config --cflags --libs libmicrohttpd) -loss_upload */
#define _POSIX_C_SOURCE 200809L
#include "../server.h"
#include <ctype.h>
#include <inttypes.h>
#include <sys/random.h>

static const char HELP[] =
    "usage: server [OPTIONS]\n"
    "Serves a page from which a browser uploads straight to OSS, and receives the callback.\n\n"
    "  --page FILE          the page; by default examples/browser_upload/index.html\n"
    "  --max-size BYTES     the largest file to allow; by default 104857600\n" SERVER_HELP
    "\nEnvironment: OSS_ENDPOINT, OSS_BUCKET, OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET. OSS_REGION is optional, and so is\n"
    "OSS_CALLBACK_URL, under which OSS reaches this server's /uploaded; without it, callbacks go to the address that it\n"
    "listens on. The bucket needs a CORS rule that allows POST from the page's origin.\n";

static const struct option OPTIONS[] = {{"page", required_argument, NULL, 'f'},
                                        {"max-size", required_argument, NULL, 'm'},
                                        SERVER_OPTIONS,
                                        {NULL, 0, NULL, 0}};

/* What OSS tells this server. JSON is copied into the answer as it is. */
static const char CALLBACK_BODY[] =
    "{\"bucket\":${bucket},\"object\":${object},\"size\":${size},\"mimeType\":${mimeType}}";

enum { LIFETIME_SECONDS = 15 * 60, RANDOM_BYTES = 16, LONGEST_NAME = 100, LARGEST_PAGE = 1 << 20 };

static const uint64_t LARGEST_OBJECT = UINT64_C(5) << 30; /* of those that go in one piece */

struct site {
    const char *page_path;
    char *page;
    uint64_t max_size;
    oss_bucket *bucket;
};

/* ---- The form ---- */

/* A name from a stranger: without folders, without characters that mean something in a URL or a shell, and no longer than
 * it needs to be. Its end tells what it is, so its beginning is cut off. */
static void write_safe_name(const char *name, char *safe) {
    for (const char *c = name; *c != '\0'; c++)
        if (*c == '/' || *c == '\\') name = c + 1;
    size_t length = strlen(name);
    if (length > LONGEST_NAME) name += length - LONGEST_NAME;
    while ((*name & 0xC0) == 0x80) name++; /* not in the middle of a character */
    if (*name == '\0') name = "file";
    for (bool first = true; *name != '\0'; name++, first = false) {
        unsigned char c = (unsigned char)*name;
        bool plain = isalnum(c) || c >= 0x80 || c == '-' || c == '_' || (c == '.' && !first);
        *safe++ = plain ? *name : '_';
    }
    *safe = '\0';
}

/* A key that nobody can guess and nobody else has: who uploads can neither overwrite nor find what others uploaded. */
static bool write_key(const char *name, char *key, size_t size) {
    unsigned char random[RANDOM_BYTES];
    char hex[2 * RANDOM_BYTES + 1], safe[LONGEST_NAME + 1];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random) return false;
    for (int i = 0; i < RANDOM_BYTES; i++) snprintf(hex + 2 * i, 3, "%02x", random[i]);
    write_safe_name(name, safe);
    snprintf(key, size, "uploads/%s/%s", hex, safe);
    return true;
}

static oss_callback *make_callback(const struct server *server, oss_result **result) {
    const char *elsewhere = getenv("OSS_CALLBACK_URL");
    char own[URL_SIZE + sizeof "/uploaded"];
    oss_callback *callback = NULL;
    snprintf(own, sizeof own, "%s/uploaded", server->url);
    if (oss_callback_new(elsewhere != NULL ? elsewhere : own, CALLBACK_BODY, &callback, result) == OSS_STATUS_OK) {
        oss_result_free(*result);
        *result = NULL;
        oss_callback_set_body_type(callback, OSS_CALLBACK_BODY_JSON);
    }
    return callback;
}

/* One object, not too large, and only once: a browser may send a form again by itself when the reply is lost, and the
 * callback would run twice. Whatever the file claims to be, it is to be saved, not shown as a page of the bucket's domain. */
static bool allow(oss_post_policy *policy, const char *key, uint64_t max_size) {
    return oss_post_policy_set_key(policy, key) == OSS_STATUS_OK
        && oss_post_policy_set_length_range(policy, 0, max_size) == OSS_STATUS_OK
        && oss_post_policy_add_field(policy, "x-oss-forbid-overwrite", "true") == OSS_STATUS_OK
        && oss_post_policy_add_field(policy, "Content-Disposition", "attachment") == OSS_STATUS_OK;
}

/* What a browser needs for one upload, as JSON: a signature, and nothing that it could sign with. NULL after saying why
 * there is none. */
static oss_string *sign(const struct server *server, const char *key) {
    const struct site *site = server->data;
    oss_result *result = NULL;
    oss_callback *callback = make_callback(server, &result);
    oss_post_policy *policy = oss_post_policy_new();
    oss_post_form *form = NULL;
    oss_string *json = NULL;
    if (callback != NULL && allow(policy, key, site->max_size)
        && oss_post_policy_sign(policy, site->bucket, callback, LIFETIME_SECONDS, &form, &result) == OSS_STATUS_OK)
        oss_post_form_to_json(form, &json, NULL);
    else
        fprintf(stderr, "%s: no form for %s: %s%s\n", server->name, key, oss_post_policy_error(policy),
                oss_result_message(result));
    oss_post_form_free(form);
    oss_post_policy_free(policy);
    oss_callback_free(callback);
    oss_result_free(result);
    return json;
}

/* A real application would ask here who the user is, and whether he may upload. */
static enum MHD_Result answer_form(const struct server *server, const struct request *request) {
    const char *name = MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, "name");
    char key[LONGEST_NAME + 64];
    oss_string *json = write_key(name != NULL ? name : "", key, sizeof key) ? sign(server, key) : NULL;
    enum MHD_Result queued = json != NULL
        ? reply(request, MHD_HTTP_OK, "application/json", oss_string_data(json))
        : reply(request, MHD_HTTP_BAD_REQUEST, "text/plain", "no form for this name\n");
    oss_string_free(json);
    return queued;
}

/* ---- The callback and the page ---- */

/* OSS hands this answer to the page, byte for byte. */
static enum MHD_Result answer_callback(const struct server *server, const struct request *request) {
    char json[LARGEST_BODY + 64];
    oss_status status = judge(server, request);
    if (status == OSS_STATUS_OK)
        snprintf(json, sizeof json, "{\"Status\":\"OK\",\"uploaded\":%.*s}", (int)request->size, request->body);
    else
        snprintf(json, sizeof json, "{\"Status\":\"%s\"}", oss_status_name((int)status));
    return reply(request, http_status(status), "application/json", json);
}

static bool asks_for(const struct request *request, const char *method, const char *path) {
    size_t length = strcspn(request->target, "?");
    return strcmp(request->method, method) == 0 && strlen(path) == length
        && strncmp(request->target, path, length) == 0;
}

static enum MHD_Result answer(const struct server *server, const struct request *request) {
    const struct site *site = server->data;
    if (asks_for(request, "GET", "/")) return reply(request, MHD_HTTP_OK, "text/html; charset=utf-8", site->page);
    if (asks_for(request, "GET", "/form")) return answer_form(server, request);
    if (asks_for(request, "POST", "/uploaded")) return answer_callback(server, request);
    return reply(request, MHD_HTTP_NOT_FOUND, "text/plain", "there is no such thing here\n");
}

/* ---- The program ---- */

/* The text of a file, or NULL after saying why not. */
static char *load(const struct server *server, const char *path) {
    FILE *file = fopen(path, "rb");
    char *text = file != NULL ? calloc(1, LARGEST_PAGE + 1) : NULL;
    bool loaded = text != NULL && fread(text, 1, LARGEST_PAGE, file) > 0;
    if (file == NULL || !loaded) refuse(server, path, file == NULL ? strerror(errno) : "cannot be read");
    if (file != NULL) fclose(file);
    if (loaded) return text;
    free(text);
    return NULL;
}

static bool take_option(struct server *server, int option, const char *value) {
    struct site *site = server->data;
    switch (option) {
    case 'f': site->page_path = value; return true;
    case 'm':
        site->max_size = strtoull(value, NULL, 10);
        return is_number(value, LARGEST_OBJECT) || refuse(server, value, "not a number of bytes, up to 5 GiB");
    default: return take_server_option(server, option, value);
    }
}

static int run(struct server *server, int count, char **arguments) {
    struct site *site = server->data;
    int found;
    while ((found = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (found == 'h') return fputs(HELP, stdout) >= 0 ? EXIT_OK : EXIT_FAILED;
        if (!take_option(server, found, optarg)) return EXIT_USAGE;
    }
    if (optind < count) {
        refuse(server, arguments[optind], "not an option; see server --help");
        return EXIT_USAGE;
    }
    site->bucket = open_bucket();
    site->page = load(server, site->page_path);
    return site->bucket != NULL && site->page != NULL ? serve(server) : EXIT_FAILED;
}

int main(int argc, char **argv) {
    struct site site = {.page_path = "examples/browser_upload/index.html", .max_size = 100 << 20};
    struct server server = {.name = "browser_upload", .address = "127.0.0.1", .port = "0",
                            .verifier = oss_callback_verifier_new(), .answer = answer, .data = &site};
    int code = run(&server, argc, argv);
    free(site.page);
    oss_bucket_free(site.bucket);
    oss_callback_verifier_free(server.verifier);
    return code;
}
