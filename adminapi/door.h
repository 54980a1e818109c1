/*
 * door.h - one listen address: its libmicrohttpd daemon and all its thread owns.
 *
 * The door reads requests and lets none in that the gate, the limits, the route table and
 * the token do not let in; the rest is the handler's. The order: gate (400 and close),
 * body announced too large (413), path (404, 405), token (401, 403), query and media type
 * (400, 415), handler. A body that will not be looked at is read and dropped, so that the
 * connection lives on.
 *
 * Everything here belongs to the daemon's thread but what says otherwise.
 */
#ifndef ADMINAPI_DOOR_H
#define ADMINAPI_DOOR_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "adminapi/counters.h"
#include "adminapi/listen.h"
#include "adminapi/request.h"
#include "adminapi/sweep.h"

struct api;
struct herald;

struct door {
    const struct api_config *config;
    struct api *api;
    struct sweep *sweep;
    struct herald *herald;
    struct MHD_Daemon *daemon;
    struct listen_address address;
    struct store_reader *reader;
    struct registry *registry;
    atomic_uint_fast32_t body_max; /* Of a request's body; a reload changes it. */
    struct counters counters;      /* Any thread reads. */

    char id_prefix[17]; /* Of request ids; a number follows. */
    uint64_t n_ids;
    uint64_t refusals_quiet_until_ms; /* Monotonic; of 503s in the log. */
    uint64_t n_refusals_unsaid;

    struct request *spare;
    size_t n_requests;
    /* Every request there is, by its index; api_stop()'s thread reads it too. */
    _Atomic(struct request *) requests[LIMIT_API_CONNECTIONS + 1];
    _Atomic bool is_stopping;
    atomic_uint n_waiting; /* Requests in phase WAITING, and streams that wait. */
    atomic_uint n_streams;
    struct arena *stream_scratch; /* Of one fill of a stream. */
};

struct door_connection {
    struct sweep_place *place;
    struct request *request; /* The one being read or answered; NULL between. */
    bool is_local;           /* The peer is on this machine. */
};

/* address.fd: a socket that listens already, or -1: `listen` is opened. has_tls: with the
 * certificate that is in force (tls.h). */
MUST_CHECK enum err door_open(struct door *door, const char *listen, bool has_tls,
                              struct err_info *info);

/* Stop letting requests in, answer what waits, end the thread. */
void door_close(struct door *door);

/* Counters of every door, for /metrics. Any thread. */
size_t api_counters(const struct api *api, const struct counters **out, size_t most);

#endif /* ADMINAPI_DOOR_H */
