/* rehearse_script.c - the script of a rehearsal: what comes, and what it means. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "base/units.h"
#include "definitions/rehearse_parts.h"
#include "definitions/told.h"

#define NAME_MAX_BYTES 128

struct list_use {
    const char *at; /* Of the list in the script's text. */
    size_t used;
};

/* ---- finding the next answer --------------------------------------------------------
 */

static struct json_span list_named(const struct rehearsal *r, uint16_t step,
                                   uint32_t item, const char *word)
{
    char name[NAME_MAX_BYTES];

    if (item == SAGA_NO_ITEM) {
        (void)snprintf(name, sizeof(name), "%s.%s", r->d->steps[step].id, word);
    } else {
        (void)snprintf(name, sizeof(name), "%s[%" PRIu32 "].%s", r->d->steps[step].id,
                       item, word);
    }
    return json_span_member(r->script->answers, name, strlen(name));
}

/* The item's own list, else one for all items in the order they are called. */
static struct json_span list_of(const struct rehearsal *r, uint16_t step, uint32_t item,
                                const char *word)
{
    const struct json_span own = list_named(r, step, item, word);

    return own.at != NULL || item == SAGA_NO_ITEM
               ? own
               : list_named(r, step, SAGA_NO_ITEM, word);
}

static size_t *use_of(struct rehearsal *r, struct json_span list)
{
    for (size_t i = 0; i < r->n_lists; i++) {
        if (r->lists[i].at == list.at) {
            return &r->lists[i].used;
        }
    }
    if (r->n_lists == r->lists_room) {
        r->lists_room = r->lists_room > 0 ? 2 * r->lists_room : 16;
        r->lists = mem_grow(r->lists, r->lists_room * sizeof(r->lists[0]));
    }
    r->lists[r->n_lists] = (struct list_use){.at = list.at};
    r->n_lists++;
    return &r->lists[r->n_lists - 1].used;
}

void script_done(struct rehearsal *r)
{
    free(r->lists);
}

/* ---- reading it ----------------------------------------------------------------------
 */

/* Header names are lower case in documents, as the engine makes them. */
static struct json_span lower_names(struct rehearsal *r, struct json_span headers)
{
    struct json_walk walk = json_walk_of(headers);
    struct json_span name;
    struct json_span value;
    struct json_out out;
    struct buf text;
    struct json_span kept;

    buf_init(&text, 2 * headers.n + 16);
    json_out_init(&out, &text);
    json_open_object(&out);
    while (json_walk_next(&walk, &name, &value)) {
        struct buf plain;

        buf_init(&plain, name.n);
        json_span_unescape(name, &plain);
        for (size_t i = 0; i < plain.n; i++) {
            plain.bytes[i] = (char)tolower((unsigned char)plain.bytes[i]);
        }
        json_key(&out, buf_text(&plain));
        json_raw(&out, value);
        buf_done(&plain);
    }
    json_close_object(&out);
    kept = (struct json_span){arena_copy(r->keep, buf_text(&text), text.n), text.n};
    buf_done(&text);
    return kept;
}

static uint64_t duration_of(struct json_span value)
{
    uint64_t ms = 0;
    struct buf text;

    if (value.at == NULL) {
        return 0;
    }
    buf_init(&text, 64);
    json_span_unescape(value, &text);
    (void)units_read_duration(buf_text(&text), &ms); /* Its form was checked. */
    buf_done(&text);
    return ms;
}

static const struct {
    const char *word;
    struct verdict_facts facts;
} faults[] = {
    {"timeout", {.curl_result = VERDICT_TRANSFER_TIMED_OUT, .request_bytes = 1}},
    {"refused", {.curl_result = VERDICT_TRANSFER_NO_CONNECTION}},
    {"reset", {.curl_result = VERDICT_TRANSFER_RECEIVE_BROKE, .request_bytes = 1}},
    {"cut",
     {.curl_result = VERDICT_TRANSFER_CUT,
      .status = 200,
      .request_bytes = 1,
      .headers_complete = true}},
    {"dns", {.curl_result = VERDICT_TRANSFER_NO_HOST}},
};

static struct verdict_facts facts_of_fault(struct json_span word)
{
    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        if (json_span_is_text(word, faults[i].word, strlen(faults[i].word))) {
            return faults[i].facts;
        }
    }
    return faults[0].facts; /* Its form was checked. */
}

static struct verdict_facts facts_of_status(long status)
{
    return (struct verdict_facts){.status = status,
                                  .request_bytes = 1,
                                  .headers_complete = true,
                                  .body_complete = true,
                                  .is_json = true};
}

static struct json_span member(struct json_span object, const char *name)
{
    return json_span_member(object, name, strlen(name));
}

static enum saga_status ended_of(struct json_span word, enum saga_status usual)
{
    static const enum saga_status endings[] = {
        SAGA_STATUS_COMPLETED, SAGA_STATUS_COMPENSATED, SAGA_STATUS_RESOLVED};

    for (size_t i = 0; word.at != NULL && i < sizeof(endings) / sizeof(endings[0]); i++) {
        const char *name = told_status(endings[i]);

        if (json_span_is_text(word, name, strlen(name))) {
            return endings[i];
        }
    }
    return usual;
}

/* Seconds; a date would need to know the day that virtual time takes place on. */
static uint64_t retry_after_ms(const struct rehearsal *r, struct json_span headers)
{
    const struct json_span value = member(headers, "retry-after");
    uint64_t seconds = 0;
    struct buf text;

    if (value.at == NULL) {
        return 0;
    }
    buf_init(&text, 32);
    json_span_unescape(value, &text);
    if (!units_read_count(buf_text(&text), &seconds) || seconds > UINT32_MAX) {
        seconds = 0;
    }
    buf_done(&text);
    return seconds > 0 ? r->now_ms + seconds * 1000U : 0;
}

static struct line line_of(struct rehearsal *r, struct json_span text,
                           enum saga_status usual)
{
    struct line line = {.is_there = true, .facts = facts_of_status(200)};
    const struct json_span fault = member(text, "fault");
    const struct json_span headers = member(text, "headers");
    int64_t status = 200;

    (void)json_span_int(member(text, "status"), &status); /* Absent: 200. */
    line.facts = fault.at != NULL ? facts_of_fault(fault) : facts_of_status((long)status);
    line.headers = headers.at != NULL ? lower_names(r, headers) : JSON_SPAN_TEXT("{}");
    line.body = member(text, "body");
    if (line.body.at == NULL) {
        line.body = JSON_SPAN_TEXT("{}");
    }
    line.after_ms = duration_of(member(text, "after"));
    line.ended = ended_of(member(text, "ended"), usual);
    return line;
}

/* A child that is taken back ends compensated, one that is started completed. */
static enum saga_status usual_ending(const char *word)
{
    return strcmp(word, "compensation") == 0 ? SAGA_STATUS_COMPENSATED
                                             : SAGA_STATUS_COMPLETED;
}

struct line script_next(struct rehearsal *r, uint16_t step, uint32_t item,
                        const char *word)
{
    const struct json_span list = list_of(r, step, item, word);
    const bool comes_only_if_said =
        strcmp(word, "signal") == 0 || (list.at != NULL && strcmp(word, "callback") == 0);
    struct json_span text = JSON_SPAN_NONE;
    size_t *used;

    if (list.at != NULL) {
        used = use_of(r, list);
        text = json_span_element(list, (int64_t)*used);
        *used += 1;
    }
    if (text.at == NULL && comes_only_if_said) {
        return (struct line){.is_there = false};
    }
    return line_of(r, text, usual_ending(word));
}

/* ---- judging --------------------------------------------------------------------------
 */

/* .response, as the engine makes it; a callback has no status. */
static struct json_span write_response(struct rehearsal *r, const struct arrival *a)
{
    struct json_span made;
    struct json_out out;
    struct buf text;

    buf_init(&text, 4 * (size_t)LIMIT_ANSWER_READ);
    json_out_init(&out, &text);
    json_open_object(&out);
    json_key(&out, "status");
    if (a->kind == ARRIVE_CALLBACK) {
        json_nothing(&out);
    } else {
        json_number(&out, a->line.facts.status);
    }
    json_key(&out, "headers");
    json_raw(&out, a->kind == ARRIVE_CALLBACK ? JSON_SPAN_TEXT("{}") : a->line.headers);
    json_key(&out, "body");
    json_raw(&out, a->line.body);
    json_close_object(&out);
    made = (struct json_span){arena_copy(r->turn, buf_text(&text), text.n), text.n};
    buf_done(&text);
    return made;
}

static enum verdict_condition ask(struct rehearsal *r, const struct arrival *a,
                                  const struct expr *e, const char **detail)
{
    struct render_scope scope;
    struct err_info info;
    bool yes = false;

    if (e == NULL || (a->kind == ARRIVE_ANSWER && !verdict_is_answer(&a->line.facts))) {
        return VERDICT_NOT_ASKED;
    }
    rehearse_scope(r, a->step, a->item, a->call, &scope);
    scope.response = write_response(r, a);
    if (render_condition(r->d, e, &scope, r->turn, &yes, &info) != ERR_OK) {
        rehearse_note(r, &info);
        *detail = r->note;
        return VERDICT_FAILED;
    }
    return yes ? VERDICT_YES : VERDICT_NO;
}

struct verdict script_judge(struct rehearsal *r, const struct arrival *a,
                            const char **detail)
{
    const struct definition_call *call = definition_call_of(r->d, a->step, a->call);
    struct verdict_facts facts = a->line.facts;
    struct verdict_policy policy = {
        .statuses = &call->statuses,
        .not_applied = &call->not_applied,
        .call = a->call,
        .is_safe = strcmp(call->method, "GET") == 0 || strcmp(call->method, "HEAD") == 0,
        .reads_answer = call->reads_answer,
        .in_doubt = a->in_doubt,
    };
    struct verdict verdict;

    *detail = NULL;
    policy.reject_when = ask(r, a, call->reject_when, detail);
    policy.retry_when = ask(r, a, call->retry_when, detail);
    policy.applied_when = ask(r, a, call->applied_when, detail);
    policy.not_applied_when = ask(r, a, call->not_applied_when, detail);
    facts.retry_after_ms = retry_after_ms(r, a->line.headers);
    verdict = verdict_of(&facts, &policy);
    if (*detail == NULL && verdict.outcome != OUTCOME_SUCCEEDED) {
        *detail = verdict.detail;
    }
    return verdict;
}

enum outcome script_judge_callback(struct rehearsal *r, const struct arrival *a)
{
    const char *detail = NULL;

    switch (ask(r, a, r->d->steps[a->step].action->reject_when, &detail)) {
    case VERDICT_NOT_ASKED:
    case VERDICT_NO:
        return OUTCOME_SUCCEEDED;
    case VERDICT_YES:
        return OUTCOME_REJECTED;
    case VERDICT_FAILED:
        break;
    }
    return OUTCOME_UNKNOWN;
}
