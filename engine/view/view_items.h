/*
 * view_items.h - the items of a forEach step, page by page, for readers.
 *
 * A page folds the saga's journal once and keeps only what concerns its own items, so its
 * cost is the journal's length, never the product of both.
 */
#ifndef VIEW_ITEMS_H
#define VIEW_ITEMS_H

#include "engine/view/view.h"

struct view_item {
    uint32_t item;
    const char *status; /* S32's word. */
    uint32_t attempts;  /* Of its action. */
    bool in_doubt;
    uint64_t started_ms, ended_ms; /* 0 none. */
    bool has_output;
    struct docs_answer output;
    bool has_error; /* Of the last attempt that failed, while it matters. */
    enum outcome error_outcome;
    int error_status;
    const char *error_detail; /* NULL none. */
};

/* Items from.. of the step, at most `most`, into an array in `a`. A step that has not
 * begun has none. */
MUST_CHECK enum err view_read_items(struct store_reader *r, const struct view *v,
                                    uint16_t step, uint32_t from, size_t most,
                                    struct arena *a, struct view_item **out,
                                    size_t *n_out, struct err_info *info);

#endif /* VIEW_ITEMS_H */
