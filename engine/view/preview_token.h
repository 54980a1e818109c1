/*
 * preview_token.h - proof that an action was previewed, on the saga as it still is.
 *
 * A keyed hash over the saga's id, its revision and the action with everything it says
 * but its reason. Nothing is kept: whoever has the action and the revision makes the
 * token again and compares. The key is random and lives as long as the process, so a
 * preview from before a restart is stale, too.
 *
 * Any thread.
 */
#ifndef VIEW_PREVIEW_TOKEN_H
#define VIEW_PREVIEW_TOKEN_H

#include "base/hash.h"
#include "engine/view/act_asked.h"

void preview_token_write(const struct act_asked *act, uint64_t revision,
                         char out[static HASH_MAC_HEX]);

/* The keyed hash itself, over any bytes. */
void preview_token_sign(const void *bytes, size_t n, char out[static HASH_MAC_HEX]);

/* Was `token` made of this action on this revision? */
bool preview_token_fits(const char *token, const struct act_asked *act,
                        uint64_t revision);

#endif /* VIEW_PREVIEW_TOKEN_H */
