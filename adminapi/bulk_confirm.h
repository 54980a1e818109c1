/*
 * bulk_confirm.h - the token that ties a bulk action to what was shown before it.
 *
 * It says the id that the bulk action will have, the largest saga number there was, and
 * how many sagas matched; a keyed hash covers these, the action and the filter. Nothing
 * is kept between the two requests. The key lives as long as the process.
 *
 * Any thread.
 */
#ifndef ADMINAPI_BULK_CONFIRM_H
#define ADMINAPI_BULK_CONFIRM_H

#include <stdbool.h>

#include "base/arena.h"
#include "engine/run/command.h"

/* The token for what is asked; id, upto and total are set. */
const char *bulk_confirm_write(const struct command_bulk *b, struct arena *a);

/* id, upto and total of a token, whoever made it. False: it is none. */
bool bulk_confirm_read(const char *token, struct arena *a, struct command_bulk *b);

/* Was it made for this, with the id, upto and total that it says? */
bool bulk_confirm_fits(const char *token, const struct command_bulk *b, struct arena *a);

#endif /* ADMINAPI_BULK_CONFIRM_H */
