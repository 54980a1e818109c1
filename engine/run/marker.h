/*
 * marker.h - whose turn the process died in: poison (S54).
 *
 * A small file beside the database, there while the engine runs and removed when it stops
 * as it should. Found at a start it tells of a death. From then on, and only then, each
 * turn writes its saga's number into it and takes it out again: some microseconds that a
 * healthy engine does not pay. The first death therefore names nobody; it counts for
 * whoever the next one names. A death outside of turns, as when the process is killed
 * while calls are in flight, begins the count again.
 *
 * Only the death of the process matters, so nothing is synced; a file that cannot be
 * written is logged once and done without. Engine thread only, but for marker_open().
 */
#ifndef RUN_MARKER_H
#define RUN_MARKER_H

#include <stdbool.h>
#include <stdint.h>

#define MARKER_DEATHS 3 /* Running, in turns of one saga: it is poison. */

struct marker;

/* path: NULL, no marker is kept. Never fails. */
struct marker *marker_open(const char *path);
void marker_close(struct marker *m, bool is_clean); /* NULL is fine. */

/* The saga in whose turns the process died last, and how often running; 0: none. */
uint64_t marker_suspect(const struct marker *m);
uint32_t marker_deaths(const struct marker *m);

/* It was dealt with: its count begins again. */
void marker_forgive(struct marker *m);

/* Whatever is done between the two is for this saga. Returns the one it was done for
 * before, which is for marker_leave(). */
uint64_t marker_enter(struct marker *m, uint64_t saga);
void marker_leave(struct marker *m, uint64_t before);

#endif /* RUN_MARKER_H */
