/*
 * sqlite_list.h - a filter of sagas as SQL: walks of indexes, newest first, no sort.
 *
 * Each index holds rows that are equal in its columns in the order of num. So a list
 * is a merge of *branches*: one ordered walk per value of the one condition that leads
 * (a label, a key, a stuck step, statuses, a definition), all other conditions checked
 * on the way; nothing is read that is not merged, and nothing is skipped with OFFSET.
 * A condition with more values than LEAD_MAX does not lead. Without a leading condition
 * the walk is down the sagas themselves.
 *
 * Which condition leads is the caller's choice among sqlite_list_leads(): it does not
 * change what is found, only how much is looked at.
 */
#ifndef STORE_SQLITE_LIST_H
#define STORE_SQLITE_LIST_H

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "engine/store/store.h"

enum sqlite_lead_kind {
    SQLITE_LEAD_LABEL,
    SQLITE_LEAD_KEY,
    SQLITE_LEAD_GROUP, /* A stuck group: definitions, steps, calls and outcomes, all. */
    SQLITE_LEAD_STUCK, /* All that is stuck. */
    SQLITE_LEAD_STATUS,
    SQLITE_LEAD_NAME,
    SQLITE_LEAD_PAUSED,
    SQLITE_LEAD_NONE,
};

struct sqlite_lead {
    enum sqlite_lead_kind kind;
    size_t label; /* LABEL: which. */
};

#define SQLITE_LEADS_MAX 12

/* What may lead, at least one. Where one is better than all others in any case, that one
 * alone. */
size_t sqlite_list_leads(const struct store_filter *f,
                         struct sqlite_lead out[static SQLITE_LEADS_MAX]);

struct sqlite_list {
    const struct store_filter *f; /* Borrowed. */
    struct sqlite_lead lead;
    bool is_bare; /* Only the leading condition is asked for. */
    /* Numbers of the first parameter of each kind. */
    size_t definitions_at, stuck_at, keys_at, labels_at, times_at, above_at, error_at;
    size_t n_branches;
    struct buf sql; /* Owned. is_over: the filter has too many values. */
};

void sqlite_list_init(struct sqlite_list *l, const struct store_filter *f,
                      struct sqlite_lead lead);
void sqlite_list_done(struct sqlite_list *l);

/* One of these. ?1: below which number; ?2: how many, how many to skip. */
void sqlite_list_write(struct sqlite_list *l);       /* SQLITE_SAGA_COLUMNS */
void sqlite_list_write_count(struct sqlite_list *l); /* How many there are; no ?2. */
/* The number of the ?2nd saga, from 0, that the leading condition alone finds. */
void sqlite_list_write_probe(struct sqlite_list *l);

/* The filter's values; texts are borrowed until they are bound anew. */
void sqlite_list_bind(const struct sqlite_list *l, sqlite3_stmt *st);

#endif /* STORE_SQLITE_LIST_H */
