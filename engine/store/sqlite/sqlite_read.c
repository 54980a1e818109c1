/* sqlite_read.c - reading with kept statements. The reader's thread. */
#include <string.h>

#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"

/* ---- statements ----------------------------------------------------------------- */

sqlite3_stmt *sqlite_read_statement(struct sqlite_reader *r, enum sqlite_read which)
{
    assert(sqlite3_stmt_busy(r->read[which]) == 0); /* each() called its own scan. */
    return r->read[which];
}

int sqlite_read_row(struct sqlite_reader *r, sqlite3_stmt *st, struct err_info *info)
{
    const int rc = sqlite3_step(st);

    if (rc == SQLITE_ROW) {
        return 1;
    }
    if (rc == SQLITE_DONE) {
        (void)sqlite3_reset(st); /* Ends the read transaction, if it is the last. */
        return 0;
    }
    (void)sqlite_db_error(r->db, info, "read"); /* The caller says ERR_IO. */
    (void)sqlite3_reset(st);
    return -1;
}

/* A statement without rows of interest. */
static enum err run(struct sqlite_reader *r, enum sqlite_read which,
                    struct err_info *info)
{
    sqlite3_stmt *st = sqlite_read_statement(r, which);
    const int row = sqlite_read_row(r, st, info);

    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

enum err sqlite_reader_begin(struct store_reader *r, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    enum err e;

    assert(sqlite3_get_autocommit(reader->db) != 0); /* Not nested. */
    e = run(reader, SQLITE_READ_BEGIN, info);
    if (e != ERR_OK) {
        return e;
    }
    e = run(reader, SQLITE_READ_TAKE, info); /* BEGIN alone takes no snapshot yet. */
    if (e != ERR_OK) {
        sqlite_reader_end(r);
    }
    return e;
}

void sqlite_reader_end(struct store_reader *r)
{
    /* Nothing was written, so ending cannot fail with a loss. */
    (void)run((struct sqlite_reader *)r, SQLITE_READ_END, NULL);
}

/* ---- single values ------------------------------------------------------------------
 */

enum err sqlite_read_numbers(struct store_reader *r, struct store_numbers *out,
                             struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, SQLITE_READ_NUMBERS);

    if (sqlite_read_row(reader, st, info) != 1) { /* It always has one. */
        return ERR_IO;
    }
    out->saga = sqlite_column_number(st, 0); /* NULL reads as 0. */
    out->definition = sqlite_column_number(st, 1);
    out->vars = sqlite_column_number(st, 2);
    out->notify = sqlite_column_number(st, 3);
    out->bulk = sqlite_column_number(st, 4);
    (void)sqlite3_reset(st); /* The row was read. */
    return ERR_OK;
}

enum err sqlite_find_vars(struct store_reader *r, const char *text, uint64_t *num_out,
                          struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, SQLITE_READ_VARS_FIND);
    int row = sqlite3_bind_int64(st, 1, (sqlite3_int64)hash_bytes(text, strlen(text)));

    assert(row == SQLITE_OK);
    sqlite_bind_text(st, 2, text);
    row = sqlite_read_row(reader, st, info);
    if (row == 1) {
        *num_out = sqlite_column_number(st, 0);
        (void)sqlite3_reset(st); /* The row was read. */
    }
    return row < 0 ? ERR_IO : ERR_OK;
}

static sqlite3_stmt *bind_bytes_query(struct sqlite_reader *r,
                                      const struct store_bytes_query *q)
{
    sqlite3_stmt *st = NULL;

    switch (q->of) {
    case STORE_BYTES_INPUT:
        st = sqlite_read_statement(r, SQLITE_READ_INPUT);
        sqlite_bind_number(st, 1, q->num);
        break;
    case STORE_BYTES_ITEMS:
        st = sqlite_read_statement(r, SQLITE_READ_ITEMS);
        sqlite_bind_number(st, 1, q->num);
        sqlite_bind_number(st, 2, q->step);
        sqlite_bind_number(st, 3, q->item);
        break;
    case STORE_BYTES_VARS:
        st = sqlite_read_statement(r, SQLITE_READ_VARS);
        sqlite_bind_number(st, 1, q->num);
        break;
    case STORE_BYTES_META:
        st = sqlite_read_statement(r, SQLITE_READ_META);
        sqlite_bind_text(st, 1, q->name);
        break;
    case STORE_BYTES_PURGED:
        st = sqlite_read_statement(r, SQLITE_READ_PURGED);
        sqlite_bind_text(st, 1, q->name);
        break;
    case STORE_BYTES_NOTIFY:
        st = sqlite_read_statement(r, SQLITE_READ_NOTIFY_BODY);
        sqlite_bind_number(st, 1, q->num);
        break;
    case STORE_BYTES_NOTIFY_ORIGIN:
        st = sqlite_read_statement(r, SQLITE_READ_NOTIFY_ORIGIN);
        sqlite_bind_text(st, 1, q->name);
        break;
    }
    return st;
}

enum err sqlite_read_bytes(struct store_reader *r, const struct store_bytes_query *q,
                           store_take_bytes take, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = bind_bytes_query(reader, q);
    const int row = sqlite_read_row(reader, st, info);

    if (row == 1) {
        take(user, sqlite_column_slice(st, 0));
        (void)sqlite3_reset(st); /* The row was read. */
    }
    return row < 0 ? ERR_IO : ERR_OK;
}

enum err sqlite_find_replay(struct store_reader *r, const char *scope, const char *key,
                            store_take_replay take, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, SQLITE_READ_REPLAY);
    int row;

    sqlite_bind_text(st, 1, scope);
    sqlite_bind_text(st, 2, key);
    row = sqlite_read_row(reader, st, info);
    if (row == 1) {
        const struct store_replay replay = {
            .scope = sqlite_column_string(st, 0),
            .key = sqlite_column_string(st, 1),
            .hash = sqlite_column_string(st, 2),
            .saga = sqlite_column_number(st, 3),
            .status = sqlite3_column_int(st, 4),
            .body = sqlite_column_slice(st, 5),
            .at_ms = sqlite_column_number(st, 6),
        };

        take(user, &replay);
        (void)sqlite3_reset(st); /* The row was read. */
    }
    return row < 0 ? ERR_IO : ERR_OK;
}

/* ---- sagas --------------------------------------------------------------------------
 */

static struct store_saga saga_of(sqlite3_stmt *st)
{
    return (struct store_saga){
        .num = sqlite_column_number(st, 0),
        .id = sqlite_column_string(st, 1),
        .definition = sqlite_column_number(st, 2),
        .status = (enum saga_status)sqlite3_column_int(st, 3),
        .is_paused = sqlite3_column_int(st, 4) != 0,
        .is_asleep = sqlite3_column_int(st, 5) != 0,
        .wake_ms = sqlite_column_number(st, 6),
        .started_ms = sqlite_column_number(st, 7),
        .updated_ms = sqlite_column_number(st, 8),
        .ended_ms = sqlite_column_number(st, 9),
        .parent = sqlite_column_number(st, 10),
        .parent_step = (uint16_t)sqlite_column_number(st, 11),
        .parent_item = (uint32_t)sqlite_column_number(st, 12),
        .generation = (uint16_t)sqlite_column_number(st, 13),
        .vars = sqlite_column_number(st, 14),
        .key = sqlite_column_string(st, 15),
        .unique_key = sqlite_column_string(st, 16),
        .ordering_key = sqlite_column_string(st, 17),
        .stuck_step = sqlite_column_string(st, 18),
        .labels = sqlite_column_string(st, 19),
        .traceparent = sqlite_column_string(st, 20),
        .tracestate = sqlite_column_string(st, 21),
        .definition_name = sqlite_column_string(st, 22),
        .definition_version = (uint32_t)sqlite_column_number(st, 23),
        .stuck_call = (enum call_kind)sqlite3_column_int(st, 24), /* NULL reads as 0. */
        .stuck_outcome = (enum outcome)sqlite3_column_int(st, 25),
        .stuck_ms = sqlite_column_number(st, 26),
        .stuck_error = sqlite_column_string(st, 27),
    };
}

enum err sqlite_read_sagas(struct sqlite_reader *r, sqlite3_stmt *st,
                           store_each_saga each, void *user, struct err_info *info)
{
    bool goes_on = true;
    int row = 0;

    while (goes_on) {
        row = sqlite_read_row(r, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_saga saga = saga_of(st);

            goes_on = each(user, &saga);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

static uint64_t row_limit(size_t most)
{
    return most < INT64_MAX ? most : INT64_MAX;
}

enum err sqlite_scan_sagas(struct store_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = NULL;

    switch (q->by) {
    case STORE_SAGAS_BY_ID:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGA_ID);
        sqlite_bind_text(st, 1, q->id);
        break;
    case STORE_SAGAS_BY_NUM:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGA_NUM);
        sqlite_bind_number(st, 1, q->num);
        break;
    case STORE_SAGAS_BY_UNIQUE:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGA_UNIQUE);
        sqlite_bind_text(st, 1, q->name);
        sqlite_bind_text(st, 2, q->key);
        break;
    case STORE_SAGAS_BY_PLACE:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGA_CHILD);
        sqlite_bind_number(st, 1, q->num);
        sqlite_bind_number(st, 2, q->step);
        sqlite_bind_number(st, 3, q->item);
        break;
    case STORE_SAGAS_CHILDREN:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGAS_CHILDREN);
        sqlite_bind_number(st, 1, q->num);
        break;
    case STORE_SAGAS_IN_LINE:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGAS_LINE);
        sqlite_bind_text(st, 1, q->name);
        sqlite_bind_text(st, 2, q->key);
        sqlite_bind_number(st, 3, row_limit(q->most));
        break;
    case STORE_SAGAS_AWAKE:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGAS_AWAKE);
        sqlite_bind_number(st, 1, q->num);
        sqlite_bind_number(st, 2, row_limit(q->most));
        break;
    case STORE_SAGAS_DUE:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGAS_DUE);
        sqlite_bind_number(st, 1, q->until_ms < INT64_MAX ? q->until_ms : INT64_MAX);
        sqlite_bind_number(st, 2, q->after_ms);
        sqlite_bind_number(st, 3, q->num);
        sqlite_bind_number(st, 4, row_limit(q->most));
        break;
    case STORE_SAGAS_ENDED:
        st = sqlite_read_statement(reader, SQLITE_READ_SAGAS_ENDED);
        sqlite_bind_number(st, 1, q->status);
        sqlite_bind_number(st, 2, q->num);
        sqlite_bind_number(st, 3, row_limit(q->most));
        break;
    case STORE_SAGAS_ALIKE:
        st = sqlite_bind_alike(reader, q);
        break;
    case STORE_SAGAS_LISTED:
        return sqlite_list_sagas(reader, q, each, user, info);
    }
    return sqlite_read_sagas(reader, st, each, user, info);
}

/* ---- audit ---------------------------------------------------------------------- */

static struct store_audit audit_of(sqlite3_stmt *st)
{
    return (struct store_audit){
        .seq = sqlite_column_number(st, 0),
        .at_ms = sqlite_column_number(st, 1),
        .actor = sqlite_column_string(st, 2),
        .action = sqlite_column_string(st, 3),
        .subject = sqlite_column_string(st, 4),
        .turn = sqlite_column_number(st, 5),
        .reason = sqlite_column_string(st, 6),
        .request_id = sqlite_column_string(st, 7),
        .hash = sqlite_column_string(st, 8),
        .previous = sqlite_column_string(st, 9),
    };
}

static sqlite3_stmt *bind_audit_query(struct sqlite_reader *r,
                                      const struct store_audit_query *q)
{
    sqlite3_stmt *st = sqlite_read_statement(
        r, q->subject != NULL ? SQLITE_READ_AUDIT_SUBJECT : SQLITE_READ_AUDIT);

    sqlite_bind_number(st, 1, q->before_seq != 0 ? q->before_seq : INT64_MAX);
    sqlite_bind_text(st, 2, q->actor);
    sqlite_bind_text(st, 3, q->action);
    sqlite_bind_number(st, 4, row_limit(q->most));
    if (q->subject != NULL) {
        sqlite_bind_text(st, 5, q->subject);
    }
    return st;
}

enum err sqlite_scan_audit(struct store_reader *r, const struct store_audit_query *q,
                           store_each_audit each, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = bind_audit_query(reader, q);
    bool goes_on = true;
    int row = 0;

    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_audit audit = audit_of(st);

            goes_on = each(user, &audit);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

/* ---- turns, late answers, counts ------------------------------------------------------
 */

static struct store_turn turn_of(sqlite3_stmt *st)
{
    return (struct store_turn){
        .saga = sqlite_column_number(st, 0),
        .turn = sqlite_column_number(st, 1),
        .at_ms = sqlite_column_number(st, 2),
        .event = (enum saga_event_kind)sqlite3_column_int(st, 3),
        .data = sqlite_column_slice(st, 4),
        .state = sqlite_column_slice(st, 5),
    };
}

enum err sqlite_scan_turns(struct store_reader *r, const struct store_turn_query *q,
                           store_each_turn each, void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st =
        sqlite_read_statement(reader, !q->is_last  ? SQLITE_READ_TURNS
                                      : q->is_bare ? SQLITE_READ_TURN_NUMBER
                                                   : SQLITE_READ_TURN_LAST);
    bool goes_on = true;
    int row = 0;

    sqlite_bind_number(st, 1, q->saga);
    if (!q->is_last) {
        sqlite_bind_number(st, 2, q->from_turn);
        sqlite_bind_number(st, 3, row_limit(q->most));
    }
    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_turn turn = turn_of(st);

            goes_on = each(user, &turn);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

static struct store_late late_of(sqlite3_stmt *st)
{
    return (struct store_late){
        .saga = sqlite_column_number(st, 0),
        .turn = sqlite_column_number(st, 1),
        .step = (uint16_t)sqlite_column_number(st, 2),
        .item = (uint32_t)sqlite_column_number(st, 3),
        .call = (enum call_kind)sqlite3_column_int(st, 4),
        .at_ms = sqlite_column_number(st, 5),
        .data = sqlite_column_slice(st, 6),
    };
}

enum err sqlite_scan_late(struct store_reader *r, uint64_t saga, store_each_late each,
                          void *user, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, SQLITE_READ_LATE);
    bool goes_on = true;
    int row = 0;

    sqlite_bind_number(st, 1, saga);
    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_late late = late_of(st);

            goes_on = each(user, &late);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}

enum err sqlite_scan_counts(struct store_reader *r, store_each_count each, void *user,
                            struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = sqlite_read_statement(reader, SQLITE_READ_COUNTS);
    bool goes_on = true;
    int row = 0;

    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1 && each(user, sqlite_column_string(st, 0),
                                   (enum saga_status)sqlite3_column_int(st, 1),
                                   sqlite_column_number(st, 2));
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}
