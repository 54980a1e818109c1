/*
 * expr_print.c - values as JSON text; see expr_value.h.
 *
 * What came from a text is copied from it, blanks and all, unless the form is to be
 * canonical (tojson). The depth is checked here: it is the one way out.
 */
#include <assert.h>
#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "definitions/expr_run.h"
#include "definitions/expr_value.h"

/* Nesting of an accepted text. */
static unsigned depth_of(struct json_span text)
{
    unsigned depth = 0;
    unsigned deepest = 0;
    bool in_string = false;

    for (size_t i = 0; i < text.n; i++) {
        const char c = text.at[i];

        if (c == '"') {
            in_string = !in_string;
        } else if (in_string) {
            i += c == '\\' ? 1 : 0;
        } else if (c == '[' || c == '{') {
            depth++;
            deepest = depth > deepest ? depth : deepest;
        } else if (c == ']' || c == '}') {
            depth--;
        }
    }
    return deepest;
}

struct printing {
    struct expr_run *run;
    struct buf *out;
    bool is_canonical;
    unsigned depth; /* Containers we are in. */
};

static bool print_value(struct printing *p, struct expr_value *v);

static bool too_deep(struct printing *p)
{
    expr_fail(p->run, "the result is nested deeper than %d arrays and objects",
              EXPR_DEPTH_MAX);
    return false;
}

static void print_number(struct printing *p, const struct expr_value *v)
{
    if (v->raw.at != NULL) {
        buf_add(p->out, v->raw.at, v->raw.n);
    } else if (v->is_int) {
        buf_printf(p->out, "%" PRId64, v->integer);
    } else {
        json_put_real(p->out, v->real);
    }
}

static bool print_array(struct printing *p, struct expr_value *v)
{
    buf_add_char(p->out, '[');
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0) {
            buf_add_char(p->out, ',');
        }
        if (!print_value(p, v->items[i])) {
            return false;
        }
    }
    buf_add_char(p->out, ']');
    return true;
}

static bool print_object(struct printing *p, struct expr_value *v)
{
    buf_add_char(p->out, '{');
    for (size_t i = 0; i < v->n; i++) {
        if (i > 0) {
            buf_add_char(p->out, ',');
        }
        json_put_text(p->out, v->members[i].name, v->members[i].n);
        buf_add_char(p->out, ':');
        if (!print_value(p, v->members[i].value)) {
            return false;
        }
    }
    buf_add_char(p->out, '}');
    return true;
}

static bool print_container(struct printing *p, struct expr_value *v)
{
    bool is_done;

    if (v->raw.at != NULL && !p->is_canonical) {
        if (p->depth > 0 && p->depth + depth_of(v->raw) > EXPR_DEPTH_MAX) {
            return too_deep(p);
        }
        buf_add(p->out, v->raw.at, v->raw.n);
        return expr_spend(p->run, v->raw.n / EXPR_BYTES_PER_STEP);
    }
    if (p->depth == EXPR_DEPTH_MAX) {
        return too_deep(p);
    }
    if (!expr_open(p->run, v)) {
        return false;
    }
    p->depth++;
    is_done = v->kind == JSON_KIND_ARRAY ? print_array(p, v) : print_object(p, v);
    p->depth--;
    return is_done;
}

/* Calls itself through print_container(), at most EXPR_DEPTH_MAX deep. */
static bool print_value(struct printing *p, struct expr_value *v)
{
    if (p->out->is_over) {
        expr_fail_fatal(p->run, "the result is larger than %zu bytes", p->out->max);
        return false;
    }
    if (!expr_spend(p->run, 1)) {
        return false;
    }
    switch (v->kind) {
    case JSON_KIND_NONE:
    case JSON_KIND_NULL:
        buf_add_text(p->out, "null");
        return true;
    case JSON_KIND_FALSE:
        buf_add_text(p->out, "false");
        return true;
    case JSON_KIND_TRUE:
        buf_add_text(p->out, "true");
        return true;
    case JSON_KIND_NUMBER:
        print_number(p, v);
        return true;
    case JSON_KIND_STRING:
        if (v->raw.at != NULL && !p->is_canonical) {
            buf_add(p->out, v->raw.at, v->raw.n);
        } else {
            json_put_text(p->out, v->bytes, v->n);
        }
        return expr_spend(p->run, v->n / EXPR_BYTES_PER_STEP);
    case JSON_KIND_ARRAY:
    case JSON_KIND_OBJECT:
        return print_container(p, v);
    }
    assert(false);
    return false;
}

bool expr_print(struct expr_run *r, struct expr_value *v, bool is_canonical,
                struct buf *out)
{
    struct printing p = {.run = r, .out = out, .is_canonical = is_canonical, .depth = 0};

    if (!print_value(&p, v)) {
        return false;
    }
    if (out->is_over) {
        expr_fail_fatal(r, "the result is larger than %zu bytes", out->max);
        return false;
    }
    return true;
}
