/* Tests of programs/sagactl/place.h: from a JSON Pointer to line and column. */
#include "programs/sagactl/place.h"

#include <stdio.h>
#include <string.h>

#include "tests/support/suite.h"

static const char text[] = "{ \"name\": \"x\",\n"
                           "  \"steps\": [\n"
                           "    { \"id\": \"a\" },\n"
                           "    { \"a/b\": 1, \"c~d\": [ 2,\n"
                           "3 ] } ] }";

/* "2:3", with '?' behind when there is nothing there. */
static const char *place_of(const char *pointer)
{
    static char out[32];
    struct file_place place;
    bool is_found = place_find(json_span_of(text, strlen(text)), pointer, &place);

    (void)snprintf(out, sizeof(out), "%u:%u%s", place.line, place.column,
                   is_found ? "" : "?");
    return out;
}

START_TEST(test_a_member_is_where_its_name_is)
{
    ck_assert_str_eq(place_of("/name"), "1:3");
    ck_assert_str_eq(place_of("/steps"), "2:3");
    ck_assert_str_eq(place_of("/steps/0/id"), "3:7");
}
END_TEST

START_TEST(test_an_element_is_where_it_begins)
{
    ck_assert_str_eq(place_of("/steps/0"), "3:5");
    ck_assert_str_eq(place_of("/steps/1"), "4:5");
    ck_assert_str_eq(place_of("/steps/1/c~0d/1"), "5:1");
}
END_TEST

START_TEST(test_names_are_unescaped)
{
    ck_assert_str_eq(place_of("/steps/1/a~1b"), "4:7");
    ck_assert_str_eq(place_of("/steps/1/c~0d"), "4:17");
}
END_TEST

START_TEST(test_what_is_missing_is_at_what_is_around_it)
{
    ck_assert_str_eq(place_of(""), "1:1");
    ck_assert_str_eq(place_of("/nothing"), "1:1?");
    ck_assert_str_eq(place_of("/steps/0/call"), "3:5?");
    ck_assert_str_eq(place_of("/steps/7"), "2:3?");
    ck_assert_str_eq(place_of("/steps/x"), "2:3?");
    ck_assert_str_eq(place_of("/name/below"), "1:3?");
}
END_TEST

int main(void)
{
    return suite_main("place", test_a_member_is_where_its_name_is,
                      test_an_element_is_where_it_begins, test_names_are_unescaped,
                      test_what_is_missing_is_at_what_is_around_it);
}
