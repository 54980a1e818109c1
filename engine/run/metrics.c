/* metrics.c - see metrics.h. */
#include "engine/run/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "engine/run/state.h"
#include "engine/store/store_stuck.h"
#include "engine/view/saga_text.h"

#define DUE_COUNTED 10000 /* A scrape must not take long; the help text says so. */

static const double bounds[METRICS_BUCKETS - 1] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30, 300};

/* The same bounds count turns of a commit, in thousands. */
static void count(struct metrics_histogram *h, double value)
{
    size_t i = 0;

    while (i < METRICS_BUCKETS - 1 && value > bounds[i]) {
        i++;
    }
    h->counts[i]++;
    h->n++;
    h->sum += value;
}

void metrics_done(struct metrics *m)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        free(m->calls[i].service);
    }
    for (size_t i = 0; i < m->n_finished; i++) {
        free(m->finished[i].definition);
    }
    free(m->calls);
    free(m->finished);
}

static struct metrics_calls *calls_of(struct metrics *m, const char *service)
{
    for (size_t i = 0; i < m->n_calls; i++) {
        if (strcmp(m->calls[i].service, service) == 0) {
            return &m->calls[i];
        }
    }
    m->calls = mem_grow(m->calls, (m->n_calls + 1) * sizeof(m->calls[0]));
    m->calls[m->n_calls] = (struct metrics_calls){.service = mem_text(service)};
    return &m->calls[m->n_calls++];
}

static struct metrics_finished *finished_of(struct metrics *m, const char *definition)
{
    for (size_t i = 0; i < m->n_finished; i++) {
        if (strcmp(m->finished[i].definition, definition) == 0) {
            return &m->finished[i];
        }
    }
    m->finished = mem_grow(m->finished, (m->n_finished + 1) * sizeof(m->finished[0]));
    m->finished[m->n_finished] =
        (struct metrics_finished){.definition = mem_text(definition)};
    return &m->finished[m->n_finished++];
}

void metrics_count_call(struct metrics *m, const char *service, enum call_kind call,
                        enum outcome outcome, double seconds)
{
    calls_of(m, service)->counts[call][outcome]++;
    if (seconds >= 0) {
        count(&m->call_seconds, seconds);
    }
}

void metrics_count_end(struct metrics *m, const char *definition, enum saga_status status,
                       double seconds)
{
    finished_of(m, definition)->counts[status]++;
    count(&m->saga_seconds, seconds);
}

void metrics_count_commit(struct metrics *m, double seconds, double turns)
{
    count(&m->commit_seconds, seconds);
    count(&m->commit_turns, turns / 1000.0);
}

/* ---- text
 * ----------------------------------------------------------------------------------------
 */

static void head(struct buf *out, const char *name, const char *type, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* A label's value: backslash, quote and newline escaped. */
static void label(struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s=\"", name);
    for (const char *at = value; *at != '\0'; at++) {
        if (*at == '\n') {
            buf_add_text(out, "\\n");
            continue;
        }
        if (*at == '\\' || *at == '"') {
            buf_add_char(out, '\\');
        }
        buf_add_char(out, *at);
    }
    buf_add_char(out, '"');
}

static void histogram(struct buf *out, const char *name, const char *help,
                      const struct metrics_histogram *h, double scale)
{
    uint64_t below = 0;

    head(out, name, "histogram", help);
    for (size_t i = 0; i < METRICS_BUCKETS - 1; i++) {
        below += h->counts[i];
        buf_printf(out, "%s_bucket{le=\"%g\"} %" PRIu64 "\n", name, bounds[i] * scale,
                   below);
    }
    buf_printf(out,
               "%s_bucket{le=\"+Inf\"} %" PRIu64 "\n%s_sum %.9g\n%s_count %" PRIu64 "\n",
               name, h->n, name, h->sum * scale, name, h->n);
}

static void gauge(struct buf *out, const char *name, const char *help, double value)
{
    head(out, name, "gauge", help);
    buf_printf(out, "%s %.9g\n", name, value);
}

static void write_calls(const struct metrics *m, struct buf *out)
{
    head(out, "sagad_call_attempts_total", "counter", "Attempts that ended.");
    for (size_t i = 0; i < m->n_calls; i++) {
        for (unsigned call = 0; call < CALLS; call++) {
            for (unsigned o = 0; o < OUTCOMES; o++) {
                if (m->calls[i].counts[call][o] == 0) {
                    continue;
                }
                buf_add_text(out, "sagad_call_attempts_total{");
                label(out, "service", m->calls[i].service);
                buf_printf(out, ",operation=\"%s\",outcome=\"%s\"} %" PRIu64 "\n",
                           call_name_of((enum call_kind)call),
                           outcome_name((enum outcome)o), m->calls[i].counts[call][o]);
            }
        }
    }
}

static void write_finished(const struct metrics *m, struct buf *out)
{
    head(out, "sagad_sagas_finished_total", "counter",
         "Sagas that ended since the start.");
    for (size_t i = 0; i < m->n_finished; i++) {
        for (unsigned s = 0; s < SAGA_STATUSES; s++) {
            if (m->finished[i].counts[s] == 0) {
                continue;
            }
            buf_add_text(out, "sagad_sagas_finished_total{");
            label(out, "definition", m->finished[i].definition);
            buf_printf(out, ",outcome=\"%s\"} %" PRIu64 "\n",
                       saga_status_name((enum saga_status)s), m->finished[i].counts[s]);
        }
    }
}

static void write_webhooks(const struct metrics *m, struct buf *out)
{
    static const char *const outcomes[METRICS_WEBHOOKS] = {"delivered", "retried",
                                                           "given-up"};

    head(out, "sagad_webhooks_total", "counter", "Attempts of webhooks that ended.");
    for (size_t i = 0; i < METRICS_WEBHOOKS; i++) {
        buf_printf(out, "sagad_webhooks_total{outcome=\"%s\"} %" PRIu64 "\n", outcomes[i],
                   m->webhooks[i]);
    }
}

static void write_spans(const struct engine *e, struct buf *out)
{
    struct otlp_counts counts;

    if (e->config.otlp == NULL) {
        return;
    }
    counts = otlp_count(e->config.otlp);
    head(out, "sagad_spans_exported_total", "counter", "Spans that the collector took.");
    buf_printf(out, "sagad_spans_exported_total %" PRIu64 "\n", counts.exported);
    head(out, "sagad_spans_dropped_total", "counter",
         "Spans lost: the queue was full, or the collector away.");
    buf_printf(out, "sagad_spans_dropped_total %" PRIu64 "\n", counts.dropped);
}

static bool write_count(void *user, const char *definition, enum saga_status status,
                        uint64_t n)
{
    struct buf *out = user;

    buf_add_text(out, "sagad_sagas{");
    label(out, "definition", definition);
    buf_printf(out, ",status=\"%s\"} %" PRIu64 "\n", saga_status_name(status), n);
    return true;
}

static void write_sagas(struct engine *e, struct buf *out)
{
    struct err_info info;

    head(out, "sagad_sagas", "gauge", "Sagas in the store.");
    if (store_scan_counts(engine_reader(e), write_count, out, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot count sagas", LOG_TEXT("detail", info.text));
    }
}

/* since_ms 0: never. */
static double seconds_since(const struct engine *e, uint64_t since_ms)
{
    return since_ms != 0 && since_ms < e->now_ms ? (double)(e->now_ms - since_ms) / 1000.0
                                                 : 0;
}

static void write_stuck(struct engine *e, struct buf *out)
{
    struct err_info info;
    uint64_t since_ms = 0;

    if (store_oldest_stuck(engine_reader(e), &since_ms, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot look for stuck sagas", LOG_TEXT("detail", info.text));
    }
    gauge(out, "sagad_oldest_stuck_seconds",
          "How long the saga is stuck that is so for longest; 0: none is.",
          seconds_since(e, since_ms));
}

static void write_oldest_webhook(struct engine *e, struct buf *out)
{
    struct err_info info;
    uint64_t made_ms = 0;

    if (store_oldest_notify(engine_reader(e), &made_ms, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot look for webhooks", LOG_TEXT("detail", info.text));
    }
    gauge(out, "sagad_oldest_webhook_seconds",
          "Age of the first webhook that waits for its receiver; 0: none waits.",
          seconds_since(e, made_ms));
}

struct due {
    const struct engine *e;
    uint64_t n;
};

static bool count_sleeper(void *user, const struct store_saga *row)
{
    struct due *due = user;

    due->n += table_find(due->e->table, row->num) == NULL ? 1 : 0;
    return true;
}

/* Those in memory by their timers; those that sleep in the store by its due index. */
static void write_due(struct engine *e, struct buf *out)
{
    const struct store_due now = {.until_ms = e->now_ms};
    struct due due = {.e = e};
    struct err_info info;

    if (store_scan_due(engine_reader(e), &now, DUE_COUNTED, count_sleeper, &due, &info) !=
        ERR_OK) {
        log_say(LOG_ERROR, "cannot count due sagas", LOG_TEXT("detail", info.text));
    }
    gauge(out, "sagad_due_sagas",
          "Sagas whose time has come and that were not taken up yet; of those that are "
          "not in memory at most 10000 are counted.",
          (double)(due.n + timers_count_due(e->timers, e->now_ms)));
}

void metrics_write(struct engine *e, struct buf *out)
{
    const struct metrics *m = &e->metrics;

    write_sagas(e, out);
    write_stuck(e, out);
    head(out, "sagad_sagas_started_total", "counter", "Sagas started since the start.");
    buf_printf(out, "sagad_sagas_started_total %" PRIu64 "\n", m->started);
    head(out, "sagad_sagas_purged_total", "counter", "Sagas purged by their age.");
    buf_printf(out, "sagad_sagas_purged_total %" PRIu64 "\n", m->purged);
    write_finished(m, out);
    write_calls(m, out);
    write_webhooks(m, out);
    write_oldest_webhook(e, out);
    write_spans(e, out);
    head(out, "sagad_turns_total", "counter", "Turns committed or about to be.");
    buf_printf(out, "sagad_turns_total %" PRIu64 "\n", m->turns);
    histogram(out, "sagad_saga_duration_seconds", "From start to end.", &m->saga_seconds,
              1);
    histogram(out, "sagad_call_duration_seconds", "One attempt.", &m->call_seconds, 1);
    histogram(out, "sagad_commit_seconds", "One commit.", &m->commit_seconds, 1);
    histogram(out, "sagad_commit_turns", "Turns of one commit.", &m->commit_turns, 1000);
    gauge(out, "sagad_scheduler_lag_seconds", "How late the latest timer was.",
          (double)m->lag_ms / 1000.0);
    gauge(out, "sagad_unrecovered_sagas",
          "Sagas of before the restart that are still to be taken up.",
          (double)e->n_unrecovered);
    write_due(e, out);
    services_metrics(e->config.services, out);
}
