/* json_check.c - see json_check.h. */
#include "base/json_check.h"

#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/utf8.h"

enum {
    NAMES_MAX = 128,         /* Of all objects that are open at once: 2 KiB of stack. */
    INTEGER_DIGITS_MAX = 18, /* Always within int64. */
    REAL_DIGITS_MAX = 200,   /* With an exponent of two digits: below 1e308. */
    EXPONENT_DIGITS_MAX = 2,
};

struct name {
    const char *at;
    uint32_t n;
    uint32_t hash;
};

struct checking {
    const unsigned char *at;
    const unsigned char *end;
    unsigned depth;
    size_t n_names;
    struct name names[NAMES_MAX]; /* A stack: those of the innermost object on top. */
};

static bool check_value(struct checking *c);

static void skip_blanks(struct checking *c)
{
    while (c->at < c->end &&
           (*c->at == ' ' || *c->at == '\n' || *c->at == '\t' || *c->at == '\r')) {
        c->at++;
    }
}

static bool take(struct checking *c, char wanted)
{
    if (c->at < c->end && *c->at == (unsigned char)wanted) {
        c->at++;
        return true;
    }
    return false;
}

static bool take_word(struct checking *c, const char *word)
{
    const size_t n = strlen(word);

    if ((size_t)(c->end - c->at) < n || memcmp(c->at, word, n) != 0) {
        return false;
    }
    c->at += n;
    return true;
}

/* ---- strings --------------------------------------------------------------------- */

/* Behind \u: four digits; -1: they are not there. */
static int32_t take_hex(struct checking *c)
{
    int32_t value = 0;

    if (c->end - c->at < 4) {
        return -1;
    }
    for (int i = 0; i < 4; i++) {
        const unsigned char x = *c->at++;

        if (x >= '0' && x <= '9') {
            value = value * 16 + (x - '0');
        } else if ((x | 0x20U) >= 'a' && (x | 0x20U) <= 'f') {
            value = value * 16 + (int32_t)((x | 0x20U) - 'a') + 10;
        } else {
            return -1;
        }
    }
    return value;
}

/* Behind the backslash. NUL is refused, halves of a pair come in twos. */
static bool check_escape(struct checking *c)
{
    int32_t unit;

    if (c->at == c->end) {
        return false;
    }
    if (*c->at != 'u') {
        return *c->at != '\0' && strchr("\"\\/bfnrt", *c->at++) != NULL;
    }
    c->at++;
    unit = take_hex(c);
    if (unit >= 0xd800 && unit <= 0xdbff) {
        unit = take(c, '\\') && take(c, 'u') ? take_hex(c) : -1;
        return unit >= 0xdc00 && unit <= 0xdfff;
    }
    return unit > 0 && (unit < 0xdc00 || unit > 0xdfff);
}

/* Behind the opening quote, up to and with the closing one. */
static bool check_string(struct checking *c, bool *has_escape)
{
    while (c->at < c->end) {
        const unsigned char x = *c->at;

        if (x == '"') {
            c->at++;
            return true;
        }
        if (x == '\\') {
            c->at++;
            *has_escape = true;
            if (!check_escape(c)) {
                return false;
            }
        } else if (x >= 0x20 && x < 0x80) {
            c->at++;
        } else {
            const size_t n = utf8_length((const char *)c->at, (size_t)(c->end - c->at));

            if (x < 0x20 || n == 0) {
                return false;
            }
            c->at += n;
        }
    }
    return false;
}

/* ---- numbers --------------------------------------------------------------------- */

static size_t take_digits(struct checking *c)
{
    const unsigned char *from = c->at;

    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        c->at++;
    }
    return (size_t)(c->at - from);
}

static bool check_exponent(struct checking *c)
{
    size_t n;

    c->at++; /* e or E */
    if (!take(c, '+')) {
        (void)take(c, '-'); /* Either, or none. */
    }
    n = take_digits(c);
    return n > 0 && n <= EXPONENT_DIGITS_MAX;
}

static bool check_number(struct checking *c)
{
    size_t whole;
    bool is_real = false;

    (void)take(c, '-'); /* There or not. */
    whole = take(c, '0') ? 1 : take_digits(c);
    if (whole == 0) {
        return false;
    }
    if (take(c, '.')) {
        is_real = true;
        if (take_digits(c) == 0) {
            return false;
        }
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        is_real = true;
        if (!check_exponent(c)) {
            return false;
        }
    }
    return whole <= (is_real ? REAL_DIGITS_MAX : INTEGER_DIGITS_MAX);
}

/* ---- arrays and objects ------------------------------------------------------------ */

static bool check_array(struct checking *c)
{
    skip_blanks(c);
    if (take(c, ']')) {
        return true;
    }
    do {
        if (!check_value(c)) {
            return false;
        }
    } while (take(c, ','));
    return take(c, ']');
}

/* first: of this object's names. False: it is there already, or there is no room. */
static bool keep_name(struct checking *c, size_t first, const unsigned char *at)
{
    const size_t n = (size_t)(c->at - at) - 1;
    uint32_t hash = 2166136261U;

    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ at[i]) * 16777619U;
    }
    for (size_t i = first; i < c->n_names; i++) {
        const struct name *other = &c->names[i];

        if (other->hash == hash && other->n == n && memcmp(other->at, at, n) == 0) {
            return false;
        }
    }
    if (c->n_names == NAMES_MAX || n > UINT32_MAX) {
        return false;
    }
    c->names[c->n_names++] = (struct name){(const char *)at, (uint32_t)n, hash};
    return true;
}

static bool check_name(struct checking *c, size_t first)
{
    const unsigned char *at;
    bool has_escape = false;

    skip_blanks(c);
    if (!take(c, '"')) {
        return false;
    }
    at = c->at;
    if (!check_string(c, &has_escape) || has_escape || !keep_name(c, first, at)) {
        return false;
    }
    skip_blanks(c);
    return take(c, ':');
}

static bool check_object(struct checking *c)
{
    const size_t first = c->n_names;

    skip_blanks(c);
    if (take(c, '}')) {
        return true;
    }
    do {
        if (!check_name(c, first) || !check_value(c)) {
            return false;
        }
    } while (take(c, ','));
    c->n_names = first;
    return take(c, '}');
}

static bool check_inside(struct checking *c, bool (*check)(struct checking *c))
{
    bool is_good;

    c->at++; /* The bracket. */
    if (c->depth == JSON_DEPTH_MAX) {
        return false;
    }
    c->depth++;
    is_good = check(c);
    c->depth--;
    return is_good;
}

static bool check_bare(struct checking *c)
{
    bool has_escape = false;

    if (c->at == c->end) {
        return false;
    }
    switch (*c->at) {
    case '{':
        return check_inside(c, check_object);
    case '[':
        return check_inside(c, check_array);
    case '"':
        c->at++;
        return check_string(c, &has_escape);
    case 't':
        return take_word(c, "true");
    case 'f':
        return take_word(c, "false");
    case 'n':
        return take_word(c, "null");
    default:
        return check_number(c);
    }
}

/* With the blanks around it. */
static bool check_value(struct checking *c)
{
    skip_blanks(c);
    if (!check_bare(c)) {
        return false;
    }
    skip_blanks(c);
    return true;
}

bool json_check(const char *text, size_t n)
{
    struct checking c;

    c.at = (const unsigned char *)text;
    c.end = c.at + n;
    c.depth = 0;
    c.n_names = 0; /* The names themselves are set as they come. */
    return n > 0 && check_value(&c) && c.at == c.end;
}
