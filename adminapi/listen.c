/* listen.c - see listen.h. */
#include "adminapi/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BACKLOG 4096 /* The kernel cuts it to net.core.somaxconn. */
#define HOST_MAX 256

bool listen_is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;

        memcpy(&in, address, sizeof(in));
        return (ntohl(in.sin_addr.s_addr) >> 24) == 127;
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;

        memcpy(&in6, address, sizeof(in6));
        return IN6_IS_ADDR_LOOPBACK(&in6.sin6_addr) ||
               (IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr) && in6.sin6_addr.s6_addr[12] == 127);
    }
    return false;
}

/* "host:port" or "[v6]:port" into its two parts. */
static bool split(const char *text, char host[static HOST_MAX], const char **port)
{
    const char *colon = strrchr(text, ':');
    size_t n;

    if (colon == NULL || colon == text || colon[1] == '\0' || strlen(colon + 1) > 5 ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1)) {
        return false;
    }
    n = (size_t)(colon - text);
    if (text[0] == '[') {
        if (text[n - 1] != ']' || n < 3) {
            return false;
        }
        text++;
        n -= 2;
    }
    if (n >= HOST_MAX) {
        return false;
    }
    memcpy(host, text, n);
    host[n] = '\0';
    *port = colon + 1;
    return true;
}

static enum err resolve(const char *text, struct addrinfo **out, struct err_info *info)
{
    const struct addrinfo hints = {.ai_family = AF_UNSPEC,
                                   .ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    char host[HOST_MAX];
    const char *port;
    int failure;

    if (!split(text, host, &port)) {
        return err_set(info, ERR_INVALID,
                       "'%s' is not an address to listen on; write host:port or "
                       "[address]:port",
                       text);
    }
    failure = getaddrinfo(host, port, &hints, out);
    if (failure != 0) {
        return err_set(info, ERR_INVALID, "cannot listen on '%s': %s", text,
                       gai_strerror(failure));
    }
    return ERR_OK;
}

static enum err check_open(const char *text, bool is_loopback, bool has_tls,
                           bool is_insecure, struct err_info *info)
{
    if (is_loopback || has_tls || is_insecure) {
        return ERR_OK;
    }
    return err_set(info, ERR_INVALID,
                   "'%s' can be reached from other machines, and there is no TLS: "
                   "configure tls, listen on 127.0.0.1, or say --insecure",
                   text);
}

static enum err bind_to(int fd, const struct addrinfo *a, const char *text,
                        struct err_info *info)
{
    const int on = 1;

    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) != 0) {
        return err_set(info, ERR_IO, "cannot set up a socket: %s", strerror(errno));
    }
    if (a->ai_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) != 0) {
        return err_set(info, ERR_IO, "cannot set up a socket: %s", strerror(errno));
    }
    if (bind(fd, a->ai_addr, a->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        return err_set(info, errno == EADDRINUSE ? ERR_BUSY : ERR_IO,
                       "cannot listen on '%s': %s", text, strerror(errno));
    }
    return ERR_OK;
}

/* What it was bound to, port 0 having become one. */
static enum err describe(struct listen_address *out, struct err_info *info)
{
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    char host[INET6_ADDRSTRLEN];
    char port[8];
    const bool is_known =
        getsockname(out->fd, (struct sockaddr *)&bound, &n) == 0 &&
        getnameinfo((struct sockaddr *)&bound, n, host, sizeof(host), port, sizeof(port),
                    NI_NUMERICHOST | NI_NUMERICSERV) == 0;

    if (!is_known) {
        return err_set(info, ERR_IO, "cannot tell which address was bound: %s",
                       strerror(errno));
    }
    out->port = 0;
    for (const char *at = port; *at != '\0'; at++) {
        out->port = out->port * 10 + (unsigned)(*at - '0');
    }
    (void)snprintf(out->text, sizeof(out->text),
                   bound.ss_family == AF_INET6 ? "[%s]:%s" : "%s:%s", host, port);
    return ERR_OK;
}

static enum err open_one(const char *text, const struct addrinfo *a,
                         struct listen_address *out, struct err_info *info)
{
    struct listen_address made = {.is_loopback = listen_is_loopback(a->ai_addr)};
    enum err e;

    made.fd = socket(a->ai_family, a->ai_socktype, a->ai_protocol);
    if (made.fd < 0) {
        return err_set(info, ERR_IO, "cannot make a socket: %s", strerror(errno));
    }
    e = bind_to(made.fd, a, text, info);
    if (e == ERR_OK) {
        e = describe(&made, info);
    }
    if (e != ERR_OK) {
        (void)close(made.fd);
        return e;
    }
    *out = made;
    return ERR_OK;
}

enum err listen_open(const char *text, bool has_tls, bool is_insecure,
                     struct listen_address *out, struct err_info *info)
{
    struct addrinfo *found;
    enum err e = resolve(text, &found, info);

    if (e != ERR_OK) {
        return e;
    }
    e = check_open(text, listen_is_loopback(found->ai_addr), has_tls, is_insecure, info);
    if (e == ERR_OK) {
        e = open_one(text, found, out, info);
    }
    freeaddrinfo(found);
    return e;
}

/* ---- a socket that somebody else opened ----------------------------------------------
 */

static enum err look_at(int fd, struct listen_address *out, struct err_info *info)
{
    struct sockaddr_storage bound;
    socklen_t n = sizeof(bound);
    int listens = 0;
    socklen_t listens_n = sizeof(listens);

    if (getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &listens_n) != 0 ||
        listens == 0 || getsockname(fd, (struct sockaddr *)&bound, &n) != 0 ||
        (bound.ss_family != AF_INET && bound.ss_family != AF_INET6)) {
        return err_set(info, ERR_INVALID,
                       "the descriptor %d is no TCP socket that listens", fd);
    }
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) != 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        return err_set(info, ERR_IO, "cannot set up a socket: %s", strerror(errno));
    }
    out->is_loopback = listen_is_loopback((const struct sockaddr *)&bound);
    return describe(out, info);
}

enum err listen_adopt(int fd, bool has_tls, bool is_insecure, struct listen_address *out,
                      struct err_info *info)
{
    struct listen_address made = {.fd = fd};
    enum err e = look_at(fd, &made, info);

    if (e == ERR_OK) {
        e = check_open(made.text, made.is_loopback, has_tls, is_insecure, info);
    }
    if (e != ERR_OK) {
        (void)close(fd);
        return e;
    }
    *out = made;
    return ERR_OK;
}
