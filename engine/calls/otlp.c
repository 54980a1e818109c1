/* otlp.c - see otlp.h. */
#include "engine/calls/otlp.h"

#include <curl/curl.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clk.h"
#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/queue.h"
#include "base/thread.h"

#define BATCH_BYTES (16U * 1024 * 1024)
#define TEXTS_CHUNK_BYTES 1024

enum {
    TRIES = 6,            /* Posts of one batch; then it is dropped. */
    DELAY_MAX_MS = 30000, /* Between two of them. */
    STOP_MS = 1000        /* How long a post may hold up a stop. */
};

struct otlp {
    struct otlp_config config;
    struct arena *texts; /* Owns config's. */
    struct queue *queue;
    int wake_fd;
    pthread_t thread;
    atomic_bool is_stopping;
    atomic_uint_fast64_t n_pushed; /* Since the last batch: many wake the thread. */
    atomic_uint_fast64_t exported;
    atomic_uint_fast64_t dropped;

    /* The thread's. */
    CURL *easy;
    struct curl_slist *lines;
    struct buf batch;
    size_t n_batch; /* Spans in it. */
    unsigned n_tries;
    bool is_away; /* The last post failed, and it was said. */
    uint64_t stop_by_ms;
    char error_text[CURL_ERROR_SIZE];
};

/* ---- handing over ------------------------------------------------------------------ */

static void wake(struct otlp *o)
{
    const uint64_t one = 1;
    ssize_t n = write(o->wake_fd, &one, sizeof(one));

    (void)n; /* A full counter wakes as well. */
}

/* Called by each push; wakes for a whole batch only, for the thread looks by itself. */
static void pushed(void *user)
{
    struct otlp *o = user;

    if (atomic_fetch_add(&o->n_pushed, 1) + 1 == o->config.batch_max) {
        wake(o);
    }
}

void otlp_push(struct otlp *o, char *span)
{
    if (queue_push(o->queue, span) != ERR_OK) {
        atomic_fetch_add(&o->dropped, 1);
        free(span);
    }
}

struct otlp_counts otlp_count(const struct otlp *o)
{
    return (struct otlp_counts){.exported = atomic_load(&o->exported),
                                .dropped = atomic_load(&o->dropped)};
}

/* ---- a batch ----------------------------------------------------------------------- */

static void begin_batch(struct otlp *o)
{
    buf_clear(&o->batch);
    buf_printf(&o->batch,
               "{\"resourceSpans\":[{\"resource\":{\"attributes\":%s},\"scopeSpans\":[{"
               "\"scope\":{\"name\":\"sagad\",\"version\":\"%s\"},\"spans\":[",
               o->config.resource, o->config.version);
}

/* What has come, up to a batch; false: nothing. */
static bool fill_batch(struct otlp *o)
{
    void *span;

    atomic_store(&o->n_pushed, 0);
    begin_batch(o);
    while (o->n_batch < o->config.batch_max && queue_take(o->queue, &span, 1) == 1) {
        if (o->n_batch > 0) {
            buf_add_char(&o->batch, ',');
        }
        buf_add_text(&o->batch, span);
        free(span);
        o->n_batch++;
    }
    buf_add_text(&o->batch, "]}]}]}");
    o->n_tries = 0;
    return o->n_batch > 0;
}

static void drop_batch(struct otlp *o)
{
    atomic_fetch_add(&o->dropped, o->n_batch);
    o->n_batch = 0;
}

/* ---- a post ------------------------------------------------------------------------ */

static size_t ignore_body(char *bytes, size_t size, size_t n, void *user)
{
    (void)bytes;
    (void)user;
    return size * n;
}

/* CURLOPT_XFERINFOFUNCTION: a stop does not wait for a collector that says nothing. */
static int look_at_stop(void *user, curl_off_t all_down, curl_off_t down,
                        curl_off_t all_up, curl_off_t up)
{
    struct otlp *o = user;

    (void)all_down;
    (void)down;
    (void)all_up;
    (void)up;
    if (!atomic_load(&o->is_stopping)) {
        return 0;
    }
    if (o->stop_by_ms == 0) {
        o->stop_by_ms = clk_mono_ms() + STOP_MS;
    }
    return clk_mono_ms() >= o->stop_by_ms ? 1 : 0;
}

#define SET(option, value) \
    (is_ok = is_ok && curl_easy_setopt(o->easy, (option), (value)) == CURLE_OK)

static bool set_options(struct otlp *o)
{
    bool is_ok = true;

    SET(CURLOPT_URL, o->config.url);
    SET(CURLOPT_PROTOCOLS_STR, "https,http");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, "");
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_HTTPHEADER, o->lines);
    SET(CURLOPT_WRITEFUNCTION, ignore_body);
    SET(CURLOPT_NOPROGRESS, 0L);
    SET(CURLOPT_XFERINFOFUNCTION, look_at_stop);
    SET(CURLOPT_XFERINFODATA, o);
    SET(CURLOPT_ERRORBUFFER, o->error_text);
    SET(CURLOPT_TIMEOUT_MS, (long)o->config.timeout_ms);
    if (o->config.ca_file != NULL) {
        SET(CURLOPT_CAINFO, o->config.ca_file);
        SET(CURLOPT_CAPATH, NULL);
    }
    return is_ok;
}

/* Once when it goes, once when it is back. */
static void say_away(struct otlp *o, long status, CURLcode result)
{
    if (o->is_away) {
        return;
    }
    o->is_away = true;
    log_say(LOG_WARNING, "spans: the collector does not take them",
            LOG_NUMBER("httpStatus", status),
            LOG_TEXT("detail", result == CURLE_OK         ? NULL
                               : o->error_text[0] != '\0' ? o->error_text
                                                          : curl_easy_strerror(result)));
}

static void say_back(struct otlp *o)
{
    if (o->is_away) {
        o->is_away = false;
        log_say(LOG_INFO, "spans: the collector takes them again",
                LOG_NUMBER("dropped", atomic_load(&o->dropped)));
    }
}

/* What OTLP names as worth another try. */
static bool may_retry(long status)
{
    return status == 0 || status == 429 || status == 502 || status == 503 ||
           status == 504;
}

/* True: the batch is settled, one way or the other. */
static bool post_batch(struct otlp *o)
{
    long status = 0;
    CURLcode result;
    bool is_ok = true;

    o->error_text[0] = '\0';
    SET(CURLOPT_POSTFIELDS, buf_text(&o->batch));
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->batch.n);
    result = is_ok ? curl_easy_perform(o->easy) : CURLE_BAD_FUNCTION_ARGUMENT;
    if (result == CURLE_OK) {
        (void)curl_easy_getinfo(o->easy, CURLINFO_RESPONSE_CODE, &status);
    }
    o->n_tries++;
    if (status >= 200 && status < 300) {
        atomic_fetch_add(&o->exported, o->n_batch);
        o->n_batch = 0;
        say_back(o);
        return true;
    }
    say_away(o, status, result);
    if (!may_retry(status) || o->n_tries >= TRIES || o->batch.is_over ||
        atomic_load(&o->is_stopping)) {
        drop_batch(o);
        return true;
    }
    return false;
}
#undef SET

/* ---- the thread -------------------------------------------------------------------- */

static void rest(struct otlp *o)
{
    struct pollfd woken = {.fd = o->wake_fd, .events = POLLIN};
    uint64_t delay_ms = (uint64_t)o->config.delay_ms << o->n_tries;
    uint64_t count;
    ssize_t n;

    if (o->n_batch == 0) {
        delay_ms = o->config.delay_ms;
    }
    (void)poll(&woken, 1, (int)(delay_ms < DELAY_MAX_MS ? delay_ms : DELAY_MAX_MS));
    n = read(o->wake_fd, &count, sizeof(count));
    (void)n; /* Nothing to read: it was the time. */
}

/* All that is there, unless the collector is away. */
static void send_all(struct otlp *o)
{
    bool goes_on = true;

    while (goes_on && (o->n_batch > 0 || fill_batch(o))) {
        goes_on = post_batch(o) && !o->is_away;
    }
}

static void drop_rest(struct otlp *o)
{
    void *span;

    drop_batch(o);
    while (queue_take(o->queue, &span, 1) == 1) {
        atomic_fetch_add(&o->dropped, 1);
        free(span);
    }
}

static void *run(void *user)
{
    struct otlp *o = user;

    thread_set_name("sagad-telemetry");
    while (!atomic_load(&o->is_stopping)) {
        rest(o);
        send_all(o);
    }
    o->is_away = false; /* One more try, and its failure is said. */
    send_all(o);
    drop_rest(o);
    return NULL;
}

/* ---- lifetime ---------------------------------------------------------------------- */

static void destroy(struct otlp *o)
{
    if (o->wake_fd >= 0) {
        (void)close(o->wake_fd);
    }
    for (struct curl_slist *l = o->lines; l != NULL; l = l->next) {
        sodium_memzero(l->data, strlen(l->data)); /* A collector's key may be there. */
    }
    curl_slist_free_all(o->lines);
    curl_easy_cleanup(o->easy);
    queue_destroy(o->queue);
    buf_done(&o->batch);
    arena_destroy(o->texts);
    free(o);
}

static void add_line(struct otlp *o, const char *name, const char *value)
{
    char *line = arena_join(o->texts, name, ": ", value, NULL);
    struct curl_slist *longer = curl_slist_append(o->lines, line);

    if (longer != NULL) {
        o->lines = longer;
    }
    sodium_memzero(line, strlen(line));
}

static struct otlp *create(const struct otlp_config *config)
{
    struct otlp *o = mem_alloc(sizeof(*o));

    o->texts = arena_create(TEXTS_CHUNK_BYTES);
    o->config = *config;
    o->config.url = arena_text(o->texts, config->url);
    o->config.ca_file = arena_text(o->texts, config->ca_file);
    o->config.resource = arena_text(o->texts, config->resource);
    o->config.version = arena_text(o->texts, config->version);
    for (size_t i = 0; i < config->n_headers; i++) {
        add_line(o, config->headers[i].name, config->headers[i].value);
    }
    add_line(o, "Content-Type", "application/json");
    add_line(o, "User-Agent", config->user_agent);
    add_line(o, "Expect", ""); /* curl: not even by default. */
    o->config.headers = NULL;
    o->config.n_headers = 0;
    o->config.user_agent = NULL;
    buf_init(&o->batch, BATCH_BYTES);
    o->queue = queue_create(config->queue_max, pushed, o);
    o->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    o->easy = curl_easy_init();
    return o;
}

enum err otlp_start(const struct otlp_config *config, struct otlp **out,
                    struct err_info *info)
{
    struct otlp *o = create(config);
    enum err e = ERR_OK;

    if (o->wake_fd < 0) {
        e = err_set(info, ERR_IO, "telemetry: no eventfd: %s", strerror(errno));
    } else if (o->easy == NULL || !set_options(o)) {
        e = err_set(info, ERR_INVALID, "telemetry: libcurl refused an option");
    } else if (pthread_create(&o->thread, NULL, run, o) != 0) {
        e = err_set(info, ERR_NOMEM, "telemetry: cannot start its thread");
    }
    if (e != ERR_OK) {
        destroy(o);
        return e;
    }
    *out = o;
    return ERR_OK;
}

void otlp_stop(struct otlp *o)
{
    if (o == NULL) {
        return;
    }
    atomic_store(&o->is_stopping, true);
    wake(o);
    (void)pthread_join(o->thread, NULL);
    destroy(o);
}
