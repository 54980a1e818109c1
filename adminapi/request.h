/*
 * request.h - one request, from its headers to its answer.
 *
 * The door (door.h) reads it, the route's handler answers it through answer.h, at once or
 * after a command: submit_command() suspends the connection, moves the command to the
 * engine, and `finish` is called on the door's thread when the engine has answered.
 *
 * Everything a handler makes lives in r->arena or r->answer and goes when the answer has
 * been sent. A request belongs to its door's thread but for what lies in r->command (and
 * the arena), which is the engine's between submit_command() and `finish`.
 */
#ifndef ADMINAPI_REQUEST_H
#define ADMINAPI_REQUEST_H

#include <microhttpd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "adminapi/route.h"
#include "adminapi/server.h"
#include "base/arena.h"
#include "base/buf.h"
#include "engine/run/command.h"
#include "engine/view/registry.h"

#define REQUEST_ANSWER_HEADERS 12
#define REQUEST_ANSWER_MAX (64U * 1024 * 1024) /* A page of calls stays far below. */

/* The header lines that mean something to us, copied to the arena; NULL: absent. */
struct request_headers {
    const char *accept; /* Several lines are joined with a comma. */
    const char *authorization;
    const char *content_type;
    const char *content_length;
    const char *transfer_encoding;
    const char *expect;
    const char *idempotency_key;
    const char *if_match;
    const char *if_none_match;
    const char *last_event_id;
    const char *prefer; /* Joined, as Accept is. */
    const char *request_id;
    const char *traceparent;
    const char *tracestate;
};

struct request_fault { /* One of a problem's `errors`. */
    const char *pointer;
    const char *code;
    const char *detail;
    struct request_fault *next;
};

struct answer {
    int status; /* 0: not answered. */
    const char *content_type;
    struct buf body;
    const char *fixed; /* Instead of body: bytes that outlive the daemon. */
    size_t fixed_n;
    struct {
        const char *name;
        const char *value;
    } headers[REQUEST_ANSWER_HEADERS];
    size_t n_headers;
    bool is_closing; /* Connection: close. */
};

/* Who may touch r->command now. See submit.h. */
enum request_phase {
    REQUEST_OURS,      /* The door's thread. */
    REQUEST_WAITING,   /* The engine; the connection is suspended. */
    REQUEST_ABANDONED, /* The engine still; the connection was resumed by api_stop(). */
    REQUEST_LATE,      /* The engine answered after that. */
    REQUEST_ORPHAN,    /* The engine, and nobody waits: it frees the request. */
};

struct door;
struct door_connection;
struct stream;

struct request {
    struct door *door;
    const struct api_config *config; /* Borrowed, like reader and registry. */
    struct store_reader *reader;
    struct registry *registry;
    struct arena *arena; /* The request's. */

    /* What is asked. */
    const char *method;
    struct target target;
    struct request_headers headers;
    const struct route *route;                    /* NULL until found. */
    const char *parameters[ROUTE_PARAMETERS_MAX]; /* Of the path, decoded. */
    struct buf body;
    const char *request_id;
    const char *actor;
    const struct api_token *token; /* NULL: anonymous. */

    /* What is answered. */
    struct request_fault *faults; /* Oldest first. */
    struct request_fault **faults_end;
    struct answer answer;
    struct stream *stream; /* Owned; NULL: the answer is not one that goes on. */

    /* What is asked of the engine. */
    struct command command;
    void (*finish)(struct request *r);
    void *more; /* The handler's own, for its finish. */

    /* The door's and submit's. */
    struct MHD_Connection *connection;
    struct door_connection *peer;
    const char *raw_target;    /* In the arena. */
    const char *raw_target_at; /* In libmicrohttpd's buffer. */
    uint64_t started_us;
    bool has_headers;
    bool is_submitted;
    bool drops_body;
    size_t body_n;     /* Bytes of the body that came, kept or not. */
    _Atomic int phase; /* enum request_phase */
    size_t index;      /* In door->requests. */
    struct request *next_spare;
};

struct request *request_create(void); /* The door says how large its body may be. */
void request_destroy(struct request *r);
void request_reset(struct request *r); /* For the next one; memory is kept. */

#endif /* ADMINAPI_REQUEST_H */
