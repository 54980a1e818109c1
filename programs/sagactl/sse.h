/*
 * sse.h - events out of a stream (HTML, "Server-sent events"), as their bytes come.
 *
 * Pure text: the caller appends what has arrived, and takes the events that are whole.
 */
#ifndef SAGACTL_SSE_H
#define SAGACTL_SSE_H

#include <stdbool.h>

#include "base/buf.h"

#define SSE_NAME_MAX 64

struct sse_event {
    char name[SSE_NAME_MAX]; /* "message" where the stream names none. */
    char id[SSE_NAME_MAX];   /* "" none. */
    struct buf data;         /* Lines of data with newlines between. */
};

void sse_event_init(struct sse_event *e);
void sse_event_done(struct sse_event *e);

/* The first whole event with data or a name of its own, taken off the front of bytes.
 * False: there is none yet. */
bool sse_next(struct buf *bytes, struct sse_event *out);

#endif /* SAGACTL_SSE_H */
