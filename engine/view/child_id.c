/* child_id.c - see child_id.h. */
#include "engine/view/child_id.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/ids.h"
#include "engine/core/saga.h"

const char *child_id(struct arena *a, const struct child_place *at, bool is_hashed)
{
    char hash[HASH_HEX];
    const char *id =
        at->item == SAGA_NO_ITEM
            ? arena_printf(a, "%s.%s", at->parent, at->step)
            : arena_printf(a, "%s.%s.%" PRIu32, at->parent, at->step, at->item);

    if (at->generation > 1) {
        id = arena_printf(a, "%s~%u", id, (unsigned)at->generation);
    }
    if (!is_hashed && strlen(id) <= IDS_ID_MAX) {
        return id;
    }
    hash_content(id, strlen(id), hash);
    return arena_printf(a, "child-%s", hash);
}
