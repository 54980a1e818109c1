/*
 * clk.h - the only place that reads a clock (S40).
 *
 * Wall time is UTC milliseconds since 1970 and is what is stored; monotonic
 * time is for sleeping and measuring and is never stored.
 */
#ifndef BASE_CLK_H
#define BASE_CLK_H

#include <stdbool.h>
#include <stdint.h>

uint64_t clk_wall_ms(void);
uint64_t clk_mono_ms(void);
uint64_t clk_mono_us(void);

#define CLK_TEXT_MAX 25 /* "2026-11-24T13:58:47.123Z" and the NUL. */

/* RFC 3339, UTC, milliseconds. */
void clk_to_text(uint64_t wall_ms, char out[static CLK_TEXT_MAX]);

/* RFC 3339 with any offset and 0 to 9 decimals of a second; false if it is not
 * that. Before 1970 is false too. */
bool clk_from_text(const char *text, uint64_t *wall_ms_out);

#endif /* BASE_CLK_H */
