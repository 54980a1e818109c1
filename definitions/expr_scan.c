/* expr_scan.c - see expr_scan.h. */
#include "definitions/expr_scan.h"

#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/* The character i bytes behind `at`; NUL behind the end. */
static char peek(const struct expr_scan *s, size_t at, size_t i)
{
    return at + i < s->n ? s->text[at + i] : '\0';
}

static size_t name_length(const struct expr_scan *s, size_t at)
{
    size_t n = 0;

    while (is_letter(peek(s, at, n)) || is_digit(peek(s, at, n))) {
        n++;
    }
    return n;
}

static size_t digits(const struct expr_scan *s, size_t at)
{
    size_t n = 0;

    while (is_digit(peek(s, at, n))) {
        n++;
    }
    return n;
}

static size_t number_length(const struct expr_scan *s, size_t at)
{
    size_t n = digits(s, at);

    if (peek(s, at, n) == '.') {
        n += 1 + digits(s, at + n + 1);
    }
    if (peek(s, at, n) == 'e' || peek(s, at, n) == 'E') {
        const char next = peek(s, at, n + 1);
        const size_t mark = next == '+' || next == '-' ? 2 : 1;
        const size_t power = digits(s, at + n + mark);

        n += power > 0 ? mark + power : 0;
    }
    return n;
}

/* Longest first: a sign that begins another stands behind it. */
static size_t sign_length(const struct expr_scan *s, size_t at)
{
    static const char *const signs[] = {
        "?//=", "?//", "//=", "|=", "+=", "-=", "*=", "/=", "%=", "==",
        "!=",   "<=",  ">=",  "//", "..", "&&", "||", "|",  ",",  "+",
        "-",    "*",   "/",   "%",  "<",  ">",  "=",  "(",  ")",  "[",
        "]",    "{",   "}",   ":",  ";",  "?",  "$",  ".",  "!",  "#",
    };

    for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
        const size_t n = strlen(signs[i]);

        if (n <= s->n - at && memcmp(s->text + at, signs[i], n) == 0) {
            return n;
        }
    }
    return 0;
}

static enum expr_word classify(const struct expr_scan *s, size_t at, size_t *n)
{
    const char c = s->text[at];

    *n = 1;
    if (is_letter(c)) {
        *n = name_length(s, at);
        return EXPR_WORD_NAME;
    }
    if (is_digit(c) || (c == '.' && is_digit(peek(s, at, 1)))) {
        *n = number_length(s, at);
        return EXPR_WORD_NUMBER;
    }
    if (c == '.' && is_letter(peek(s, at, 1))) {
        *n = 1 + name_length(s, at + 1);
        return EXPR_WORD_FIELD;
    }
    if (c == '@') {
        *n = 1 + name_length(s, at + 1);
        return EXPR_WORD_FORMAT;
    }
    if (c == '"') {
        return EXPR_WORD_QUOTE;
    }
    *n = sign_length(s, at);
    if (*n == 0) {
        *n = 1;
        return EXPR_WORD_WRONG;
    }
    return EXPR_WORD_SIGN;
}

void expr_scan_from(struct expr_scan *s, size_t at)
{
    while (at < s->n && (s->text[at] == ' ' || s->text[at] == '\t' ||
                         s->text[at] == '\n' || s->text[at] == '\r')) {
        at++;
    }
    s->at = at;
    if (at >= s->n) {
        s->kind = EXPR_WORD_END;
        s->word_n = 0;
        return;
    }
    s->kind = classify(s, at, &s->word_n);
}

void expr_scan_init(struct expr_scan *s, const char *text, size_t n)
{
    *s = (struct expr_scan){.text = text, .n = n};
    expr_scan_from(s, 0);
}

void expr_scan_next(struct expr_scan *s)
{
    expr_scan_from(s, s->at + s->word_n);
}

bool expr_scan_is(const struct expr_scan *s, enum expr_word kind, const char *text)
{
    return s->kind == kind && strlen(text) == s->word_n &&
           memcmp(s->text + s->at, text, s->word_n) == 0;
}
