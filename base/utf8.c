/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include <stdbool.h>

static bool is_tail(unsigned char c)
{
    return (c & 0xc0U) == 0x80;
}

size_t utf8_length(const char *text, size_t n)
{
    const unsigned char *at = (const unsigned char *)text;
    unsigned char c = at[0];

    if (c < 0x80) {
        return 1;
    }
    if (c >= 0xc2 && c <= 0xdf) {
        return n >= 2 && is_tail(at[1]) ? 2 : 0;
    }
    if (c >= 0xe0 && c <= 0xef) {
        bool is_bad = n < 3 || !is_tail(at[1]) || !is_tail(at[2]) ||
                      (c == 0xe0 && at[1] < 0xa0) || (c == 0xed && at[1] > 0x9f);

        return is_bad ? 0 : 3;
    }
    if (c >= 0xf0 && c <= 0xf4) {
        bool is_bad = n < 4 || !is_tail(at[1]) || !is_tail(at[2]) || !is_tail(at[3]) ||
                      (c == 0xf0 && at[1] < 0x90) || (c == 0xf4 && at[1] > 0x8f);

        return is_bad ? 0 : 4;
    }
    return 0;
}
