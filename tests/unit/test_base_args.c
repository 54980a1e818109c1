/* Tests of base/args.h: a command line against its table. */
#include "base/args.h"

#include <string.h>

#include "tests/support/suite.h"

static const struct args_option options[] = {
    {.name = "file", .letter = 'f', .takes = ARGS_VALUE, .shown = "FILE", .commands = 1},
    {.name = "label",
     .takes = ARGS_VALUE,
     .is_repeated = true,
     .shown = "L",
     .commands = 3},
    {.name = "wait", .takes = ARGS_MAYBE, .shown = "10s", .commands = 2, .help = "wait"},
    {.name = "yes", .letter = 'y', .commands = 2, .help = "do not ask"},
};
static const struct args_table table = {options, sizeof(options) / sizeof(options[0])};

static struct args args;
static struct err_info info;

/* Reads up to five words. */
static enum err read_words(const char *a, const char *b, const char *c, const char *d,
                           const char *e)
{
    const char *argv[] = {"program", a, b, c, d, e};
    int argc = 1;

    while (argc < 6 && argv[argc] != NULL) {
        argc++;
    }
    return args_read(&table, argc, argv, &args, &info);
}

START_TEST(test_options_stand_anywhere_between_words)
{
    ck_assert_int_eq(read_words("get", "--file", "x", "id", "-y"), ERR_OK);
    ck_assert_uint_eq(args.n_words, 2);
    ck_assert_str_eq(args.words[1], "id");
    ck_assert_str_eq(args_value(&args, "file"), "x");
    ck_assert(args_has(&args, "yes"));
    ck_assert(!args_has(&args, "wait"));
}
END_TEST

START_TEST(test_values_are_written_in_four_ways)
{
    ck_assert_int_eq(read_words("--file=a=b", NULL, NULL, NULL, NULL), ERR_OK);
    ck_assert_str_eq(args_value(&args, "file"), "a=b");
    ck_assert_int_eq(read_words("-f", "a", NULL, NULL, NULL), ERR_OK);
    ck_assert_str_eq(args_value(&args, "file"), "a");
    ck_assert_int_eq(read_words("-fa", NULL, NULL, NULL, NULL), ERR_OK);
    ck_assert_str_eq(args_value(&args, "file"), "a");
    ck_assert_int_eq(read_words("--file", "-", NULL, NULL, NULL), ERR_OK);
    ck_assert_str_eq(args_value(&args, "file"), "-");
}
END_TEST

START_TEST(test_an_optional_value_never_takes_the_next_word)
{
    ck_assert_int_eq(read_words("--wait", "id", NULL, NULL, NULL), ERR_OK);
    ck_assert_str_eq(args_value(&args, "wait"), "");
    ck_assert_uint_eq(args.n_words, 1);
    ck_assert_int_eq(read_words("--wait=5s", NULL, NULL, NULL, NULL), ERR_OK);
    ck_assert_str_eq(args_value(&args, "wait"), "5s");
}
END_TEST

START_TEST(test_repeated_values_are_kept_in_order)
{
    const char *values[4];

    ck_assert_int_eq(read_words("--label", "a", "--label=b", NULL, NULL), ERR_OK);
    ck_assert_uint_eq(args_values(&args, "label", values, 4), 2);
    ck_assert_str_eq(values[0], "a");
    ck_assert_str_eq(values[1], "b");
}
END_TEST

START_TEST(test_two_dashes_end_the_options)
{
    ck_assert_int_eq(read_words("--", "--file", "-", NULL, NULL), ERR_OK);
    ck_assert_uint_eq(args.n_words, 2);
    ck_assert_str_eq(args.words[0], "--file");
}
END_TEST

START_TEST(test_an_unknown_option_is_named_for_a_suggestion)
{
    ck_assert_int_eq(read_words("--fiel=x", NULL, NULL, NULL, NULL), ERR_NOT_FOUND);
    ck_assert_uint_eq(args.unknown_n, 4);
    ck_assert_int_eq(strncmp(args.unknown, "fiel", 4), 0);
    ck_assert_str_eq(info.text, "there is no option --fiel");
    ck_assert_int_eq(read_words("-x", NULL, NULL, NULL, NULL), ERR_NOT_FOUND);
}
END_TEST

START_TEST(test_values_missing_doubled_or_unwanted_are_refused)
{
    ck_assert_int_eq(read_words("--file", NULL, NULL, NULL, NULL), ERR_INVALID);
    ck_assert_str_eq(info.text, "--file needs a value: FILE");
    ck_assert_int_eq(read_words("-y", "--yes", NULL, NULL, NULL), ERR_INVALID);
    ck_assert_str_eq(info.text, "--yes is given twice");
    ck_assert_int_eq(read_words("--yes=1", NULL, NULL, NULL, NULL), ERR_INVALID);
    ck_assert_str_eq(info.text, "--yes takes no value");
}
END_TEST

START_TEST(test_an_option_of_another_command_is_found)
{
    ck_assert_int_eq(read_words("--label=a", "--yes", NULL, NULL, NULL), ERR_OK);
    ck_assert_ptr_null(args_misplaced(&args, 2));
    ck_assert_str_eq(args_misplaced(&args, 1)->name, "yes");
}
END_TEST

START_TEST(test_help_shows_the_options_of_a_command)
{
    struct buf out;

    buf_init(&out, 4096);
    args_help(&table, 2, &out);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&out), "      --wait[=10s]             wait\n"));
    ck_assert_ptr_nonnull(strstr(buf_text(&out), "  -y, --yes "));
    ck_assert_ptr_null(strstr(buf_text(&out), "--file"));
    buf_done(&out);
}
END_TEST

int main(void)
{
    return suite_main("args", test_options_stand_anywhere_between_words,
                      test_values_are_written_in_four_ways,
                      test_an_optional_value_never_takes_the_next_word,
                      test_repeated_values_are_kept_in_order,
                      test_two_dashes_end_the_options,
                      test_an_unknown_option_is_named_for_a_suggestion,
                      test_values_missing_doubled_or_unwanted_are_refused,
                      test_an_option_of_another_command_is_found,
                      test_help_shows_the_options_of_a_command);
}
