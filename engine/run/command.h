/*
 * command.h - what API threads ask of the engine thread, and what it answers.
 *
 * A command is made by an API thread, moved through the inbox, answered by one call of
 * `done` on the engine thread *after* the commit that carried it out (S4), and belongs to
 * its maker again from then on. Everything it points to lives in its arena, in both
 * directions.
 */
#ifndef RUN_COMMAND_H
#define RUN_COMMAND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/json_span.h"
#include "definitions/definition.h"
#include "engine/calls/service.h"
#include "engine/core/saga.h"
#include "engine/run/problem.h"
#include "engine/run/stats.h"
#include "engine/store/store.h"
#include "engine/view/act_asked.h"

enum command_kind {
    COMMAND_START,
    COMMAND_STARTS, /* Many, each a command of its own, in one commit. */
    COMMAND_ACT,    /* RETRY SKIP RESOLVE CANCEL CLOSE PAUSE RESUME */
    COMMAND_BULK,   /* The same to every saga that a filter finds, one after the other. */
    COMMAND_BULK_CANCEL,
    COMMAND_PURGE,     /* watch_id's, with its children: out of the store. */
    COMMAND_REDELIVER, /* A webhook of a saga once more. */
    COMMAND_SIGNAL,
    COMMAND_CALLBACK,
    COMMAND_DEFINITION_PUT,
    COMMAND_DEFINITION_USE,   /* Make a version current. */
    COMMAND_DEFINITION_FLAGS, /* Pause or resume starts, archive. */
    COMMAND_SERVICE,          /* Its breaker, pause, resume. */
    COMMAND_RELEASE,          /* A restored engine goes on. */
    COMMAND_WATCH,  /* Answer when the saga has moved as asked, or at the end. */
    COMMAND_STATS,  /* Answer with numbers, at once. */
    COMMAND_COUNTS, /* Answer with what happened when, at once. */
};

enum command_wait {
    COMMAND_WAIT_NOT,
    COMMAND_WAIT_END,    /* Until final; early when stuck or paused. */
    COMMAND_WAIT_STEP,   /* Until wait_step is done; early as above. */
    COMMAND_WAIT_CHANGE, /* Until the revision is above wait_revision. */
};

struct command_start {
    uint64_t definition; /* Number of the version. */
    const char *definition_name;
    uint32_t pinned;    /* The version asked for; 0: none, so the current one. */
    const char *closed; /* Why the definition takes no new saga; NULL: it does. A start
                         * that is repeated is answered all the same (S7). */
    const char *misfit; /* Why the input cannot start one; NULL: it can. Same. */
    bool is_unique;
    const char *id;           /* The client's; NULL: sagad makes one. */
    const char *key;          /* Rendered; NULL none. */
    const char *ordering_key; /* Rendered; NULL none. */
    struct json_span input;
    const char *labels; /* JSON object text; NULL none. */
    const char *traceparent;
    const char *tracestate;
};

struct command_bulk {
    const char *id;       /* Of the bulk action; BULK: made with its first answer. */
    const char *filter;   /* JSON object text: the list's parameters. */
    struct act_asked act; /* What is done to each; its id is not looked at. */
    uint64_t upto;        /* Sagas with a larger number are not touched. */
    uint64_t total;       /* Sagas that match now. */
};

struct command_redeliver {
    const char *id;      /* The saga's. */
    const char *webhook; /* Its id. */
};

struct command_signal {
    const char *id; /* The saga's. */
    const char *name;
    struct json_span body; /* at == NULL: none. */
};

struct command_callback {
    const char *token;
    struct json_span body; /* at == NULL: none. */
};

struct command_definition {
    const char *name;
    const char *content;  /* PUT */
    const char *hash;     /* PUT: of the compiled definition. */
    const char *children; /* PUT: {"child": version} of those that name no version, as
                             checked; NULL none. */
    uint32_t version;     /* USE. */
    bool makes_current;   /* PUT */
    const char *if_match; /* PUT: hash that must be current's; NULL none; "" with if_none:
                             none. */
    bool if_absent;       /* PUT: If-None-Match: * */
    bool is_paused;       /* FLAGS */
    bool is_archived;     /* FLAGS */
};

struct command;

struct command_starts {
    struct command
        *starts;   /* Theirs are kind, arena, actor, request_id, replay and of. */
    size_t n;      /* At least 1. */
    size_t n_open; /* The engine's: not answered yet. */
};

enum command_service_change {
    COMMAND_SERVICE_BREAKER,
    COMMAND_SERVICE_PAUSE,
    COMMAND_SERVICE_RESUME
};

struct command_service {
    const char *name;
    enum command_service_change change;
    enum service_breaker breaker; /* BREAKER: what it is to be. */
};

struct command_counts {
    struct stats_range range; /* One that stats_check() lets through. */

    /* The answer's. */
    struct stats_read read;
    uint32_t n_active; /* Sagas in memory. */
    uint32_t calls_in_flight;
    uint32_t calls_queued;
};

struct command {
    enum command_kind kind;
    struct arena *arena; /* The maker's. */
    void (*done)(void *user, struct command *c);
    void *user;
    struct command *next; /* The engine's, while it has the command. */

    const char *actor;  /* Token name, or "anonymous". */
    const char *reason; /* NULL none. */
    const char *request_id;
    const char
        *replay_scope; /* Idempotency-Key: scope, key, hash of the body; NULL none. */
    const char *replay_key;
    const char *replay_hash;

    enum command_wait wait; /* START, WATCH. */
    const char *wait_step;
    uint64_t wait_revision;
    uint32_t wait_ms;
    const char *watch_id; /* WATCH, PURGE: the saga's id. */

    union {
        struct command_start start;
        struct command_starts starts;
        struct act_asked act;
        struct command_bulk bulk;
        struct command_redeliver redeliver;
        struct command_signal signal;
        struct command_callback callback;
        struct command_definition definition;
        struct command_service service;
        struct command_counts counts;
    } of;

    /* ---- the answer ---- */
    enum problem problem;        /* PROBLEM_NONE: done. */
    struct err_info detail;      /* The problem's sentence. */
    bool is_new;                 /* START: this command made it. PUT: a new version. */
    bool is_replayed;            /* Answered from what an earlier request did. */
    bool is_noted;               /* ACT: S27. REDELIVER. Answered with 202. */
    bool waited_out;             /* The wait ran out, or ended early. */
    uint64_t in_flight_until_ms; /* CALL_IN_FLIGHT. */
    struct store_saga saga; /* START, ACT, WATCH: row as it is now (id always set). */
    uint64_t revision;
    const void *state; /* START that is new: the encoded state. */
    size_t state_n;
    const char *conflict_id;            /* KEY_CONFLICT: the other saga's id. */
    struct store_definition definition; /* PUT, USE. */
    int replay_status;
    uint64_t replay_turn; /* An action's: answered is the saga as it was after it. */
    const char *webhook;  /* REDELIVER: its object, JSON text. */
    const char *stats;    /* STATS: Prometheus text. */
    const char *services; /* STATS: JSON array text of service objects. SERVICE: the one
                           * service's object. */
};

#endif /* RUN_COMMAND_H */
