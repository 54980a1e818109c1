/* What a text must be like: the formats, and which patterns are taken. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "definitions/input_schema.h"
#include "definitions/input_schema_format.h"
#include "definitions/input_schema_pattern.h"
#include "tests/support/suite.h"

struct text {
    const char *text;
    bool fits;
};

static void judge(enum schema_format format, const struct text *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ck_assert_msg(schema_format_fits(format, all[i].text) == all[i].fits, "\"%s\"",
                      all[i].text);
    }
}

#define JUDGE(format, all) judge(format, all, sizeof(all) / sizeof((all)[0]))

START_TEST(test_a_date_time_is_one_of_rfc_3339)
{
    static const struct text all[] = {
        {"2026-01-31T12:00:00Z", true},
        {"2026-01-31t12:00:00z", true},
        {"2026-01-31T12:00:00.5Z", true},
        {"2026-01-31T12:00:00.123456789+05:30", true},
        {"2026-01-31T12:00:00-23:59", true},
        {"2016-12-31T23:59:60Z", true}, /* A leap second. */
        {"2024-02-29T00:00:00Z", true},
        {"2000-02-29T00:00:00Z", true},
        {"1900-02-29T00:00:00Z", false},
        {"2023-02-29T00:00:00Z", false},
        {"2026-04-31T00:00:00Z", false},
        {"2026-12-31T00:00:00Z", true},
        {"2026-13-01T00:00:00Z", false},
        {"2026-00-01T00:00:00Z", false},
        {"2026-01-00T00:00:00Z", false},
        {"2026-01-32T00:00:00Z", false},
        {"2026-01-31T24:00:00Z", false},
        {"2026-01-31T00:60:00Z", false},
        {"2026-01-31T00:00:61Z", false},
        {"2026-01-31T00:00:00.Z", false},
        {"2026-01-31T00:00:00", false},
        {"2026-01-31T00:00:00ZZ", false},
        {"2026-01-31T00:00:00+24:00", false},
        {"2026-01-31T00:00:00+01:60", false},
        {"2026-01-31T00:00:00+01:00x", false},
        {"2026-01-31T00:00:00+0100", false},
        {"2026-01-31 00:00:00Z", false},
        {"2026-01-3xT00:00:00Z", false},
        {"2026-01-31", false},
        {"", false},
    };

    JUDGE(SCHEMA_FORMAT_DATE_TIME, all);
}
END_TEST

START_TEST(test_a_uuid_is_hex_digits_with_dashes)
{
    static const struct text all[] = {
        {"123e4567-e89b-12d3-a456-426614174000", true},
        {"123E4567-E89B-12D3-A456-42661417400F", true},
        {"123e4567-e89b-12d3-a456-42661417400", false},
        {"123e4567-e89b-12d3-a456-4266141740000", false},
        {"123e4567-e89b-12d3-a456-42661417400g", false},
        {"123e4567-e89b-12d3-a456-42661417400G", false},
        {"123e4567-e89b-12d3-a456-42661417400@", false},
        {"123e4567-e89b-12d3-a456-42661417400`", false},
        {"123e4567-e89b-12d3-a456-42661417400/", false},
        {"123e4567xe89b-12d3-a456-426614174000", false},
        {"", false},
    };

    JUDGE(SCHEMA_FORMAT_UUID, all);
}
END_TEST

START_TEST(test_an_email_has_one_at_between_two_names)
{
    char longest[256];
    const struct text all[] = {
        {"a@b", true},
        {"a.b+c@example.org", true},
        {"\xc3\xa9@example.org", true},
        {longest, true},
        {"", false},
        {"a", false},
        {"@b", false},
        {"a@", false},
        {"a@b@c", false},
        {"a@.b", false},
        {"a@b.", false},
        {"a@b..c", false},
        {"a b@c", false},
        {"a\x7f@c", false},
        {"a\n@c", false},
    };

    memset(longest, 'x', sizeof(longest));
    longest[1] = '@';
    longest[254] = '\0';
    JUDGE(SCHEMA_FORMAT_EMAIL, all);
    longest[254] = 'x'; /* 255 bytes: one more than mail can carry. */
    longest[255] = '\0';
    ck_assert(!schema_format_fits(SCHEMA_FORMAT_EMAIL, longest));
}
END_TEST

START_TEST(test_a_uri_begins_with_its_scheme)
{
    static const struct text all[] = {
        {"https://example.org/a?b=%20#c", true},
        {"urn:isbn:1", true},
        {"Z39.50s+x-y:a", true},
        {"mailto:a%2Fb", true},
        {"x:a[1]", true},
        {"", false},
        {"x", false},
        {"x:", false},
        {"/a", false},
        {"1a:b", false},
        {"[:b", false},
        {"{:b", false},
        {"a_b:c", false},
        {"a:b c", false},
        {"a:\x7f", false},
        {"a:\xc3\xa9", false},
        {"a:<b>", false},
        {"a:b|c", false},
        {"a:%g0", false},
        {"a:%0g", false},
        {"a:%2", false},
    };

    JUDGE(SCHEMA_FORMAT_URI, all);
}
END_TEST

START_TEST(test_without_a_format_every_text_fits)
{
    ck_assert(schema_format_fits(SCHEMA_FORMAT_NONE, "anything"));
    ck_assert_int_eq(schema_format_of("hostname"), SCHEMA_FORMAT_NONE);
}
END_TEST

/* ---- patterns ------------------------------------------------------------------ */

#define TAKEN NULL
#define BACKSLASH "before a letter or digit"
#define LAZY "cannot be repeated"
#define LARGE "make it too large"

START_TEST(test_a_pattern_is_taken_when_its_size_is_bounded)
{
    static const struct {
        const char *pattern;
        const char *refusal;
    } all[] = {
        {"^a+b*c?$", TAKEN},
        {"^(a|b){2,5}[0-9]{3}$", TAKEN},
        {"a\\.b\\\\c\\/", TAKEN},
        {"[^]a]b+", TAKEN},
        {"[]a]*", TAKEN},
        {"[[:alpha:]_]{1,}", TAKEN},
        {"[[.-.]a]+[[=a=]]", TAKEN},
        {"[a[b]{2}", TAKEN},
        {"((a)+(b)+)+", TAKEN},
        {"a|b", TAKEN},
        {"a{2,3}b{3}", TAKEN},
        /* Not regular expressions at all: the compiler says so. */
        {"[a", TAKEN},
        {"[[:alpha", TAKEN},
        {"[[:alpha:", TAKEN},
        {"[[:al:pha]", TAKEN},
        {"[", TAKEN},
        {"[^", TAKEN},
        {"a)", TAKEN},
        {"a{2", TAKEN},
        {"a{x}", TAKEN},
        {"\\", TAKEN},
        /* Here it is looked into. */
        {"\\d", BACKSLASH},
        {"\\W", BACKSLASH},
        {"\\1", BACKSLASH},
        {"\\<a", BACKSLASH},
        {"a\\>", BACKSLASH},
        {"\\`a", BACKSLASH},
        {"a\\'", BACKSLASH},
        {"\\:\\@\\[\\{", TAKEN},
        {"a**", LAZY},
        {"a+?", LAZY},
        {"a{2}{3}", LAZY},
        {"(a*)*", TAKEN},
        {"(a{255}){255}", LARGE},
        {"a{99999999999999999999}", LARGE},
        {"(((a{60}){60}){60})", LARGE},
        {"(?:a)", "(? is not in POSIX"},
        {"((((((((((((((((a))))))))))))))))", TAKEN}, /* 16 */
        {"(((((((((((((((((a)))))))))))))))))", "nested too deep"},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        const char *refusal = schema_pattern_refusal(all[i].pattern);

        ck_assert_msg((refusal == NULL) == (all[i].refusal == NULL), "%s: %s",
                      all[i].pattern, refusal == NULL ? "taken" : refusal);
        ck_assert_msg(refusal == NULL || strstr(refusal, all[i].refusal) != NULL,
                      "%s: %s", all[i].pattern, refusal);
    }
}
END_TEST

START_TEST(test_a_pattern_has_at_most_256_bytes)
{
    char pattern[INPUT_SCHEMA_PATTERN_MAX + 2];

    memset(pattern, 'a', sizeof(pattern));
    pattern[INPUT_SCHEMA_PATTERN_MAX] = '\0';
    ck_assert_ptr_null(schema_pattern_refusal(pattern));
    pattern[INPUT_SCHEMA_PATTERN_MAX] = 'a';
    pattern[INPUT_SCHEMA_PATTERN_MAX + 1] = '\0';
    ck_assert_str_eq(schema_pattern_refusal(pattern), "it is longer than 256 bytes");
}
END_TEST

int main(void)
{
    return suite_main(
        "input_schema_texts", test_a_date_time_is_one_of_rfc_3339,
        test_a_uuid_is_hex_digits_with_dashes, test_an_email_has_one_at_between_two_names,
        test_a_uri_begins_with_its_scheme, test_without_a_format_every_text_fits,
        test_a_pattern_is_taken_when_its_size_is_bounded,
        test_a_pattern_has_at_most_256_bytes);
}
