/* failing_power.c - see failing.h: the power fails, and unsynced writes with it.
 *
 * Writes go to the file at once, so that every reader sees them; what stood there at the
 * last sync is remembered, sector by sector. When the power fails, each of these sectors
 * keeps what is new or gets back what was: any subset, so any order and any tear. Wal
 * indexes (-shm) are memory and go with it. Not covered: names of files that were made
 * or removed without their folder being synced.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/failing/failing.h"

#define SECTOR 512U
#define FILES_MAX 8
#define PATH_BYTES 512

struct sector {
    uint64_t at;
    unsigned char was[SECTOR];
};

struct failing_undo {
    char path[PATH_BYTES];
    bool is_changed;
    uint64_t synced_bytes; /* Its length at the last sync; valid if is_changed. */
    struct sector *sectors;
    size_t n;
    size_t room;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct failing_undo files[FILES_MAX];
static size_t n_files;

struct failing_undo *failing_undo_of(const char *path)
{
    struct failing_undo *found = NULL;

    if (failing_plan()->mode != FAILING_POWER || path == NULL) {
        return NULL;
    }
    (void)pthread_mutex_lock(&lock); /* Cannot fail: it is no recursive one. */
    for (size_t i = 0; i < n_files; i++) {
        if (strcmp(files[i].path, path) == 0) {
            found = &files[i];
        }
    }
    if (found == NULL && n_files < FILES_MAX && strlen(path) < PATH_BYTES) {
        found = &files[n_files++];
        (void)snprintf(found->path, sizeof(found->path), "%s", path);
    }
    (void)pthread_mutex_unlock(&lock);
    if (found == NULL) {
        abort();
    }
    return found;
}

static bool has(const struct failing_undo *u, uint64_t at)
{
    for (size_t i = u->n; i > 0; i--) { /* The last ones are the likely ones. */
        if (u->sectors[i - 1].at == at) {
            return true;
        }
    }
    return false;
}

static void keep(struct failing_undo *u, int fd, uint64_t at)
{
    struct sector *s;

    if (has(u, at)) {
        return;
    }
    if (u->n == u->room) {
        u->room = u->room * 2 + 64;
        u->sectors = mem_grow(u->sectors, u->room * sizeof(u->sectors[0]));
    }
    s = &u->sectors[u->n++];
    *s = (struct sector){.at = at};
    if (pread(fd, s->was, SECTOR, (off_t)at) < 0) {
        abort();
    }
}

static void keep_range(struct failing_undo *u, uint64_t from, uint64_t to)
{
    const int fd = open(u->path, O_RDONLY | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        abort();
    }
    if (!u->is_changed) {
        u->is_changed = true;
        u->synced_bytes = (uint64_t)st.st_size;
    }
    to = to < u->synced_bytes ? to : u->synced_bytes; /* Behind that was nothing. */
    for (uint64_t at = from / SECTOR * SECTOR; at < to; at += SECTOR) {
        keep(u, fd, at);
    }
    (void)close(fd); /* The process's locks go with it; the lock file is held (S93). */
}

void failing_undo_write(struct failing_undo *u, uint64_t at, uint64_t n)
{
    if (u != NULL) {
        (void)pthread_mutex_lock(&lock);
        keep_range(u, at, at + n);
        (void)pthread_mutex_unlock(&lock);
    }
}

void failing_undo_cut(struct failing_undo *u, uint64_t n)
{
    failing_undo_write(u, n, UINT64_MAX - n);
}

static void forget(struct failing_undo *u)
{
    u->is_changed = false;
    u->n = 0;
}

void failing_undo_synced(struct failing_undo *u)
{
    if (u != NULL) {
        (void)pthread_mutex_lock(&lock);
        forget(u);
        (void)pthread_mutex_unlock(&lock);
    }
}

void failing_undo_synced_fd(int fd)
{
    struct stat st;
    struct stat of;

    if (fstat(fd, &st) != 0) {
        return;
    }
    (void)pthread_mutex_lock(&lock);
    for (size_t i = 0; i < n_files; i++) {
        if (stat(files[i].path, &of) == 0 && of.st_dev == st.st_dev &&
            of.st_ino == st.st_ino) {
            forget(&files[i]);
        }
    }
    (void)pthread_mutex_unlock(&lock);
}

/* ---- the loss ---------------------------------------------------------------------- */

static uint64_t dice;

static uint64_t roll(void) /* xorshift64* */
{
    dice ^= dice >> 12;
    dice ^= dice << 25;
    dice ^= dice >> 27;
    return (dice * 2685821657736338717ULL) >> 33;
}

/* One seed in four loses everything, one nothing; the others toss for each sector. */
static bool is_lost(uint64_t how)
{
    return how == 0 || (how != 1 && roll() % 2 == 0);
}

static void lose(const struct failing_undo *u, uint64_t how)
{
    const int fd = open(u->path, O_RDWR | O_CLOEXEC);
    struct stat st;

    if (fd < 0 && errno == ENOENT) {
        return; /* Deleted since. */
    }
    if (fd < 0 || fstat(fd, &st) != 0) {
        abort();
    }
    for (size_t i = 0; i < u->n; i++) {
        const struct sector *s = &u->sectors[i];
        const uint64_t left = u->synced_bytes - s->at;

        if (is_lost(how) &&
            pwrite(fd, s->was, left < SECTOR ? left : SECTOR, (off_t)s->at) < 0) {
            abort();
        }
    }
    if ((uint64_t)st.st_size > u->synced_bytes) { /* What was put behind it. */
        const uint64_t more = (uint64_t)st.st_size - u->synced_bytes;
        const uint64_t kept = how == 0 ? 0 : how == 1 ? more : roll() % (more + 1);
        static const unsigned char nothing[SECTOR];

        for (uint64_t at = 0; at + SECTOR <= kept; at += SECTOR) {
            if (is_lost(how) &&
                pwrite(fd, nothing, SECTOR, (off_t)(u->synced_bytes + at)) < 0) {
                abort();
            }
        }
        if (ftruncate(fd, (off_t)(u->synced_bytes + kept)) != 0) {
            abort();
        }
    }
}

static void lose_index(const char *path)
{
    char index[PATH_BYTES + 8];
    const size_t n = strlen(path);

    if (n > 4 && strcmp(path + n - 4, "-wal") == 0) {
        (void)snprintf(index, sizeof(index), "%.*s-shm", (int)(n - 4), path);
        (void)unlink(index); /* Not there: nothing to lose. */
    }
}

void failing_power(void)
{
    uint64_t how;

    if (!failing_now(FAILING_POWER)) {
        return;
    }
    (void)pthread_mutex_lock(&lock); /* And nobody writes any more. */
    dice = failing_plan()->seed * 0x9E3779B97F4A7C15ULL + failing_plan()->at + 1;
    how = roll() % 4;
    for (size_t i = 0; i < n_files; i++) {
        if (files[i].is_changed) {
            lose(&files[i], how);
        }
        lose_index(files[i].path);
    }
    failing_die();
}
