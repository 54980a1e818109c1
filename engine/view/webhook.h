/*
 * webhook.h - a webhook as it reads: in lists and as the answer of who has it sent again.
 *
 * Shows where it goes and how it fares, never its secret nor what it says: that is the
 * saga as it was.
 *
 * Pure; any thread.
 */
#ifndef VIEW_WEBHOOK_H
#define VIEW_WEBHOOK_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/json.h"
#include "engine/store/store.h"

/* "sagad.saga.completed": the CloudEvents type of a webhook that tells that status. */
const char *webhook_type(enum saga_status told, struct arena *a);

const char *webhook_status_name(enum store_notify_status status);
/* False: there is none of that name. */
bool webhook_status_of(const char *name, size_t n, enum store_notify_status *out);

/* As an object; its saga_id and definition_name are filled in. */
void webhook_write(struct json_out *o, const struct store_notify *n, struct arena *a);

#endif /* VIEW_WEBHOOK_H */
