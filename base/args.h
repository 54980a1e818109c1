/*
 * args.h - a command line, read against one table of options.
 *
 * The table is the only place that knows an option: the reader, --help and the manual
 * come from it. Long options take their value as `--name value` or `--name=value`, short
 * ones as `-o value` or `-ovalue`. Options may stand before, between and behind the
 * other words; `--` ends them; a lone `-` is a word.
 *
 * Everything points into argv and the table; nothing is allocated, no threads.
 */
#ifndef BASE_ARGS_H
#define BASE_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum args_takes {
    ARGS_NOTHING,
    ARGS_VALUE,
    ARGS_MAYBE, /* Only as --name=value; without it the value is "". */
};

struct args_option {
    const char *name; /* Without dashes. */
    char letter;      /* 0: none. */
    enum args_takes takes;
    bool is_repeated;  /* May be given more than once. */
    const char *shown; /* How --help calls the value. */
    uint32_t commands; /* Bit per command that takes it; the caller's numbering. 0 where
                          the caller's commands name their options themselves. */
    const char *help;  /* Half a line. */
};

#define ARGS_MAX 64 /* Options, and words, of one command line. */

struct args_given {
    const struct args_option *option;
    const char *value; /* "" for ARGS_NOTHING. */
};

struct args {
    struct args_given given[ARGS_MAX];
    size_t n_given;
    const char *words[ARGS_MAX];
    size_t n_words;
    const char *unknown; /* After ERR_NOT_FOUND: the option's name, for a suggestion. */
    size_t unknown_n;
};

struct args_table {
    const struct args_option *options;
    size_t n;
};

/* ERR_NOT_FOUND: an option that the table does not have; ERR_INVALID: a value missing or
 * too much, an option twice; ERR_LIMIT: too many words. */
MUST_CHECK enum err args_read(const struct args_table *table, int argc,
                              const char *const *argv, struct args *out,
                              struct err_info *info);

/* An option that `command` (a bit) does not take, or NULL. */
const struct args_option *args_misplaced(const struct args *a, uint32_t command);

/* The option's value (the last one given), NULL: not given. name must be in the table. */
const char *args_value(const struct args *a, const char *name);
bool args_has(const struct args *a, const char *name);

/* Values of a repeated option, in order: the number written to out. */
size_t args_values(const struct args *a, const char *name, const char **out, size_t most);

/* The option with that name (n bytes), or NULL. */
const struct args_option *args_find(const struct args_table *table, const char *name,
                                    size_t n);

/* One option's line of a help. */
void args_help_line(const struct args_option *option, struct buf *out);

/* A line for each option that one of `commands` takes. */
void args_help(const struct args_table *table, uint32_t commands, struct buf *out);

#endif /* BASE_ARGS_H */
