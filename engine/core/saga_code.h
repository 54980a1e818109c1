/*
 * saga_code.h - states and events as bytes, for the journal.
 *
 * The state's form is versioned and small: settled steps cost two bytes, settled
 * items are runs, only open cells are spelled out. Same state, same bytes: verify
 * compares with memcmp. Pure.
 */
#ifndef CORE_SAGA_CODE_H
#define CORE_SAGA_CODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/core/saga.h"

/* Write s to room_bytes at `to`; the number of bytes, 0 if it does not fit
 * (LIMIT_STATE_BYTES always suffices). */
size_t saga_encode(const struct saga *s, uint8_t *to, size_t room_bytes);

/* Read what saga_encode() wrote; false if it is not sound for this plan (s is then
 * rubbish). Only the parts in use are written. */
bool saga_decode(struct saga *s, const struct plan *plan, const uint8_t *from, size_t n);

/* The saga's state, status flags and turn from the first bytes, without a plan. */
struct saga_brief {
    enum saga_state state;
    uint32_t flags;
    uint64_t turn;
};
bool saga_decode_brief(struct saga_brief *brief, const uint8_t *from, size_t n);

size_t saga_event_encode(const struct saga_event *ev, uint8_t *to, size_t room_bytes);
bool saga_event_decode(struct saga_event *ev, const uint8_t *from, size_t n);
#define SAGA_EVENT_BYTES_MAX 160

#endif /* CORE_SAGA_CODE_H */
