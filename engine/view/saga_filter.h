/*
 * saga_filter.h - the list's parameters as the store's filter (http-api.md, "filters").
 *
 * One place knows the names and what their values may be: the list reads them from a
 * query, a bulk action from a JSON object, and again from its row after a restart.
 *
 * Values are borrowed: they live as long as the filter is used. Any thread.
 */
#ifndef VIEW_SAGA_FILTER_H
#define VIEW_SAGA_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/json_span.h"
#include "engine/store/store.h"

#define SAGA_FILTER_LABELS 64 /* Labels one filter may ask for. */
#define SAGA_FILTER_VALUES 64 /* Values of one parameter. */

struct saga_filter {
    struct store_filter store; /* Points into this struct: not to be copied. */
    const char *label_names[SAGA_FILTER_LABELS];
    const char *label_values[SAGA_FILTER_LABELS];
};

void saga_filter_init(struct saga_filter *f);

bool saga_filter_knows(const char *name);
/* May it have several values, or-ed? */
bool saga_filter_is_list(const char *name);

/* One parameter that it knows, with its n values (1 unless it is a list), into f. NULL,
 * or what is wrong with the values: "names a status that there is not". */
const char *saga_filter_add(struct saga_filter *f, const char *name,
                            const char *const *values, size_t n);

/* What is wrong with a member of a JSON filter: its name, a code for programs, a
 * sentence. */
typedef void (*saga_filter_fault)(void *user, const char *name, const char *code,
                                  const char *detail);

/* {"status": "stuck,running", "key": ["a", "b,c"], "paused": true, "label.team": "core"}:
 * an accepted JSON object. A list is a text, split at its commas, or an array of texts.
 * Texts are taken from a. False: fault() was told of each. */
bool saga_filter_read(struct saga_filter *f, struct json_span object, struct arena *a,
                      saga_filter_fault fault, void *user);

/* Does a row that may have moved since it was found still pass? Asks only for what can
 * change: status, pause, stuck step. */
bool saga_filter_passes(const struct saga_filter *f, const struct store_saga *row);

#endif /* VIEW_SAGA_FILTER_H */
