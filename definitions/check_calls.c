/* check_calls.c - services, URLs and headers; see check.h. */
#include <string.h>
#include <strings.h>

#include "definitions/check.h"
#include "definitions/url_form.h"

/* ---- headers ------------------------------------------------------------------ */

/* What sagad or HTTP itself sets. A name that ends in - stands for all that begin so. */
static const char *const reserved[] = {
    "host",        "content-",   "connection",     "idempotency-key",
    "saga-",       "keep-alive", "proxy-",         "transfer-encoding",
    "te",          "trailer",    "upgrade",        "expect",
    "traceparent", "tracestate", "http2-settings",
};

static bool is_reserved(const char *name)
{
    for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
        size_t n = strlen(reserved[i]);
        bool is_prefix = reserved[i][n - 1] == '-';

        if (strncasecmp(name, reserved[i], n) == 0 && (is_prefix || name[n] == '\0')) {
            return true;
        }
    }
    return false;
}

static bool has_control(const struct template *t)
{
    const struct template_piece *pieces;
    size_t n = template_pieces(t, &pieces);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; pieces[i].e == NULL && k < pieces[i].n; k++) {
            unsigned char byte = (unsigned char)pieces[i].text[k];

            if (byte < 0x20 || byte == 0x7f) {
                return true;
            }
        }
    }
    return false;
}

static void check_headers(const struct check *c, const struct draft_pairs *headers)
{
    for (size_t i = 0; i < headers->n; i++) {
        const struct draft_pair *header = &headers->items[i];

        if (is_reserved(header->name)) {
            report_error(c->report, header->at, "reserved-header",
                         "'%.60s' is set by sagad or by HTTP itself", header->name);
        }
        if (has_control(header->value)) {
            report_error(c->report, header->at, "bad-header",
                         "the value of a header has no control characters");
        }
    }
}

/* ---- URLs --------------------------------------------------------------------- */

static void check_host(const struct check *c, const struct place *at,
                       const struct url_facts *facts)
{
    const struct check_world *w = c->world;
    const struct check_origin origin = {facts->host, facts->port, facts->is_plain};
    const char *service = w->service_at != NULL ? w->service_at(w->user, &origin) : NULL;

    if (w->may_call != NULL && !w->may_call(w->user, facts->host)) {
        report_issue(c->report, !w->is_dry_run, at, "host-not-allowed",
                     "the daemon's egress.allow does not name '%.120s', and a URL "
                     "without a service needs that",
                     facts->host);
    }
    if (service != NULL) {
        report_warning(
            c->report, at, "service-matches",
            "the service '%.63s' is at this address; with \"service\" the call "
            "gets its credentials and limits",
            service);
    }
    if (facts->is_plain && !facts->is_loopback) {
        report_warning(c->report, at, "plain-http",
                       "http to '%.120s' can be read and changed on its way",
                       facts->host);
    }
}

static void check_url(const struct check *c, const struct place *at,
                      const struct template *url, enum url_form form)
{
    struct url_facts facts;
    char why[160];

    if (url == NULL) {
        return;
    }
    if (!url_form_check(url, form, &facts, why)) {
        report_error(c->report, at, "bad-url", "%s", why);
    } else if (facts.host[0] != '\0') {
        check_host(c, at, &facts);
    }
}

static void check_call(const struct check *c, const struct draft_call *call)
{
    const struct check_world *w = c->world;
    bool has_service;

    if (call == NULL) {
        return;
    }
    has_service =
        json_span_member(call->at->value, "service", strlen("service")).at != NULL;
    check_url(c, place_of(c->scratch, call->at, "url"), call->url,
              has_service ? URL_PATH : URL_ABSOLUTE);
    check_headers(c, &call->headers);
    if (call->service != NULL && w->has_service != NULL &&
        !w->has_service(w->user, call->service)) {
        check_unknown(c, place_of(c->scratch, call->at, "service"), "service",
                      call->service);
    }
}

static void check_notify(const struct check *c, const struct draft_notify *notify)
{
    const struct check_world *w = c->world;

    check_url(c, place_of(c->scratch, notify->at, "url"), notify->url, URL_WEBHOOK);
    if (notify->secret != NULL && w->has_secret != NULL &&
        !w->has_secret(w->user, notify->secret)) {
        check_unknown(c, place_of(c->scratch, notify->at, "secret"), "secret",
                      notify->secret);
    }
}

/* S18 and S25: an undo is done by its answer; nobody waits for a callback on the way
 * back. */
static void check_undo(const struct check *c, const struct draft_call *undo)
{
    if (undo != NULL && undo->callback_ms != 0) {
        report_error(c->report, place_of(c->scratch, undo->at, "callback"),
                     "misplaced-member",
                     "'callback' goes only with an action; a compensation is done by "
                     "its answer");
    }
}

void check_calls(const struct check *c)
{
    check_headers(c, &c->d->defaults.call.headers);
    check_headers(c, &c->d->defaults.undo.headers);
    for (uint16_t i = 1; i < c->d->n_nodes; i++) {
        check_call(c, c->d->nodes[i]->call);
        check_call(c, c->d->nodes[i]->confirm);
        check_call(c, c->d->nodes[i]->undo.call);
        check_undo(c, c->d->nodes[i]->undo.call);
    }
    for (size_t i = 0; i < c->d->n_notify; i++) {
        check_notify(c, &c->d->notify[i]);
    }
}
