/* page.c - see page.h. */
#include "adminapi/page.h"

#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "adminapi/answer.h"
#include "base/hash.h"
#include "base/limits.h"

#define CURSOR_MAX 512
#define HASH_TEXT 16 /* Hex digits that lead a cursor's inside. */

bool page_number(const char *text, uint64_t *out)
{
    uint64_t value = 0;

    if (*text == '\0' || strlen(text) > 18) {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (uint64_t)(*text - '0');
    }
    *out = value;
    return true;
}

static bool is_paging(const char *name)
{
    return strcmp(name, "limit") == 0 || strcmp(name, "cursor") == 0 ||
           strcmp(name, "count") == 0;
}

/* Of path and filters, in whatever order they were written. */
static uint64_t hash_of_question(const struct request *r)
{
    uint64_t hash = hash_bytes(r->target.path, strlen(r->target.path));

    for (size_t i = 0; i < r->target.n_parameters; i++) {
        const struct target_parameter *p = &r->target.parameters[i];

        if (!is_paging(p->name)) {
            hash += hash_mix(hash_bytes(p->name, strlen(p->name)),
                             hash_bytes(p->value, strlen(p->value)));
        }
    }
    return hash;
}

/* ---- reading
 * --------------------------------------------------------------------------- */

static bool read_limit(struct request *r, size_t *out)
{
    const char *text = target_find(&r->target, "limit");
    uint64_t n = LIMIT_PAGE;

    if (text != NULL && (!page_number(text, &n) || n < 1 || n > LIMIT_PAGE_MAX)) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST, "limit must be a number from 1 to %d",
                      LIMIT_PAGE_MAX);
        return false;
    }
    *out = (size_t)n;
    return true;
}

/* What stands behind the hash, or NULL: not a cursor of this list. */
static const char *open_cursor(struct request *r, const char *cursor)
{
    char inside[CURSOR_MAX];
    char hash[HASH_TEXT + 1];
    size_t n;

    if (sodium_base642bin((unsigned char *)inside, sizeof(inside) - 1, cursor,
                          strlen(cursor), NULL, &n, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0 ||
        n <= HASH_TEXT) {
        return NULL;
    }
    inside[n] = '\0';
    (void)snprintf(hash, sizeof(hash), "%016" PRIx64, hash_of_question(r));
    if (memcmp(inside, hash, HASH_TEXT) != 0) {
        return NULL;
    }
    return arena_text(r->arena, inside + HASH_TEXT);
}

bool page_read(struct request *r, bool is_number, struct page *out)
{
    const char *cursor = target_find(&r->target, "cursor");

    *out = (struct page){.after = NULL};
    if (!read_limit(r, &out->limit)) {
        return false;
    }
    if (cursor == NULL) {
        return true;
    }
    out->after = open_cursor(r, cursor);
    if (out->after == NULL ||
        (is_number && !page_number(out->after, &out->after_number))) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST,
                      "The cursor does not belong to this list and filter");
        return false;
    }
    return true;
}

/* ---- writing
 * ----------------------------------------------------------------------------- */

static const char *make_cursor(struct request *r, const char *last)
{
    char inside[CURSOR_MAX];
    char cursor[CURSOR_MAX * 2];
    const int n =
        snprintf(inside, sizeof(inside), "%016" PRIx64 "%s", hash_of_question(r), last);

    (void)sodium_bin2base64(cursor, sizeof(cursor), (const unsigned char *)inside,
                            (size_t)n, sodium_base64_VARIANT_URLSAFE_NO_PADDING);
    return arena_text(r->arena, cursor);
}

/* The same request with another cursor. */
static void put_link(struct request *r, const char *cursor)
{
    const char *at = strchr(r->raw_target, '?');
    struct buf link;

    buf_init(&link, 32768);
    buf_printf(&link, "<%s?", r->target.path);
    for (at = at != NULL ? at + 1 : ""; *at != '\0';) {
        const size_t n = strcspn(at, "&");

        if (n > 0 && strncmp(at, "cursor=", 7) != 0) {
            buf_add(&link, at, n);
            buf_add_char(&link, '&');
        }
        at += n + (at[n] == '&' ? 1 : 0);
    }
    buf_printf(&link, "cursor=%s>; rel=\"next\"", cursor);
    answer_header(r, "Link", arena_text(r->arena, buf_text(&link)));
    buf_done(&link);
}

void page_close(struct request *r, struct json_out *o, const char *last)
{
    const char *cursor = last != NULL ? make_cursor(r, last) : NULL;

    json_close_array(o);
    json_put(o, "next", cursor);
    json_close_object(o);
    if (cursor != NULL) {
        put_link(r, cursor);
    }
}
