/* sqlite_list.c - see sqlite_list.h. */
#include "engine/store/sqlite/sqlite_list.h"

#include <string.h>

#include "engine/store/sqlite/sqlite_db.h"
#include "engine/store/sqlite/sqlite_store.h"

#define LEAD_MAX 32           /* Branches of one merge. */
#define LABELS_LEAD_MAX 8     /* Labels of one filter that may lead. */
#define SQL_BYTES_MAX 2000000 /* A hundred values in 32 branches are a tenth of it. */

/* ?1 is below which num, ?2 how many, from ?3 on the filter's values in this order:
 * definitions, stuck steps, keys, label names and values in turn, times, above which
 * num, error. */
#define FIRST_VALUE 3

#define STATUS_BITS ((1U << SAGA_STATUSES) - 1)
#define CALL_BITS ((1U << CALLS) - 1)
#define OUTCOME_BITS ((1U << OUTCOMES) - 1)
#define STUCK_BIT (1U << SAGA_STATUS_STUCK)

/* ---- what may lead
 * -------------------------------------------------------------------------------- */

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

static bool status_leads(const struct store_filter *f)
{
    const uint32_t asked = f->statuses & STATUS_BITS;

    return asked != 0 && asked != STATUS_BITS;
}

size_t sqlite_list_leads(const struct store_filter *f,
                         struct sqlite_lead out[static SQLITE_LEADS_MAX])
{
    size_t n = 0;

    if (f->n_keys > 0 && f->n_keys <= LEAD_MAX) { /* Hardly any other saga has it. */
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_KEY, 0};
        return n;
    }
    if (group_leads(f)) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_GROUP, 0};
        return n;
    }
    for (size_t i = 0; i < f->n_labels && i < LABELS_LEAD_MAX; i++) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_LABEL, i};
    }
    if (is_of_stuck(f) || f->n_stuck_steps > 0) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_STUCK, 0};
    } else if (status_leads(f) && !(f->statuses == STUCK_BIT && f->n_definitions > 0 &&
                                    f->n_definitions <= LEAD_MAX)) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_STATUS, 0};
    }
    if (f->n_definitions > 0 && f->n_definitions <= LEAD_MAX) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_NAME, 0};
    }
    if (f->paused > 0) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_PAUSED, 0};
    }
    if (n == 0) {
        out[n++] = (struct sqlite_lead){SQLITE_LEAD_NONE, 0};
    }
    return n;
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

/* The column with the saga's number, as early as it is known. */
static const char *num_of(const struct sqlite_list *l)
{
    return l->lead.kind == SQLITE_LEAD_LABEL ? "l.saga" : "s.num";
}

static void add_labels(const struct sqlite_list *l, struct buf *sql)
{
    for (size_t i = 0; i < l->f->n_labels; i++) {
        if (l->lead.kind == SQLITE_LEAD_LABEL && l->lead.label == i) {
            continue;
        }
        buf_printf(sql,
                   " AND EXISTS (SELECT 1 FROM saga_label AS l%zu WHERE l%zu.name = ?%zu "
                   "AND l%zu.value = ?%zu AND l%zu.saga = %s)",
                   i, i, l->labels_at + 2 * i, i, l->labels_at + 2 * i + 1, i, num_of(l));
    }
}

static void add_times(const struct sqlite_list *l, struct buf *sql)
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
static void add_stuck(const struct sqlite_list *l, struct buf *sql)
{
    const struct store_filter *f = l->f;

    if (is_of_stuck(f) && l->lead.kind != SQLITE_LEAD_GROUP) {
        if (l->lead.kind != SQLITE_LEAD_STUCK) {
            buf_add_text(sql, " AND +s.stuck_ms > 0");
        }
        add_bits(sql, "+s.stuck_call", f->stuck_calls);
        add_bits(sql, "+s.stuck_outcome", f->stuck_outcomes);
    }
    if (f->stuck_error != NULL) { /* LIKE would take the text's % and _ for its own. */
        buf_printf(sql, " AND instr(lower(s.stuck_error), lower(?%zu)) > 0", l->error_at);
    }
}

/* Does it need more of a saga than its number? */
static bool needs_row(const struct store_filter *f)
{
    return f->n_definitions > 0 || (f->statuses & STATUS_BITS) != 0 ||
           f->n_stuck_steps > 0 || is_of_stuck(f) || f->n_keys > 0 || f->paused != 0 ||
           f->is_awake || f->started_after_ms != 0 || f->started_before_ms != 0 ||
           f->updated_after_ms != 0 || f->updated_before_ms != 0;
}

/* A plus before a column keeps the condition from choosing another index. */
static void add_row_conditions(struct sqlite_list *l)
{
    const struct store_filter *f = l->f;
    struct buf *sql = &l->sql;

    if (l->lead.kind != SQLITE_LEAD_NAME && l->lead.kind != SQLITE_LEAD_GROUP &&
        f->n_definitions > 0) {
        buf_add_text(sql,
                     " AND +s.name IN (SELECT num FROM definition_name WHERE name IN (");
        add_parameters(sql, l->definitions_at, f->n_definitions);
        buf_add_text(sql, "))");
    }
    if (l->lead.kind != SQLITE_LEAD_STATUS && (f->statuses & STATUS_BITS) != 0) {
        add_statuses(sql, f->statuses);
    }
    if (l->lead.kind != SQLITE_LEAD_GROUP) {
        add_in(sql, "+s.stuck_step", l->stuck_at, f->n_stuck_steps);
    }
    if (l->lead.kind != SQLITE_LEAD_KEY) {
        add_in(sql, "+s.key", l->keys_at, f->n_keys);
    }
    if (f->paused != 0 && l->lead.kind != SQLITE_LEAD_PAUSED) {
        buf_add_text(sql,
                     f->paused > 0 ? " AND s.is_paused = 1" : " AND s.is_paused = 0");
    }
    if (f->is_awake && l->lead.kind != SQLITE_LEAD_STATUS) {
        buf_add_text(sql, " AND s.is_asleep = 0");
    }
    add_stuck(l, sql);
    add_times(l, sql);
}

static void add_conditions(struct sqlite_list *l)
{
    if (!l->is_bare) {
        add_labels(l, &l->sql);
        add_row_conditions(l);
    }
    if (l->f->above_num != 0) {
        buf_printf(&l->sql, " AND %s > ?%zu", num_of(l), l->above_at);
    }
}

/* ---- branches
 * -------------------------------------------------------------------------- */

static void begin_branch(struct sqlite_list *l)
{
    if (l->n_branches > 0) {
        buf_add_text(&l->sql, " UNION ALL ");
    }
    l->n_branches++;
}

/* index: its name; then the condition that it serves, a number in its middle. */
static void add_branch(struct sqlite_list *l, const char *index, const char *before,
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
static void add_text_branches(struct sqlite_list *l, const char *const *texts, size_t n,
                              size_t first)
{
    const bool is_stuck = (l->f->statuses & STATUS_BITS) == STUCK_BIT;

    for (size_t i = 0; i < n; i++) {
        if (is_repeated(texts, i)) {
            continue;
        }
        if (l->lead.kind == SQLITE_LEAD_KEY) {
            add_branch(l, "saga_key", "s.key = ?", first + i, "");
        } else {
            add_branch(l, is_stuck ? "saga_stuck_name" : "saga_name",
                       "s.name = (SELECT num FROM definition_name WHERE name = ?",
                       first + i, is_stuck ? ") AND s.status = 2" : ")");
        }
    }
}

/* A branch per call and outcome of one definition and step. */
static void add_end_branches(struct sqlite_list *l, size_t definition_at, size_t step_at)
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

static void add_group_branches(struct sqlite_list *l)
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

static void add_status_branches(struct sqlite_list *l)
{
    const uint32_t statuses = l->f->statuses;

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

/* A saga's labels go with it, so that its row need not be looked for. */
static void add_label_branch(struct sqlite_list *l)
{
    begin_branch(l);
    buf_add_text(&l->sql, "SELECT l.saga AS num FROM saga_label AS l ");
    if (!l->is_bare && needs_row(l->f)) {
        buf_add_text(&l->sql, "CROSS JOIN saga AS s ON s.num = l.saga ");
    }
    buf_printf(&l->sql, "WHERE l.name = ?%zu AND l.value = ?%zu AND l.saga < ?1",
               l->labels_at + 2 * l->lead.label, l->labels_at + 2 * l->lead.label + 1);
    add_conditions(l);
}

static void add_branches(struct sqlite_list *l)
{
    switch (l->lead.kind) {
    case SQLITE_LEAD_LABEL:
        add_label_branch(l);
        break;
    case SQLITE_LEAD_KEY:
        add_text_branches(l, l->f->keys, l->f->n_keys, l->keys_at);
        break;
    case SQLITE_LEAD_GROUP:
        add_group_branches(l);
        break;
    case SQLITE_LEAD_STUCK:
        begin_branch(l);
        buf_add_text(&l->sql, "SELECT s.num AS num FROM saga AS s INDEXED BY saga_stuck "
                              "WHERE s.stuck_ms > 0 AND s.num < ?1");
        add_conditions(l);
        break;
    case SQLITE_LEAD_PAUSED:
        begin_branch(l);
        buf_add_text(&l->sql, "SELECT s.num AS num FROM saga AS s INDEXED BY saga_paused "
                              "WHERE s.is_paused = 1 AND s.num < ?1");
        add_conditions(l);
        break;
    case SQLITE_LEAD_STATUS:
        add_status_branches(l);
        break;
    case SQLITE_LEAD_NAME:
        add_text_branches(l, l->f->definitions, l->f->n_definitions, l->definitions_at);
        break;
    case SQLITE_LEAD_NONE:
        begin_branch(l);
        buf_add_text(&l->sql, "SELECT s.num AS num FROM saga AS s WHERE s.num < ?1");
        add_conditions(l);
        break;
    }
}

void sqlite_list_init(struct sqlite_list *l, const struct store_filter *f,
                      struct sqlite_lead lead)
{
    *l = (struct sqlite_list){.f = f, .lead = lead};
    buf_init(&l->sql, SQL_BYTES_MAX);
    l->definitions_at = FIRST_VALUE;
    l->stuck_at = l->definitions_at + f->n_definitions;
    l->keys_at = l->stuck_at + f->n_stuck_steps;
    l->labels_at = l->keys_at + f->n_keys;
    l->times_at = l->labels_at + 2 * f->n_labels;
    l->above_at = l->times_at + 4;
    l->error_at = l->above_at + 1;
}

void sqlite_list_done(struct sqlite_list *l)
{
    buf_done(&l->sql);
}

void sqlite_list_write(struct sqlite_list *l)
{
    buf_add_text(&l->sql, "SELECT " SQLITE_SAGA_COLUMNS "FROM (");
    add_branches(l);
    buf_add_text(&l->sql,
                 " ORDER BY num DESC LIMIT ?2) AS hit CROSS JOIN saga AS s "
                 "ON s.num = hit.num " SQLITE_SAGA_JOINS "ORDER BY hit.num DESC");
}

void sqlite_list_write_count(struct sqlite_list *l)
{
    buf_add_text(&l->sql, "SELECT COUNT(*) FROM (");
    add_branches(l);
    buf_add_char(&l->sql, ')');
}

void sqlite_list_write_probe(struct sqlite_list *l)
{
    l->is_bare = true;
    add_branches(l);
    buf_add_text(&l->sql, " ORDER BY num DESC LIMIT 1 OFFSET ?2");
}

/* ---- values
 * ------------------------------------------------------------------------------ */

/* Not every value has a parameter: a probe asks for few, a repeated value has no branch.
 * SQLite counts parameters to the last that is there. */
static bool has_parameter(sqlite3_stmt *st, size_t at)
{
    return at <= (size_t)sqlite3_bind_parameter_count(st);
}

static void bind_texts(sqlite3_stmt *st, size_t first, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n && has_parameter(st, first + i); i++) {
        sqlite_bind_text(st, (int)(first + i), texts[i]);
    }
}

static void bind_time(sqlite3_stmt *st, size_t at, uint64_t ms)
{
    if (ms != 0 && has_parameter(st, at)) {
        sqlite_bind_number(st, (int)at, ms < INT64_MAX ? ms : INT64_MAX);
    }
}

void sqlite_list_bind(const struct sqlite_list *l, sqlite3_stmt *st)
{
    const struct store_filter *f = l->f;

    bind_texts(st, l->definitions_at, f->definitions, f->n_definitions);
    bind_texts(st, l->stuck_at, f->stuck_steps, f->n_stuck_steps);
    bind_texts(st, l->keys_at, f->keys, f->n_keys);
    for (size_t i = 0; i < f->n_labels; i++) {
        bind_texts(st, l->labels_at + 2 * i, &f->label_names[i], 1);
        bind_texts(st, l->labels_at + 2 * i + 1, &f->label_values[i], 1);
    }
    bind_time(st, l->times_at, f->started_after_ms);
    bind_time(st, l->times_at + 1, f->started_before_ms);
    bind_time(st, l->times_at + 2, f->updated_after_ms);
    bind_time(st, l->times_at + 3, f->updated_before_ms);
    if (f->above_num != 0 && has_parameter(st, l->above_at)) {
        sqlite_bind_number(st, (int)l->above_at, f->above_num);
    }
    if (f->stuck_error != NULL) {
        bind_texts(st, l->error_at, &f->stuck_error, 1);
    }
}
