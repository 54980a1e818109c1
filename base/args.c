/* args.c - see args.h. */
#include "base/args.h"

#include <stdio.h>
#include <string.h>

const struct args_option *args_find(const struct args_table *table, const char *name,
                                    size_t n)
{
    for (size_t i = 0; i < table->n; i++) {
        const char *known = table->options[i].name;

        if (strlen(known) == n && memcmp(known, name, n) == 0) {
            return &table->options[i];
        }
    }
    return NULL;
}

static const struct args_option *find_short(const struct args_table *table, char letter)
{
    for (size_t i = 0; i < table->n; i++) {
        if (table->options[i].letter == letter) {
            return &table->options[i];
        }
    }
    return NULL;
}

static enum err add_given(struct args *out, const struct args_option *option,
                          const char *value, struct err_info *info)
{
    if (!option->is_repeated && args_has(out, option->name)) {
        return err_set(info, ERR_INVALID, "--%s is given twice", option->name);
    }
    if (out->n_given == ARGS_MAX) {
        return err_set(info, ERR_LIMIT, "more than %d options", ARGS_MAX);
    }
    out->given[out->n_given].option = option;
    out->given[out->n_given].value = value;
    out->n_given++;
    return ERR_OK;
}

static enum err add_word(struct args *out, const char *word, struct err_info *info)
{
    if (out->n_words == ARGS_MAX) {
        return err_set(info, ERR_LIMIT, "more than %d words", ARGS_MAX);
    }
    out->words[out->n_words] = word;
    out->n_words++;
    return ERR_OK;
}

/* One option. own: the value written in the same word, NULL none. next: the word behind
 * it, NULL none; *takes_next says whether it was the value. */
static enum err take(struct args *out, const struct args_option *option, const char *own,
                     const char *next, bool *takes_next, struct err_info *info)
{
    const char *value = own;

    *takes_next = false;
    if (option->takes == ARGS_NOTHING && own != NULL) {
        return err_set(info, ERR_INVALID, "--%s takes no value", option->name);
    }
    if (option->takes == ARGS_VALUE && own == NULL) {
        if (next == NULL) {
            return err_set(info, ERR_INVALID, "--%s needs a value: %s", option->name,
                           option->shown);
        }
        value = next;
        *takes_next = true;
    }
    return add_given(out, option, value != NULL ? value : "", info);
}

static enum err unknown(struct args *out, const char *word, size_t n,
                        struct err_info *info)
{
    size_t dashes = word[1] == '-' ? 2 : 1;

    out->unknown = word + dashes;
    out->unknown_n = n - dashes;
    return err_set(info, ERR_NOT_FOUND, "there is no option %.*s", (int)n, word);
}

static enum err take_word(const struct args_table *table, const char *word,
                          const char *next, struct args *out, bool *takes_next,
                          struct err_info *info)
{
    const struct args_option *option;
    const char *own = NULL;

    *takes_next = false;
    if (word[0] != '-' || word[1] == '\0') {
        return add_word(out, word, info);
    }
    if (word[1] == '-') {
        size_t n = strcspn(word, "=");

        option = args_find(table, word + 2, n - 2);
        if (option == NULL) {
            return unknown(out, word, n, info);
        }
        own = word[n] == '=' ? word + n + 1 : NULL;
    } else {
        option = find_short(table, word[1]);
        if (option == NULL) {
            return unknown(out, word, strlen(word), info);
        }
        own = word[2] != '\0' ? word + 2 : NULL;
    }
    return take(out, option, own, next, takes_next, info);
}

enum err args_read(const struct args_table *table, int argc, const char *const *argv,
                   struct args *out, struct err_info *info)
{
    bool are_words = false;

    *out = (struct args){.n_given = 0};
    for (int i = 1; i < argc; i++) {
        const char *next = i + 1 < argc ? argv[i + 1] : NULL;
        bool takes_next = false;
        enum err e;

        if (!are_words && strcmp(argv[i], "--") == 0) {
            are_words = true;
            continue;
        }
        e = are_words ? add_word(out, argv[i], info)
                      : take_word(table, argv[i], next, out, &takes_next, info);
        if (e != ERR_OK) {
            return e;
        }
        i += takes_next ? 1 : 0;
    }
    return ERR_OK;
}

const struct args_option *args_misplaced(const struct args *a, uint32_t command)
{
    for (size_t i = 0; i < a->n_given; i++) {
        if ((a->given[i].option->commands & command) == 0) {
            return a->given[i].option;
        }
    }
    return NULL;
}

const char *args_value(const struct args *a, const char *name)
{
    for (size_t i = a->n_given; i > 0; i--) {
        if (strcmp(a->given[i - 1].option->name, name) == 0) {
            return a->given[i - 1].value;
        }
    }
    return NULL;
}

bool args_has(const struct args *a, const char *name)
{
    return args_value(a, name) != NULL;
}

size_t args_values(const struct args *a, const char *name, const char **out, size_t most)
{
    size_t n = 0;

    for (size_t i = 0; i < a->n_given && n < most; i++) {
        if (strcmp(a->given[i].option->name, name) == 0) {
            out[n] = a->given[i].value;
            n++;
        }
    }
    return n;
}

#define HELP_COLUMN 30

void args_help_line(const struct args_option *o, struct buf *out)
{
    char left[64];
    int n = o->letter != 0
                ? snprintf(left, sizeof(left), "  -%c, --%s", o->letter, o->name)
                : snprintf(left, sizeof(left), "      --%s", o->name);

    if (o->takes != ARGS_NOTHING && n > 0 && (size_t)n < sizeof(left)) {
        (void)snprintf(left + n, sizeof(left) - (size_t)n,
                       o->takes == ARGS_MAYBE ? "[=%s]" : " %s", o->shown);
    }
    buf_printf(out, "%-*s %s\n", HELP_COLUMN, left, o->help);
}

void args_help(const struct args_table *table, uint32_t commands, struct buf *out)
{
    for (size_t i = 0; i < table->n; i++) {
        if ((table->options[i].commands & commands) != 0) {
            args_help_line(&table->options[i], out);
        }
    }
}
