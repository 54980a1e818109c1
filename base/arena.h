/*
 * arena.h - memory with one lifetime.
 *
 * Everything taken from an arena goes away together, at arena_reset() or
 * arena_destroy(); name an arena after that lifetime (request, definition,
 * batch). Taking cannot fail (mem.h). Not for threads.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct arena *arena_create(size_t chunk_bytes);
void arena_destroy(struct arena *a); /* NULL is fine. */
void arena_reset(struct arena *a);   /* Keeps the first chunk. */

/* Zeroed, aligned for any type. */
void *arena_take(struct arena *a, size_t bytes);

/* Same, not zeroed: for large blocks of which the caller writes what it reads. */
void *arena_take_unset(struct arena *a, size_t bytes);

/* Copies; a NUL stands behind the last byte. NULL text gives NULL. */
char *arena_copy(struct arena *a, const void *from, size_t n);
char *arena_text(struct arena *a, const char *text);
char *arena_printf(struct arena *a, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Texts one behind the other, up to a NULL: a tenth of what printf takes for it. */
char *arena_join(struct arena *a, const char *first, ...) __attribute__((sentinel));
char *arena_number(struct arena *a, uint64_t value); /* In decimal. */

/* Bytes handed out since the last reset. */
size_t arena_used(const struct arena *a);

#endif /* BASE_ARENA_H */
