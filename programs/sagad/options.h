/*
 * options.h - sagad's commands and options: two tables, from which --help and the manual
 * page are made.
 */
#ifndef SAGAD_OPTIONS_H
#define SAGAD_OPTIONS_H

#include "base/args.h"
#include "base/buf.h"
#include "base/err.h"

enum options_command {
    OPTIONS_SERVE,
    OPTIONS_CHECK_CONFIG,
    OPTIONS_MIGRATE,
    OPTIONS_BACKUP,
    OPTIONS_RESTORE,
    OPTIONS_VERIFY,
    OPTIONS_DEMO,
    OPTIONS_MANUAL,
    OPTIONS_VERSION,
    OPTIONS_HELP,
};

struct options_row {
    const char *name;
    const char *words; /* What follows it; NULL: nothing. */
    const char *help;  /* Half a line. */
};

/* In the order of the enum; *n of them. An option's `commands` counts them by bits. */
const struct options_row *options_rows(size_t *n);
const struct args_table *options_table(void);

/* Read argv. ERR_INVALID: wrong use; info is a sentence with a suggestion. `--help` and
 * `--version` are the commands of those names. */
MUST_CHECK enum err options_read(int argc, const char *const *argv, struct args *args,
                                 enum options_command *command, struct err_info *info);

/* The help of a command's name, or of everything when there is none (NULL). */
void options_help(const char *command, struct buf *out);

#endif /* SAGAD_OPTIONS_H */
