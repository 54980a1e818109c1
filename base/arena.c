/* arena.c - see arena.h. */
#include "base/arena.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PRINTF_FIRST 192 /* Most texts fit: formatted once. */

struct chunk {
    struct chunk *next; /* Older. */
    size_t room;        /* Bytes behind the header. */
    size_t used;
    max_align_t bytes[];
};

struct arena {
    struct chunk *newest; /* Where the next block comes from. */
    size_t chunk_bytes;
    size_t used; /* Sum over the blocks, as asked for. */
};

static struct chunk *chunk_create(size_t room, struct chunk *next)
{
    struct chunk *c;

    assert(room < SIZE_MAX / 2);
    c = mem_grow(NULL, sizeof(*c) + room);
    c->next = next;
    c->room = room;
    c->used = 0;
    return c;
}

struct arena *arena_create(size_t chunk_bytes)
{
    struct arena *a = mem_alloc(sizeof(*a));

    assert(chunk_bytes > 0);
    a->chunk_bytes = chunk_bytes;
    a->newest = chunk_create(chunk_bytes, NULL);
    return a;
}

/* Frees all chunks but the first. */
static void drop_newer(struct arena *a)
{
    while (a->newest->next != NULL) {
        struct chunk *older = a->newest->next;

        free(a->newest);
        a->newest = older;
    }
}

void arena_destroy(struct arena *a)
{
    if (a == NULL) {
        return;
    }
    drop_newer(a);
    free(a->newest);
    free(a);
}

void arena_reset(struct arena *a)
{
    drop_newer(a);
    a->newest->used = 0;
    a->used = 0;
}

static size_t aligned(size_t n)
{
    const size_t unit = _Alignof(max_align_t);

    assert(n < SIZE_MAX / 2);
    return (n + unit - 1) / unit * unit;
}

void *arena_take_unset(struct arena *a, size_t bytes)
{
    size_t n = aligned(bytes);
    struct chunk *c = a->newest;
    void *block;

    if (n > c->room - c->used) {
        c = chunk_create(n > a->chunk_bytes ? n : a->chunk_bytes, c);
        a->newest = c;
    }
    block = (char *)c->bytes + c->used;
    c->used += n;
    a->used += bytes;
    return block;
}

void *arena_take(struct arena *a, size_t bytes)
{
    void *block = arena_take_unset(a, bytes);

    return memset(block, 0, bytes);
}

char *arena_copy(struct arena *a, const void *from, size_t n)
{
    char *copy = arena_take_unset(a, n + 1);

    if (n > 0) {
        memcpy(copy, from, n);
    }
    copy[n] = '\0';
    return copy;
}

char *arena_text(struct arena *a, const char *text)
{
    return text == NULL ? NULL : arena_copy(a, text, strlen(text));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
    char first[PRINTF_FIRST];
    va_list args;
    char *text;
    int n;

    va_start(args, fmt);
    n = vsnprintf(first, sizeof(first), fmt, args);
    va_end(args);
    assert(n >= 0); /* Only a bad format or a wide character could do that. */
    if ((size_t)n < sizeof(first)) {
        return arena_copy(a, first, (size_t)n);
    }
    text = arena_take_unset(a, (size_t)n + 1);
    va_start(args, fmt);
    (void)vsnprintf(text, (size_t)n + 1, fmt, args); /* Its length is known: n. */
    va_end(args);
    return text;
}

char *arena_join(struct arena *a, const char *first, ...)
{
    size_t n = 0;
    va_list parts;
    char *text;
    char *at;

    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) {
        n += strlen(part);
    }
    va_end(parts);
    text = arena_take_unset(a, n + 1);
    at = text;
    va_start(parts, first);
    for (const char *part = first; part != NULL; part = va_arg(parts, const char *)) {
        const size_t part_n = strlen(part);

        memcpy(at, part, part_n);
        at += part_n;
    }
    va_end(parts);
    *at = '\0';
    return text;
}

char *arena_number(struct arena *a, uint64_t value)
{
    char digits[20]; /* Of UINT64_MAX. */
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10U);
        value /= 10U;
    } while (value > 0);
    return arena_copy(a, digits + at, sizeof(digits) - at);
}

size_t arena_used(const struct arena *a)
{
    return a->used;
}
