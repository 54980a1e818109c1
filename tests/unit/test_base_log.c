#include "base/log.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "tests/support/suite.h"

static int kept_stderr;
static FILE *file;
static char said[65536];

/* What is logged until stop() goes to a file. */
static void start(enum log_format format, enum log_level least)
{
    kept_stderr = dup(STDERR_FILENO);
    file = tmpfile();
    ck_assert_ptr_nonnull(file);
    ck_assert_int_ge(dup2(fileno(file), STDERR_FILENO), 0);
    log_init(format, least);
}

static const char *stop(void)
{
    size_t n;

    ck_assert_int_ge(dup2(kept_stderr, STDERR_FILENO), 0);
    rewind(file);
    n = fread(said, 1, sizeof(said) - 1, file);
    said[n] = '\0';
    (void)fclose(file); /* A temporary file: nothing to lose. */
    return said;
}

/* Behind the time, which differs each run. */
static const char *without_time(const char *line)
{
    const char *level = strstr(line, "\"level\"");

    ck_assert_ptr_nonnull(level);
    return level;
}

START_TEST(test_a_line_is_one_json_object)
{
    const char *line;

    start(LOG_JSON, LOG_INFO);
    log_say(LOG_INFO, "saga started", LOG_TEXT("sagaId", "a\"b"), LOG_NUMBER("turn", -3));
    line = stop();
    ck_assert(json_is_valid(line, strlen(line)));
    ck_assert_str_eq(without_time(line),
                     "\"level\":\"info\",\"msg\":\"saga "
                     "started\",\"sagaId\":\"a\\\"b\",\"turn\":-3}\n");
    ck_assert_int_eq(strncmp(line, "{\"ts\":\"2", 8), 0);
}
END_TEST

START_TEST(test_to_a_file_the_automatic_format_is_json)
{
    start(LOG_AUTO, LOG_INFO);
    log_plain(LOG_ERROR, "x");
    ck_assert_str_eq(without_time(stop()), "\"level\":\"error\",\"msg\":\"x\"}\n");
}
END_TEST

START_TEST(test_a_plain_line_quotes_what_needs_it)
{
    start(LOG_PLAIN, LOG_DEBUG);
    log_say(LOG_WARNING, "slow disk", LOG_TEXT("path", "a b"), LOG_TEXT("id", "x"),
            LOG_TEXT("none", NULL), LOG_NUMBER("ms", 7));
    ck_assert_str_eq(stop() + 25, "warning slow disk path=\"a b\" id=x none=\"\" ms=7\n");
}
END_TEST

START_TEST(test_lines_below_the_least_level_are_not_written)
{
    start(LOG_PLAIN, LOG_WARNING);
    log_plain(LOG_DEBUG, "d");
    log_plain(LOG_INFO, "i");
    ck_assert_str_eq(stop(), "");
}
END_TEST

START_TEST(test_control_characters_reach_no_terminal)
{
    const enum log_format formats[] = {LOG_JSON, LOG_PLAIN};

    for (int i = 0; i < 2; i++) {
        const char *line;

        start(formats[i], LOG_INFO);
        log_say(LOG_INFO, "a\nb\x1b[2J",
                LOG_TEXT("t", "\r\x7f\xc2\x9b"
                              "31m"));
        line = stop();
        ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
        ck_assert_ptr_null(strpbrk(line, "\x1b\r\x7f\xc2"));
        ck_assert_ptr_nonnull(strstr(line, "\\u001b[2J"));
        ck_assert_ptr_nonnull(strstr(line, "\\u009b31m"));
    }
}
END_TEST

START_TEST(test_a_very_long_text_is_cut_and_the_line_stays_json)
{
    char text[40000];
    const char *line;

    memset(text, '\x01', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    start(LOG_JSON, LOG_INFO);
    log_say(LOG_INFO, text, LOG_TEXT("t", text));
    line = stop();
    ck_assert(json_is_valid(line, strlen(line)));
    ck_assert_uint_lt(strlen(line), 30000);
}
END_TEST

START_TEST(test_bytes_that_are_not_utf8_stay_out_of_the_line)
{
    const enum log_format formats[] = {LOG_JSON, LOG_PLAIN};

    for (int i = 0; i < 2; i++) {
        const char *line;

        start(formats[i], LOG_INFO);
        log_say(LOG_INFO, "m\x9b", LOG_TEXT("t", "\xff\xc3"));
        line = stop();
        ck_assert_ptr_null(strpbrk(line, "\x9b\xff\xc3"));
        ck_assert_ptr_nonnull(strstr(line, "m\xef\xbf\xbd"));
    }
}
END_TEST

int main(void)
{
    return suite_main("log", test_a_line_is_one_json_object,
                      test_to_a_file_the_automatic_format_is_json,
                      test_a_plain_line_quotes_what_needs_it,
                      test_lines_below_the_least_level_are_not_written,
                      test_control_characters_reach_no_terminal,
                      test_a_very_long_text_is_cut_and_the_line_stays_json,
                      test_bytes_that_are_not_utf8_stay_out_of_the_line);
}
