/* failing_daemon.c - see failing.h: the points of the daemon, by the linker's --wrap, and
 * its plan, from the environment. */
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/calls/calls.h"
#include "engine/run/answer.h"
#include "engine/run/batch.h"
#include "engine/run/oracle.h"
#include "engine/run/table.h"
#include "engine/store/store.h"
#include "engine/view/record.h"
#include "tests/failing/failing.h"

/* ---- points --------------------------------------------------------------------------
 */

enum err __real_store_commit(struct store *s, const struct store_batch *batch,
                             struct err_info *info);
enum err __wrap_store_commit(struct store *s, const struct store_batch *batch,
                             struct err_info *info);
void __real_store_tidy(struct store *s);
void __wrap_store_tidy(struct store *s);
void __real_calls_send(struct calls *c, const struct call_request *r);
void __wrap_calls_send(struct calls *c, const struct call_request *r);
void __real_answer_take(struct engine *e, const struct call_answer *answer);
void __wrap_answer_take(struct engine *e, const struct call_answer *answer);
void __real_batch_release(struct engine *e);
void __wrap_batch_release(struct engine *e);
int __real_fsync(int fd);
int __wrap_fsync(int fd);
void __real_oracle_init(struct oracle *o, struct engine *e, struct resident *r,
                        struct record *record);
void __wrap_oracle_init(struct oracle *o, struct engine *e, struct resident *r,
                        struct record *record);
int __real_sqlite3_step(sqlite3_stmt *st);
int __wrap_sqlite3_step(sqlite3_stmt *st);
int __real_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*each)(void *, int, char **, char **), void *user,
                        char **error);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*each)(void *, int, char **, char **), void *user,
                        char **error);

static bool has_turn(const struct store_batch *batch)
{
    const struct store_op *op = batch->first;

    while (op != NULL && op->kind != STORE_TURN) {
        op = op->next;
    }
    return op != NULL;
}

/* FAILPOINT_HOLD=<fifo>: the first commit of a turn waits until the test opens the FIFO
 * to write, so that it can look at the engine while that commit is out. */
static void hold(const struct store_batch *batch)
{
    static atomic_bool has_held;
    const char *fifo = getenv("FAILPOINT_HOLD");
    int fd;

    if (fifo == NULL || !has_turn(batch) || atomic_exchange(&has_held, true)) {
        return;
    }
    fd = open(fifo, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        (void)close(fd); /* Nothing is read. */
    }
}

enum err __wrap_store_commit(struct store *s, const struct store_batch *batch,
                             struct err_info *info)
{
    enum err e;

    hold(batch);
    failing_point("commit-before");
    e = __real_store_commit(s, batch, info);
    failing_point("commit-after");
    return e;
}

void __wrap_store_tidy(struct store *s)
{
    failing_point("tidy-before");
    __real_store_tidy(s);
    failing_point("tidy-after");
}

void __wrap_calls_send(struct calls *c, const struct call_request *r)
{
    failing_point("send-before");
    __real_calls_send(c, r);
    failing_point("send-after");
}

void __wrap_answer_take(struct engine *e, const struct call_answer *answer)
{
    failing_point("receive-before");
    __real_answer_take(e, answer);
    failing_point("receive-after");
}

void __wrap_batch_release(struct engine *e)
{
    failing_point("release-before");
    __real_batch_release(e);
    failing_point("release-after");
}

int __wrap_fsync(int fd)
{
    int result;

    failing_point("fsync-before");
    failing_power();
    result = __real_fsync(fd);
    if (result == 0) {
        failing_undo_synced_fd(fd);
    }
    failing_point("fsync-after");
    return result;
}

/* What SQLite has in memory fails like what is on disk: the VFS sees few reads. */
int __wrap_sqlite3_step(sqlite3_stmt *st)
{
    const bool reads = sqlite3_column_count(st) > 0 &&
                       sqlite3_db_readonly(sqlite3_db_handle(st), "main") == 1;

    return reads && failing_now(FAILING_READ) ? SQLITE_IOERR : __real_sqlite3_step(st);
}

/* A migration's text is one call: here each of its statements is one. */
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql,
                        int (*each)(void *, int, char **, char **), void *user,
                        char **error)
{
    const char *rest = sql;

    while (each == NULL && rest != NULL && *rest != '\0') {
        sqlite3_stmt *st = NULL;
        int rc = sqlite3_prepare_v2(db, rest, -1, &st, &rest);

        if (st != NULL) {
            failing_point("statement-before");
            while (rc == SQLITE_OK && sqlite3_step(st) == SQLITE_ROW) {
            }
            rc = sqlite3_finalize(st);
            failing_point("statement-after");
        }
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    return each == NULL ? SQLITE_OK : __real_sqlite3_exec(db, sql, each, user, error);
}

/* ---- a turn that kills
 * ------------------------------------------------------------------ */

/* FAILPOINT_TURN=<saga id> ends the process in each turn of that saga but its first and
 * the one that makes it poison; FAILPOINT_TURN=<saga id>! in that one, too. */
static void failing_turn(const char *saga, enum saga_event_kind kind)
{
    const char *wanted = getenv("FAILPOINT_TURN");
    const size_t n = strlen(saga);

    if (wanted == NULL || strncmp(wanted, saga, n) != 0 || kind == SAGA_EV_START) {
        return;
    }
    if (wanted[n] == '!' || (wanted[n] == '\0' && kind != SAGA_EV_POISONED)) {
        abort();
    }
}

void __wrap_oracle_init(struct oracle *o, struct engine *e, struct resident *r,
                        struct record *record)
{
    failing_turn(r->row.id, record->event.kind);
    __real_oracle_init(o, e, r, record);
}

/* ---- the plan -------------------------------------------------------------------------
 */

static uint64_t number_of(const char *name)
{
    const char *text = getenv(name);
    uint64_t n = 0;

    if (text != NULL && sscanf(text, "%" SCNu64, &n) != 1) {
        fprintf(stderr, "%s is no number\n", name);
        _exit(2);
    }
    return n;
}

static enum failing_mode mode_of(const char *point)
{
    static const struct {
        const char *name;
        enum failing_mode mode;
    } modes[] = {{"io", FAILING_IO},       {"full", FAILING_FULL},
                 {"short", FAILING_SHORT}, {"alloc", FAILING_ALLOC},
                 {"read", FAILING_READ},   {"power", FAILING_POWER}};

    for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        if (strcmp(modes[i].name, point) == 0) {
            return modes[i].mode;
        }
    }
    return FAILING_DIE;
}

__attribute__((constructor)) static void read_plan(void)
{
    const char *point = getenv("FAILPOINT");
    struct failing_plan plan = {
        .mode = point == NULL ? FAILING_NOT : mode_of(point),
        .point = point,
        .at = number_of("FAILPOINT_AT"),
        .goes_on = number_of("FAILPOINT_ON") != 0,
        .seed = number_of("FAILPOINT_SEED"),
        .disk_bytes = number_of("FAILPOINT_DISK"),
        .seen = getenv("FAILPOINT_SEEN"),
    };

    failing_install();
    failing_arm(&plan);
}
