/* watch.c - `sagactl watch ID`: a line per turn as it happens, and why it rests. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/sse.h"
#include "programs/sagactl/wait.h"

#define PATH_MAX_BYTES 4096
#define CURSOR_MAX 1024
#define ARENA_CHUNK 4096
#define POLL_MS 20000

struct watch {
    const struct ctl *ctl;
    json_int_t last_turn;          /* Told last; 0 none. */
    char cursor[CURSOR_MAX];       /* Of the page that was read last. */
    struct client_answer saga;     /* As it was read last. */
    struct wait_standing standing; /* Of it. */
    json_int_t revision;           /* Of it: the turns it had. */
    char told_why[WAIT_WHY_MAX];
    bool is_json;
};

static void path_of(const struct watch *w, const char *rest, struct buf *path)
{
    buf_init(path, PATH_MAX_BYTES);
    buf_add_text(path, "/v1/sagas/");
    client_escape(w->ctl->word, path);
    buf_add_text(path, rest);
}

/* ---- a turn ---------------------------------------------------------------------- */

/* "pay.action", "stock[3].compensation", "pay"; "-" where it is about the saga. */
static const char *place_of(const json_t *turn, struct arena *a)
{
    const char *step = output_value(turn, "step", a);
    const char *item = output_value(turn, "item", a);
    const char *operation = output_value(turn, "operation", a);
    const bool has_item = strcmp(item, "-") != 0;
    const bool has_operation = strcmp(operation, "-") != 0;

    if (strcmp(step, "-") == 0) {
        return step;
    }
    return arena_printf(a, "%s%s%s%s%s%s", step, has_item ? "[" : "",
                        has_item ? item : "", has_item ? "]" : "",
                        has_operation ? "." : "", has_operation ? operation : "");
}

static void put_if(const char *before, const char *value)
{
    if (strcmp(value, "-") != 0) {
        printf("%s%s", before, value);
    }
}

static void print_turn(const json_t *turn)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    const char *place = place_of(turn, a);

    printf("%s  %4s  %-12s", output_value(turn, "time", a), output_value(turn, "turn", a),
           output_value(turn, "event", a));
    put_if("  ", place);
    put_if("  ", output_value(turn, "outcome", a));
    put_if("  by ", output_value(turn, "actor", a));
    put_if(": ", output_value(turn, "reason", a));
    put_if("  ", output_value(turn, "detail", a));
    (void)putchar('\n');
    arena_destroy(a);
}

/* text: the journal entry as it came. What was told already is passed. */
static void take_turn(struct watch *w, struct json_span text)
{
    json_t *turn = NULL;
    json_int_t number;

    if (json_read(text.at, text.n, &turn, NULL) != ERR_OK) {
        ctl_say("the server sends a turn that is not JSON");
        return;
    }
    number = json_integer_value(json_object_get(turn, "turn"));
    if (number > w->last_turn) {
        w->last_turn = number;
        if (w->is_json) {
            output_json(text, true);
        } else if (w->ctl->output.format == OUTPUT_NAME) {
            printf("%" JSON_INTEGER_FORMAT "\n", number);
        } else {
            print_turn(turn);
        }
        (void)fflush(stdout);
    }
    json_decref(turn);
}

/* ---- at rest --------------------------------------------------------------------- */

static enum exit_code take_saga(struct watch *w)
{
    json_t *saga = NULL;
    enum exit_code code = ask_tree(&w->saga, &saga);

    if (code == EXIT_OK && !wait_read_standing(&w->saga, &w->standing)) {
        ctl_say("the server's answer is not a saga");
        code = EXIT_FAILED;
    }
    w->revision = json_integer_value(json_object_get(saga, "revision"));
    json_decref(saga);
    return code;
}

static enum exit_code read_saga(struct watch *w)
{
    enum exit_code code;
    struct buf path;

    path_of(w, "", &path);
    code = ask_get(w->ctl, buf_text(&path), &w->saga);
    buf_done(&path);
    return code == EXIT_OK ? take_saga(w) : code;
}

/* Why it does not go on, when that is another reason than was told. */
static void tell_why(struct watch *w)
{
    struct buf line;

    if (w->standing.why[0] == '\0' || strcmp(w->standing.why, w->told_why) == 0) {
        return;
    }
    memcpy(w->told_why, w->standing.why, sizeof(w->told_why));
    if (w->is_json || w->ctl->output.format == OUTPUT_NAME) {
        return;
    }
    buf_init(&line, 6 * WAIT_WHY_MAX);
    output_escape(w->standing.why, &line);
    printf("  %s: %s\n", w->standing.status, buf_text(&line));
    (void)fflush(stdout);
    buf_done(&line);
}

/* False: it goes on; else *code says how it ended. */
static bool is_at_end(struct watch *w, enum exit_code *code)
{
    if (!wait_is_over(&w->standing, code)) {
        return false;
    }
    tell_why(w);
    ctl_say("saga %s is %s", w->standing.id, w->standing.status);
    return true;
}

/* ---- page by page, from a server that does not stream ----------------------------- */

static enum exit_code read_page(struct watch *w, bool *has_more)
{
    struct client_answer a;
    json_t *page = NULL;
    enum exit_code code;
    struct json_span item;
    struct json_walk items;
    const char *next;
    struct buf path;

    path_of(w, "/journal?limit=500", &path);
    if (w->cursor[0] != '\0') {
        buf_add_text(&path, "&cursor=");
        client_escape(w->cursor, &path);
    }
    client_answer_init(&a);
    code = ask_get(w->ctl, buf_text(&path), &a);
    if (code == EXIT_OK) {
        code = ask_tree(&a, &page);
    }
    if (code == EXIT_OK) {
        items = json_walk_of(json_span_member(json_span_of(buf_text(&a.body), a.body.n),
                                              "items", strlen("items")));
        while (json_walk_next(&items, NULL, &item)) {
            take_turn(w, item);
        }
        next = json_string_value(json_object_get(page, "next"));
        *has_more = next != NULL;
        if (next != NULL) { /* The last page is read again: it grows. */
            (void)snprintf(w->cursor, sizeof(w->cursor), "%s", next);
        }
    }
    json_decref(page);
    client_answer_done(&a);
    buf_done(&path);
    return code;
}

static enum exit_code follow_pages(struct watch *w)
{
    enum exit_code code = EXIT_OK;

    for (;;) {
        bool has_more = true;

        while (code == EXIT_OK && has_more) {
            code = read_page(w, &has_more);
        }
        if (code != EXIT_OK || is_at_end(w, &code)) {
            return code;
        }
        tell_why(w);
        code = wait_poll(w->ctl, w->standing.id, &w->saga, POLL_MS);
        code = code == EXIT_OK ? take_saga(w) : code;
    }
}

/* ---- as a stream ----------------------------------------------------------------- */

static void take_events(struct watch *w, struct client_answer *a, bool *is_ended)
{
    struct sse_event event;

    sse_event_init(&event);
    while (!*is_ended && sse_next(&a->body, &event)) {
        if (strcmp(event.name, "turn") == 0) {
            take_turn(w, json_span_of(buf_text(&event.data), event.data.n));
        } else if (strcmp(event.name, "end") == 0) {
            *is_ended = true;
        }
    }
    sse_event_done(&event);
}

/* Until the saga's end, or the stream's: *is_at_rest says which. */
static enum exit_code follow_stream(struct watch *w, struct client_stream *s,
                                    struct client_answer *a, bool *is_at_rest)
{
    struct err_info info;
    bool is_ended = false;
    bool is_over = false;
    enum exit_code code = EXIT_OK;

    while (!is_ended && !is_over) {
        enum err e = client_stream_read(s, &is_over, &info);

        take_events(w, a, &is_ended);
        if (e == ERR_BUSY) {
            return EXIT_INTERRUPTED;
        }
        code = read_saga(w);
        if (code != EXIT_OK) {
            return code;
        }
        if (w->last_turn >= w->revision) { /* Older turns may still be on their way. */
            if (is_at_end(w, &code)) {
                *is_at_rest = true;
                return code;
            }
            tell_why(w);
        }
        if (e != ERR_OK) { /* Broken off: it is asked for again. */
            return EXIT_OK;
        }
    }
    return EXIT_OK;
}

/* *is_streamed false: the server has no stream. */
static enum exit_code open_stream(struct watch *w, struct client_answer *a,
                                  struct client_stream **s, bool *is_streamed)
{
    struct err_info info = {.text = ""};
    char last[32];
    enum err e;
    struct buf path;

    (void)snprintf(last, sizeof(last), "%" JSON_INTEGER_FORMAT, w->last_turn);
    path_of(w, "/journal", &path);
    e = client_stream_open(
        w->ctl->client,
        &(struct client_request){.method = "GET",
                                 .path = buf_text(&path),
                                 .accept = "text/event-stream",
                                 .last_event_id = w->last_turn > 0 ? last : NULL},
        a, s, &info);
    buf_done(&path);
    if (e != ERR_OK) {
        return fault_of_sending(w->ctl, e, &info);
    }
    *is_streamed = a->status == 200 && strncmp(a->type, "text/event-stream", 17) == 0;
    return EXIT_OK;
}

static enum exit_code watch(struct watch *w)
{
    enum exit_code code = read_saga(w);
    bool is_streamed = true;
    bool is_at_rest = false;

    while (code == EXIT_OK && is_streamed && !is_at_rest) {
        json_int_t before = w->last_turn;
        struct client_stream *s = NULL;
        struct client_answer a;

        client_answer_init(&a);
        code = open_stream(w, &a, &s, &is_streamed);
        if (code == EXIT_OK && is_streamed) {
            code = follow_stream(w, s, &a, &is_at_rest);
        }
        client_stream_close(s);
        client_answer_done(&a);
        if (code == EXIT_OK && is_streamed && !is_at_rest && before == w->last_turn) {
            code = wait_poll(w->ctl, w->standing.id, &w->saga, POLL_MS); /* No rush. */
        }
    }
    return code == EXIT_OK && !is_streamed ? follow_pages(w) : code;
}

int watch_saga(struct ctl *ctl)
{
    struct watch *w = mem_alloc(sizeof(*w));
    enum exit_code code;

    w->ctl = ctl;
    w->is_json = ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL;
    client_answer_init(&w->saga);
    code = watch(w);
    if (code == EXIT_INTERRUPTED) {
        ctl_say("saga %s goes on; see: sagactl get %s", ctl->word, ctl->word);
    }
    client_answer_done(&w->saga);
    free(w);
    return (int)code;
}
