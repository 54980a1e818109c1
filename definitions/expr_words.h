/*
 * expr_words.h - the sentences for what is jq but not in this language.
 *
 * Inside of the expr modules only. Static texts, no state.
 */
#ifndef DEFINITIONS_EXPR_WORDS_H
#define DEFINITIONS_EXPR_WORDS_H

#include <stdbool.h>
#include <stddef.h>

/* Why this word or sign cannot stand in an expression; NULL: nothing to say. */
const char *expr_word_hint(const char *word, size_t n);

/* Is it a word of jq's grammar, which no function can be called? */
bool expr_word_is_reserved(const char *word, size_t n);

/* A sentence for a function that does not exist with this many arguments. */
void expr_word_unknown(const char *name, size_t n, unsigned n_arguments, char out[200]);

#endif /* DEFINITIONS_EXPR_WORDS_H */
