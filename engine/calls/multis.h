/*
 * multis.h - libcurl's multi handles, driven together by one epoll.
 *
 * Calls are spread over as many multi handles as are in flight / MULTIS_CALLS_EACH,
 * because a handle's lists grow with its transfers. One epoll watches the sockets of all
 * of them, and an eventfd with which another thread ends the sleep (docs/adr/0001).
 * An idle kept-alive socket stays registered, so a call on it costs no epoll_ctl.
 *
 * Engine thread only, except multis_wake(). Does not know what a call is.
 */
#ifndef CALLS_MULTIS_H
#define CALLS_MULTIS_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"

#define MULTIS_MAX 16
#define MULTIS_CALLS_EACH 256 /* In flight, before another handle is opened. */

struct multis;

/* A transfer has ended. The handle is still in its multi: multis_remove() it, but not
 * from within this call. */
typedef void (*multis_ended)(void *user, CURL *easy, CURLcode result);

MUST_CHECK enum err multis_create(multis_ended ended, void *user, struct multis **out,
                                  struct err_info *info);
void multis_destroy(
    struct multis *m); /* After all transfers are removed; NULL is fine. */

/* Begin a transfer; the number to remove it with. False: libcurl refused it. */
MUST_CHECK bool multis_add(struct multis *m, CURL *easy, unsigned *index_out);
void multis_remove(struct multis *m, CURL *easy, unsigned index);

/* Move everything on that can move without waiting. */
void multis_run(struct multis *m);

/* Begin what was added since, without looking at any socket. */
void multis_run_timers(struct multis *m);

/* Sleep until multis_run() has something to do, multis_wake(), or timeout_ms (-1: no
 * time-out). */
void multis_wait(struct multis *m, int timeout_ms);

/* From any thread: end the sleep, or the next one if there is none. */
void multis_wake(struct multis *m);

/* Sockets are opened and closed here, so that it is known which number is whose. */
curl_socket_t multis_open_socket(struct multis *m, const struct curl_sockaddr *address);
int multis_close_socket(struct multis *m, curl_socket_t fd);

#endif /* CALLS_MULTIS_H */
