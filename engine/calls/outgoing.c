/* outgoing.c - see outgoing.h. */
#include "engine/calls/outgoing.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/limits.h"
#include "base/mem.h"

#define TEXTS_MAX (256 * 1024)             /* Bytes of all header lines. */
#define BODY_ROOM_KEPT (64 * (size_t)1024) /* A pooled call keeps no larger buffer. */

static const char *const methods[] = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"};
#define METHODS (sizeof(methods) / sizeof(methods[0]))

void outgoing_init(struct outgoing *o)
{
    *o = (struct outgoing){0};
    buf_init(&o->url, OUTGOING_URL_MAX);
    buf_init(&o->texts, TEXTS_MAX);
    buf_init(&o->body, LIMIT_RENDERED_BYTES);
}

void outgoing_done(struct outgoing *o)
{
    if (o->texts.n > 0) {
        sodium_memzero(o->texts.bytes, o->texts.n);
    }
    buf_done(&o->url);
    buf_done(&o->texts);
    buf_done(&o->body);
    free(o->lines_at);
    free(o->lines);
    o->lines_at = NULL;
    o->lines = NULL;
}

static void forget(struct outgoing *o)
{
    if (o->texts.n > 0) {
        sodium_memzero(o->texts.bytes, o->texts.n); /* A bearer's value is among them. */
    }
    if (o->body.room > BODY_ROOM_KEPT) {
        buf_done(&o->body);
    }
    buf_clear(&o->texts);
    buf_clear(&o->url);
    buf_clear(&o->body);
    o->n_lines = 0;
    o->has_body = false;
}

/* ---- checks ---------------------------------------------------------------------- */

/* RFC 9110, 5.6.2, but for letters and digits. */
static const bool is_mark[256] = {
    ['!'] = true,  ['#'] = true, ['$'] = true, ['%'] = true, ['&'] = true,
    ['\''] = true, ['*'] = true, ['+'] = true, ['-'] = true, ['.'] = true,
    ['^'] = true,  ['_'] = true, ['`'] = true, ['|'] = true, ['~'] = true};

static bool is_token(const char *text)
{
    if (text[0] == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        const unsigned char lower = c | 0x20U;

        if (!(lower >= 'a' && lower <= 'z') && !(c >= '0' && c <= '9') && !is_mark[c]) {
            return false;
        }
    }
    return true;
}

static bool is_value(const char *text)
{
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;

        if (c < ' ' || c == 0x7f) {
            return false;
        }
    }
    return true;
}

/* What frames and routes the message is said once, by curl or by us. */
static bool is_ours(const char *name)
{
    static const char *const ours[] = {
        "host",       "content-length", "content-type",
        "connection", "expect",         "transfer-encoding",
        "te",         "trailer",        "upgrade"};

    if (strchr("hcetuHCETU", name[0]) == NULL) { /* Most are through here. */
        return false;
    }
    for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
        if (strcasecmp(name, ours[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- URL --------------------------------------------------------------------------- */

void outgoing_join_url(struct buf *url, const char *base, const char *path)
{
    size_t n = strlen(base);

    while (n > 0 && base[n - 1] == '/') {
        n--;
    }
    buf_add(url, base, n);
    if (path[0] != '/' && path[0] != '?' && path[0] != '\0') {
        buf_add_char(url, '/');
    }
    buf_add_text(url, path);
}

static const char *write_url(struct outgoing *o, const struct call_request *r)
{
    if (r->is_absolute) {
        buf_add_text(&o->url, r->url);
    } else {
        outgoing_join_url(&o->url,
                          r->base_url != NULL ? r->base_url
                                              : service_config_of(r->service)->url,
                          r->url);
    }
    if (o->url.is_over || !origin_of_url(buf_text(&o->url), &o->origin)) {
        return "the URL is not a plain http or https one";
    }
    return NULL;
}

/* ---- headers ------------------------------------------------------------------------
 */

static void add_line(struct outgoing *o, const char *name, const char *before,
                     const char *value)
{
    if (o->n_lines == o->lines_room) {
        o->lines_room = o->lines_room > 0 ? o->lines_room * 2 : 32;
        o->lines_at = mem_grow(o->lines_at, o->lines_room * sizeof(o->lines_at[0]));
        o->lines = mem_grow(o->lines, o->lines_room * sizeof(o->lines[0]));
    }
    o->lines_at[o->n_lines] = o->texts.n;
    o->n_lines++;
    buf_add_text(&o->texts, name);
    if (before[0] == '\0' && value[0] == '\0') {
        buf_add_char(&o->texts, ';'); /* curl's way to say "empty value". */
    } else {
        buf_add_text(&o->texts, ": ");
        buf_add_text(&o->texts, before);
        buf_add_text(&o->texts, value);
    }
    buf_add_char(&o->texts, '\0');
}

/* curl's way to say "not even by default": a name without a value. */
static void add_removal(struct outgoing *o, const char *name)
{
    add_line(o, name, "", "");
    o->texts.bytes[o->texts.n - 2] = ':';
}

static bool is_named(const struct service_header *headers, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcasecmp(headers[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static const char *check_header(const struct service_header *h)
{
    if (!is_token(h->name)) {
        return "a header's name is not a token";
    }
    if (!is_value(h->value)) {
        return "a header's value has a control character";
    }
    return is_ours(h->name) ? "a header is set that only the daemon may set" : NULL;
}

static const char *add_own_headers(struct outgoing *o, const struct call_request *r,
                                   const struct service_config *config)
{
    for (size_t i = 0; i < r->n_headers; i++) {
        const struct service_header *h = &r->headers[i];
        const char *why = check_header(h);

        if (why != NULL) {
            return why;
        }
        if (is_named(config->headers, config->n_headers, h->name) ||
            (config->bearer != NULL && strcasecmp(h->name, "authorization") == 0)) {
            continue; /* The configuration's stands. */
        }
        add_line(o, h->name, "", h->value);
    }
    return NULL;
}

static const char *add_service_headers(struct outgoing *o,
                                       const struct service_config *config)
{
    for (size_t i = 0; i < config->n_headers; i++) {
        const struct service_header *h = &config->headers[i];
        const char *why = check_header(h);

        if (why != NULL) {
            return why;
        }
        if (config->bearer == NULL || strcasecmp(h->name, "authorization") != 0) {
            add_line(o, h->name, "", h->value);
        }
    }
    if (config->bearer != NULL) {
        if (!is_value(config->bearer)) {
            return "the service's bearer secret has a control character";
        }
        add_line(o, "Authorization", "Bearer ", config->bearer);
    }
    return NULL;
}

static const char *write_headers(struct outgoing *o, const struct call_request *r,
                                 const struct service_config *config,
                                 const char *user_agent)
{
    const char *why = add_own_headers(o, r, config);

    if (why == NULL) {
        why = add_service_headers(o, config);
    }
    if (why != NULL) {
        return why;
    }
    if (!is_named(r->headers, r->n_headers, "accept") &&
        !is_named(config->headers, config->n_headers, "accept")) {
        add_line(o, "Accept", "", "application/json");
    }
    if (!is_named(r->headers, r->n_headers, "user-agent") &&
        !is_named(config->headers, config->n_headers, "user-agent")) {
        add_line(o, "User-Agent", "", user_agent);
    }
    if (o->has_body) {
        add_line(o, "Content-Type", "",
                 r->content_type != NULL ? r->content_type : "application/json");
    } else {
        add_removal(o, "Content-Type");
    }
    add_removal(o, "Expect");
    return o->texts.is_over ? "the headers are too long" : NULL;
}

/* ---- the whole ----------------------------------------------------------------------
 */

static const char *read_method(struct outgoing *o, const char *text)
{
    for (size_t i = 0; i < METHODS; i++) {
        if (strcmp(text, methods[i]) == 0) {
            o->method = (enum outgoing_method)i;
            return NULL;
        }
    }
    return "the method is none of GET HEAD POST PUT PATCH DELETE";
}

const char *outgoing_write(struct outgoing *o, const struct call_request *r,
                           const char *user_agent)
{
    const char *why;

    forget(o);
    why = read_method(o, r->method);
    if (why == NULL) {
        why = write_url(o, r);
    }
    if (why != NULL) {
        return why;
    }
    o->has_body = r->body != NULL;
    if (o->has_body && o->method == OUTGOING_HEAD) {
        return "a HEAD request has no body";
    }
    if (o->has_body) {
        buf_add(&o->body, r->body, r->body_n);
    }
    if (o->body.is_over) {
        return "the body is too long";
    }
    return write_headers(o, r, service_config_of(r->service), user_agent);
}

const char *outgoing_write_headers(struct outgoing *o, const struct call_request *r,
                                   const struct service_config *config,
                                   const char *user_agent)
{
    forget(o);
    o->has_body = r->body != NULL;
    return write_headers(o, r, config, user_agent);
}

const char *outgoing_method_text(enum outgoing_method method)
{
    return methods[method];
}

struct curl_slist *outgoing_lines(struct outgoing *o)
{
    for (size_t i = 0; i < o->n_lines; i++) {
        o->lines[i].data = o->texts.bytes + o->lines_at[i];
        o->lines[i].next = i + 1 < o->n_lines ? &o->lines[i + 1] : NULL;
    }
    return o->lines;
}
