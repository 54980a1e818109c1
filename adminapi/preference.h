/*
 * preference.h - what request headers ask for beside the body: Prefer (RFC 7240),
 * Idempotency-Key, and the conditions If-Match and If-None-Match (RFC 9110).
 *
 * Pure over the headers but for what they say of answering.
 */
#ifndef ADMINAPI_PREFERENCE_H
#define ADMINAPI_PREFERENCE_H

#include <stdbool.h>
#include <stdint.h>

#include "adminapi/request.h"

/* Prefer: wait=N. True: asked for; capped at LIMIT_WAIT_S. */
bool preference_wait(const char *prefer, uint32_t *seconds_out);

/* Preference-Applied and, always, Vary: Prefer. */
void preference_applied(struct request *r, bool has_wait, uint32_t seconds);

/* Idempotency-Key, quoted or bare, into the command: scope, key and hash of the body.
 * False: the header is no key and the request was answered. */
bool preference_replay(struct request *r);

/* For one of several starts in a body: the whole's key with its place, its own hash.
 * Comes before preference_replay(), which leaves the command then as it is. */
void preference_replay_part(struct request *r, const struct command *whole, size_t place,
                            struct json_span part);

/* Does an entity-tag list name the tag ("abc" without quotes)? is_weak: W/"abc" does
 * too. Neither NULL. "*" names every tag. */
bool preference_has_tag(const char *list, const char *tag, bool is_weak);

#endif /* ADMINAPI_PREFERENCE_H */
