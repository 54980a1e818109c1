/*
 * config.h - what sagad was told, and by whom.
 *
 * Flags beat the environment, which beats the file, which beats the defaults; each value
 * remembers its origin. Members are described by one table (config_members.h) that the
 * reader, the environment and check-config share. Members whose name starts with `//`
 * are comments; unknown ones are problems, with a suggestion. All problems are reported
 * at once.
 *
 * A config is made once and never changes; a reload makes a new one. Everything in it
 * lives in its arena. Secrets' values are not in it: see secrets.h. Any thread may read.
 */
#ifndef SAGAD_CONFIG_H
#define SAGAD_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/args.h"
#include "base/err.h"
#include "base/json_span.h"
#include "base/log.h"

struct config_texts {
    const char **items;
    size_t n;
};

struct config_entries { /* Of a named member or a list: structs, one behind the other. */
    void *items;
    size_t n;
};

struct config_header {
    const char *name;
    const char *value;  /* Or */
    const char *secret; /* the name of a secret. */
};

struct config_tls {
    const char *ca, *cert, *key; /* Paths; NULL none. */
};

struct config_service {
    const char *name;
    const char *url;
    struct config_entries headers; /* struct config_header */
    const char *bearer_secret;     /* NULL none. */
    uint64_t concurrent_max;
    uint64_t rate_per_s;       /* 0 none. */
    uint64_t keys_kept_ms;     /* 0 for ever. */
    uint64_t breaker_failures; /* 0 no breaker. */
    uint64_t breaker_window_ms;
    uint64_t breaker_open_ms;
    struct config_tls tls;
};

struct config_secret {
    const char *name;
    const char *file; /* One of the two. */
    const char *env;
};

struct config_token {
    const char *name;
    const char *hash; /* hash_content() of the token. */
    struct config_texts roles;
    struct config_texts definitions; /* Empty: any. */
    const char *expires;             /* RFC 3339; NULL never. */
    uint64_t rate_per_s;             /* 0: no limit. */
};

enum config_origin {
    CONFIG_DEFAULT,
    CONFIG_FILE,
    CONFIG_ENVIRONMENT,
    CONFIG_FLAG,
    CONFIG_DEV,
};

struct config_place { /* Where a value came from. */
    const char *pointer;
    enum config_origin origin;
    const char *via; /* The variable or flag. */
    unsigned line, column;
};

#define CONFIG_PROBLEMS_MAX 50

struct config_problem {
    const char *pointer; /* JSON Pointer; "" the whole. */
    const char *source; /* "sagad.json:3:5", "environment SAGAD_STORE", "flag --store". */
    const char *detail; /* A sentence. */
};

struct config {
    struct arena *arena;
    const char *file; /* Path of the file that was read; NULL: none. */
    struct json_span text;

    struct config_texts listen;
    const char *store;      /* "sqlite:PATH" */
    const char *public_url; /* Where callbacks reach this daemon; NULL: the listener. */
    struct {
        uint64_t body_max;
        uint64_t calls_max;
        uint64_t active_max;
    } limits;
    struct config_entries services; /* struct config_service */
    struct config_entries secrets;  /* struct config_secret */
    struct config_texts egress_allow;
    struct config_entries tokens; /* struct config_token */
    struct json_span vars;        /* An object. */
    uint64_t drain_ms;
    struct { /* How long is kept what; 0: for ever. */
        uint64_t completed_ms;
        uint64_t compensated_ms;
        uint64_t resolved_ms;
        uint64_t idempotency_ms;
    } retention;
    struct config_tls tls;
    struct {
        const char *otlp; /* The collector; NULL: no telemetry. */
        bool is_whole;    /* A variable named the whole URL: nothing is added. */
    } telemetry;
    uint64_t log_format; /* enum log_format */
    uint64_t log_level;  /* enum log_level */
    bool is_insecure;
    bool is_dev;
    bool is_temporary; /* --dev and no store: a database that goes away. */

    struct config_place *places; /* What was set, in the order it was. */
    size_t n_places;
    size_t room_places;
    struct config_problem problems[CONFIG_PROBLEMS_MAX];
    size_t n_problems;
};

/* Read all layers and check everything. Never fails: problems are in *out, which the
 * caller destroys. args: of programs/sagad/options.h. */
struct config *config_load(const struct args *args);
void config_destroy(struct config *c); /* NULL is fine. */

/* One line for each problem, to stderr. */
void config_print_problems(const struct config *c);

/* Every value with its origin, to out; never a secret. */
void config_show(const struct config *c, struct buf *out);

static inline const struct config_service *config_service_at(const struct config *c,
                                                             size_t i)
{
    return (const struct config_service *)c->services.items + i;
}
static inline const struct config_secret *config_secret_at(const struct config *c,
                                                           size_t i)
{
    return (const struct config_secret *)c->secrets.items + i;
}
static inline const struct config_token *config_token_at(const struct config *c, size_t i)
{
    return (const struct config_token *)c->tokens.items + i;
}
static inline const struct config_header *config_header_at(const struct config_service *s,
                                                           size_t i)
{
    return (const struct config_header *)s->headers.items + i;
}

const struct config_service *config_service_of(const struct config *c, const char *name);
const struct config_secret *config_secret_of(const struct config *c, const char *name);

/* The path behind "sqlite:". */
const char *config_store_path(const struct config *c);

/* ---- for the config_*.c files ------------------------------------------------- */

/* Note a problem of the value at pointer; its source is looked up. */
void config_problem(struct config *c, const char *pointer, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

void config_add_place(struct config *c, const struct config_place *place);
/* Where the value came from, or NULL: default. The last one set counts. */
const struct config_place *config_place_of(const struct config *c, const char *pointer);
/* "sagad.json:3:5", "environment SAGAD_STORE"; in the config's arena or static. */
const char *config_source(const struct config *c, const struct config_place *place);

#endif /* SAGAD_CONFIG_H */
