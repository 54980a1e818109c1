/* follow.c - see follow.h. */
#include "engine/run/follow.h"

#include "engine/run/load.h"
#include "engine/run/state.h"
#include "engine/run/turn.h"

struct follow *follow_add(struct engine *e, void (*run)(struct engine *, struct follow *))
{
    struct follow *f = arena_take(engine_batch(e)->ops.arena, sizeof(*f));

    f->run = run;
    if (e->last_follow == NULL) {
        e->first_follow = f;
    } else {
        e->last_follow->next = f;
    }
    e->last_follow = f;
    return f;
}

void follow_run(struct engine *e, struct resident *r)
{
    if (e->first_follow == NULL) {
        return;
    }
    while (e->first_follow != NULL) {
        struct follow *f = e->first_follow;

        e->first_follow = f->next;
        if (e->first_follow == NULL) {
            e->last_follow = NULL;
        }
        f->run(e, f);
    }
    turn_load_state(e, r);
}

void follow_apply(struct engine *e, struct follow *f)
{
    struct resident *r;
    struct err_info info;

    if (load_saga(e, f->saga, &r, &info) != ERR_OK) {
        engine_fail(e, &info); /* Half of what belongs together must not be written. */
        return;
    }
    (void)turn_apply_alone(e, r, &f->record);
    turn_let_go(e, r);
}
