/*
 * commands.h - sagactl's commands, one row each: what --help, the completions and the
 * manual page say of them is made from it.
 *
 * A command is one word ("retry") or two ("definition apply"). Its row names the options
 * it takes (options.c has them) and the words that follow it. There may be as many
 * commands as are needed.
 */
#ifndef SAGACTL_COMMANDS_H
#define SAGACTL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/args.h"

struct ctl;

struct command_row {
    const char *name;
    const char *words; /* What follows: "ID", "ID [N]", "[COMMAND...]"; NULL: nothing. */
    const char *help;  /* Half a line. */
    int (*run)(struct ctl *ctl); /* The exit code. */
    const char *options;         /* Names with blanks between; help and version always. */
    const char *details;         /* Sentences and examples; NULL: none. */
};

/* In the order of the help; *n of them. */
const struct command_row *commands_all(size_t *n);

/* The command with that name, NULL: there is none. */
const struct command_row *commands_find(const char *name);

/* The command that the first words of a line name, and how many they are. */
const struct command_row *commands_match(const struct args *args, size_t *used);

bool command_takes(const struct command_row *command, const char *option);

/* Does it talk to sagad? Then it takes --server. */
bool command_is_online(const struct command_row *command);

/* How many words follow at least and at most; *most is ARGS_MAX where "..." is. */
void command_words(const struct command_row *command, size_t *least, size_t *most);

#endif /* SAGACTL_COMMANDS_H */
