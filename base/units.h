/*
 * units.h - amounts as people write them: "30s", "1MiB", "200/s".
 *
 * Pure text to numbers. Only whole amounts: "1.5h" is "90m". False: not an amount of
 * that kind, or larger than the number that holds it; the result is then untouched.
 */
#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stdint.h>

/* ms s m h d */
bool units_read_duration(const char *text, uint64_t *ms_out);

/* B kB MB GB KiB MiB GiB, or bytes without a unit. */
bool units_read_size(const char *text, uint64_t *bytes_out);

/* "200/s": so many a second. */
bool units_read_rate(const char *text, uint64_t *per_s_out);

/* Digits only. */
bool units_read_count(const char *text, uint64_t *out);

#define UNITS_TEXT_MAX 32

/* The largest unit that holds the amount exactly: 90000 gives "90s", 1048576 "1MiB". */
void units_put_duration(uint64_t ms, char out[static UNITS_TEXT_MAX]);
void units_put_size(uint64_t bytes, char out[static UNITS_TEXT_MAX]);

#endif /* BASE_UNITS_H */
