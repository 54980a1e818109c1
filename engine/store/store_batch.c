/* store_batch.c - see store.h: filling a batch. */
#include <string.h>

#include "engine/store/store.h"

struct store_op *store_batch_add(struct store_batch *batch, enum store_op_kind kind)
{
    struct store_op *op = arena_take(batch->arena, sizeof(*op));

    op->kind = kind;
    if (batch->last == NULL) {
        batch->first = op;
    } else {
        batch->last->next = op;
    }
    batch->last = op;
    batch->n++;
    return op;
}

static void add_items(struct store_batch *batch, const struct store_items *row,
                      const char *from, const char *to)
{
    struct store_op *op = store_batch_add(batch, STORE_ITEMS);
    const size_t n = (size_t)(to - from);
    char *text = arena_take_unset(batch->arena, n + 2);

    text[0] = '[';
    memcpy(text + 1, from, n);
    text[n + 1] = ']';
    op->of.items = *row;
    op->of.items.values = (struct store_bytes){text, n + 2};
}

void store_batch_add_items(struct store_batch *batch, uint64_t saga, uint16_t step,
                           struct json_span items)
{
    struct store_items row = {.saga = saga, .step = step};
    struct json_walk walk = json_walk_of(items);
    struct json_span value;
    const char *from = NULL;
    const char *to = NULL;

    for (uint32_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        if (i % STORE_ITEMS_A_ROW == 0) {
            if (from != NULL) {
                add_items(batch, &row, from, to);
            }
            row.first = i;
            from = value.at;
        }
        to = value.at + value.n;
    }
    if (from != NULL) {
        add_items(batch, &row, from, to);
    }
}

void store_batch_clear(struct store_batch *batch)
{
    arena_reset(batch->arena);
    batch->first = NULL;
    batch->last = NULL;
    batch->n = 0;
}
