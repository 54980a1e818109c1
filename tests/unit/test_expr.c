#include "definitions/expr.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "tests/support/suite.h"

/* What the language means is compared with jq in tests/oracle and with the manual;
 * here stands what jq cannot tell: limits, digits, sentences, the root. */

static const char *const world =
    "{\"input\": {\"amount\": 19.990, \"big\": 9007199254740993, \"name\": \"Ada\","
    " \"e\": 1E2, \"note\": null, \"no\": false, \"esc\": \"a\\u00e9\\n\","
    " \"list\": [1, {\"a\": \"x\"}, [2]], \"text\": \"\\ud83d\\ude00\"},"
    " \"steps\": {\"pay\": {\"body\": {\"id\": \"p1\"}, \"outcome\": \"succeeded\"},"
    " \"car\": null, \"many\": [{\"body\": 1}, {\"body\": 2}]},"
    " \"padded\":  {\"a\" : 1} }";

static unsigned n_members; /* How often the root was asked. */

static struct json_span member(void *user, const char *name, size_t n)
{
    (void)user;
    n_members++;
    return n == 5 && memcmp(name, "steps", 5) == 0
               ? JSON_SPAN_NONE
               : json_span_member(json_span_of(world, strlen(world)), name, n);
}

static struct json_span step(void *user, const char *id, size_t n)
{
    (void)user;
    return json_span_member(
        json_span_member(json_span_of(world, strlen(world)), "steps", 5), id, n);
}

static const struct expr_root root = {.member = member, .step = step};

static struct arena *arena;
static char answer[4096];

static void keep(const char *mark, const char *text)
{
    (void)snprintf(answer, sizeof(answer), "%s%s", mark, text);
}

static struct expr *compiled(const char *text)
{
    struct expr *e = NULL;
    struct err_info info = {{0}};
    unsigned column = 0;

    if (arena == NULL) { /* Kept until the test's process ends. */
        arena = arena_create(4096);
    }
    arena_reset(arena);
    if (expr_compile(arena, text, strlen(text), &e, &column, &info) != ERR_OK) {
        (void)snprintf(answer, sizeof(answer), "refused at %u: %s", column, info.text);
    }
    return e;
}

/* The result, "failed: ..." or "refused at 3: ...". */
static const char *eval(const char *text)
{
    struct expr *e = compiled(text);
    struct err_info info = {{0}};
    struct buf out;

    if (e == NULL) {
        return answer;
    }
    buf_init(&out, sizeof(answer) - 16);
    if (expr_eval(e, &root, arena, &out, &info) == ERR_OK) {
        keep("", buf_text(&out));
    } else {
        keep("failed: ", info.text);
    }
    buf_done(&out);
    return answer;
}

/* text repeated n times between head and tail; static. */
static const char *built(const char *head, const char *text, size_t n, const char *tail)
{
    static char made[EXPR_TEXT_MAX + 64];
    size_t at = (size_t)snprintf(made, sizeof(made), "%s", head);

    for (size_t i = 0; i < n; i++) {
        at += (size_t)snprintf(made + at, sizeof(made) - at, "%s", text);
    }
    (void)snprintf(made + at, sizeof(made) - at, "%s", tail);
    return made;
}

/* ---- digits ---------------------------------------------------------------- */

START_TEST(test_numbers_that_are_moved_keep_their_digits)
{
    ck_assert_str_eq(eval(".input.amount"), "19.990");
    ck_assert_str_eq(eval("[.input.amount, .input.e, 1.50]"), "[19.990,1E2,1.50]");
    ck_assert_str_eq(eval("\"\\(.input.amount)\""), "\"19.990\"");
    ck_assert_str_eq(eval(".input.amount | tojson"), "\"19.990\"");
}
END_TEST

START_TEST(test_integers_are_exact_to_64_bits)
{
    ck_assert_str_eq(eval(".input.big"), "9007199254740993");
    ck_assert_str_eq(eval(".input.big + 1"), "9007199254740994");
    ck_assert_str_eq(eval(".input.big * 3 - .input.big"), "18014398509481986");
    ck_assert_str_eq(eval(".input.big == 9007199254740992"), "false");
    ck_assert_str_eq(eval("9223372036854775807"), "9223372036854775807");
    ck_assert_str_eq(eval("9223372036854775807 + 1"), "9.223372036854776e+18");
    ck_assert_str_eq(eval("-9223372036854775807 - 1 | . / -1"), "9.223372036854776e+18");
    ck_assert_str_eq(eval("-9223372036854775807 - 1 | . % -1"), "0");
}
END_TEST

START_TEST(test_an_integer_beyond_64_bits_is_refused)
{
    ck_assert_str_eq(eval("9223372036854775808"),
                     "refused at 1: the integer does not fit 64 bits");
    ck_assert_str_eq(eval("1e999"), "refused at 1: the number is too large");
}
END_TEST

START_TEST(test_integers_and_reals_are_ordered_exactly)
{
    ck_assert_str_eq(eval("9007199254740993 > 9007199254740992.0"), "true");
    ck_assert_str_eq(eval("1 == 1.0"), "true");
}
END_TEST

/* ---- the root -------------------------------------------------------------- */

START_TEST(test_a_plain_path_asks_the_root_once_and_copies_bytes)
{
    n_members = 0;
    ck_assert_str_eq(eval(".padded"), "{\"a\" : 1}");
    ck_assert_uint_eq(n_members, 1);
    ck_assert_str_eq(eval(".input.list[1].a"), "\"x\"");
    ck_assert_str_eq(eval(".input[\"list\"][-1]"), "[2]");
}
END_TEST

START_TEST(test_a_plain_path_and_its_tree_agree)
{
    /* (…) | . is no plain path. */
    ck_assert_str_eq(eval(".input.list[7]"), "null");
    ck_assert_str_eq(eval("(.input.list[7]) | ."), "null");
    ck_assert_str_eq(eval(".input.note.x[0].y"), "null");
    ck_assert_str_eq(eval("(.input.note.x[0].y) | ."), "null");
    ck_assert_str_eq(eval(".steps.pay.body.id"), "\"p1\"");
    ck_assert_str_eq(eval("(.steps.pay.body.id) | ."), "\"p1\"");
    ck_assert_str_eq(eval(".nothing"), "null");
    ck_assert_str_eq(eval("(.nothing) | ."), "null");
}
END_TEST

START_TEST(test_a_default_stands_in_for_null_and_false)
{
    ck_assert_str_eq(eval(".input.note // 5"), "5");
    ck_assert_str_eq(eval(".input.no // \"n\""), "\"n\"");
    ck_assert_str_eq(eval(".input.name // \"n\""), "\"Ada\"");
    ck_assert_str_eq(eval(".steps.car.body.id // null"), "null");
}
END_TEST

START_TEST(test_which_expressions_are_plain_paths)
{
    static const char *const texts[] = {".input.a", ".a[\"b\"][0][-1]", ".a // 5",
                                        ".a?",      ".a[1:2]",          ".a + 1",
                                        ".",        ".a // .b",         ".[0]"};
    static const bool expected[] = {true,  true,  true,  false, false,
                                    false, false, false, false};

    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        ck_assert_msg(expr_is_path(compiled(texts[i])) == expected[i], "%s", texts[i]);
    }
}
END_TEST

START_TEST(test_the_whole_root_cannot_be_read)
{
    ck_assert_str_eq(eval("."), "failed: ${.} at column 1: the whole of . cannot be read "
                                "here; name a part, as in .input");
    ck_assert_str_eq(eval("[.[]]"), "failed: ${[.[]]} at column 3: the whole of . cannot "
                                    "be read here; name a part, as in .input");
    ck_assert_str_eq(
        eval(".steps | keys"),
        "failed: ${.steps | keys} at column 10: the steps cannot be read all "
        "at once; name one, as in .steps.pay");
    ck_assert_str_eq(eval(". | .input.name"), "\"Ada\"");
    ck_assert_str_eq(eval(".steps | .pay.outcome"), "\"succeeded\"");
    ck_assert_str_eq(eval("type"), "\"object\"");
}
END_TEST

static struct json_span only_steps(void *user, const char *name, size_t n)
{
    (void)user;
    return json_span_member(JSON_SPAN_TEXT("{\"steps\": {\"pay\": 5}}"), name, n);
}

START_TEST(test_where_there_are_no_steps_the_name_is_a_member_like_any_other)
{
    static const struct expr_root plain = {.member = only_steps};
    static const char *const texts[] = {".steps.pay", "(.steps.pay) | ."};

    for (size_t i = 0; i < 2; i++) {
        struct expr *e = compiled(texts[i]);
        struct buf out;

        buf_init(&out, 16);
        ck_assert_int_eq(expr_eval(e, &plain, arena, &out, NULL), ERR_OK);
        ck_assert_str_eq(buf_text(&out), "5");
        ck_assert_str_eq(expr_text(e), texts[i]);
        buf_done(&out);
    }
}
END_TEST

/* ---- sentences ------------------------------------------------------------- */

START_TEST(test_a_failure_names_expression_place_and_value)
{
    ck_assert_str_eq(eval(".input.name + .input.big"),
                     "failed: ${.input.name + .input.big} at column 13: string (\"Ada\") "
                     "and number (9007199254740993) cannot be added");
}
END_TEST

START_TEST(test_a_long_expression_and_value_are_cut_between_characters)
{
    const char *sentence = eval(built("\"", "\xc3\xa9", 200, "\" | tonumber"));

    ck_assert_uint_lt(strlen(sentence), ERR_TEXT_MAX);
    ck_assert_ptr_nonnull(strstr(sentence, "\xc3\xa9...} at column 406: string (\"\xc3"));
    ck_assert_ptr_nonnull(strstr(sentence, "\xc3\xa9...) is not a number"));
}
END_TEST

START_TEST(test_on_failure_the_buffer_is_as_it_was)
{
    struct expr *e = compiled("\"abcdef\" + \"ghij\"");
    struct buf out;

    buf_init(&out, 8);
    buf_add_text(&out, "xy");
    ck_assert_int_eq(expr_eval(e, &root, arena, &out, NULL), ERR_INVALID);
    ck_assert_str_eq(buf_text(&out), "xy");
    ck_assert(!out.is_over);
    out.max = 4096;
    e = compiled(built("1", " | [.]", 65, "")); /* Fails while it is printed. */
    ck_assert_int_eq(expr_eval(e, &root, arena, &out, NULL), ERR_INVALID);
    ck_assert_str_eq(buf_text(&out), "xy");
    buf_done(&out);
}
END_TEST

/* A text of more than a mebibyte, at every name. */
static struct json_span large(void *user, const char *name, size_t n)
{
    static char text[EXPR_RESULT_MAX + 16];

    (void)user;
    (void)name;
    (void)n;
    memset(text, 'x', sizeof(text));
    text[0] = '"';
    text[sizeof(text) - 1] = '"';
    return (struct json_span){text, sizeof(text)};
}

START_TEST(test_a_result_is_refused_when_it_is_larger_than_there_is_room_for)
{
    static const struct expr_root at_large = {.member = large};
    static const struct {
        const char *text;
        size_t room;
        const char *sentence;
    } cases[] = {
        {".a", 4096, "${.a} at column 1: the result is larger than 4096 bytes"},
        {".a", 4 * EXPR_RESULT_MAX,
         "${.a} at column 1: the result is larger than 1048576 bytes"},
        {"[.a]", 4 * EXPR_RESULT_MAX,
         "${[.a]} at column 1: the result is larger than 1048576 bytes"},
        {"[\"abc\", \"defghi\", 1, 2]", 8, "the result is larger than 8 bytes"},
        {"\"abcdefgh\"", 8, "the result is larger than 8 bytes"},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct expr *e = compiled(cases[i].text);
        struct err_info info = {{0}};
        struct buf out;

        buf_init(&out, cases[i].room);
        ck_assert_int_eq(expr_eval(e, &at_large, arena, &out, &info), ERR_INVALID);
        ck_assert_msg(strstr(info.text, cases[i].sentence) != NULL, "%s", info.text);
        ck_assert(out.n == 0 && !out.is_over);
        buf_done(&out);
    }
}
END_TEST

START_TEST(test_a_zero_byte_is_refused)
{
    struct err_info info = {{0}};
    struct expr *e;
    unsigned column = 0;

    (void)compiled("1"); /* Makes the arena. */
    ck_assert_int_eq(expr_compile(arena, "1\0 ", 3, &e, &column, &info), ERR_INVALID);
    ck_assert_str_eq(info.text, "the expression has a zero byte");
    ck_assert_uint_eq(column, 1);
}
END_TEST

START_TEST(test_blanks_of_every_kind_stand_between_words)
{
    ck_assert_str_eq(eval("\t1\n+\r 2 \t\n"), "3");
    ck_assert_str_eq(eval("1\v"),
                     "refused at 2: this character begins nothing; an operator "
                     "or the end should stand here");
}
END_TEST

START_TEST(test_refusals_say_the_column)
{
    ck_assert_str_eq(eval(""), "refused at 1: the expression is empty");
    ck_assert_str_eq(eval(".input | uniqe"),
                     "refused at 10: there is no function uniqe; did you mean 'unique'?");
    ck_assert_str_eq(eval("[1, 2"),
                     "refused at 6: the expression ends where \"]\" should "
                     "stand");
    ck_assert_str_eq(eval("1 ~ 2"), "refused at 3: this character begins nothing; an "
                                    "operator or the end should stand here");
    ck_assert_str_eq(eval("\"\\x\""), "refused at 2: this \\ escapes nothing");
    ck_assert_str_eq(eval("\"\\ud800\""), "refused at 2: this \\u is no character");
    ck_assert_str_eq(eval("\"\\u0000\""), "refused at 2: this \\u is no character");
}
END_TEST

static const char *const forbidden[] = {
    "def f: 1; f",
    "reduce .a as $x (0; 1)",
    "foreach .a as $x (0; 1)",
    "recurse",
    "..",
    "range(3)",
    "limit(1; .a)",
    "until(.a; .b)",
    "while(.a; .b)",
    "env",
    "$ENV",
    "input",
    "inputs",
    "now",
    "try .a",
    "error(\"x\")",
    "empty",
    "label $x | 1",
    "import \"a\" as b;",
    ".a = 1",
    ".a |= 1",
    ".a += 1",
    "$__loc__",
    "debug",
    "getpath([])",
    "# x",
    "repeat(.a)",
    "walk(.a)",
    "halt",
    "input_filename",
    "env.HOME",
    ".a as [$x] | 1",
    "@sh",
    "@html \"x\"",
};

START_TEST(test_what_is_not_in_the_language_is_refused_with_a_reason)
{
    for (size_t i = 0; i < sizeof(forbidden) / sizeof(forbidden[0]); i++) {
        ck_assert_msg(strncmp(eval(forbidden[i]), "refused at ", 11) == 0, "%s: %s",
                      forbidden[i], answer);
        ck_assert_msg(strstr(answer, "not in the language") != NULL, "%s: %s",
                      forbidden[i], answer);
    }
}
END_TEST

/* ---- ? and budgets --------------------------------------------------------- */

START_TEST(test_a_question_mark_catches_only_what_it_stands_behind)
{
    ck_assert_str_eq(eval("[.input.name.x?]"), "[]");
    ck_assert_str_eq(eval("[(1, (.input.name | tonumber), 2)?]"), "[1]");
    ck_assert_ptr_nonnull(strstr(eval("[.input.name.x.y?]"), "has no members"));
    /* jq 1.6 swallows this one, too; later ones do not. */
    ck_assert_ptr_nonnull(
        strstr(eval("[(.input.list[])? | tonumber]"), "is not a number"));
}
END_TEST

START_TEST(test_the_step_budget_ends_what_takes_too_long)
{
    /* Ten elements to the power of seven. */
    const char *sentence =
        eval("[[1,2,3,4,5,6,7,8,9,0] | (.[]+.[]+.[]+.[]+.[]+.[]+.[])] | length");

    ck_assert_ptr_nonnull(strstr(sentence, "it takes more than 100000 steps"));
}
END_TEST

START_TEST(test_ten_thousand_items_fit_the_budget)
{
    /* LIMIT_ITEMS: what a forEach may have must be choosable. */
    ck_assert_str_eq(eval("[\"0123456789\" * 1000 | split(\"\") | .[] | {qty: tonumber}] "
                          "| length"),
                     "10000");
    ck_assert_str_eq(eval("(\"1,\" * 10000 | split(\",\")) | map(select(. == \"1\")) | "
                          "length"),
                     "10000");
}
END_TEST

/* Behind a list of 1,000 numbers: each goes over it a thousand times or more, with
 * as little else as possible. */
static const char *const greedy[] = {
    "[((.[] == .[]) and false) // 1]",
    "[(.[] < .[] | . and false) // 1]",
    "first(.[] == .[] | select(. == 5)) // 1",
    "[.[] | 5] | [.[] | [5]] | [.[] + .[]] | length",
};

START_TEST(test_what_goes_over_and_over_a_list_is_paid_for)
{
    static const char *const each[] = {
        "any(false)", "all(true)", "map(select(false))", "add",           "min", "unique",
        "join(\"\")", "keys",      "sort_by(1)",         "map_values(1)",
    };
    char text[512];

    for (size_t i = 0; i < sizeof(greedy) / sizeof(greedy[0]); i++) {
        (void)snprintf(text, sizeof(text), "(\"1,\" * 999 | split(\",\")) | %s",
                       greedy[i]);
        ck_assert_msg(strstr(eval(text), "more than 100000 steps") != NULL, "%s: %s",
                      text, answer);
    }
    for (size_t i = 0; i < sizeof(each) / sizeof(each[0]); i++) {
        (void)snprintf(text, sizeof(text),
                       "(\"1,\" * 999 | split(\",\")) | [{l: .[], all: .} | .all | %s]",
                       each[i]);
        ck_assert_msg(strstr(eval(text), "more than 100000 steps") != NULL, "%s: %s",
                      text, answer);
    }
    ck_assert_ptr_nonnull(strstr(eval("(\"x\" * 1000000) | [{a: (\"1,\" * 999 | "
                                      "split(\",\") | .[]), s: .} | .s | length]"),
                                 "more than 100000 steps"));
}
END_TEST

START_TEST(test_nothing_catches_the_budget)
{
    ck_assert_ptr_nonnull(
        strstr(eval("([[1,2,3,4,5,6,7,8,9,0]|(.[]+.[]+.[]+.[]+.[]+.[])])? // 1"),
               "it takes more than 100000 steps"));
}
END_TEST

START_TEST(test_texts_stay_under_a_mebibyte)
{
    ck_assert_ptr_nonnull(strstr(eval("\"0123456789\" * 104858 | length"),
                                 "it makes a text larger than 1048576 bytes"));
    ck_assert_str_eq(eval("\"0123456789\" * 104857 | length"), "1048570");
    ck_assert_ptr_nonnull(strstr(eval("\"a\" * 9223372036854775807"), "larger than"));
    ck_assert_ptr_nonnull(strstr(eval("\"abc\" * 9223372036854775807"), "larger than"));
    ck_assert_ptr_nonnull(
        strstr(eval("\"0123456789\" * 100000 | [., ., .] | join(\"\")"), "larger than"));
}
END_TEST

START_TEST(test_doubling_texts_run_into_the_budget_not_into_memory)
{
    const char *sentence = eval(built("\"abcdefgh\" * 100000", " | [., .][0]", 5,
                                      " | [. + \"x\", . + \"y\", . + \"z\", . + \"w\", "
                                      ". + \"1\", . + \"2\", . + \"3\", . + \"4\"]"));

    ck_assert_ptr_nonnull(strstr(sentence, "it takes more than 100000 steps"));
}
END_TEST

START_TEST(test_nesting_is_bounded)
{
    ck_assert_ptr_nonnull(strstr(eval(built("", "(", 65, "")), "nested deeper than 64"));
    ck_assert_ptr_nonnull(strstr(eval(built("", "-", 65, "1")), "nested deeper than 64"));
    ck_assert_ptr_nonnull(
        strstr(eval(built("1", " | [.]", 65, "")), "nested deeper than 64"));
    ck_assert_int_eq(eval(built("1", " | [.]", 64, ""))[63], '[');
    /* 61 of them read from a text, then three more, then four. */
    ck_assert_int_eq(
        eval(built("(\"[\" * 61 + \"]\" * 61) | fromjson", " | [.]", 3, ""))[63], '[');
    ck_assert_ptr_nonnull(
        strstr(eval(built("(\"[\" * 61 + \"]\" * 61) | fromjson", " | [.]", 4, "")),
               "nested deeper than 64"));
}
END_TEST

START_TEST(test_the_number_of_parts_is_bounded)
{
    ck_assert_ptr_nonnull(
        strstr(eval(built("1", "|.", 1000, "")), "more than 1000 parts"));
    ck_assert_str_eq(eval(built("1", "+1", 400, "")), "401");
    ck_assert_str_eq(eval(built("1", "|.", 490, "")), "1");
}
END_TEST

START_TEST(test_an_expression_has_at_most_8192_bytes)
{
    ck_assert_ptr_nonnull(strstr(eval(built("1", " ", 8192, "")), "longer than 8192"));
    ck_assert_str_eq(eval(built("1", " ", 8191, "")), "1");
}
END_TEST

START_TEST(test_an_object_of_many_members_is_found_by_name)
{
    ck_assert_str_eq(
        eval("[\"abcdefghijklmnopqrstuvwxyz\" | split(\"\") | .[] | {(.): length, (. + "
             "\"2\"): .}] | add | [.a, .z, .m2, .zz, length]"),
        "[1,1,\"m\",null,52]");
}
END_TEST

/* ---- where jq's versions disagree ------------------------------------------ */

START_TEST(test_not_even_a_question_mark_lets_them_pass)
{
    ck_assert_ptr_nonnull(strstr(eval("[(\"a\" * 0)?]"), "repeated 1 or more"));
    ck_assert_ptr_nonnull(strstr(eval("[[1][0.5]?]"), "no element number (0.5)"));
    ck_assert_ptr_nonnull(strstr(eval("[[1][[1]]?]"), "between [ ] stands a name"));
    ck_assert_ptr_nonnull(strstr(eval("[(\" 1\" | tonumber)?]"), "is not a number"));
    ck_assert_ptr_nonnull(
        strstr(eval("[(\"{\\\"a\\\":1,\\\"a\\\":2}\" | fromjson)?]"), "cannot read"));
    ck_assert_str_eq(eval("[(\"{\" | fromjson)?, (\"x\" | tonumber)?]"), "[]");
}
END_TEST

START_TEST(test_uri_encodes_as_rfc_3986_says) /* jq 1.6 leaves ! * ' ( ) alone. */
{
    ck_assert_str_eq(eval("\"a~!*'()/?\" | @uri"), "\"a~%21%2A%27%28%29%2F%3F\"");
    ck_assert_str_eq(eval("@uri \"x=\\(.input.text)\""), "\"x=%F0%9F%98%80\"");
}
END_TEST

START_TEST(test_bytes_that_are_no_utf8_become_replacement_characters)
{
    ck_assert_str_eq(eval("\"/w==\" | @base64d"), "\"\xef\xbf\xbd\"");
    ck_assert_str_eq(eval("\"nuxl\" | @base64d"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
    ck_assert_ptr_nonnull(strstr(eval("\"AA==\" | @base64d"), "zero byte"));
}
END_TEST

int main(void)
{
    return suite_main(
        "expr", test_numbers_that_are_moved_keep_their_digits,
        test_integers_are_exact_to_64_bits, test_an_integer_beyond_64_bits_is_refused,
        test_integers_and_reals_are_ordered_exactly,
        test_a_plain_path_asks_the_root_once_and_copies_bytes,
        test_a_plain_path_and_its_tree_agree, test_a_default_stands_in_for_null_and_false,
        test_which_expressions_are_plain_paths, test_the_whole_root_cannot_be_read,
        test_a_failure_names_expression_place_and_value,
        test_a_long_expression_and_value_are_cut_between_characters,
        test_on_failure_the_buffer_is_as_it_was,
        test_a_result_is_refused_when_it_is_larger_than_there_is_room_for,
        test_a_zero_byte_is_refused, test_blanks_of_every_kind_stand_between_words,
        test_where_there_are_no_steps_the_name_is_a_member_like_any_other,
        test_refusals_say_the_column,
        test_what_is_not_in_the_language_is_refused_with_a_reason,
        test_a_question_mark_catches_only_what_it_stands_behind,
        test_the_step_budget_ends_what_takes_too_long,
        test_ten_thousand_items_fit_the_budget,
        test_what_goes_over_and_over_a_list_is_paid_for, test_nothing_catches_the_budget,
        test_texts_stay_under_a_mebibyte,
        test_doubling_texts_run_into_the_budget_not_into_memory, test_nesting_is_bounded,
        test_the_number_of_parts_is_bounded, test_an_expression_has_at_most_8192_bytes,
        test_an_object_of_many_members_is_found_by_name,
        test_not_even_a_question_mark_lets_them_pass, test_uri_encodes_as_rfc_3986_says,
        test_bytes_that_are_no_utf8_become_replacement_characters);
}
