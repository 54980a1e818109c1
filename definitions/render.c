/* render.c - see render.h. */
#include "definitions/render.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/hash.h"
#include "base/limits.h"
#include "definitions/blame.h"

/* ---- what expressions see -------------------------------------------------------- */

struct view {
    const struct definition *d;
    const struct render_scope *scope;
};

static const struct {
    const char *name;
    size_t offset;
} names[] = {
    {"input", offsetof(struct render_scope, input)},
    {"vars", offsetof(struct render_scope, vars)},
    {"saga", offsetof(struct render_scope, saga)},
    {"item", offsetof(struct render_scope, item)},
    {"index", offsetof(struct render_scope, index)},
    {"response", offsetof(struct render_scope, response)},
    {"signal", offsetof(struct render_scope, signal)},
    {"error", offsetof(struct render_scope, error)},
};

static struct json_span view_member(void *user, const char *name, size_t n)
{
    const struct view *v = user;
    struct json_span found = JSON_SPAN_NONE;

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strlen(names[i].name) == n && memcmp(names[i].name, name, n) == 0) {
            memcpy(&found, (const char *)v->scope + names[i].offset, sizeof(found));
        }
    }
    return found;
}

static struct json_span view_step(void *user, const char *id, size_t n)
{
    const struct view *v = user;

    for (uint16_t i = 1; v->scope->step != NULL && i < v->d->plan->n_nodes; i++) {
        const char *own = v->d->steps[i].id;

        if (strlen(own) == n && memcmp(own, id, n) == 0) {
            return v->scope->step(v->scope->user, i);
        }
    }
    return JSON_SPAN_NONE;
}

static void view_blame(void *user, const struct expr *e, struct expr_blame *out)
{
    const struct view *v = user;

    blame_find(v->d, e, v->scope->index, out);
}

static struct expr_root root_of(struct view *v)
{
    return (struct expr_root){view_member, view_step, v, view_blame};
}

/* ---- calls ------------------------------------------------------------------------ */

/* The parts of a request are made in one buffer, so that one limit holds for all of
 * it; where each begins is kept, because the buffer moves as it grows. */
struct making {
    const struct definition_call *call;
    enum call_kind kind;
    const char *step;
    struct expr_root root;
    struct arena *a;
    struct buf all;
    struct err_info *info;
    size_t url_at;
    size_t *header_at;
    size_t body_at;
    size_t body_n;
};

/* Append one part with its NUL. */
static enum err make_part(struct making *m, const struct template *t, size_t *at)
{
    enum err e;

    *at = m->all.n;
    e = template_render(t, &m->root, m->a, &m->all, m->info);
    buf_add_char(&m->all, '\0');
    return e;
}

static bool has_query(const struct making *m)
{
    return strchr(m->all.bytes + m->url_at, '?') != NULL;
}

static enum err add_parameter(struct making *m, const struct definition_pair *pair)
{
    struct buf value;
    enum err e;

    buf_init(&value, LIMIT_RENDERED_BYTES);
    e = template_render(pair->value, &m->root, m->a, &value, m->info);
    if (e == ERR_OK) {
        buf_add_char(&m->all, has_query(m) ? '&' : '?');
        template_put_encoded(&m->all, pair->name, strlen(pair->name));
        buf_add_char(&m->all, '=');
        template_put_encoded(&m->all, buf_text(&value), value.n);
    }
    buf_done(&value);
    return e;
}

static enum err make_url(struct making *m)
{
    enum err e;

    m->url_at = m->all.n;
    e = template_render(m->call->url, &m->root, m->a, &m->all, m->info);
    for (size_t i = 0; e == ERR_OK && i < m->call->n_query; i++) {
        e = add_parameter(m, &m->call->query[i]);
    }
    buf_add_char(&m->all, '\0');
    return e;
}

/* curl sends CR LF verbatim, which would be a header of the value's choosing. */
static bool has_control(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)text[i];

        if (byte < 0x20 || byte == 0x7f) {
            return true;
        }
    }
    return false;
}

static enum err make_header(struct making *m, size_t i)
{
    const struct definition_pair *header = &m->call->headers[i];
    enum err e = make_part(m, header->value, &m->header_at[i]);
    size_t n = m->all.n - m->header_at[i];

    if (e == ERR_OK && n > 0 && has_control(m->all.bytes + m->header_at[i], n - 1)) {
        e = err_set(m->info, ERR_INVALID,
                    "headers/%.60s of %s'%s': the value has a control character in it",
                    header->name, blame_whose(m->kind), m->step);
    }
    return e;
}

static enum err make_body(struct making *m)
{
    enum err e;

    if (m->call->body == NULL) {
        return ERR_OK;
    }
    e = make_part(m, m->call->body, &m->body_at);
    m->body_n = m->all.n - m->body_at - (m->all.n > m->body_at ? 1 : 0);
    return e;
}

static enum err make_all(struct making *m)
{
    enum err e = make_url(m);

    m->header_at = arena_take(m->a, (m->call->n_headers + 1) * sizeof(*m->header_at));
    for (size_t i = 0; e == ERR_OK && i < m->call->n_headers; i++) {
        e = make_header(m, i);
    }
    e = e == ERR_OK ? make_body(m) : e;
    if (e == ERR_OK && m->all.is_over) {
        e = err_set(m->info, ERR_LIMIT, "the request of %s'%s' is larger than %d bytes",
                    blame_whose(m->kind), m->step, LIMIT_RENDERED_BYTES);
    }
    return e;
}

static uint64_t add_hash(uint64_t hash, const char *text, size_t n)
{
    return hash_mix(hash, hash_bytes(text, n)); /* hash_bytes() takes the length in. */
}

static uint64_t request_hash(const struct render_request *r)
{
    const char *service = r->call->service != NULL ? r->call->service : "";
    uint64_t hash = add_hash(0, r->call->method, strlen(r->call->method));

    hash = add_hash(hash, service, strlen(service));
    hash = add_hash(hash, r->url, strlen(r->url));
    hash = hash_mix(hash, r->n_headers);
    for (size_t i = 0; i < r->n_headers; i++) {
        hash = add_hash(hash, r->headers[i].name, strlen(r->headers[i].name));
        hash = add_hash(hash, r->headers[i].value, strlen(r->headers[i].value));
    }
    hash = hash_mix(hash, r->body != NULL ? 1 : 0);
    return r->body != NULL ? add_hash(hash, r->body, r->body_n) : hash;
}

static void hand_over(const struct making *m, struct render_request *out)
{
    const char *bytes = arena_copy(m->a, m->all.bytes, m->all.n);
    size_t n = m->call->n_headers;
    struct render_header *headers = arena_take(m->a, (n + 1) * sizeof(*headers));

    for (size_t i = 0; i < n; i++) {
        headers[i].name = m->call->headers[i].name;
        headers[i].value = bytes + m->header_at[i];
    }
    *out = (struct render_request){
        .call = m->call, .url = bytes + m->url_at, .headers = headers, .n_headers = n};
    if (m->call->body != NULL) {
        out->body = bytes + m->body_at;
        out->body_n = m->body_n;
    }
    out->hash = request_hash(out);
}

enum err render_call(const struct definition *d, uint16_t step, enum call_kind call,
                     const struct render_scope *scope, struct arena *a,
                     struct render_request *out, struct err_info *info)
{
    struct view view = {d, scope};
    struct making m = {.call = definition_call_of(d, step, call),
                       .kind = call,
                       .step = d->steps[step].id,
                       .root = root_of(&view),
                       .a = a,
                       .info = info};
    enum err e;

    assert(m.call != NULL);
    buf_init(&m.all, LIMIT_RENDERED_BYTES);
    e = make_all(&m);
    if (e == ERR_OK) {
        hand_over(&m, out);
    }
    buf_done(&m.all);
    return e;
}

/* ---- values ----------------------------------------------------------------------- */

static enum err keep_value(enum err e, struct buf *made, struct arena *a,
                           struct json_span *out)
{
    if (e == ERR_OK) {
        *out = (struct json_span){arena_copy(a, buf_text(made), made->n), made->n};
    }
    buf_done(made);
    return e;
}

enum err render_template(const struct definition *d, const struct template *t,
                         const struct render_scope *scope, struct arena *a,
                         struct json_span *out, struct err_info *info)
{
    struct view view = {d, scope};
    const struct expr_root root = root_of(&view);
    struct buf made;

    buf_init(&made, LIMIT_RENDERED_BYTES);
    return keep_value(template_render(t, &root, a, &made, info), &made, a, out);
}

enum err render_expr(const struct definition *d, const struct expr *e,
                     const struct render_scope *scope, struct arena *a,
                     struct json_span *out, struct err_info *info)
{
    struct view view = {d, scope};
    const struct expr_root root = root_of(&view);
    struct buf made;

    buf_init(&made, LIMIT_RENDERED_BYTES);
    return keep_value(expr_eval(e, &root, a, &made, info), &made, a, out);
}

enum err render_condition(const struct definition *d, const struct expr *e,
                          const struct render_scope *scope, struct arena *a, bool *out,
                          struct err_info *info)
{
    struct json_span value;
    enum err result = render_expr(d, e, scope, a, &value, info);

    if (result == ERR_OK) {
        enum json_kind kind = json_span_kind(value);

        *out = kind != JSON_KIND_NULL && kind != JSON_KIND_FALSE;
    }
    return result;
}

enum err render_items(const struct definition *d, uint16_t step,
                      const struct render_scope *scope, struct arena *a,
                      struct json_span *out, struct err_info *info)
{
    const struct expr *each = d->steps[step].each;
    struct view view = {d, scope};
    const struct expr_root root = root_of(&view);
    const uint32_t most = d->plan->nodes[step].items_max;
    struct json_span items;
    enum err e = render_expr(d, each, scope, a, &items, info);

    if (e != ERR_OK) {
        return e;
    }
    if (json_span_kind(items) != JSON_KIND_ARRAY) {
        return expr_refuse(each, &root, items, "forEach needs an array", info);
    }
    if (json_span_count(items) > most) {
        return expr_refuse(each, &root, items,
                           arena_printf(a, "maxItems is %" PRIu32 ", these are %zu", most,
                                        json_span_count(items)),
                           info);
    }
    *out = items;
    return ERR_OK;
}

/* In wall ms: a UTC text or milliseconds; -1: neither. */
static int64_t time_of(struct json_span value)
{
    struct buf text;
    uint64_t wall_ms = 0;
    int64_t ms = -1;

    if (json_span_kind(value) == JSON_KIND_NUMBER) {
        return json_span_int(value, &ms) && ms >= 0 ? ms : -1;
    }
    if (json_span_kind(value) != JSON_KIND_STRING) {
        return -1;
    }
    buf_init(&text, LIMIT_RENDERED_BYTES);
    json_span_unescape(value, &text);
    if (clk_from_text(buf_text(&text), &wall_ms)) {
        ms = (int64_t)wall_ms;
    }
    buf_done(&text);
    return ms;
}

enum err render_until(const struct definition *d, uint16_t step,
                      const struct render_scope *scope, struct arena *a, int64_t *out_ms,
                      struct err_info *info)
{
    const struct expr *until = d->steps[step].until;
    struct view view = {d, scope};
    const struct expr_root root = root_of(&view);
    struct json_span value;
    enum err e = render_expr(d, until, scope, a, &value, info);
    int64_t ms;

    if (e != ERR_OK) {
        return e;
    }
    ms = time_of(value);
    if (ms < 0) {
        return expr_refuse(until, &root, value,
                           "a time is a UTC text like 2026-01-31T08:00:00Z, or whole "
                           "milliseconds since 1970",
                           info);
    }
    *out_ms = ms;
    return ERR_OK;
}
