/*
 * sent.h - an attempt's whole request: full URL and every header.
 *
 * One place says which headers sagad adds to the rendered request (S3): sending.c sends
 * them, readers and previews show them. Shown is what was sent, computed again from the
 * attempt's name, its turn's time and its address (address.h), through the same rules of
 * engine/calls/outgoing; secrets, and the capability in Saga-Callback, are hidden. What
 * frames the message (Host, Content-Length) is libcurl's and not listed.
 *
 * Pure; any thread.
 */
#ifndef VIEW_SENT_H
#define VIEW_SENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "definitions/render.h"
#include "engine/view/address_text.h"

enum { SENT_OWN_HEADERS = 11 };

struct sent_attempt { /* Borrowed. */
    const char *saga_id;
    const struct definition *definition;
    uint32_t version;
    const char *traceparent; /* The saga's as given; NULL none. */
    const char *tracestate;  /* NULL none. */
    struct trace_attempt name;
    uint32_t attempt;
    uint64_t due_ms;      /* Its turn's time. */
    const char *callback; /* Where the result is posted to; NULL: nowhere (S18). */
    bool is_foreseen;     /* A preview's: what its turn decides is not known yet. */
};

/* S2: "<saga>.<step>[.<item>].<action|compensation>", without quotes, in the arena. */
const char *sent_key(struct arena *a, const char *saga_id, const char *step_id,
                     uint32_t item, enum call_kind call);

/* sagad's own headers of the attempt, for its timeout; how many. */
size_t sent_own_headers(struct arena *a, const struct sent_attempt *x,
                        const struct trace_sampler *sampler,
                        struct service_header out[static SENT_OWN_HEADERS]);

struct sent { /* In the arena. */
    const char *url;
    const struct service_header *headers;
    size_t n_headers;
};

/* to NULL: where it goes is not known; "…" stands for it. */
void sent_write(struct arena *a, const struct sent_attempt *x,
                const struct address_text *to, const struct render_request *request,
                struct sent *out);

#endif /* VIEW_SENT_H */
