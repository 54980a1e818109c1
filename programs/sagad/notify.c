/* notify.c - see notify.h. */
#include "programs/sagad/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/units.h"

#define SOCKETS_MAX 16U

void notify_send(const char *state)
{
    const char *path = getenv("NOTIFY_SOCKET");
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    size_t n = path != NULL ? strlen(path) : 0;
    int fd;

    if (n < 2 || n >= sizeof(to.sun_path) || (path[0] != '/' && path[0] != '@')) {
        return;
    }
    memcpy(to.sun_path, path, n);
    if (path[0] == '@') {
        to.sun_path[0] = '\0'; /* The abstract namespace. */
    }
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return;
    }
    (void)sendto(fd, state, strlen(state), MSG_DONTWAIT | MSG_NOSIGNAL,
                 (const struct sockaddr *)&to,
                 (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n));
    (void)close(fd);
}

/* A variable that is a number and, where there is a second one, is meant for us. */
static uint64_t number_for_us(const char *name, const char *name_of_pid)
{
    const char *text = getenv(name);
    const char *pid_text = getenv(name_of_pid);
    uint64_t value;
    uint64_t pid;

    if (text == NULL || !units_read_count(text, &value)) {
        return 0;
    }
    if (pid_text != NULL &&
        (!units_read_count(pid_text, &pid) || pid != (uint64_t)getpid())) {
        return 0;
    }
    return value;
}

unsigned notify_sockets(void)
{
    uint64_t n =
        getenv("LISTEN_PID") != NULL ? number_for_us("LISTEN_FDS", "LISTEN_PID") : 0;

    (void)unsetenv("LISTEN_FDS"); /* These fail for bad names only. */
    (void)unsetenv("LISTEN_PID");
    (void)unsetenv("LISTEN_FDNAMES");
    return n <= SOCKETS_MAX ? (unsigned)n : SOCKETS_MAX;
}

uint32_t notify_watchdog_ms(void)
{
    const uint64_t us = number_for_us("WATCHDOG_USEC", "WATCHDOG_PID");

    return us / 1000 < UINT32_MAX ? (uint32_t)(us / 1000) : UINT32_MAX;
}
