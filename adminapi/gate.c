/* gate.c - see gate.h. */
#include "adminapi/gate.h"

#include <string.h>
#include <strings.h>

/* tchar of RFC 9110. */
static bool is_token_char(unsigned char c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool is_token(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!is_token_char((unsigned char)text[i])) {
            return false;
        }
    }
    return n > 0;
}

static bool is_named(const struct gate_header *h, const char *name)
{
    return h->name_n == strlen(name) && strncasecmp(h->name, name, h->name_n) == 0;
}

/* ---- target ----------------------------------------------------------------- */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return -1;
}

/* The byte at text, decoded; *n_out bytes long. -1: not a percent-encoding. */
static int decoded(const char *text, size_t *n_out)
{
    int high;
    int low;

    *n_out = 1;
    if (text[0] != '%') {
        return (unsigned char)text[0];
    }
    high = hex_digit(text[1]);
    low = high < 0 ? -1 : hex_digit(text[2]);
    *n_out = 3;
    return low < 0 ? -1 : high * 16 + low;
}

static const char *check_path_byte(const char *at, int byte)
{
    if (byte == '\\' || (byte == '/' && at[0] == '%')) {
        return "The path holds an encoded slash or a backslash";
    }
    return NULL;
}

/* Walks the target byte by byte; dots counts a segment that is dots so far, or is 9. */
static const char *check_target_bytes(const char *target)
{
    bool is_path = true;
    unsigned dots = 9;

    for (size_t i = 0, n; target[i] != '\0'; i += n) {
        const int byte = decoded(target + i, &n);
        const unsigned char c = (unsigned char)target[i];

        if (c <= 0x20 || c >= 0x7f || c == '#') {
            return "The target holds a byte that must be encoded";
        }
        if (byte < 0) {
            return "The target holds a percent sign that encodes nothing";
        }
        if (byte == 0) {
            return "The target holds an encoded NUL";
        }
        if (!is_path) {
            continue;
        }
        if (c == '/' || c == '?') {
            if (dots == 1 || dots == 2) {
                return "The path holds a segment that is only dots";
            }
            dots = 0;
            is_path = c != '?';
            continue;
        }
        if (check_path_byte(target + i, byte) != NULL) {
            return check_path_byte(target + i, byte);
        }
        dots = byte == '.' && dots < 3 ? dots + 1 : 9;
    }
    return is_path && (dots == 1 || dots == 2)
               ? "The path holds a segment that is only dots"
               : NULL;
}

static const char *check_target(const char *target)
{
    if (strlen(target) > GATE_TARGET_MAX) {
        return "The target is too long";
    }
    if (target[0] != '/') {
        return "The target must begin with a slash";
    }
    return check_target_bytes(target);
}

/* ---- headers ---------------------------------------------------------------- */

static const char *check_header(const struct gate_header *h)
{
    if (!is_token(h->name, h->name_n)) {
        return "A header's name is not a token";
    }
    for (size_t i = 0; i < h->value_n; i++) {
        const unsigned char c = (unsigned char)h->value[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) {
            return "A header's value holds a control character";
        }
    }
    return NULL;
}

static bool is_digits(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
    }
    return n > 0 && n <= 19;
}

/* The characters of RFC 3986 for a host and its port: a name with a blank, a slash or an
 * @ is one that two readers read in two ways. */
static const char *check_host(const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const char c = text[i];

        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
              (c >= 'a' && c <= 'z') ||
              (c != '\0' && strchr("-._~%!$&'()*+;=[]:", c) != NULL))) {
            return "The Host header is not a host";
        }
    }
    return n == 0 ? "The Host header is empty" : NULL;
}

/* The length without the blanks at the end, which libmicrohttpd leaves. */
static size_t trimmed(const struct gate_header *h)
{
    size_t n = h->value_n;

    while (n > 0 && (h->value[n - 1] == ' ' || h->value[n - 1] == '\t')) {
        n--;
    }
    return n;
}

/* How often the headers that may come once have come. */
struct gate_counts {
    unsigned hosts, lengths, encodings, authorizations, types, keys;
};

static const char *count_header(const struct gate_header *h, struct gate_counts *counts)
{
    if (is_named(h, "Host")) {
        counts->hosts++;
        return check_host(h->value, trimmed(h));
    }
    if (is_named(h, "Content-Length")) {
        counts->lengths++;
        return is_digits(h->value, h->value_n) ? NULL
                                               : "The Content-Length is not a number";
    }
    if (is_named(h, "Transfer-Encoding")) {
        counts->encodings++;
        return h->value_n == 7 && strncasecmp(h->value, "chunked", 7) == 0
                   ? NULL
                   : "The Transfer-Encoding is not chunked";
    }
    counts->authorizations += is_named(h, "Authorization") ? 1 : 0;
    counts->types += is_named(h, "Content-Type") ? 1 : 0;
    counts->keys += is_named(h, "Idempotency-Key") ? 1 : 0;
    return NULL;
}

static const char *check_counts(const struct gate_counts *counts, bool is_http10)
{
    if (counts->hosts != 1) {
        return "A request has exactly one Host header";
    }
    if (counts->lengths + counts->encodings > 1) {
        return "The request says in more than one way how long its body is";
    }
    if (counts->encodings > 0 && is_http10) {
        return "HTTP/1.0 has no Transfer-Encoding";
    }
    if (counts->authorizations > 1 || counts->types > 1 || counts->keys > 1) {
        return "A header that may come once has come twice";
    }
    return NULL;
}

const char *gate_check(const struct gate_request *r)
{
    struct gate_counts counts = {0};
    const bool is_http10 = strcmp(r->version, "HTTP/1.0") == 0;
    const char *wrong = check_target(r->target);

    if (wrong != NULL) {
        return wrong;
    }
    if (!is_token(r->method, strlen(r->method))) {
        return "The method is not a token";
    }
    if (!is_http10 && strcmp(r->version, "HTTP/1.1") != 0) {
        return "The version is not HTTP/1.1";
    }
    for (size_t i = 0; i < r->n_headers; i++) {
        wrong = check_header(&r->headers[i]);
        if (wrong == NULL) {
            wrong = count_header(&r->headers[i], &counts);
        }
        if (wrong != NULL) {
            return wrong;
        }
    }
    return check_counts(&counts, is_http10);
}

size_t gate_bytes(const struct gate_request *r)
{
    size_t n = strlen(r->method) + strlen(r->target) + strlen(r->version) + 6;

    for (size_t i = 0; i < r->n_headers; i++) {
        n += r->headers[i].name_n + r->headers[i].value_n + 4;
    }
    return n;
}

/* ---- lines ------------------------------------------------------------------- */

static bool is_line_end(const char *at)
{
    return at[0] == '\0' && at[1] == '\0'; /* CR LF, both overwritten. */
}

/* Does the header begin at `at`? Gives where the next line begins, or NULL. */
static const char *line_after(const char *at, const struct gate_header *h)
{
    if (h->name != at || h->name[h->name_n] != '\0') {
        return NULL;
    }
    for (at = h->name + h->name_n + 1; at < h->value; at++) {
        if (*at != ' ' && *at != '\t') {
            return NULL;
        }
    }
    if (at != h->value || !is_line_end(h->value + h->value_n)) {
        return NULL;
    }
    return h->value + h->value_n + 2;
}

const char *gate_check_lines(const struct gate_request *r, const char *target_at)
{
    const char *at;

    if (r->method + strlen(r->method) + 1 != target_at ||
        r->version != target_at + strlen(r->target) + 1) {
        return "The request line is not three words with one space between";
    }
    at = r->version + strlen(r->version);
    if (!is_line_end(at)) {
        return "The request line does not end in CR LF";
    }
    at += 2;
    for (size_t i = 0; i < r->n_headers; i++) {
        at = line_after(at, &r->headers[i]);
        if (at == NULL) {
            return "A header line is folded, holds a NUL or does not end in CR LF";
        }
    }
    return is_line_end(at) ? NULL : "The headers do not end in an empty line";
}
