/* A verifier in a child that was forked while a thread of its parent fetches the key. */
#define _DEFAULT_SOURCE
#include "support.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static const char REPLY[] = "HTTP/1.1 200 OK\r\nContent-Length: 182\r\n\r\n"
                            "-----BEGIN PUBLIC KEY-----\n"
                            "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKs/JBGzwUB2aVht4crBx3oIPBLNsjGs\n"
                            "C0fTXv+nvlmklvkcolvpvXLTjaxUHR3W9LXxQ2EHXAJfCB+6H2YF1k8CAwEAAQ==\n"
                            "-----END PUBLIC KEY-----\n";
/* 64 bytes, as a signature under that key has. */
#define SIGNATURE                                                                              \
    "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQ=="

static const oss_callback_verifier *verifier;
static char key_url[128];

static oss_status verify(void) {
    return oss_callback_verify(verifier, "/", "", 0, SIGNATURE, key_url, NULL);
}

static void *fetching(void *argument) {
    *(oss_status *)argument = verify();
    return NULL;
}

static int listen_somewhere(unsigned *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    CHECK(bind(listener, (struct sockaddr *)&address, size) == 0 && listen(listener, 8) == 0);
    CHECK(getsockname(listener, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return listener;
}

/* Writes "http://127.0.0.1:<port>/key.pem" in Base64. */
static void write_key_url(unsigned port) {
    static const char ALPHABET[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char url[64] = {0}, *to = key_url;
    int size = snprintf(url, sizeof url, "http://127.0.0.1:%u/key.pem", port);
    for (int i = 0; i < size; i += 3) {
        unsigned long bits = (unsigned long)(unsigned char)url[i] << 16 | (unsigned long)(unsigned char)url[i + 1] << 8
                           | (unsigned char)url[i + 2];
        *to++ = ALPHABET[bits >> 18];
        *to++ = ALPHABET[bits >> 12 & 63];
        *to++ = i + 1 < size ? ALPHABET[bits >> 6 & 63] : '=';
        *to++ = i + 2 < size ? ALPHABET[bits & 63] : '=';
    }
    *to = '\0';
}

static void answer(int client) {
    char head[4096];
    CHECK(read(client, head, sizeof head) > 0);
    CHECK(write(client, REPLY, sizeof REPLY - 1) == sizeof REPLY - 1);
    close(client);
}

int main(void) {
    unsigned port = 0;
    char prefix[64];
    pthread_t thread;
    oss_status status = OSS_STATUS_OK;
    oss_callback_verifier *own = oss_callback_verifier_new();
    int listener = listen_somewhere(&port);
    alarm(100);
    write_key_url(port);
    snprintf(prefix, sizeof prefix, "http://127.0.0.1:%u/", port);
    CHECK_SETS(oss_callback_verifier_add_key_prefix(own, prefix));
    CHECK_SETS(oss_callback_verifier_set_fetch_timeout_ms(own, 60000));
    verifier = own;

    pthread_create(&thread, NULL, fetching, &status);
    int silent = accept(listener, NULL, NULL);
    pid_t child = fork();
    if (child == 0) {
        /* A child that hangs is ended by the signal, which the parent sees. */
        alarm(30);
        int failed = verify() != OSS_STATUS_NOT_AUTHENTIC;
        oss_callback_verifier_free(own);
        _exit(failed);
    }
    answer(accept(listener, NULL, NULL));
    int ended = -1;
    waitpid(child, &ended, 0);
    CHECK(ended == 0);

    /* The thread may have got no further than to connect. */
    answer(silent);
    pthread_join(thread, NULL);
    CHECK(status == OSS_STATUS_NOT_AUTHENTIC);
    close(listener);
    oss_callback_verifier_free(own);
    return finish();
}
