/* filter.c - see filter.h. */
#include "adminapi/filter.h"

#include <string.h>

#include "adminapi/answer.h"
#include "base/clk.h"

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

    out->items = arena_take(r->arena, SAGA_FILTER_VALUES * sizeof(out->items[0]));
    out->n = 0;
    for (;;) {
        const size_t n = strcspn(at, ",");

        if (n == 0) {
            return refuse(r, p->name, "has an empty value");
        }
        if (out->n == SAGA_FILTER_VALUES) {
            return refuse(r, p->name, "has too many values");
        }
        out->items[out->n++] = target_decode(at, n, true, r->arena);
        if (at[n] == '\0') {
            return true;
        }
        at += n + 1;
    }
}

/* An offset's + that was not encoded has become a blank. */
static const char *fixed_time(struct request *r, const char *value)
{
    char *fixed;

    if (strchr(value, ' ') == NULL) {
        return value;
    }
    fixed = arena_text(r->arena, value);
    *strchr(fixed, ' ') = '+';
    return fixed;
}

static bool is_time(const char *name)
{
    const size_t n = strlen(name);

    return strncmp(name, "label.", 6) != 0 &&
           ((n > 5 && strcmp(name + n - 5, "After") == 0) ||
            (n > 6 && strcmp(name + n - 6, "Before") == 0));
}

bool filter_read_time(struct request *r, const char *name, uint64_t *out_ms)
{
    const char *value = target_find(&r->target, name);

    *out_ms = 0;
    return value == NULL || clk_from_text(fixed_time(r, value), out_ms) ||
           refuse(r, name, "is not a time (RFC 3339)");
}

static bool read_one(struct request *r, const struct target_parameter *p,
                     struct saga_filter *out)
{
    struct values values = {.n = 1};
    const char *wrong;

    if (!saga_filter_knows(p->name)) {
        return true; /* limit, cursor, count: not a filter. */
    }
    if (saga_filter_is_list(p->name)) {
        if (!read_values(r, p, &values)) {
            return false;
        }
    } else {
        values.items = arena_take(r->arena, sizeof(values.items[0]));
        values.items[0] = is_time(p->name) ? fixed_time(r, p->value) : p->value;
    }
    wrong = saga_filter_add(out, p->name, values.items, values.n);
    return wrong == NULL || refuse(r, p->name, wrong);
}

bool filter_read(struct request *r, struct saga_filter *out)
{
    saga_filter_init(out);
    for (size_t i = 0; i < r->target.n_parameters; i++) {
        const struct target_parameter *p = &r->target.parameters[i];

        if (target_find(&r->target, p->name) != p->value) {
            return refuse(r, p->name, "is there twice");
        }
        if (!read_one(r, p, out)) {
            return false;
        }
    }
    return true;
}
