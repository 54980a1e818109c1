/* gather.c - see gather.h. */
#include "engine/calls/gather.h"

#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/limits.h"

#define JSON_ROOM \
    (8 * (size_t)LIMIT_ANSWER_HEADERS)     /* Each byte escaped, and the marks. */
#define BODY_ROOM_KEPT (64 * (size_t)1024) /* A pooled call keeps no larger buffer. */
#define RETRY_AFTER_MAX_S ((uint64_t)365 * 24 * 3600) /* Later is taken for this. */

void gather_init(struct gather *in)
{
    *in = (struct gather){0};
    buf_init(&in->body, LIMIT_ANSWER_READ);
    buf_init(&in->raw, LIMIT_ANSWER_HEADERS);
    buf_init(&in->json, JSON_ROOM);
}

void gather_done(struct gather *in)
{
    buf_done(&in->body);
    buf_done(&in->raw);
    buf_done(&in->json);
}

static void forget_block(struct gather *in)
{
    in->status = 0;
    in->framing_is_bad = false;
    in->has_length = false;
    in->has_coding = false;
    in->n_headers = 0;
    buf_clear(&in->raw);
}

void gather_reset(struct gather *in, size_t body_max)
{
    forget_block(in);
    in->is_complete = false;
    in->is_over_cap = false;
    in->is_truncated = false;
    in->body_max = body_max;
    in->body_bytes = 0;
    if (in->body.room > BODY_ROOM_KEPT) {
        buf_done(&in->body);
    }
    buf_clear(&in->body);
    buf_clear(&in->json);
}

/* ---- lines -------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* "HTTP/1.1 200 OK". curl takes "http/1.1" and "HTTP/2" too, which nobody who speaks
 * HTTP/1.1 answers: 0, as for any line that is none. */
static long status_of(const char *line, size_t n)
{
    const char *at = line + 8;
    size_t left;

    if (n < 9 || strncmp(line, "HTTP/1.", 7) != 0 || (line[7] != '0' && line[7] != '1') ||
        line[8] != ' ') {
        return 0;
    }
    while (at < line + n && *at == ' ') {
        at++;
    }
    left = (size_t)(line + n - at);
    if (left < 3 || !is_digit(at[0]) || !is_digit(at[1]) || !is_digit(at[2])) {
        return 0;
    }
    return (at[0] - '0') * 100L + (at[1] - '0') * 10L + (at[2] - '0');
}

static bool is_text(const char *bytes, size_t n, const char *text)
{
    return n == strlen(text) && strncasecmp(bytes, text, n) == 0;
}

/* Digits only, within int64. curl is laxer, and two readings of one message are how
 * requests are smuggled. */
static bool read_length(const char *bytes, size_t n, uint64_t *out)
{
    uint64_t value = 0;

    if (n == 0 || n > 18) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        if (!is_digit(bytes[i])) {
            return false;
        }
        value = value * 10 + (uint64_t)(bytes[i] - '0');
    }
    *out = value;
    return true;
}

/* RFC 9112, 6.3: what says where the body ends must say it once. */
static void note_framing(struct gather *in, const char *name, size_t name_n,
                         const char *value, size_t n)
{
    uint64_t length;

    if (is_text(name, name_n, "content-length")) {
        if (!read_length(value, n, &length) || (in->has_length && in->length != length)) {
            in->framing_is_bad = true;
            return;
        }
        in->has_length = true;
        in->length = length;
    } else if (is_text(name, name_n, "transfer-encoding")) {
        /* Nothing else was offered, and chunks within chunks are none of HTTP's. */
        if (in->has_coding ||
            (!is_text(value, n, "chunked") && !is_text(value, n, "identity"))) {
            in->framing_is_bad = true;
        }
        in->has_coding = true;
    }
    if (in->has_length && in->has_coding) {
        in->framing_is_bad = true;
    }
}

static void keep(struct gather *in, const char *name, size_t name_n, const char *value,
                 size_t value_n)
{
    struct gather_header *h = &in->headers[in->n_headers];

    if (in->n_headers == GATHER_HEADERS_MAX || name_n > in->raw.max - in->raw.n ||
        value_n > in->raw.max - in->raw.n - name_n) {
        return;
    }
    h->name_at = (uint32_t)in->raw.n;
    h->name_n = (uint32_t)name_n;
    buf_add(&in->raw, name, name_n);
    for (size_t i = h->name_at; i < in->raw.n; i++) {
        char c = in->raw.bytes[i];

        in->raw.bytes[i] = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
    }
    h->value_at = (uint32_t)in->raw.n;
    h->value_n = (uint32_t)value_n;
    buf_add(&in->raw, value, value_n);
    in->n_headers++;
}

/* A folded line (obsolete) goes on with the value before it. */
static void fold(struct gather *in, const char *line, size_t n)
{
    struct gather_header *h;

    while (n > 0 && is_blank(line[0])) {
        line++;
        n--;
    }
    if (in->n_headers == 0 || n + 1 > in->raw.max - in->raw.n) {
        return;
    }
    h = &in->headers[in->n_headers - 1];
    buf_add_char(&in->raw, ' ');
    buf_add(&in->raw, line, n);
    h->value_n += (uint32_t)n + 1;
}

/* Names of other bytes would be shown alike (U+FFFD): no JSON has two of one name. */
static bool is_ascii(const char *name, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (name[i] <= ' ' || name[i] == 0x7f) { /* Bytes above 127 are negative. */
            return false;
        }
    }
    return n > 0;
}

static void take_header(struct gather *in, const char *line, size_t n)
{
    const char *colon = memchr(line, ':', n);
    const char *value;
    size_t name_n;
    size_t value_n;

    if (is_blank(line[0])) {
        fold(in, line, n);
        return;
    }
    if (colon == NULL) {
        return;
    }
    name_n = (size_t)(colon - line);
    value = colon + 1;
    value_n = n - name_n - 1;
    while (value_n > 0 && is_blank(value[0])) {
        value++;
        value_n--;
    }
    while (name_n > 0 && is_blank(line[name_n - 1])) {
        name_n--;
    }
    note_framing(in, line, name_n, value, value_n);
    if (is_ascii(line, name_n)) {
        keep(in, line, name_n, value, value_n);
    }
}

bool gather_line(struct gather *in, const char *line, size_t n)
{
    if (in->is_complete) {
        return true; /* A trailer. */
    }
    while (n > 0 &&
           (line[n - 1] == '\n' || line[n - 1] == '\r' || is_blank(line[n - 1]))) {
        n--;
    }
    if (n >= 5 && strncasecmp(line, "HTTP/", 5) == 0) {
        forget_block(in); /* After an interim block, or the first of all. */
        in->status = status_of(line, n);
        return true;
    }
    if (n > 0) {
        take_header(in, line, n);
        return true;
    }
    if (in->status >= 100 && in->status <= 199) {
        forget_block(in);
        return true;
    }
    in->is_complete = in->status > 0;
    return !in->framing_is_bad;
}

bool gather_body(struct gather *in, const char *bytes, size_t n)
{
    size_t room = in->body_max - in->body.n;

    in->body_bytes += n;
    if (n > room) {
        in->is_truncated = true;
    }
    buf_add(&in->body, bytes, n < room ? n : room);
    in->is_over_cap = in->body_bytes > LIMIT_ANSWER_READ;
    return !in->is_over_cap;
}

/* ---- what is told ---------------------------------------------------------------- */

static bool is_same_name(const struct gather *in, const struct gather_header *a,
                         const struct gather_header *b)
{
    return a->name_n == b->name_n &&
           memcmp(in->raw.bytes + a->name_at, in->raw.bytes + b->name_at, a->name_n) == 0;
}

/* Has a header of this name come before headers[i]? */
static bool is_repeated(const struct gather *in, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (is_same_name(in, &in->headers[k], &in->headers[i])) {
            return true;
        }
    }
    return false;
}

static void write_value(struct gather *in, size_t i, struct buf *joined)
{
    const struct gather_header *h = &in->headers[i];
    bool is_single = true;

    for (size_t k = i + 1; k < in->n_headers; k++) {
        if (is_same_name(in, h, &in->headers[k])) {
            if (is_single) {
                buf_add(joined, in->raw.bytes + h->value_at, h->value_n);
            }
            is_single = false;
            buf_add_text(joined, ", ");
            buf_add(joined, in->raw.bytes + in->headers[k].value_at,
                    in->headers[k].value_n);
        }
    }
    if (is_single) {
        json_put_text(&in->json, in->raw.bytes + h->value_at, h->value_n);
    } else {
        json_put_text(&in->json, buf_text(joined), joined->n);
        buf_clear(joined);
    }
}

const char *gather_headers_json(struct gather *in)
{
    struct buf joined;
    bool is_first = true;

    buf_init(&joined, 2 * (size_t)LIMIT_ANSWER_HEADERS);
    buf_clear(&in->json);
    buf_add_char(&in->json, '{');
    for (size_t i = 0; i < in->n_headers; i++) {
        const struct gather_header *h = &in->headers[i];

        if (is_repeated(in, i)) {
            continue;
        }
        if (!is_first) {
            buf_add_char(&in->json, ',');
        }
        is_first = false;
        json_put_text(&in->json, in->raw.bytes + h->name_at, h->name_n);
        buf_add_char(&in->json, ':');
        write_value(in, i, &joined);
    }
    buf_add_char(&in->json, '}');
    buf_done(&joined);
    return in->json.is_over ? "{}" : buf_text(&in->json);
}

/* An HTTP-date ends in GMT and begins with a day's name; curl_getdate() alone would
 * take much else for a date. */
static uint64_t date_ms(const char *text, size_t n)
{
    char copy[64];
    time_t at;

    if (n < 20 || n >= sizeof(copy) || strncmp(text + n - 4, " GMT", 4) != 0 ||
        is_digit(text[0])) {
        return 0;
    }
    memcpy(copy, text, n);
    copy[n] = '\0';
    at = curl_getdate(copy, NULL);
    return at > 0 ? (uint64_t)at * 1000U : 0;
}

uint64_t gather_retry_after(const struct gather *in, uint64_t now_ms)
{
    const struct gather_header *found = NULL;
    const uint64_t last_ms = now_ms + RETRY_AFTER_MAX_S * 1000U;
    const char *value;
    uint64_t seconds;
    uint64_t at_ms;

    for (size_t i = 0; i < in->n_headers; i++) {
        const struct gather_header *h = &in->headers[i];

        if (is_text(in->raw.bytes + h->name_at, h->name_n, "retry-after")) {
            if (found != NULL) {
                return 0; /* Two of them: whatever was meant, it is not clear. */
            }
            found = h;
        }
    }
    if (found == NULL) {
        return 0;
    }
    value = in->raw.bytes + found->value_at;
    if (read_length(value, found->value_n, &seconds)) {
        return seconds > RETRY_AFTER_MAX_S ? last_ms : now_ms + seconds * 1000U;
    }
    at_ms = date_ms(value, found->value_n);
    if (at_ms > last_ms) {
        return last_ms;
    }
    return at_ms > now_ms ? at_ms : 0;
}
