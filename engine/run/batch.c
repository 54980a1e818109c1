/* batch.c - see batch.h. */
#include "engine/run/batch.h"

#include <stdlib.h>

#include "base/mem.h"
#include "engine/run/commands.h"
#include "engine/run/load.h"
#include "engine/run/outbox.h"
#include "engine/run/sending.h"
#include "engine/run/state.h"
#include "engine/run/tell.h"
#include "engine/run/turn.h"
#include "engine/run/waiters.h"

/* Kept for good, touched as far as it is used: what is beyond is taken from the heap and
 * given back with each commit. */
enum { CHUNK_BYTES = 1024 * 1024 };

static void empty(struct batch *b)
{
    b->first_send = NULL;
    b->last_send = &b->first_send;
    b->first_answer = NULL;
    b->last_answer = &b->first_answer;
    b->spans = NULL;
    b->first_turn = NULL;
    b->last_turn = &b->first_turn;
    b->n_turns = 0;
    b->changes_definitions = false;
    store_batch_clear(&b->ops);
}

void batch_init(struct batch *b)
{
    b->ops.arena = arena_create(CHUNK_BYTES);
    empty(b);
}

void batch_done(struct batch *b)
{
    arena_destroy(b->ops.arena);
}

void batch_add_send(struct batch *b, const struct batch_send *send)
{
    struct batch_send *kept = arena_take(b->ops.arena, sizeof(*kept));

    *kept = *send;
    kept->next = NULL;
    *b->last_send = kept;
    b->last_send = &kept->next;
}

void batch_add_answer(struct batch *b, struct command *c, uint64_t saga)
{
    struct batch_answer *kept = arena_take(b->ops.arena, sizeof(*kept));

    kept->command = c;
    kept->saga = saga;
    *b->last_answer = kept;
    b->last_answer = &kept->next;
}

void batch_add_span(struct batch *b, const char *json)
{
    struct batch_span *kept = arena_take(b->ops.arena, sizeof(*kept));

    kept->json = json;
    kept->next = b->spans;
    b->spans = kept;
}

void batch_add_turn(struct batch *b, struct resident *r, const struct batch_turn *turn)
{
    struct batch_turn *kept = arena_take(b->ops.arena, sizeof(*kept));

    *kept = *turn;
    kept->saga = r->num;
    kept->next = NULL;
    *b->last_turn = kept;
    b->last_turn = &kept->next;
    b->n_turns++;
    r->n_uncommitted++;
}

/* The command's saga has left memory meanwhile: read again, to be shown. */
static struct resident *saga_of(struct engine *e, const struct batch_answer *a)
{
    struct resident *r = NULL;
    struct err_info info;

    if (a->saga != 0 && load_saga(e, a->saga, &r, &info) != ERR_OK) {
        return NULL;
    }
    return r;
}

static void release_answer(struct engine *e, const struct batch_answer *a)
{
    struct command *c = a->command;
    struct resident *r = saga_of(e, a);

    if (a->saga != 0 && r == NULL) {
        commands_refuse(c, PROBLEM_STORE_UNAVAILABLE,
                        "It is done, but the saga cannot be read now");
    } else if (r == NULL) {
        c->done(c->user, c);
    } else if (c->wait != COMMAND_WAIT_NOT) {
        waiters_add(e, r, c);
    } else {
        waiters_answer(e, r, c);
        turn_let_go(e, r);
    }
}

static void release_answers(struct engine *e, struct batch *b)
{
    struct batch_answer *next;

    for (struct batch_answer *a = b->first_answer; a != NULL; a = next) {
        next = a->next;
        release_answer(e, a);
    }
}

void batch_hand_over(struct engine *e)
{
    struct batch *b = engine_batch(e);

    if (e->is_committing || atomic_load(&e->has_failed)) {
        return; /* Failed in the middle of a turn: its half must not be written. */
    }
    if (b->ops.n == 0 && b->first_answer == NULL) {
        return;
    }
    if (b->ops.n == 0) { /* What these answers waited for is on disk already. */
        release_answers(e, b);
        empty(b);
        return;
    }
    b->seq = e->batch_seq++;
    e->is_committing = true;
    e->filling ^= 1U;
    writer_commit(e->writer, &b->ops);
}

/* Who follows hears of the turns, and they are counted. Before anything else is let out:
 * the sagas are still in memory, and a stream is then no later than an answer. */
static void tell_turns(struct engine *e, const struct batch *b)
{
    if (b->first_turn == NULL) {
        return;
    }
    for (const struct batch_turn *t = b->first_turn; t != NULL; t = t->next) {
        tell_turn(e, table_find(e->table, t->saga), t);
    }
    feed_wake(e->feed);
}

/* Each saga once it has no turn left to commit: its waiters, and whether it may go. */
static void release_sagas(struct engine *e, struct batch *b)
{
    for (struct batch_turn *t = b->first_turn; t != NULL; t = t->next) {
        struct resident *r = table_find(e->table, t->saga);

        if (--r->n_uncommitted == 0) {
            waiters_look(e, r);
            turn_let_go(e, r);
        }
    }
}

void batch_release(struct engine *e)
{
    struct batch *b = &e->batches[e->filling ^ 1U];

    e->is_committing = false;
    atomic_store(&e->full_at, 0); /* Before anybody hears that a saga has ended. */
    engine_reader_end(e);         /* It may be older than this commit. */
    pending_drop(e->pending, b->seq);
    outbox_committed(e, b->seq);
    if (b->changes_definitions) {
        atomic_fetch_add(&e->stamp, 1);
    }
    tell_turns(e, b);
    for (const struct batch_send *s = b->first_send; s != NULL; s = s->next) {
        sending_release(e, s);
    }
    release_answers(e, b);
    release_sagas(e, b);
    for (const struct batch_span *s = b->spans; s != NULL; s = s->next) {
        otlp_push(e->config.otlp, mem_text(s->json));
    }
    empty(b);
    commands_publish_delayed(e);
}

void batch_dismiss(struct engine *e)
{
    for (size_t i = 0; i < 2; i++) {
        struct batch *b = &e->batches[i];

        for (struct batch_answer *a = b->first_answer; a != NULL; a = a->next) {
            commands_refuse(a->command, PROBLEM_DRAINING,
                            "The daemon stops before it knows that this is done; ask "
                            "again after the restart");
        }
        b->first_answer = NULL;
        b->last_answer = &b->first_answer;
    }
}
