/* sse.c - see sse.h. */
#include "programs/sagactl/sse.h"

#include <stdio.h>
#include <string.h>

#define DATA_MAX ((size_t)4 * 1024 * 1024)

void sse_event_init(struct sse_event *e)
{
    *e = (struct sse_event){.name = ""};
    buf_init(&e->data, DATA_MAX);
}

void sse_event_done(struct sse_event *e)
{
    buf_done(&e->data);
}

static void drop_front(struct buf *b, size_t n)
{
    memmove(b->bytes, b->bytes + n, b->n - n);
    b->n -= n;
    b->bytes[b->n] = '\0';
}

/* The bytes of a line up to its end; *whole: with its end, 0 when that has not come. */
static size_t line_at(const char *at, size_t n, size_t *whole)
{
    size_t length = 0;

    while (length < n && at[length] != '\n' && at[length] != '\r') {
        length++;
    }
    *whole = 0;
    if (length < n && at[length] == '\n') {
        *whole = length + 1;
    } else if (length + 1 < n) { /* A CR; what follows tells whether an LF is its. */
        *whole = length + (at[length + 1] == '\n' ? 2 : 1);
    }
    return length;
}

static bool is_field(const char *line, size_t n, const char *name, const char **value,
                     size_t *value_n)
{
    const size_t length = strlen(name);

    if (n < length || memcmp(line, name, length) != 0 ||
        (n > length && line[length] != ':')) {
        return false;
    }
    *value = line + length;
    *value_n = n - length;
    for (size_t i = 0; i < 2 && *value_n > 0 && **value == (i == 0 ? ':' : ' '); i++) {
        (*value)++;
        (*value_n)--;
    }
    return true;
}

static void take_line(const char *line, size_t n, struct sse_event *e)
{
    const char *value;
    size_t value_n;

    if (is_field(line, n, "data", &value, &value_n)) {
        if (e->data.n > 0) {
            buf_add_char(&e->data, '\n');
        }
        buf_add(&e->data, value, value_n);
    } else if (is_field(line, n, "event", &value, &value_n)) {
        (void)snprintf(e->name, sizeof(e->name), "%.*s", (int)value_n, value);
    } else if (is_field(line, n, "id", &value, &value_n)) {
        (void)snprintf(e->id, sizeof(e->id), "%.*s", (int)value_n, value);
    }
}

bool sse_next(struct buf *bytes, struct sse_event *out)
{
    size_t at = 0;
    size_t whole;

    buf_clear(&out->data);
    out->name[0] = '\0';
    out->id[0] = '\0';
    while (at < bytes->n) {
        size_t n = line_at(bytes->bytes + at, bytes->n - at, &whole);

        if (whole == 0) {
            return false;
        }
        take_line(bytes->bytes + at, n, out);
        at += whole;
        if (n > 0) {
            continue;
        }
        drop_front(bytes, at);
        at = 0;
        if (out->data.n > 0 || out->name[0] != '\0') {
            if (out->name[0] == '\0') {
                (void)snprintf(out->name, sizeof(out->name), "message");
            }
            return true;
        }
    }
    return false;
}
