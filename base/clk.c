/* clk.c - see clk.h. */
#include "base/clk.h"

#include <assert.h>
#include <stdio.h>
#include <time.h>

static struct timespec now_of(clockid_t clock)
{
    struct timespec t;
    int result = clock_gettime(clock, &t);

    assert(result == 0); /* Both clocks exist wherever this builds. */
    return t;
}

uint64_t clk_wall_ms(void)
{
    struct timespec t = now_of(CLOCK_REALTIME);

    return (uint64_t)t.tv_sec * 1000U + (uint64_t)t.tv_nsec / 1000000U;
}

uint64_t clk_mono_ms(void)
{
    return clk_mono_us() / 1000U;
}

uint64_t clk_mono_us(void)
{
    struct timespec t = now_of(CLOCK_MONOTONIC);

    return (uint64_t)t.tv_sec * 1000000U + (uint64_t)t.tv_nsec / 1000U;
}

/* ---- the calendar -------------------------------------------------------
 *
 * The proleptic Gregorian calendar counted from 1 March of year 0, so that the
 * leap day is the last of its year. Written out because gmtime_r() and timegm()
 * bring a time zone database and a lock with them. */

#define DAYS_PER_ERA 146097 /* 400 years. */
#define DAYS_BEFORE_1970 719468

struct date {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
};

static int64_t days_of(struct date d)
{
    int64_t year = d.month <= 2 ? d.year - 1 : d.year;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year =
        (153 * (d.month > 2 ? d.month - 3 : d.month + 9) + 2) / 5 + d.day - 1;

    assert(year >= 0);
    return era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - DAYS_BEFORE_1970;
}

static struct date date_of(int64_t days)
{
    int64_t z = days + DAYS_BEFORE_1970;
    int64_t era = z / DAYS_PER_ERA;
    int64_t day_of_era = z - era * DAYS_PER_ERA;
    int64_t year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    int64_t day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    int64_t month = (5 * day_of_year + 2) / 153;
    struct date d = {.month = month < 10 ? month + 3 : month - 9,
                     .day = day_of_year - (153 * month + 2) / 5 + 1};

    d.year = year_of_era + era * 400 + (d.month <= 2 ? 1 : 0);
    return d;
}

static bool is_leap(int64_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int64_t days_in(int64_t year, int64_t month)
{
    static const int64_t days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* ---- text ----------------------------------------------------------------- */

#define YEAR_10000_MS 253402300800000U /* The text has four digits for the year. */

/* n digits of value at `at`, then `behind`; where to go on. By hand: every answer of the
 * API has half a dozen times, and snprintf() is ten times slower. */
static char *put_digits(char *at, unsigned value, int n, char behind)
{
    for (int i = n - 1; i >= 0; i--) {
        at[i] = (char)('0' + value % 10U);
        value /= 10U;
    }
    at[n] = behind;
    return at + n + 1;
}

void clk_to_text(uint64_t wall_ms, char out[static CLK_TEXT_MAX])
{
    uint64_t ms = wall_ms < YEAR_10000_MS ? wall_ms : YEAR_10000_MS - 1;
    struct date d = date_of((int64_t)(ms / 86400000U));
    unsigned in_day = (unsigned)(ms % 86400000U);
    char *at = put_digits(out, (unsigned)d.year, 4, '-');

    at = put_digits(at, (unsigned)d.month, 2, '-');
    at = put_digits(at, (unsigned)d.day, 2, 'T');
    at = put_digits(at, in_day / 3600000U, 2, ':');
    at = put_digits(at, in_day / 60000U % 60U, 2, ':');
    at = put_digits(at, in_day / 1000U % 60U, 2, '.');
    at = put_digits(at, in_day % 1000U, 3, 'Z');
    *at = '\0';
}

/* n digits at *at; -1 when they are not digits. */
static int64_t digits(const char **at, int n)
{
    int64_t value = 0;

    for (int i = 0; i < n; i++) {
        char c = **at;

        if (c < '0' || c > '9') {
            return -1;
        }
        value = value * 10 + (c - '0');
        (*at)++;
    }
    return value;
}

static bool takes(const char **at, char c)
{
    if (**at != c) {
        return false;
    }
    (*at)++;
    return true;
}

static bool read_date(const char **at, int64_t *days)
{
    struct date d;

    d.year = digits(at, 4);
    if (d.year < 0 || !takes(at, '-')) {
        return false;
    }
    d.month = digits(at, 2);
    if (d.month < 1 || d.month > 12 || !takes(at, '-')) {
        return false;
    }
    d.day = digits(at, 2);
    if (d.day < 1 || d.day > days_in(d.year, d.month)) {
        return false;
    }
    *days = d.year >= 1 ? days_of(d) : -DAYS_BEFORE_1970; /* Too early either way. */
    return true;
}

/* ".123456789" or nothing; what is finer than a millisecond is cut. */
static bool read_fraction(const char **at, int64_t *ms)
{
    int64_t unit = 100;
    int n = 0;

    *ms = 0;
    if (!takes(at, '.')) {
        return true;
    }
    for (; **at >= '0' && **at <= '9'; n++) {
        *ms += (**at - '0') * unit;
        unit /= 10;
        (*at)++;
    }
    return n >= 1 && n <= 9;
}

static bool read_time(const char **at, int64_t *ms)
{
    int64_t hour = digits(at, 2);
    int64_t minute;
    int64_t second;
    int64_t fraction;

    if (hour < 0 || hour > 23 || !takes(at, ':')) {
        return false;
    }
    minute = digits(at, 2);
    if (minute < 0 || minute > 59 || !takes(at, ':')) {
        return false;
    }
    second = digits(at, 2);
    if (second < 0 || second > 60 || !read_fraction(at, &fraction)) {
        return false; /* 60 is a leap second; it counts as the next minute's first. */
    }
    *ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    return true;
}

static bool read_offset(const char **at, int64_t *ms)
{
    int64_t sign = **at == '-' ? -1 : 1;
    int64_t hour;
    int64_t minute;

    *ms = 0;
    if (takes(at, 'Z') || takes(at, 'z')) {
        return true;
    }
    if (!takes(at, '+') && !takes(at, '-')) {
        return false;
    }
    hour = digits(at, 2);
    if (hour < 0 || hour > 23 || !takes(at, ':')) {
        return false;
    }
    minute = digits(at, 2);
    if (minute < 0 || minute > 59) {
        return false;
    }
    *ms = sign * (hour * 60 + minute) * 60000;
    return true;
}

bool clk_from_text(const char *text, uint64_t *wall_ms_out)
{
    const char *at = text;
    int64_t days;
    int64_t in_day_ms;
    int64_t offset_ms;
    int64_t wall_ms;

    if (!read_date(&at, &days) || (*at != 'T' && *at != 't')) {
        return false;
    }
    at++;
    if (!read_time(&at, &in_day_ms) || !read_offset(&at, &offset_ms) || *at != '\0') {
        return false;
    }
    wall_ms = days * 86400000 + in_day_ms - offset_ms;
    if (wall_ms < 0) {
        return false;
    }
    *wall_ms_out = (uint64_t)wall_ms;
    return true;
}
