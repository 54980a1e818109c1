/* preference.c - see preference.h. */
#include "adminapi/preference.h"

#include <string.h>
#include <strings.h>

#include "adminapi/answer.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"

#define KEY_MAX 255 /* Bytes of an Idempotency-Key. */

/* ---- Prefer ----------------------------------------------------------------------- */

/* "10", "\"10\"": a whole number at text, capped. */
static bool read_seconds(const char *text, size_t n, uint32_t *out)
{
    uint32_t value = 0;

    if (n >= 2 && text[0] == '"' && text[n - 1] == '"') {
        text++;
        n -= 2;
    }
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        value = value > LIMIT_WAIT_S ? value : value * 10 + (uint32_t)(text[i] - '0');
    }
    *out = value > LIMIT_WAIT_S ? LIMIT_WAIT_S : value;
    return n > 0;
}

bool preference_wait(const char *prefer, uint32_t *seconds_out)
{
    while (prefer != NULL && *prefer != '\0') {
        size_t n;

        prefer += strspn(prefer, " \t,;");
        n = strcspn(prefer, ",; \t");
        if (n > 5 && strncasecmp(prefer, "wait=", 5) == 0) {
            return read_seconds(prefer + 5, n - 5, seconds_out);
        }
        prefer += n;
    }
    return false;
}

void preference_applied(struct request *r, bool has_wait, uint32_t seconds)
{
    answer_header(r, "Vary", "Prefer");
    if (has_wait) {
        answer_header(r, "Preference-Applied",
                      arena_printf(r->arena, "wait=%u", (unsigned)seconds));
    }
}

/* ---- Idempotency-Key ----------------------------------------------------------------
 */

/* A quoted string's characters (RFC 8941), or NULL. */
static const char *unquoted(struct arena *a, const char *text)
{
    const size_t n = strlen(text);
    char *out = arena_take(a, n + 1);
    size_t used = 0;

    if (n < 2 || text[n - 1] != '"') {
        return NULL;
    }
    for (size_t i = 1; i + 1 < n; i++) {
        if (text[i] == '"') {
            return NULL;
        }
        if (text[i] == '\\') {
            i++;
            if (i + 1 >= n || (text[i] != '"' && text[i] != '\\')) {
                return NULL;
            }
        }
        out[used++] = text[i];
    }
    return out;
}

static bool is_printable(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text < 0x20 || *text == 0x7f) { /* Bytes above 127 are negative. */
            return false;
        }
    }
    return true;
}

static const char *read_key(struct arena *a, const char *header)
{
    const char *key = header[0] == '"' ? unquoted(a, header) : header;

    if (key == NULL || key[0] == '\0' || strlen(key) > KEY_MAX || !is_printable(key)) {
        return NULL;
    }
    return key;
}

/* Bodies that mean the same are the same request. The body was accepted by json_read().
 */
static const char *hash_of(struct request *r, struct json_span body)
{
    struct buf canonical;
    char hash[HASH_HEX];

    buf_init(&canonical, r->body.max * 2);
    if (body.n > 0) {
        json_canonical(body, &canonical);
    }
    hash_content(buf_text(&canonical), canonical.n, hash);
    buf_done(&canonical);
    return arena_text(r->arena, hash);
}

bool preference_replay(struct request *r)
{
    struct command *c = &r->command;
    const char *key;

    if (r->headers.idempotency_key == NULL || c->replay_key != NULL) {
        return true;
    }
    key = read_key(r->arena, r->headers.idempotency_key);
    if (key == NULL) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST,
                      "The Idempotency-Key must be 1 to %d printable ASCII characters, "
                      "quoted or bare",
                      KEY_MAX);
        return false;
    }
    c->replay_scope =
        arena_printf(r->arena, "%s %s %s", r->actor, r->method, r->target.path);
    c->replay_key = key;
    c->replay_hash = hash_of(r, json_span_of(buf_text(&r->body), r->body.n));
    return true;
}

void preference_replay_part(struct request *r, const struct command *whole, size_t place,
                            struct json_span part)
{
    struct command *c = &r->command;

    if (whole->replay_key != NULL) {
        c->replay_scope = whole->replay_scope;
        c->replay_key = arena_printf(r->arena, "%s#%zu", whole->replay_key, place);
        c->replay_hash = hash_of(r, part);
    }
}

/* ---- conditions
 * ------------------------------------------------------------------------ */

bool preference_has_tag(const char *list, const char *tag, bool is_weak)
{
    const size_t tag_n = strlen(tag);

    while (*list != '\0') {
        const char *end;
        bool is_weak_tag;

        list += strspn(list, " \t,");
        if (*list == '*') {
            return true;
        }
        is_weak_tag = strncmp(list, "W/", 2) == 0;
        list += is_weak_tag ? 2 : 0;
        end = *list == '"' ? strchr(list + 1, '"') : NULL;
        if (end == NULL) {
            return false;
        }
        if ((is_weak || !is_weak_tag) && (size_t)(end - list - 1) == tag_n &&
            memcmp(list + 1, tag, tag_n) == 0) {
            return true;
        }
        list = end + 1;
    }
    return false;
}
