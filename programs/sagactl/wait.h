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

/* ---- its pieces, for watching ---------------------------------------------------- */

#define WAIT_ID_MAX 256
#define WAIT_WHY_MAX 1024

struct wait_standing { /* What counts in a saga's document. */
    char id[WAIT_ID_MAX];
    char status[32];
    char why[WAIT_WHY_MAX];
};

/* False: a's body is no saga. */
bool wait_read_standing(const struct client_answer *a, struct wait_standing *out);

/* False: it goes on. */
bool wait_is_over(const struct wait_standing *s, enum exit_code *code);

/* One long poll of left_ms at most; a's body stays when nothing changed. */
enum exit_code wait_poll(const struct ctl *ctl, const char *id, struct client_answer *a,
                         uint64_t left_ms);

#endif /* SAGACTL_WAIT_H */
