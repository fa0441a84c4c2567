/* The connection of bare.c over OpenSSL, verified as the library's is. The server has the say about the cipher suite. */
#include "bare.h"
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdlib.h>

static SSL *tls;

static void check(int succeeded) {
    if (succeeded > 0) return;
    ERR_print_errors_fp(stderr);
    exit(1);
}

void connection_begin(int socket, const char *ca_file) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    check(SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION));
    check(SSL_CTX_load_verify_locations(context, ca_file, NULL));
    tls = SSL_new(context);
    check(X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(tls), "127.0.0.1"));
    check(SSL_set_fd(tls, socket));
    check(SSL_connect(tls));
}

void connection_send(const void *data, size_t size) {
    check(SSL_write(tls, data, (int)size));
}

size_t connection_receive(void *buffer, size_t size) {
    int got = SSL_read(tls, buffer, (int)size);
    check(got);
    return (size_t)got;
}
