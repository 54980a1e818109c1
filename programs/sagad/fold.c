/* fold.c - see fold.h. */
#include "programs/sagad/fold.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mem.h"
#include "engine/core/saga_code.h"
#include "engine/view/record.h"
#include "engine/view/registry.h"
#include "engine/view/saga_text.h"
#include "programs/sagad/audit_chain.h"

#define PAGE 500     /* Sagas whose numbers are held at a time. */
#define TURNS 1000   /* Turns of one read: readers are short (S92). */
#define SHOWN_MAX 20 /* Differences told; the rest is counted. */
#define ARENA_CHUNK 65536
#define DESCRIBED_MAX 512

struct fold {
    FILE *out;                      /* Borrowed; what differs is told here. */
    const atomic_bool *is_unwanted; /* NULL: it is not asked. */
    struct store_reader *reader;
    struct registry *registry;
    struct arena *arena; /* Of one turn. */
    struct saga *state;
    struct saga_effects *effects;
    uint8_t *encoded; /* LIMIT_STATE_BYTES */
    uint64_t n_sagas;
    uint64_t n_turns;
    uint64_t n_different; /* Sagas. */
    struct audit_chain audit;

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

static void differs(struct fold *v, uint64_t turn, const char *how)
{
    v->is_different = true;
    v->n_different++;
    if (v->n_different <= SHOWN_MAX) {
        fprintf(v->out, "saga %s turn %" PRIu64 ": %s\n", v->id, turn, how);
    }
}

/* Both states in words, where the stored one can be read at all. */
static void differs_in_state(struct fold *v, const struct store_turn *turn)
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

/* What the engine never writes and the core takes for a bug, a damaged journal may have.
 */
static bool is_possible(const struct saga *s, const struct saga_event *ev)
{
    const bool is_lost = ev->kind == SAGA_EV_LOST;

    return (ev->kind == SAGA_EV_START) == (s->state == SAGA_NEW) &&
           (!is_lost || (ev->outcome == OUTCOME_UNKNOWN && ev->may_retry && ev->is_free));
}

static void fold_one(struct fold *v, const struct store_turn *turn)
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
    if (!is_possible(v->state, &record.event)) {
        differs(v, turn->turn, "its event cannot happen there");
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
    struct fold *v = user;

    fold_one(v, turn);
    arena_reset(v->arena);
    return !v->is_different;
}

/* Purged while it was looked at: that happens in a live store. */
static bool is_gone(struct fold *v, uint64_t num)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    struct store_saga row;
    struct err_info info;
    const bool is_gone =
        store_find_saga_num(v->reader, num, a, &row, &info) == ERR_NOT_FOUND;

    arena_destroy(a);
    return is_gone;
}

static enum err verify_saga(struct fold *v, uint64_t num, struct err_info *info)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    struct store_saga row;
    uint64_t before = 1;
    enum err e = store_find_saga_num(v->reader, num, a, &row, info);

    if (e == ERR_NOT_FOUND) {
        arena_destroy(a);
        return ERR_OK; /* Purged since its number was read. */
    }
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
    if (e == ERR_OK && v->turn == 0 && !v->is_different && !is_gone(v, num)) {
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

static enum err verify_all(struct fold *v, struct err_info *info)
{
    struct store_filter everything = {.statuses = 0};
    struct page *page = mem_alloc(sizeof(*page));
    uint64_t before = 0;
    enum err e = ERR_OK;

    do {
        page->n = 0;
        e = store_scan_sagas(v->reader, &everything, before, PAGE, take_num, page, info);
        for (size_t i = 0; e == ERR_OK && i < page->n; i++) {
            if (v->is_unwanted != NULL && atomic_load(v->is_unwanted)) {
                e = err_set(info, ERR_BUSY, "it was given up");
                break;
            }
            e = verify_saga(v, page->nums[i], info);
        }
        before = page->n > 0 ? page->nums[page->n - 1] : 0;
    } while (e == ERR_OK && page->n == PAGE);
    free(page);
    return e;
}

static void report_audit(const struct fold *v)
{
    const struct audit_chain *a = &v->audit;

    if (a->n_bad == 0) {
        fprintf(v->out, "%" PRIu64 " audit entries: the chain is whole\n", a->n);
    } else {
        fprintf(v->out,
                "%" PRIu64 " audit entries: the chain breaks at entry %" PRIu64 "\n",
                a->n, a->first_bad);
    }
}

static void report(const struct fold *v)
{
    if (v->n_different > SHOWN_MAX) {
        fprintf(v->out, "and %" PRIu64 " more\n", v->n_different - SHOWN_MAX);
    }
    fprintf(v->out, "%" PRIu64 " sagas, %" PRIu64 " turns recomputed: ", v->n_sagas,
            v->n_turns);
    if (v->n_different == 0) {
        fprintf(v->out, "every state is as recorded\n");
    } else {
        fprintf(v->out, "%" PRIu64 " sagas differ\n", v->n_different);
    }
}

static enum err verdict(const struct fold *v, struct err_info *info)
{
    if (v->n_different > 0) {
        return err_set(info, ERR_IO,
                       "the states of %" PRIu64 " sagas are not as their journals say",
                       v->n_different);
    }
    if (v->audit.n_bad > 0) {
        return err_set(info, ERR_IO,
                       "entry %" PRIu64 " of the audit is not what was committed",
                       v->audit.first_bad);
    }
    return ERR_OK;
}

enum err fold_store(const struct fold_task *task, struct err_info *info)
{
    struct fold v = {.out = task->out, .is_unwanted = task->is_unwanted};
    enum err e = store_reader_open(task->store, &v.reader, info);

    if (e != ERR_OK) {
        return e;
    }
    v.registry = registry_create(v.reader, task->stamp);
    v.arena = arena_create(ARENA_CHUNK);
    v.state = mem_alloc(sizeof(*v.state));
    v.effects = mem_alloc(sizeof(*v.effects));
    v.encoded = mem_alloc(LIMIT_STATE_BYTES);
    e = verify_all(&v, info);
    if (e == ERR_OK) {
        e = audit_chain_check(v.reader, v.is_unwanted, &v.audit, info);
    }
    free(v.encoded);
    free(v.effects);
    free(v.state);
    arena_destroy(v.arena);
    registry_destroy(v.registry);
    store_reader_close(v.reader);
    if (e == ERR_OK) {
        report(&v);
        report_audit(&v);
        e = verdict(&v, info);
    }
    return e;
}

enum err fold_check(void *user, struct store *copy, struct err_info *info)
{
    static const atomic_uint_fast64_t stamp = 0; /* Nobody changes a definition now. */
    const struct fold_task task = {.store = copy, .stamp = &stamp, .out = user};

    return fold_store(&task, info);
}
