/*
 * suggest.c - see suggest.h. The distance is that of optimal string alignment:
 * Levenshtein's with neighbours swapped counting as one.
 */
#include "definitions/suggest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

void suggest_begin(struct suggest *s, const char *wanted)
{
    s->wanted = wanted;
    s->wanted_n = strlen(wanted);
    s->best = NULL;
    s->distance = s->wanted_n < 4 ? 2 : s->wanted_n / 3 + 2; /* Less is near. */
    if (s->wanted_n > SUGGEST_NAME_MAX) {
        s->wanted_n = 0;
    }
}

/* Case is the commonest slip of all and counts nothing. */
static bool is_same(char a, char b)
{
    return tolower((unsigned char)a) == tolower((unsigned char)b);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    size_t rows[3][SUGGEST_NAME_MAX + 1];
    size_t *before = rows[0];
    size_t *last = rows[1];
    size_t *row = rows[2];

    for (size_t j = 0; j <= b_n; j++) {
        last[j] = j;
        before[j] = j;
    }
    for (size_t i = 1; i <= a_n; i++) {
        size_t *spare = before;

        row[0] = i;
        for (size_t j = 1; j <= b_n; j++) {
            row[j] = last[j - 1] + (is_same(a[i - 1], b[j - 1]) ? 0 : 1);
            row[j] = least(row[j], least(last[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
                is_same(a[i - 2], b[j - 1])) {
                row[j] = least(row[j], before[j - 2] + 1);
            }
        }
        before = last;
        last = row;
        row = spare;
    }
    return last[b_n];
}

void suggest_offer(struct suggest *s, const char *name)
{
    size_t n = strlen(name);
    size_t d;

    if (s->wanted_n == 0 || n == 0 || n > SUGGEST_NAME_MAX) {
        return;
    }
    d = distance(s->wanted, s->wanted_n, name, n);
    if (d < s->distance && d < n) {
        s->best = name;
        s->distance = d;
    }
}

const char *suggest_hint(const struct suggest *s, char out[static SUGGEST_HINT_MAX])
{
    out[0] = '\0';
    if (s->best != NULL) {
        (void)snprintf(out, SUGGEST_HINT_MAX, "; did you mean '%s'?", s->best);
    }
    return out;
}
