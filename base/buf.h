/*
 * buf.h - bytes that grow up to a cap.
 *
 * A buffer never fails in the middle: past its cap it drops what does not fit
 * and remembers that (is_over), so that the writer checks once, at the end.
 * There is always a NUL behind the last byte. Not for threads.
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *bytes;  /* Owned; NULL until the first byte. */
    size_t n;     /* Bytes in use. */
    size_t room;  /* Bytes taken from the heap. */
    size_t max;   /* n never exceeds it. */
    bool is_over; /* Something did not fit and was dropped. */
};

void buf_init(struct buf *b, size_t max_bytes);
void buf_done(struct buf *b);  /* Frees; b may be used again after buf_init. */
void buf_clear(struct buf *b); /* Empty, memory kept, is_over forgotten. */

void buf_add(struct buf *b, const void *bytes, size_t n);
void buf_add_text(struct buf *b, const char *text);
/* One character: inline where there is room, because JSON is written with a thousand of
 * them per answer. */
static inline void buf_add_char(struct buf *b, char c)
{
    if (b->room - b->n > 1) {
        b->bytes[b->n++] = c;
        b->bytes[b->n] = '\0';
    } else {
        buf_add(b, &c, 1);
    }
}

void buf_printf(struct buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* The text so far; "" when empty. Borrowed until the next change. */
const char *buf_text(const struct buf *b);

/* Hand the bytes (NUL-ended) over to the caller, who frees them; b is empty
 * afterwards. Never NULL. n_out may be NULL. */
char *buf_take(struct buf *b, size_t *n_out);

#endif /* BASE_BUF_H */
