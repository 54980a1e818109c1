/*
 * record.h - what a turn's journal row says, beside the state.
 *
 * The row's `data`: the event, the oracle's answers in the order asked (verify replays
 * them), the attempts the turn made due, and what came from outside: the answer's status,
 * headers and body, or who asked and why. Most fields are absent in most records: a
 * version byte, a bit mask of what is there, then varints and length-prefixed bytes. A
 * NUL stands behind each text, so that reading copies nothing. Texts may be NULL.
 *
 * A late answer's row (store_late.data) is a record too, whose event is the answer.
 */
#ifndef VIEW_RECORD_H
#define VIEW_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "engine/core/saga.h"

struct record_send { /* An attempt that this turn made due. */
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint32_t attempt;
    uint64_t hash;    /* Of the rendered request (S3). */
    uint64_t address; /* Where it went: a number of address.h, 0 none. */
};

struct record_take { /* A signal that a wait accepted in this turn (S19). */
    uint16_t step;   /* The wait. */
    uint64_t turn;   /* The signal's: whose row holds its body. */
};

#define RECORD_TIMINGS 5 /* dns connect tls firstByte total */

struct record {
    struct saga_event event;

    const int64_t *answers;
    size_t n_answers;
    const struct record_send *sends;
    size_t n_sends;
    const struct record_take *takes;
    size_t n_takes;

    /* ANSWERED: what came. CALLED_BACK, SIGNALLED, SKIP, RESOLVE: the body given.
     * CHILD_ENDED: the child's output. */
    int http_status;     /* 0 none. */
    const char *headers; /* JSON object text. */
    const char *body;    /* Bytes as they came; JSON for the others. */
    size_t body_n;
    bool is_truncated;
    const char *detail;  /* In words: why it failed, or what an expression said. */
    uint64_t started_ms; /* ANSWERED: when the attempt was handed to curl. 0 none. */
    int32_t timings_us[RECORD_TIMINGS]; /* -1 unknown; kept only with started_ms. */

    const char *actor; /* Commands: who, why, which request. */
    const char *reason;
    const char *request_id;

    const char *output;       /* The completing turn: the saga's output, JSON text. */
    const char *output_error; /* The completing turn: why there is none. */
    const char *note; /* "the cancel came too late", an oracle's failure in words. */
    const char *notify_error; /* Why a webhook of this turn is not sent. */
};

/* Append r to out; out->is_over says whether it fitted. */
void record_encode(const struct record *r, struct buf *out);

/* Everything in out points into `from` or lives in `a`. False: not a record. */
bool record_decode(const void *from, size_t n, struct arena *a, struct record *out);

#endif /* VIEW_RECORD_H */
