/* starts.c - COMMAND_STARTS: many starts at once.
 *
 * Each is carried out as if it had come alone, refused ones do not hold up the others,
 * and all that make a saga are in the batch that fills now, so in one commit. The whole
 * is answered with the last of them.
 */
#include <assert.h>

#include "engine/run/commands.h"

static void one_done(void *user, struct command *c)
{
    struct command *whole = user;

    (void)c; /* Its answer is read where it lies. */
    whole->of.starts.n_open--;
    if (whole->of.starts.n_open == 0) {
        whole->done(whole->user, whole);
    }
}

void commands_starts(struct engine *e, struct command *c)
{
    struct command_starts *all = &c->of.starts;

    assert(all->n > 0);
    all->n_open = all->n + 1; /* One for this function, which still reads the list. */
    for (size_t i = 0; i < all->n; i++) {
        all->starts[i].done = one_done;
        all->starts[i].user = c;
        commands_start(e, &all->starts[i]);
    }
    one_done(c, NULL);
}
