/*
 * json_check.h - is this JSON, without making anything of it?
 *
 * A tree costs jansson 10 ms for a megabyte; most texts are only kept, cut into spans and
 * sent on. This looks at each byte once and makes nothing.
 *
 * It says yes only where json_read() does, and most often where json_read() does. Where
 * being exact would cost a tree after all (a name with an escape or one of very many, a
 * number of very many digits) it says no, and json_accept() asks json_read().
 *
 * No allocation, no threads; recursion is at most JSON_DEPTH_MAX deep.
 */
#ifndef BASE_JSON_CHECK_H
#define BASE_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

/* True: json_read() accepts it. False: it may or may not. */
bool json_check(const char *text, size_t n);

#endif /* BASE_JSON_CHECK_H */
