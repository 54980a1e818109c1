/* request.c - see request.h. */
#include "adminapi/request.h"

#include <stdlib.h>
#include <string.h>

#include "adminapi/stream.h"
#include "base/limits.h"
#include "base/mem.h"

#define ARENA_CHUNK 16384
#define KEPT_MAX (64U * 1024) /* A larger buffer is given back after its request. */

struct request *request_create(void)
{
    struct request *r = mem_alloc(sizeof(*r));

    r->arena = arena_create(ARENA_CHUNK);
    buf_init(&r->body, LIMIT_BODY_BYTES);
    buf_init(&r->answer.body, REQUEST_ANSWER_MAX);
    r->faults_end = &r->faults;
    return r;
}

void request_destroy(struct request *r)
{
    if (r == NULL) {
        return;
    }
    stream_destroy(r->stream);
    buf_done(&r->answer.body);
    buf_done(&r->body);
    arena_destroy(r->arena);
    free(r);
}

static void buf_reuse(struct buf *b)
{
    const size_t max = b->max;

    if (b->room > KEPT_MAX) {
        buf_done(b);
        buf_init(b, max);
    }
    buf_clear(b);
}

void request_reset(struct request *r)
{
    struct request kept = *r;

    stream_destroy(r->stream);
    buf_reuse(&kept.body);
    buf_reuse(&kept.answer.body);
    arena_reset(kept.arena);
    memset(r, 0, sizeof(*r));
    r->door = kept.door;
    r->config = kept.config;
    r->reader = kept.reader;
    r->registry = kept.registry;
    r->arena = kept.arena;
    r->body = kept.body;
    r->answer.body = kept.answer.body;
    r->index = kept.index;
    r->faults_end = &r->faults;
}
