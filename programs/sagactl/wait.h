/*
 * wait.h - waiting for a saga's end, by long polls.
 */
#ifndef SAGACTL_WAIT_H
#define SAGACTL_WAIT_H

#include <stdbool.h>
#include <stdint.h>

#include "programs/sagactl/client.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* --wait's value in ms: *is_asked false when it was not given. EXIT_USAGE: no time. */
enum exit_code wait_option(const struct ctl *ctl, bool *is_asked, uint64_t *ms_out);

/* a holds the saga as it was read last, and does so afterwards. Until it is final or
 * stuck, or ms have passed: EXIT_OK completed, EXIT_COMPENSATED, EXIT_STUCK,
 * EXIT_WAIT_RAN_OUT, EXIT_FAILED resolved by hand. */
enum exit_code wait_for_end(const struct ctl *ctl, struct client_answer *a, uint64_t ms);

#endif /* SAGACTL_WAIT_H */
