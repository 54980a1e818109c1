/* input_schema_pattern.c - see input_schema_pattern.h. */
#include "definitions/input_schema_pattern.h"

#include <stdbool.h>
#include <string.h>

#include "definitions/input_schema.h"

#define GROUPS_MAX 16 /* ( ) inside each other. */

struct measuring {
    size_t sums[GROUPS_MAX + 1]; /* Size of each open group so far. */
    size_t depth;
    size_t last;      /* Size of the piece a repetition would multiply. */
    bool is_repeated; /* The piece before was a repetition already. */
};

static void add_piece(struct measuring *m, size_t size)
{
    m->sums[m->depth] += size;
    m->last = size;
    m->is_repeated = false;
}

/* at: behind the [. Just behind the ], or the end. */
static const char *skip_brackets(const char *at)
{
    if (*at == '^') {
        at++;
    }
    if (*at == ']') {
        at++;
    }
    while (*at != '\0' && *at != ']') {
        if (*at == '[' && (at[1] == ':' || at[1] == '.' || at[1] == '=')) {
            const char mark = at[1];

            at += 2;
            while (*at != '\0' && !(at[0] == mark && at[1] == ']')) {
                at++;
            }
            at += *at != '\0' ? 1 : 0;
        }
        at += *at != '\0' ? 1 : 0;
    }
    return *at == ']' ? at + 1 : at;
}

/* at: behind the {. The larger of its numbers; *end: behind the }. */
static size_t repetition(const char *at, const char **end)
{
    size_t most = 0;
    size_t number = 0;

    for (; *at != '\0' && *at != '}'; at++) {
        if (*at >= '0' && *at <= '9' && number < SCHEMA_PATTERN_SIZE_MAX) {
            number = number * 10 + (size_t)(*at - '0');
            most = number > most ? number : most;
        } else if (*at == ',') {
            number = 0;
        }
    }
    *end = *at == '}' ? at + 1 : at;
    return most + 1; /* {2,} writes one more. */
}

static const char *repeat(struct measuring *m, size_t times)
{
    if (m->is_repeated) {
        return "a repetition cannot be repeated or made lazy; put ( ) around it";
    }
    m->sums[m->depth] += m->last * times - m->last;
    m->is_repeated = true;
    return m->sums[m->depth] > SCHEMA_PATTERN_SIZE_MAX
               ? "its repetitions make it too large"
               : NULL;
}

static const char *open_group(struct measuring *m, char next)
{
    if (next == '?') {
        return "(? is not in POSIX extended regular expressions";
    }
    if (m->depth == GROUPS_MAX) {
        return "its ( ) are nested too deep";
    }
    m->depth++;
    m->sums[m->depth] = 1;
    m->is_repeated = false;
    m->last = 0;
    return NULL;
}

static void close_group(struct measuring *m)
{
    if (m->depth > 0) {
        m->depth--;
        add_piece(m, m->sums[m->depth + 1]);
    }
}

static bool is_alphanumeric(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Takes the piece at *at. */
static const char *measure(struct measuring *m, const char **at)
{
    const char c = **at;

    (*at)++;
    switch (c) {
    case '\\':
        if (is_alphanumeric(**at) || **at == '<' || **at == '>' || **at == '`' ||
            **at == '\'') {
            return "\\ before a letter or digit is not in POSIX extended regular "
                   "expressions; write [0-9] for \\d, [[:alnum:]_] for \\w, "
                   "[[:space:]] for \\s";
        }
        *at += **at != '\0' ? 1 : 0;
        add_piece(m, 1);
        return NULL;
    case '[':
        *at = skip_brackets(*at);
        add_piece(m, 1);
        return NULL;
    case '(':
        return open_group(m, **at);
    case ')':
        close_group(m);
        return NULL;
    case '{':
        return repeat(m, repetition(*at, at));
    case '*':
    case '+':
    case '?':
        return repeat(m, 2);
    default:
        add_piece(m, 1);
        return NULL;
    }
}

const char *schema_pattern_refusal(const char *pattern)
{
    struct measuring m = {.depth = 0};
    const char *refusal = NULL;

    if (strlen(pattern) > INPUT_SCHEMA_PATTERN_MAX) {
        return "it is longer than 256 bytes";
    }
    while (*pattern != '\0' && refusal == NULL) {
        refusal = measure(&m, &pattern);
    }
    return refusal;
}
