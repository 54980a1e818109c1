/* buf.c - see buf.h. */
#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FIRST_ROOM_BYTES 256 /* Most texts fit; one allocation for them. */

void buf_init(struct buf *b, size_t max_bytes)
{
    assert(max_bytes < SIZE_MAX / 2); /* So that doubling and the NUL never wrap. */
    *b = (struct buf){.max = max_bytes};
}

void buf_done(struct buf *b)
{
    free(b->bytes);
    *b = (struct buf){.max = b->max};
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->is_over = false;
    if (b->bytes != NULL) {
        b->bytes[0] = '\0';
    }
}

/* Room for n bytes in all and the NUL; n is at most b->max. */
static void make_room(struct buf *b, size_t n)
{
    size_t room = b->room > 0 ? b->room : FIRST_ROOM_BYTES;

    if (n < b->room) {
        return;
    }
    while (room <= n) {
        room *= 2;
    }
    if (room > b->max + 1) {
        room = b->max + 1;
    }
    b->bytes = mem_grow(b->bytes, room);
    b->room = room;
}

void buf_add(struct buf *b, const void *bytes, size_t n)
{
    if (n > b->max - b->n) {
        n = b->max - b->n;
        b->is_over = true;
    }
    if (n == 0) {
        return;
    }
    make_room(b, b->n + n);
    memcpy(b->bytes + b->n, bytes, n);
    b->n += n;
    b->bytes[b->n] = '\0';
}

void buf_add_text(struct buf *b, const char *text)
{
    buf_add(b, text, strlen(text));
}

/* The part of a formatted text that did not fit the stack of buf_printf(). */
__attribute__((format(printf, 2, 0))) static void add_long(struct buf *b, const char *fmt,
                                                           va_list args, size_t n)
{
    char *text = mem_alloc(n + 1);

    (void)vsnprintf(text, n + 1, fmt, args); /* Its length is known: n. */
    buf_add(b, text, n);
    free(text);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    char text[512];
    va_list args;
    va_list again;
    int n;

    va_start(args, fmt);
    va_copy(again, args);
    n = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    assert(n >= 0); /* Only a bad format or a wide character could do that. */
    if ((size_t)n < sizeof(text)) {
        buf_add(b, text, (size_t)n);
    } else {
        add_long(b, fmt, again, (size_t)n);
    }
    va_end(again);
}

const char *buf_text(const struct buf *b)
{
    return b->n > 0 ? b->bytes : "";
}

char *buf_take(struct buf *b, size_t *n_out)
{
    char *bytes = b->bytes != NULL ? b->bytes : mem_alloc(1);

    if (n_out != NULL) {
        *n_out = b->n;
    }
    *b = (struct buf){.max = b->max};
    return bytes;
}
