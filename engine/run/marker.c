/* marker.c - see marker.h. */
#include "engine/run/marker.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"

/* Always as long: it is written over in place. */
#define LINE_FORMAT \
    "careful %d suspect %020" PRIu64 " deaths %010" PRIu32 " turn %020" PRIu64 "\n"
#define LINE_SCAN "careful %d suspect %" SCNu64 " deaths %" SCNu32 " turn %" SCNu64
#define LINE_MAX_BYTES 128

struct marker {
    char *path; /* Owned. */
    int fd;     /* -1: nothing is kept. */
    bool is_careful;
    uint64_t suspect;
    uint32_t deaths; /* With no suspect: 1 when the first death named nobody. */
    uint64_t now;    /* In this saga's turn; 0: in none. */
};

static void write_line(struct marker *m)
{
    char line[LINE_MAX_BYTES];
    const int n = snprintf(line, sizeof(line), LINE_FORMAT, m->is_careful, m->suspect,
                           m->deaths, m->now);

    if (m->fd >= 0 && pwrite(m->fd, line, (size_t)n, 0) != n) {
        log_say(LOG_WARNING, "what the engine is at cannot be noted",
                LOG_TEXT("file", m->path), LOG_TEXT("detail", strerror(errno)));
        (void)close(m->fd); /* Done without from here on. */
        m->fd = -1;
    }
}

/* A file is there: the process before died. */
static void count_death(struct marker *m, const char *line)
{
    int was_careful = 0;
    uint64_t suspect = 0;
    uint32_t deaths = 0;
    uint64_t turn = 0;

    m->is_careful = true;
    if (sscanf(line, LINE_SCAN, &was_careful, &suspect, &deaths, &turn) != 4) {
        return; /* Torn, or of another version: it names nobody. */
    }
    if (was_careful == 0) {
        m->deaths = 1;
    } else if (turn != 0) {
        m->suspect = turn;
        m->deaths = suspect == turn || suspect == 0 ? deaths + 1 : 1;
    }
}

static void look_back(struct marker *m)
{
    char line[LINE_MAX_BYTES] = "";
    const ssize_t n = pread(m->fd, line, sizeof(line) - 1, 0);

    if (n > 0) {
        count_death(m, line);
        log_say(LOG_WARNING, "the daemon did not stop as it should the last time",
                LOG_NUMBER("deathsInOneSaga", m->suspect != 0 ? m->deaths : 0));
    }
}

struct marker *marker_open(const char *path)
{
    struct marker *m = mem_alloc(sizeof(*m));

    m->fd = -1;
    if (path == NULL) {
        return m;
    }
    m->path = mem_text(path);
    m->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (m->fd < 0) {
        log_say(LOG_WARNING, "what the engine is at cannot be noted",
                LOG_TEXT("file", path), LOG_TEXT("detail", strerror(errno)));
        return m;
    }
    look_back(m);
    write_line(m);
    return m;
}

void marker_close(struct marker *m, bool is_clean)
{
    if (m == NULL) {
        return;
    }
    if (m->fd >= 0) {
        (void)close(m->fd); /* What is in it counts only if the process dies. */
    }
    if (is_clean && m->path != NULL) {
        (void)unlink(m->path); /* Else the next start is careful for nothing. */
    }
    free(m->path);
    free(m);
}

uint64_t marker_suspect(const struct marker *m)
{
    return m->suspect;
}

uint32_t marker_deaths(const struct marker *m)
{
    return m->deaths;
}

void marker_forgive(struct marker *m)
{
    m->suspect = 0;
    m->deaths = 0;
    write_line(m);
}

static void note(struct marker *m, uint64_t saga)
{
    if (m->now != saga) {
        m->now = saga;
        if (m->is_careful) {
            write_line(m);
        }
    }
}

uint64_t marker_enter(struct marker *m, uint64_t saga)
{
    const uint64_t before = m->now;

    note(m, saga);
    return before;
}

void marker_leave(struct marker *m, uint64_t before)
{
    note(m, before);
}
