/* Tests of sagactl's two tables: each names only what the other has. */
#include "programs/sagactl/commands.h"

#include <string.h>

#include "programs/sagactl/options.h"
#include "tests/support/suite.h"

START_TEST(test_every_option_that_a_command_names_is_in_the_table)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);

    for (size_t i = 0; i < n; i++) {
        for (const char *at = commands[i].options; *at != '\0';) {
            const size_t blanks = strspn(at, " ");
            const size_t length = strcspn(at + blanks, " ");

            if (length > 0) {
                ck_assert_msg(args_find(options_table(), at + blanks, length) != NULL,
                              "%s: %.*s", commands[i].name, (int)length, at + blanks);
            }
            at += blanks + length;
        }
    }
}
END_TEST

START_TEST(test_every_option_is_taken_by_a_command)
{
    const struct args_table *table = options_table();
    size_t n;
    const struct command_row *commands = commands_all(&n);

    for (size_t i = 0; i < table->n; i++) {
        bool is_taken = false;

        for (size_t k = 0; k < n; k++) {
            is_taken = is_taken || command_takes(&commands[k], table->options[i].name);
        }
        ck_assert_msg(is_taken, "%s", table->options[i].name);
    }
}
END_TEST

START_TEST(test_an_option_is_taken_by_its_whole_name)
{
    const struct command_row *list = commands_find("list");

    ck_assert(command_takes(list, "stuck-step"));
    ck_assert(!command_takes(list, "step"));
    ck_assert(!command_takes(list, "stuck"));
    ck_assert(command_takes(list, "help"));
}
END_TEST

START_TEST(test_a_command_of_two_words_is_found_before_that_of_one)
{
    struct args args = {.words = {"bulk", "list"}, .n_words = 2};
    size_t used;

    ck_assert_str_eq(commands_match(&args, &used)->name, "bulk list");
    ck_assert_uint_eq(used, 2);
    args.words[1] = "retry";
    ck_assert_str_eq(commands_match(&args, &used)->name, "bulk");
    ck_assert_uint_eq(used, 1);
    args.words[0] = "bul";
    ck_assert_ptr_null(commands_match(&args, &used));
}
END_TEST

START_TEST(test_words_in_brackets_may_be_left_out)
{
    size_t least;
    size_t most;

    command_words(commands_find("calls"), &least, &most);
    ck_assert_uint_eq(least, 1);
    ck_assert_uint_eq(most, 2);
    command_words(commands_find("help"), &least, &most);
    ck_assert_uint_eq(least, 0);
    ck_assert_uint_eq(most, ARGS_MAX);
    command_words(commands_find("list"), &least, &most);
    ck_assert_uint_eq(most, 0);
}
END_TEST

int main(void)
{
    return suite_main("commands", test_every_option_that_a_command_names_is_in_the_table,
                      test_every_option_is_taken_by_a_command,
                      test_an_option_is_taken_by_its_whole_name,
                      test_a_command_of_two_words_is_found_before_that_of_one,
                      test_words_in_brackets_may_be_left_out);
}
