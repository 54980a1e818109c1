/* control_ask.c - see control_ask.h. */
#include "programs/sagad/control_ask.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/mem.h"
#include "programs/sagad/control.h"

struct control_talk {
    int fd;
    FILE *in; /* Reads fd. */
};

static enum err dial(const char *db_path, int *out, struct err_info *info)
{
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    enum err e = control_path(db_path, to.sun_path, sizeof(to.sun_path), info);
    int fd;

    if (e != ERR_OK) {
        return ERR_NOT_FOUND; /* No daemon can listen there. */
    }
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return err_set(info, ERR_IO, "make a socket: %s", strerror(errno));
    }
    if (connect(fd, (const struct sockaddr *)&to, sizeof(to)) != 0) {
        const bool is_none = errno == ENOENT || errno == ECONNREFUSED;

        e = err_set(info, is_none ? ERR_NOT_FOUND : ERR_IO, "connect to %s: %s",
                    to.sun_path, strerror(errno));
        (void)close(fd); /* Nothing was sent. */
        return e;
    }
    *out = fd;
    return ERR_OK;
}

enum err control_ask(const char *db_path, const char *request, struct control_talk **out,
                     struct err_info *info)
{
    struct control_talk *t;
    const size_t n = strlen(request);
    int fd = -1;
    enum err e = dial(db_path, &fd, info);

    if (e != ERR_OK) {
        return e;
    }
    t = mem_alloc(sizeof(*t));
    t->fd = fd;
    t->in = fdopen(fd, "r");
    if (t->in == NULL || send(fd, request, n, MSG_NOSIGNAL) != (ssize_t)n ||
        send(fd, "\n", 1, MSG_NOSIGNAL) != 1) {
        e = err_set(info, ERR_IO, "talk to the daemon: %s", strerror(errno));
        control_hang_up(t);
        return e;
    }
    *out = t;
    return ERR_OK;
}

enum err control_hear(struct control_talk *t, FILE *out, struct err_info *info)
{
    char line[CONTROL_LINE_MAX];

    while (fgets(line, sizeof(line), t->in) != NULL) {
        if (line[0] == ' ') {
            (void)fputs(line + 1, out);
        } else if (strcmp(line, "ok\n") == 0) {
            return ERR_OK;
        } else if (strncmp(line, "failed ", 7) == 0) {
            line[strcspn(line, "\n")] = '\0';
            return err_set(info, ERR_IO, "%s", line + 7);
        }
    }
    return err_set(info, ERR_IO, "the daemon stopped while it was at it");
}

void control_hang_up(struct control_talk *t)
{
    if (t == NULL) {
        return;
    }
    if (t->in != NULL) {
        (void)fclose(t->in); /* Closes fd too; only read. */
    } else {
        (void)close(t->fd);
    }
    free(t);
}
