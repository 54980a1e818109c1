/* bench.c - `sagactl bench DEFINITION`: a small load, and how long things took. */
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/ids.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define COUNT_MAX 1000000
#define WORKERS_MAX 256
#define RUN_BYTES 4
#define PATH_MAX_BYTES 512
#define ID_MAX 136

struct measured { /* One saga. */
    char id[ID_MAX];
    uint64_t start_us; /* From when it was due to its answer; 0: it failed. */
    uint64_t end_ms;   /* From startedAt to endedAt, as sagad says; */
    bool is_ended;     /* where it has ended. */
};

struct bench {
    struct ctl *ctl;
    uint64_t count, rate_per_s, workers, timeout_ms;
    char run[2 * RUN_BYTES + 1];
    struct json_span input;
    struct measured *sagas;
    atomic_size_t next; /* The next saga to start, then the next to look at. */
    atomic_size_t n_failed;
    uint64_t from_us, until_us; /* Of the starts. */
    uint64_t give_up_ms;
    pthread_mutex_t lock;
    long first_failure; /* Status; -1 no answer. */
};

/* ---- one worker ------------------------------------------------------------------- */

/* The input with {n} replaced by a text that is new for each saga. */
static void put_input(const struct bench *b, size_t n, struct buf *body)
{
    const char *at = b->input.at;
    const char *end = at + b->input.n;

    while (at < end) {
        if (end - at >= 3 && memcmp(at, "{n}", 3) == 0) {
            buf_printf(body, "%s-%zu", b->run, n);
            at += 3;
        } else {
            buf_add_char(body, *at);
            at++;
        }
    }
}

static void note_failure(struct bench *b, long status)
{
    (void)pthread_mutex_lock(&b->lock);
    if (atomic_fetch_add(&b->n_failed, 1) == 0) {
        b->first_failure = status;
    }
    (void)pthread_mutex_unlock(&b->lock);
}

/* A start that is late counts from when it was due: waiting for a free place is waiting.
 */
static void start_one(struct bench *b, struct client *client, size_t n)
{
    const uint64_t due_us =
        b->rate_per_s > 0 ? b->from_us + n * UINT64_C(1000000) / b->rate_per_s : 0;
    struct measured *m = &b->sagas[n];
    struct client_answer a;
    struct err_info info;
    struct json_out o;
    struct buf body;
    uint64_t from_us;
    enum err e;

    (void)snprintf(m->id, sizeof(m->id), "bench-%s-%zu", b->run, n);
    buf_init(&body, 2 * LIMIT_BODY_BYTES);
    json_out_init(&o, &body);
    json_open_object(&o);
    json_put(&o, "definition", b->ctl->word);
    json_put(&o, "id", m->id);
    json_key(&o, "input");
    put_input(b, n, &body);
    json_close_object(&o);
    while (clk_mono_us() < due_us && !client_is_interrupted()) {
        client_pause((due_us - clk_mono_us()) / 1000 + 1);
    }
    from_us = due_us > 0 ? due_us : clk_mono_us();
    client_answer_init(&a);
    e = client_send(client,
                    &(struct client_request){
                        .method = "POST", .path = "/v1/sagas", .body = buf_text(&body)},
                    &a, &info);
    if (e == ERR_OK && (a.status == 202 || a.status == 200)) {
        m->start_us = clk_mono_us() - from_us + 1;
    } else {
        note_failure(b, e == ERR_OK ? a.status : -1);
    }
    client_answer_done(&a);
    buf_done(&body);
}

static uint64_t time_of(const json_t *saga, const char *name)
{
    const char *text = json_string_value(json_object_get(saga, name));
    uint64_t ms = 0;

    return text != NULL && clk_from_text(text, &ms) ? ms : 0;
}

/* Long polls, until it is final or stuck or the time is up. */
static void look_at_one(struct bench *b, struct client *client, size_t n)
{
    struct measured *m = &b->sagas[n];
    char path[PATH_MAX_BYTES];
    char etag[CLIENT_HEADER_MAX] = "";

    (void)snprintf(path, sizeof(path), "/v1/sagas/%s", m->id);
    while (m->start_us > 0 && !m->is_ended && !client_is_interrupted() &&
           clk_mono_ms() < b->give_up_ms) {
        struct client_answer a;
        struct err_info info;
        json_t *saga = NULL;
        bool is_usable;

        client_answer_init(&a);
        is_usable = client_send(client,
                                &(struct client_request){
                                    .method = "GET",
                                    .path = path,
                                    .prefer = "wait=1",
                                    .if_none_match = etag[0] != '\0' ? etag : NULL},
                                &a, &info) == ERR_OK;
        if (is_usable && a.status == 200 &&
            json_read(buf_text(&a.body), a.body.n, &saga, NULL) == ERR_OK) {
            const uint64_t ended_ms = time_of(saga, "endedAt");

            m->is_ended = ended_ms != 0;
            m->end_ms = m->is_ended ? ended_ms - time_of(saga, "startedAt") : 0;
            (void)snprintf(etag, sizeof(etag), "%s", a.etag);
        }
        json_decref(saga);
        client_answer_done(&a);
        if (!is_usable) {
            return;
        }
    }
}

struct worker {
    struct bench *bench;
    struct client *client;
    void (*one)(struct bench *b, struct client *client, size_t n);
    pthread_t thread;
};

static void *work(void *user)
{
    struct worker *w = user;

    for (;;) {
        const size_t n = atomic_fetch_add(&w->bench->next, 1);

        if (n >= w->bench->count || client_is_interrupted()) {
            return NULL;
        }
        w->one(w->bench, w->client, n);
    }
}

/* Every saga once, by all workers. */
static void work_all(struct bench *b, struct worker *workers,
                     void (*one)(struct bench *b, struct client *client, size_t n))
{
    size_t n_started = 0;

    atomic_store(&b->next, 0);
    for (size_t i = 0; i < b->workers; i++) {
        workers[i].bench = b;
        workers[i].one = one;
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            break;
        }
        n_started++;
    }
    if (n_started == 0) {
        (void)work(&workers[0]);
    }
    for (size_t i = 0; i < n_started; i++) {
        (void)pthread_join(workers[i].thread, NULL);
    }
}

/* ---- what came of it --------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;

    return (x > y) - (x < y);
}

struct spread {
    size_t n;
    double p50, p90, p99, highest; /* ms */
};

/* The value at or below which so many per hundred are. */
static double at_percent(const double *sorted, size_t n, size_t percent)
{
    const size_t rank = (n * percent + 99) / 100;

    return sorted[rank > 0 ? rank - 1 : 0];
}

static void measure(const struct bench *b, bool is_end, struct spread *out)
{
    double *values = mem_alloc((b->count + 1) * sizeof(values[0]));

    *out = (struct spread){.n = 0};
    for (size_t i = 0; i < b->count; i++) {
        const struct measured *m = &b->sagas[i];

        if (is_end ? m->is_ended : m->start_us > 0) {
            values[out->n++] = is_end ? (double)m->end_ms : (double)m->start_us / 1000.0;
        }
    }
    if (out->n > 0) {
        qsort(values, out->n, sizeof(values[0]), compare);
        out->p50 = at_percent(values, out->n, 50);
        out->p90 = at_percent(values, out->n, 90);
        out->p99 = at_percent(values, out->n, 99);
        out->highest = values[out->n - 1];
    }
    free(values);
}

static void put_spread(struct json_out *o, const char *name, const struct spread *s)
{
    const struct {
        const char *name;
        double ms;
    } values[] = {{"p50", s->p50}, {"p90", s->p90}, {"p99", s->p99}, {"max", s->highest}};

    json_key(o, name);
    json_open_object(o);
    json_put_number(o, "count", (int64_t)s->n);
    for (size_t i = 0; s->n > 0 && i < sizeof(values) / sizeof(values[0]); i++) {
        struct buf text;

        buf_init(&text, 64);
        json_put_real(&text, values[i].ms);
        json_key(o, values[i].name);
        json_raw(o, json_span_of(buf_text(&text), text.n));
        buf_done(&text);
    }
    json_close_object(o);
}

static void print_row(const char *title, const struct spread *s)
{
    printf("%-14s %8zu %10.1f %10.1f %10.1f %10.1f\n", title, s->n, s->p50, s->p90,
           s->p99, s->highest);
}

static void print_bench(const struct bench *b, const struct spread *start,
                        const struct spread *end)
{
    const double seconds = (double)(b->until_us - b->from_us + 1) / 1e6;
    const size_t n_failed = atomic_load(&b->n_failed);
    struct json_out o;
    struct buf out;

    if (b->ctl->output.format != OUTPUT_JSON && b->ctl->output.format != OUTPUT_JSONL) {
        printf("%zu started in %.2f s: %.1f a second; %zu failed\n\n", start->n, seconds,
               (double)start->n / seconds, n_failed);
        printf("%-14s %8s %10s %10s %10s %10s\n", "MS", "COUNT", "P50", "P90", "P99",
               "MAX");
        print_row("start to 202", start);
        print_row("start to end", end);
        return;
    }
    buf_init(&out, 65536);
    json_out_init(&o, &out);
    json_open_object(&o);
    json_put(&o, "definition", b->ctl->word);
    json_put_number(&o, "failed", (int64_t)n_failed);
    json_put_number(&o, "tookMs", (int64_t)((b->until_us - b->from_us) / 1000));
    put_spread(&o, "startMs", start);
    put_spread(&o, "endMs", end);
    json_close_object(&o);
    printf("%s\n", buf_text(&out));
    buf_done(&out);
}

static enum exit_code conclude(const struct bench *b)
{
    const size_t n_failed = atomic_load(&b->n_failed);
    struct spread start;
    struct spread end;

    measure(b, false, &start);
    measure(b, true, &end);
    print_bench(b, &start, &end);
    if (client_is_interrupted()) {
        ctl_say("interrupted; the sagas that were started go on");
        return EXIT_INTERRUPTED;
    }
    if (n_failed > 0 && b->first_failure < 0) {
        ctl_say("%zu starts got no answer", n_failed);
        return start.n == 0 ? EXIT_UNREACHABLE : EXIT_FAILED;
    }
    if (n_failed > 0) {
        ctl_say("%zu starts were refused, the first with %ld; see: sagactl start %s",
                n_failed, b->first_failure, b->ctl->word);
        return b->first_failure == 404 ? EXIT_NOT_FOUND : EXIT_FAILED;
    }
    if (end.n < start.n) {
        ctl_say("%zu sagas have not ended in time", start.n - end.n);
        return EXIT_WAIT_RAN_OUT;
    }
    return EXIT_OK;
}

/* ---- the command ------------------------------------------------------------------- */

static enum exit_code read_count(const struct ctl *ctl, const char *option, uint64_t most,
                                 uint64_t *out)
{
    const char *text = ctl_value(ctl, option);

    if (text != NULL && (!units_read_count(text, out) || *out == 0 || *out > most)) {
        ctl_say("--%s takes a number from 1 to %" PRIu64, option, most);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static enum exit_code read_options(const struct ctl *ctl, struct bench *b)
{
    const char *rate = ctl_value(ctl, "rate");
    const char *timeout = ctl_value(ctl, "timeout");
    enum exit_code code = read_count(ctl, "count", COUNT_MAX, &b->count);

    code =
        code == EXIT_OK ? read_count(ctl, "concurrency", WORKERS_MAX, &b->workers) : code;
    if (code == EXIT_OK && rate != NULL &&
        (!units_read_rate(rate, &b->rate_per_s) || b->rate_per_s == 0)) {
        ctl_say("--rate %s is not like 50/s", rate);
        code = EXIT_USAGE;
    }
    if (code == EXIT_OK && timeout != NULL &&
        !units_read_duration(timeout, &b->timeout_ms)) {
        ctl_say("--timeout %s is not an amount of time like 60s", timeout);
        code = EXIT_USAGE;
    }
    return code;
}

static enum exit_code open_workers(const struct bench *b, struct worker *workers)
{
    for (size_t i = 0; i < b->workers; i++) {
        struct err_info info = {.text = ""};

        if (client_open(client_server(b->ctl->client), ctl_value(b->ctl, "token-file"),
                        &workers[i].client, &info) != ERR_OK) {
            ctl_say("%s", info.text);
            return EXIT_USAGE;
        }
    }
    return EXIT_OK;
}

static enum exit_code run(struct bench *b)
{
    struct worker *workers = mem_alloc(b->workers * sizeof(workers[0]));
    enum exit_code code = open_workers(b, workers);

    b->sagas = mem_alloc(b->count * sizeof(b->sagas[0]));
    (void)pthread_mutex_init(&b->lock, NULL); /* Cannot fail here. */
    if (code == EXIT_OK) {
        b->from_us = clk_mono_us();
        work_all(b, workers, start_one);
        b->until_us = clk_mono_us();
        b->give_up_ms = clk_mono_ms() + b->timeout_ms;
        work_all(b, workers, look_at_one);
        code = conclude(b);
    }
    for (size_t i = 0; i < b->workers; i++) {
        client_close(workers[i].client);
    }
    (void)pthread_mutex_destroy(&b->lock);
    free(b->sagas);
    free(workers);
    return code;
}

int bench_run(struct ctl *ctl)
{
    struct bench b = {.ctl = ctl, .count = 100, .workers = 8, .timeout_ms = 60000};
    const char *path = ctl_value(ctl, "input");
    enum exit_code code = read_options(ctl, &b);
    struct buf text;

    ids_random_hex(b.run, RUN_BYTES);
    buf_init(&text, LIMIT_BODY_BYTES);
    b.input = JSON_SPAN_TEXT("{}");
    if (code == EXIT_OK && path != NULL) {
        code = fault_read_json(path, &text, &b.input);
    }
    code = code == EXIT_OK ? run(&b) : code;
    buf_done(&text);
    return (int)code;
}
