/* An application server: receives callbacks, believes those that OSS signed, and prints each on a line.
 *
 *   callback_server [OPTIONS]     callback_server --help lists the options
 *
 * It needs libmicrohttpd: cc callback_server.c $(pkg-config --cflags --libs libmicrohttpd) -loss_upload */
#define _POSIX_C_SOURCE 200809L
#include "server.h"

static const char HELP[] =
    "usage: callback_server [OPTIONS]\n"
    "Receives upload callbacks on any path, verifies that OSS signed them, and prints what was uploaded.\n\n" SERVER_HELP
    "\nA callback is answered with 200 if it is authentic, 403 if it is not, and 503 if that could not be found out.\n";

static const struct option OPTIONS[] = {SERVER_OPTIONS, {NULL, 0, NULL, 0}};

static enum MHD_Result answer(const struct server *server, const struct request *request) {
    oss_status status = judge(server, request);
    char json[64];
    /* A real application server would note the upload here, if the status is OSS_STATUS_OK, and answer what the uploader
     * is to learn: it gets these very bytes. */
    snprintf(json, sizeof json, "{\"Status\":\"%s\"}", oss_status_name((int)status));
    return reply(request, http_status(status), "application/json", json);
}

static int run(struct server *server, int count, char **arguments) {
    int found;
    while ((found = getopt_long(count, arguments, "", OPTIONS, NULL)) != -1) {
        if (found == 'h') return fputs(HELP, stdout) >= 0 ? EXIT_OK : EXIT_FAILED;
        if (!take_server_option(server, found, optarg)) return EXIT_USAGE;
    }
    if (optind < count) {
        refuse(server, arguments[optind], "not an option; see callback_server --help");
        return EXIT_USAGE;
    }
    return serve(server);
}

int main(int argc, char **argv) {
    struct server server = {.name = "callback_server", .address = "127.0.0.1", .port = "0",
                            .verifier = oss_callback_verifier_new(), .answer = answer};
    int code = run(&server, argc, argv);
    oss_callback_verifier_free(server.verifier);
    return code;
}
