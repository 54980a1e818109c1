/* expr_run.c - see expr_run.h. */
#include "definitions/expr_run.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/buf.h"
#include "definitions/expr_value.h"

bool expr_spend(struct expr_run *r, size_t n)
{
    if (n > r->steps_left) {
        expr_fail_fatal(r, "it takes more than %d steps", EXPR_STEPS_MAX);
        return false;
    }
    r->steps_left -= n;
    return true;
}

bool expr_spend_bytes(struct expr_run *r, size_t n)
{
    if (n > EXPR_RESULT_MAX) {
        expr_fail_fatal(r, "it makes a text larger than %d bytes", EXPR_RESULT_MAX);
        return false;
    }
    return expr_spend(r, n / EXPR_BYTES_PER_STEP);
}

bool expr_is_hidden(struct expr_run *r)
{
    struct expr_blame blame = {.is_hidden = false};

    if (!r->is_asked && r->root->blame != NULL) {
        r->root->blame(r->root->user, r->e, &blame);
    }
    r->is_hidden = r->is_hidden || blame.is_hidden;
    r->is_asked = true;
    return r->is_hidden;
}

int expr_cut(const char *text, size_t n, size_t max)
{
    if (n <= max) {
        return (int)n;
    }
    while (((unsigned char)text[max] & 0xc0U) == 0x80) {
        max--; /* Every text here begins with ASCII. */
    }
    return (int)max;
}

static void fail(struct expr_run *r, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

static void fail(struct expr_run *r, const char *fmt, va_list args)
{
    const int shown = expr_cut(r->e->text, r->e->n, EXPR_TEXT_SHOWN);
    char sentence[256];

    if (r->has_failed) {
        return;
    }
    r->has_failed = true;
    (void)vsnprintf(sentence, sizeof(sentence), fmt, args); /* Cut to fit. */
    (void)err_set(&r->failure, ERR_INVALID, "${%.*s%s} at column %u: %s", shown,
                  r->e->text, (size_t)shown < r->e->n ? "..." : "",
                  r->at == NULL ? 1 : r->at->column, sentence); /* Only written here. */
}

void expr_fail(struct expr_run *r, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    fail(r, fmt, args);
    va_end(args);
}

void expr_fail_fatal(struct expr_run *r, const char *fmt, ...)
{
    va_list args;

    r->is_fatal = true;
    va_start(args, fmt);
    fail(r, fmt, args);
    va_end(args);
}

const char *expr_describe(struct expr_run *r, const struct expr_value *v,
                          char out[static EXPR_SHOWN_MAX])
{
    /* A run of its own: describing costs nothing and cannot fail. */
    struct expr_run aside = {.e = r->e, .root = r->root, .scratch = r->scratch};
    struct expr_value copy = *v;
    struct buf text;
    const char *dots = "";
    int shown;

    if (v->kind == JSON_KIND_NULL || v->origin != EXPR_ORIGIN_PLAIN) {
        (void)snprintf(out, EXPR_SHOWN_MAX, "%s", expr_kind_name(v));
        return out;
    }
    if (expr_is_hidden(r)) {
        (void)snprintf(out, EXPR_SHOWN_MAX, "%s (" EXPR_HIDDEN ")", expr_kind_name(v));
        return out;
    }
    aside.steps_left = 200;
    buf_init(&text, 256);
    if (!expr_print(&aside, &copy, false, &text)) {
        dots = "...";
    }
    shown = expr_cut(buf_text(&text), text.n, EXPR_SHOWN_MAX - 24);
    if ((size_t)shown < text.n) {
        dots = "...";
    }
    (void)snprintf(out, EXPR_SHOWN_MAX, "%s (%.*s%s)", expr_kind_name(v), shown,
                   buf_text(&text), dots);
    buf_done(&text);
    return out;
}
