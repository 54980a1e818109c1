/* target.c - see target.h. */
#include "adminapi/target.h"

#include <string.h>

static unsigned hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return (unsigned)(c - '0');
    }
    return (unsigned)((c | 0x20) - 'a') + 10;
}

char *target_decode(const char *text, size_t n, bool is_query, struct arena *a)
{
    char *out = arena_take(a, n + 1);
    size_t used = 0;

    for (size_t i = 0; i < n; i++) {
        char c = text[i];

        if (c == '%' && i + 2 < n) {
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else if (c == '+' && is_query) {
            c = ' ';
        }
        out[used++] = c;
    }
    out[used] = '\0';
    return out;
}

static void read_path(const char *text, size_t n, struct arena *a, struct target *out)
{
    size_t from = 1; /* Behind the first slash. */

    while (from <= n) {
        const char *slash = memchr(text + from, '/', n - from);
        const size_t end = slash != NULL ? (size_t)(slash - text) : n;

        if (out->n_segments == TARGET_SEGMENTS_MAX) {
            out->is_deep = true;
            return;
        }
        out->segments[out->n_segments++] =
            target_decode(text + from, end - from, false, a);
        from = end + 1;
    }
}

static void read_parameter(const char *text, size_t n, struct arena *a,
                           struct target *out)
{
    const char *equals = memchr(text, '=', n);
    const size_t name_n = equals != NULL ? (size_t)(equals - text) : n;
    const size_t value_at = equals != NULL ? name_n + 1 : n;
    struct target_parameter *p;

    if (out->n_parameters == TARGET_PARAMETERS_MAX) {
        out->is_wide = true;
        return;
    }
    p = &out->parameters[out->n_parameters++];
    p->name = target_decode(text, name_n, true, a);
    p->raw = arena_copy(a, text + value_at, n - value_at);
    p->value = target_decode(text + value_at, n - value_at, true, a);
}

static void read_query(const char *text, struct arena *a, struct target *out)
{
    while (*text != '\0') {
        const size_t n = strcspn(text, "&");

        if (n > 0) {
            read_parameter(text, n, a, out);
        }
        text += n + (text[n] == '&' ? 1 : 0);
    }
}

void target_read(const char *text, struct arena *a, struct target *out)
{
    const size_t path_n = strcspn(text, "?");

    out->path = arena_copy(a, text, path_n);
    out->n_segments = 0;
    out->n_parameters = 0;
    out->is_deep = false;
    out->is_wide = false;
    read_path(text, path_n, a, out);
    if (text[path_n] == '?') {
        read_query(text + path_n + 1, a, out);
    }
}

const char *target_find(const struct target *t, const char *name)
{
    for (size_t i = 0; i < t->n_parameters; i++) {
        if (strcmp(t->parameters[i].name, name) == 0) {
            return t->parameters[i].value;
        }
    }
    return NULL;
}
