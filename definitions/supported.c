/* supported.c - see supported.h. */
#include "definitions/supported.h"

#include <string.h>

enum owner { OF_DEFINITION, OF_STEP, OF_CALL };

static const struct {
    const char *member;
    enum owner owner;
} unreleased[] = {
    {"tests", OF_DEFINITION},
};

static void check_members(const struct place *at, enum owner owner, struct report *report,
                          struct arena *scratch)
{
    for (size_t i = 0; i < sizeof(unreleased) / sizeof(unreleased[0]); i++) {
        const char *name = unreleased[i].member;

        if (unreleased[i].owner == owner &&
            json_span_member(at->value, name, strlen(name)).at != NULL) {
            report_error(report, place_of(scratch, at, name), "not-supported-yet",
                         "'%s' is not supported yet", name);
        }
    }
}

void supported_check(const struct draft *d, struct report *report, struct arena *scratch)
{
    check_members(d->at, OF_DEFINITION, report, scratch);
    for (uint16_t i = 1; i < d->n_nodes; i++) {
        const struct draft_step *step = d->nodes[i];

        check_members(step->at, OF_STEP, report, scratch);
        if (step->call != NULL) {
            check_members(step->call->at, OF_CALL, report, scratch);
        }
        if (step->undo.call != NULL) {
            check_members(step->undo.call->at, OF_CALL, report, scratch);
        }
    }
}
