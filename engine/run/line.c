/* line.c - see line.h. */
#include "engine/run/line.h"

#include "engine/run/follow.h"
#include "engine/run/state.h"

struct look {
    const struct table *table;
    uint64_t first; /* 0: nobody yet. */
};

/* In memory it may be further than in the store. */
static bool is_over(const struct look *l, uint64_t saga)
{
    const struct resident *r = table_find(l->table, saga);

    return r != NULL && r->row.ended_ms != 0;
}

static bool see_committed(void *user, const struct store_saga *row)
{
    struct look *l = user;

    if (is_over(l, row->num)) {
        return true;
    }
    l->first = row->num;
    return false;
}

static void see_pending(void *user, uint64_t saga)
{
    struct look *l = user;

    if (!is_over(l, saga) && (l->first == 0 || saga < l->first)) {
        l->first = saga;
    }
}

uint64_t line_first(struct engine *e, const char *definition_name,
                    const char *ordering_key)
{
    struct look l = {.table = e->table};
    struct err_info info;

    if (store_scan_line(engine_reader(e), definition_name, ordering_key, SIZE_MAX,
                        see_committed, &l, &info) != ERR_OK) {
        engine_fail(e, &info);
    } else if (l.first == 0) { /* Numbers rise: what is committed began earlier. */
        pending_each(e->pending, PENDING_LINE, definition_name, ordering_key, see_pending,
                     &l);
    }
    return l.first;
}

struct ended { /* Whose key it was. */
    const char *definition_name;
    const char *ordering_key;
};

static void call_next(struct engine *e, struct follow *f)
{
    const struct ended *ended = f->more;

    f->saga = line_first(e, ended->definition_name, ended->ordering_key);
    if (f->saga != 0) {
        follow_apply(e, f);
    }
}

void line_free(struct engine *e, const struct resident *r)
{
    struct arena *a = engine_batch(e)->ops.arena;
    struct ended *ended = arena_take(a, sizeof(*ended));
    struct follow *f = follow_add(e, call_next);

    ended->definition_name = r->entry->definition->name;
    ended->ordering_key = arena_text(a, r->row.ordering_key);
    f->record.event.kind = SAGA_EV_YOUR_TURN;
    f->more = ended;
}
