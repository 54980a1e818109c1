/*
 * definition.h - one version of a definition, checked and compiled.
 *
 * What the core needs is in `plan`; what the shell needs to render calls and judge
 * answers stands beside it, by the same step numbers. Immutable after
 * definition_compile(); owned by whoever compiled it; any thread may read it.
 */
#ifndef DEFINITIONS_DEFINITION_H
#define DEFINITIONS_DEFINITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/json_span.h"
#include "definitions/expr.h"
#include "definitions/input_schema.h"
#include "definitions/template.h"
#include "engine/core/plan.h"
#include "engine/core/saga.h"

struct definition_pair { /* A header or query parameter. */
    const char *name;
    const struct template *value;
};

struct definition_call {
    const char *service; /* NULL: url is absolute. */
    const char *method;
    const struct template *url;
    const struct definition_pair *query;
    size_t n_query;
    const struct definition_pair *headers;
    size_t n_headers;
    const struct template *body; /* NULL: none. */
    uint32_t timeout_ms;
    struct plan_statuses statuses;  /* What the definition adds to the defaults. */
    const struct expr *reject_when; /* NULL: none. */
    const struct expr *retry_when;
    const struct expr *applied_when;     /* confirm */
    const struct expr *not_applied_when; /* confirm */
    struct plan_statuses not_applied; /* confirm: its rules' meaning is not looked at. */
    const char *const *redact;        /* "request.body.card" */
    size_t n_redact;
    bool reads_answer; /* Some expression reads this call's body: it must be JSON. */
};

struct definition_step {
    const char *id;                             /* NULL for node 0. */
    const struct definition_call *action;       /* NULL: not a call. */
    const struct definition_call *confirm;      /* NULL: none. */
    const struct definition_call *compensation; /* NULL: none. */
    const struct expr *when;
    const struct expr *each;        /* forEach */
    const struct expr *until;       /* wait until */
    const char *signal;             /* wait signal */
    const struct expr *reject_when; /* wait signal rejectWhen, over .signal */
    const char *child;              /* saga: definition name */
    uint32_t child_version;         /* 0: current when this definition was stored. */
    const struct template *child_input;
    bool is_read;      /* Some expression reads .steps.<id> beyond its outcome. */
    bool undo_is_null; /* `compensate` is null: nothing to undo, on purpose. */
};

struct definition_notify {
    const struct template *url;
    uint32_t on; /* Bit per enum saga_status. */
    const char *secret;
};

struct definition {
    struct plan *plan;
    const char *name;
    const char *description;                 /* NULL none. */
    struct json_span labels;                 /* Object; none: at == NULL. */
    const struct input_schema *input_schema; /* NULL: anything. */
    struct json_span input_schema_text;
    struct json_span input_example;
    const struct template *key;          /* NULL none. */
    const struct template *ordering_key; /* NULL none. */
    const struct template *output;       /* NULL: null. */
    bool is_unique;
    const struct definition_step *steps; /* plan->n_nodes of them. */
    const struct definition_notify *notify;
    size_t n_notify;
    const char *const *signals; /* By plan_node.signal. */
    size_t n_signals;
    struct json_span tests;
    struct json_span content; /* The text as it was given. */
    char hash[65];            /* Of the canonical content: ETag, version identity. */
};

/* ---- checking --------------------------------------------------------------- */

struct check_issue {
    bool is_error;
    char code[40];     /* kebab-case: "unknown-member", "duplicate-id" */
    char pointer[256]; /* JSON Pointer (RFC 6901). */
    char detail[384];  /* A sentence; "did you mean" included. */
};

#define CHECK_ISSUES_MAX 100

struct check_report {
    size_t n;
    size_t n_errors; /* All that were found; those beyond the array are not kept. */
    struct check_issue issues[CHECK_ISSUES_MAX]; /* In document order as far as known. */
};

/* Who is called at an absolute URL. */
struct check_origin {
    const char *host; /* No brackets. */
    uint16_t port;    /* Written, or the scheme's own. */
    bool is_plain;    /* http */
};

/* What the checker may ask about the daemon. A NULL function: not known (sagactl
 * offline), nothing is said about it. */
struct check_world {
    bool (*has_service)(void *user, const char *name);
    bool (*has_var)(void *user, const char *name);
    bool (*has_secret)(void *user, const char *name);
    bool (*may_call)(void *user, const char *host); /* Absolute URL: in egress.allow? */
    /* Does its configuration declare that this service keeps idempotency keys? */
    bool (*is_repeatable)(void *user, const char *service);
    /* The service whose base URL has that origin; NULL none. */
    const char *(*service_at)(void *user, const struct check_origin *origin);
    /* A stored definition, version 0: the current one; NULL none. Borrowed. */
    const struct definition *(*child)(void *user, const char *name, uint32_t version);
    /* Nearest known name, for "did you mean"; NULL none. kind: "service", "var",
     * "secret", "definition". */
    const char *(*nearest)(void *user, const char *kind, const char *name);
    void *user;
    void *child_user; /* child's own; NULL: user. Compiled definitions are a thread's. */
    bool is_dry_run;  /* Unknown services, vars, secrets, children are warnings. */
};

/* Parse, check, compile. report is always filled (all issues at once). ERR_INVALID:
 * it has an error. On ERR_OK *out is owned: definition_destroy(). text is copied.
 * world NULL: nothing is known about the daemon. */
MUST_CHECK enum err definition_compile(const char *text, size_t n,
                                       const struct check_world *world,
                                       struct check_report *report,
                                       struct definition **out);
void definition_destroy(struct definition *d); /* NULL is fine. */

/* The children of that name (a quoted JSON text) that name no version are this one. For
 * whoever stored the definition, before others see it (S33). */
void definition_pin_child(struct definition *d, struct json_span name, uint32_t version);

/* Step number of an id, PLAN_NONE if there is none. */
uint16_t definition_step_of(const struct definition *d, const char *id);

/* The step's action, confirm or compensation; NULL: it has none. */
const struct definition_call *definition_call_of(const struct definition *d,
                                                 uint16_t step, enum call_kind call);

#endif /* DEFINITIONS_DEFINITION_H */
