/*
 * saga_answer.h - the saga's handlers have this in common: find it, answer with it.
 */
#ifndef ADMINAPI_SAGA_ANSWER_H
#define ADMINAPI_SAGA_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "adminapi/request.h"
#include "base/json.h"
#include "engine/view/view.h"

/* The saga's row by the path's id, from the store. False: answered, 404, 410 or
 * 503. */
bool saga_answer_find(struct request *r, struct store_saga *out);

/* The saga as it is now. False: answered. */
bool saga_answer_view(struct request *r, const char *id, struct view *out);

/* 200, 202: with the saga, its ETag and what belongs to both. */
void saga_answer_with(struct request *r, int status, const struct view *v, bool is_noted);

/* Sagas as entries of a list: without steps, input and output. `why` and `actions` need
 * the state, which is read for those that are not final; the others have none. Called in
 * the moment of r->reader in which the rows were found. */
enum err saga_answer_rows(struct request *r, struct json_out *o,
                          const struct store_saga *rows, size_t n, struct err_info *info);

/* "r42": the inside of a saga's entity tag. */
const char *saga_answer_tag(struct request *r, uint64_t revision);

/* The problem the engine answered r->command with. v: the saga, for `allowed`; NULL when
 * there is none. */
void saga_answer_problem(struct request *r, const struct view *v);

#endif /* ADMINAPI_SAGA_ANSWER_H */
