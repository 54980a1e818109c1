/*
 * plans.h - what the fuzz targets of the core share: plans of every kind of step, and
 * bytes taken one by one as choices.
 *
 * The first byte of an input picks the plan. Bytes that have run out are zeros. Header
 * only.
 */
#ifndef TESTS_FUZZ_PLANS_H
#define TESTS_FUZZ_PLANS_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "definitions/definition.h"

struct choices {
    const uint8_t *at;
    size_t n;
};

static inline uint8_t choose(struct choices *c)
{
    if (c->n == 0) {
        return 0;
    }
    c->n--;
    return *c->at++;
}

#define PLAN_CALL(id) "{'id':'" id "','call':'POST http://a/" id "'"
#define PLAN_UNDO ",'compensate':'POST http://a/undo'"
#define PLAN_BOTH(id) PLAN_CALL(id) PLAN_UNDO "}"
#define PLAN_CONFIRM ",'confirm':{'url':'http://a/look','notApplied':[404]}"
#define PLAN_CHILD_OF(id) "{'id':'" id "','saga':{'definition':'kid','input':{}}"

/* ' stands for ". */
static const char *const plan_texts[] = {
    PLAN_BOTH("a") "," PLAN_BOTH("b") "," PLAN_BOTH("c"),
    "{'id':'p','parallel':[" PLAN_BOTH("a") "," PLAN_CHILD_OF(
        "kyc") "},"
               "{'id':'ok','wait':{'signal':'ok','timeout':'30s'}},{'id':'t','wait':'30s'"
               "}," PLAN_CALL("e") PLAN_UNDO
    ",'forEach':{'in':'${.input.x}','maxConcurrent':2}},"
    "{'id':'k','call':{'url':'http://a/k','callback':{'timeout':'60s'}}" PLAN_UNDO
    "}]}," PLAN_BOTH("d"),
    PLAN_BOTH("a") "," PLAN_CALL("pay") PLAN_CONFIRM
    ",'pivot':true},"
    "{'id':'ok','wait':{'signal':'ok'}}," PLAN_CALL("b") ",'compensate':null}",
    PLAN_CALL("a") PLAN_UNDO
    ",'optional':true,"
    "'forEach':{'in':'${.input.x}','maxConcurrent':3}},{'id':'p','parallel':[" PLAN_BOTH(
        "b") "," PLAN_CHILD_OF("kyc") PLAN_UNDO "}]}," PLAN_BOTH("c"),
    PLAN_CALL("f") PLAN_UNDO PLAN_CONFIRM
    "},{'id':'p','parallel':[" PLAN_BOTH("h") "," PLAN_CALL("c") PLAN_CONFIRM
    ",'compensate':{'url':'http://a/${.steps.c.body.id}'}}]}," PLAN_CALL("m") PLAN_UNDO
    ",'optional':true,'onUnknown':'stop'}",
    PLAN_CALL("a") PLAN_UNDO
    ",'when':'${.input.w}'},{'id':'s','when':'${.input.v}',"
    "'steps':[" PLAN_BOTH(
        "b") ",{'id':'u','wait':{'until':'${.input.u}'}}]},"
             "{'id':'w','wait':{'signal':'go','timeout':'5s','onTimeout':'continue'}},"
             "{'id':'g','call':'GET http://a/g'}",
};

/* The definition of these steps, compiled; never freed. */
static inline struct definition *plan_made(const char *steps, size_t i)
{
    static struct check_report report; /* Too large for the stack. */
    char text[4096];
    struct definition *d = NULL;
    const int n = snprintf(text, sizeof(text), "{'name':'d',%s'steps':[%s]}",
                           i % 2 == 0 ? "" : "'timeout':'60s',", steps);
    enum err err;

    assert(n > 0 && (size_t)n < sizeof(text));
    for (char *at = text; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    err = definition_compile(text, (size_t)n, NULL, &report, &d);
    for (size_t k = 0; err != ERR_OK && k < report.n && k < CHECK_ISSUES_MAX; k++) {
        fprintf(stderr, "%s: %s\n", report.issues[k].pointer, report.issues[k].detail);
    }
    assert(err == ERR_OK);
    return d;
}

static inline const struct plan *plan_chosen(struct choices *c)
{
    enum { N = sizeof(plan_texts) / sizeof(plan_texts[0]) };
    static struct definition *made[N];

    for (size_t i = 0; made[N - 1] == NULL; i++) {
        made[i] = plan_made(plan_texts[i], i);
    }
    return made[choose(c) % N]->plan;
}

#endif /* TESTS_FUZZ_PLANS_H */
