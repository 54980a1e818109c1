/* url_form.c - see url_form.h. */
#include "definitions/url_form.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define WHY_MAX 160
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"

/* Text cut into a segment, as far as it is constant. */
struct segment {
    char text[8]; /* Longer ones are neither "." nor "..". */
    size_t n;
    bool has_value; /* An expression is part of it. */
};

__attribute__((format(printf, 2, 3))) static bool no(char why[static WHY_MAX],
                                                     const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(why, WHY_MAX, fmt, args);
    va_end(args);
    return false;
}

/* ---- scheme, host, port ------------------------------------------------------ */

/* 0: it is none. */
static uint16_t port_of(const char *text, size_t n)
{
    unsigned long port = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)text[i]) || port > 65535) {
            return 0;
        }
        port = port * 10 + (unsigned long)(text[i] - '0');
    }
    return port <= 65535 ? (uint16_t)port : 0;
}

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 && strspn(host, DIGITS ".") == strlen(host));
}

/* How many bytes of text are the host; 0: it is none. Brackets are part of it. */
static size_t host_length(const char *text, size_t n)
{
    size_t i;

    if (n > 0 && text[0] == '[') {
        i = 1 + strspn(text + 1, DIGITS ":.abcdefABCDEF");
        return i > 2 && i < n && text[i] == ']' ? i + 1 : 0;
    }
    i = strspn(text, LETTERS DIGITS "-.");
    return i <= n ? i : 0;
}

/* authority: host[:port]; facts->is_plain is known already. */
static bool check_authority(const char *authority, size_t n, struct url_facts *facts,
                            char why[static WHY_MAX])
{
    size_t host_n = host_length(authority, n);
    bool has_brackets = n > 0 && authority[0] == '[';

    if (memchr(authority, '@', n) != NULL) {
        return no(why, "a URL must not contain a user name or a password");
    }
    if (host_n == 0 || host_n >= URL_HOST_MAX) {
        return no(why, "the URL has no valid host");
    }
    facts->port = facts->is_plain ? 80 : 443;
    if (host_n != n) {
        facts->port = authority[host_n] == ':'
                          ? port_of(authority + host_n + 1, n - host_n - 1)
                          : 0;
    }
    if (facts->port == 0) {
        return no(why, "the URL's host or port is not valid");
    }
    if (has_brackets) {
        authority++;
        host_n -= 2;
    }
    memcpy(facts->host, authority, host_n);
    facts->host[host_n] = '\0';
    facts->is_loopback = is_loopback(facts->host);
    return true;
}

/* The constant beginning of an absolute URL; path_at: where its path begins. */
static bool check_base(const struct template_piece *first, size_t n_pieces,
                       struct url_facts *facts, size_t *path_at, char why[static WHY_MAX])
{
    const char *text = first->e == NULL ? first->text : "";
    size_t scheme = strncmp(text, "http://", 7) == 0    ? 7
                    : strncmp(text, "https://", 8) == 0 ? 8
                                                        : 0;
    size_t n;

    if (scheme == 0) {
        return no(why, "without a service the URL begins with http:// or https://, "
                       "written out");
    }
    n = strcspn(text + scheme, "/?#\\");
    if (scheme + n == first->n && n_pieces > 1) {
        return no(why, "scheme, host and port must be written out; an expression may "
                       "only stand behind the '/' that ends them");
    }
    facts->is_plain = scheme == 7;
    *path_at = scheme + n;
    return check_authority(text + scheme, n, facts, why);
}

/* ---- path and query ---------------------------------------------------------- */

static bool is_hex(char c)
{
    return isxdigit((unsigned char)c) != 0;
}

static bool check_character(const char *at, bool is_query, char why[static WHY_MAX])
{
    unsigned char c = (unsigned char)*at;

    if (c <= 0x20 || c == 0x7f) {
        return no(why, "a URL must not contain blanks or control characters");
    }
    if (c == '#') {
        return no(why, "a URL that is called has no fragment");
    }
    if (c == '%') {
        if (!is_hex(at[1]) || !is_hex(at[2])) {
            return no(why, "'%%' must be followed by two hexadecimal digits");
        }
        if (at[1] == '0' && at[2] == '0') {
            return no(why, "a URL must not contain %%00");
        }
        return true;
    }
    if (strchr(LETTERS DIGITS "-._~!$&'()*+,;=:@/?", c) == NULL &&
        !(is_query && strchr("[]", c) != NULL)) {
        return c < 0x7f ? no(why, "'%c' must be percent-encoded in a URL", c)
                        : no(why, "other than ASCII must be percent-encoded in a URL");
    }
    return true;
}

static void add_to_segment(struct segment *s, char c)
{
    if (s->n < sizeof(s->text)) {
        s->text[s->n] = c;
    }
    s->n++;
}

/* Servers take %2e for a dot. */
static bool is_dots(const struct segment *s)
{
    static const char *const forms[] = {".", "..", "%2e", ".%2e", "%2e.", "%2e%2e"};

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (!s->has_value && s->n == strlen(forms[i]) &&
            strncasecmp(s->text, forms[i], s->n) == 0) {
            return true;
        }
    }
    return false;
}

static bool end_segment(struct segment *s, char why[static WHY_MAX])
{
    if (is_dots(s)) {
        return no(why, "a path must not contain the segments '.' and '..'");
    }
    *s = (struct segment){{0}, 0, false};
    return true;
}

/* skip: bytes of the first piece that stand before the path. */
static bool check_rest(const struct template_piece *pieces, size_t n, size_t skip,
                       char why[static WHY_MAX])
{
    struct segment segment = {{0}, 0, false};
    bool is_query = false;

    for (size_t i = 0; i < n; i++) {
        if (pieces[i].e != NULL) {
            segment.has_value = true;
            continue;
        }
        for (size_t k = i == 0 ? skip : 0; k < pieces[i].n; k++) {
            char c = pieces[i].text[k];

            if (!check_character(pieces[i].text + k, is_query, why)) {
                return false;
            }
            if (is_query) {
                continue;
            }
            is_query = c == '?';
            if (c != '/' && c != '?') {
                add_to_segment(&segment, c);
            } else if (!end_segment(&segment, why)) {
                return false;
            }
        }
    }
    return is_query || end_segment(&segment, why);
}

static bool begins_with_var(const struct template_piece *first)
{
    const struct expr_reference *references;

    return first->e != NULL && expr_is_path(first->e) &&
           expr_references(first->e, &references) == 1 &&
           strcmp(references[0].root, "vars") == 0;
}

bool url_form_check(const struct template *t, enum url_form form, struct url_facts *facts,
                    char why[static 160])
{
    const struct template_piece *pieces;
    size_t n = template_pieces(t, &pieces);
    struct url_facts found = {{0}, 0, false, false};
    size_t skip = 0;

    if (n == 0) {
        return no(why, "the URL is empty");
    }
    if (form == URL_PATH) {
        if (pieces[0].e != NULL || pieces[0].text[0] != '/' || pieces[0].text[1] == '/') {
            return no(why, "with a service the URL is a path and begins with one '/'");
        }
    } else if (form == URL_WEBHOOK && begins_with_var(&pieces[0])) {
        if (n > 1 && (pieces[1].e != NULL || strchr("/?", pieces[1].text[0]) == NULL)) {
            return no(why, "behind the value of .vars comes a '/'");
        }
    } else if (!check_base(&pieces[0], n, &found, &skip, why)) {
        return false;
    }
    if (!check_rest(pieces, n, skip, why)) {
        return false;
    }
    *facts = found;
    return true;
}
