/*
 * commands.h - what each command does, on the engine thread (command.h has their form).
 *
 * Each takes the command over: it is answered at once when refused, else after the commit
 * of the batch that did it. start.c, starts.c, act.c, receive.c, publish.c, tend.c,
 * redeliver.c, restore.c and bulk_start.c hold one kind each.
 */
#ifndef RUN_COMMANDS_H
#define RUN_COMMANDS_H

#include "engine/run/command.h"

struct engine;

/* Whatever it is. */
void commands_take(struct engine *e, struct command *c);

void commands_start(struct engine *e, struct command *c);
void commands_starts(struct engine *e, struct command *c);
void commands_act(struct engine *e, struct command *c);
void commands_bulk(struct engine *e, struct command *c);
void commands_bulk_cancel(struct engine *e, struct command *c);
void commands_purge(struct engine *e, struct command *c);
void commands_redeliver(struct engine *e, struct command *c);
void commands_signal(struct engine *e, struct command *c);
void commands_callback(struct engine *e, struct command *c);
void commands_publish(struct engine *e, struct command *c);
void commands_release(struct engine *e, struct command *c);
void commands_service(struct engine *e, struct command *c);
/* A commit is over: changes of definitions that waited for it. */
void commands_publish_delayed(struct engine *e);

/* ERR_OK: a saga of that id was purged, or is going. ERR_NOT_FOUND: none. Others: it
 * cannot be told now. */
MUST_CHECK enum err commands_find_purged(struct engine *e, const char *id,
                                         struct err_info *info);

/* Refuse with a problem and a sentence, now. */
void commands_refuse(struct command *c, enum problem problem, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Refuse because the store cannot be read now, or there is no room for what was read. */
void commands_refuse_unread(struct command *c, enum err err, const struct err_info *info);

/* The first without the answer: it is another one's to give. */
void commands_note(struct command *c, enum problem problem, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* An Idempotency-Key seen before: true if c was answered here. */
bool commands_replay(struct engine *e, struct command *c);
/* Keep the command's Idempotency-Key in the filling batch. */
void commands_keep_replay(struct engine *e, struct command *c, uint64_t saga,
                          const char *body);
/* An audit entry in the filling batch (S60). */
void commands_audit(struct engine *e, const struct command *c, const char *action,
                    const char *subject, uint64_t turn);

#endif /* RUN_COMMANDS_H */
