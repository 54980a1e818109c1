/*
 * registry.h - compiled definitions, found by number or name.
 *
 * Each thread that needs compiled definitions has its own: compiled on first use from the
 * stored content, kept while the registry lives (versions never change). The name's
 * current version and flags are cached too and forgotten when the shared stamp moves:
 * the engine raises the stamp after each commit that changes a definition's row.
 */
#ifndef VIEW_REGISTRY_H
#define VIEW_REGISTRY_H

#include <stdatomic.h>
#include <stdint.h>

#include "base/err.h"
#include "definitions/definition.h"
#include "engine/store/store.h"

struct registry;

struct registry_entry {
    uint64_t num;
    uint32_t version;
    const struct definition *definition;
    const char *hash;
    uint64_t created_ms;
};

struct registry_name { /* How the name stands now. */
    const struct registry_entry *current;
    bool is_paused;
    bool is_archived;
};

/* reader is borrowed for the registry's life; stamp is read only. */
struct registry *registry_create(struct store_reader *reader,
                                 const atomic_uint_fast64_t *stamp);
void registry_destroy(struct registry *r); /* NULL is fine. */

/* ERR_NOT_FOUND, ERR_IO; ERR_INVALID: the stored text no longer compiles. Entries live as
 * long as the registry. */
MUST_CHECK enum err registry_find(struct registry *r, uint64_t num,
                                  const struct registry_entry **out,
                                  struct err_info *info);
MUST_CHECK enum err registry_find_name(struct registry *r, const char *name,
                                       struct registry_name *out, struct err_info *info);
MUST_CHECK enum err registry_find_version(struct registry *r, const char *name,
                                          uint32_t version,
                                          const struct registry_entry **out,
                                          struct err_info *info);

#endif /* VIEW_REGISTRY_H */
