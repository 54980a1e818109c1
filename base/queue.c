/* queue.c - see queue.h. */
#include "base/queue.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/mem.h"

struct queue {
    pthread_mutex_t lock; /* Guards everything below the constants. */
    pthread_cond_t changed;
    size_t items_max;         /* Constant. */
    void (*wake)(void *user); /* Constant; may be NULL. */
    void *user;               /* Constant; borrowed. */
    size_t first;             /* Index of the oldest item. */
    size_t n;
    bool is_closed;
    void *items[]; /* A ring. */
};

/* Mutex calls fail only when misused, which is a bug. */
static void locked(struct queue *q)
{
    int result = pthread_mutex_lock(&q->lock);

    assert(result == 0);
}

static void unlocked(struct queue *q)
{
    int result = pthread_mutex_unlock(&q->lock);

    assert(result == 0);
}

struct queue *queue_create(size_t items_max, void (*wake)(void *user), void *user)
{
    struct queue *q = mem_alloc(sizeof(*q) + items_max * sizeof(q->items[0]));
    int result;

    assert(items_max > 0);
    result = pthread_mutex_init(&q->lock, NULL);
    assert(result == 0);
    result = pthread_cond_init(&q->changed, NULL);
    assert(result == 0);
    q->items_max = items_max;
    q->wake = wake;
    q->user = user;
    return q;
}

void queue_destroy(struct queue *q)
{
    if (q == NULL) {
        return;
    }
    (void)pthread_cond_destroy(
        &q->changed); /* Fail only while in use: a bug of the caller */
    (void)pthread_mutex_destroy(&q->lock); /* that the sanitizers report better. */
    free(q);
}

enum err queue_push(struct queue *q, void *item)
{
    enum err e = ERR_OK;

    assert(item != NULL); /* queue_wait() says "closed" with NULL. */
    locked(q);
    if (q->is_closed) {
        e = ERR_BUSY;
    } else if (q->n == q->items_max) {
        e = ERR_LIMIT;
    } else {
        q->items[(q->first + q->n) % q->items_max] = item;
        q->n++;
        (void)pthread_cond_signal(&q->changed); /* Cannot fail on a valid condition. */
    }
    unlocked(q);
    if (e == ERR_OK && q->wake != NULL) {
        q->wake(q->user);
    }
    return e;
}

static void *pop(struct queue *q)
{
    void *item = q->items[q->first];

    assert(q->n > 0);
    q->first = (q->first + 1) % q->items_max;
    q->n--;
    return item;
}

size_t queue_take(struct queue *q, void **items, size_t n_max)
{
    size_t n = 0;

    locked(q);
    while (n < n_max && q->n > 0) {
        items[n++] = pop(q);
    }
    unlocked(q);
    return n;
}

void *queue_wait(struct queue *q)
{
    void *item = NULL;

    locked(q);
    while (q->n == 0 && !q->is_closed) {
        int result = pthread_cond_wait(&q->changed, &q->lock);

        assert(result == 0);
    }
    if (q->n > 0) {
        item = pop(q);
    }
    unlocked(q);
    return item;
}

void queue_close(struct queue *q)
{
    locked(q);
    q->is_closed = true;
    (void)pthread_cond_broadcast(&q->changed); /* Cannot fail on a valid condition. */
    unlocked(q);
    if (q->wake != NULL) {
        q->wake(q->user);
    }
}

size_t queue_length(struct queue *q)
{
    size_t n;

    locked(q);
    n = q->n;
    unlocked(q);
    return n;
}
