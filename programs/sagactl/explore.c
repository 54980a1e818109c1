/* explore.c - `sagactl definition explore FILE`: every way a saga can go, offline. */
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/units.h"
#include "definitions/explore.h"
#include "definitions/told.h"
#include "programs/sagactl/author.h"
#include "programs/sagactl/ctl.h"

#define OUT_MAX ((size_t)16 * 1024 * 1024)
#define ARENA_CHUNK 65536
#define EXACT_MAX 1e15 /* Beyond, a double no longer counts one by one. */
#define ENDINGS_SHOWN 60

static void put_count(struct buf *out, double n)
{
    if (n < EXACT_MAX) {
        buf_printf(out, "%.0f", n);
    } else if (isfinite(n)) {
        buf_printf(out, "about %.1e", n);
    } else {
        buf_add_text(out, "more than 1e308");
    }
}

/* ---- for people
 * ------------------------------------------------------------------------ */

static void print_ending(struct buf *out, const struct explore_ending *e)
{
    buf_printf(out, "  %-12s ", told_status(e->status));
    if (e->where != NULL) {
        buf_printf(out, "at %s; ", e->where);
    }
    buf_printf(out, "in the world: %s (", e->left[0] != '\0' ? e->left : "nothing");
    put_count(out, e->n_paths);
    buf_add_text(out, e->n_paths == 1 ? " path)\n" : " paths)\n");
}

static void print_endings(struct buf *out, const struct explore_report *r)
{
    const size_t n = r->n_endings < ENDINGS_SHOWN ? r->n_endings : ENDINGS_SHOWN;

    buf_add_text(out, "how it can end, where it can get stuck, and what stands then:\n");
    for (size_t i = 0; i < n; i++) {
        print_ending(out, &r->endings[i]);
    }
    if (n < r->n_endings) {
        buf_printf(out, "  and %zu more; -o json lists them all\n", r->n_endings - n);
    }
}

static void print_bad(struct buf *out, const struct explore_bad *bad)
{
    buf_printf(out, "\nBAD %s: %s\n", bad->code, bad->sentence);
    for (size_t i = 0; i < bad->n_story; i++) {
        buf_printf(out, "  %2zu  %s\n", i + 1, bad->story[i]);
    }
}

static void print_text(struct buf *out, const struct definition *d,
                       const struct explore_report *r)
{
    buf_printf(out, "%s: ", d->name);
    put_count(out, r->n_paths);
    buf_printf(out, " paths, %u distinct states, %llu turns\n", r->n_states,
               (unsigned long long)r->n_turns);
    print_endings(out, r);
    for (size_t i = 0; i < r->n_bad; i++) {
        print_bad(out, &r->bad[i]);
    }
    if (r->n_bad == 0 && r->is_complete) {
        buf_add_text(out, "no bad path\n");
    }
}

/* ---- for programs
 * ------------------------------------------------------------------------ */

static void put_paths(struct json_out *o, const char *name, double n)
{
    json_key(o, name);
    if (n < EXACT_MAX) {
        json_number(o, (int64_t)n);
    } else {
        struct buf text;

        buf_init(&text, 64);
        json_put_real(&text, isfinite(n) ? n : 1e308);
        json_raw(o, json_span_of(buf_text(&text), text.n));
        buf_done(&text);
    }
}

static void put_ending(struct json_out *o, const struct explore_ending *e)
{
    json_open_object(o);
    json_put(o, "status", told_status(e->status));
    json_put(o, "where", e->where);
    json_put(o, "left", e->left);
    json_put_number(o, "states", e->n_states);
    put_paths(o, "paths", e->n_paths);
    json_close_object(o);
}

static void put_bad(struct json_out *o, const struct definition *d,
                    const struct explore_bad *bad)
{
    json_open_object(o);
    json_put(o, "code", bad->code);
    json_put(o, "step", d->steps[bad->step].id);
    json_put(o, "detail", bad->sentence);
    json_key(o, "story");
    json_open_array(o);
    for (size_t i = 0; i < bad->n_story; i++) {
        json_text(o, bad->story[i]);
    }
    json_close_array(o);
    json_close_object(o);
}

static void print_json(struct buf *out, const struct definition *d,
                       const struct explore_report *r)
{
    struct json_out o;

    json_out_init(&o, out);
    json_open_object(&o);
    json_put(&o, "definition", d->name);
    json_put_flag(&o, "complete", r->is_complete);
    put_paths(&o, "paths", r->n_paths);
    json_put_number(&o, "states", r->n_states);
    json_put_number(&o, "turns", (int64_t)r->n_turns);
    json_key(&o, "endings");
    json_open_array(&o);
    for (size_t i = 0; i < r->n_endings; i++) {
        put_ending(&o, &r->endings[i]);
    }
    json_close_array(&o);
    json_key(&o, "bad");
    json_open_array(&o);
    for (size_t i = 0; i < r->n_bad; i++) {
        put_bad(&o, d, &r->bad[i]);
    }
    json_close_array(&o);
    json_close_object(&o);
    buf_add_char(out, '\n');
}

/* ---- the command
 * --------------------------------------------------------------------------- */

static enum exit_code print(const struct ctl *ctl, const struct definition *d,
                            const struct explore_report *r)
{
    struct buf out;

    buf_init(&out, OUT_MAX);
    if (ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL) {
        print_json(&out, d, r);
    } else {
        print_text(&out, d, r);
    }
    (void)fputs(buf_text(&out), stdout);
    buf_done(&out);
    if (!r->is_complete) {
        ctl_say("not everything was seen: there are more than %u states. Steps side by "
                "side multiply: explore a part of them, or raise --states",
                r->n_states);
    }
    return r->n_bad == 0 && r->is_complete ? EXIT_OK : EXIT_FAILED;
}

int definition_explore(struct ctl *ctl)
{
    const char *states = ctl_value(ctl, "states");
    uint64_t states_max = EXPLORE_STATES_MAX;
    struct explore_report report;
    struct author_file file;
    enum exit_code code;
    struct arena *keep;

    if (states != NULL && (!units_read_count(states, &states_max) || states_max == 0 ||
                           states_max >= UINT32_MAX / 2)) {
        ctl_say("--states %s is not a number of states", states);
        return EXIT_USAGE;
    }
    code = author_open(ctl->word, &file);
    if (code == EXIT_OK) {
        keep = arena_create(ARENA_CHUNK);
        explore(file.definition, (uint32_t)states_max, keep, &report);
        code = print(ctl, file.definition, &report);
        arena_destroy(keep);
    }
    author_close(&file);
    return (int)code;
}
