/*
 * parse.h - a definition's JSON text, read into a draft.
 *
 * Says everything that is wrong with the form: unknown and missing members, types,
 * patterns, bounds, expressions that do not compile. Whether what is written makes
 * sense is check.h's business. Any text is accepted as input; the draft is as complete
 * as the text allows.
 */
#ifndef DEFINITIONS_PARSE_H
#define DEFINITIONS_PARSE_H

#include "definitions/draft.h"

/* text: accepted by json_read(), and borrowed as long as the draft lives. What the
 * definition keeps goes to keep. */
void parse_definition(struct json_span text, struct report *report, struct arena *keep,
                      struct arena *scratch, struct draft *out);

#endif /* DEFINITIONS_PARSE_H */
