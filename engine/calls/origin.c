/* origin.c - see origin.h. */
#include "engine/calls/origin.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_host_char(char c, bool is_bracketed)
{
    if (is_bracketed) {
        return is_digit(c) || (c >= 'a' && c <= 'f') || c == ':' || c == '.';
    }
    return is_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_';
}

/* Host at the beginning of text; its length, 0 if there is none. */
static size_t read_host(const char *text, struct origin *o)
{
    bool is_bracketed = text[0] == '[';
    size_t n = 0;

    if (is_bracketed) {
        o->host[n++] = '[';
    }
    while (is_host_char(lower(text[n]), is_bracketed)) {
        if (n >= ORIGIN_HOST_MAX - 1) {
            return 0;
        }
        o->host[n] = lower(text[n]);
        n++;
    }
    if (is_bracketed) {
        if (text[n] != ']' || n == 1) {
            return 0;
        }
        o->host[n++] = ']';
    }
    o->host[n] = '\0';
    return n;
}

/* ":8080" at the beginning of text, or nothing; false if it is no port. */
static bool read_port(const char *text, struct origin *o, size_t *n_out)
{
    size_t n = 1;
    unsigned port = 0;

    *n_out = 0;
    if (text[0] != ':') {
        return true;
    }
    for (; is_digit(text[n]) && n <= 5; n++) {
        port = port * 10 + (unsigned)(text[n] - '0');
    }
    if (n == 1 || port == 0 || port > 65535) {
        return false;
    }
    o->port = port;
    *n_out = n;
    return true;
}

/* What follows may hold printable ASCII only; curl would send anything else as it is. */
static bool is_plain(const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text <= ' ' || *text > '~' || *text == '\\') {
            return false;
        }
    }
    return true;
}

bool origin_of_url(const char *url, struct origin *out)
{
    struct origin o = {.port = 80};
    size_t at = strlen("http://");
    size_t n;

    if (strncasecmp(url, "https://", 8) == 0) {
        o.is_tls = true;
        o.port = 443;
        at = strlen("https://");
    } else if (strncasecmp(url, "http://", 7) != 0) {
        return false;
    }
    n = read_host(url + at, &o);
    if (n == 0) {
        return false;
    }
    at += n;
    if (!read_port(url + at, &o, &n)) {
        return false;
    }
    at += n;
    if ((url[at] != '\0' && url[at] != '/' && url[at] != '?') || !is_plain(url + at)) {
        return false;
    }
    o.path_at = at;
    *out = o;
    return true;
}

void origin_to_text(const struct origin *o, char out[static ORIGIN_TEXT_MAX])
{
    unsigned usual = o->is_tls ? 443 : 80;

    if (o->port == usual) {
        (void)snprintf(out, ORIGIN_TEXT_MAX, "%s://%s", o->is_tls ? "https" : "http",
                       o->host); /* Cannot be cut: sized for the longest host. */
    } else {
        (void)snprintf(out, ORIGIN_TEXT_MAX, "%s://%s:%u", o->is_tls ? "https" : "http",
                       o->host, o->port);
    }
}
