/*
 * config_members.h - the configuration's members as a table.
 *
 * One row per member: its name, what it holds, its default and where it goes. Objects
 * have a table of their own; in a "named" member the names are the user's and each entry
 * is a struct whose first field is the name. A new setting is one row and one field.
 */
#ifndef SAGAD_CONFIG_MEMBERS_H
#define SAGAD_CONFIG_MEMBERS_H

#include <stddef.h>

#include "programs/sagad/config.h"

enum config_kind {
    CONFIG_TEXT,
    CONFIG_TEXTS, /* A list of texts. */
    CONFIG_SIZE,  /* uint64_t, here and below */
    CONFIG_DURATION,
    CONFIG_RATE,
    CONFIG_COUNT,
    CONFIG_WORD,   /* The number of one of `words`. */
    CONFIG_JSON,   /* An object, kept as it is. */
    CONFIG_OBJECT, /* `inner`; its fields are the same struct's. */
    CONFIG_NAMED,  /* Entries by name. */
    CONFIG_LIST,   /* Entries. */
};

struct config_members;

struct config_member {
    const char *name;
    enum config_kind kind;
    size_t offset;
    const char *preset;       /* Default, as one would write it; NULL none. */
    const char *const *words; /* CONFIG_WORD; ends with NULL. */
    const struct config_members *inner;
    size_t entry_bytes; /* CONFIG_NAMED, CONFIG_LIST */
    const char *plain;  /* CONFIG_NAMED: member that a mere text stands for; NULL none. */
    bool is_secret;     /* Never shown. */
};

struct config_members {
    const struct config_member *rows;
    size_t n;
};

extern const struct config_members config_members_all;

/* Row by name, or NULL. */
const struct config_member *config_member_of(const struct config_members *m,
                                             const char *name, size_t n);

/* Parse text as the leaf that row is and store it in target; false: it is not one.
 * Texts are not copied. Not for lists, objects and JSON. */
MUST_CHECK bool config_set(const struct config_member *row, void *target,
                           const char *text);

/* What a leaf should look like: "an amount of time like \"30s\"". */
const char *config_wanted(const struct config_member *row);

/* Call each() for every leaf of the fixed tree (nothing below names and lists), with its
 * pointer. */
void config_each_leaf(void (*each)(void *user, const struct config_member *row,
                                   const char *pointer),
                      void *user);

#endif /* SAGAD_CONFIG_MEMBERS_H */
