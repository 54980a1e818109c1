/*
 * draft.h - a definition as its author wrote it, read but not yet judged.
 *
 * parse.h makes it: every value has its C type, expressions and templates are
 * compiled, absent means zero, NULL or DRAFT_UNSET. draft_number() then gives each step
 * its number and draft_settle() its calls the defaults; check.h judges it; compile.c
 * turns it into the plan. A draft that has errors is as complete as could be, so that
 * all checks run and everything is said at once: any pointer in it may be NULL.
 *
 * Ownership: templates, expressions and names live in the definition's arena, all
 * else in the checker's scratch arena; the input schema is owned by the draft's maker.
 */
#ifndef DEFINITIONS_DRAFT_H
#define DEFINITIONS_DRAFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definitions/definition.h"
#include "definitions/report.h"

#define DRAFT_UNSET UINT64_MAX

enum draft_retry_field {
    DRAFT_ATTEMPTS,  /* 0: unlimited. */
    DRAFT_DELAY,     /* ms */
    DRAFT_BACKOFF,   /* permille */
    DRAFT_DELAY_MAX, /* ms */
    DRAFT_ELAPSED,   /* ms; 0: the default of S14. */
    DRAFT_JITTER,    /* permille */
};
#define DRAFT_RETRY_FIELDS 6

struct draft_retry {
    uint64_t v[DRAFT_RETRY_FIELDS]; /* DRAFT_UNSET: not said. */
};

struct draft_pair {
    const struct place *at;
    const char *name;
    const struct template *value;
};

struct draft_pairs {
    struct draft_pair *items;
    size_t n;
};

struct draft_names {
    const char **items;
    size_t n;
};

struct draft_call {
    const struct place *at;
    const char *service;
    const char *method; /* NULL: the default. */
    const struct template *url;
    struct draft_pairs query;
    struct draft_pairs headers;
    const struct template *body;
    uint64_t timeout_ms;
    uint64_t callback_ms; /* 0: none. */
    struct draft_retry retry;
    struct plan_statuses statuses;
    struct plan_statuses not_applied;
    const struct expr *reject_when;
    const struct expr *retry_when;
    const struct expr *applied_when;
    const struct expr *not_applied_when;
    struct draft_names redact;
    bool reads_answer; /* Its own conditions read .response.body. */
};

struct draft_wait {
    uint64_t ms;
    const struct expr *until;
    const char *signal;
    uint64_t timeout_ms;
    unsigned on_timeout; /* enum draft_on_timeout */
    const struct expr *reject_when;
};

enum draft_on_timeout { DRAFT_ON_TIMEOUT_UNSET, DRAFT_REJECT, DRAFT_CONTINUE };
enum draft_on_unknown { DRAFT_ON_UNKNOWN_UNSET, DRAFT_COMPENSATE, DRAFT_STOP };

struct draft_child {
    const struct place *at;
    const char *definition;
    uint32_t version; /* 0: the current one. */
    const struct template *input;
};

struct draft_each {
    const struct expr *in;
    uint32_t concurrent;
    uint32_t items_max;
};

struct draft_steps {
    struct draft_step **items;
    size_t n;
};

struct draft_undo {
    bool is_null; /* Nothing to undo, on purpose. */
    struct draft_call *call;
};

struct draft_step {
    const struct place *at;
    const char *id; /* NULL: node 0, or bad. */
    const char *description;
    const struct expr *when;
    struct draft_each *each;
    struct draft_call *call;
    struct draft_undo undo;
    struct draft_call *confirm;
    struct draft_steps parallel;
    struct draft_steps sequence;
    struct draft_wait *wait;
    struct draft_child *child;
    unsigned on_unknown; /* enum draft_on_unknown */
    bool is_pivot;
    bool is_optional;

    /* draft_number() */
    enum plan_kind kind;
    struct draft_step *parent;
    struct draft_step *next; /* Sibling. */
    uint16_t number;
    uint16_t end;
    uint16_t depth;
    uint32_t width; /* Calls open at once, at most UINT32_MAX. */

    /* check_references() */
    bool is_read;           /* Beyond its outcome. */
    bool body_is_read;      /* .steps.<id>.body */
    bool undo_reads_answer; /* Its compensation reads .steps.<id>. */
};

struct draft_notify {
    const struct place *at;
    const struct template *url;
    uint32_t on; /* Bit per enum saga_status; 0: the default. */
    const char *secret;
};

struct draft_input {
    struct json_span schema;
    struct json_span example;
};

struct draft_defaults {
    struct draft_call call;
    struct draft_call undo;
};

struct draft {
    const struct place *at;
    const char *schema_name; /* "$schema": for editors, not looked at. */
    const char *name;
    const char *description;
    struct json_span labels;
    struct draft_input input;
    struct input_schema *input_schema; /* Owned by whoever owns the draft. */
    const struct template *key;
    const struct template *ordering_key;
    const struct template *output;
    bool is_unique;
    uint64_t timeout_ms;
    struct draft_defaults defaults;
    struct draft_step root; /* Its sequence is `steps`. */
    struct draft_notify *notify;
    size_t n_notify;
    struct json_span tests;

    /* draft_number() */
    struct draft_step **nodes;
    uint16_t n_nodes;
    const struct draft_step *pivot; /* The first; NULL none. */
};

/* Number the steps: pre-order, node 0 is root. Also widths and the pivot. */
void draft_number(struct draft *d, struct arena *scratch);

/* The step of that id, NULL if there is none. */
struct draft_step *draft_step_of(const struct draft *d, const char *id);

/* Does the step stand behind the pivot (S27)? */
bool draft_is_after_pivot(const struct draft *d, const struct draft_step *step);

/* Fill in what the calls do not say: `defaults`, then the house's (definitions.md, "A
 * call"). Afterwards nothing in their retry is DRAFT_UNSET. */
void draft_settle(struct draft *d, struct arena *keep);

#endif /* DEFINITIONS_DRAFT_H */
