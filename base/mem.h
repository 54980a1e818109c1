/*
 * mem.h - small allocations that cannot fail.
 *
 * Running out of memory for a small, bounded block ends the process: recovery
 * is a tested path, a half-done turn is not. Whatever a user can size goes
 * through buf.h, which has a cap. Blocks are freed with free().
 */
#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/* bytes of zeros, owned by the caller; aborts when there is no memory. */
void *mem_alloc(size_t bytes);

/* Make block p (may be NULL; moved) `bytes` long; new bytes are not cleared. */
void *mem_grow(void *p, size_t bytes);

/* A copy of n bytes with a NUL behind it, owned by the caller. */
char *mem_copy(const void *from, size_t n);

/* A copy of a text, owned by the caller; NULL gives NULL. */
char *mem_text(const char *text);

#endif /* BASE_MEM_H */
