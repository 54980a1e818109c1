/* input_schema_format.c - see input_schema_format.h. */
#include "definitions/input_schema_format.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

enum schema_format schema_format_of(const char *name)
{
    static const struct {
        const char *name;
        enum schema_format format;
    } all[] = {
        {"date-time", SCHEMA_FORMAT_DATE_TIME},
        {"uuid", SCHEMA_FORMAT_UUID},
        {"email", SCHEMA_FORMAT_EMAIL},
        {"uri", SCHEMA_FORMAT_URI},
    };

    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (strcmp(all[i].name, name) == 0) {
            return all[i].format;
        }
    }
    return SCHEMA_FORMAT_NONE;
}

const char *schema_format_name(enum schema_format format)
{
    switch (format) {
    case SCHEMA_FORMAT_NONE:
        break;
    case SCHEMA_FORMAT_DATE_TIME:
        return "a date-time (2026-01-31T12:00:00Z)";
    case SCHEMA_FORMAT_UUID:
        return "a uuid (8-4-4-4-12 hex digits)";
    case SCHEMA_FORMAT_EMAIL:
        return "an email address";
    case SCHEMA_FORMAT_URI:
        return "a uri with its scheme (https://...)";
    }
    return "anything";
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Does text begin as the shape does? 9: a digit, T: T or t, anything else: itself. */
static bool begins_as(const char *text, const char *shape)
{
    for (; *shape != '\0'; shape++, text++) {
        const bool fits = *shape == '9'   ? is_digit(*text)
                          : *shape == 'T' ? (*text == 'T' || *text == 't')
                                          : *text == *shape;

        if (!fits) {
            return false;
        }
    }
    return true;
}

static unsigned two_digits(const char *at)
{
    return (unsigned)(at[0] - '0') * 10 + (unsigned)(at[1] - '0');
}

static unsigned days_in(unsigned year, unsigned month)
{
    static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    if (month < 1 || month > 12) {
        return 0;
    }
    return days[month - 1] + (month == 2 && is_leap ? 1U : 0U);
}

/* Z, or +hh:mm. */
static bool is_offset(const char *at)
{
    if (strcmp(at, "Z") == 0 || strcmp(at, "z") == 0) {
        return true;
    }
    return (begins_as(at, "+99:99") || begins_as(at, "-99:99")) && at[6] == '\0' &&
           two_digits(at + 1) < 24 && two_digits(at + 4) < 60;
}

static bool is_date_time(const char *text)
{
    const char *at = text;
    unsigned day;

    if (!begins_as(text, "9999-99-99T99:99:99")) {
        return false;
    }
    day = two_digits(text + 8);
    if (day < 1 ||
        day > days_in(two_digits(text) * 100 + two_digits(text + 2),
                      two_digits(text + 5)) ||
        two_digits(text + 11) > 23 || two_digits(text + 14) > 59 ||
        two_digits(text + 17) > 60) { /* 60: a leap second. */
        return false;
    }
    at += 19;
    if (*at == '.') {
        at++;
        if (!is_digit(*at)) {
            return false;
        }
        while (is_digit(*at)) {
            at++;
        }
    }
    return is_offset(at);
}

static bool is_uuid(const char *text)
{
    static const char shape[] = "hhhhhhhh-hhhh-hhhh-hhhh-hhhhhhhhhhhh";

    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        if (shape[i] == 'h' ? !is_hex(text[i]) : text[i] != shape[i]) {
            return false; /* The end of a shorter text fits nothing either. */
        }
    }
    return text[sizeof(shape) - 1] == '\0';
}

static bool is_email(const char *text)
{
    const char *at = strchr(text, '@');

    for (const char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c <= ' ' || *c == 0x7f) {
            return false;
        }
    }
    return at != NULL && at != text && strlen(text) <= 254 &&
           strchr(at + 1, '@') == NULL && at[1] != '\0' && at[1] != '.' &&
           at[strlen(at) - 1] != '.' && strstr(at, "..") == NULL;
}

static bool is_uri(const char *text)
{
    const char *at = text;

    if (!is_letter(*at)) {
        return false;
    }
    while (is_letter(*at) || is_digit(*at) || *at == '+' || *at == '-' || *at == '.') {
        at++;
    }
    if (*at != ':' || at[1] == '\0') {
        return false;
    }
    for (; *at != '\0'; at++) {
        if ((unsigned char)*at <= ' ' || (unsigned char)*at >= 0x7f ||
            strchr("\"<>\\^`{|}", *at) != NULL) {
            return false;
        }
        if (*at == '%' && (!is_hex(at[1]) || !is_hex(at[2]))) {
            return false;
        }
    }
    return true;
}

bool schema_format_fits(enum schema_format format, const char *text)
{
    switch (format) {
    case SCHEMA_FORMAT_NONE:
        return true;
    case SCHEMA_FORMAT_DATE_TIME:
        return is_date_time(text);
    case SCHEMA_FORMAT_UUID:
        return is_uuid(text);
    case SCHEMA_FORMAT_EMAIL:
        return is_email(text);
    case SCHEMA_FORMAT_URI:
        return is_uri(text);
    }
    assert(false);
    return false;
}
