/*
 * pending.h - names taken by starts that are not committed yet.
 *
 * A saga's id, a `unique` key or an Idempotency-Key is in the store once its commit is
 * done; until then it is here, so that two starts in flight cannot take the same name.
 * Names leave together, batch by batch. Engine thread only.
 */
#ifndef RUN_PENDING_H
#define RUN_PENDING_H

#include <stdint.h>

struct pending;

enum pending_kind {
    PENDING_ID,
    PENDING_UNIQUE,
    PENDING_REPLAY,
    PENDING_LINE,   /* definition, ordering key: each saga that has it. */
    PENDING_PURGED, /* Id of a saga that is going. */
    PENDING_PLACE,  /* Of a child in its parent: the last generation is found. */
};

struct pending *pending_create(void);
void pending_destroy(struct pending *p); /* NULL is fine. */

/* first, second: the name, e.g. definition and key; second may be NULL. Copied. */
void pending_put(struct pending *p, enum pending_kind kind, const char *first,
                 const char *second, uint64_t saga, uint64_t batch);

/* The saga that took the name last, 0: nobody. */
uint64_t pending_find(const struct pending *p, enum pending_kind kind, const char *first,
                      const char *second);

/* Every saga that took the name, youngest first. */
void pending_each(const struct pending *p, enum pending_kind kind, const char *first,
                  const char *second, void (*each)(void *user, uint64_t saga),
                  void *user);

/* The batch is committed: its names are in the store. */
void pending_drop(struct pending *p, uint64_t batch);

#endif /* RUN_PENDING_H */
