/*
 * preview.h - what an operator's action would bring about, should the world behave.
 *
 * A copy of the saga's state, the real core, the real expressions and requests, and an
 * oracle that always grants a slot: the action is fed in, then each call is answered
 * `succeeded`, each callback comes, each child ends well, and time passes at once.
 * Signals are people's: it stops at a wait for one. Nothing is sent, asked of the engine
 * or written.
 *
 * What a call will answer is not known. Whatever reads such an answer finds null; a
 * request that cannot be rendered so is shown with holes, a condition that fails on it
 * counts as met, and a forEach over it as having no items. Not looked at: how long the
 * services keep keys, whether a child's input fits its schema, the calls of children.
 *
 * Any thread with its own reader and registry (view.h).
 */
#ifndef VIEW_PREVIEW_H
#define VIEW_PREVIEW_H

#include "base/hash.h"
#include "engine/view/act_asked.h"
#include "engine/view/view.h"

#define PREVIEW_TURNS_MAX 5000
#define PREVIEW_BODIES_BYTES (4U * 1024 * 1024) /* Bodies beyond that are left out. */

struct preview_request { /* In the order they would be sent. */
    uint16_t step;
    uint32_t item;
    enum call_kind call;
    const struct definition_call *made; /* NULL: a child is started or taken back. */
    bool has_holes; /* It reads an answer that is not given yet: that is null in it, or it
                     * has neither headers of its own nor a body. */
    bool is_cut;    /* The body is left out, the preview being long. */
    const char
        *url; /* With a service: path and query. "…" stands for what is not known. */
    const struct address_text *to; /* Where it would go; NULL: not known. */
    uint32_t attempt;
    const struct render_header *headers; /* The definition's own. */
    size_t n_headers;
    const char *body; /* NULL: none. */
    size_t body_n;
};

struct preview {
    enum saga_result result; /* REJECTED, IN_FLIGHT: the action is refused. */
    char token[HASH_MAC_HEX];
    const struct preview_request *requests;
    size_t n_requests;
    enum saga_status ends_in;
    const char *rest; /* Why it goes no further, one sentence; NULL: it is final. */
    bool has_worst;   /* False: a child takes part, whose time is not known. */
    uint64_t worst_ms;
};

/* Everything in *out lives in `a` or the definition. v: as it is now (turn 0). act: its
 * step is one of the definition. */
MUST_CHECK enum err preview_make(struct store_reader *r, const struct view *v,
                                 const struct act_asked *act, const char *reason,
                                 struct arena *a, struct preview *out,
                                 struct err_info *info);

#endif /* VIEW_PREVIEW_H */
