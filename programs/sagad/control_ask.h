/*
 * control_ask.h - the other end of control.h: asking the daemon that has a database open.
 */
#ifndef SAGAD_CONTROL_ASK_H
#define SAGAD_CONTROL_ASK_H

#include <stdio.h>

#include "base/err.h"

struct control_talk;

/* Ask the daemon of the database at db_path. ERR_NOT_FOUND: none answers there. */
MUST_CHECK enum err control_ask(const char *db_path, const char *request,
                                struct control_talk **out, struct err_info *info);

/* The answer, its lines on out, until it says ok, or failed (ERR_IO, with its reason).
 * Blocks. */
MUST_CHECK enum err control_hear(struct control_talk *talk, FILE *out,
                                 struct err_info *info);

void control_hang_up(struct control_talk *talk); /* NULL is fine. */

#endif /* SAGAD_CONTROL_ASK_H */
