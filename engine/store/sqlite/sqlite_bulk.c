/* sqlite_bulk.c - bulk actions and what became of their sagas: written and read. */
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"
#include "engine/store/sqlite/sqlite_write.h"

/* ---- writing -------------------------------------------------------------------- */

enum err sqlite_insert_bulk(struct sqlite_store *st, const struct store_bulk *b,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_BULK];

    sqlite_bind_number(stmt, 1, b->num);
    sqlite_bind_text(stmt, 2, b->id);
    sqlite_bind_number(stmt, 3, b->action);
    sqlite_bind_text(stmt, 4, b->filter);
    sqlite_bind_text(stmt, 5, b->step);
    sqlite_bind_number(stmt, 6, b->is_applied);
    sqlite_bind_bytes(stmt, 7, b->body);
    sqlite_bind_text(stmt, 8, b->actor);
    sqlite_bind_text(stmt, 9, b->reason);
    sqlite_bind_number(stmt, 10, b->status);
    sqlite_bind_number(stmt, 11, b->below);
    sqlite_bind_number(stmt, 12, b->total);
    sqlite_bind_number(stmt, 13, b->done);
    sqlite_bind_number(stmt, 14, b->failed);
    sqlite_bind_number(stmt, 15, b->started_ms);
    sqlite_bind_number(stmt, 16, b->ended_ms);
    return sqlite_run(st, SQLITE_WRITE_BULK, info);
}

enum err sqlite_update_bulk(struct sqlite_store *st, const struct store_bulk *b,
                            struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_BULK_UPDATE];

    sqlite_bind_number(stmt, 1, b->num);
    sqlite_bind_number(stmt, 2, b->status);
    sqlite_bind_number(stmt, 3, b->below);
    sqlite_bind_number(stmt, 4, b->done);
    sqlite_bind_number(stmt, 5, b->failed);
    sqlite_bind_number(stmt, 6, b->ended_ms);
    return sqlite_run_one(st, SQLITE_WRITE_BULK_UPDATE, "no bulk action has that number",
                          info);
}

enum err sqlite_insert_bulk_item(struct sqlite_store *st,
                                 const struct store_bulk_item *item,
                                 struct err_info *info)
{
    sqlite3_stmt *stmt = st->write[SQLITE_WRITE_BULK_ITEM];

    sqlite_bind_number(stmt, 1, item->bulk);
    sqlite_bind_number(stmt, 2, item->n);
    sqlite_bind_text(stmt, 3, item->saga);
    sqlite_bind_number(stmt, 4, item->status);
    sqlite_bind_text(stmt, 5, item->code);
    return sqlite_run(st, SQLITE_WRITE_BULK_ITEM, info);
}

/* ---- reading -------------------------------------------------------------------- */

static struct store_bulk bulk_of(sqlite3_stmt *st)
{
    return (struct store_bulk){
        .num = sqlite_column_number(st, 0),
        .id = sqlite_column_string(st, 1),
        .action = (enum saga_event_kind)sqlite3_column_int(st, 2),
        .filter = sqlite_column_string(st, 3),
        .step = sqlite_column_string(st, 4),
        .is_applied = sqlite3_column_int(st, 5) != 0,
        .body = sqlite_column_slice(st, 6),
        .actor = sqlite_column_string(st, 7),
        .reason = sqlite_column_string(st, 8),
        .status = (enum store_bulk_status)sqlite3_column_int(st, 9),
        .below = sqlite_column_number(st, 10),
        .total = sqlite_column_number(st, 11),
        .done = sqlite_column_number(st, 12),
        .failed = sqlite_column_number(st, 13),
        .started_ms = sqlite_column_number(st, 14),
        .ended_ms = sqlite_column_number(st, 15),
    };
}

enum err sqlite_scan_bulks(struct store_reader *r, const struct store_bulk_query *q,
                           store_each_bulk each, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, q->id != NULL ? SQLITE_READ_BULK_ID
                                                                   : SQLITE_READ_BULKS);
    bool goes_on = true;
    int row = 0;

    if (q->id != NULL) {
        sqlite_bind_text(st, 1, q->id);
    } else {
        sqlite_bind_number(st, 1, sqlite_bound(q->before_num));
        sqlite_bind_number(st, 2, sqlite_bound(q->most));
    }
    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_bulk bulk = bulk_of(st);

            goes_on = each(user, &bulk);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

static struct store_bulk_item item_of(sqlite3_stmt *st)
{
    return (struct store_bulk_item){
        .bulk = sqlite_column_number(st, 0),
        .n = sqlite_column_number(st, 1),
        .saga = sqlite_column_string(st, 2),
        .status = (enum saga_status)sqlite3_column_int(st, 3),
        .code = sqlite_column_string(st, 4),
    };
}

enum err sqlite_scan_bulk_items(struct store_reader *r,
                                const struct store_bulk_items_query *q,
                                store_each_bulk_item each, void *user,
                                struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, SQLITE_READ_BULK_ITEMS);
    bool goes_on = true;
    int row = 0;

    sqlite_bind_number(st, 1, q->bulk);
    sqlite_bind_number(st, 2, sqlite_bound(q->before_n));
    sqlite_bind_number(st, 3, sqlite_bound(q->most));
    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_bulk_item item = item_of(st);

            goes_on = each(user, &item);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}
