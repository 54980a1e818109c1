/*
 * bulk.h - following a bulk action to its end, and what became of its sagas.
 *
 * It runs in the server; here it is only looked at.
 */
#ifndef SAGACTL_BULK_H
#define SAGACTL_BULK_H

#include "programs/sagactl/client.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* Until it is completed or cancelled, with its progress on a terminal. a gets it as it
 * was read last. EXIT_INTERRUPTED: it runs on, and that was said. */
enum exit_code bulk_follow(const struct ctl *ctl, const char *id,
                           struct client_answer *a);

/* How it ended, in the format asked for: for people with its failures by code. EXIT_OK
 * only if it is completed and none failed. */
enum exit_code bulk_conclude(const struct ctl *ctl, const char *id,
                             const struct client_answer *a);

#endif /* SAGACTL_BULK_H */
