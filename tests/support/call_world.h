/*
 * call_world.h - real calls in a test: a scripted server, a service "shop" that is it,
 * and the last answer that came.
 *
 * call_world_begin() and call_world_finish() stand in each test; there is one world per
 * process, as Check gives each test its own. The functions wait for answers, never for
 * times.
 */
#ifndef SUPPORT_CALL_WORLD_H
#define SUPPORT_CALL_WORLD_H

#include "base/buf.h"
#include "engine/calls/calls.h"
#include "tests/support/scripted_server.h"

#define CALL_WORLD_LONG_MS 20000U /* No test waits for it unless something is broken. */

struct call_world {
    struct scripted_server *server;
    struct services *services;
    struct service *service;
    struct egress *egress;
    struct calls *calls;
    unsigned n_ended;
    struct call_answer last; /* Its texts are void; these are copies: */
    struct buf headers;
    struct buf body;
    char detail[512];
};

extern struct call_world world;

void call_world_begin(void);
void call_world_finish(void);

/* Where the service "shop" is. */
void call_world_put_service(const char *url);

/* egress.allow is this one entry. */
void call_world_allow(const char *entry);

/* Takes an answer into the world: what calls_run() calls. */
void call_world_ended(void *user, const struct call_answer *a);
void call_world_run_until(unsigned n_ended);

/* A POST of {"a":1} to the service, whose answer is read. */
struct call_request call_world_request(const char *path);

/* Send, wait, and give the answer. */
const struct call_answer *call_world_send(const struct call_request *r);
const struct call_answer *call_world_call(const char *path);

/* "rc 52, status 0, sent, unknown", judged as an action whose answer is read. */
const char *call_world_words(const struct call_answer *a);

#endif /* SUPPORT_CALL_WORLD_H */
