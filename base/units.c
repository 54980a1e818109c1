/* units.c - see units.h. */
#include "base/units.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct unit {
    const char *name;
    uint64_t times;
};

/* Ascending, so that writing takes the last that divides. */
static const struct unit durations[] = {
    {"ms", 1}, {"s", 1000}, {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};
static const struct unit sizes[] = {
    {"B", 1},         {"kB", 1000},       {"KiB", 1024},       {"MB", 1000000},
    {"MiB", 1048576}, {"GB", 1000000000}, {"GiB", 1073741824}, {"", 1},
};
static const struct unit shown_sizes[] = {
    {"B", 1},
    {"KiB", 1024},
    {"MiB", 1048576},
    {"GiB", 1073741824},
};
static const struct unit rates[] = {{"/s", 1}};
static const struct unit counts[] = {{"", 1}};

#define UNITS(table) (table), sizeof(table) / sizeof((table)[0])

static bool read_with(const struct unit *units, size_t n, const char *text, uint64_t *out)
{
    uint64_t number = 0;
    size_t digits = strspn(text, "0123456789");

    if (digits == 0) {
        return false;
    }
    for (size_t i = 0; i < digits; i++) {
        uint64_t digit = (uint64_t)(text[i] - '0');

        if (number > (INT64_MAX - digit) / 10) {
            return false;
        }
        number = number * 10 + digit;
    }
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text + digits, units[i].name) != 0) {
            continue;
        }
        if (number > INT64_MAX / units[i].times) {
            return false;
        }
        *out = number * units[i].times;
        return true;
    }
    return false;
}

bool units_read_duration(const char *text, uint64_t *ms_out)
{
    return read_with(UNITS(durations), text, ms_out);
}

bool units_read_size(const char *text, uint64_t *bytes_out)
{
    return read_with(UNITS(sizes), text, bytes_out);
}

bool units_read_rate(const char *text, uint64_t *per_s_out)
{
    return read_with(UNITS(rates), text, per_s_out);
}

bool units_read_count(const char *text, uint64_t *out)
{
    return read_with(UNITS(counts), text, out);
}

static void put_with(const struct unit *units, size_t n, uint64_t amount,
                     char out[static UNITS_TEXT_MAX])
{
    size_t use = 0;

    for (size_t i = 1; i < n && amount > 0; i++) {
        if (amount % units[i].times == 0) {
            use = i;
        }
    }
    (void)snprintf(out, UNITS_TEXT_MAX, "%" PRIu64 "%s", amount / units[use].times,
                   units[use].name);
}

void units_put_duration(uint64_t ms, char out[static UNITS_TEXT_MAX])
{
    put_with(UNITS(durations), ms, out);
}

void units_put_size(uint64_t bytes, char out[static UNITS_TEXT_MAX])
{
    put_with(UNITS(shown_sizes), bytes, out);
}
