/*
 * plan.h - a definition, compiled for the core: what decides the next call, no more.
 *
 * definitions/ builds one plan per definition version and never changes it again.
 * URLs, bodies, expressions and services are not here: the core decides which call
 * comes next, never what is in it. The plan is an array of nodes in pre-order; a
 * node's number is its *step* number everywhere (state, journal, effects). Node 0
 * is the definition's own sequence and has no id.
 *
 * Status rules stand here too because definitions/ writes them and engine/calls
 * reads them; the core does not look at them.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"

#define PLAN_NONE UINT16_MAX

/* The kind's order is not stored. */
enum plan_kind {
    PLAN_SEQUENCE,
    PLAN_PARALLEL,
    PLAN_CALL,
    PLAN_TIMER,  /* wait: a duration or until. */
    PLAN_SIGNAL, /* wait: signal. */
    PLAN_CHILD,  /* saga. */
};

enum plan_undo {
    PLAN_UNDO_NONE,  /* Nothing to take back: absent, or null on purpose. */
    PLAN_UNDO_CALL,  /* node.compensation */
    PLAN_UNDO_CHILD, /* Compensate the child saga. */
};

enum plan_on_unknown { PLAN_ON_UNKNOWN_COMPENSATE, PLAN_ON_UNKNOWN_STOP };

struct plan_retry {
    uint32_t attempts_max;     /* That cost one, first included; 0 = unlimited. */
    uint32_t delay_ms;         /* Before the second attempt. */
    uint32_t delay_max_ms;     /* Our own delay stops growing here. */
    uint32_t backoff_permille; /* 2000 doubles the delay each time. */
    uint32_t jitter_permille;  /* 1000: anywhere between 0 and the delay. */
    uint64_t elapsed_max_ms;   /* From the first attempt; 0: the default of S14. */
};

struct plan_call {
    struct plan_retry retry;
    uint32_t timeout_ms;  /* One attempt. */
    uint32_t callback_ms; /* 0: done by its answer; else by a callback within this. */
    bool is_present;
    bool is_safe; /* GET, HEAD: never in doubt. */
};

struct plan_node {
    enum plan_kind kind;
    uint16_t parent; /* PLAN_NONE for node 0. */
    uint16_t first;  /* First child, PLAN_NONE for a leaf. */
    uint16_t next;   /* Next sibling, or PLAN_NONE. */
    uint16_t end;    /* First node number behind this node's subtree. */
    uint16_t each;   /* Index among the plan's forEach nodes, or PLAN_NONE. */

    bool has_when;
    bool is_optional;
    bool is_pivot;
    bool undo_reads_answer; /* The compensation reads its own step's answer (S22). */
    bool holds_pivot;       /* This node or one below it is a pivot. */
    enum plan_on_unknown on_unknown;
    enum plan_undo undo;

    struct plan_call action;       /* CALL. */
    struct plan_call confirm;      /* CALL, if present. */
    struct plan_call compensation; /* CALL or CHILD, if undo is PLAN_UNDO_CALL. */

    uint32_t each_concurrent; /* forEach: items open at once, 1..64. */
    uint32_t items_max;       /* forEach. */

    uint64_t wait_ms;     /* TIMER: duration; 0: ask `until`. SIGNAL: time-out, 0 none. */
    bool timeout_goes_on; /* SIGNAL: onTimeout is continue. */
    uint8_t signal;       /* SIGNAL: index of its name in the definition. */
};

struct plan {
    uint16_t n_nodes; /* 1..LIMIT_STEPS + 1 */
    uint16_t n_each;
    uint16_t width;           /* Most calls open at once. */
    uint64_t timeout_ms;      /* Forward part; 0 none. */
    struct plan_node nodes[]; /* n_nodes */
};

/* ---- what a status means (S12 to S14) ------------------------------------- */

enum plan_meaning { PLAN_SUCCESS, PLAN_RETRYABLE, PLAN_REJECTED };

#define PLAN_STATUS_RULES_MAX 64

struct plan_status_rule {
    uint16_t status; /* 100..599, or 2 to 5 for a class; a code beats a class. */
    enum plan_meaning meaning;
};

struct plan_statuses {
    uint16_t n;
    struct plan_status_rule rules[PLAN_STATUS_RULES_MAX];
};

/* True if the tree is well formed and its numbers within limits.h: what the core
 * relies on. Checked when a definition is compiled. */
bool plan_is_sound(const struct plan *plan);

#endif /* CORE_PLAN_H */
