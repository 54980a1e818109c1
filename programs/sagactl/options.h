/*
 * options.h - sagactl's options, one table, and the reading of a command line.
 *
 * Which command takes which option stands in commands.c.
 */
#ifndef SAGACTL_OPTIONS_H
#define SAGACTL_OPTIONS_H

#include "base/args.h"
#include "base/err.h"
#include "programs/sagactl/commands.h"

/* ERR_INVALID: wrong use; info is a sentence with a suggestion. On ERR_OK *command is a
 * row of the table and *word what follows it, NULL where nothing does. */
MUST_CHECK enum err options_read(int argc, const char *const *argv, struct args *args,
                                 const struct command_row **command, const char **word,
                                 struct err_info *info);

const struct args_table *options_table(void);

/* What the option's value may be, words with blanks between; NULL: anything. */
const char *options_choices(const char *name);

#endif /* SAGACTL_OPTIONS_H */
