/*
 * scripted_server.h - a server on loopback that misbehaves as told.
 *
 * A thread on a port of the system's choice. The last part of a request's path names
 * what it does with the request: one of the built-in scripts (scripted_server.c), or one
 * added with scripted_server_add() before it is asked for. It counts connections and
 * requests and keeps the last request's text. Nothing in it waits for a time: "hang"
 * never answers, "hold" answers at scripted_server_release().
 *
 * The test's thread calls these functions; the server's thread shares only what stands
 * behind its mutex.
 */
#ifndef SUPPORT_SCRIPTED_SERVER_H
#define SUPPORT_SCRIPTED_SERVER_H

#include <stddef.h>

struct scripted_server;

enum script_end {
    SCRIPT_KEEP,     /* Keep the connection for the next request. */
    SCRIPT_CLOSE,    /* Close it. */
    SCRIPT_RESET,    /* Close it with a TCP reset. */
    SCRIPT_HANG,     /* Keep it and say nothing more. */
    SCRIPT_SHUT_ALL, /* Close the listener, then the connection. */
};

struct scripted_server *scripted_server_start(void);
void scripted_server_stop(struct scripted_server *s);

unsigned scripted_server_port(const struct scripted_server *s);

/* Answer requests for /name with these bytes, as they are. Copied. */
void scripted_server_add(struct scripted_server *s, const char *name, const char *bytes,
                         size_t n, enum script_end end);

/* Close the next connection as soon as it is accepted. */
void scripted_server_refuse_next(struct scripted_server *s);

/* Answer every request for /hold that waits. */
void scripted_server_release(struct scripted_server *s);

unsigned scripted_server_connections(struct scripted_server *s);
unsigned scripted_server_requests(struct scripted_server *s);

/* The last request as it came, NUL-ended; borrowed until the next call. */
const char *scripted_server_last_request(struct scripted_server *s);

#endif /* SUPPORT_SCRIPTED_SERVER_H */
