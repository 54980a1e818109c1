/* route.c - see route.h. */
#include "adminapi/route.h"

#include <stdbool.h>
#include <string.h>

#include "adminapi/handlers.h"

#define NAMED "/v1/definitions/{name}"
#define SAGA "/v1/sagas/{id}"
#define SERVICE "/v1/services/{name}"
#define FILTERS                                                                 \
    "status definition stuckStep stuckOperation stuckOutcome error key label. " \
    "paused startedAfter startedBefore updatedAfter updatedBefore count limit cursor"

/* clang-format off */
const struct route routes[] = {
    {"GET", "/v1/definitions", AUTH_READER, REACH_OWN, definitions_list, "limit cursor", "List definitions"},
    {"GET", NAMED, AUTH_READER, REACH_NAME, definitions_show, "", "The current version of a definition"},
    {"PUT", NAMED, AUTH_AUTHOR, REACH_NAME, definitions_put, "dryRun activate", "Check and store a definition"},
    {"DELETE", NAMED, AUTH_AUTHOR, REACH_NAME, definitions_archive, "", "Archive a definition"},
    {"GET", NAMED "/versions", AUTH_READER, REACH_NAME, definitions_versions, "limit cursor", "List the versions of a definition"},
    {"GET", NAMED "/versions/{n}", AUTH_READER, REACH_NAME, definitions_version, "", "One version of a definition"},
    {"PUT", NAMED "/current", AUTH_AUTHOR, REACH_NAME, definitions_use, "", "Choose the version new sagas take"},
    {"POST", NAMED "/pause", AUTH_OPERATOR, REACH_NAME, definitions_pause, "", "Refuse new sagas"},
    {"POST", NAMED "/resume", AUTH_OPERATOR, REACH_NAME, definitions_resume, "", "Allow new sagas again"},

    {"POST", "/v1/sagas", AUTH_STARTER, REACH_OWN, sagas_start, "", "Start a saga"},
    {"POST", "/v1/sagas:batch", AUTH_STARTER, REACH_OWN, sagas_batch, "", "Start up to a thousand sagas"},
    {"GET", "/v1/sagas", AUTH_READER, REACH_OWN, sagas_list, FILTERS, "List sagas, newest first"},
    {"GET", "/v1/stuck", AUTH_READER, REACH_OWN, sagas_stuck, "definition limit", "Stuck sagas in groups, the largest first"},
    {"GET", SAGA, AUTH_READER, REACH_SAGA, sagas_show, "", "A saga"},
    {"DELETE", SAGA, AUTH_ADMIN, REACH_SAGA, sagas_purge, "reason", "Purge a final saga"},
    {"GET", SAGA "/journal", AUTH_READER, REACH_SAGA, sagas_journal, "limit cursor", "Every turn of a saga, oldest first"},
    {"GET", SAGA "/calls", AUTH_READER, REACH_SAGA, sagas_calls, "limit cursor", "Every attempt of a saga, oldest first"},
    {"GET", SAGA "/at/{turn}", AUTH_READER, REACH_SAGA, sagas_at, "", "A saga as it was after a turn"},
    {"GET", SAGA "/steps/{step}/items", AUTH_READER, REACH_SAGA, sagas_items, "limit cursor", "The items of a forEach step"},
    {"GET", SAGA "/calls/{n}", AUTH_READER, REACH_SAGA, sagas_call, "", "One attempt"},

    {"POST", SAGA "/signals/{name}", AUTH_STARTER, REACH_SAGA, sagas_signal, "", "Send a signal to a saga"},
    {"POST", "/v1/callbacks/{token}", AUTH_NONE, REACH_NOBODYS, sagas_callback, "", "The result of a call that is done later"},

    {"POST", SAGA "/retry", AUTH_OPERATOR, REACH_SAGA, sagas_retry, "preview", "Call again what gave up or is waiting to be called again"},
    {"POST", SAGA "/skip", AUTH_OPERATOR, REACH_SAGA, sagas_skip, "preview", "Pass a step with an output given by hand"},
    {"POST", SAGA "/resolve", AUTH_OPERATOR, REACH_SAGA, sagas_resolve, "preview", "Say whether a stuck step's effect is in the world"},
    {"POST", SAGA "/close", AUTH_OPERATOR, REACH_SAGA, sagas_close, "preview", "Declare a stuck saga settled by hand"},
    {"POST", SAGA "/cancel", AUTH_OPERATOR, REACH_SAGA, sagas_cancel, "preview", "Take the saga back"},
    {"POST", SAGA "/pause", AUTH_OPERATOR, REACH_SAGA, sagas_pause, "preview", "Hold new calls"},
    {"POST", SAGA "/resume", AUTH_OPERATOR, REACH_SAGA, sagas_resume, "preview", "Go on after a pause"},

    {"GET", SAGA "/webhooks", AUTH_READER, REACH_SAGA, webhooks_of_saga, "status limit cursor", "The webhooks of a saga, newest first"},
    {"POST", SAGA "/webhooks/{webhook}/redeliver", AUTH_OPERATOR, REACH_SAGA, webhooks_redeliver, "", "Send a webhook again"},
    {"GET", "/v1/webhooks", AUTH_READER, REACH_OWN, webhooks_list, "status definition origin createdAfter createdBefore limit cursor", "Webhooks of all sagas, newest first"},

    {"POST", "/v1/bulk", AUTH_OPERATOR, REACH_OWN, bulk_start, "", "Do one thing to every saga that a filter finds"},
    {"GET", "/v1/bulk", AUTH_READER, REACH_OWN, bulk_list, "limit cursor", "List bulk actions, newest first"},
    {"GET", "/v1/bulk/{id}", AUTH_READER, REACH_OWN, bulk_show, "limit cursor", "A bulk action and what became of each saga"},
    {"POST", "/v1/bulk/{id}/cancel", AUTH_OPERATOR, REACH_OWN, bulk_cancel, "", "Stop a bulk action before its next saga"},

    {"GET", "/v1/events", AUTH_READER, REACH_OWN, events_follow, "definition status saga", "Every committed turn as it happens"},
    {"GET", "/v1/stats", AUTH_READER, REACH_NOBODYS, stats_show, "window step", "What happened when, since the start"},
    {"GET", "/v1/audit", AUTH_READER, REACH_SUBJECT, audit_list, "actor action subject limit cursor", "Who did what, newest first"},
    {"GET", "/v1/services", AUTH_READER, REACH_NOBODYS, meta_services, "", "The services and how they stand"},
    {"POST", SERVICE "/breaker", AUTH_OPERATOR, REACH_ENGINE, services_breaker, "", "Hold a service's breaker open or closed, or leave it alone"},
    {"POST", SERVICE "/pause", AUTH_OPERATOR, REACH_ENGINE, services_pause, "", "Send a service no new calls"},
    {"POST", SERVICE "/resume", AUTH_OPERATOR, REACH_ENGINE, services_resume, "", "Call a service again after a pause"},
    {"POST", "/v1/resume", AUTH_OPERATOR, REACH_ENGINE, meta_resume, "", "Let an engine that was restored from a backup go on"},
    {"GET", "/v1/info", AUTH_NONE, REACH_NOBODYS, meta_info, "", "Version and store"},
    {"GET", "/healthz", AUTH_NONE, REACH_NOBODYS, meta_health, "", "Is the process alive?"},
    {"GET", "/readyz", AUTH_NONE, REACH_NOBODYS, meta_ready, "verbose", "May it be given work?"},
    {"GET", "/metrics", AUTH_NONE, REACH_NOBODYS, meta_metrics, "", "Prometheus metrics"},
    {"GET", "/openapi.json", AUTH_NONE, REACH_NOBODYS, meta_openapi, "", "This interface"},
    {"GET", "/schemas/definition.json", AUTH_NONE, REACH_NOBODYS, meta_schema, "", "JSON Schema of definitions"},
};
/* clang-format on */

const size_t n_routes = sizeof(routes) / sizeof(routes[0]);

/* Does the pattern's segment at `at` (n bytes) take the text? */
static bool takes(const char *at, size_t n, const char *text)
{
    if (at[0] == '{') {
        return text[0] != '\0';
    }
    return strlen(text) == n && memcmp(at, text, n) == 0;
}

static bool matches(const char *pattern, const struct target *t,
                    const char *parameters[ROUTE_PARAMETERS_MAX])
{
    const char *at = pattern + 1;
    size_t n_parameters = 0;

    for (size_t i = 0; i < t->n_segments; i++) {
        const size_t n = strcspn(at, "/");

        if (n == 0 || !takes(at, n, t->segments[i])) {
            return false;
        }
        if (at[0] == '{') {
            parameters[n_parameters++] = t->segments[i];
        }
        at += n;
        if (*at == '\0') {
            return i + 1 == t->n_segments && !t->is_deep;
        }
        at++;
    }
    return false;
}

const struct route *route_find(const char *method, const struct target *t,
                               const char *parameters[ROUTE_PARAMETERS_MAX])
{
    const char *wanted = strcmp(method, "HEAD") == 0 ? "GET" : method;

    for (size_t i = 0; i < n_routes; i++) {
        if (strcmp(routes[i].method, wanted) == 0 &&
            matches(routes[i].path, t, parameters)) {
            return &routes[i];
        }
    }
    return NULL;
}

void route_allow(const struct target *t, struct buf *allow)
{
    const char *parameters[ROUTE_PARAMETERS_MAX];

    for (size_t i = 0; i < n_routes; i++) {
        if (!matches(routes[i].path, t, parameters)) {
            continue;
        }
        buf_add_text(allow, allow->n > 0 ? ", " : "");
        buf_add_text(allow, routes[i].method);
        if (strcmp(routes[i].method, "GET") == 0) {
            buf_add_text(allow, ", HEAD");
        }
    }
}

static bool knows(const char *known, const char *name)
{
    while (*known != '\0') {
        const size_t n = strcspn(known, " ");
        const bool is_prefix = known[n - 1] == '.';

        if (strncmp(known, name, n) == 0 &&
            (is_prefix ? name[n] != '\0' : name[n] == '\0')) {
            return true;
        }
        known += n + (known[n] == ' ' ? 1 : 0);
    }
    return false;
}

enum auth_role route_role(const struct route *route, const struct target *t)
{
    const char *preview = target_find(t, "preview");

    return preview != NULL && strcmp(preview, "true") == 0 &&
                   knows(route->parameters, "preview")
               ? AUTH_READER
               : route->role;
}

const char *route_unknown_parameter(const struct route *route, const struct target *t)
{
    for (size_t i = 0; i < t->n_parameters; i++) {
        if (!knows(route->parameters, t->parameters[i].name)) {
            return t->parameters[i].name;
        }
    }
    return NULL;
}
