/* egress.c - see egress.h. */
#include "engine/calls/egress.h"

#include <arpa/inet.h>
#include <assert.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"

#define HOST_MAX 253 /* RFC 1035: characters of a host name. */

/* An address of either family as 16 bytes; IPv4 uses the first four. */
struct address {
    bool is_v4;
    uint8_t bytes[16];
};

struct network {
    struct address address;
    unsigned prefix; /* Bits that must agree. */
};

struct egress {
    size_t n_names;
    size_t n_networks;
    char **names; /* "shop.example" or, with every name below it, ".internal". */
    struct network *networks;
};

/* ---- the lists (security.md) ------------------------------------------------- */

struct range {
    bool is_v4;
    uint8_t prefix;
    uint8_t bytes[16];
    const char *why;
};

#define LINK_LOCAL "link-local and metadata addresses are never called"

/* Refused whatever names them: nobody offers a service here, and cloud credentials
 * live here. */
static const struct range never[] = {
    {true, 16, {169, 254}, LINK_LOCAL},
    {false, 10, {0xfe, 0x80}, LINK_LOCAL},
    {false,
     128,
     {0xfd, 0, 0x0e, 0xc2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x02, 0x54},
     LINK_LOCAL},
};

/* Refused to absolute URLs unless egress.allow names them. The first match gives the
 * words, so the particular stands before the general. */
static const struct range listed[] = {
    {true, 8, {0}, "the address means this host"},
    {true, 8, {10}, "the address is private"},
    {true, 10, {100, 64}, "the address is shared by a provider (CGNAT)"},
    {true, 8, {127}, "the address is loopback"},
    {true, 12, {172, 16}, "the address is private"},
    {true, 24, {192, 0, 0}, "the address is reserved"},
    {true, 24, {192, 0, 2}, "the address is for documentation"},
    {true, 24, {192, 88, 99}, "the address is reserved (6to4 relay)"},
    {true, 16, {192, 168}, "the address is private"},
    {true, 15, {198, 18}, "the address is for benchmarking"},
    {true, 24, {198, 51, 100}, "the address is for documentation"},
    {true, 24, {203, 0, 113}, "the address is for documentation"},
    {true, 4, {224}, "the address is multicast"},
    {true, 4, {240}, "the address is reserved"},
    {false, 128, {0}, "the address means this host"},
    {false, 128, {[15] = 1}, "the address is loopback"},
    {false, 96, {[10] = 0xff, 0xff}, "the address is IPv4-mapped"},
    {false, 96, {[8] = 0xff, 0xff}, "the address is IPv4-translated"},
    {false, 96, {0}, "the address is IPv4-compatible"},
    {false, 96, {0, 0x64, 0xff, 0x9b}, "the address is NAT64"},
    {false, 48, {0, 0x64, 0xff, 0x9b, 0, 1}, "the address is NAT64"},
    {false, 32, {0x20, 0x01}, "the address is Teredo"},
    {false, 48, {0x20, 0x01, 0, 2}, "the address is for benchmarking"},
    {false, 23, {0x20, 0x01}, "the address is reserved"},
    {false, 32, {0x20, 0x01, 0x0d, 0xb8}, "the address is for documentation"},
    {false, 16, {0x20, 0x02}, "the address is 6to4"},
    {false, 20, {0x3f, 0xff}, "the address is for documentation"},
    {false, 7, {0xfc}, "the address is private (unique-local)"},
    {false, 10, {0xfe, 0xc0}, "the address is private (site-local)"},
    {false, 8, {0xff}, "the address is multicast"},
};

/* Forms that carry an IPv4 address, and where: a gateway would deliver to that one. */
static const struct {
    struct range range;
    uint8_t at;
    uint8_t mask; /* Teredo hides the client's address by inverting it. */
} carriers[] = {
    {{false, 96, {[10] = 0xff, 0xff}, NULL}, 12, 0},
    {{false, 96, {[8] = 0xff, 0xff}, NULL}, 12, 0},
    {{false, 96, {0}, NULL}, 12, 0},
    {{false, 96, {0, 0x64, 0xff, 0x9b}, NULL}, 12, 0},
    {{false, 48, {0, 0x64, 0xff, 0x9b, 0, 1}, NULL}, 12, 0},
    {{false, 16, {0x20, 0x02}, NULL}, 2, 0},
    {{false, 32, {0x20, 0x01}, NULL}, 12, 0xff},
};

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static bool is_prefix(const uint8_t *a, const uint8_t *b, unsigned bits)
{
    unsigned whole = bits / 8;
    unsigned rest = bits % 8;

    if (memcmp(a, b, whole) != 0) {
        return false;
    }
    return rest == 0 || (a[whole] ^ b[whole]) >> (8 - rest) == 0;
}

static bool is_in(const struct address *a, const struct range *range)
{
    return a->is_v4 == range->is_v4 && is_prefix(a->bytes, range->bytes, range->prefix);
}

static const struct range *range_of(const struct address *a, const struct range *ranges,
                                    size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_in(a, &ranges[i])) {
            return &ranges[i];
        }
    }
    return NULL;
}

static bool is_never(const struct address *a, const char **why)
{
    const struct range *range = range_of(a, never, COUNT(never));

    for (size_t i = 0; range == NULL && !a->is_v4 && i < COUNT(carriers); i++) {
        if (is_in(a, &carriers[i].range)) {
            struct address inner = {.is_v4 = true};

            for (size_t k = 0; k < 4; k++) {
                inner.bytes[k] = a->bytes[carriers[i].at + k] ^ carriers[i].mask;
            }
            range = range_of(&inner, never, COUNT(never));
        }
    }
    if (range != NULL) {
        *why = range->why;
    }
    return range != NULL;
}

/* ---- reading ------------------------------------------------------------------ */

/* The host without brackets and without the root's dot; false if it is too long. */
static bool bare_host(const char *host, char out[static HOST_MAX + 1])
{
    size_t n = strlen(host);

    if (n >= 2 && host[0] == '[' && host[n - 1] == ']') {
        host++;
        n -= 2;
    } else if (n > 1 && host[n - 1] == '.') {
        n--;
    }
    if (n == 0 || n > HOST_MAX) {
        return false;
    }
    memcpy(out, host, n);
    out[n] = '\0';
    return true;
}

/* Strict: four decimal numbers, or an IPv6 text. Other spellings are names. */
static bool read_address(const char *text, struct address *out)
{
    struct address a = {.is_v4 = true};

    if (inet_pton(AF_INET, text, a.bytes) != 1) {
        a.is_v4 = false;
        if (inet_pton(AF_INET6, text, a.bytes) != 1) {
            return false;
        }
    }
    *out = a;
    return true;
}

static bool read_prefix(const char *digits, unsigned max, unsigned *out)
{
    unsigned value = 0;

    if (digits[0] == '\0' || strlen(digits) > 3) {
        return false;
    }
    for (const char *at = digits; *at != '\0'; at++) {
        if (*at < '0' || *at > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*at - '0');
    }
    *out = value;
    return value <= max;
}

static bool read_network(const char *entry, struct network *out)
{
    char text[HOST_MAX + 1];
    char host[HOST_MAX + 1];
    const char *slash = strchr(entry, '/');
    size_t n = slash != NULL ? (size_t)(slash - entry) : strlen(entry);
    struct network found;

    if (n > HOST_MAX) {
        return false;
    }
    memcpy(text, entry, n);
    text[n] = '\0';
    if (!bare_host(text, host) || !read_address(host, &found.address)) {
        return false;
    }
    found.prefix = found.address.is_v4 ? 32 : 128;
    if (slash != NULL && !read_prefix(slash + 1, found.prefix, &found.prefix)) {
        return false;
    }
    *out = found;
    return true;
}

/* "*.internal" or "shop.example": letters, digits, '-', '_' between single dots, and
 * not all digits at the end, which would be a spelling of an address. */
static bool is_name(const char *entry)
{
    const char *at = strncmp(entry, "*.", 2) == 0 ? entry + 2 : entry;
    bool is_numeric = true;
    size_t label = 0;

    if (strlen(at) == 0 || strlen(at) > HOST_MAX) {
        return false;
    }
    for (; *at != '\0'; at++) {
        bool is_digit = *at >= '0' && *at <= '9';
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z');

        if (*at == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
            is_numeric = true;
        } else if (is_digit || is_letter || *at == '-' || *at == '_') {
            is_numeric = is_numeric && is_digit;
            label++;
        } else {
            return false;
        }
    }
    return label > 0 && !is_numeric;
}

enum err egress_create(const char *const *entries, size_t n, struct egress **out,
                       struct err_info *info)
{
    struct egress *e = mem_alloc(sizeof(*e));

    e->names = mem_alloc((n + 1) * sizeof(e->names[0]));
    e->networks = mem_alloc((n + 1) * sizeof(e->networks[0]));
    for (size_t i = 0; i < n; i++) {
        if (read_network(entries[i], &e->networks[e->n_networks])) {
            e->n_networks++;
        } else if (is_name(entries[i])) {
            e->names[e->n_names] = mem_text(entries[i] + (entries[i][0] == '*' ? 1 : 0));
            e->n_names++;
        } else {
            egress_destroy(e);
            return err_set(info, ERR_INVALID,
                           "egress.allow: \"%.200s\" is no host name, address or network",
                           entries[i]);
        }
    }
    *out = e;
    return ERR_OK;
}

void egress_destroy(struct egress *e)
{
    if (e == NULL) {
        return;
    }
    for (size_t i = 0; i < e->n_names; i++) {
        free(e->names[i]);
    }
    free(e->names);
    free(e->networks);
    free(e);
}

/* ---- questions ------------------------------------------------------------------ */

static bool names_network(const struct egress *e, const struct address *a)
{
    for (size_t i = 0; i < e->n_networks; i++) {
        const struct network *net = &e->networks[i];

        if (net->address.is_v4 == a->is_v4 &&
            is_prefix(net->address.bytes, a->bytes, net->prefix)) {
            return true;
        }
    }
    return false;
}

static bool names_host(const struct egress *e, const char *bare)
{
    size_t n = strlen(bare);

    for (size_t i = 0; i < e->n_names; i++) {
        const char *name = e->names[i];
        size_t name_n = strlen(name);

        if (name[0] == '.' ? n > name_n && strcasecmp(bare + n - name_n, name) == 0
                           : strcasecmp(bare, name) == 0) {
            return true;
        }
    }
    return false;
}

bool egress_allows_host(const struct egress *e, const char *host)
{
    char bare[HOST_MAX + 1];
    struct address a;

    if (!bare_host(host, bare)) {
        return false;
    }
    return read_address(bare, &a) ? names_network(e, &a) : names_host(e, bare);
}

static bool address_of(const struct sockaddr *from, struct address *out)
{
    struct sockaddr_in v4; /* Copies: the caller's bytes need not be aligned for these. */
    struct sockaddr_in6 v6;

    *out = (struct address){.is_v4 = from->sa_family == AF_INET};
    if (from->sa_family == AF_INET) {
        memcpy(&v4, from, sizeof(v4));
        memcpy(out->bytes, &v4.sin_addr, 4);
        return true;
    }
    if (from->sa_family == AF_INET6) {
        memcpy(&v6, from, sizeof(v6));
        memcpy(out->bytes, &v6.sin6_addr, 16);
        return true;
    }
    return false;
}

bool egress_allows_address(const struct egress *e, const char *host, bool is_service,
                           const struct sockaddr *address, const char **why)
{
    char bare[HOST_MAX + 1];
    struct address a;
    const struct range *range;

    if (!address_of(address, &a)) {
        *why = "it is not an internet address";
        return false;
    }
    if (is_never(&a, why)) {
        return false;
    }
    if (is_service || names_network(e, &a) ||
        (bare_host(host, bare) && names_host(e, bare))) {
        return true;
    }
    range = range_of(&a, listed, COUNT(listed));
    if (range != NULL) {
        *why = range->why;
        return false;
    }
    if (!a.is_v4 && (a.bytes[0] & 0xe0) != 0x20) { /* Only 2000::/3 is given out. */
        *why = "the address is reserved";
        return false;
    }
    return true;
}
