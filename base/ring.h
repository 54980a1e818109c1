/*
 * ring.h - records that one thread writes and any number read, the oldest overwritten.
 *
 * A reader keeps its place: a position that only grows, counted in words of eight bytes
 * from `first`. Nothing waits for a reader and no reader for the writer: who stays away
 * for longer than the ring is learns that its place is lost, and never sees half a
 * record. So it is for what may be missed, by whoever can look it up elsewhere.
 *
 * A position must be one that ring_head() or ring_read() gave; one from outside (a
 * client's) is recognized as no record's beginning, or, if made up with care, reads as
 * bytes that its reader must be able to refuse.
 *
 * Threads: ring_put() is for one thread, the rest for any. Every word is an atomic of
 * its own; the order of their stores is in ring.c.
 */
#ifndef BASE_RING_H
#define BASE_RING_H

#include <stddef.h>
#include <stdint.h>

struct ring;

#define RING_RECORD_MAX 2048 /* Bytes of one record. */

/* bytes: its size, a power of two and at least 4 * RING_RECORD_MAX. first: the position
 * of its beginning. */
struct ring *ring_create(size_t bytes, uint64_t first);
void ring_destroy(struct ring *r); /* NULL is fine. */

/* Append a record of 1 to RING_RECORD_MAX bytes. */
void ring_put(struct ring *r, const void *bytes, size_t n);

/* Where the next record will stand. */
uint64_t ring_head(const struct ring *r);

enum ring_result {
    RING_NONE,   /* There is nothing after `at` yet. */
    RING_RECORD, /* Read; *at is behind it. */
    RING_LOST,   /* What stood at `at` is overwritten, or nothing ever began there. */
};

/* The record at *at, its bytes into out, which has room for RING_RECORD_MAX. */
enum ring_result ring_read(const struct ring *r, uint64_t *at, void *out, size_t *n_out);

#endif /* BASE_RING_H */
