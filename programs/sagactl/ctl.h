/*
 * ctl.h - what every command gets: its options, the server, how to print.
 */
#ifndef SAGACTL_CTL_H
#define SAGACTL_CTL_H

#include <stdbool.h>

#include "base/args.h"
#include "programs/sagactl/client.h"
#include "programs/sagactl/exits.h"
#include "programs/sagactl/options.h"
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
int saga_calls(struct ctl *ctl);
int saga_act(struct ctl *ctl); /* act.c: retry skip resolve close cancel pause resume */
int definition_apply(struct ctl *ctl); /* definitions.c */
int definition_list(struct ctl *ctl);
int definition_get(struct ctl *ctl);
int definition_check(struct ctl *ctl); /* check.c */
int definition_render(struct ctl *ctl);
int definition_test(struct ctl *ctl);
int definition_explore(struct ctl *ctl);
int definition_graph(struct ctl *ctl); /* picture.c */
int definition_diff(struct ctl *ctl);
int service_list(struct ctl *ctl); /* services.c */
int service_act(struct ctl *ctl);  /* service pause, service resume */
int service_breaker(struct ctl *ctl);
int token_create(struct ctl *ctl); /* token.c */
int help_print(struct ctl *ctl);   /* ctl.c */
int version_print(struct ctl *ctl);

#endif /* SAGACTL_CTL_H */
