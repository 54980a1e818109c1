/* sqlite_notify.c - webhooks: written and read. */
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/sqlite/sqlite_write.h"

/* ---- writing -------------------------------------------------------------------- */

static const char no_notify[] = "no webhook that waits has that number";

enum err sqlite_insert_notify(struct sqlite_store *st, const struct store_notify *n,
                              struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_NOTIFY];
    enum err e;

    sqlite_bind_number(stmt, 1, n->num);
    sqlite_bind_number(stmt, 2, n->saga);
    sqlite_bind_text(stmt, 3, n->id);
    sqlite_bind_number(stmt, 4, n->told);
    sqlite_bind_text(stmt, 5, n->origin);
    sqlite_bind_text(stmt, 6, n->url);
    sqlite_bind_text(stmt, 7, n->secret);
    sqlite_bind_number(stmt, 8, n->made_ms);
    sqlite_bind_number(stmt, 9, n->since_ms);
    sqlite_bind_number(stmt, 10, n->due_ms);
    e = sqlite_run(st, SQLITE_WRITE_NOTIFY, info);
    if (e == ERR_OK) {
        sqlite_bind_number(st->write[SQLITE_WRITE_NOTIFY_BODY], 1, n->num);
        sqlite_bind_bytes(st->write[SQLITE_WRITE_NOTIFY_BODY], 2, n->body);
        e = sqlite_run(st, SQLITE_WRITE_NOTIFY_BODY, info);
    }
    return e;
}

/* Settled, and its saga was purged. */
static enum err delete_notify(struct sqlite_store *st, uint64_t num,
                              struct err_info *info)
{
    enum err e;

    sqlite_bind_number(st->write[SQLITE_WRITE_NOTIFY_GONE], 1, num);
    e = sqlite_run_one(st, SQLITE_WRITE_NOTIFY_GONE, no_notify, info);
    if (e == ERR_OK) {
        sqlite_bind_number(st->write[SQLITE_WRITE_NOTIFY_BODY_GONE], 1, num);
        e = sqlite_run(st, SQLITE_WRITE_NOTIFY_BODY_GONE, info);
    }
    return e;
}

enum err sqlite_note_notify_tried(struct sqlite_store *st, const struct store_notify *n,
                                  struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_NOTIFY_TRIED];
    enum err e;

    sqlite_bind_number(stmt, 1, n->num);
    sqlite_bind_number(stmt, 2, n->status);
    sqlite_bind_number(stmt, 3, n->due_ms);
    sqlite_bind_number(stmt, 4, n->attempts);
    sqlite_bind_number(stmt, 5, n->ended_ms);
    sqlite_bind_number(stmt, 6, n->http_status);
    sqlite_bind_text(stmt, 7, n->error);
    e = sqlite_run(st, SQLITE_WRITE_NOTIFY_TRIED, info);
    return e == ERR_OK && sqlite3_changes(st->db) == 0 ? delete_notify(st, n->num, info)
                                                       : e;
}

enum err sqlite_queue_notify_again(struct sqlite_store *st, const struct store_notify *n,
                                   struct err_info *info)
{
    sqlite_bind_number(st->write[SQLITE_WRITE_NOTIFY_AGAIN], 1, n->num);
    sqlite_bind_number(st->write[SQLITE_WRITE_NOTIFY_AGAIN], 2, n->since_ms);
    return sqlite_run_one(st, SQLITE_WRITE_NOTIFY_AGAIN,
                          "no webhook of a saga has that number", info);
}

static enum err has_notify(struct sqlite_store *st, uint64_t saga, bool *out,
                           struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_NOTIFY_OF];

    sqlite_bind_number(stmt, 1, saga);
    *out = sqlite3_step(stmt) == SQLITE_ROW;
    return sqlite3_reset(stmt) == SQLITE_OK /* The step's result. */
               ? ERR_OK
               : sqlite_db_error(st->db, info, sqlite_refused);
}

enum err sqlite_purge_notify(struct sqlite_store *st, uint64_t saga,
                             struct err_info *info)
{
    static const enum sqlite_write steps[] = {SQLITE_WRITE_PURGE_NOTIFY_LEFT,
                                              SQLITE_WRITE_PURGE_NOTIFY_BODY,
                                              SQLITE_WRITE_PURGE_NOTIFY};
    bool has_any = false; /* Most have none, and the three cost half a purge. */
    enum err e = has_notify(st, saga, &has_any, info);

    for (size_t i = 0; has_any && e == ERR_OK && i < sizeof(steps) / sizeof(steps[0]);
         i++) {
        sqlite_bind_number(st->write[steps[i]], 1, saga);
        e = sqlite_run(st, steps[i], info);
    }
    return e;
}

/* ---- reading -------------------------------------------------------------------- */

static struct store_notify notify_of(sqlite3_stmt *st)
{
    return (struct store_notify){
        .num = sqlite_column_number(st, 0),
        .saga = sqlite_column_number(st, 1),
        .id = sqlite_column_string(st, 2),
        .told = (enum saga_status)sqlite3_column_int(st, 3),
        .origin = sqlite_column_string(st, 4),
        .url = sqlite_column_string(st, 5),
        .secret = sqlite_column_string(st, 6),
        .made_ms = sqlite_column_number(st, 7),
        .since_ms = sqlite_column_number(st, 8),
        .due_ms = sqlite_column_number(st, 9),
        .attempts = (uint32_t)sqlite_column_number(st, 10),
        .attempts_before = (uint32_t)sqlite_column_number(st, 11),
        .status = (enum store_notify_status)sqlite3_column_int(st, 12),
        .ended_ms = sqlite_column_number(st, 13),
        .http_status = (uint32_t)sqlite_column_number(st, 14),
        .error = sqlite_column_string(st, 15),
        .saga_id = sqlite_column_string(st, 16),
        .definition_name = sqlite_column_string(st, 17),
    };
}

static sqlite3_stmt *bind_list(struct sqlite_reader *r, enum sqlite_read which,
                               const struct store_notify_query *q)
{
    sqlite3_stmt *st = sqlite_read_statement(r, which);

    if (q->by == STORE_NOTIFY_BY_SAGA) {
        sqlite_bind_number(st, 1, q->saga);
    }
    sqlite_bind_number(st, 2, sqlite_bound(q->before_num));
    sqlite_bind_number(st, 3, q->statuses);
    sqlite_bind_number(st, 4, sqlite_bound(q->most));
    return st;
}

static sqlite3_stmt *bind_query(struct sqlite_reader *r,
                                const struct store_notify_query *q)
{
    sqlite3_stmt *st = NULL;

    switch (q->by) {
    case STORE_NOTIFY_BY_ORIGIN:
        st = sqlite_read_statement(r, SQLITE_READ_NOTIFY);
        sqlite_bind_text(st, 1, q->origin);
        sqlite_bind_number(st, 2, sqlite_bound(q->most));
        break;
    case STORE_NOTIFY_BY_ID:
        st = sqlite_read_statement(r, SQLITE_READ_NOTIFY_ID);
        sqlite_bind_number(st, 1, q->saga);
        sqlite_bind_text(st, 2, q->id);
        break;
    case STORE_NOTIFY_BY_SAGA:
        st = bind_list(r, SQLITE_READ_NOTIFY_SAGA, q);
        break;
    case STORE_NOTIFY_OF_ALL:
        st = bind_list(r,
                       (q->statuses & 1U << STORE_NOTIFY_DELIVERED) != 0
                           ? SQLITE_READ_NOTIFY_ALL
                           : SQLITE_READ_NOTIFY_OPEN,
                       q);
        break;
    }
    return st;
}

enum err sqlite_scan_notify(struct store_reader *r, const struct store_notify_query *q,
                            store_each_notify each, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = bind_query(reader, q);
    bool goes_on = true;
    int row = 0;

    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_notify notify = notify_of(st);

            goes_on = each(user, &notify);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}
