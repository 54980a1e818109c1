/*
 * fold.h - every saga computed again from its journal, and compared (S8).
 *
 * Of a store that nobody writes, or of a live one: turns and sagas that come or go
 * meanwhile are no difference, and each read is short (S92). One thread at a time.
 */
#ifndef SAGAD_FOLD_H
#define SAGAD_FOLD_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>

#include "base/err.h"
#include "engine/store/store.h"

struct fold_task {
    struct store *store;
    const atomic_uint_fast64_t *stamp; /* See registry.h. */
    FILE *out;                         /* What differs, a line each; then the counts. */
    const atomic_bool *is_unwanted;    /* Raised: it ends soon, ERR_BUSY. NULL none. */
};

/* All borrowed. The audit's chain is checked too. ERR_IO: something differs, or the store
 * cannot be read. */
MUST_CHECK enum err fold_store(const struct fold_task *task, struct err_info *info);

/* The same as a store_check, with `user` the FILE. */
MUST_CHECK enum err fold_check(void *user, struct store *copy, struct err_info *info);

#endif /* SAGAD_FOLD_H */
