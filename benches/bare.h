/* The one connection of bare.c: plain in bare_http.c, over TLS in bare_https.c. What fails ends the program. */
#include <stddef.h>

/* Takes a connected socket, and the file of the certificates to trust, or NULL. */
void connection_begin(int socket, const char *ca_file);
void connection_send(const void *data, size_t size);
/* Receives something, at most `size` bytes. */
size_t connection_receive(void *buffer, size_t size);
