/*
 * conformance.h - the requests of a conformance test (S29): from the options, or rendered
 * from a definition's step as sagad would.
 */
#ifndef SAGACTL_CONFORMANCE_H
#define SAGACTL_CONFORMANCE_H

#include "base/arena.h"
#include "engine/core/saga.h"
#include "programs/sagactl/author.h"
#include "programs/sagactl/exits.h"

struct ctl;

#define CONFORMANCE_ROOM                                          \
    8 /* Room left behind those of the request, for the sender's. \
       */

struct conformance_request {
    const char *method;
    const char *path;
    const char *body;     /* NULL none. */
    const char **headers; /* "Name: value". */
    size_t n_headers;
};

struct conformance_source {
    const struct ctl *ctl;
    bool has_file; /* From a definition. */
    struct author_file file;
    uint16_t step;
    const char *step_name;           /* "step" where the options give the requests. */
    struct buf input, answers, vars; /* Bytes of the files. */
    struct json_span input_text, answers_text, vars_text;
};

/* Reads options and files. Either way: conformance_close(). */
enum exit_code conformance_open(const struct ctl *ctl, struct conformance_source *s);
void conformance_close(struct conformance_source *s);

/* The request of a call, in a. saga: its id. answer: what the action was answered,
 * {outcome,status,headers,body,attempts}; at == NULL: it has not come. False: it cannot
 * be made; info says why. */
bool conformance_make(const struct conformance_source *s, enum call_kind call,
                      const char *saga, struct json_span answer, struct arena *a,
                      struct conformance_request *out, struct err_info *info);

#endif /* SAGACTL_CONFORMANCE_H */
