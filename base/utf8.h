/*
 * utf8.h - what is a character of UTF-8 (RFC 3629): no surrogates, nothing overlong,
 * nothing beyond U+10FFFF. Pure.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stddef.h>

/* Bytes of the well-formed character that text begins with; 0: there is none. n is 1 at
 * least. */
size_t utf8_length(const char *text, size_t n);

#endif /* BASE_UTF8_H */
