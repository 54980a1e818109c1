/*
 * demo_texts.h - the demo's definition, its two orders, and its words for people.
 */
#ifndef SAGAD_DEMO_TEXTS_H
#define SAGAD_DEMO_TEXTS_H

#include <stddef.h>

#define DEMO_CENTS 4990 /* What each order costs. */

struct demo_order {
    const char *title;
    const char *start; /* Body of POST /v1/sagas. */
    const char *ends;  /* The status it must end in. */
};

extern const char demo_definition[];
extern const struct demo_order demo_orders[];
extern const size_t demo_n_orders;

/* What a call does, in words: "charge the card". */
const char *demo_words(const char *step, const char *operation);

#endif /* SAGAD_DEMO_TEXTS_H */
