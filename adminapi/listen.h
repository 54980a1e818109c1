/*
 * listen.h - addresses to listen on: reading them, and what may be listened on.
 */
#ifndef ADMINAPI_LISTEN_H
#define ADMINAPI_LISTEN_H

#include <stdbool.h>
#include <sys/socket.h>

#include "base/err.h"

struct listen_address {
    int fd;
    unsigned port; /* As bound. */
    bool is_loopback;
    char text[64]; /* "127.0.0.1:8080", "[::1]:8080" */
};

/* Bind and listen. has_tls, is_insecure: may it be another address than loopback?
 * ERR_INVALID, ERR_BUSY (in use), ERR_IO. out->fd is owned: close(). */
MUST_CHECK enum err listen_open(const char *text, bool has_tls, bool is_insecure,
                                struct listen_address *out, struct err_info *info);

/* The same for a socket that listens already (socket activation); fd is moved, also on
 * failure. */
MUST_CHECK enum err listen_adopt(int fd, bool has_tls, bool is_insecure,
                                 struct listen_address *out, struct err_info *info);

bool listen_is_loopback(const struct sockaddr *address);

#endif /* ADMINAPI_LISTEN_H */
