/*
 * template_scan.h - a text with ${ } in it, cut into literals and expressions.
 *
 * An expression ends at the '}' that closes it, which expr_extent() finds. `$${` is the
 * literal `${`. Allocates nothing; parts are borrowed from the text.
 */
#ifndef DEFINITIONS_TEMPLATE_SCAN_H
#define DEFINITIONS_TEMPLATE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum scan_kind { SCAN_LITERAL, SCAN_EXPRESSION, SCAN_UNCLOSED };

struct scan_part {
    enum scan_kind kind;
    const char *text; /* Expression: between ${ and }. */
    size_t n;
    unsigned column; /* Of text, in bytes from 1. */
};

struct scan {
    const char *first;
    const char *at;
    const char *end;
};

struct scan scan_of(const char *text, size_t n);

/* False at the end. Behind an unclosed part nothing follows. */
bool scan_next(struct scan *s, struct scan_part *part);

#endif /* DEFINITIONS_TEMPLATE_SCAN_H */
