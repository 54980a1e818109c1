/* torture.c - see torture.h: fault after fault, until none is reached.
 *
 *     torture [--all] [scenario]
 *
 * Without --all the faults become rarer the further they are.
 */
#include "tests/torture/torture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "tests/failing/failing.h"

enum end { END_DONE = 0, END_ERROR = 3, END_WRONG = 4, END_SILENT = 5 };

static const struct fault {
    const char *name;
    enum failing_mode mode;
    bool goes_on;
    uint64_t seed;
} faults[] = {
    {"io once", FAILING_IO, false, 0},
    {"io from then on", FAILING_IO, true, 0},
    {"full once", FAILING_FULL, false, 0},
    {"full from then on", FAILING_FULL, true, 0},
    {"short write", FAILING_SHORT, false, 0},
    {"no memory once", FAILING_ALLOC, false, 0},
    {"no memory any more", FAILING_ALLOC, true, 0},
    {"power 1", FAILING_POWER, false, 1},
    {"power 2", FAILING_POWER, false, 2},
    {"power 3", FAILING_POWER, false, 3},
};

struct shared { /* With the child. */
    uint64_t acknowledged;
    uint32_t is_reached;
    char said[sizeof(((struct err_info *)0)->text)];
};

static struct shared *shared;
static char folder[64];
static const char *const kept[] = {"db", "backup"};
static struct {
    char *bytes;
    size_t n;
} prepared[2]; /* Of each kept file, and of the backup. */
static bool is_all;
static unsigned long points;
static unsigned long findings;

/* ---- files
 * ----------------------------------------------------------------------------- */

static void path_of(const char *name, char out[TORTURE_PATH_MAX])
{
    (void)snprintf(out, TORTURE_PATH_MAX, "%s/%s", folder, name);
}

static void name_paths(struct torture *t)
{
    *t = (struct torture){.acknowledged = &shared->acknowledged};
    path_of("db", t->db);
    path_of("backup", t->backup);
    path_of("other", t->other);
}

static void empty_folder(void)
{
    static const char *const names[] = {"db", "backup", "other", "db.v1.backup", "said"};
    static const char *const endings[] = {
        "",         "-wal",  "-shm",          "-journal",  ".lock",
        ".reserve", ".part", ".part-journal", ".part-wal", ".part-shm"};
    char path[TORTURE_PATH_MAX];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        for (size_t j = 0; j < sizeof(endings) / sizeof(endings[0]); j++) {
            (void)snprintf(path, sizeof(path), "%s/%s%s", folder, names[i], endings[j]);
            (void)unlink(path); /* Most are not there. */
        }
    }
}

static void must(bool holds, const char *what)
{
    if (!holds) {
        fprintf(stderr, "torture: %s: %s\n", what, strerror(errno));
        exit(1);
    }
}

static void take_file(size_t i)
{
    char path[TORTURE_PATH_MAX];
    struct stat st;
    FILE *f;

    path_of(kept[i], path);
    f = fopen(path, "rb");
    must(f != NULL && fstat(fileno(f), &st) == 0, path);
    prepared[i].n = (size_t)st.st_size;
    prepared[i].bytes = malloc(prepared[i].n);
    must(fread(prepared[i].bytes, 1, prepared[i].n, f) == prepared[i].n, path);
    (void)fclose(f);
}

static void put_file(size_t i)
{
    char path[TORTURE_PATH_MAX];
    int fd;

    path_of(kept[i], path);
    fd = open(path, O_CREAT | O_TRUNC | O_WRONLY, 0600);
    must(fd >= 0 && write(fd, prepared[i].bytes, prepared[i].n) == (ssize_t)prepared[i].n,
         path);
    (void)close(fd);
}

/* ---- one point
 * --------------------------------------------------------------------------- */

static _Noreturn void be_the_child(const struct torture_scenario *s,
                                   const struct failing_plan *plan, uint64_t last)
{
    struct torture t;
    char said[TORTURE_PATH_MAX];
    enum err e;

    path_of("said", said);
    must(freopen(said, "w", stderr) != NULL, said);
    name_paths(&t);
    t.last = last;
    failing_arm(plan);
    e = s->run(&t);
    shared->is_reached = failing_is_reached();
    failing_arm(NULL);
    (void)snprintf(shared->said, sizeof(shared->said), "%s", t.info.text);
    if (e == ERR_OK) {
        _exit(END_DONE);
    }
    _exit(t.is_wrong ? END_WRONG : t.info.text[0] == '\0' ? END_SILENT : END_ERROR);
}

static bool said_out_of_memory(void)
{
    char path[TORTURE_PATH_MAX];
    char line[200] = "";
    bool is_found = false;
    FILE *f;

    path_of("said", path);
    f = fopen(path, "r");
    while (f != NULL && !is_found && fgets(line, sizeof(line), f) != NULL) {
        is_found = strstr(line, "out of memory for a small block") != NULL;
    }
    if (f != NULL) {
        (void)fclose(f);
    }
    return is_found;
}

/* NULL: it may end like that. */
static const char *judge_end(const struct failing_plan *plan, int status)
{
    if (WIFEXITED(status)) {
        switch (WEXITSTATUS(status)) {
        case END_DONE:
        case END_ERROR:
            return NULL;
        case END_SILENT:
            return "an error without a word";
        default:
            return "a wrong answer, and no error";
        }
    }
    shared->is_reached = 1; /* It had no time to say so. */
    if (WTERMSIG(status) == SIGKILL && plan->mode == FAILING_POWER) {
        return NULL;
    }
    if (WTERMSIG(status) == SIGABRT && plan->mode == FAILING_ALLOC &&
        said_out_of_memory()) {
        return NULL;
    }
    return "it died without saying why";
}

/* After a batch of our own: work goes on. */
static const char *judge_store(const struct torture_scenario *s, struct torture *t,
                               uint64_t least)
{
    const char *text = "0";
    unsigned long long batch = 0;
    enum err e = torture_open(t);

    if (e == ERR_OK) {
        e = store_read_meta(t->reader, "batch", t->arena, &text, &t->info);
    }
    if (e != ERR_OK && !(e == ERR_NOT_FOUND && s->is_new)) {
        return "it does not open";
    }
    if (sscanf(text, "%llu", &batch) != 1 || batch < least || batch > least + 1) {
        return "an acknowledged batch is gone";
    }
    if (s->judge != NULL && s->judge(t, batch) != NULL) {
        return s->judge(t, batch);
    }
    t->last = batch;
    torture_begin(t);
    return torture_commit(t) == ERR_OK ? NULL : "work does not go on";
}

static const char *judge(const struct torture_scenario *s, uint64_t least)
{
    struct torture t;
    const char *crime;

    name_paths(&t);
    if (s->is_raw) {
        return s->judge(&t, least);
    }
    crime = judge_store(s, &t, least);
    torture_close(&t);
    return crime != NULL ? crime : torture_unsound(t.db);
}

/* false: the fault was not reached. */
static bool point(const struct torture_scenario *s, const struct fault *f, uint64_t at)
{
    const struct failing_plan plan = {
        .mode = f->mode, .at = at, .goes_on = f->goes_on, .seed = f->seed};
    const uint64_t last = s->is_new ? 0 : TORTURE_SAGAS;
    const char *crime;
    int status = 0;
    pid_t child;

    empty_folder();
    if (!s->is_new) {
        put_file(0);
    }
    if (s->has_backup) {
        put_file(1);
    }
    *shared = (struct shared){.acknowledged = last};
    child = fork();
    if (child == 0) {
        be_the_child(s, &plan, last);
    }
    must(child > 0 && waitpid(child, &status, 0) == child, "a child");
    crime = judge_end(&plan, status);
    crime = crime == NULL ? judge(s, shared->acknowledged) : crime;
    if (crime != NULL) {
        findings++;
        printf("FOUND  %s, %s at %llu: %s (status %d; %s)\n", s->name, f->name,
               (unsigned long long)at, crime, status, shared->said);
    }
    return shared->is_reached != 0;
}

/* ---- all
 * ------------------------------------------------------------------------------------ */

static uint64_t next_of(uint64_t at)
{
    return at + (is_all || at < 6 ? 1 : at / 4);
}

static void torment(const struct torture_scenario *s)
{
    unsigned long n = 0;
    uint64_t furthest = 0;

    for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
        uint64_t at = 1;

        while (point(s, &faults[i], at)) {
            n++;
            at = next_of(at);
        }
        furthest = at > furthest ? at : furthest;
    }
    points += n;
    printf("%-26s %5lu points, up to the %llu-th\n", s->name, n,
           (unsigned long long)furthest);
}

static void prepare(void)
{
    struct torture t;
    bool is_done = false;
    struct store_copy *copy = NULL;
    char part[TORTURE_PATH_MAX + 8];

    name_paths(&t);
    must(torture_fill(&t) == ERR_OK, t.info.text);
    take_file(0);
    (void)snprintf(part, sizeof(part), "%s.part", t.backup);
    must(torture_open(&t) == ERR_OK &&
             store_copy_begin(t.store, part, &copy, &t.info) == ERR_OK,
         t.info.text);
    while (!is_done) {
        must(store_copy_step(copy, &is_done, &t.info) == ERR_OK, t.info.text);
    }
    store_copy_end(copy);
    must(store_backup_finish_sqlite(part, t.backup, torture_check, NULL, &t.info) ==
             ERR_OK,
         t.info.text);
    take_file(1);
    torture_close(&t);
}

static void share(void)
{
    char path[TORTURE_PATH_MAX];
    int fd;

    path_of("shared", path);
    fd = open(path, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    must(fd >= 0 && ftruncate(fd, sizeof(*shared)) == 0, path);
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    must(shared != MAP_FAILED, "shared memory");
    (void)close(fd);
    (void)unlink(path); /* The mapping stays. */
}

int main(int argc, char **argv)
{
    const char *only = NULL;
    const char *in_memory = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--all") == 0) {
            is_all = true;
        } else {
            only = argv[i];
        }
    }
    json_init();
    log_init(LOG_JSON, LOG_ERROR);
    failing_install();
    (void)snprintf(folder, sizeof(folder), "%s/sagad-torture-XXXXXX", in_memory);
    must(mkdtemp(folder) != NULL, folder);
    share();
    prepare();
    for (size_t i = 0; i < torture_scenarios_n; i++) {
        if (only == NULL || strcmp(only, torture_scenarios[i].name) == 0) {
            torment(&torture_scenarios[i]);
        }
    }
    empty_folder();
    (void)rmdir(folder); /* What is left in it is for people. */
    printf("%lu points, %lu findings\n", points, findings);
    return findings == 0 ? 0 : 1;
}
