/* The connection of bare.c without TLS. */
#include "bare.h"
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

static int connected;

void connection_begin(int socket, const char *ca_file) {
    (void)ca_file;
    connected = socket;
}

void connection_send(const void *data, size_t size) {
    for (const char *at = data, *end = at + size; at < end;) {
        ssize_t sent = send(connected, at, (size_t)(end - at), MSG_NOSIGNAL);
        if (sent <= 0) { perror("send"); exit(1); }
        at += sent;
    }
}

size_t connection_receive(void *buffer, size_t size) {
    ssize_t got = recv(connected, buffer, size, 0);
    if (got <= 0) { perror("recv"); exit(1); }
    return (size_t)got;
}
