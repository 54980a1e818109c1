/* redact.c - see redact.h. */
#include "adminapi/redact.h"

#include <string.h>
#include <strings.h>

#include "definitions/secret_header.h"

#define PATHS_MAX 64 /* Paths followed at once; a definition has fewer. */

struct rests { /* What is left of each path that leads here; "" would be the value. */
    const char *items[PATHS_MAX];
    size_t n;
};

/* The paths that lead through `name` (n bytes). True: one of them ends there. */
static bool follow(const struct rests *from, struct json_span name, struct rests *out)
{
    bool is_hidden = false;

    out->n = 0;
    for (size_t i = 0; i < from->n; i++) {
        const char *rest = from->items[i];
        const size_t n = strcspn(rest, ".");

        if (!json_span_is_text(name, rest, n)) {
            continue;
        }
        if (rest[n] == '\0') {
            is_hidden = true;
        } else {
            out->items[out->n++] = rest + n + 1;
        }
    }
    return is_hidden;
}

static void put_name(struct json_out *o, struct json_span name)
{
    struct buf plain;

    buf_init(&plain, name.n);
    json_span_unescape(name, &plain);
    json_key(o, buf_text(&plain));
    buf_done(&plain);
}

/* Recursion is bounded by JSON_DEPTH_MAX: the value was accepted by json_read(). */
static void put_value(struct json_out *o, const struct rests *rests,
                      struct json_span value)
{
    const enum json_kind kind = json_span_kind(value);
    struct json_walk walk = json_walk_of(value);
    struct json_span name;
    struct json_span member;

    if (rests->n == 0 || (kind != JSON_KIND_OBJECT && kind != JSON_KIND_ARRAY)) {
        json_raw(o, value);
        return;
    }
    if (kind == JSON_KIND_ARRAY) { /* A path goes through all elements. */
        json_open_array(o);
        while (json_walk_next(&walk, NULL, &member)) {
            put_value(o, rests, member);
        }
        json_close_array(o);
        return;
    }
    json_open_object(o);
    while (json_walk_next(&walk, &name, &member)) {
        struct rests deeper;

        put_name(o, name);
        if (follow(rests, name, &deeper)) {
            json_text(o, REDACT_TEXT);
        } else {
            put_value(o, &deeper, member);
        }
    }
    json_close_object(o);
}

/* The paths that lead to or through place. True: one hides all of it. */
static bool begin(const struct redact *redact, const char *place, struct rests *out)
{
    const size_t n = strlen(place);
    bool is_hidden = false;

    out->n = 0;
    for (size_t i = 0; i < redact->n; i++) {
        const char *path = redact->paths[i];

        if (strncmp(path, place, n) != 0) {
            continue;
        }
        if (path[n] == '\0') {
            is_hidden = true;
        } else if (path[n] == '.' && out->n < PATHS_MAX) {
            out->items[out->n++] = path + n + 1;
        } else if (path[n] == '.') { /* More than can be followed: rather too much. */
            is_hidden = true;
        }
    }
    return is_hidden;
}

void redact_json(struct json_out *o, const struct redact *redact, const char *place,
                 struct json_span value)
{
    struct rests rests;

    if (value.at == NULL) {
        json_nothing(o);
    } else if (begin(redact, place, &rests)) {
        json_text(o, REDACT_TEXT);
    } else {
        put_value(o, &rests, value);
    }
}

void redact_body(struct json_out *o, const struct redact *redact, const char *place,
                 const char *bytes, size_t n, bool is_truncated)
{
    struct rests rests;

    if (bytes == NULL) {
        json_nothing(o);
    } else if (!is_truncated && json_is_valid(bytes, n)) {
        redact_json(o, redact, place, json_span_of(bytes, n));
    } else if (begin(redact, place, &rests) || rests.n > 0) {
        json_text(o, REDACT_TEXT);
    } else {
        json_text_n(o, bytes, n);
    }
}

/* ---- headers
 * --------------------------------------------------------------------------- */

bool redact_hides_header(const struct redact *redact, const char *place, const char *name)
{
    struct rests rests;

    if (secret_header(name) || begin(redact, place, &rests)) {
        return true;
    }
    for (size_t i = 0; i < rests.n; i++) {
        if (strcasecmp(rests.items[i], name) == 0) {
            return true;
        }
    }
    return false;
}
