/*
 * ask.h - a request to the API and its answer as a tree: what most commands do.
 *
 * What goes wrong is told (fault.h) and is the exit code.
 */
#ifndef SAGACTL_ASK_H
#define SAGACTL_ASK_H

#include <jansson.h>

#include "base/buf.h"
#include "base/json.h"
#include "programs/sagactl/client.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* a: client_answer_init() before, client_answer_done() afterwards, by the caller. */
enum exit_code ask_get(const struct ctl *ctl, const char *path, struct client_answer *a);

/* POST with --idempotency-key, or with a key of its own: curl may send a request twice by
 * itself. body: NULL: none. */
enum exit_code ask_post(const struct ctl *ctl, const char *path, const char *body,
                        struct client_answer *a);

/* The answer's body; EXIT_OK: json_decref(*out). */
enum exit_code ask_tree(const struct client_answer *a, json_t **out);

/* -o json and jsonl: the body as it came. False: another format is wanted. */
bool ask_print_json(const struct ctl *ctl, const struct client_answer *a);

/* A member whose value is JSON given as an option: itself, or @FILE. Nothing when the
 * option is absent. */
enum exit_code ask_put_option(const struct ctl *ctl, const char *option,
                              const char *member, struct json_out *o);

/* Such an option's JSON, appended to out. */
enum exit_code ask_read_option(const struct ctl *ctl, const char *option,
                               struct buf *out);

/* For a command that asks first, before it sends anything: EXIT_USAGE, and told, where
 * there is neither --yes nor a terminal to ask at. A script says --yes. */
enum exit_code ask_ready(const struct ctl *ctl);

/* Ask a person, y or n. EXIT_OK: yes, or --yes; EXIT_FAILED: no. After ask_ready(). */
enum exit_code ask_person(const struct ctl *ctl, const char *question);

#endif /* SAGACTL_ASK_H */
