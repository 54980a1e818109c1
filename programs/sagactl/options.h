/*
 * options.h - sagactl's commands and options: one table each, from which --help is made.
 *
 * A command is one word ("retry") or two ("definition apply"). The row says which words
 * come behind it and which function carries it out.
 */
#ifndef SAGACTL_OPTIONS_H
#define SAGACTL_OPTIONS_H

#include "base/args.h"
#include "base/buf.h"
#include "base/err.h"

struct ctl;

struct command_row {
    const char *name;
    const char *words; /* What follows: "ID", "FILE OTHER"; NULL: nothing. */
    const char *help;
    int (*run)(struct ctl *ctl); /* The exit code. */
    bool is_offline;
};

/* ERR_INVALID: wrong use; info is a sentence with a suggestion. On ERR_OK *command is a
 * row of the table and *word what follows it, NULL where nothing does. */
MUST_CHECK enum err options_read(int argc, const char *const *argv, struct args *args,
                                 const struct command_row **command, const char **word,
                                 struct err_info *info);

/* The help of the command called `name`, or of everything (NULL, or no such command). */
void options_help(const char *name, struct buf *out);

#endif /* SAGACTL_OPTIONS_H */
