/*
 * used.h - which services unfinished sagas may still call.
 *
 * A reload may not take such a service away: its sagas would have nowhere to go. Looks at
 * every saga that is not final, so it is for reloads, not for the busy paths.
 */
#ifndef SAGAD_USED_H
#define SAGAD_USED_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/store/store.h"
#include "engine/view/registry.h"

/* Does an unfinished saga's definition name the service? */
MUST_CHECK enum err used_by_unfinished(struct store_reader *reader,
                                       struct registry *registry, const char *service,
                                       bool *is_used, struct err_info *info);

#endif /* SAGAD_USED_H */
