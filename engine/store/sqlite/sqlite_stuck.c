/* sqlite_stuck.c - stuck sagas: in groups, the sagas of one; what is oldest. The reader's
 * thread. */
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"

static struct store_stuck_group group_of(sqlite3_stmt *st)
{
    return (struct store_stuck_group){
        .definition = sqlite_column_string(st, 0), /* 1 is its number. */
        .step = sqlite_column_string(st, 2),
        .call = (enum call_kind)sqlite3_column_int(st, 3), /* NULL reads as 0. */
        .outcome = (enum outcome)sqlite3_column_int(st, 4),
        .n = sqlite_column_number(st, 5),
        .oldest_ms = sqlite_column_number(st, 6),
    };
}

enum err sqlite_scan_stuck(struct store_reader *r, const char *definition, size_t most,
                           store_each_stuck each, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(
        reader, definition != NULL ? SQLITE_READ_STUCK_OF : SQLITE_READ_STUCK);
    bool goes_on = true;
    int row = 0;

    sqlite_bind_number(st, 1, most < INT64_MAX ? most : INT64_MAX);
    if (definition != NULL) {
        sqlite_bind_text(st, 2, definition);
    }
    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_stuck_group group = group_of(st);

            goes_on = each(user, &group);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

sqlite3_stmt *sqlite_bind_alike(struct sqlite_reader *r, const struct store_saga_query *q)
{
    sqlite3_stmt *st = sqlite_read_statement(r, SQLITE_READ_SAGAS_ALIKE);
    const struct store_stuck_group *g = q->group;

    sqlite_bind_text(st, 1, g->definition);
    sqlite_bind_text(st, 2, g->step);
    sqlite_bind_number_or_null(st, 3, g->step != NULL, g->call);
    sqlite_bind_number_or_null(st, 4, g->step != NULL, g->outcome);
    sqlite_bind_number(st, 5, q->most < INT64_MAX ? q->most : INT64_MAX);
    return st;
}

static enum err read_time(struct sqlite_reader *r, enum sqlite_read which,
                          uint64_t *out_ms, struct err_info *info)
{
    sqlite3_stmt *st = sqlite_read_statement(r, which);
    const int row = sqlite_read_row(r, st, info);

    if (row >= 0) {
        *out_ms = row == 1 ? sqlite_column_number(st, 0) : 0;
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

enum err sqlite_oldest_stuck(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info)
{
    return read_time((struct sqlite_reader *)r, SQLITE_READ_STUCK_OLDEST, out_ms, info);
}

enum err sqlite_oldest_replay(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info)
{
    return read_time((struct sqlite_reader *)r, SQLITE_READ_REPLAY_OLDEST, out_ms, info);
}

enum err sqlite_oldest_notify(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info)
{
    return read_time((struct sqlite_reader *)r, SQLITE_READ_NOTIFY_OLDEST, out_ms, info);
}
