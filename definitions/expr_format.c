/* expr_format.c - the functions of expr_string.h that change the form of a value. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"
#include "definitions/expr_run.h"
#include "definitions/expr_string.h"

/* ---- JSON ------------------------------------------------------------------ */

struct expr_value *expr_to_json(struct expr_run *r, struct expr_value *v,
                                struct expr_value *none)
{
    struct expr_value *made = NULL;
    struct buf text;

    (void)none;
    buf_init(&text, EXPR_RESULT_MAX);
    if (expr_print(r, v, true, &text) && expr_spend_bytes(r, text.n)) {
        made = expr_string(r, arena_copy(r->scratch, buf_text(&text), text.n), text.n);
    }
    buf_done(&text);
    return made;
}

struct expr_value *expr_to_string(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *none)
{
    return v->kind == JSON_KIND_STRING ? v : expr_to_json(r, v, none);
}

/* JSON, but for the house's own limits. */
static bool is_loose_json(const struct expr_value *v)
{
    json_t *tree = json_loadb(
        v->bytes, v->n, JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, NULL);

    json_decref(tree);
    return tree != NULL;
}

struct expr_value *expr_from_json(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *none)
{
    char shown[EXPR_SHOWN_MAX];
    struct err_info info = {{0}};
    json_t *tree;

    (void)none;
    if (v->kind != JSON_KIND_STRING) {
        expr_fail(r, "fromjson needs a string, not %s", expr_describe(r, v, shown));
        return NULL;
    }
    if (!expr_spend_bytes(r, v->n)) {
        return NULL;
    }
    if (json_read(v->bytes, v->n, &tree, &info) != ERR_OK) {
        /* Doubled names, depth and large integers are fine with jq. */
        (is_loose_json(v) ? expr_fail_fatal : expr_fail)(
            r, "fromjson cannot read %s: %s", expr_describe(r, v, shown),
            expr_is_hidden(r) ? "it is no JSON" : info.text);
        return NULL;
    }
    json_decref(tree);
    return expr_from_span(r, json_span_of(v->bytes, v->n));
}

/* A number as JSON writes it: others mean different things in jq's versions. */
static bool is_number(const struct expr_value *v)
{
    size_t i = v->n > 0 && v->bytes[0] == '-' ? 1 : 0;

    return v->n > i && v->bytes[i] >= '0' && v->bytes[i] <= '9' &&
           v->bytes[v->n - 1] > ' ' && json_is_valid(v->bytes, v->n);
}

/* What jq, or some version of it, takes for a number all the same: " 1", "+1", ".5". */
static bool is_loose_number(struct expr_run *r, const struct expr_value *v)
{
    const char *text = arena_copy(r->scratch, v->bytes, v->n);
    char *end;

    (void)strtod(text, &end); /* Only how far it reads. */
    return v->n > 0 && end != text &&
           text[strspn(end, " \t\r\n") + (size_t)(end - text)] == '\0';
}

struct expr_value *expr_to_number(struct expr_run *r, struct expr_value *v,
                                  struct expr_value *none)
{
    char shown[EXPR_SHOWN_MAX];

    (void)none;
    if (v->kind == JSON_KIND_NUMBER) {
        return v;
    }
    if (v->kind != JSON_KIND_STRING) {
        expr_fail(r, "%s is not a number", expr_describe(r, v, shown));
        return NULL;
    }
    if (!expr_spend_bytes(r, v->n)) {
        return NULL;
    }
    if (!is_number(v)) {
        (is_loose_number(r, v) ? expr_fail_fatal : expr_fail)(r, "%s is not a number",
                                                              expr_describe(r, v, shown));
        return NULL;
    }
    return expr_from_span(r, json_span_of(v->bytes, v->n));
}

/* ---- @uri ------------------------------------------------------------------ */

static bool is_unreserved(unsigned char c) /* RFC 3986, 2.3 */
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_' || c == '.' || c == '~';
}

struct expr_value *expr_uri(struct expr_run *r, struct expr_value *v,
                            struct expr_value *none)
{
    static const char hex[] = "0123456789ABCDEF";
    const struct expr_value *text = expr_to_string(r, v, none);
    char *bytes;
    size_t n = 0;

    if (text == NULL || !expr_spend_bytes(r, text->n * 3)) {
        return NULL;
    }
    bytes = arena_take(r->scratch, text->n * 3 + 1);
    for (size_t i = 0; i < text->n; i++) {
        const unsigned char c = (unsigned char)text->bytes[i];

        if (is_unreserved(c)) {
            bytes[n++] = (char)c;
        } else {
            bytes[n++] = '%';
            bytes[n++] = hex[c >> 4];
            bytes[n++] = hex[c & 15];
        }
    }
    return expr_string(r, bytes, n);
}

/* ---- base64 ---------------------------------------------------------------- */

struct expr_value *expr_base64(struct expr_run *r, struct expr_value *v,
                               struct expr_value *none)
{
    const struct expr_value *text = expr_to_string(r, v, none);
    size_t room;
    char *bytes;

    if (text == NULL || !expr_spend_bytes(r, text->n / 3 * 4 + 4)) {
        return NULL;
    }
    room = sodium_base64_ENCODED_LEN(text->n, sodium_base64_VARIANT_ORIGINAL);
    bytes = arena_take(r->scratch, room);
    (void)sodium_bin2base64(bytes, room, (const unsigned char *)text->bytes, text->n,
                            sodium_base64_VARIANT_ORIGINAL); /* Room is right. */
    return expr_string(r, bytes, room - 1);
}

/* How many bytes of what is no character jq takes for one: those that its first byte
 * announces, up to one that cannot follow; at the end of the text, all that are left. */
static size_t spoilt_length(const char *text, size_t n)
{
    const unsigned char *at = (const unsigned char *)text;
    size_t wanted = 1;

    if (at[0] >= 0xc2 && at[0] <= 0xf4) {
        wanted = at[0] < 0xe0 ? 2 : (at[0] < 0xf0 ? 3 : 4);
    }
    if (wanted > n) {
        return n;
    }
    for (size_t i = 1; i < wanted; i++) {
        if ((at[i] & 0xc0U) != 0x80) {
            return i;
        }
    }
    return wanted;
}

/* Bytes as UTF-8: what is none becomes U+FFFD. */
static void put_characters(struct buf *out, const char *bytes, size_t n)
{
    for (size_t i = 0; i < n;) {
        const size_t length = utf8_length(bytes + i, n - i);

        if (length > 0) {
            buf_add(out, bytes + i, length);
            i += length;
        } else {
            buf_add_text(out, "\xef\xbf\xbd");
            i += spoilt_length(bytes + i, n - i);
        }
    }
}

static struct expr_value *string_of_bytes(struct expr_run *r, const char *bytes, size_t n)
{
    struct expr_value *made = NULL;
    struct buf characters;
    struct buf text;

    if (memchr(bytes, '\0', n) != NULL) {
        expr_fail_fatal(
            r, "@base64d gives a text with a zero byte, which no JSON here holds");
        return NULL;
    }
    buf_init(&characters, n * 3 + 1);
    put_characters(&characters, bytes, n);
    buf_init(&text, n * 6 + 2);
    json_put_text(&text, buf_text(&characters), characters.n);
    buf_done(&characters);
    made = expr_from_span(
        r, (struct json_span){arena_copy(r->scratch, buf_text(&text), text.n), text.n});
    buf_done(&text);
    return made;
}

/* What six bits a character stands for; 64: none. */
static unsigned sextet(char c)
{
    static const char letters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = strchr(letters, c);

    return at == NULL ? 64 : (unsigned)(at - letters);
}

/* n characters without padding; bits left over are dropped, as jq does it (libsodium
 * is stricter). False: it is not base64. */
static bool decode(const char *text, size_t n, char *out, size_t *out_n)
{
    unsigned bits = 0;
    size_t at = 0;

    for (size_t i = 0; i < n; i++) {
        const unsigned value = sextet(text[i]);

        if (value == 64) {
            return false;
        }
        bits = (bits << 6) | value;
        if (i % 4 != 0) { /* The second, third and fourth complete a byte. */
            out[at] = (char)((bits >> (6 - 2 * (i % 4))) & 0xffU);
            at++;
        }
    }
    *out_n = at;
    return n % 4 != 1;
}

struct expr_value *expr_base64_decode(struct expr_run *r, struct expr_value *v,
                                      struct expr_value *none)
{
    char shown[EXPR_SHOWN_MAX];
    const struct expr_value *text = expr_to_string(r, v, none);
    const char *padding;
    char *bytes;
    size_t n;

    if (text == NULL || !expr_spend_bytes(r, text->n)) {
        return NULL;
    }
    padding = text->n == 0 ? NULL : memchr(text->bytes, '=', text->n);
    n = padding == NULL ? text->n : (size_t)(padding - text->bytes);
    bytes = arena_take(r->scratch, n + 1);
    if (!decode(text->bytes, n, bytes, &n)) {
        expr_fail(r, "%s is not base64", expr_describe(r, text, shown));
        return NULL;
    }
    /* jq stops at the first = and does not care what follows. */
    for (; padding != NULL && padding < text->bytes + text->n; padding++) {
        if (*padding != '=' || text->bytes + text->n - padding > 2) {
            expr_fail_fatal(r, "%s has something behind the end of its base64",
                            expr_describe(r, text, shown));
            return NULL;
        }
    }
    return string_of_bytes(r, bytes, n);
}
