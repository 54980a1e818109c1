/*
 * saga_json.h - sagas and journal entries in the API's JSON (http-api.md, "A saga" and
 * "Other shapes"). Writes; decides nothing.
 */
#ifndef ADMINAPI_SAGA_JSON_H
#define ADMINAPI_SAGA_JSON_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "engine/core/plan.h"
#include "engine/view/view.h"

/* The whole saga. is_noted adds "noted": true (S27). */
void saga_json_write(struct json_out *o, const struct view *v, bool is_noted,
                     struct arena *a);

/* As it stands in a list: no steps, input and output. view NULL: a final saga, from its
 * row and its last turn's number. */
void saga_json_summary(struct json_out *o, const struct store_saga *row,
                       const struct view *v, uint64_t revision, struct arena *a);

/* "output" of a step or item: its answer, without what the definition hides. */
void saga_json_output(struct json_out *o, const struct docs_answer *output,
                      const struct definition_call *action);

/* The names of the actions that are legal now, as an array. */
void saga_json_actions(struct json_out *o, const struct saga *s, const struct plan *plan);

/* One turn of the journal. */
void saga_json_turn(struct json_out *o, const struct definition *d,
                    const struct store_turn *turn, struct arena *a);

#endif /* ADMINAPI_SAGA_JSON_H */
