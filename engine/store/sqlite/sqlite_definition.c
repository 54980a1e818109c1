/* sqlite_definition.c - reading definitions. The reader's thread. */
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"

static sqlite3_stmt *bind_query(struct sqlite_reader *r,
                                const struct store_definition_query *q)
{
    const uint64_t most = q->most < INT64_MAX ? q->most : INT64_MAX;
    sqlite3_stmt *st = NULL;

    switch (q->by) {
    case STORE_DEFINITIONS_BY_VERSION:
        st = sqlite_read_statement(r, q->version == 0 ? SQLITE_READ_DEFINITION_CURRENT
                                                      : SQLITE_READ_DEFINITION);
        sqlite_bind_text(st, 1, q->name);
        if (q->version != 0) {
            sqlite_bind_number(st, 2, q->version);
        }
        break;
    case STORE_DEFINITIONS_BY_NUM:
        st = sqlite_read_statement(r, SQLITE_READ_DEFINITION_NUM);
        sqlite_bind_number(st, 1, q->num);
        break;
    case STORE_DEFINITIONS_BY_HASH:
        st = sqlite_read_statement(r, SQLITE_READ_DEFINITION_HASH);
        sqlite_bind_text(st, 1, q->name);
        sqlite_bind_text(st, 2, q->hash);
        break;
    case STORE_DEFINITIONS_CURRENT:
        st = sqlite_read_statement(r, SQLITE_READ_DEFINITIONS);
        sqlite_bind_text(st, 1, q->name == NULL ? "" : q->name); /* No name is "". */
        sqlite_bind_number(st, 2, most);
        break;
    case STORE_DEFINITIONS_VERSIONS:
        st = sqlite_read_statement(r, SQLITE_READ_VERSIONS);
        sqlite_bind_text(st, 1, q->name);
        sqlite_bind_number(st, 2,
                           q->version == 0 ? (uint64_t)UINT32_MAX + 1 : q->version);
        sqlite_bind_number(st, 3, most);
        break;
    }
    return st;
}

static struct store_definition definition_of(sqlite3_stmt *st)
{
    return (struct store_definition){
        .num = sqlite_column_number(st, 0),
        .name = sqlite_column_string(st, 1),
        .version = (uint32_t)sqlite_column_number(st, 2),
        .hash = sqlite_column_string(st, 3),
        .content = sqlite_column_string(st, 4),
        .created_ms = sqlite_column_number(st, 5),
        .current = (uint32_t)sqlite_column_number(st, 6),
        .is_paused = sqlite3_column_int(st, 7) != 0,
        .is_archived = sqlite3_column_int(st, 8) != 0,
        .children = sqlite_column_string(st, 9),
    };
}

enum err sqlite_scan_definitions(struct store_reader *r,
                                 const struct store_definition_query *q,
                                 store_each_definition each, void *user,
                                 struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    sqlite3_stmt *st = bind_query(reader, q);
    bool goes_on = true;
    int row = 0;

    while (goes_on) {
        row = sqlite_read_row(reader, st, info);
        goes_on = row == 1;
        if (goes_on) {
            const struct store_definition d = definition_of(st);

            goes_on = each(user, &d);
        }
    }
    (void)sqlite3_reset(st); /* row tells. */
    return row < 0 ? ERR_IO : ERR_OK;
}
