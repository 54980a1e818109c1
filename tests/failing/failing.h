/*
 * failing.h - things that go wrong on purpose: dying at a point, I/O, memory, power.
 *
 * One mechanism for the daemon that the tests break (sagad_failing) and for the torture
 * of the store in one process. The objects of the product are linked as they are shipped:
 * the linker's --wrap puts this folder between them, a VFS of ours stands in front of
 * SQLite's, and its allocator is counted with our own. jansson and libcurl take theirs
 * from base/mem.h, which is ours.
 *
 * A plan says what goes wrong at which hit; hits are counted from 1 over all threads.
 * In the daemon it is read from the environment when the program starts:
 *
 *   FAILPOINT=commit-before FAILPOINT_AT=3    SIGKILL at the third hit of the point
 *   FAILPOINT=io|full|short|alloc|read|power   see enum failing_mode
 *   FAILPOINT_ON=1                            not once, but from that hit on
 *   FAILPOINT_SEED=7                          of what a power loss takes away
 *   FAILPOINT_DISK=90000000                   bytes of the disk that the database is on
 *   FAILPOINT_SEEN=file                       made at the hit; says that it was reached
 *   FAILPOINT_TURN=<saga id>                  see failing_turn()
 *   FAILPOINT_HOLD=fifo                       the first commit of a turn waits for its
 * writer
 */
#ifndef TESTS_FAILING_H
#define TESTS_FAILING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum failing_mode {
    FAILING_NOT,
    FAILING_DIE,   /* SIGKILL at `point`. */
    FAILING_IO,    /* Any operation of the VFS gives an I/O error. */
    FAILING_FULL,  /* A write of the VFS gives SQLITE_FULL. */
    FAILING_SHORT, /* A write of the VFS writes its first half, then an I/O error. */
    FAILING_ALLOC, /* An allocation gives NULL. */
    FAILING_READ,  /* A step of a reader's statement gives an I/O error (the daemon only).
                    */
    FAILING_POWER, /* At a write, sync or truncation: what was not synced is lost or torn,
                    * sector by sector, and the process dies. */
};

struct failing_plan {
    enum failing_mode mode;
    const char *point; /* Borrowed. FAILING_DIE: which. */
    uint64_t at;       /* Which hit, from 1. */
    bool goes_on;      /* From that hit on, not once. */
    uint64_t seed;
    uint64_t disk_bytes; /* 0: as large as it is. */
    const char *seen;    /* Borrowed. File that is made at the hit; NULL none. */
};

/* The plan counts from now on; NULL: nothing goes wrong any more. */
void failing_arm(const struct failing_plan *plan);
const struct failing_plan *failing_plan(void);

/* Was the hit reached since failing_arm()? */
bool failing_is_reached(void);

/* A point is passed: the process ends here if the plan says so. */
void failing_point(const char *point);

/* Does this operation, one that `mode` counts, go wrong? */
bool failing_now(enum failing_mode mode);

/* The process ends as by kill -9. */
_Noreturn void failing_die(void);

/* Before SQLite is used for the first time: its allocator, and our VFS as the default. */
void failing_install(void);

/* ---- a small disk: failing_disk.c ------------------------------------------------- */

/* Would the folder of `path` be over the plan's disk with so many bytes more? */
bool failing_is_over(const char *path, uint64_t more_bytes);

/* ---- unsynced writes: failing_power.c --------------------------------------------- */

struct failing_undo; /* What a file was when it was last synced, where it differs. */

/* Of that path, for as long as the process lives; NULL: not kept. */
struct failing_undo *failing_undo_of(const char *path);
/* Before the file changes: n bytes at `at` are written, or it is cut to n bytes. */
void failing_undo_write(struct failing_undo *u, uint64_t at, uint64_t n);
void failing_undo_cut(struct failing_undo *u, uint64_t n);
/* All of it is on disk. */
void failing_undo_synced(struct failing_undo *u);
void failing_undo_synced_fd(int fd); /* By somebody's fsync(). */
/* A write, sync or truncation comes: is it the one at which the power fails? */
void failing_power(void);

/* ---- failing_alloc.c --------------------------------------------------------------- */

void failing_alloc_install(void);
void failing_vfs_install(void);

#endif /* TESTS_FAILING_H */
