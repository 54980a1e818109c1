/*
 * ring.c - see ring.h.
 *
 * The writer says in `reserved` how far it will write before it touches a word, and in
 * `head` how far it has written after the last. Each word is stored with release and
 * loaded with acquire: a reader that meets a word of a later record therefore sees the
 * `reserved` that went before it, and knows that what it has read was being overwritten.
 */
#include "base/ring.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define WORD_BYTES sizeof(uint64_t)
#define SIZE_BITS                                                        \
    13 /* Of a record's first word: its bytes; the rest is its position. \
        */
#define SIZE_MASK (((uint64_t)1 << SIZE_BITS) - 1)

struct ring {
    uint64_t n_words; /* A power of two. */
    uint64_t first;
    atomic_uint_fast64_t reserved;
    atomic_uint_fast64_t head;
    atomic_uint_fast64_t words[]; /* n_words */
};

struct ring *ring_create(size_t bytes, uint64_t first)
{
    const size_t n_words = bytes / WORD_BYTES;
    struct ring *r = mem_alloc(sizeof(*r) + n_words * sizeof(r->words[0]));

    assert((n_words & (n_words - 1)) == 0);
    assert(bytes >= (size_t)4 * RING_RECORD_MAX);
    r->n_words = n_words;
    r->first = first;
    atomic_init(&r->reserved, first);
    atomic_init(&r->head, first);
    return r;
}

void ring_destroy(struct ring *r)
{
    free(r);
}

/* Names the record's position, so that a place inside a record is not taken for one. */
static uint64_t first_word(uint64_t at, size_t n)
{
    return at << SIZE_BITS | n;
}

static uint64_t words_of(size_t n)
{
    return 1 + (n + WORD_BYTES - 1) / WORD_BYTES;
}

static void store(struct ring *r, uint64_t at, uint64_t word)
{
    atomic_store_explicit(&r->words[at & (r->n_words - 1)], word, memory_order_release);
}

static uint64_t load(const struct ring *r, uint64_t at)
{
    return atomic_load_explicit(&r->words[at & (r->n_words - 1)], memory_order_acquire);
}

void ring_put(struct ring *r, const void *bytes, size_t n)
{
    const uint64_t at = atomic_load_explicit(&r->head, memory_order_relaxed);
    const uint64_t end = at + words_of(n);
    const char *from = bytes;

    assert(n > 0);
    assert(n <= RING_RECORD_MAX);
    atomic_store_explicit(&r->reserved, end, memory_order_relaxed);
    store(r, at, first_word(at, n));
    for (uint64_t i = at + 1; i < end; i++) {
        const size_t part = n < WORD_BYTES ? n : WORD_BYTES;
        uint64_t word = 0;

        memcpy(&word, from, part);
        store(r, i, word);
        from += part;
        n -= part;
    }
    /* In one order with what readers say of themselves elsewhere (engine/run/feed). */
    atomic_store(&r->head, end);
}

uint64_t ring_head(const struct ring *r)
{
    return atomic_load(&r->head);
}

static bool is_overwritten(const struct ring *r, uint64_t at)
{
    return atomic_load_explicit(&r->reserved, memory_order_relaxed) > at + r->n_words;
}

enum ring_result ring_read(const struct ring *r, uint64_t *at, void *out, size_t *n_out)
{
    const uint64_t head = ring_head(r);
    char *to = out;
    uint64_t word;
    size_t n;

    if (*at == head) {
        return RING_NONE;
    }
    if (*at < r->first || *at > head || is_overwritten(r, *at)) {
        return RING_LOST;
    }
    word = load(r, *at);
    n = (size_t)(word & SIZE_MASK);
    if (n == 0 || n > RING_RECORD_MAX || word != first_word(*at, n) ||
        head - *at < words_of(n)) {
        return RING_LOST;
    }
    for (size_t done = 0; done < n; done += WORD_BYTES) {
        word = load(r, *at + 1 + done / WORD_BYTES);
        memcpy(to + done, &word, n - done < WORD_BYTES ? n - done : WORD_BYTES);
    }
    if (is_overwritten(r, *at)) {
        return RING_LOST;
    }
    *at += words_of(n);
    *n_out = n;
    return RING_RECORD;
}
