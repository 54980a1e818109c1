/* report.c - see report.h. */
#include "definitions/report.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

/* ---- places --------------------------------------------------------------- */

static struct place *place_new(struct arena *a, const struct place *up,
                               struct json_span value)
{
    struct place *at = arena_take(a, sizeof(*at));

    at->up = up;
    at->value = value;
    return at;
}

const struct place *place_member(struct arena *a, const struct place *up,
                                 struct json_span name, struct json_span value)
{
    struct place *at = place_new(a, up, value);
    struct buf text;

    buf_init(&text, name.n);
    json_span_unescape(name, &text);
    at->name = arena_copy(a, buf_text(&text), text.n);
    buf_done(&text);
    return at;
}

const struct place *place_element(struct arena *a, const struct place *up, size_t index,
                                  struct json_span value)
{
    struct place *at = place_new(a, up, value);

    at->index = index;
    return at;
}

const struct place *place_of(struct arena *a, const struct place *up, const char *name)
{
    struct json_span value = json_span_member(up->value, name, strlen(name));
    struct place *at;

    if (value.at == NULL) {
        return up;
    }
    at = place_new(a, up, value);
    at->name = name;
    return at;
}

const struct place *place_below(struct arena *a, const struct place *up, const char *rest)
{
    struct place *at;

    if (*rest == '\0') {
        return up;
    }
    at = place_new(a, up, up->value);
    at->rest = arena_text(a, rest);
    return at;
}

static void put_pointer(const struct place *at, char path[static POINTER_MAX])
{
    const struct place *way[2 * JSON_DEPTH_MAX];
    size_t n = 0;

    for (; at->up != NULL; at = at->up) {
        assert(n < sizeof(way) / sizeof(way[0]));
        way[n] = at;
        n++;
    }
    path[0] = '\0';
    while (n > 0) {
        n--;
        if (way[n]->rest != NULL) {
            (void)pointer_append(path, way[n]->rest);
        } else if (way[n]->name != NULL) {
            (void)pointer_push(path, way[n]->name, strlen(way[n]->name));
        } else {
            (void)pointer_push_index(path, way[n]->index);
        }
    }
}

/* ---- issues --------------------------------------------------------------- */

void report_init(struct report *r, struct check_report *out)
{
    r->out = out;
    out->n = 0;
    out->n_errors = 0;
}

bool report_has_room(const struct report *r)
{
    return r->out->n < CHECK_ISSUES_MAX;
}

static void remove_at(struct report *r, size_t i)
{
    struct check_report *out = r->out;

    memmove(&out->issues[i], &out->issues[i + 1],
            (out->n - i - 1) * sizeof(out->issues[0]));
    memmove(&r->at[i], &r->at[i + 1], (out->n - i - 1) * sizeof(r->at[0]));
    out->n--;
}

/* Room for one more; false: it is not kept. */
static bool make_room(struct report *r, bool is_error)
{
    if (r->out->n < CHECK_ISSUES_MAX) {
        return true;
    }
    for (size_t i = r->out->n; is_error && i > 0; i--) {
        if (!r->out->issues[i - 1].is_error) {
            remove_at(r, i - 1);
            return true;
        }
    }
    return false;
}

/* Said before? One default header may be wrong in the same way in many calls. */
static bool is_repeated(const struct report *r, const struct check_issue *issue)
{
    for (size_t i = 0; i < r->out->n; i++) {
        const struct check_issue *other = &r->out->issues[i];

        if (strcmp(other->pointer, issue->pointer) == 0 &&
            strcmp(other->code, issue->code) == 0 &&
            strcmp(other->detail, issue->detail) == 0) {
            return true;
        }
    }
    return false;
}

/* An empty issue behind all that stand before `at` in the text. */
static struct check_issue *insert_at(struct report *r, const char *at)
{
    struct check_report *out = r->out;
    size_t i = out->n;

    while (i > 0 && r->at[i - 1] > at) {
        i--;
    }
    memmove(&out->issues[i + 1], &out->issues[i], (out->n - i) * sizeof(out->issues[0]));
    memmove(&r->at[i + 1], &r->at[i], (out->n - i) * sizeof(r->at[0]));
    out->n++;
    r->at[i] = at;
    return &out->issues[i];
}

__attribute__((format(printf, 5, 0))) static void
add_issue(struct report *r, bool is_error, const struct place *at, const char *code,
          const char *detail, va_list args)
{
    struct check_issue issue = {.is_error = is_error};

    (void)snprintf(issue.code, sizeof(issue.code), "%s", code);
    put_pointer(at, issue.pointer);
    (void)vsnprintf(issue.detail, sizeof(issue.detail), detail, args); /* Cut. */
    if (is_repeated(r, &issue)) {
        return;
    }
    r->out->n_errors += is_error ? 1 : 0;
    if (make_room(r, is_error)) {
        *insert_at(r, at->value.at) = issue;
    }
}

void report_error(struct report *r, const struct place *at, const char *code,
                  const char *detail, ...)
{
    va_list args;

    va_start(args, detail);
    add_issue(r, true, at, code, detail, args);
    va_end(args);
}

void report_warning(struct report *r, const struct place *at, const char *code,
                    const char *detail, ...)
{
    va_list args;

    va_start(args, detail);
    add_issue(r, false, at, code, detail, args);
    va_end(args);
}

void report_issue(struct report *r, bool is_error, const struct place *at,
                  const char *code, const char *detail, ...)
{
    va_list args;

    va_start(args, detail);
    add_issue(r, is_error, at, code, detail, args);
    va_end(args);
}
