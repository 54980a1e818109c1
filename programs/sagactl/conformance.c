/* conformance.c - `sagactl conformance URL`: does a participant keep the three promises
 * (S29)? */
#include "programs/sagactl/conformance.h"

#include <stdio.h>
#include <string.h>

#include "base/ids.h"
#include "base/json.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define ARENA_CHUNK 16384
#define OUT_MAX ((size_t)16 * 1024 * 1024)
#define EXCHANGES_MAX 8
#define SHOWN_MAX 200 /* Bytes of a body on the screen. */

struct exchange {
    const char *what; /* "the action", "the same again" */
    const char *method, *path, *key, *sent;
    long status;
    const char *body;
    size_t body_n;
};

enum promise { PROMISE_REPEATED, PROMISE_UNDO_FIRST, PROMISE_LATE, PROMISES };

static const struct {
    const char *name, *meaning;
} promises[PROMISES] = {
    {"a",
     "A repeated key gets the first answer: sagad repeats a call whose answer it did "
     "not hear."},
    {"b",
     "The compensation of an action that never came is accepted: the action may have "
     "been lost on its way."},
    {"c",
     "An action that comes after its compensation is refused: it may have been stuck "
     "in a queue."},
};

struct finding {
    struct exchange exchanges[EXCHANGES_MAX];
    size_t n;
    const char *broken;  /* NULL: kept. */
    const char *skipped; /* NULL: it was tested. */
};

struct test {
    const struct conformance_source *source;
    struct client *participant;
    struct ctl *ctl;
    struct arena *arena;
    struct finding findings[PROMISES];
    char saga[48];
};

/* ---- one request ------------------------------------------------------------------ */

static const char *key_of(struct test *t, enum call_kind call)
{
    return arena_printf(t->arena, "\"%s.%s.%s\"", t->saga, t->source->step_name,
                        call == CALL_ACTION ? "action" : "compensation");
}

static void new_saga(struct test *t)
{
    char random[17];

    ids_random_hex(random, 8);
    (void)snprintf(t->saga, sizeof(t->saga), "conformance-%s", random);
}

static void add_headers(struct test *t, enum call_kind call, unsigned attempt,
                        struct conformance_request *r)
{
    struct arena *a = t->arena;

    r->headers[r->n_headers++] = arena_printf(a, "Saga-Id: %s", t->saga);
    r->headers[r->n_headers++] = arena_printf(a, "Saga-Step: %s", t->source->step_name);
    r->headers[r->n_headers++] = arena_printf(
        a, "Saga-Operation: %s", call == CALL_ACTION ? "action" : "compensation");
    r->headers[r->n_headers++] = arena_printf(a, "Saga-Attempt: %u", attempt);
    if (call == CALL_COMPENSATION) {
        r->headers[r->n_headers++] =
            arena_printf(a, "Saga-Action-Key: %s", key_of(t, CALL_ACTION));
    }
}

/* Sends, and keeps what was sent and came back. EXIT_OK: there was an answer. */
static enum exit_code exchange(struct test *t, struct finding *f, enum call_kind call,
                               unsigned attempt, struct conformance_request *r,
                               const char *what)
{
    struct exchange *x = &f->exchanges[f->n];
    struct err_info info = {.text = ""};
    struct client_answer a;
    enum err e;

    add_headers(t, call, attempt, r);
    client_answer_init(&a);
    e = client_send(t->participant,
                    &(struct client_request){.method = r->method,
                                             .path = r->path,
                                             .body = r->body,
                                             .key = key_of(t, call),
                                             .lines = r->headers,
                                             .n_lines = r->n_headers},
                    &a, &info);
    if (e == ERR_OK) {
        *x = (struct exchange){what,
                               r->method,
                               r->path,
                               key_of(t, call),
                               r->body,
                               a.status,
                               arena_copy(t->arena, buf_text(&a.body), a.body.n),
                               a.body.n};
        f->n++;
    } else {
        ctl_say("%s", info.text);
    }
    client_answer_done(&a);
    if (e == ERR_OK) {
        return EXIT_OK;
    }
    return e == ERR_BUSY ? EXIT_INTERRUPTED : EXIT_UNREACHABLE;
}

static bool is_done(const struct exchange *x)
{
    return x->status >= 200 && x->status < 300;
}

static bool is_refused(const struct exchange *x)
{
    return x->status >= 400 && x->status < 500 && x->status != 408 && x->status != 425 &&
           x->status != 429 && x->status != 401;
}

static bool is_same(const struct exchange *x, const struct exchange *y)
{
    if (x->status != y->status) {
        return false;
    }
    if (json_is_valid(x->body, x->body_n) && json_is_valid(y->body, y->body_n)) {
        return json_is_same(json_span_of(x->body, x->body_n),
                            json_span_of(y->body, y->body_n));
    }
    return x->body_n == y->body_n && memcmp(x->body, y->body, x->body_n) == 0;
}

/* Make and send. */
static enum exit_code call(struct test *t, struct finding *f, enum call_kind kind,
                           unsigned attempt, struct json_span answer, const char *what)
{
    struct conformance_request r;
    struct err_info info;

    if (!conformance_make(t->source, kind, t->saga, answer, t->arena, &r, &info)) {
        ctl_say("%s", info.text);
        return EXIT_INVALID;
    }
    return exchange(t, f, kind, attempt, &r, what);
}

/* The action's answer as a definition sees it. */
static struct json_span answer_of(struct test *t, const struct exchange *x)
{
    const bool is_json = json_is_valid(x->body, x->body_n);
    const char *text = arena_printf(t->arena,
                                    "{\"outcome\":\"succeeded\",\"status\":%ld,"
                                    "\"headers\":{},\"body\":%s,\"attempts\":1}",
                                    x->status, is_json ? x->body : "null");

    return json_span_of(text, strlen(text));
}

/* ---- the promises ----------------------------------------------------------------- */

/* Action twice, then compensation twice: so nothing is left behind. */
static enum exit_code test_repeated(struct test *t)
{
    struct finding *f = &t->findings[PROMISE_REPEATED];
    const struct exchange *x = f->exchanges;
    enum exit_code code;

    new_saga(t);
    code = call(t, f, CALL_ACTION, 1, JSON_SPAN_NONE, "the action");
    if (code != EXIT_OK || !is_done(&x[0])) {
        f->broken =
            "the action itself is not done, so nothing can be said: it must answer "
            "2xx";
        return code;
    }
    code = call(t, f, CALL_ACTION, 2, JSON_SPAN_NONE, "the same action again");
    if (code == EXIT_OK) {
        code = call(t, f, CALL_COMPENSATION, 1, answer_of(t, &x[0]), "its compensation");
    }
    if (code == EXIT_OK) {
        code = call(t, f, CALL_COMPENSATION, 2, answer_of(t, &x[0]),
                    "the same compensation again");
    }
    if (code != EXIT_OK) {
        return code;
    }
    if (!is_same(&x[0], &x[1])) {
        f->broken = "the action's key was repeated and got another answer: it was done "
                    "twice, or refused";
    } else if (!is_done(&x[2])) {
        f->broken = "the compensation of an action that was done is not accepted";
    } else if (!is_same(&x[2], &x[3])) {
        f->broken = "the compensation's key was repeated and got another answer";
    }
    return EXIT_OK;
}

/* Compensation first; then the action that it overtook. */
static enum exit_code test_undo_first(struct test *t)
{
    struct finding *undo = &t->findings[PROMISE_UNDO_FIRST];
    struct finding *late = &t->findings[PROMISE_LATE];
    struct conformance_request r;
    struct err_info info;
    enum exit_code code;

    new_saga(t);
    if (!conformance_make(t->source, CALL_COMPENSATION, t->saga, JSON_SPAN_NONE, t->arena,
                          &r, &info)) {
        undo->skipped = arena_printf(
            t->arena, "sagad never sends it before there is an answer: %s", info.text);
        late->skipped = "it cannot come after a compensation that is not sent";
        return EXIT_OK;
    }
    code = exchange(t, undo, CALL_COMPENSATION, 1, &r,
                    "a compensation, its action never came");
    if (code == EXIT_OK && !is_done(&undo->exchanges[0])) {
        undo->broken = "it is not accepted: sagad would have to ask a person";
        late->skipped =
            "the compensation was not accepted, so there is nothing to remember";
        return EXIT_OK;
    }
    if (code == EXIT_OK) {
        code = call(t, late, CALL_ACTION, 1, JSON_SPAN_NONE, "the action, late");
    }
    if (code == EXIT_OK && is_done(&late->exchanges[0])) {
        late->broken =
            "it was done after it had been taken back: its effect stays for ever";
        (void)exchange(t, late, CALL_COMPENSATION, 2, &r, "cleaning up");
    } else if (code == EXIT_OK && !is_refused(&late->exchanges[0])) {
        late->broken = "it is neither done nor refused for good: answer 409";
    }
    return code;
}

/* ---- telling ---------------------------------------------------------------------- */

static void print_exchange(const struct exchange *x)
{
    struct buf line;

    buf_init(&line, OUT_MAX);
    buf_printf(&line, "    %s: %s ", x->what, x->method);
    output_escape(x->path, &line);
    buf_printf(&line, "  Idempotency-Key: %s\n", x->key);
    if (x->sent != NULL) {
        buf_add_text(&line, "      sent  ");
        output_escape(x->sent, &line);
        buf_add_char(&line, '\n');
    }
    buf_printf(&line, "      came  %ld ", x->status);
    fputs(buf_text(&line), stdout);
    buf_clear(&line);
    output_escape(x->body, &line);
    printf("%.*s%s\n", SHOWN_MAX, buf_text(&line), line.n > SHOWN_MAX ? "..." : "");
    buf_done(&line);
}

static void print_text(const struct test *t)
{
    for (size_t i = 0; i < PROMISES; i++) {
        const struct finding *f = &t->findings[i];

        printf("%s(%s) %s\n", i > 0 ? "\n" : "", promises[i].name, promises[i].meaning);
        for (size_t k = 0; k < f->n; k++) {
            print_exchange(&f->exchanges[k]);
        }
        if (f->broken != NULL) {
            printf("  BROKEN: %s\n", f->broken);
        } else if (f->skipped != NULL) {
            printf("  does not apply: %s\n", f->skipped);
        } else {
            printf("  kept\n");
        }
    }
}

static void put_exchange(struct json_out *o, const struct exchange *x)
{
    json_open_object(o);
    json_put(o, "what", x->what);
    json_put(o, "method", x->method);
    json_put(o, "path", x->path);
    json_put(o, "idempotencyKey", x->key);
    json_put(o, "sent", x->sent);
    json_put_number(o, "status", x->status);
    json_key(o, "body");
    json_text_n(o, x->body, x->body_n);
    json_close_object(o);
}

static void print_json(const struct test *t, bool is_kept)
{
    struct json_out o;
    struct buf out;

    buf_init(&out, OUT_MAX);
    json_out_init(&o, &out);
    json_open_object(&o);
    json_put(&o, "participant", t->ctl->word);
    json_put_flag(&o, "kept", is_kept);
    json_key(&o, "promises");
    json_open_array(&o);
    for (size_t i = 0; i < PROMISES; i++) {
        const struct finding *f = &t->findings[i];

        json_open_object(&o);
        json_put(&o, "promise", promises[i].name);
        json_put(&o, "meaning", promises[i].meaning);
        json_put(&o, "result",
                 f->broken != NULL    ? "broken"
                 : f->skipped != NULL ? "does-not-apply"
                                      : "kept");
        json_put(&o, "detail", f->broken != NULL ? f->broken : f->skipped);
        json_key(&o, "exchanges");
        json_open_array(&o);
        for (size_t k = 0; k < f->n; k++) {
            put_exchange(&o, &f->exchanges[k]);
        }
        json_close_array(&o);
        json_close_object(&o);
    }
    json_close_array(&o);
    json_close_object(&o);
    printf("%s\n", buf_text(&out));
    buf_done(&out);
}

static enum exit_code conclude(const struct test *t)
{
    bool is_kept = true;

    for (size_t i = 0; i < PROMISES; i++) {
        is_kept = is_kept && t->findings[i].broken == NULL;
    }
    if (t->ctl->output.format == OUTPUT_JSON || t->ctl->output.format == OUTPUT_JSONL) {
        print_json(t, is_kept);
    } else {
        print_text(t);
    }
    ctl_say("%s %s", t->ctl->word,
            is_kept ? "keeps its promises" : "is not safe in a saga as it is");
    return is_kept ? EXIT_OK : EXIT_FAILED;
}

static enum exit_code run(struct ctl *ctl, const struct conformance_source *s)
{
    struct test t = {.source = s, .ctl = ctl};
    struct err_info info = {.text = ""};
    enum exit_code code;

    if (client_open_other(ctl->word, &t.participant, &info) != ERR_OK) {
        ctl_say("%s", info.text);
        return EXIT_USAGE;
    }
    t.arena = arena_create(ARENA_CHUNK);
    code = test_repeated(&t);
    code = code == EXIT_OK ? test_undo_first(&t) : code;
    code = code == EXIT_OK ? conclude(&t) : code;
    arena_destroy(t.arena);
    client_close(t.participant);
    return code;
}

int conformance_test(struct ctl *ctl)
{
    struct conformance_source source;
    enum exit_code code = conformance_open(ctl, &source);

    code = code == EXIT_OK ? run(ctl, &source) : code;
    conformance_close(&source);
    return (int)code;
}
