/*
 * sqlite_list.c - the list of sagas by filter, newest first, without a sort.
 *
 * Each index holds rows that are equal in its columns in the order of num. So a list
 * is a merge of *branches*: one ordered walk per value of the one condition that leads
 * (a label, a key, a stuck step, statuses, a definition), all other conditions checked
 * on the way; nothing is read that is not merged, and nothing is skipped with OFFSET.
 * A condition with more values than LEAD_MAX does not lead. Without a leading condition
 * the walk is down the sagas themselves.
 */
#include <string.h>

#include "base/buf.h"
#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"

#define LEAD_MAX 32           /* Branches of one merge. */
#define SQL_BYTES_MAX 2000000 /* A hundred values in 32 branches are a tenth of it. */

enum lead {
    LEAD_LABEL,
    LEAD_KEY,
    LEAD_GROUP, /* A stuck group: definitions, steps, calls and outcomes, all of them. */
    LEAD_STUCK,
    LEAD_STATUS,
    LEAD_NAME,
    LEAD_NONE,
};

/* ?1 is below which num, ?2 how many, from ?3 on the filter's values in this order:
 * definitions, stuck steps, keys, label names and values in turn, times, above which
 * num, error. */
#define FIRST_VALUE 3

struct list {
    const struct store_filter *f;
    enum lead lead;
    size_t definitions_at; /* Numbers of the first parameter of each kind. */
    size_t stuck_at;
    size_t keys_at;
    size_t labels_at;
    size_t times_at;
    size_t above_at;
    size_t error_at;
    size_t n_branches;
    struct buf sql;
};

#define STATUS_BITS ((1U << SAGA_STATUSES) - 1)

/* Completed sagas are most of any definition's, so that the definition leads better. */
static bool status_leads(const struct store_filter *f)
{
    const uint32_t asked = f->statuses & STATUS_BITS;

    return asked != 0 && asked != STATUS_BITS &&
           (f->n_definitions == 0 || (asked & (1U << SAGA_STATUS_COMPLETED)) == 0);
}

#define CALL_BITS ((1U << CALLS) - 1)
#define OUTCOME_BITS ((1U << OUTCOMES) - 1)

static size_t count_bits(uint32_t bits)
{
    size_t n = 0;

    for (; bits != 0; bits &= bits - 1) {
        n++;
    }
    return n;
}

/* Is what is asked for told to the outcome, and few groups at that? */
static bool group_leads(const struct store_filter *f)
{
    const size_t n_ends = count_bits(f->stuck_calls & CALL_BITS) *
                          count_bits(f->stuck_outcomes & OUTCOME_BITS);

    return f->n_definitions > 0 && f->n_definitions <= LEAD_MAX && f->n_stuck_steps > 0 &&
           f->n_stuck_steps <= LEAD_MAX && n_ends > 0 &&
           f->n_definitions * f->n_stuck_steps * n_ends <= LEAD_MAX;
}

/* Asks for what only stuck sagas have. */
static bool is_of_stuck(const struct store_filter *f)
{
    return f->stuck_calls != 0 || f->stuck_outcomes != 0 || f->stuck_error != NULL;
}

static enum lead choose_lead(const struct store_filter *f)
{
    if (f->n_labels > 0) {
        return LEAD_LABEL;
    }
    if (f->n_keys > 0 && f->n_keys <= LEAD_MAX) {
        return LEAD_KEY;
    }
    if (group_leads(f)) {
        return LEAD_GROUP;
    }
    if (f->n_stuck_steps > 0 && f->n_stuck_steps <= LEAD_MAX) {
        return LEAD_STUCK;
    }
    if (status_leads(f) || is_of_stuck(f)) {
        return LEAD_STATUS;
    }
    if (f->n_definitions > 0 && f->n_definitions <= LEAD_MAX) {
        return LEAD_NAME;
    }
    return LEAD_NONE;
}

/* ---- conditions that do not lead ------------------------------------------------------
 */

static void add_parameters(struct buf *sql, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        buf_printf(sql, i == 0 ? "?%zu" : ", ?%zu", first + i);
    }
}

static void add_in(struct buf *sql, const char *column, size_t first, size_t n)
{
    if (n > 0) {
        buf_printf(sql, " AND %s IN (", column);
        add_parameters(sql, first, n);
        buf_add_char(sql, ')');
    }
}

static void add_statuses(struct buf *sql, uint32_t statuses)
{
    bool is_first = true;

    buf_add_text(sql, " AND +s.status IN (");
    for (unsigned status = 0; status < SAGA_STATUSES; status++) {
        if ((statuses & (1U << status)) != 0) {
            buf_printf(sql, is_first ? "%u" : ", %u", status);
            is_first = false;
        }
    }
    buf_add_char(sql, ')');
}

static void add_labels(const struct list *l, struct buf *sql)
{
    for (size_t i = l->lead == LEAD_LABEL ? 1 : 0; i < l->f->n_labels; i++) {
        buf_printf(sql,
                   " AND EXISTS (SELECT 1 FROM saga_label AS l%zu WHERE l%zu.name = ?%zu "
                   "AND l%zu.value = ?%zu AND l%zu.saga = s.num)",
                   i, i, l->labels_at + 2 * i, i, l->labels_at + 2 * i + 1, i);
    }
}

static void add_times(const struct list *l, struct buf *sql)
{
    static const char *const conditions[] = {"s.started_ms >", "s.started_ms <",
                                             "s.updated_ms >", "s.updated_ms <"};
    const uint64_t times[] = {l->f->started_after_ms, l->f->started_before_ms,
                              l->f->updated_after_ms, l->f->updated_before_ms};

    for (size_t i = 0; i < 4; i++) {
        if (times[i] != 0) {
            buf_printf(sql, " AND %s ?%zu", conditions[i], l->times_at + i);
        }
    }
}

static void add_bits(struct buf *sql, const char *column, uint32_t bits)
{
    const char *glue = "";

    if (bits == 0) {
        return;
    }
    buf_printf(sql, " AND %s IN (", column);
    for (unsigned i = 0; i < 32; i++) {
        if ((bits & (1U << i)) != 0) {
            buf_printf(sql, "%s%u", glue, i);
            glue = ", ";
        }
    }
    buf_add_char(sql, ')');
}

/* What only stuck sagas have. stuck_ms keeps the others out before more is looked at. */
static void add_stuck(const struct list *l, struct buf *sql)
{
    const struct store_filter *f = l->f;

    if (is_of_stuck(f) && l->lead != LEAD_GROUP) {
        buf_add_text(sql, " AND +s.stuck_ms > 0");
        add_bits(sql, "+s.stuck_call", f->stuck_calls);
        add_bits(sql, "+s.stuck_outcome", f->stuck_outcomes);
    }
    if (f->stuck_error != NULL) { /* LIKE would take the text's % and _ for its own. */
        buf_printf(sql, " AND instr(lower(s.stuck_error), lower(?%zu)) > 0", l->error_at);
    }
}

/* A plus before a column keeps the condition from choosing another index. */
static void add_conditions(struct list *l)
{
    const struct store_filter *f = l->f;
    struct buf *sql = &l->sql;

    if (l->lead != LEAD_NAME && l->lead != LEAD_GROUP && f->n_definitions > 0) {
        buf_add_text(sql,
                     " AND +s.name IN (SELECT num FROM definition_name WHERE name IN (");
        add_parameters(sql, l->definitions_at, f->n_definitions);
        buf_add_text(sql, "))");
    }
    if (l->lead != LEAD_STATUS && (f->statuses & STATUS_BITS) != 0) {
        add_statuses(sql, f->statuses);
    }
    if (l->lead != LEAD_STUCK && l->lead != LEAD_GROUP) {
        add_in(sql, "+s.stuck_step", l->stuck_at, f->n_stuck_steps);
    }
    if (l->lead != LEAD_KEY) {
        add_in(sql, "+s.key", l->keys_at, f->n_keys);
    }
    if (f->paused != 0) {
        buf_add_text(sql,
                     f->paused > 0 ? " AND s.is_paused = 1" : " AND s.is_paused = 0");
    }
    if (f->is_awake && l->lead != LEAD_STATUS) {
        buf_add_text(sql, " AND s.is_asleep = 0");
    }
    add_stuck(l, sql);
    add_labels(l, sql);
    add_times(l, sql);
    if (f->above_num != 0) {
        buf_printf(sql, " AND %s > ?%zu", l->lead == LEAD_LABEL ? "l.saga" : "s.num",
                   l->above_at);
    }
}

/* ---- branches
 * -------------------------------------------------------------------------- */

static void begin_branch(struct list *l)
{
    if (l->n_branches > 0) {
        buf_add_text(&l->sql, " UNION ALL ");
    }
    l->n_branches++;
}

/* index: its name; then the condition that it serves, a number in its middle. */
static void add_branch(struct list *l, const char *index, const char *before,
                       size_t number, const char *after)
{
    begin_branch(l);
    buf_printf(&l->sql,
               "SELECT s.num AS num FROM saga AS s INDEXED BY %s WHERE %s%zu%s "
               "AND s.num < ?1",
               index, before, number, after);
    add_conditions(l);
}

/* A value asked for twice must not give its rows twice. */
static bool is_repeated(const char *const *texts, size_t i)
{
    for (size_t j = 0; j < i; j++) {
        if (strcmp(texts[i], texts[j]) == 0) {
            return true;
        }
    }
    return false;
}

/* A branch per text; the first text's parameter has number `first`. */
static void add_text_branches(struct list *l, const char *const *texts, size_t n,
                              size_t first)
{
    for (size_t i = 0; i < n; i++) {
        if (is_repeated(texts, i)) {
            continue;
        }
        if (l->lead == LEAD_KEY) {
            add_branch(l, "saga_key", "s.key = ?", first + i, "");
        } else if (l->lead == LEAD_STUCK) {
            add_branch(l, "saga_stuck", "s.stuck_step = ?", first + i, "");
        } else {
            add_branch(l, "saga_name",
                       "s.name = (SELECT num FROM definition_name WHERE name = ?",
                       first + i, ")");
        }
    }
}

/* A branch per call and outcome of one definition and step. */
static void add_end_branches(struct list *l, size_t definition_at, size_t step_at)
{
    for (unsigned call = 0; call < CALLS; call++) {
        for (unsigned outcome = 0; outcome < OUTCOMES; outcome++) {
            if ((l->f->stuck_calls & (1U << call)) == 0 ||
                (l->f->stuck_outcomes & (1U << outcome)) == 0) {
                continue;
            }
            begin_branch(l);
            buf_printf(&l->sql,
                       "SELECT s.num AS num FROM saga AS s INDEXED BY saga_stuck_group "
                       "WHERE s.name = (SELECT num FROM definition_name WHERE name = "
                       "?%zu) AND s.stuck_step = ?%zu AND s.stuck_call = %u "
                       "AND s.stuck_outcome = %u AND s.stuck_ms > 0 AND s.num < ?1",
                       definition_at, step_at, call, outcome);
            add_conditions(l);
        }
    }
}

static void add_group_branches(struct list *l)
{
    for (size_t d = 0; d < l->f->n_definitions; d++) {
        for (size_t s = 0; s < l->f->n_stuck_steps; s++) {
            if (!is_repeated(l->f->definitions, d) &&
                !is_repeated(l->f->stuck_steps, s)) {
                add_end_branches(l, l->definitions_at + d, l->stuck_at + s);
            }
        }
    }
}

/* Who asks for what only stuck sagas have is served by that status alone. */
static uint32_t led_statuses(const struct store_filter *f)
{
    const uint32_t stuck = 1U << SAGA_STATUS_STUCK;

    if (!is_of_stuck(f)) {
        return f->statuses;
    }
    return f->statuses == 0 ? stuck : f->statuses & stuck;
}

static void add_status_branches(struct list *l)
{
    const uint32_t statuses = led_statuses(l->f);

    if (statuses == 0) {
        begin_branch(l); /* There are none. */
        buf_add_text(&l->sql,
                     "SELECT s.num AS num FROM saga AS s WHERE 0 AND s.num < ?1");
        add_conditions(l);
    }
    for (unsigned status = 0; status < SAGA_STATUSES; status++) {
        if ((statuses & (1U << status)) == 0) {
            continue;
        }
        if (status >= SAGA_STATUS_COMPLETED) {
            add_branch(l, "saga_ended", "s.status = ", status, " AND s.status >= 3");
        } else {
            add_branch(l, "saga_open", "s.status = ", status,
                       " AND s.is_asleep = 0 AND s.status < 3");
            if (!l->f->is_awake) {
                add_branch(l, "saga_open", "s.status = ", status,
                           " AND s.is_asleep = 1 AND s.status < 3");
            }
        }
    }
}

static void add_branches(struct list *l)
{
    switch (l->lead) {
    case LEAD_LABEL:
        begin_branch(l);
        buf_printf(&l->sql,
                   "SELECT l.saga AS num FROM saga_label AS l CROSS JOIN saga AS s "
                   "ON s.num = l.saga WHERE l.name = ?%zu AND l.value = ?%zu "
                   "AND l.saga < ?1",
                   l->labels_at, l->labels_at + 1);
        add_conditions(l);
        break;
    case LEAD_KEY:
        add_text_branches(l, l->f->keys, l->f->n_keys, l->keys_at);
        break;
    case LEAD_GROUP:
        add_group_branches(l);
        break;
    case LEAD_STUCK:
        add_text_branches(l, l->f->stuck_steps, l->f->n_stuck_steps, l->stuck_at);
        break;
    case LEAD_STATUS:
        add_status_branches(l);
        break;
    case LEAD_NAME:
        add_text_branches(l, l->f->definitions, l->f->n_definitions, l->definitions_at);
        break;
    case LEAD_NONE:
        begin_branch(l);
        buf_add_text(&l->sql, "SELECT s.num AS num FROM saga AS s WHERE s.num < ?1");
        add_conditions(l);
        break;
    }
}

static void plan_sql(struct list *l, const struct store_filter *f)
{
    l->f = f;
    l->lead = choose_lead(f);
    l->definitions_at = FIRST_VALUE;
    l->stuck_at = l->definitions_at + f->n_definitions;
    l->keys_at = l->stuck_at + f->n_stuck_steps;
    l->labels_at = l->keys_at + f->n_keys;
    l->times_at = l->labels_at + 2 * f->n_labels;
    l->above_at = l->times_at + 4;
    l->error_at = l->above_at + 1;
}

static void write_list(struct list *l)
{
    buf_add_text(&l->sql, "SELECT " SQLITE_SAGA_COLUMNS "FROM (");
    add_branches(l);
    buf_add_text(&l->sql,
                 " ORDER BY num DESC LIMIT ?2) AS hit CROSS JOIN saga AS s "
                 "ON s.num = hit.num " SQLITE_SAGA_JOINS "ORDER BY hit.num DESC");
}

static void write_count(struct list *l)
{
    buf_add_text(&l->sql, "SELECT COUNT(*) FROM (");
    add_branches(l);
    buf_add_char(&l->sql, ')');
}

/* ---- values
 * ------------------------------------------------------------------------------ */

/* The last texts may have no parameter: repeated values have no branch. */
static void bind_texts(sqlite3_stmt *st, size_t first, const char *const *texts, size_t n)
{
    const size_t n_parameters = (size_t)sqlite3_bind_parameter_count(st);

    for (size_t i = 0; i < n && first + i <= n_parameters; i++) {
        sqlite_bind_text(st, (int)(first + i), texts[i]);
    }
}

static void bind_values(const struct list *l, sqlite3_stmt *st)
{
    const struct store_filter *f = l->f;
    const uint64_t times[] = {f->started_after_ms, f->started_before_ms,
                              f->updated_after_ms, f->updated_before_ms};

    bind_texts(st, l->definitions_at, f->definitions, f->n_definitions);
    bind_texts(st, l->stuck_at, f->stuck_steps, f->n_stuck_steps);
    bind_texts(st, l->keys_at, f->keys, f->n_keys);
    for (size_t i = 0; i < f->n_labels; i++) {
        sqlite_bind_text(st, (int)(l->labels_at + 2 * i), f->label_names[i]);
        sqlite_bind_text(st, (int)(l->labels_at + 2 * i + 1), f->label_values[i]);
    }
    for (size_t i = 0; i < 4; i++) {
        if (times[i] != 0) {
            sqlite_bind_number(st, (int)(l->times_at + i),
                               times[i] < INT64_MAX ? times[i] : INT64_MAX);
        }
    }
    if (f->above_num != 0) {
        sqlite_bind_number(st, (int)l->above_at, f->above_num);
    }
    if (f->stuck_error != NULL) {
        sqlite_bind_text(st, (int)l->error_at, f->stuck_error);
    }
}

/* The statement, bound but for how many. */
static enum err prepare(struct sqlite_reader *r, struct list *l, uint64_t before_num,
                        sqlite3_stmt **out, struct err_info *info)
{
    if (l->sql.is_over) {
        return err_set(info, ERR_LIMIT, "the filter has too many values");
    }
    if (sqlite3_prepare_v2(r->db, buf_text(&l->sql), -1, out, NULL) != SQLITE_OK) {
        (void)sqlite_db_error(r->db, info, "list sagas");
        return ERR_IO;
    }
    sqlite_bind_number(*out, 1, before_num == 0 ? (uint64_t)INT64_MAX : before_num);
    bind_values(l, *out);
    return ERR_OK;
}

enum err sqlite_list_sagas(struct sqlite_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info)
{
    struct list l = {.n_branches = 0};
    sqlite3_stmt *st = NULL;
    enum err e;

    buf_init(&l.sql, SQL_BYTES_MAX);
    plan_sql(&l, q->filter);
    write_list(&l);
    e = prepare(r, &l, q->num, &st, info);
    if (e == ERR_OK) {
        sqlite_bind_number(st, 2, q->most < INT64_MAX ? q->most : INT64_MAX);
        e = sqlite_read_sagas(r, st, each, user, info);
    }
    (void)sqlite3_finalize(st); /* e tells. */
    buf_done(&l.sql);
    return e;
}

enum err sqlite_count_sagas(struct store_reader *r, const struct store_filter *filter,
                            uint64_t before_num, uint64_t *out, struct err_info *info)
{
    struct sqlite_reader *reader = (struct sqlite_reader *)r;
    struct list l = {.n_branches = 0};
    sqlite3_stmt *st = NULL;
    enum err e;

    buf_init(&l.sql, SQL_BYTES_MAX);
    plan_sql(&l, filter);
    write_count(&l);
    e = prepare(reader, &l, before_num, &st, info);
    if (e == ERR_OK && sqlite_read_row(reader, st, info) == 1) { /* It always has one. */
        *out = sqlite_column_number(st, 0);
    } else if (e == ERR_OK) {
        e = ERR_IO;
    }
    (void)sqlite3_finalize(st); /* e tells. */
    buf_done(&l.sql);
    return e;
}
