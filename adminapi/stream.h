/*
 * stream.h - an answer that goes on: server-sent events (the HTML standard's
 * text/event-stream).
 *
 * The handler gives a source, which appends events to a buffer when it is asked and says
 * whether there is more. With nothing to send the connection is suspended and the herald
 * (herald.h) wakes it: for news, for a comment after LIMIT_STREAM_QUIET_MS of silence, at
 * the token's end, when the client has hung up, when the API stops. At that a stream ends
 * as an answer should: with its last chunk.
 *
 * A client that does not read holds one small buffer and no other request; it is cut off
 * by the connection's time-out, and misses what the feed cannot keep.
 *
 * Threads: its door's, but for the moment in which the herald resumes the connection.
 */
#ifndef ADMINAPI_STREAM_H
#define ADMINAPI_STREAM_H

#include "adminapi/request.h"
#include "engine/run/feed.h"

enum stream_state {
    STREAM_IDLE,   /* There is nothing more to send now. */
    STREAM_MORE,   /* There is: ask again when what there is has been sent. */
    STREAM_OVER,   /* That was the last of it. */
    STREAM_BROKEN, /* It cannot go on: the connection is closed without the last chunk. */
};

struct stream_source {
    struct feed_filter filter; /* What is news to it. */
    /* Append events to out; scratch is emptied before each call. */
    enum stream_state (*fill)(void *user, struct buf *out, struct arena *scratch);
    void *user; /* In the request's arena, as the source is. */
    /* NULL, or where in the feed it will read on: moved past what concerns nobody here.
     */
    uint64_t *at;
};

#define STREAM_FILL_BYTES (16U * 1024) /* A source stops after about as much. */

/* The request wants events rather than JSON: Accept names text/event-stream. */
bool stream_is_wanted(const struct request *r);

/* The place that Last-Event-ID names; false: a value that is no number, and the request
 * was answered. *is_given_out: there is one. */
bool stream_resumes(struct request *r, bool *is_given_out, uint64_t *at_out);

/* Answer with the stream; or 503 when there are too many. */
void stream_start(struct request *r, const struct stream_source *source);

/* The event whose data follows: id (unless NULL) and name, up to the data itself. The
 * data is one line; then stream_close_event(). */
void stream_open_event(struct buf *out, const char *name, uint64_t id);
void stream_close_event(struct buf *out);

/* For door.c: hand it to libmicrohttpd, and let go of it with its request. */
enum MHD_Result stream_send(struct request *r);
void stream_destroy(struct stream *s); /* NULL is fine. */

#endif /* ADMINAPI_STREAM_H */
