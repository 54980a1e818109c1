/* explore_states.c - the states seen and the ways between them; see explore_parts.h. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "definitions/explore_parts.h"

/* ---- the table ----------------------------------------------------------------------
 */

/* 128 bits: among a million states, two alike by accident is a chance of 1 in 10^26. */
static void key_of(const uint8_t *bytes, size_t n, uint64_t key[static 2])
{
    uint64_t word;
    uint64_t other = n;

    key[0] = hash_bytes(bytes, n);
    for (size_t i = 0; i < n; i += sizeof(word)) {
        const size_t part = n - i < sizeof(word) ? n - i : sizeof(word);

        word = 0;
        memcpy(&word, bytes + i, part);
        other = hash_mix(other, word + i);
    }
    key[1] = other;
}

static uint32_t *place_of(const struct explorer *x, const uint64_t key[static 2])
{
    uint32_t at = (uint32_t)(key[0] & (x->table_room - 1));

    while (x->table[at] != 0) {
        const struct explore_state *s = &x->states[x->table[at] - 1];

        if (s->key[0] == key[0] && s->key[1] == key[1]) {
            break;
        }
        at = (at + 1) & (x->table_room - 1);
    }
    return &x->table[at];
}

static void grow_table(struct explorer *x)
{
    x->table_room = x->table_room > 0 ? 2 * x->table_room : 1024;
    free(x->table);
    x->table = mem_alloc(x->table_room * sizeof(x->table[0]));
    for (uint32_t i = 0; i < x->n_states; i++) {
        *place_of(x, x->states[i].key) = i + 1;
    }
}

bool explore_find_state(struct explorer *x, const uint8_t *bytes, size_t n,
                        uint32_t *state, bool *is_new)
{
    uint64_t key[2];
    uint32_t *place;

    if (2 * x->n_states >= x->table_room) {
        grow_table(x);
    }
    key_of(bytes, n, key);
    place = place_of(x, key);
    *is_new = *place == 0;
    if (!*is_new) {
        *state = *place - 1;
        return true;
    }
    if (x->n_states == x->states_max) {
        return false;
    }
    if (x->n_states == x->states_room) {
        x->states_room = x->states_room > 0 ? 2 * x->states_room : 1024;
        x->states = mem_grow(x->states, x->states_room * sizeof(x->states[0]));
    }
    x->states[x->n_states] = (struct explore_state){.key = {key[0], key[1]}};
    *state = x->n_states;
    x->n_states++;
    *place = x->n_states;
    return true;
}

void explore_add_edge(struct explorer *x, uint32_t to)
{
    if (x->n_edges == x->edges_room) {
        x->edges_room = x->edges_room > 0 ? 2 * x->edges_room : 4096;
        x->edges = mem_grow(x->edges, x->edges_room * sizeof(x->edges[0]));
    }
    x->edges[x->n_edges] = to;
    x->n_edges++;
}

void explore_states_done(struct explorer *x)
{
    free(x->states);
    free(x->table);
    free(x->edges);
}

/* ---- paths ---------------------------------------------------------------------------
 */

struct walk {
    uint32_t *stack;
    uint32_t *next;  /* By state: the edge to take next. */
    uint32_t *order; /* States as they are left: an end before what leads to it. */
    uint32_t *rank;  /* By state: 1 + its place in order; 0: not left yet. */
    uint32_t n_order;
};

/* Depth first from state 0, without recursion. */
static void walk_all(const struct explorer *x, struct walk *w)
{
    bool *is_seen = mem_alloc(x->n_states * sizeof(is_seen[0]));
    uint32_t depth = 1;

    w->stack[0] = 0;
    is_seen[0] = true;
    while (depth > 0) {
        const uint32_t at = w->stack[depth - 1];
        const struct explore_state *s = &x->states[at];

        if (w->next[at] < s->n_edges) {
            const uint32_t to = x->edges[s->first_edge + w->next[at]];

            w->next[at]++;
            if (!is_seen[to]) {
                is_seen[to] = true;
                w->stack[depth] = to;
                depth++;
            }
        } else {
            w->order[w->n_order] = at;
            w->n_order++;
            w->rank[at] = w->n_order;
            depth--;
        }
    }
    free(is_seen);
}

/* A way that leads back to where the walk came from is a loop and adds no path. */
void explore_count_paths(struct explorer *x, double *total)
{
    const size_t n = x->n_states;
    uint32_t *room = mem_alloc(4 * n * sizeof(room[0]));
    double *paths = mem_alloc(n * sizeof(paths[0]));
    struct walk w = {room, room + n, room + 2 * n, room + 3 * n, 0};

    walk_all(x, &w);
    paths[0] = 1;
    *total = 0;
    for (uint32_t i = w.n_order; i > 0; i--) {
        const uint32_t at = w.order[i - 1];
        const struct explore_state *s = &x->states[at];

        for (uint32_t k = 0; k < s->n_edges; k++) {
            const uint32_t to = x->edges[s->first_edge + k];

            if (w.rank[to] < w.rank[at]) {
                paths[to] += paths[at];
            }
        }
        if (s->ending > 0) {
            x->endings[s->ending - 1].n_paths += paths[at];
            *total +=
                x->endings[s->ending - 1].status == SAGA_STATUS_STUCK ? 0 : paths[at];
        }
    }
    free(paths);
    free(room);
}
