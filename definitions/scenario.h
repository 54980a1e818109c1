/*
 * scenario.h - a definition's tests: input, answers, and what is to come of them.
 *
 * A list of scenarios stands in the definition (`tests`) or beside it in a file. Each is
 * rehearsed (rehearse.h) and compared with what it expects: status, the calls in their
 * order (every attempt counts), output. What differs is told in sentences.
 *
 * scenario_check() is the checker's part: it adds an error `test-failed` with the pointer
 * of the test to a report. The daemon calls it behind definition_compile() when a
 * definition is put, sagactl when one is checked.
 */
#ifndef DEFINITIONS_SCENARIO_H
#define DEFINITIONS_SCENARIO_H

#include "base/arena.h"
#include "base/err.h"
#include "base/json_span.h"
#include "definitions/definition.h"

#define SCENARIO_DIFFERENCES_MAX 4

struct scenario_result {
    const char *name;
    size_t index;
    size_t n_differences; /* 0: it passed. */
    const char *differences[SCENARIO_DIFFERENCES_MAX];
};

/* The form of a list of tests that does not stand in a definition; places in report are
 * pointers into it. ERR_INVALID: report has an error. tests: text json_read() accepted.
 */
MUST_CHECK enum err scenario_read(struct json_span tests, struct check_report *report);

/* Run test number `index` of a list whose form is good. vars: object, at == NULL: none.
 * Everything in out lives in keep. */
void scenario_run(const struct definition *d, struct json_span tests, size_t index,
                  struct json_span vars, struct arena *keep, struct scenario_result *out);

/* Run the definition's own tests. ERR_INVALID: one failed, and report says which. */
MUST_CHECK enum err scenario_check(const struct definition *d, struct json_span vars,
                                   struct check_report *report);

#endif /* DEFINITIONS_SCENARIO_H */
