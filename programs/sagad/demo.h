/*
 * demo.h - `sagad demo`: the main job end to end, in one command.
 *
 * The real engine and API over real sockets into a real SQLite file in a temporary
 * folder; participants of our own. One order completes, one is taken back because
 * shipping refuses. Prints both timelines and the participants' books.
 */
#ifndef SAGAD_DEMO_H
#define SAGAD_DEMO_H

/* The exit code: 0 when both orders ended as they must and the books balance. */
int demo_run(void);

#endif /* SAGAD_DEMO_H */
