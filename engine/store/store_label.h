/*
 * store_label.h - the labels of a saga, one by one.
 *
 * A saga's labels are the text of a JSON object; a store is searched by single names
 * and values. A string's value is its characters, any other value its JSON text. Pure
 * but for the two buffers. Labels were checked before they came here; a text that is
 * no object has none.
 */
#ifndef STORE_STORE_LABEL_H
#define STORE_STORE_LABEL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/json_span.h"

struct store_label_walk {
    struct json_walk members;
    struct buf name; /* The label at hand; empty before the first. */
    struct buf value;
};

/* labels may be NULL; borrowed until done. */
void store_label_walk_init(struct store_label_walk *w, const char *labels);
bool store_label_walk_next(struct store_label_walk *w);
void store_label_walk_done(struct store_label_walk *w);

#endif /* STORE_STORE_LABEL_H */
