/* verify.c - see verify.h. */
#include "programs/sagad/verify.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "engine/core/saga_code.h"
#include "engine/run/record.h"
#include "engine/run/registry.h"
#include "engine/run/saga_text.h"
#include "engine/store/store_open.h"
#include "programs/sagad/config.h"

#define PAGE 500     /* Sagas whose numbers are held at a time. */
#define TURNS 1000   /* Turns of one read: readers are short (S92). */
#define SHOWN_MAX 20 /* Differences told; the rest is counted. */
#define ARENA_CHUNK 65536
#define DESCRIBED_MAX 512

struct verify {
    struct store_reader *reader;
    struct registry *registry;
    struct arena *arena; /* Of one turn. */
    struct saga *state;
    struct saga_effects *effects;
    uint8_t *encoded; /* LIMIT_STATE_BYTES */
    uint64_t n_sagas;
    uint64_t n_turns;
    uint64_t n_different; /* Sagas. */

    /* The saga being folded. */
    const char *id;
    const struct registry_entry *entry;
    uint64_t turn;     /* Folded so far. */
    bool is_different; /* Told once; the rest of its turns would only follow. */
};

struct replay { /* The oracle: recorded answers, in order. */
    const struct record *record;
    size_t used;
    bool ran_out;
};

static int64_t answer(void *user, const struct saga_question *q)
{
    struct replay *r = user;

    (void)q; /* Asked in the same order, or the states differ. */
    if (r->used == r->record->n_answers) {
        r->ran_out = true;
        return 0;
    }
    return r->record->answers[r->used++];
}

static void differs(struct verify *v, uint64_t turn, const char *how)
{
    v->is_different = true;
    v->n_different++;
    if (v->n_different <= SHOWN_MAX) {
        printf("saga %s turn %" PRIu64 ": %s\n", v->id, turn, how);
    }
}

/* Both states in words, where the stored one can be read at all. */
static void differs_in_state(struct verify *v, const struct store_turn *turn)
{
    const struct definition *d = v->entry->definition;
    const char **ids = arena_take(v->arena, d->plan->n_nodes * sizeof(ids[0]));
    struct saga *stored = mem_alloc(sizeof(*stored));
    char recomputed[DESCRIBED_MAX];
    char recorded[DESCRIBED_MAX] = "not readable";

    for (uint16_t i = 0; i < d->plan->n_nodes; i++) {
        ids[i] = d->steps[i].id;
    }
    saga_describe(v->state, d->plan, ids, recomputed, sizeof(recomputed));
    if (saga_decode(stored, d->plan, turn->state.at, turn->state.n)) {
        saga_describe(stored, d->plan, ids, recorded, sizeof(recorded));
    }
    differs(v, turn->turn,
            arena_printf(v->arena, "recorded \"%s\", recomputed \"%s\"", recorded,
                         recomputed));
    free(stored);
}

static void fold(struct verify *v, const struct store_turn *turn)
{
    struct record record;
    struct replay replay = {.record = &record};
    struct saga_oracle oracle = {.ask = answer, .user = &replay};
    size_t n;

    if (turn->turn != v->turn + 1) {
        differs(v, turn->turn, "turns are missing before it");
        return;
    }
    if (!record_decode(turn->data.at, turn->data.n, v->arena, &record)) {
        differs(v, turn->turn, "its record cannot be read");
        return;
    }
    if (saga_advance(v->state, v->entry->definition->plan, &record.event, &oracle,
                     v->effects) != SAGA_APPLIED) {
        differs(v, turn->turn, "the event does nothing in that state");
        return;
    }
    n = saga_encode(v->state, v->encoded, LIMIT_STATE_BYTES);
    if (n != turn->state.n || memcmp(v->encoded, turn->state.at, n) != 0) {
        differs_in_state(v, turn);
    } else if (replay.ran_out || replay.used != record.n_answers) {
        differs(v, turn->turn, "other questions were asked than recorded");
    }
    v->turn = turn->turn;
    v->n_turns++;
}

static bool fold_each(void *user, const struct store_turn *turn)
{
    struct verify *v = user;

    fold(v, turn);
    arena_reset(v->arena);
    return !v->is_different;
}

static enum err verify_saga(struct verify *v, uint64_t num, struct err_info *info)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    struct store_saga row;
    uint64_t before = 1;
    enum err e = store_find_saga_num(v->reader, num, a, &row, info);

    if (e == ERR_OK) {
        e = registry_find(v->registry, row.definition, &v->entry, info);
    }
    if (e == ERR_OK) {
        v->id = row.id;
        v->turn = 0;
        v->is_different = false;
        v->n_sagas++;
        saga_init(v->state, v->entry->definition->plan);
    }
    while (e == ERR_OK && !v->is_different && before != v->turn) {
        before = v->turn;
        e = store_scan_turns(v->reader, num, v->turn + 1, TURNS, fold_each, v, info);
    }
    if (e == ERR_OK && v->turn == 0 && !v->is_different) {
        differs(v, 0, "it has no journal");
    }
    arena_destroy(a);
    return e;
}

struct page {
    uint64_t nums[PAGE];
    size_t n;
};

static bool take_num(void *user, const struct store_saga *saga)
{
    struct page *page = user;

    page->nums[page->n] = saga->num;
    page->n++;
    return page->n < PAGE;
}

static enum err verify_all(struct verify *v, struct err_info *info)
{
    struct store_filter everything = {.statuses = 0};
    struct page *page = mem_alloc(sizeof(*page));
    uint64_t before = 0;
    enum err e = ERR_OK;

    do {
        page->n = 0;
        e = store_scan_sagas(v->reader, &everything, before, PAGE, take_num, page, info);
        for (size_t i = 0; e == ERR_OK && i < page->n; i++) {
            e = verify_saga(v, page->nums[i], info);
        }
        before = page->n > 0 ? page->nums[page->n - 1] : 0;
    } while (e == ERR_OK && page->n == PAGE);
    free(page);
    return e;
}

static enum err verify_store(struct store *store, struct verify *v, struct err_info *info)
{
    static const atomic_uint_fast64_t stamp = 0; /* Nobody changes a definition now. */
    enum err e = store_reader_open(store, &v->reader, info);

    if (e != ERR_OK) {
        return e;
    }
    v->registry = registry_create(v->reader, &stamp);
    v->arena = arena_create(ARENA_CHUNK);
    v->state = mem_alloc(sizeof(*v->state));
    v->effects = mem_alloc(sizeof(*v->effects));
    v->encoded = mem_alloc(LIMIT_STATE_BYTES);
    e = verify_all(v, info);
    free(v->encoded);
    free(v->effects);
    free(v->state);
    arena_destroy(v->arena);
    registry_destroy(v->registry);
    store_reader_close(v->reader);
    return e;
}

static int report(const struct verify *v)
{
    if (v->n_different > SHOWN_MAX) {
        printf("and %" PRIu64 " more\n", v->n_different - SHOWN_MAX);
    }
    printf("%" PRIu64 " sagas, %" PRIu64 " turns recomputed: ", v->n_sagas, v->n_turns);
    if (v->n_different == 0) {
        printf("every state is as recorded\n");
        return 0;
    }
    printf("%" PRIu64 " sagas differ\n", v->n_different);
    return 1;
}

int verify_run(const struct args *args)
{
    struct config *c = config_load(args);
    struct store_sqlite_options options = {.is_dev = false};
    struct err_info info = {.text = ""};
    struct store *store = NULL;
    struct verify v = {.n_sagas = 0};
    enum err e = ERR_INVALID;
    int code = 1;

    if (c->n_problems > 0) {
        config_print_problems(c);
    } else {
        log_init((enum log_format)c->log_format, (enum log_level)c->log_level);
        e = store_open_sqlite(config_store_path(c), &options, &store, &info);
        if (e == ERR_OK) {
            e = verify_store(store, &v, &info);
        }
        if (e == ERR_OK) {
            code = report(&v);
        } else {
            fprintf(stderr, "sagad: verify: %s\n", info.text);
        }
    }
    store_close(store);
    config_destroy(c);
    return code;
}
