/* What the examples share that receive callbacks: a small HTTP server, made of libmicrohttpd, that keeps requests as they
 * came, and the question whether OSS sent one. */
#ifndef SERVER_H
#define SERVER_H

#include "example.h"
#include <errno.h>
#include <getopt.h>
#include <limits.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* Several threads answer, since the answer to a callback may have to wait for the service's key. */
enum { THREADS = 4, IDLE_SECONDS = 30, URL_SIZE = 128 };
enum { LARGEST_BODY = 64 * 1024 }; /* callbacks are small */

struct request {
    struct MHD_Connection *connection;
    const char *method;
    char *target; /* path and query as they came: this is what OSS signed, and no tidied form of it */
    size_t size;
    char body[LARGEST_BODY];
};

struct server {
    const char *name; /* the program's */
    const char *address, *port;
    bool exit_with_stdin;
    oss_callback_verifier *verifier;
    char url[URL_SIZE]; /* where it listens, without a slash at the end */
    enum MHD_Result (*answer)(const struct server *server, const struct request *request);
    void *data; /* the program's own */
};

/* ---- Options ---- */

#define SERVER_OPTIONS                                                                           \
    {"port", required_argument, NULL, 'p'}, {"address", required_argument, NULL, 'a'},           \
    {"key-prefix", required_argument, NULL, 'k'}, {"key-timeout", required_argument, NULL, 't'}, \
    {"exit-with-stdin", no_argument, NULL, 'e'}, {"help", no_argument, NULL, 'h'}

#define SERVER_HELP                                                                              \
    "  --port PORT          listen on this port; 0, the default, takes a free one and prints it\n" \
    "  --address ADDRESS    listen on this address instead of 127.0.0.1\n"                       \
    "  --key-prefix URL     believe keys from there, such as a local OSS server, not from the official place;\n" \
    "                       can be repeated\n"                                                   \
    "  --key-timeout MS     how long it may take to fetch a key; by default 3000, since OSS waits 5 seconds in all\n" \
    "  --exit-with-stdin    end when standard input closes\n"                                    \
    "  --help               show this\n"

static bool refuse(const struct server *server, const char *what, const char *rule) {
    fprintf(stderr, "%s: %s: %s\n", server->name, what, rule);
    return false;
}

/* Whether it is a whole number, and at most so large. */
static bool is_number(const char *text, unsigned long long most) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && text[digits] == '\0' && strtoull(text, NULL, 10) <= most;
}

static bool take_server_option(struct server *server, int option, const char *value) {
    switch (option) {
    case 'p':
        server->port = value;
        return is_number(value, 65535) || refuse(server, value, "not a port, from 0 to 65535");
    case 'a': server->address = value; return true;
    case 'e': server->exit_with_stdin = true; return true;
    case 'k':
        return oss_callback_verifier_add_key_prefix(server->verifier, value) == OSS_STATUS_OK
            || refuse(server, "key-prefix", oss_callback_verifier_error(server->verifier));
    case 't':
        if (!is_number(value, ULLONG_MAX)) return refuse(server, value, "not a number of milliseconds");
        return oss_callback_verifier_set_fetch_timeout_ms(server->verifier, strtoull(value, NULL, 10))
                == OSS_STATUS_OK
            || refuse(server, "key-timeout", oss_callback_verifier_error(server->verifier));
    default: return false; /* getopt has said why */
    }
}

/* ---- Requests and answers ---- */

/* The value of a header, or NULL. */
static const char *header(const struct request *request, const char *name) {
    return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

/* OSS wants the status 200, a Content-Length and JSON; anything else makes the callback a failed one. */
static enum MHD_Result reply(const struct request *request, unsigned status, const char *type, const char *text) {
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)text, MHD_RESPMEM_MUST_COPY);
    if (response == NULL) return MHD_NO;
    MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
    MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    enum MHD_Result queued = MHD_queue_response(request->connection, status, response);
    MHD_destroy_response(response);
    return queued;
}

/* What strangers send must not steer a terminal, nor look like two lines. */
static void print_visibly(const char *bytes, size_t size) {
    for (; size > 0; bytes++, size--) {
        if (*bytes >= ' ' && *bytes <= '~' && *bytes != '\\')
            putchar(*bytes);
        else
            printf("\\x%02x", (unsigned char)*bytes);
    }
}

static void print_line(const struct request *request, const char *verdict, const char *text, size_t size) {
    flockfile(stdout);
    printf("%s  %s ", verdict, request->method);
    print_visibly(request->target, strlen(request->target));
    printf("  ");
    print_visibly(text, size);
    putchar('\n');
    funlockfile(stdout);
}

/* Whether OSS sent the request; it is printed too. OSS_STATUS_OK: yes. OSS_STATUS_NOT_AUTHENTIC: no. Anything else: that
 * could not be found out.
 *
 * Yes means that OSS says so, and not which bucket's owner had it say so: whoever has a bucket can name this server in a
 * callback. Before a callback opens a door, look at the object itself, with oss_stat_object(). */
static oss_status judge(const struct server *server, const struct request *request) {
    oss_result *result = NULL;
    oss_status status =
        oss_callback_verify_request(server->verifier, request->target, request->body, request->size,
                                    header(request, "Authorization"), header(request, "x-oss-pub-key-url"),
                                    header(request, "x-oss-signature-version"), &result);
    const char *why = oss_result_message(result);
    if (status == OSS_STATUS_OK)
        print_line(request, "authentic", request->body, request->size);
    else
        print_line(request, status == OSS_STATUS_NOT_AUTHENTIC ? "refused" : "undecided", why, strlen(why));
    oss_result_free(result);
    return status;
}

static unsigned http_status(oss_status status) {
    switch (status) {
    case OSS_STATUS_OK: return MHD_HTTP_OK;
    case OSS_STATUS_NOT_AUTHENTIC: return MHD_HTTP_FORBIDDEN;
    default: return MHD_HTTP_SERVICE_UNAVAILABLE;
    }
}

/* ---- The server ---- */

/* Runs when the request line is there, and nothing of it has been decoded yet. */
static void *begin_request(void *data, const char *target, struct MHD_Connection *connection) {
    struct request *request = malloc(sizeof *request);
    (void)data;
    if (request == NULL) return NULL;
    *request = (struct request){.connection = connection, .target = strdup(target)};
    return request;
}

static void end_request(void *data, struct MHD_Connection *connection, void **context,
                        enum MHD_RequestTerminationCode how) {
    struct request *request = *context;
    (void)data, (void)connection, (void)how;
    if (request != NULL) free(request->target);
    free(request);
}

/* What does not fit is only counted, so that the client gets to read why it is refused. */
static void take_piece(struct request *request, const char *piece, size_t size) {
    size_t used = request->size < LARGEST_BODY ? request->size : LARGEST_BODY;
    size_t room = LARGEST_BODY - used;
    memcpy(request->body + used, piece, size < room ? size : room);
    request->size += size;
}

/* Runs once for the head, then for each piece of the body, then at the end of it. */
static enum MHD_Result receive(void *data, struct MHD_Connection *connection, const char *path, const char *method,
                               const char *version, const char *piece, size_t *size, void **context) {
    const struct server *server = data;
    struct request *request = *context;
    (void)connection, (void)path, (void)version;
    if (request == NULL || request->target == NULL) return MHD_NO; /* out of memory */
    if (request->method == NULL) {
        request->method = method;
        return MHD_YES;
    }
    if (*size > 0) {
        take_piece(request, piece, *size);
        *size = 0;
        return MHD_YES;
    }
    if (request->size > LARGEST_BODY)
        return reply(request, MHD_HTTP_CONTENT_TOO_LARGE, "application/json", "{\"Status\":\"TOO_LARGE\"}");
    return server->answer(server, request);
}

/* Writes down where a socket listens: its port may be one that the system chose. */
static bool write_url(struct server *server, int socket) {
    struct sockaddr_storage bound;
    socklen_t size = sizeof bound;
    char host[64], port[8];
    if (getsockname(socket, (struct sockaddr *)&bound, &size) != 0
        || getnameinfo((struct sockaddr *)&bound, size, host, sizeof host, port, sizeof port,
                       NI_NUMERICHOST | NI_NUMERICSERV) != 0)
        return false;
    snprintf(server->url, URL_SIZE, bound.ss_family == AF_INET6 ? "http://[%s]:%s" : "http://%s:%s", host, port);
    return true;
}

/* A socket that listens, or -1 after saying why not. */
static int listen_where_asked(struct server *server) {
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV, .ai_socktype = SOCK_STREAM}, *found = NULL;
    int wrong = getaddrinfo(server->address, server->port, &hints, &found);
    if (wrong != 0) {
        refuse(server, server->address, gai_strerror(wrong));
        return -1;
    }
    int listener = socket(found->ai_family, SOCK_STREAM, 0), again = 1;
    bool listens = listener >= 0
                && setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &again, sizeof again) == 0
                && bind(listener, found->ai_addr, found->ai_addrlen) == 0 && listen(listener, SOMAXCONN) == 0
                && write_url(server, listener);
    freeaddrinfo(found);
    if (listens) return listener;
    refuse(server, "cannot listen", strerror(errno));
    if (listener >= 0) close(listener);
    return -1;
}

static void wait_for_the_end(const struct server *server, int signals) {
    struct pollfd ends[] = {{.fd = signals, .events = POLLIN},
                            {.fd = server->exit_with_stdin ? STDIN_FILENO : -1, .events = POLLIN}};
    char ignored[256];
    while (poll(ends, 2, -1) >= 0 || errno == EINTR) {
        if (ends[0].revents != 0) return;
        if (ends[1].revents != 0 && read(STDIN_FILENO, ignored, sizeof ignored) <= 0) return;
    }
}

/* Answers requests until SIGINT or SIGTERM comes, or standard input closes if that was asked for. */
static int serve(struct server *server) {
    int listener = listen_where_asked(server);
    if (listener < 0) return EXIT_FAILED;
    sigset_t mask;
    sigemptyset(&mask);
    sigaddset(&mask, SIGINT);
    sigaddset(&mask, SIGTERM);
    sigprocmask(SIG_BLOCK, &mask, NULL); /* before there are threads, which inherit it */
    signal(SIGPIPE, SIG_IGN);
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    int signals = signalfd(-1, &mask, SFD_CLOEXEC);
    struct MHD_Daemon *daemon = MHD_start_daemon(
        MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_ERROR_LOG, 0, NULL, NULL, receive, server,
        MHD_OPTION_LISTEN_SOCKET, listener, MHD_OPTION_THREAD_POOL_SIZE, (unsigned)THREADS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_URI_LOG_CALLBACK, begin_request, NULL,
        MHD_OPTION_NOTIFY_COMPLETED, end_request, NULL, MHD_OPTION_END);
    if (daemon != NULL && signals >= 0) {
        printf("%s: listening on %s\n", server->name, server->url);
        wait_for_the_end(server, signals);
    }
    if (daemon != NULL) MHD_stop_daemon(daemon); /* which closes the listener too */
    if (signals >= 0) close(signals);
    return daemon != NULL && signals >= 0 ? EXIT_OK : EXIT_FAILED;
}

#endif
