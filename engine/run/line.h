/*
 * line.h - sagas with the same ordering key, one at a time, in start order.
 *
 * The first saga of (definition name, ordering key) that is not final holds the key,
 * also while it is paused or stuck; the others are lined up and hold nothing. The store
 * knows the line as committed; what this engine has decided since is in memory: a saga
 * that ended in a batch not yet committed is passed over, starts not yet committed stand
 * at the end. Engine thread only.
 */
#ifndef RUN_LINE_H
#define RUN_LINE_H

#include <stdint.h>

struct engine;
struct resident;

/* Number of the first saga of the line that is not final, 0: there is none. */
uint64_t line_first(struct engine *e, const char *definition_name,
                    const char *ordering_key);

/* The holder r has ended: the next gets its turn, in the same transaction. */
void line_free(struct engine *e, const struct resident *r);

#endif /* RUN_LINE_H */
