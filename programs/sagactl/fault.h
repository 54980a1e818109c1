/*
 * fault.h - what went wrong, in words, and the exit code that says so.
 *
 * Carries the problem document's detail, its list of errors (with line and column where
 * they are about a local file), what is possible instead, and what to try.
 */
#ifndef SAGACTL_FAULT_H
#define SAGACTL_FAULT_H

#include "base/err.h"
#include "base/json_span.h"
#include "programs/sagactl/client.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* A local file that the answer's pointers may be about. */
struct fault_file {
    const char *path; /* As given. */
    struct json_span text;
    const char *prefix; /* Of the pointers that are about it: "" or "/input". */
};

/* Send; EXIT_OK for 2xx and 304. Otherwise the fault is told and its code returned. */
enum exit_code fault_ask(const struct ctl *ctl, const struct client_request *r,
                         struct client_answer *a, const struct fault_file *file);

/* Tell a failed client_send(). */
enum exit_code fault_of_sending(const struct ctl *ctl, enum err e,
                                const struct err_info *info);

/* Read JSON from a local file; text is kept in out. Tells what is wrong with it. */
enum exit_code fault_read_json(const char *path, struct buf *out, struct json_span *text);

#endif /* SAGACTL_FAULT_H */
