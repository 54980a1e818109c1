/* submit.c - see submit.h. */
#include "adminapi/submit.h"

#include "adminapi/answer.h"
#include "adminapi/door.h"

static bool moves(struct request *r, enum request_phase from, enum request_phase to)
{
    int expected = (int)from;

    return atomic_compare_exchange_strong(&r->phase, &expected, (int)to);
}

/* On the engine thread. */
static void answered(void *user, struct command *c)
{
    struct request *r = user;
    struct MHD_Connection *connection = r->connection;
    struct door *door = r->door;

    (void)c; /* It is r->command. */
    if (moves(r, REQUEST_WAITING, REQUEST_OURS)) {
        MHD_resume_connection(connection);
        atomic_fetch_sub(&door->n_waiting, 1); /* The door may be gone after this. */
        return;
    }
    if (!moves(r, REQUEST_ABANDONED, REQUEST_LATE)) {
        request_destroy(r);
    }
}

static void refuse_submit(struct request *r, enum err e)
{
    if (e == ERR_LIMIT) {
        answer_refuse(r, PROBLEM_OVERLOADED, "The engine has too many commands waiting");
    } else {
        answer_refuse(r, PROBLEM_DRAINING, "The daemon is stopping");
    }
}

static void fill_command(struct request *r)
{
    struct command *c = &r->command;

    c->arena = r->arena;
    c->done = answered;
    c->user = r;
    c->actor = r->actor;
    c->request_id = r->request_id;
}

void submit_command(struct request *r, void (*finish)(struct request *r))
{
    struct door *door = r->door;
    struct MHD_Connection *connection = r->connection;
    struct engine *engine = r->config->engine;
    enum err e;

    fill_command(r);
    atomic_fetch_add(&door->n_waiting, 1);
    if (atomic_load(&door->is_stopping)) {
        atomic_fetch_sub(&door->n_waiting, 1);
        refuse_submit(r, ERR_BUSY);
        return;
    }
    r->finish = finish;
    r->is_submitted = true;
    atomic_store(&r->phase, REQUEST_WAITING);
    MHD_suspend_connection(connection);
    e = engine_submit(engine, &r->command);
    if (e == ERR_OK) {
        return;
    }
    r->finish = NULL;
    refuse_submit(r, e);
    if (moves(r, REQUEST_WAITING, REQUEST_OURS)) {
        MHD_resume_connection(connection);
        atomic_fetch_sub(&door->n_waiting, 1);
    } else {
        atomic_store(&r->phase, REQUEST_LATE);
    }
}

void submit_later(struct request *r, void (*finish)(struct request *r))
{
    struct MHD_Connection *connection = r->connection;

    if (atomic_load(&r->door->is_stopping)) {
        refuse_submit(r, ERR_BUSY);
        return;
    }
    r->finish = finish;
    r->is_submitted = true;
    MHD_suspend_connection(connection);
    MHD_resume_connection(connection); /* At the end of the daemon's next round. */
}

bool submit_abandon(struct request *r)
{
    struct MHD_Connection *connection = r->connection;
    struct door *door = r->door;

    if (!moves(r, REQUEST_WAITING, REQUEST_ABANDONED)) {
        return false;
    }
    MHD_resume_connection(connection);
    atomic_fetch_sub(&door->n_waiting, 1);
    return true;
}

bool submit_release(struct request *r)
{
    return !moves(r, REQUEST_ABANDONED, REQUEST_ORPHAN);
}
