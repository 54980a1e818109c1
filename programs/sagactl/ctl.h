/*
 * ctl.h - what every command gets: its options, the server, how to print.
 */
#ifndef SAGACTL_CTL_H
#define SAGACTL_CTL_H

#include <stdbool.h>

#include "base/args.h"
#include "programs/sagactl/client.h"
#include "programs/sagactl/commands.h"
#include "programs/sagactl/exits.h"
#include "programs/sagactl/output.h"

struct ctl {
    struct args args;
    const struct command_row *command;
    const char *word;      /* What follows the command: an id, a name, a file. */
    struct client *client; /* NULL for commands that need no server. */
    struct output output;
};

/* The option's value, or NULL. */
static inline const char *ctl_value(const struct ctl *ctl, const char *option)
{
    return args_value(&ctl->args, option);
}

/* The n-th word behind the command, from 0; NULL: it was not given. */
const char *ctl_word(const struct ctl *ctl, size_t n);

/* Carry the command out; the exit code. */
int ctl_run(struct ctl *ctl);

/* A message: to stderr, control characters escaped. */
void ctl_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* ---- the commands --------------------------------------------------------------- */

int saga_start(struct ctl *ctl); /* start.c */
int saga_list(struct ctl *ctl);  /* sagas.c */
int saga_get(struct ctl *ctl);
int saga_why(struct ctl *ctl);
int saga_journal(struct ctl *ctl);
int saga_items(struct ctl *ctl);
int saga_calls(struct ctl *ctl);  /* calls.c */
int watch_saga(struct ctl *ctl);  /* watch.c */
int saga_purge(struct ctl *ctl);  /* purge.c */
int saga_signal(struct ctl *ctl); /* signal.c */
int saga_act(struct ctl *ctl);   /* act.c: retry skip resolve close cancel pause resume */
int stuck_list(struct ctl *ctl); /* stuck.c */
int stats_show(struct ctl *ctl); /* stats.c */
int webhook_list(struct ctl *ctl); /* webhooks.c */
int webhook_redeliver(struct ctl *ctl);
int bulk_start(struct ctl *ctl); /* bulk.c */
int bulk_list(struct ctl *ctl);
int bulk_show(struct ctl *ctl);
int bulk_cancel(struct ctl *ctl);
int audit_list(struct ctl *ctl); /* audit.c */
int audit_verify(struct ctl *ctl);
int definition_apply(struct ctl *ctl); /* definitions.c */
int definition_list(struct ctl *ctl);
int definition_get(struct ctl *ctl);
int definition_versions(struct ctl *ctl); /* versions.c */
int definition_use(struct ctl *ctl);
int definition_hold(struct ctl *ctl); /* definition pause, definition resume */
int definition_archive(struct ctl *ctl);
int definition_check(struct ctl *ctl); /* check.c */
int definition_render(struct ctl *ctl);
int definition_test(struct ctl *ctl);
int definition_explore(struct ctl *ctl);
int definition_graph(struct ctl *ctl); /* picture.c */
int definition_diff(struct ctl *ctl);
int service_list(struct ctl *ctl); /* services.c */
int engine_resume(struct ctl *ctl);
int service_act(struct ctl *ctl); /* service pause, service resume */
int service_breaker(struct ctl *ctl);
int token_create(struct ctl *ctl);     /* token.c */
int conformance_test(struct ctl *ctl); /* conformance.c */
int bench_run(struct ctl *ctl);        /* bench.c */
int completion_print(struct ctl *ctl); /* completion.c */
int manual_print(struct ctl *ctl);     /* manual.c */
int help_print(struct ctl *ctl);       /* help.c */
int version_print(struct ctl *ctl);

#endif /* SAGACTL_CTL_H */
