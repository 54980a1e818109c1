/* control.c - see control.h. */
#include "programs/sagad/control.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/thread.h"
#include "programs/sagad/fold.h"

#define REQUEST_MS 10000 /* Who connects says what it wants within this. */
#define BACKLOG 8

struct control {
    struct store *store;   /* Borrowed. */
    struct engine *engine; /* Borrowed. */
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    int listener;
    int stop[2]; /* A pipe: closed at one end when it is time to stop. */
    atomic_bool is_stopping;
    pthread_t thread;

    /* A copy's end, from the writer thread. */
    int copied[2]; /* A pipe: a byte. */
    enum err copied_as;
    struct err_info copied_info;
};

enum err control_path(const char *db_path, char *out, size_t room, struct err_info *info)
{
    return snprintf(out, room, "%s.control", db_path) < (int)room
               ? ERR_OK
               : err_set(info, ERR_INVALID,
                         "the path of the database is too long for a socket beside it");
}

/* Which of two is ready: 0 fd, 1 the wish to stop, -1 neither in time. */
static int wait_for(const struct control *c, int fd, int timeout_ms)
{
    struct pollfd p[2] = {{.fd = fd, .events = POLLIN},
                          {.fd = c->stop[0], .events = POLLIN}};
    int n;

    do {
        n = poll(p, 2, timeout_ms);
    } while (n < 0 && errno == EINTR);
    if (n <= 0) {
        return -1;
    }
    return p[1].revents != 0 ? 1 : 0;
}

static void say(int fd, const char *word, const char *more)
{
    char line[CONTROL_LINE_MAX];
    const int n =
        snprintf(line, sizeof(line), "%s%s%s\n", word, more[0] != '\0' ? " " : "", more);

    assert(n > 0 && n < (int)sizeof(line));        /* Words and an err_info. */
    (void)send(fd, line, (size_t)n, MSG_NOSIGNAL); /* Gone: nobody is told. */
}

static void say_end(int fd, enum err e, const struct err_info *info)
{
    say(fd, e == ERR_OK ? "ok" : "failed", e == ERR_OK ? "" : info->text);
}

/* ---- verify -------------------------------------------------------------------- */

static void tell_report(int fd, char *report)
{
    char *rest = NULL;

    for (char *line = strtok_r(report, "\n", &rest); line != NULL;
         line = strtok_r(NULL, "\n", &rest)) {
        say(fd, "", line);
    }
}

static void verify(struct control *c, int fd)
{
    struct err_info info = {.text = ""};
    char *report = NULL;
    size_t n_report = 0;
    FILE *out = open_memstream(&report, &n_report);
    enum err e = ERR_NOMEM;

    if (out == NULL) {
        (void)err_set(&info, ERR_NOMEM, "no memory for the report");
    } else {
        const struct fold_task task = {.store = c->store,
                                       .stamp = engine_stamp(c->engine),
                                       .out = out,
                                       .is_unwanted = &c->is_stopping};

        e = fold_store(&task, &info);
        (void)fclose(out); /* To memory. */
        tell_report(fd, report);
        free(report);
    }
    say_end(fd, e, &info);
}

/* ---- backup -------------------------------------------------------------------- */

/* On the writer thread. */
static void copied(void *user, enum err e, const struct err_info *info)
{
    struct control *c = user;
    ssize_t n;

    c->copied_as = e;
    c->copied_info = *info;
    n = write(c->copied[1], "", 1); /* Publishes them. */
    assert(n == 1);                 /* A pipe with room. */
}

static void await_copied(const struct control *c)
{
    char byte;
    ssize_t n;

    do {
        n = read(c->copied[0], &byte, 1);
    } while (n < 0 && errno == EINTR);
    assert(n == 1);
}

/* Until it is done, or the client has gone, or it is time to stop. */
static void copy(struct control *c, int fd, const char *path)
{
    struct writer_copy wish = {.path = path, .done = copied, .user = c};
    struct pollfd p[3] = {{.fd = c->copied[0], .events = POLLIN},
                          {.fd = c->stop[0], .events = POLLIN},
                          {.fd = fd, .events = POLLIN}}; /* It says no more. */
    const struct err_info busy = {.text = "the daemon is stopping"};
    int n;

    if (engine_copy(c->engine, &wish) != ERR_OK) {
        say_end(fd, ERR_BUSY, &busy);
        return;
    }
    do {
        n = poll(p, 3, -1);
    } while (n < 0 && errno == EINTR);
    if (p[0].revents == 0) {
        atomic_store(&wish.is_unwanted, true);
    }
    await_copied(c);
    log_say(c->copied_as == ERR_OK ? LOG_INFO : LOG_WARNING,
            c->copied_as == ERR_OK ? "the database was copied for a backup"
                                   : "a backup failed",
            LOG_TEXT("file", path), LOG_TEXT("detail", c->copied_info.text));
    say_end(fd, c->copied_as, &c->copied_info);
    if (c->copied_as == ERR_OK) {
        (void)wait_for(c, fd, -1); /* While it is checked, no other backup is made. */
    }
}

/* ---- clients ------------------------------------------------------------------- */

/* A line without its end; false: none came. */
static bool read_request(const struct control *c, int fd, char line[CONTROL_LINE_MAX])
{
    size_t n = 0;

    while (n < CONTROL_LINE_MAX - 1 && wait_for(c, fd, REQUEST_MS) == 0) {
        const ssize_t got = recv(fd, line + n, CONTROL_LINE_MAX - 1 - n, 0);

        if (got <= 0) {
            return false;
        }
        n += (size_t)got;
        if (line[n - 1] == '\n') {
            line[n - 1] = '\0';
            return true;
        }
    }
    return false;
}

static void serve(struct control *c, int fd)
{
    const struct err_info unknown = {.text = "the daemon does not know this request"};
    char line[CONTROL_LINE_MAX];

    if (!read_request(c, fd, line)) {
        return;
    }
    if (strcmp(line, "verify") == 0) {
        verify(c, fd);
    } else if (strncmp(line, "backup /", 8) == 0) {
        copy(c, fd, line + 7);
    } else {
        say_end(fd, ERR_INVALID, &unknown);
    }
}

static void *run(void *user)
{
    struct control *c = user;

    thread_set_name("sagad-control");
    while (wait_for(c, c->listener, -1) == 0) {
        const int fd = accept(c->listener, NULL, NULL);

        if (fd >= 0) {
            (void)fcntl(fd, F_SETFD, FD_CLOEXEC); /* This program starts no other. */
            serve(c, fd);
            (void)close(fd);
        }
    }
    return NULL;
}

/* ---- life ----------------------------------------------------------------------- */

static void destroy(struct control *c)
{
    const int fds[] = {c->listener, c->stop[0], c->stop[1], c->copied[0], c->copied[1]};

    for (size_t i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
        if (fds[i] >= 0) {
            (void)close(fds[i]); /* Nothing of worth is in them. */
        }
    }
    free(c);
}

/* What a daemon that was killed left is ours: we hold the database's lock. */
static enum err open_listener(struct control *c, struct err_info *info)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    mode_t before;
    int result;

    memcpy(at.sun_path, c->path, sizeof(c->path));
    (void)unlink(c->path);
    c->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->listener < 0) {
        return err_set(info, ERR_IO, "make a socket: %s", strerror(errno));
    }
    before = umask(0177);
    result = bind(c->listener, (const struct sockaddr *)&at, sizeof(at));
    (void)umask(before);
    if (result != 0 || listen(c->listener, BACKLOG) != 0) {
        return err_set(info, ERR_IO, "listen on %s: %s", c->path, strerror(errno));
    }
    return ERR_OK;
}

static enum err start_thread(struct control *c, struct err_info *info)
{
    sigset_t all;
    sigset_t before;
    int result;

    (void)sigfillset(&all); /* Signals are the main thread's; these calls fail only */
    (void)pthread_sigmask(SIG_SETMASK, &all, &before); /* on a bad argument. */
    result = pthread_create(&c->thread, NULL, run, c);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result == 0
               ? ERR_OK
               : err_set(info, ERR_IO, "start the control thread: %s", strerror(result));
}

enum err control_start(const char *db_path, struct store *store, struct engine *engine,
                       struct control **out, struct err_info *info)
{
    struct control *c = mem_alloc(sizeof(*c));
    enum err e;

    c->store = store;
    c->engine = engine;
    c->listener = c->stop[0] = c->stop[1] = c->copied[0] = c->copied[1] = -1;
    e = control_path(db_path, c->path, sizeof(c->path), info);
    if (e == ERR_OK && (pipe(c->stop) != 0 || pipe(c->copied) != 0)) {
        e = err_set(info, ERR_IO, "make a pipe: %s", strerror(errno));
    }
    if (e == ERR_OK) {
        e = open_listener(c, info);
    }
    if (e == ERR_OK) {
        e = start_thread(c, info);
    }
    if (e != ERR_OK) {
        destroy(c);
        return e;
    }
    *out = c;
    return ERR_OK;
}

void control_stop(struct control *c)
{
    int result;

    if (c == NULL) {
        return;
    }
    atomic_store(&c->is_stopping, true);
    (void)close(c->stop[1]); /* The other end hears it. */
    c->stop[1] = -1;
    result = pthread_join(c->thread, NULL);
    assert(result == 0);
    (void)unlink(c->path);
    destroy(c);
}
