/* judge_keys.c - see judge_keys.h. */
#include "tests/sim/judge_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "engine/view/child_id.h"
#include "engine/view/sent.h"

enum { KEYS_MAX = SIM_SAGAS * (1 + SIM_NODES * (SIM_ITEMS + 1) * CALLS) };

static const char *keys[KEYS_MAX];
static size_t n_keys;

static const char *step_id(struct arena *a, uint16_t step)
{
    return arena_join(a, "s", arena_number(a, step), NULL);
}

/* Parents stand before their children. */
static const char *id_of(struct arena *a, const struct sim_saga *s,
                         const char *const *ids)
{
    struct child_place at;

    if (!s->is_child) {
        return "root";
    }
    at = (struct child_place){.parent = ids[s->parent],
                              .step = step_id(a, s->step),
                              .item = s->item,
                              .generation = s->generation};
    return child_id(a, &at, false);
}

static void add_calls(struct arena *a, const struct sim_saga *s, const char *id,
                      uint16_t n_nodes)
{
    for (uint16_t n = 0; n < n_nodes; n++) {
        for (uint32_t k = 0; k <= SIM_ITEMS; k++) {
            const uint32_t item = k == SIM_ITEMS ? SAGA_NO_ITEM : k;

            for (int call = 0; call < CALLS; call++) {
                if (s->cells[n][k].seen_as[call] != 0) {
                    keys[n_keys++] =
                        sent_key(a, id, step_id(a, n), item, (enum call_kind)call);
                }
            }
        }
    }
}

static int compare(const void *a, const void *b)
{
    const char *const *left = a;
    const char *const *right = b;

    return strcmp(*left, *right);
}

void judge_keys(struct sim_world *w)
{
    const char *ids[SIM_SAGAS];
    struct arena *a;

    if (w->seed % 16 != 0) {
        return;
    }
    a = arena_create(4096);
    n_keys = 0;
    for (uint16_t i = 0; i < w->n_sagas; i++) {
        ids[i] = id_of(a, &w->sagas[i], ids);
        keys[n_keys++] = ids[i];
        add_calls(a, &w->sagas[i], ids[i], world_plan(w, &w->sagas[i])->n_nodes);
    }
    qsort(keys, n_keys, sizeof(keys[0]), compare);
    for (size_t i = 1; i < n_keys; i++) {
        if (strcmp(keys[i - 1], keys[i]) == 0) {
            world_wrong(w, "two calls have one key (13)");
        }
    }
    arena_destroy(a);
}
