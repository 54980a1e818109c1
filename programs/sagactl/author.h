/*
 * author.h - what the author's commands share: a definition from a file, and its issues.
 *
 * All of them work offline, on the daemon's own checker and core. Services, vars, secrets
 * and children are not known, so nothing is said about them; `.vars` has what --vars
 * gives.
 */
#ifndef SAGACTL_AUTHOR_H
#define SAGACTL_AUTHOR_H

#include "base/buf.h"
#include "base/json_span.h"
#include "definitions/definition.h"
#include "programs/sagactl/exits.h"

struct ctl;

struct author_file {
    const char *path; /* Borrowed. */
    struct buf bytes;
    struct json_span text;
    struct definition *definition; /* NULL: not compiled. */
};

/* Read and compile; what is wrong is told. Either way: author_close(). */
enum exit_code author_open(const char *path, struct author_file *file);
void author_close(struct author_file *file);

/* A JSON file named by an option; text is at == NULL when the option is absent. Either
 * way: buf_done(bytes). */
enum exit_code author_read(const struct ctl *ctl, const char *option, struct buf *bytes,
                           struct json_span *text);

/* Each issue with line and column of the file, to stderr. `prefix` of their pointers is
 * not about the file. */
void author_say_issues(const char *path, struct json_span text, const char *prefix,
                       const struct check_report *report, bool has_warnings);

#endif /* SAGACTL_AUTHOR_H */
