/* store_stuck.c - see store_stuck.h. */
#include "engine/store/store_stuck.h"

#include "engine/store/store_backend.h"

enum err store_scan_stuck(struct store_reader *r, const char *definition, size_t most,
                          store_each_stuck each, void *user, struct err_info *info)
{
    return most == 0 ? ERR_OK
                     : r->backend->scan_stuck(r, definition, most, each, user, info);
}

enum err store_scan_stuck_sagas(struct store_reader *r,
                                const struct store_stuck_group *group, size_t most,
                                store_each_saga each, void *user, struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_ALIKE, .group = group, .most = most};

    return most == 0 ? ERR_OK : r->backend->scan_sagas(r, &q, each, user, info);
}

enum err store_oldest_stuck(struct store_reader *r, uint64_t *out_ms,
                            struct err_info *info)
{
    return r->backend->oldest_stuck(r, out_ms, info);
}
