/*
 * easy.h - the option set of every call, in one place (security.md, "Calls out").
 *
 * Sets a freshly reset easy handle up for one request. Nothing here is a choice of a
 * definition: no redirects, no proxy, no netrc, no cookies, http and https only,
 * HTTP/1.1, no compression, the path as it is, TLS 1.2 or later with verification.
 */
#ifndef CALLS_EASY_H
#define CALLS_EASY_H

#include <curl/curl.h>
#include <stdint.h>

#include "engine/calls/outgoing.h"
#include "engine/calls/service.h"

struct easy_hooks { /* libcurl's callbacks; user is handed to all but the sockets'. */
    curl_write_callback header;
    curl_write_callback body;
    curl_prereq_callback before_request;
    curl_opensocket_callback open_socket;
    curl_closesocket_callback close_socket;
    void *user;
    void *sockets; /* For close_socket: it may be called long after the call. */
};

struct easy_limits {
    uint32_t timeout_ms;
    uint32_t connect_timeout_ms;
};

/* error_text: CURL_ERROR_SIZE bytes that live as long as the transfer, as do o and
 * config's texts until this returns. False: libcurl lacks an option, which is a fault
 * of the build. */
MUST_CHECK bool easy_prepare(CURL *easy, struct outgoing *o,
                             const struct service_config *config,
                             const struct easy_limits *limits,
                             const struct easy_hooks *hooks);

#endif /* CALLS_EASY_H */
