/*
 * load.h - bringing a saga into memory, and its documents when a turn needs them.
 *
 * Engine thread only.
 */
#ifndef RUN_LOAD_H
#define RUN_LOAD_H

#include "base/err.h"
#include "engine/run/table.h"

struct engine;

/* The saga of this row or number, in memory: found there or read. ERR_NOT_FOUND,
 * ERR_LIMIT (no room), ERR_IO. */
MUST_CHECK enum err load_saga(struct engine *e, uint64_t num, struct resident **out,
                              struct err_info *info);
MUST_CHECK enum err load_row(struct engine *e, const struct store_saga *row,
                             struct resident **out, struct err_info *info);
MUST_CHECK enum err load_id(struct engine *e, const char *id, struct resident **out,
                            struct err_info *info);

/* Its documents and the hashes of its open calls; nothing if it has them. */
MUST_CHECK enum err load_docs(struct engine *e, struct resident *r,
                              struct err_info *info);

/* Documents of a saga that starts now. */
void load_new_docs(struct engine *e, struct resident *r, struct json_span input);

#endif /* RUN_LOAD_H */
