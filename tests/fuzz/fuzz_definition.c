/* A definition is refused with issues that name a place and say a sentence, or compiles,
 * to the same hash each time. */
#include "definitions/definition.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static struct check_report report; /* Too large for the stack. */

static bool knows(void *user, const char *name)
{
    (void)user;
    return strchr(name, 'x') == NULL;
}

static const char *nearest(void *user, const char *kind, const char *name)
{
    (void)user;
    (void)name;
    return strcmp(kind, "service") == 0 ? "payments" : NULL;
}

static const char *service_at(void *user, const struct check_origin *origin)
{
    (void)user;
    return strcmp(origin->host, "api.example.com") == 0 ? "payments" : NULL;
}

static void look_at_report(enum err err)
{
    const size_t kept = report.n < CHECK_ISSUES_MAX ? report.n : CHECK_ISSUES_MAX;

    assert((err == ERR_OK) == (report.n_errors == 0));
    for (size_t i = 0; i < kept; i++) {
        const struct check_issue *x = &report.issues[i];

        assert(x->code[0] != '\0' && x->detail[0] != '\0');
        assert(x->pointer[0] == '\0' || x->pointer[0] == '/');
    }
}

static void compile(const char *text, size_t n, const struct check_world *world)
{
    struct definition *d = NULL;
    struct definition *twin = NULL;
    const enum err err = definition_compile(text, n, world, &report, &d);

    assert(err == ERR_OK || err == ERR_INVALID);
    look_at_report(err);
    if (err == ERR_OK) {
        const enum err again =
            definition_compile(d->content.at, d->content.n, world, &report, &twin);

        assert(again == ERR_OK && strcmp(d->hash, twin->hash) == 0);
        assert(d->plan->n_nodes == twin->plan->n_nodes);
    }
    definition_destroy(d);
    definition_destroy(twin);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    const struct check_world world = {.has_service = knows,
                                      .has_var = knows,
                                      .has_secret = knows,
                                      .may_call = knows,
                                      .is_repeatable = knows,
                                      .service_at = service_at,
                                      .nearest = nearest,
                                      .is_dry_run = n % 2 == 0};

    compile((const char *)bytes, n, &world);
    compile((const char *)bytes, n, NULL);
    return 0;
}
