/*
 * expr_scan.h - the words of an expression.
 *
 * Inside of the expr modules only. Splits as jq 1.6 does. Of a string only the
 * opening quote is a word: what follows may hold expressions, so the parser reads it.
 * Borrows the text, allocates nothing.
 */
#ifndef DEFINITIONS_EXPR_SCAN_H
#define DEFINITIONS_EXPR_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum expr_word {
    EXPR_WORD_END,
    EXPR_WORD_SIGN,   /* ( ) [ ] { } : ; , ? | and the operators; see at and n. */
    EXPR_WORD_FIELD,  /* .name, the point included. */
    EXPR_WORD_NUMBER, /* 12, 1.5e3 */
    EXPR_WORD_QUOTE,  /* The opening ". */
    EXPR_WORD_FORMAT, /* @name */
    EXPR_WORD_NAME,   /* Functions and the words of the language. */
    EXPR_WORD_WRONG,  /* A character that begins nothing. */
};

struct expr_scan {
    const char *text;
    size_t n;
    enum expr_word kind; /* The current word, */
    size_t at;           /* where it begins */
    size_t word_n;       /* and its bytes. */
};

void expr_scan_init(struct expr_scan *s, const char *text, size_t n);

/* To the next word. */
void expr_scan_next(struct expr_scan *s);

/* To the word at byte `at`: for the parser after it has read a string. */
void expr_scan_from(struct expr_scan *s, size_t at);

/* Is the current word this sign, or this name? */
bool expr_scan_is(const struct expr_scan *s, enum expr_word kind, const char *text);

#endif /* DEFINITIONS_EXPR_SCAN_H */
