/* Tests of base/json_check.h: it never accepts what jansson refuses, and accepts what
 * people send. */
#include "base/json_check.h"

#include <check.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "tests/support/suite.h"

static bool is_read(const char *text, size_t n)
{
    json_t *tree;

    if (json_read(text, n, &tree, NULL) != ERR_OK) {
        return false;
    }
    json_decref(tree);
    return true;
}

static bool check(const char *text)
{
    return json_check(text, strlen(text));
}

/* Both accept it. */
static const char *const good[] = {
    "0",
    "-0",
    "[]",
    "{}",
    " { } ",
    "\t[ \r\n]\n",
    "null",
    "[true,false,null]",
    "\"\"",
    "1.10",
    "-12.5e-3",
    "1E+99",
    "999999999999999999",
    "\"\\u00e9\\ud83d\\ude00\\n\\/\\\"\\\\\\b\\f\\r\\t\"",
    "\"\x7f\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
    "{\"a\":1,\"b\":{\"a\":2},\"c\":[{\"a\":3},{\"a\":4}]}",
};

/* Neither does. */
static const char *const bad[] = {
    "",
    " ",
    "[",
    "]",
    "{\"a\"}",
    "{\"a\":}",
    "{\"a\":1,}",
    "{a:1}",
    "{'a':1}",
    "[1,]",
    "[1 2]",
    "[,1]",
    "1 2",
    "01",
    "-",
    "+1",
    "1.",
    ".5",
    "1e",
    "1e+",
    "0x1",
    "nul",
    "nullx",
    "True",
    "NaN",
    "\"",
    "\"a",
    "\"\\x\"",
    "\"\\u12g4\"",
    "\"\\u123\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud800\\u0041\"",
    "\"\\udc00\"",
    "\"\n\"",
    "\"\x1f\"",
    "\"\xff\"",
    "\"\xc0\x80\"",
    "\"\xed\xa0\x80\"",
    "\"\xf4\x90\x80\x80\"",
    "\"\xc3\"",
    "{\"a\":1,\"a\":2}",
    "{\"b\":0,\"a\":1,\"c\":{\"a\":0},\"a\":2}",
    "\xef\xbb\xbf{}",
    "// no\n1",
    "9223372036854775808",
    "1e999",
};

/* jansson accepts them; looking closely would cost what a tree costs. */
static const char *const unsure[] = {
    "9223372036854775807",
    "-9223372036854775808",
    "1e100",
    "{\"\\u0061\":1}",
};

START_TEST(test_what_people_send_is_accepted_without_a_tree)
{
    for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
        ck_assert_msg(check(good[i]), "%s", good[i]);
        ck_assert_msg(is_read(good[i], strlen(good[i])), "%s", good[i]);
    }
}
END_TEST

START_TEST(test_what_is_no_json_of_the_house_is_not)
{
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!check(bad[i]), "%s", bad[i]);
        ck_assert_msg(!json_is_valid(bad[i], strlen(bad[i])), "%s", bad[i]);
    }
    ck_assert(!json_check("1\0", 2));
    ck_assert(!json_check("\"\0\"", 3));
}
END_TEST

START_TEST(test_where_it_is_not_sure_jansson_is_asked)
{
    for (size_t i = 0; i < sizeof(unsure) / sizeof(unsure[0]); i++) {
        ck_assert_msg(!check(unsure[i]), "%s", unsure[i]);
        ck_assert_msg(json_is_valid(unsure[i], strlen(unsure[i])), "%s", unsure[i]);
    }
}
END_TEST

START_TEST(test_depth_ends_where_the_house_says)
{
    char text[2 * JSON_DEPTH_MAX + 3];

    memset(text, '[', JSON_DEPTH_MAX + 1);
    memset(text + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
    ck_assert(!json_check(text, 2 * (JSON_DEPTH_MAX + 1)));
    ck_assert(json_check(text + 1, 2 * (size_t)JSON_DEPTH_MAX));
    ck_assert(is_read(text + 1, 2 * (size_t)JSON_DEPTH_MAX));
}
END_TEST

START_TEST(test_an_object_of_many_names_is_left_to_jansson)
{
    struct buf text;

    for (unsigned n = 126; n <= 130; n++) {
        buf_init(&text, 65536);
        for (unsigned i = 0; i < n; i++) {
            buf_printf(&text, "%s\"name%u\":{\"x\":%u}", i == 0 ? "{" : ",", i, i);
        }
        buf_add_char(&text, '}');
        ck_assert(json_check(text.bytes, text.n) == (n < 128));
        ck_assert(json_is_valid(text.bytes, text.n));
        buf_done(&text);
    }
}
END_TEST

/* One byte of a good text becomes another, goes, or comes twice; twice over. */
static size_t spoil(const char *text, uint64_t seed, char *out)
{
    static const char bytes[] = "\"\\{}[]:,0-.eE+tfnu\x01\x80\xc3\xed ";
    size_t n = strlen(text);

    memcpy(out, text, n);
    for (uint64_t k = 0; k < 2 && n > 0; k++) {
        const uint64_t h = hash_mix(seed, k);
        const size_t at = (size_t)(h % n);
        const unsigned what = (unsigned)((h >> 32) % 3);

        if (what == 0) {
            out[at] = bytes[(h >> 40) % (sizeof(bytes) - 1)];
        } else if (what == 1) {
            memmove(out + at, out + at + 1, n - at - 1);
            n--;
        } else {
            memmove(out + at + 1, out + at, n - at);
            n++;
        }
    }
    return n;
}

START_TEST(test_it_never_accepts_what_jansson_refuses)
{
    static const char start[] = "{\"definition\":\"order\",\"id\":\"o-1\",\"input\":"
                                "{\"a\":19.99,\"b\":[1,-2e3]}}";
    static const char rows[] = "[{\"iban\":\"DE\\u00e9\",\"n\":123456789012345678},"
                               "{\"iban\":null,\"aa\":true}]";
    static const char names[] = "{\"aa\":1,\"ab\":2,\"ba\":{\"aa\":"
                                "\"\xc3\xa9\xe2\x82\xac\",\"a\":0.5e10}}";
    static const char *const more[] = {start, rows, names};
    const size_t n_good = sizeof(good) / sizeof(good[0]);
    const size_t n_more = sizeof(more) / sizeof(more[0]);
    char text[256];
    unsigned accepted = 0;

    for (uint64_t seed = 0; seed < 200000; seed++) {
        const size_t i = seed % (n_good + n_more);
        const size_t n = spoil(i < n_good ? good[i] : more[i - n_good], seed, text);

        if (json_check(text, n)) {
            ck_assert_msg(is_read(text, n), "%.*s", (int)n, text);
            accepted++;
        }
    }
    ck_assert_uint_gt(accepted, 1000);
}
END_TEST

int main(void)
{
    return suite_main("json_check", test_what_people_send_is_accepted_without_a_tree,
                      test_what_is_no_json_of_the_house_is_not,
                      test_where_it_is_not_sure_jansson_is_asked,
                      test_depth_ends_where_the_house_says,
                      test_an_object_of_many_names_is_left_to_jansson,
                      test_it_never_accepts_what_jansson_refuses);
}
