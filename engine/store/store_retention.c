/* store_retention.c - see store_retention.h. */
#include "engine/store/store_retention.h"

#include <assert.h>

#include "engine/store/store_backend.h"

enum err store_scan_ended(struct store_reader *r, enum saga_status status,
                          uint64_t after_num, size_t most, store_each_saga each,
                          void *user, struct err_info *info)
{
    const struct store_saga_query q = {
        .by = STORE_SAGAS_ENDED, .status = status, .num = after_num, .most = most};

    assert(status >= SAGA_STATUS_COMPLETED);
    return most == 0 ? ERR_OK : r->backend->scan_sagas(r, &q, each, user, info);
}

enum err store_oldest_replay(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info)
{
    return r->backend->oldest_replay(r, out_ms, info);
}
