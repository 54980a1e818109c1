/* contract_filters.c - the contract: any filter finds what looking at each saga finds. */
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "tests/contract/contract.h"

#define SAGAS 400
#define FILTERS 250
#define VALUES 3 /* Of one parameter, at most. */

/* Definitions of contract_commit_definitions() by number, and one that there is not. */
static const char *const names[] = {"order", "refund", "none"};
static const char *const definitions[] = {NULL, "order", "order", "refund"};
static const char *const steps[] = {"pay", "stock", "ship", "none"};
static const char *const keys[] = {"k-1", "k-2", "k-3", "k-4", "none"};
static const char *const errors[] = {"the card has expired", "Answered 503", "no % left"};
static const char *const parts[] = {"EXPIRED", "503", "%", "x_y"};
static const char *const label_names[] = {"team", "zone", "rare"};
static const char *const label_values[] = {"a", "b", "c"};

struct world {
    uint64_t n; /* Draws so far. */
    struct store_saga sagas[SAGAS + 1];
    unsigned values[SAGAS + 1][3]; /* Of each label; 3: none. */
};

static unsigned draw(struct world *w, unsigned below)
{
    return (unsigned)(hash_mix(77, ++w->n) % below);
}

/* ---- sagas
 * --------------------------------------------------------------------------------------
 */

/* Of the values "a" is usual, so that one label is rarer than another by far. */
static unsigned draw_value(struct world *w)
{
    return draw(w, 3) == 0 ? draw(w, 3) : 0;
}

static const char *labels_of(struct world *w, uint64_t num)
{
    static const unsigned chances[] = {2, 3, 40};
    const char *text = "";

    for (unsigned i = 0; i < 3; i++) {
        w->values[num][i] = draw(w, chances[i]) == 0 ? draw_value(w) : 3;
        if (w->values[num][i] < 3) {
            text = arena_printf(contract_arena, "%s%s\"%s\":\"%s\"", text,
                                text[0] != '\0' ? "," : "", label_names[i],
                                label_values[w->values[num][i]]);
        }
    }
    return text[0] != '\0' ? arena_printf(contract_arena, "{%s}", text) : NULL;
}

static void get_stuck(struct world *w, struct store_saga *s)
{
    s->stuck_ms = 5 + s->num;
    if (draw(w, 8) != 0) { /* Else it is stuck as a whole. */
        s->stuck_step = steps[draw(w, 3)];
        s->stuck_call = (enum call_kind)draw(w, CALLS);
        s->stuck_outcome = (enum outcome)draw(w, OUTCOMES);
    }
    s->stuck_error = draw(w, 4) != 0 ? errors[draw(w, 3)] : NULL;
}

static void make(struct world *w, uint64_t num)
{
    struct store_saga *s = contract_add_saga(num, 1 + draw(w, 3));

    s->status = draw(w, 2) == 0 ? SAGA_STATUS_COMPLETED
                                : (enum saga_status)draw(w, SAGA_STATUSES);
    s->key = draw(w, 5) == 0 ? keys[draw(w, 4)] : NULL;
    s->labels = labels_of(w, num);
    s->is_paused = draw(w, 20) == 0;
    s->is_asleep = s->status == SAGA_STATUS_RUNNING && draw(w, 2) == 0;
    s->started_ms = 10000 * num;
    s->updated_ms = s->started_ms + draw(w, 1000000);
    if (s->status == SAGA_STATUS_STUCK) {
        get_stuck(w, s);
    }
    w->sagas[num] = *s;
}

static struct world *make_world(void)
{
    struct world *w = calloc(1, sizeof(*w));

    ck_assert_ptr_nonnull(w);
    contract_commit_definitions();
    for (uint64_t num = 1; num <= SAGAS; num++) {
        make(w, num);
        w->sagas[num].id = NULL; /* Not looked at; it lives in the batch. */
        w->sagas[num].labels = NULL;
    }
    contract_commit();
    return w;
}

/* ---- filters
 * ------------------------------------------------------------------------------------ */

struct asked {
    struct store_filter f;
    const char *definitions[VALUES], *steps[VALUES], *keys[VALUES];
    const char *label_names[3], *label_values[3];
    unsigned labels[3]; /* The number of the value asked for; 3: not asked. */
};

static size_t some(struct world *w, const char **out, const char *const *from, unsigned n)
{
    const size_t count = 1 + draw(w, VALUES);

    for (size_t i = 0; i < count; i++) {
        out[i] = from[draw(w, n)]; /* One may come twice. */
    }
    return count;
}

static void ask_labels(struct world *w, struct asked *a)
{
    for (unsigned i = 0; i < 3; i++) {
        a->labels[i] = draw(w, 3) == 0 ? draw_value(w) : 3;
        if (a->labels[i] < 3) {
            a->label_names[a->f.n_labels] = label_names[i];
            a->label_values[a->f.n_labels++] = label_values[a->labels[i]];
        }
    }
}

static void ask_times(struct world *w, struct store_filter *f)
{
    if (draw(w, 5) == 0) {
        f->started_after_ms = 10000 * (uint64_t)draw(w, SAGAS);
    }
    if (draw(w, 5) == 0) {
        f->started_before_ms = 10000 * (uint64_t)draw(w, SAGAS);
    }
    if (draw(w, 8) == 0) {
        f->updated_after_ms = 10000 * (uint64_t)draw(w, SAGAS);
    }
    if (draw(w, 8) == 0) {
        f->updated_before_ms = 10000 * (uint64_t)draw(w, SAGAS);
    }
}

static void ask_stuck(struct world *w, struct asked *a)
{
    if (draw(w, 2) == 0) {
        a->f.n_stuck_steps = some(w, a->steps, steps, 4);
    }
    if (draw(w, 2) == 0) {
        a->f.stuck_calls = 1 + draw(w, (1U << CALLS) - 1);
    }
    if (draw(w, 2) == 0) {
        a->f.stuck_outcomes = 1 + draw(w, (1U << OUTCOMES) - 1);
    }
    if (draw(w, 3) == 0) {
        a->f.stuck_error = parts[draw(w, 4)];
    }
}

static void ask(struct world *w, struct asked *a)
{
    *a = (struct asked){.f = {.definitions = a->definitions,
                              .stuck_steps = a->steps,
                              .keys = a->keys,
                              .label_names = a->label_names,
                              .label_values = a->label_values}};
    if (draw(w, 2) == 0) {
        a->f.statuses = 1 + draw(w, (1U << SAGA_STATUSES) - 1);
        a->f.statuses = draw(w, 2) == 0 ? 1U << SAGA_STATUS_STUCK : a->f.statuses;
    }
    if (draw(w, 3) == 0) {
        a->f.n_definitions = some(w, a->definitions, names, 3);
    }
    if (draw(w, 8) == 0) {
        a->f.n_keys = some(w, a->keys, keys, 5);
    }
    if (draw(w, 4) == 0) {
        a->f.paused = draw(w, 2) == 0 ? 1 : -1;
    }
    a->f.is_awake = draw(w, 10) == 0;
    a->f.above_num = draw(w, 6) == 0 ? draw(w, SAGAS) : 0;
    ask_labels(w, a);
    ask_times(w, &a->f);
    if (draw(w, 4) == 0) {
        ask_stuck(w, a);
    }
}

/* ---- looking at each
 * ---------------------------------------------------------------------------- */

static bool is_one(const char *text, const char *const *texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text != NULL && strcmp(text, texts[i]) == 0) {
            return true;
        }
    }
    return n == 0;
}

static bool is_within(uint64_t ms, uint64_t after_ms, uint64_t before_ms)
{
    return (after_ms == 0 || ms > after_ms) && (before_ms == 0 || ms < before_ms);
}

static bool says(const char *error, const char *part)
{
    return error != NULL && (strstr(error, part) != NULL ||
                             (strcmp(part, "EXPIRED") == 0 && strstr(error, "expired")));
}

static bool is_stuck_so(const struct store_filter *f, const struct store_saga *s)
{
    const bool is_at_call = s->stuck_ms != 0 && s->stuck_step != NULL;

    return is_one(s->stuck_step, f->stuck_steps, f->n_stuck_steps) &&
           (f->stuck_calls == 0 ||
            (is_at_call && (f->stuck_calls >> s->stuck_call & 1U) != 0)) &&
           (f->stuck_outcomes == 0 ||
            (is_at_call && (f->stuck_outcomes >> s->stuck_outcome & 1U) != 0)) &&
           (f->stuck_error == NULL || says(s->stuck_error, f->stuck_error));
}

static bool has_labels(const struct world *w, const struct asked *a, uint64_t num)
{
    for (unsigned i = 0; i < 3; i++) {
        if (a->labels[i] < 3 && w->values[num][i] != a->labels[i]) {
            return false;
        }
    }
    return true;
}

static bool is_found(const struct world *w, const struct asked *a, uint64_t num)
{
    const struct store_filter *f = &a->f;
    const struct store_saga *s = &w->sagas[num];

    return num > f->above_num && (f->statuses == 0 || (f->statuses >> s->status & 1U)) &&
           is_one(definitions[s->definition], f->definitions, f->n_definitions) &&
           is_one(s->key, f->keys, f->n_keys) &&
           (f->paused == 0 || s->is_paused == (f->paused > 0)) &&
           !(f->is_awake && s->is_asleep) && has_labels(w, a, num) && is_stuck_so(f, s) &&
           is_within(s->started_ms, f->started_after_ms, f->started_before_ms) &&
           is_within(s->updated_ms, f->updated_after_ms, f->updated_before_ms);
}

static const char *look(const struct world *w, const struct asked *a, uint64_t before,
                        size_t most, uint64_t *n)
{
    const char *text = "";

    *n = 0;
    for (uint64_t num = before - 1; num > 0; num--) {
        if (is_found(w, a, num)) {
            if (*n < most) {
                text = arena_printf(contract_arena, "%s%s%u", text, *n > 0 ? " " : "",
                                    (unsigned)num);
            }
            (*n)++;
        }
    }
    return text;
}

START_TEST(test_any_filter_finds_what_looking_at_each_saga_finds)
{
    struct world *w = make_world();

    for (int i = 0; i < FILTERS; i++) {
        const uint64_t before = draw(w, 3) == 0 ? 2 + draw(w, SAGAS) : SAGAS + 1;
        const size_t most = draw(w, 2) == 0 ? 10 : SAGAS;
        struct asked a;
        const char *meant;
        uint64_t n_meant;
        uint64_t n;

        ask(w, &a);
        meant = look(w, &a, before, most, &n_meant);
        ck_assert_str_eq(contract_pages(&a.f, before, most, SAGAS), meant);
        ck_assert_str_eq(contract_pages(&a.f, before, most, 20 + draw(w, 100)), meant);
        ck_assert_int_eq(
            store_count_sagas(contract_reader, &a.f, before, &n, &contract_info), ERR_OK);
        ck_assert_uint_eq(n, n_meant);
    }
    free(w);
}
END_TEST

static void add_tests(TCase *t)
{
    tcase_add_test(t, test_any_filter_finds_what_looking_at_each_saga_finds);
}

Suite *contract_filters_suite(void)
{
    return contract_suite("filters", add_tests);
}
