/* A URL that is taken names the host that libcurl will call; an address is refused or
 * allowed, with a reason. The input is a URL, a line feed, an entry of egress.allow. */
#include "engine/calls/origin.h"

#include <assert.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "engine/calls/egress.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* curl reads another number spelling of an IPv4 address for the address. */
static bool is_number(const char *host)
{
    return strspn(host, "0123456789abcdefxABCDEFX.") == strlen(host);
}

static void compare(const char *url, const struct origin *o)
{
    CURLU *theirs = curl_url();
    char *host = NULL;

    if (curl_url_set(theirs, CURLUPART_URL, url, CURLU_PATH_AS_IS) == CURLUE_OK &&
        curl_url_get(theirs, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
        assert(strcasecmp(host, o->host) == 0 || is_number(o->host) || o->host[0] == '[');
    }
    curl_free(host);
    curl_url_cleanup(theirs);
}

static void look_at_url(const char *url)
{
    struct origin o;
    struct origin twin;
    char text[ORIGIN_TEXT_MAX];

    if (!origin_of_url(url, &o)) {
        return;
    }
    assert(o.port > 0 && o.port <= 65535 && o.host[0] != '\0');
    assert(strpbrk(o.host, "/\\@?# \t\r\n") == NULL);
    assert(o.path_at <= strlen(url));
    origin_to_text(&o, text);
    assert(origin_of_url(text, &twin));
    assert(strcmp(o.host, twin.host) == 0 && o.port == twin.port &&
           o.is_tls == twin.is_tls);
    compare(url, &o);
}

static void look_at_rules(const struct egress *e, const char *host, const uint8_t *bytes,
                          size_t n)
{
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    const char *why = NULL;

    memcpy(&v4.sin_addr, bytes, n < 4 ? n : 4);
    memcpy(&v6.sin6_addr, bytes, n < 16 ? n : 16);
    for (int is_service = 0; is_service < 2; is_service++) {
        why = NULL;
        assert(egress_allows_address(e, host, is_service, (const struct sockaddr *)&v4,
                                     &why) ||
               why != NULL);
        why = NULL;
        assert(egress_allows_address(e, host, is_service, (const struct sockaddr *)&v6,
                                     &why) ||
               why != NULL);
    }
    v4.sin_addr.s_addr = htonl(0xa9fea9feU); /* 169.254.169.254: whatever names it. */
    assert(!egress_allows_address(e, host, true, (const struct sockaddr *)&v4, &why));
    assert(!egress_allows_address(e, host, false, (const struct sockaddr *)&v4, &why));
    (void)egress_allows_host(e, host);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena *a = arena_create(4096);
    char *url = arena_copy(a, bytes, n);
    char *entry = strchr(url, '\n');
    struct egress *e = NULL;
    struct err_info info;
    const char *entries[1];

    if (entry != NULL) {
        *entry++ = '\0';
        entries[0] = entry;
        if (egress_create(entries, 1, &e, &info) == ERR_OK) {
            look_at_rules(e, url, bytes, n);
        }
        egress_destroy(e);
    }
    look_at_url(url);
    arena_destroy(a);
    return 0;
}
