/*
 * rehearse.h - one saga from its start to where it rests, without a daemon.
 *
 * The real core, the real expressions, requests and verdicts, under virtual time: what is
 * awaited comes at once, a time-out of two days takes none. The participants are a
 * script: a list of answers per call. `definition test` and `definition render` are this
 * and little more.
 *
 * What the script does not say: a call gets 200 {}, a child saga completes with {}, a
 * callback comes with {} behind the 2xx answer; a signal does not come (`signals_come`:
 * it is taken for granted). A list that is used up says no more, so a call then gets
 * 200 {}, and no further callback comes. An empty list of callbacks: none comes at all.
 *
 * Nothing is sent. No clock, no file; one thread.
 */
#ifndef DEFINITIONS_REHEARSE_H
#define DEFINITIONS_REHEARSE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_span.h"
#include "definitions/definition.h"
#include "definitions/render.h"
#include "engine/core/saga.h"

/* Turns of one rehearsal; beyond them it rests and says so. */
#define REHEARSE_TURNS_MAX 50000

/* A request as it would be sent, or a child saga as it would be started. Borrowed for the
 * call. */
struct rehearse_call {
    const char *name; /* "stock.action", "workspaces[1].compensation", "kyc.saga" */
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    uint32_t attempt;
    uint64_t at_ms;                       /* Since the start. */
    const struct render_request *request; /* NULL: a child is started or taken back. */
    struct json_span child_input;         /* A child that is started. */
};

struct rehearse_script {
    struct json_span input;
    struct json_span vars;    /* Object; at == NULL: {}. */
    struct json_span answers; /* A test's `answers`; at == NULL: none. */
    bool signals_come;
    void (*on_call)(void *user,
                    const struct rehearse_call *call); /* NULL: nobody asks. */
    void *user;
};

struct rehearse_end {
    enum saga_status status;
    struct json_span output;  /* Once completed; at == NULL: null. */
    const char *output_error; /* NULL: none. */
    const char *rest; /* Why it goes no further, one sentence; NULL: it is final. */
    uint64_t took_ms;
};

/* Everything in out lives in keep. ERR_INVALID: it cannot even start (its input does not
 * fit, its key fails); info says why. */
MUST_CHECK enum err rehearse(const struct definition *d,
                             const struct rehearse_script *script, struct arena *keep,
                             struct rehearse_end *out, struct err_info *info);

#endif /* DEFINITIONS_REHEARSE_H */
