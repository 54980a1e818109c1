/* filter.c - see filter.h. */
#include "adminapi/filter.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "adminapi/answer.h"
#include "base/clk.h"
#include "engine/run/saga_text.h"

#define VALUES_MAX 64 /* Of one parameter. */

struct values {
    const char **items;
    size_t n;
};

static bool refuse(struct request *r, const char *name, const char *what)
{
    answer_refuse(r, PROBLEM_INVALID_REQUEST, "The query parameter '%s' %s", name, what);
    return false;
}

/* "a,b" into its decoded values. */
static bool read_values(struct request *r, const struct target_parameter *p,
                        struct values *out)
{
    const char *at = p->raw;

    out->items = arena_take(r->arena, VALUES_MAX * sizeof(out->items[0]));
    out->n = 0;
    for (;;) {
        const size_t n = strcspn(at, ",");

        if (n == 0) {
            return refuse(r, p->name, "has an empty value");
        }
        if (out->n == VALUES_MAX) {
            return refuse(r, p->name, "has too many values");
        }
        out->items[out->n++] = target_decode(at, n, true, r->arena);
        if (at[n] == '\0') {
            return true;
        }
        at += n + 1;
    }
}

static bool read_statuses(struct request *r, const struct target_parameter *p,
                          uint32_t *out)
{
    struct values values;

    if (!read_values(r, p, &values)) {
        return false;
    }
    for (size_t i = 0; i < values.n; i++) {
        enum saga_status status;

        if (!saga_status_of_name(values.items[i], strlen(values.items[i]), &status)) {
            return refuse(r, p->name, "names a status that there is not");
        }
        *out |= 1U << status;
    }
    return true;
}

/* The words of a list of the core as bits. */
static bool read_words(struct request *r, const struct target_parameter *p,
                       const char *(*word_of)(unsigned), unsigned n_words, uint32_t *out)
{
    struct values values;

    if (!read_values(r, p, &values)) {
        return false;
    }
    for (size_t i = 0; i < values.n; i++) {
        unsigned word = 0;

        while (word < n_words && strcmp(word_of(word), values.items[i]) != 0) {
            word++;
        }
        if (word == n_words) {
            return refuse(r, p->name, "has a word that there is not");
        }
        *out |= 1U << word;
    }
    return true;
}

static const char *call_word(unsigned call)
{
    return call_name_of((enum call_kind)call);
}

static const char *outcome_word(unsigned outcome)
{
    return outcome_name((enum outcome)outcome);
}

static bool read_error(struct request *r, const struct target_parameter *p,
                       const char **out)
{
    if (p->value[0] == '\0') {
        return refuse(r, p->name, "is empty");
    }
    *out = p->value;
    return true;
}

static bool read_list(struct request *r, const struct target_parameter *p,
                      const char *const **items, size_t *n)
{
    struct values values;

    if (!read_values(r, p, &values)) {
        return false;
    }
    *items = values.items;
    *n = values.n;
    return true;
}

/* After and before are exclusive, as the store takes them. */
static bool read_time(struct request *r, const struct target_parameter *p, uint64_t *out)
{
    const char *text = p->value;

    /* An offset's + that was not encoded has become a blank. */
    if (strchr(text, ' ') != NULL) {
        char *fixed = arena_text(r->arena, text);

        *strchr(fixed, ' ') = '+';
        text = fixed;
    }
    return clk_from_text(text, out) || refuse(r, p->name, "is not a time (RFC 3339)");
}

static bool read_paused(struct request *r, const struct target_parameter *p, int *out)
{
    if (strcmp(p->value, "true") == 0) {
        *out = 1;
    } else if (strcmp(p->value, "false") == 0) {
        *out = -1;
    } else {
        return refuse(r, p->name, "is true or false");
    }
    return true;
}

struct labels {
    const char *names[TARGET_PARAMETERS_MAX];
    const char *values[TARGET_PARAMETERS_MAX];
};

static bool read_one(struct request *r, const struct target_parameter *p,
                     struct labels *labels, struct store_filter *out)
{
    const char *name = p->name;

    if (strncmp(name, "label.", 6) == 0) {
        labels->names[out->n_labels] = name + 6;
        labels->values[out->n_labels++] = p->value;
        return true;
    }
    if (strcmp(name, "status") == 0) {
        return read_statuses(r, p, &out->statuses);
    }
    if (strcmp(name, "definition") == 0) {
        return read_list(r, p, &out->definitions, &out->n_definitions);
    }
    if (strcmp(name, "stuckStep") == 0) {
        return read_list(r, p, &out->stuck_steps, &out->n_stuck_steps);
    }
    if (strcmp(name, "stuckOperation") == 0) {
        return read_words(r, p, call_word, CALLS, &out->stuck_calls);
    }
    if (strcmp(name, "stuckOutcome") == 0) {
        return read_words(r, p, outcome_word, OUTCOMES, &out->stuck_outcomes);
    }
    if (strcmp(name, "error") == 0) {
        return read_error(r, p, &out->stuck_error);
    }
    if (strcmp(name, "key") == 0) {
        return read_list(r, p, &out->keys, &out->n_keys);
    }
    if (strcmp(name, "paused") == 0) {
        return read_paused(r, p, &out->paused);
    }
    if (strcmp(name, "startedAfter") == 0) {
        return read_time(r, p, &out->started_after_ms);
    }
    if (strcmp(name, "startedBefore") == 0) {
        return read_time(r, p, &out->started_before_ms);
    }
    if (strcmp(name, "updatedAfter") == 0) {
        return read_time(r, p, &out->updated_after_ms);
    }
    if (strcmp(name, "updatedBefore") == 0) {
        return read_time(r, p, &out->updated_before_ms);
    }
    return true; /* limit, cursor, count: not a filter. */
}

bool filter_read(struct request *r, struct store_filter *out)
{
    struct labels *labels = arena_take(r->arena, sizeof(*labels));

    *out = (struct store_filter){.statuses = 0};
    for (size_t i = 0; i < r->target.n_parameters; i++) {
        const struct target_parameter *p = &r->target.parameters[i];

        if (target_find(&r->target, p->name) != p->value) {
            return refuse(r, p->name, "is there twice");
        }
        if (!read_one(r, p, labels, out)) {
            return false;
        }
    }
    out->label_names = labels->names;
    out->label_values = labels->values;
    return true;
}
