/*
 * ceiling.c - what is possible with the same libraries, without an engine.
 *
 *     sagabench --sagad build/bin/sagad --vs build/bin/ceiling --runs 3
 *
 * Takes sagad's place in sagabench: three calls in order for each start, every outcome
 * durable before the next call, with libmicrohttpd, libcurl and SQLite set up as sagad
 * sets them up. It has no definitions, templates, rules, retries, limits, checks or
 * recovery: the distance to it is what those cost. Only saga3; never for anything else.
 *
 * Threads as in sagad: main drives curl and fills a batch, the writer commits, one of
 * libmicrohttpd's takes starts.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <jansson.h>
#include <microhttpd.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/mem.h"
#include "base/queue.h"
#include "engine/calls/multis.h"

#define CALLS 3
#define ID_MAX 64
#define ANSWER_MAX 1024
#define QUEUE_MAX 65536
#define CHECKPOINT_EVERY 48 /* Commits. */

struct work {                      /* A saga; moved between threads, never shared. */
    struct MHD_Connection *client; /* Of a start that waits for its commit. */
    char id[ID_MAX];
    char *input;
    size_t input_n;
    size_t input_room;
    uint64_t num;
    unsigned turn; /* 0: the start; then as many calls have ended. */
    CURL *easy;
    unsigned multi;
    struct curl_slist *headers;
    char body[ID_MAX + 16];
    char answer[ANSWER_MAX];
    size_t answer_n;
    struct work *next;
};

struct list {
    struct work *first;
    struct work **last;
};

static struct multis *calls;
static struct queue *starts;    /* struct work *, from the HTTP thread. */
static struct queue *batches;   /* struct list *, to the writer. */
static struct queue *committed; /* struct list *, from it. */
static atomic_bool is_stopping;
static char sink_url[64];

static void list_add(struct list *l, struct work *w)
{
    w->next = NULL;
    *l->last = w;
    l->last = &w->next;
}

static struct list *list_create(void)
{
    struct list *l = mem_alloc(sizeof(*l));

    l->last = &l->first;
    return l;
}

static void push(struct queue *q, void *item)
{
    const enum err e = queue_push(q, item);

    assert(e == ERR_OK);
}

static void wake(void *user)
{
    (void)user;
    multis_wake(calls);
}

/* ---- starts: libmicrohttpd's thread --------------------------------------------------
 */

static enum MHD_Result answer(struct MHD_Connection *c, unsigned status, const char *text)
{
    struct MHD_Response *r = MHD_create_response_from_buffer(
        strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_MUST_COPY);
    enum MHD_Result result;

    (void)MHD_add_response_header(r, "Content-Type", "application/json");
    result = MHD_queue_response(c, status, r);
    MHD_destroy_response(r);
    return result;
}

static void take_body(struct work *w, const char *bytes, size_t n)
{
    if (w->input_n + n > w->input_room) {
        w->input_room = (w->input_n + n) * 2;
        w->input = mem_grow(w->input, w->input_room);
    }
    memcpy(w->input + w->input_n, bytes, n);
    w->input_n += n;
}

static bool read_id(struct work *w)
{
    json_t *tree = json_loadb(w->input, w->input_n, 0, NULL);
    const char *id = json_string_value(json_object_get(tree, "id"));

    if (id != NULL) {
        (void)snprintf(w->id, sizeof(w->id), "%s", id);
    }
    json_decref(tree);
    return id != NULL;
}

static char is_moved; /* Its address stands for a start that was handed over. */

static enum MHD_Result on_access(void *user, struct MHD_Connection *c, const char *url,
                                 const char *method, const char *version,
                                 const char *bytes, size_t *n, void **context)
{
    struct work *w = *context;

    (void)user;
    (void)url;
    (void)version;
    if (w == NULL) {
        *context = mem_alloc(sizeof(*w));
        return MHD_YES;
    }
    if (*context == &is_moved) { /* Resumed: it is on disk. */
        return answer(c, MHD_HTTP_ACCEPTED, "{\"status\":\"running\"}");
    }
    if (*n > 0) {
        take_body(w, bytes, *n);
        *n = 0;
        return MHD_YES;
    }
    if (strcmp(method, "PUT") == 0) {
        return answer(c, MHD_HTTP_CREATED, "{}");
    }
    if (!read_id(w)) {
        return answer(c, MHD_HTTP_BAD_REQUEST, "{}");
    }
    w->client = c;
    *context = &is_moved; /* The saga is main's from here on. */
    MHD_suspend_connection(c);
    push(starts, w);
    return MHD_YES;
}

static struct MHD_Daemon *listen_anywhere(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof(at);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int result;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    result = bind(fd, (struct sockaddr *)&at, sizeof(at));
    assert(result == 0);
    result = listen(fd, 4096);
    assert(result == 0);
    result = getsockname(fd, (struct sockaddr *)&at, &n);
    assert(result == 0);
    (void)fprintf(stderr, "{\"msg\":\"listening\",\"address\":\"127.0.0.1:%u\"}\n",
                  ntohs(at.sin_port));
    return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0,
                            NULL, NULL, on_access, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
                            MHD_OPTION_CONNECTION_LIMIT, 4096U, MHD_OPTION_END);
}

/* ---- commits: the writer's thread ----------------------------------------------------
 */

static sqlite3 *db;

static void run_sql(const char *sql)
{
    const int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);

    assert(rc == SQLITE_OK);
}

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *st = NULL;
    const int rc = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, &st, NULL);

    assert(rc == SQLITE_OK);
    return st;
}

static void step(sqlite3_stmt *st)
{
    const int rc = sqlite3_step(st);

    assert(rc == SQLITE_DONE);
    (void)sqlite3_reset(st);
}

static void open_db(const char *path)
{
    const int rc = sqlite3_open(path, &db);

    assert(rc == SQLITE_OK);
    run_sql("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA wal_autocheckpoint=0; "
            "CREATE TABLE saga (num INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
            "status INTEGER NOT NULL, input BLOB) STRICT; "
            "CREATE TABLE journal (seq INTEGER PRIMARY KEY, saga INTEGER NOT NULL, "
            "turn INTEGER NOT NULL, at_ms INTEGER NOT NULL, data BLOB) STRICT; "
            "CREATE UNIQUE INDEX journal_turn ON journal (saga, turn)");
}

static void write_turn(const struct work *w, sqlite3_stmt *insert, sqlite3_stmt *turn,
                       sqlite3_stmt *end)
{
    if (w->turn == 0) {
        (void)sqlite3_bind_int64(insert, 1, (sqlite3_int64)w->num);
        (void)sqlite3_bind_text(insert, 2, w->id, -1, SQLITE_STATIC);
        (void)sqlite3_bind_blob64(insert, 3, w->input, w->input_n, SQLITE_STATIC);
        step(insert);
    }
    (void)sqlite3_bind_int64(turn, 1, (sqlite3_int64)w->num);
    (void)sqlite3_bind_int64(turn, 2, w->turn);
    (void)sqlite3_bind_int64(turn, 3, (sqlite3_int64)clk_wall_ms());
    (void)sqlite3_bind_blob64(turn, 4, w->answer, w->answer_n, SQLITE_STATIC);
    step(turn);
    if (w->turn == CALLS) {
        (void)sqlite3_bind_int64(end, 1, (sqlite3_int64)w->num);
        step(end);
    }
}

static void *run_writer(void *user)
{
    sqlite3_stmt *insert =
        prepare("INSERT INTO saga (num, id, status, input) VALUES (?1, ?2, 0, ?3)");
    sqlite3_stmt *turn =
        prepare("INSERT INTO journal (saga, turn, at_ms, data) VALUES (?1, ?2, ?3, ?4)");
    sqlite3_stmt *end = prepare("UPDATE saga SET status = 3 WHERE num = ?1");
    unsigned commits = 0;
    struct list *batch;

    (void)user;
    while ((batch = queue_wait(batches)) != NULL) {
        run_sql("BEGIN IMMEDIATE");
        for (const struct work *w = batch->first; w != NULL; w = w->next) {
            write_turn(w, insert, turn, end);
        }
        run_sql("COMMIT");
        push(committed, batch);
        if (++commits % CHECKPOINT_EVERY == 0) {
            (void)sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                            NULL);
        }
    }
    (void)sqlite3_finalize(insert);
    (void)sqlite3_finalize(turn);
    (void)sqlite3_finalize(end);
    return NULL;
}

/* ---- calls: the main thread -----------------------------------------------------------
 */

static size_t on_body(char *bytes, size_t one, size_t n, void *user)
{
    struct work *w = user;

    (void)one;
    if (w->answer_n + n > sizeof(w->answer)) {
        return 0;
    }
    memcpy(w->answer + w->answer_n, bytes, n);
    w->answer_n += n;
    return n;
}

static CURL *spare[4096]; /* Handles between calls. */
static size_t n_spare;

static void send_call(struct work *w)
{
    char url[96];
    char line[ID_MAX + 32];
    bool is_added;

    w->easy = n_spare > 0 ? spare[--n_spare] : curl_easy_init();
    w->answer_n = 0;
    (void)snprintf(url, sizeof(url), "%s/%c", sink_url, "abc"[w->turn]);
    (void)snprintf(w->body, sizeof(w->body), "{\"id\":\"%s\"}", w->id);
    w->headers = curl_slist_append(NULL, "Content-Type: application/json");
    (void)snprintf(line, sizeof(line), "Saga-Id: %s", w->id);
    w->headers = curl_slist_append(w->headers, line);
    (void)snprintf(line, sizeof(line), "Idempotency-Key: %s.%u", w->id, w->turn);
    w->headers = curl_slist_append(w->headers, line);
    (void)curl_easy_setopt(w->easy, CURLOPT_URL, url);
    (void)curl_easy_setopt(w->easy, CURLOPT_HTTPHEADER, w->headers);
    (void)curl_easy_setopt(w->easy, CURLOPT_POSTFIELDSIZE, (long)strlen(w->body));
    (void)curl_easy_setopt(w->easy, CURLOPT_POSTFIELDS, w->body);
    (void)curl_easy_setopt(w->easy, CURLOPT_WRITEFUNCTION, on_body);
    (void)curl_easy_setopt(w->easy, CURLOPT_WRITEDATA, w);
    (void)curl_easy_setopt(w->easy, CURLOPT_PRIVATE, w);
    (void)curl_easy_setopt(w->easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(w->easy, CURLOPT_TIMEOUT_MS, 30000L);
    is_added = multis_add(calls, w->easy, &w->multi);
    assert(is_added);
}

static struct list ended; /* Calls that are over, for the filling batch. */

static void on_ended(void *user, CURL *easy, CURLcode result)
{
    struct work *w = NULL;

    (void)user;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **)&w);
    assert(result == CURLE_OK);
    w->turn++;
    list_add(&ended, w);
}

/* Nothing is taken out of a multi handle while it runs. */
static void take_ended(struct list *filling)
{
    struct work *w = ended.first;

    ended = (struct list){.last = &ended.first};
    while (w != NULL) {
        struct work *next = w->next;

        multis_remove(calls, w->easy, w->multi);
        curl_slist_free_all(w->headers);
        curl_easy_reset(w->easy);
        if (n_spare < sizeof(spare) / sizeof(spare[0])) {
            spare[n_spare++] = w->easy;
        } else {
            curl_easy_cleanup(w->easy);
        }
        list_add(filling, w);
        w = next;
    }
}

static void release(struct list *batch)
{
    struct work *w = batch->first;

    while (w != NULL) {
        struct work *next = w->next;

        if (w->turn == 0) {
            MHD_resume_connection(w->client);
        }
        if (w->turn < CALLS) {
            send_call(w);
        } else {
            free(w->input);
            free(w);
        }
        w = next;
    }
    free(batch);
    multis_run_timers(calls);
}

static void take_starts(struct list *filling, uint64_t *num)
{
    void *items[256];
    size_t n;

    while ((n = queue_take(starts, items, 256)) > 0) {
        for (size_t i = 0; i < n; i++) {
            struct work *w = items[i];

            w->num = ++*num;
            list_add(filling, w);
        }
    }
}

static void run_loop(void)
{
    struct list *filling = list_create();
    bool is_committing = false;
    uint64_t num = 0;
    void *batch;

    ended.last = &ended.first;
    while (!atomic_load(&is_stopping)) {
        multis_wait(calls, 100);
        multis_run(calls);
        take_ended(filling);
        take_starts(filling, &num);
        if (queue_take(committed, &batch, 1) > 0) {
            is_committing = false;
            release(batch);
        }
        if (!is_committing && filling->first != NULL) {
            push(batches, filling);
            filling = list_create();
            is_committing = true;
        }
    }
    free(filling);
}

/* ---- the whole ------------------------------------------------------------------------
 */

static void on_term(int number)
{
    (void)number;
    atomic_store(&is_stopping, true);
}

static void read_config(const char *path, char *db_path, size_t room)
{
    json_t *tree = json_load_file(path, 0, NULL);
    const json_t *sink = json_object_get(json_object_get(tree, "services"), "sink");
    const char *url = json_string_value(json_object_get(sink, "url"));
    const char *store = json_string_value(json_object_get(tree, "store"));

    assert(url != NULL && store != NULL);
    (void)snprintf(sink_url, sizeof(sink_url), "%s", url);
    (void)snprintf(db_path, room, "%s", store + strlen("sqlite:"));
    json_decref(tree);
}

int main(int argc, char **argv)
{
    char path[256];
    struct MHD_Daemon *http;
    pthread_t writer;

    if (argc != 4 || strcmp(argv[1], "serve") != 0) {
        (void)fprintf(stderr, "usage: sagabench --sagad %s\n", argv[0]);
        return 2;
    }
    (void)signal(SIGTERM, on_term);
    read_config(argv[3], path, sizeof(path));
    open_db(path);
    if (multis_create(on_ended, NULL, &calls, NULL) != ERR_OK) {
        return EXIT_FAILURE;
    }
    starts = queue_create(QUEUE_MAX, wake, NULL);
    batches = queue_create(QUEUE_MAX, NULL, NULL);
    committed = queue_create(QUEUE_MAX, wake, NULL);
    (void)pthread_create(&writer, NULL, run_writer, NULL);
    http = listen_anywhere();
    run_loop();
    queue_close(batches);
    (void)pthread_join(writer, NULL);
    (void)sqlite3_close(db);
    _exit(http != NULL ? EXIT_SUCCESS : EXIT_FAILURE); /* What is in flight is let go. */
}
