/*
 * queue.h - how pointers cross threads: bounded, first in first out.
 *
 * Any number of threads push, one thread pops. What is pushed is *moved*: the
 * pusher does not touch it again. A full queue says ERR_LIMIT at the door
 * (S52). The wake function, if any, is called after a push, outside the lock, so
 * that a thread asleep in curl_multi_poll() can be woken.
 */
#ifndef BASE_QUEUE_H
#define BASE_QUEUE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct queue;

struct queue *queue_create(size_t items_max, void (*wake)(void *user), void *user);
void queue_destroy(struct queue *q); /* NULL is fine; what is left is not freed. */

/* item is moved when ERR_OK; ERR_LIMIT: full; ERR_BUSY: closed. */
MUST_CHECK enum err queue_push(struct queue *q, void *item);

/* Up to n_max items, oldest first; the number taken. Never waits. */
size_t queue_take(struct queue *q, void **items, size_t n_max);

/* Wait for an item; NULL once the queue is closed and empty. */
void *queue_wait(struct queue *q);

/* Nothing more goes in; queue_wait() returns. */
void queue_close(struct queue *q);

size_t queue_length(struct queue *q);

#endif /* BASE_QUEUE_H */
