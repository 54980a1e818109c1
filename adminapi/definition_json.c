/* definition_json.c - see definition_json.h. */
#include "adminapi/definition_json.h"

#include <stdio.h>
#include <string.h>

#define LINK_MAX 160 /* A name has at most 63 bytes. */

static void put_links(struct json_out *o, const struct store_definition *d)
{
    char link[LINK_MAX];

    json_key(o, "links");
    json_open_object(o);
    (void)snprintf(link, sizeof(link), "/v1/definitions/%s/versions/%u", d->name,
                   (unsigned)d->version);
    json_put(o, "self", link);
    (void)snprintf(link, sizeof(link), "/v1/definitions/%s/versions", d->name);
    json_put(o, "versions", link);
    json_close_object(o);
}

void definition_json_members(struct json_out *o, const struct store_definition *d,
                             bool has_content)
{
    json_put(o, "name", d->name);
    json_put_number(o, "version", d->version);
    json_put_number(o, "current", d->current);
    json_put(o, "hash", d->hash);
    json_put_flag(o, "paused", d->is_paused);
    json_put_flag(o, "archived", d->is_archived);
    json_put_time(o, "createdAt", d->created_ms);
    if (d->children != NULL) {
        json_key(o, "children");
        json_raw(o, json_span_of(d->children, strlen(d->children)));
    }
    if (has_content) {
        json_key(o, "definition");
        json_raw(o, json_span_of(d->content, strlen(d->content)));
    }
    put_links(o, d);
}

void definition_json_issues(struct json_out *o, const struct check_report *report,
                            bool are_errors)
{
    json_open_array(o);
    for (size_t i = 0; i < report->n; i++) {
        const struct check_issue *issue = &report->issues[i];

        if (issue->is_error != are_errors) {
            continue;
        }
        json_open_object(o);
        json_put(o, "pointer", issue->pointer);
        json_put(o, "code", issue->code);
        json_put(o, "detail", issue->detail);
        json_close_object(o);
    }
    json_close_array(o);
}
