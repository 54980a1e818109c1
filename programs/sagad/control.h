/*
 * control.h - the daemon's door for commands on its own machine: `sagad backup` and
 * `sagad verify` on a live file (S96).
 *
 * A Unix socket beside the database, <db>.control, of mode 0600: whoever may open the
 * database's folder and is its owner (or root) could read the file anyway, so there is no
 * token. One client at a time, in order; one request a connection:
 *
 *   verify         lines of a report, each behind a space
 *   backup PATH    a copy of the store at PATH; the client keeps the connection while it
 *                  checks the copy, so that there is one backup at a time
 *
 * and then "ok", or "failed" and why. A client that goes away ends what it asked for.
 * A thread of its own; verify reads with a reader of its own and copies are the writer's.
 */
#ifndef SAGAD_CONTROL_H
#define SAGAD_CONTROL_H

#include "base/err.h"
#include "engine/run/engine.h"
#include "engine/store/store.h"

#define CONTROL_LINE_MAX 8192 /* A request with a path, an answer with a reason. */

struct control;

/* The socket's name for a database; ERR_INVALID: the path is too long. */
MUST_CHECK enum err control_path(const char *db_path, char *out, size_t room,
                                 struct err_info *info);

/* store and engine are borrowed until control_stop(). The database's lock is held. */
MUST_CHECK enum err control_start(const char *db_path, struct store *store,
                                  struct engine *engine, struct control **out,
                                  struct err_info *info);

void control_stop(struct control *c); /* Before engine_stop(). NULL is fine. */

#endif /* SAGAD_CONTROL_H */
