/* definition.c - from text to a definition, and its end; see definition.h. */
#include "definitions/definition.h"

#include <assert.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "definitions/check.h"
#include "definitions/compile.h"
#include "definitions/parse.h"

/* A definition and the memory it lives in. */
struct kept {
    struct definition d; /* First: a pointer to it is one to this. */
    struct arena *arena;
    struct input_schema *schema; /* d.input_schema, owned. */
};

static const struct check_world nothing_known = {.user = NULL};

static void report_whole(struct report *report, const char *text, const char *code,
                         const char *detail)
{
    const struct place at = {.value = {text, 0}};

    report_error(report, &at, code, "%s", detail);
}

/* Is it JSON at all, and of a size we take? */
static bool is_readable(const char *text, size_t n, struct report *report)
{
    struct err_info info = {""};
    json_t *json;

    if (n > LIMIT_DEFINITION_BYTES) {
        report_whole(report, text, "too-large", "a definition has at most 1 MiB");
        return false;
    }
    if (json_read(text, n, &json, &info) != ERR_OK) {
        report_whole(report, text, "not-json", info.text);
        return false;
    }
    json_decref(json);
    return true;
}

static void put_hash(struct json_span text, char out[static HASH_HEX])
{
    struct buf canonical;

    /* An escaped character is at most six bytes for one. */
    buf_init(&canonical, (size_t)LIMIT_DEFINITION_BYTES * 6);
    json_canonical(text, &canonical);
    hash_content(buf_text(&canonical), canonical.n, out);
    buf_done(&canonical);
}

static struct kept *keep_text(const char *text, size_t n)
{
    struct kept *k = mem_alloc(sizeof(*k));

    k->arena = arena_create(4 * n + 4096);
    k->d.content = (struct json_span){arena_copy(k->arena, text, n), n};
    return k;
}

/* Everything is said even when something is wrong already. */
static bool judge(struct kept *k, struct draft *draft, const struct check_world *world,
                  struct report *report, struct arena *scratch)
{
    struct json_span text = json_span_of(k->d.content.at, k->d.content.n);
    struct check check = {draft, world, report, scratch};

    parse_definition(text, report, k->arena, scratch, draft);
    k->schema = draft->input_schema;
    draft_number(draft, scratch);
    draft_settle(draft, k->arena);
    check_draft(&check);
    return report->out->n_errors == 0;
}

enum err definition_compile(const char *text, size_t n, const struct check_world *world,
                            struct check_report *report, struct definition **out)
{
    struct arena *scratch;
    struct report said;
    struct draft draft;
    struct kept *k;
    bool is_good;

    report_init(&said, report);
    if (!is_readable(text, n, &said)) {
        return ERR_INVALID;
    }
    k = keep_text(text, n);
    scratch = arena_create(8 * n + 4096);
    is_good = judge(k, &draft, world != NULL ? world : &nothing_known, &said, scratch);
    if (is_good) {
        compile_draft(&draft, k->arena, &k->d);
        k->d.input_schema = k->schema;
        put_hash(k->d.content, k->d.hash);
        *out = &k->d;
    } else {
        definition_destroy(&k->d);
    }
    arena_destroy(scratch);
    return is_good ? ERR_OK : ERR_INVALID;
}

void definition_destroy(struct definition *d)
{
    struct kept *k = (struct kept *)d;

    if (d == NULL) {
        return;
    }
    input_schema_destroy(k->schema);
    arena_destroy(k->arena);
    free(k);
}

void definition_pin_child(struct definition *d, struct json_span name, uint32_t version)
{
    for (uint16_t i = 1; i < d->plan->n_nodes; i++) {
        /* Ours to write until the definition is handed out. */
        struct definition_step *step = (void *)(uintptr_t)&d->steps[i];

        if (step->child != NULL && step->child_version == 0 &&
            json_span_is_text(name, step->child, strlen(step->child))) {
            step->child_version = version;
        }
    }
}

uint16_t definition_step_of(const struct definition *d, const char *id)
{
    for (uint16_t i = 1; i < d->plan->n_nodes; i++) {
        if (strcmp(d->steps[i].id, id) == 0) {
            return i;
        }
    }
    return PLAN_NONE;
}

const struct definition_call *definition_call_of(const struct definition *d,
                                                 uint16_t step, enum call_kind call)
{
    const struct definition_step *s = &d->steps[step];

    switch (call) {
    case CALL_ACTION:
        return s->action;
    case CALL_CONFIRM:
        return s->confirm;
    case CALL_COMPENSATION:
        return s->compensation;
    }
    assert(false);
    return NULL;
}
