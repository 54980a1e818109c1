/* body.c - see body.h. */
#include "adminapi/body.h"

#include <string.h>

#include "adminapi/answer.h"
#include "base/json.h"
#include "definitions/suggest.h"

void body_fault(struct request *r, const struct body_member *m, const char *code,
                const char *detail)
{
    answer_fault(r, arena_printf(r->arena, "/%s", m->name), code, "%s", detail);
}

const char *body_pointer(struct request *r, const char *parent, const char *name)
{
    struct buf pointer;
    const char *made;

    buf_init(&pointer, 4096);
    buf_printf(&pointer, "%s/", parent);
    for (const char *at = name; *at != '\0'; at++) {
        if (*at == '~' || *at == '/') {
            buf_add_text(&pointer, *at == '~' ? "~0" : "~1");
        } else {
            buf_add_char(&pointer, *at);
        }
    }
    made = arena_text(r->arena, buf_text(&pointer));
    buf_done(&pointer);
    return made;
}

static const char *pointer_of(struct request *r, struct json_span name)
{
    struct buf plain;
    const char *made;

    buf_init(&plain, 1024);
    json_span_unescape(name, &plain);
    made = body_pointer(r, "", buf_text(&plain));
    buf_done(&plain);
    return made;
}

static void refuse_member(struct request *r, const char *pointer,
                          const struct body_member *members, size_t n)
{
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    suggest_begin(&s, pointer + 1);
    for (size_t i = 0; i < n; i++) {
        suggest_offer(&s, members[i].name);
    }
    answer_fault(r, pointer, "unknown-member", "There is no member '%s' here%s",
                 pointer + 1, suggest_hint(&s, hint));
}

void body_take(struct request *r, struct json_span body, struct body_member *members,
               size_t n)
{
    struct json_walk walk = json_walk_of(body);
    struct json_span name;
    struct json_span value;

    while (json_walk_next(&walk, &name, &value)) {
        size_t i = 0;

        while (i < n &&
               !json_span_is_text(name, members[i].name, strlen(members[i].name))) {
            i++;
        }
        if (i < n) {
            members[i].value = value;
        } else {
            refuse_member(r, pointer_of(r, name), members, n);
        }
    }
}

bool body_read(struct request *r, bool may_be_empty, struct body_member *members,
               size_t n)
{
    struct err_info info = {.text = ""};
    struct json_span body;

    if (r->body.n == 0 && may_be_empty) {
        return true;
    }
    if (r->body.n == 0) {
        answer_refuse(r, PROBLEM_INVALID_JSON,
                      "A JSON object is needed and the body is empty: line 1, column 1");
        return false;
    }
    if (json_accept(buf_text(&r->body), r->body.n, &info) != ERR_OK) {
        answer_refuse(r, PROBLEM_INVALID_JSON, "%s", info.text);
        return false;
    }
    body = json_span_of(buf_text(&r->body), r->body.n);
    if (json_span_kind(body) != JSON_KIND_OBJECT) {
        answer_fault(r, "", "type", "The body must be a JSON object");
        answer_refuse(r, PROBLEM_INPUT_INVALID, "The body must be a JSON object");
        return false;
    }
    body_take(r, body, members, n);
    return true;
}

const char *body_text(struct request *r, const struct body_member *m)
{
    struct buf text;
    const char *made;

    if (m->value.at == NULL) {
        return NULL;
    }
    if (json_span_kind(m->value) != JSON_KIND_STRING) {
        body_fault(r, m, "type", "It must be a text");
        return NULL;
    }
    buf_init(&text, m->value.n);
    json_span_unescape(m->value, &text);
    made = arena_copy(r->arena, buf_text(&text), text.n);
    buf_done(&text);
    return made;
}

const char *body_needed_text(struct request *r, const struct body_member *m)
{
    const char *text = body_text(r, m);

    if (m->value.at == NULL) {
        answer_fault(r, "", "required", "The member '%s' is required", m->name);
    } else if (text != NULL && text[0] == '\0') {
        body_fault(r, m, "minLength", "It must not be empty");
        return NULL;
    }
    return text;
}

bool body_whole(struct request *r, const struct body_member *m, int64_t least,
                int64_t *out)
{
    int64_t value;

    if (m->value.at == NULL) {
        return false;
    }
    if (json_span_kind(m->value) != JSON_KIND_NUMBER ||
        !json_span_int(m->value, &value) || value < least) {
        body_fault(r, m, "type",
                   least == 0 ? "It must be a whole number from 0 on"
                              : "It must be a whole number from 1 on");
        return false;
    }
    *out = value;
    return true;
}

bool body_refuses(struct request *r, enum problem p, const char *detail)
{
    if (r->faults == NULL) {
        return false;
    }
    answer_refuse(r, p, "%s: %s: %s", detail,
                  r->faults->pointer[0] != '\0' ? r->faults->pointer : "the body",
                  r->faults->detail);
    return true;
}
