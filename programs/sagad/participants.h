/*
 * participants.h - the demo's four services and their books.
 *
 * What a participant owes a saga (S29) is all here: a repeated key gets the first answer,
 * a compensation of something that never came is accepted and remembered, and an action
 * that comes after its compensation is refused. Each service has its thread and its book;
 * books are read after participants_stop().
 */
#ifndef SAGAD_PARTICIPANTS_H
#define SAGAD_PARTICIPANTS_H

#include <stdint.h>

#include "base/err.h"

enum participant {
    PARTICIPANT_PAYMENTS,
    PARTICIPANT_INVENTORY,
    PARTICIPANT_SHIPPING,
    PARTICIPANT_MAIL,
    PARTICIPANTS,
};

struct participant_book {
    uint32_t n_done;   /* Actions that had their effect. */
    uint32_t n_undone; /* Of those, the ones taken back. */
    uint32_t n_refused;
    int64_t cents_done; /* payments */
    int64_t cents_undone;
};

struct participants;

MUST_CHECK enum err participants_start(struct participants **out, struct err_info *info);
const char *participant_name(enum participant which);
unsigned participants_port(const struct participants *p, enum participant which);

/* Nothing is answered any more. */
void participants_stop(struct participants *p);
struct participant_book participants_book(const struct participants *p,
                                          enum participant which);
void participants_destroy(struct participants *p); /* Stops, too; NULL is fine. */

#endif /* SAGAD_PARTICIPANTS_H */
