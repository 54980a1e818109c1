/*
 * address.h - where an attempt went, and what its service's configuration added.
 *
 * Base URL, header names with the values that are no secrets, whether there is a bearer,
 * user agent and how traces are sampled: one text, kept in the store once (among the
 * vars) and named by number in the record of each attempt. So an attempt costs a byte,
 * is shown as it went out whatever the configuration says today, and a call in doubt
 * stays with the base URL it was sent to (S3). Never a secret: those are added at send
 * time and shown to nobody.
 *
 * The engine's part belongs to its thread; address_read() is for any reader.
 */
#ifndef RUN_ADDRESS_H
#define RUN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/calls/service.h"
#include "engine/run/trace.h"
#include "engine/store/store.h"

struct engine;

/* Shown instead of what a service's secrets are. */
#define ADDRESS_HIDDEN "[redacted]"

struct address { /* As the engine knows it; lives as long as the engine. */
    struct address *next;
    uint64_t num;
    uint64_t hash;  /* Of text. */
    char *text;     /* Owned, like base_url. */
    char *base_url; /* "" for absolute URLs. */
};

/* What address_of() said last of a service; a reload forgets it. */
enum { ADDRESS_MEMOS = 64 };
struct address_memo {
    const struct service *service;
    const struct address *address;
};

struct addresses { /* Part of the engine. */
    struct address *first;
    struct address_memo memos[ADDRESS_MEMOS];
};

/* Of a call that goes to s now. is_absolute: its URL is whole. in_doubt: the number of
 * the attempt in doubt that it repeats or asks about, 0 none; its base URL stays. A new
 * one is written with the filling batch. NULL: the store failed, and the engine stops. */
const struct address *address_of(struct engine *e, const struct service *s,
                                 bool is_absolute, uint64_t in_doubt);

/* The configuration was read (again): write where each service is, for previews. */
void address_take_services(struct engine *e);

void address_done(struct engine *e);

/* ---- for readers ------------------------------------------------------------- */

struct address_text {             /* In the arena. */
    struct service_config config; /* url, headers and bearer only; secrets hidden. */
    const char *user_agent;
    struct trace_sampler sampler;
};

/* ERR_NOT_FOUND: there is no such number. */
MUST_CHECK enum err address_read(struct store_reader *r, uint64_t num, struct arena *a,
                                 struct address_text *out, struct err_info *info);

/* Where calls of that service (NULL: absolute URLs) go now. ERR_NOT_FOUND: it is not
 * configured; ERR_INVALID: no engine has written any. */
MUST_CHECK enum err address_find(struct store_reader *r, const char *service,
                                 struct arena *a, uint64_t *out, struct err_info *info);

#endif /* RUN_ADDRESS_H */
