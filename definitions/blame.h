/*
 * blame.h - where a failed expression stands in a definition, and what may be shown.
 *
 * Found by the compiled expression itself, each of which stands in one place: whoever
 * evaluates one need not know where it came from. The place is in the author's words,
 * the part with a JSON Pointer into it, then the step: "body/items/0 of 'payment'",
 * "headers/X-Shop of the compensation of item 3 of 'mail'", "wait/until of 'pause'".
 *
 * A value is hidden where `redact` or a secret header could have it: when the expression
 * makes a part of a request that is redacted, or reads an answer's headers, or an answer
 * of whose body anything is redacted. Rather too much than too little.
 *
 * Walks the definition: for failures, not for each evaluation. Pure; any thread.
 */
#ifndef DEFINITIONS_BLAME_H
#define DEFINITIONS_BLAME_H

#include "definitions/definition.h"
#include "definitions/expr.h"

/* "the compensation of ", in front of a step's name; "" for an action. */
const char *blame_whose(enum call_kind call);

/* item: the index as JSON text, at == NULL: none. e is one of d's. */
void blame_find(const struct definition *d, const struct expr *e, struct json_span item,
                struct expr_blame *out);

#endif /* DEFINITIONS_BLAME_H */
