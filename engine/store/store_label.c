/* store_label.c - see store_label.h. */
#include "engine/store/store_label.h"

#include <string.h>

#include "base/limits.h"

void store_label_walk_init(struct store_label_walk *w, const char *labels)
{
    struct json_span object = JSON_SPAN_NONE;

    if (labels != NULL) {
        object = json_span_of(labels, strlen(labels));
    }
    if (json_span_kind(object) != JSON_KIND_OBJECT) {
        object = JSON_SPAN_NONE;
    }
    w->members = json_walk_of(object);
    buf_init(&w->name, LIMIT_BODY_BYTES); /* Labels came in a request. */
    buf_init(&w->value, LIMIT_BODY_BYTES);
}

bool store_label_walk_next(struct store_label_walk *w)
{
    struct json_span name;
    struct json_span value;

    if (!json_walk_next(&w->members, &name, &value)) {
        return false;
    }
    buf_clear(&w->name);
    buf_clear(&w->value);
    json_span_unescape(name, &w->name);
    if (json_span_kind(value) == JSON_KIND_STRING) {
        json_span_unescape(value, &w->value);
    } else {
        buf_add(&w->value, value.at, value.n);
    }
    return true;
}

void store_label_walk_done(struct store_label_walk *w)
{
    buf_done(&w->name);
    buf_done(&w->value);
}
