/*
 * sqlite_listed.c - runs what sqlite_list.h writes. The reader's thread.
 *
 * Of several conditions that could lead, the rarest does: each is asked how far down its
 * PROBE-th saga lies, a look at so many rows of an index. That is how it is just there,
 * where the list is walked, which no count of the whole would say. Statements are kept:
 * to prepare one takes longer than most lists do.
 */
#include <string.h>

#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_list.h"
#include "engine/store/sqlite/sqlite_store.h"

#define PROBE 64
#define SQL_KEPT_MAX 8192 /* Bytes of a text that is kept. */

/* ---- statements
 * --------------------------------------------------------------------------------- */

static enum err prepare(struct sqlite_reader *r, const char *sql, sqlite3_stmt **out,
                        struct err_info *info)
{
    if (sqlite3_prepare_v2(r->db, sql, -1, out, NULL) != SQLITE_OK) {
        (void)sqlite_db_error(r->db, info, "list sagas");
        return ERR_IO;
    }
    return ERR_OK;
}

/* Kept or made; not bound. To be given back. */
static enum err take_statement(struct sqlite_reader *r, const struct buf *sql,
                               sqlite3_stmt **out, struct err_info *info)
{
    const char *text = buf_text(sql);
    sqlite3_stmt **oldest = &r->lists[r->next_list];

    if (sql->is_over) {
        return err_set(info, ERR_LIMIT, "the filter has too many values");
    }
    for (size_t i = 0; i < SQLITE_LISTS_KEPT; i++) {
        if (r->lists[i] != NULL && strcmp(sqlite3_sql(r->lists[i]), text) == 0) {
            *out = r->lists[i];
            return ERR_OK;
        }
    }
    if (sql->n > SQL_KEPT_MAX) {
        return prepare(r, text, out, info);
    }
    (void)sqlite3_finalize(*oldest); /* Tells only how its last run ended. */
    *oldest = NULL;
    if (prepare(r, text, oldest, info) != ERR_OK) {
        return ERR_IO;
    }
    *out = *oldest;
    r->next_list = (r->next_list + 1) % SQLITE_LISTS_KEPT;
    return ERR_OK;
}

static void give_back(struct sqlite_reader *r, sqlite3_stmt *st)
{
    if (st == NULL) {
        return;
    }
    (void)sqlite3_reset(st);          /* The caller knows how it ended. */
    (void)sqlite3_clear_bindings(st); /* Texts were borrowed. */
    for (size_t i = 0; i < SQLITE_LISTS_KEPT; i++) {
        if (r->lists[i] == st) {
            return;
        }
    }
    (void)sqlite3_finalize(st);
}

/* What l says, bound but for ?2. */
static enum err take_bound(struct sqlite_reader *r, const struct sqlite_list *l,
                           uint64_t before_num, sqlite3_stmt **out, struct err_info *info)
{
    const enum err e = take_statement(r, &l->sql, out, info);

    if (e == ERR_OK) {
        sqlite_bind_number(*out, 1, before_num == 0 ? (uint64_t)INT64_MAX : before_num);
        sqlite_list_bind(l, *out);
    }
    return e;
}

/* One number; *out stays when there is no row. */
static enum err read_one(struct sqlite_reader *r, sqlite3_stmt *st, uint64_t *out,
                         struct err_info *info)
{
    const int row = sqlite_read_row(r, st, info);

    if (row == 1) {
        *out = sqlite_column_number(st, 0);
    }
    return row < 0 ? ERR_IO : ERR_OK;
}

/* ---- which leads
 * --------------------------------------------------------------------------------- */

/* Where the lead's PROBE-th saga lies; 0: it has not so many. */
static enum err probe(struct sqlite_reader *r, const struct store_filter *f,
                      struct sqlite_lead lead, uint64_t before_num, uint64_t *out,
                      struct err_info *info)
{
    struct sqlite_list l;
    sqlite3_stmt *st = NULL;
    enum err e;

    *out = 0;
    sqlite_list_init(&l, f, lead);
    sqlite_list_write_probe(&l);
    e = take_bound(r, &l, before_num, &st, info);
    if (e == ERR_OK) {
        sqlite_bind_number(st, 2, PROBE - 1);
        e = read_one(r, st, out, info);
    }
    give_back(r, st);
    sqlite_list_done(&l);
    return e;
}

static enum err choose(struct sqlite_reader *r, const struct store_filter *f,
                       uint64_t before_num, struct sqlite_lead *out,
                       struct err_info *info)
{
    struct sqlite_lead leads[SQLITE_LEADS_MAX];
    const size_t n = sqlite_list_leads(f, leads);
    uint64_t lowest = UINT64_MAX;
    enum err e = ERR_OK;

    *out = leads[0];
    for (size_t i = 0; n > 1 && i < n && lowest > 0 && e == ERR_OK; i++) {
        uint64_t num;

        e = probe(r, f, leads[i], before_num, &num, info);
        if (num < lowest) {
            lowest = num;
            *out = leads[i];
        }
    }
    return e;
}

/* ---- lists and counts
 * ---------------------------------------------------------------------------- */

enum err sqlite_list_sagas(struct sqlite_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info)
{
    struct sqlite_lead lead;
    struct sqlite_list l;
    sqlite3_stmt *st = NULL;
    enum err e = choose(r, q->filter, q->num, &lead, info);

    if (e != ERR_OK) {
        return e;
    }
    sqlite_list_init(&l, q->filter, lead);
    sqlite_list_write(&l);
    e = take_bound(r, &l, q->num, &st, info);
    if (e == ERR_OK) {
        sqlite_bind_number(st, 2, q->most < INT64_MAX ? q->most : INT64_MAX);
        e = sqlite_read_sagas(r, st, each, user, info);
    }
    give_back(r, st);
    sqlite_list_done(&l);
    return e;
}

enum err sqlite_count_sagas(struct store_reader *r, const struct store_filter *filter,
                            uint64_t before_num, uint64_t *out, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    struct sqlite_lead lead;
    struct sqlite_list l;
    sqlite3_stmt *st = NULL;
    enum err e = choose(reader, filter, before_num, &lead, info);

    if (e != ERR_OK) {
        return e;
    }
    sqlite_list_init(&l, filter, lead);
    sqlite_list_write_count(&l);
    e = take_bound(reader, &l, before_num, &st, info);
    if (e == ERR_OK) {
        e = read_one(reader, st, out, info);
    }
    give_back(reader, st);
    sqlite_list_done(&l);
    return e;
}
