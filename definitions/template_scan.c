/* template_scan.c - see template_scan.h. */
#include "definitions/template_scan.h"

#include <string.h>

#include "definitions/expr.h"

struct scan scan_of(const char *text, size_t n)
{
    return (struct scan){text, text, text + n};
}

static bool starts(const char *at, const char *end, const char *with)
{
    size_t n = strlen(with);

    return (size_t)(end - at) >= n && memcmp(at, with, n) == 0;
}

static void next_expression(struct scan *s, struct scan_part *part)
{
    const char *inside = s->at + 2;

    part->text = inside;
    part->column = (unsigned)(inside - s->first) + 1;
    part->n = expr_extent(inside, (size_t)(s->end - inside));
    s->at = inside + part->n;
    part->kind = SCAN_UNCLOSED;
    if (s->at < s->end) {
        part->kind = SCAN_EXPRESSION;
        s->at++; /* The closing brace. */
    }
}

bool scan_next(struct scan *s, struct scan_part *part)
{
    if (s->at == s->end) {
        return false;
    }
    if (starts(s->at, s->end, "${")) {
        next_expression(s, part);
        return true;
    }
    part->kind = SCAN_LITERAL;
    part->column = (unsigned)(s->at - s->first) + 1;
    if (starts(s->at, s->end, "$${")) {
        part->text = s->at + 1;
        part->n = 2;
        s->at += 3;
        return true;
    }
    part->text = s->at;
    do {
        s->at++;
    } while (s->at < s->end && !starts(s->at, s->end, "${") &&
             !starts(s->at, s->end, "$${"));
    part->n = (size_t)(s->at - part->text);
    return true;
}
