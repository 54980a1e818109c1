/*
 * store_notify.h - what is durable of webhooks; a part of store.h.
 *
 * A webhook is written with the turn that it tells of. While it waits for its receiver
 * it is the outbox's, found by its receiver's origin and the time of its next attempt.
 * Afterwards it is kept with its saga, so that people see what became of it and can have
 * it sent again; it goes when the saga is purged. One that waits then still goes out: it
 * belongs to no saga any more (saga is 0), is in no list, and goes when it is settled.
 *
 * Rules for readers as in store.h.
 */
#ifndef STORE_STORE_NOTIFY_H
#define STORE_STORE_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "engine/core/saga.h"
#include "engine/store/store_bulk.h"

struct store_reader;

enum store_notify_status { /* The order is the number on disk. */
                           STORE_NOTIFY_WAITING,
                           STORE_NOTIFY_DELIVERED,
                           STORE_NOTIFY_FAILED,
};
enum { STORE_NOTIFY_STATUSES = 3 };

struct store_notify {
    uint64_t num;
    uint64_t saga;         /* 0: it was purged. */
    const char *id;        /* The message's, the same on every attempt. */
    enum saga_status told; /* The status reached, which it tells. */
    const char *origin;    /* Of url; messages to one origin wait for each other. */
    const char *url;
    const char *secret;      /* Name of the secret that signs it; NULL none. */
    struct store_bytes body; /* Filled by store_read_notify_body() only. */
    uint64_t made_ms;
    uint64_t since_ms; /* When it was last put on its way: retries count from here. */
    uint64_t due_ms;   /* Waiting: next attempt. */
    uint32_t attempts; /* Made so far, */
    uint32_t attempts_before; /* and of these before since_ms. */
    enum store_notify_status status;
    uint64_t ended_ms;    /* 0 while it waits. */
    uint32_t http_status; /* Of the last attempt; 0: none came. */
    const char *error;    /* Why the last attempt did not deliver; NULL: none failed. */
    const char *saga_id;  /* These two are filled by store_list_notify() and */
    const char *definition_name; /* store_find_notify() only. */
};

/* Waiting ones: the first origin after `after` (NULL: of all) that has one; its webhooks
 * by due time, then number; a body. */
MUST_CHECK enum err store_next_notify_origin(struct store_reader *r, const char *after,
                                             struct arena *a, const char **out,
                                             struct err_info *info);
typedef bool (*store_each_notify)(void *user, const struct store_notify *notify);
MUST_CHECK enum err store_scan_notify(struct store_reader *r, const char *origin,
                                      size_t most, store_each_notify each, void *user,
                                      struct err_info *info);
MUST_CHECK enum err store_read_notify_body(struct store_reader *r, uint64_t num,
                                           struct arena *a, struct store_bytes *out,
                                           struct err_info *info);
/* When the first of those that wait was made; 0: none waits. */
MUST_CHECK enum err store_oldest_notify(struct store_reader *r, uint64_t *out_ms,
                                        struct err_info *info);

/* Of a saga, or of all that are there; newest first, below before_num (0: from the
 * newest). */
struct store_notify_list {
    uint64_t saga;     /* 0: of all. */
    unsigned statuses; /* Bit per enum store_notify_status; 0: any. */
    uint64_t before_num;
    size_t most;
};
MUST_CHECK enum err store_list_notify(struct store_reader *r,
                                      const struct store_notify_list *list,
                                      store_each_notify each, void *user,
                                      struct err_info *info);
/* The saga's webhook of that id. */
MUST_CHECK enum err store_find_notify(struct store_reader *r, uint64_t saga,
                                      const char *id, struct arena *a,
                                      struct store_notify *out, struct err_info *info);

/* A row to keep: its texts live in a. */
struct store_notify store_notify_copy(struct arena *a, const struct store_notify *from);

#endif /* STORE_STORE_NOTIFY_H */
