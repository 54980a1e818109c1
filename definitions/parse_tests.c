/* parse_tests.c - see parse_tests.h. */
#include "definitions/parse_tests.h"

#include <string.h>

#define TESTS_MAX 100

/* What is read is not kept; every member of a struct here is only there to be read. */
struct answer {
    uint32_t status;
    uint64_t after_ms;
    unsigned word;
};

struct scenario {
    const char *name;
    unsigned status;
};

static const struct parse_range status_range = {100, 599};
static const char *const faults[] = {"timeout", "refused", "reset", "cut", "dns", NULL};
static const struct parse_words fault_words = {faults};
static const char *const endings[] = {"completed", "compensated", "resolved", NULL};
static const struct parse_words ending_words = {endings};
static const char *const outcomes[] = {"completed", "compensated", "stuck", NULL};
static const struct parse_words outcome_words = {outcomes};

/* ---- answers --------------------------------------------------------------- */

static void parse_headers(struct parse *p, const struct place *at, const void *how,
                          void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span name;
    struct json_span value;

    (void)how;
    (void)into;
    if (!parse_is_kind(p, at, JSON_KIND_OBJECT)) {
        return;
    }
    while (json_walk_next(&walk, &name, &value)) {
        (void)parse_is_kind(p, place_member(p->scratch, at, name, value),
                            JSON_KIND_STRING);
    }
}

#define ANSWER(name) offsetof(struct answer, name)
static const struct member status_members[] = {
    {"status", parse_whole, &status_range, ANSWER(status), true},
    {"headers", parse_headers, NULL, 0, false},
    {"body", parse_anything, NULL, 0, false},
    {"after", parse_duration, &parse_time_range, ANSWER(after_ms), false},
};
static const struct shape status_shape = SHAPE("an answer with a status", status_members);

static const struct member fault_members[] = {
    {"fault", parse_word, &fault_words, ANSWER(word), true},
};
static const struct shape fault_shape = SHAPE("an answer with a fault", fault_members);

static const struct member other_members[] = {
    {"body", parse_anything, NULL, 0, false},
    {"after", parse_duration, &parse_time_range, ANSWER(after_ms), false},
    {"ended", parse_word, &ending_words, ANSWER(word), false},
};
static const struct shape other_shape = SHAPE("an answer", other_members);

static void parse_answer(struct parse *p, const struct place *at)
{
    struct answer answer = {0, 0, 0};
    const struct shape *shape = &other_shape;

    if (json_span_member(at->value, "status", strlen("status")).at != NULL) {
        shape = &status_shape;
    } else if (json_span_member(at->value, "fault", strlen("fault")).at != NULL) {
        shape = &fault_shape;
    }
    (void)parse_object(p, at, shape, &answer); /* Reported. */
}

/* <step>[<item>].<call>, with [<item>] left out outside of forEach. */
static bool is_call_name(const char *name)
{
    static const char *const calls[] = {".action", ".compensation", ".confirm",
                                        ".signal", ".saga",         ".callback"};
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    size_t n = strspn(name, letters);

    if (n == 0 || n > 63 || name[0] < 'a' || name[0] > 'z') {
        return false;
    }
    if (name[n] == '[') {
        size_t digits = strspn(name + n + 1, "0123456789");

        if (digits == 0 || name[n + 1 + digits] != ']') {
            return false;
        }
        n += digits + 2;
    }
    for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
        if (strcmp(name + n, calls[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void parse_answer_list(struct parse *p, const struct place *at)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span value;

    if (!is_call_name(at->name)) {
        report_error(p->report, at, "bad-value",
                     "answers are named <step>.action, .compensation, .confirm, "
                     ".signal, .saga or .callback");
    }
    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        parse_answer(p, place_element(p->scratch, at, i, value));
    }
}

static void parse_answers(struct parse *p, const struct place *at, const void *how,
                          void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span name;
    struct json_span value;

    (void)how;
    (void)into;
    if (!parse_is_kind(p, at, JSON_KIND_OBJECT)) {
        return;
    }
    while (json_walk_next(&walk, &name, &value)) {
        parse_answer_list(p, place_member(p->scratch, at, name, value));
    }
}

/* ---- expectations ----------------------------------------------------------- */

static void parse_calls(struct parse *p, const struct place *at, const void *how,
                        void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span value;

    (void)how;
    (void)into;
    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        (void)parse_is_kind(p, place_element(p->scratch, at, i, value), JSON_KIND_STRING);
    }
}

#define SCENARIO(name) offsetof(struct scenario, name)
static const struct member expect_members[] = {
    {"status", parse_word, &outcome_words, SCENARIO(status), false},
    {"calls", parse_calls, NULL, 0, false},
    {"output", parse_anything, NULL, 0, false},
};
static const struct shape expect_shape = SHAPE("expect", expect_members);

static const struct member test_members[] = {
    {"name", parse_text, NULL, SCENARIO(name), true},
    {"input", parse_anything, NULL, 0, true},
    {"answers", parse_answers, NULL, 0, false},
    {"expect", parse_shape, &expect_shape, 0, true},
};
static const struct shape test_shape = SHAPE("a test", test_members);

void parse_tests(struct parse *p, const struct place *at, const void *how, void *into)
{
    struct json_walk walk = json_walk_of(at->value);
    struct json_span value;

    if (!parse_is_kind(p, at, JSON_KIND_ARRAY)) {
        return;
    }
    if (json_span_count(at->value) > TESTS_MAX) {
        report_error(p->report, at, "out-of-range", "there are at most %d tests",
                     TESTS_MAX);
        return;
    }
    for (size_t i = 0; json_walk_next(&walk, NULL, &value); i++) {
        struct scenario scenario = {NULL, 0};

        (void)parse_object(p, place_element(p->scratch, at, i, value), &test_shape,
                           &scenario); /* Reported. */
    }
    parse_span(p, at, how, into);
}
