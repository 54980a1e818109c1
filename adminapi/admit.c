/* admit.c - see admit.h. */
#include "adminapi/admit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "adminapi/answer.h"
#include "adminapi/door.h"
#include "adminapi/gate.h"
#include "base/clk.h"
#include "base/ids.h"

/* A chunked body over the cap can be refused only when it is over (libmicrohttpd takes an
 * answer before the body or after it): so much of it is read and dropped. */
#define EXCESS_MAX (8U * 1024 * 1024)

/* ---- headers -------------------------------------------------------------------- */

struct header_list {
    struct gate_header items[GATE_HEADERS_MAX];
    size_t n;
    bool is_over;
};

static enum MHD_Result take_header(void *user, enum MHD_ValueKind kind, const char *name,
                                   size_t name_n, const char *value, size_t value_n)
{
    struct header_list *list = user;

    (void)kind;
    if (list->n == GATE_HEADERS_MAX) {
        list->is_over = true;
        return MHD_NO;
    }
    list->items[list->n++] =
        (struct gate_header){name, name_n, value != NULL ? value : "", value_n};
    return MHD_YES;
}

/* Where a header that means something is kept, by its name. */
static const char **place_of(struct request_headers *h, const char *name)
{
    const struct {
        const char *name;
        const char **place;
    } known[] = {
        {"Accept", &h->accept},
        {"Authorization", &h->authorization},
        {"Content-Type", &h->content_type},
        {"Content-Length", &h->content_length},
        {"Transfer-Encoding", &h->transfer_encoding},
        {"Expect", &h->expect},
        {"Idempotency-Key", &h->idempotency_key},
        {"If-Match", &h->if_match},
        {"If-None-Match", &h->if_none_match},
        {"Last-Event-ID", &h->last_event_id},
        {"Prefer", &h->prefer},
        {"X-Request-Id", &h->request_id},
        {"traceparent", &h->traceparent},
        {"tracestate", &h->tracestate},
    };

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcasecmp(known[i].name, name) == 0) {
            return known[i].place;
        }
    }
    return NULL;
}

/* Without the blanks at its end, which libmicrohttpd leaves. */
static size_t trimmed(const char *value, size_t n)
{
    while (n > 0 && (value[n - 1] == ' ' || value[n - 1] == '\t')) {
        n--;
    }
    return n;
}

static void keep_headers(struct request *r, const struct header_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        const struct gate_header *h = &list->items[i];
        const size_t n = trimmed(h->value, h->value_n);
        const char **place = place_of(&r->headers, h->name);

        if (place == NULL) {
            continue;
        }
        *place = *place == NULL
                     ? arena_copy(r->arena, h->value, n)
                     : arena_printf(r->arena, "%s, %.*s", *place, (int)n, h->value);
    }
}

/* The client's id if it is a plain word, else one of ours. */
static void name_request(struct request *r)
{
    const char *given = r->headers.request_id;

    r->request_id = given != NULL && ids_is_valid(given)
                        ? given
                        : arena_printf(r->arena, "%s%08" PRIx64, r->door->id_prefix,
                                       ++r->door->n_ids);
}

/* ---- what is refused before the body ------------------------------------------- */

/* Nothing more is read from this connection. */
static bool close_with(struct request *r)
{
    r->answer.is_closing = true;
    return true;
}

static bool has_body(const struct request *r)
{
    const char *length = r->headers.content_length;

    return r->headers.transfer_encoding != NULL ||
           (length != NULL && strspn(length, "0") != strlen(length));
}

static bool is_announced_too_large(const struct request *r)
{
    const char *length = r->headers.content_length;
    uint64_t n = 0;

    if (length == NULL) {
        return false;
    }
    for (; *length != '\0'; length++) { /* Digits, at most 19: the gate saw to it. */
        n = n * 10 + (uint64_t)(*length - '0');
    }
    return n > r->body.max;
}

/* Only the parsers that were measured lay lines out like that; see gate.h. */
bool admit_sees_lines(void)
{
    return strncmp(MHD_get_version(), "0.9.7", 5) == 0;
}

/* True: refused. Each of the refuse_ functions is like that. */
static bool refuse_gate(struct request *r, const struct header_list *list,
                        const char *method, const char *version)
{
    const struct gate_request g = {method, r->raw_target, version, list->items, list->n};
    const char *wrong = gate_check(&g);
    struct json_out o;

    if (wrong == NULL && !list->is_over && admit_sees_lines()) {
        wrong = gate_check_lines(&g, r->raw_target_at);
    }
    if (wrong != NULL) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "%s", wrong);
        return true;
    }
    if (list->is_over || gate_bytes(&g) > LIMIT_API_HEADER_BYTES) {
        answer_refuse_open(r, PROBLEM_INVALID_REQUEST, 431, "The headers are too large",
                           &o);
        json_close_object(&o);
        return true;
    }
    return false;
}

static bool refuse_size(struct request *r)
{
    if (!is_announced_too_large(r)) {
        return false;
    }
    answer_refuse(r, PROBLEM_BODY_TOO_LARGE, "A body may have at most %zu bytes",
                  r->body.max);
    return true;
}

static bool refuse_route(struct request *r)
{
    struct buf allow;

    r->route = route_find(r->method, &r->target, r->parameters);
    if (r->route != NULL) {
        return false;
    }
    buf_init(&allow, 256);
    route_allow(&r->target, &allow);
    if (allow.n == 0) {
        answer_refuse(r, PROBLEM_NOT_FOUND, "There is nothing at %s", r->target.path);
    } else {
        answer_header(r, "Allow", arena_text(r->arena, buf_text(&allow)));
        answer_refuse(r, PROBLEM_METHOD_NOT_ALLOWED, "%s can be asked with %s only",
                      r->target.path, buf_text(&allow));
    }
    buf_done(&allow);
    return true;
}

static bool refuse_unknown(struct request *r, enum auth_answer answer, bool has_tokens)
{
    if (answer == AUTH_ANONYMOUS || answer == AUTH_KNOWN) {
        return false;
    }
    answer_header(r, "WWW-Authenticate",
                  answer == AUTH_WRONG ? "Bearer realm=\"sagad\", error=\"invalid_token\""
                                       : "Bearer realm=\"sagad\"");
    if (answer == AUTH_WRONG) {
        answer_refuse(r, PROBLEM_UNAUTHORIZED, "The token is unknown or has expired");
    } else if (!has_tokens) {
        answer_refuse(r, PROBLEM_UNAUTHORIZED,
                      "No token is configured, so only this machine may ask");
    } else {
        answer_refuse(r, PROBLEM_UNAUTHORIZED,
                      "An Authorization: Bearer header is needed");
    }
    return true;
}

static bool refuse_token(struct request *r)
{
    const struct auth_tokens *tokens = r->config->tokens(r->config->tokens_user);
    const enum auth_role role = route_role(r->route, &r->target);
    enum auth_answer answer;

    r->actor = "anonymous";
    if (role == AUTH_NONE) {
        return false;
    }
    answer = auth_check(tokens, r->headers.authorization, r->peer->is_local,
                        clk_wall_ms(), &r->token);
    if (refuse_unknown(r, answer, tokens->n > 0)) {
        return true;
    }
    if (r->token != NULL) {
        r->actor = r->token->name;
    }
    if (!auth_may(r->token, role)) {
        answer_refuse(r, PROBLEM_FORBIDDEN, "The token '%s' lacks the role '%s'",
                      r->actor, auth_role_name(role));
        return true;
    }
    if (!auth_is_within_rate(r->token, clk_mono_us())) {
        answer_refuse(r, PROBLEM_RATE_LIMITED,
                      "The token '%s' may make %u requests a second", r->actor,
                      (unsigned)r->token->rate_per_s);
        return true;
    }
    return false;
}

static bool refuse_query(struct request *r)
{
    const char *unknown = route_unknown_parameter(r->route, &r->target);

    if (unknown != NULL) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "There is no query parameter '%s' here",
                      unknown);
        return true;
    }
    if (r->target.is_wide) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "There are too many query parameters");
        return true;
    }
    return false;
}

static bool is_json_type(const char *type)
{
    static const char json[] = "application/json";
    const size_t n = sizeof(json) - 1;

    if (type == NULL || strncasecmp(type, json, n) != 0) {
        return false;
    }
    type += n + strspn(type + n, " \t");
    return *type == '\0' || *type == ';';
}

static bool refuse_type(struct request *r)
{
    if (!has_body(r) || strcmp(r->route->method, "GET") == 0 ||
        is_json_type(r->headers.content_type)) {
        return false;
    }
    answer_refuse(r, PROBLEM_UNSUPPORTED_MEDIA_TYPE,
                  "A body must come with Content-Type: application/json");
    return true;
}

/* ---- together -------------------------------------------------------------------- */

bool admit_headers(struct request *r, const char *method, const char *version)
{
    struct header_list list;

    list.n = 0;
    list.is_over = false;
    (void)MHD_get_connection_values_n(r->connection, MHD_HEADER_KIND, take_header, &list);
    r->method = arena_text(r->arena, method);
    keep_headers(r, &list);
    name_request(r);
    if (refuse_gate(r, &list, method, version) || refuse_size(r)) {
        return close_with(r);
    }
    /* What a chunked body looks like on the wire is not ours to see (bare LF between
     * chunks): so nothing that follows one is believed. */
    r->answer.is_closing = r->headers.transfer_encoding != NULL;
    target_read(r->raw_target, r->arena, &r->target);
    if (refuse_route(r) || refuse_token(r) || refuse_query(r) || refuse_type(r)) {
        r->drops_body = true;
        return r->headers.expect != NULL && has_body(r) ? close_with(r) : false;
    }
    r->drops_body = strcmp(r->route->method, "GET") == 0;
    return false;
}

bool admit_body(struct request *r, const char *bytes, size_t n)
{
    r->body_n += n;
    if (r->body_n > r->body.max) {
        r->drops_body = true;
        return r->body_n - r->body.max <= EXCESS_MAX;
    }
    if (!r->drops_body) {
        buf_add(&r->body, bytes, n);
    }
    return true;
}
