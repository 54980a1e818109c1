/* failing.c - see failing.h: the plan, and when it strikes. */
#include "tests/failing/failing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

static struct failing_plan now;
static atomic_uint_fast64_t hits;
static atomic_bool is_reached;

void failing_arm(const struct failing_plan *plan)
{
    now = plan == NULL ? (struct failing_plan){.mode = FAILING_NOT} : *plan;
    atomic_store(&hits, 0);
    atomic_store(&is_reached, false);
}

const struct failing_plan *failing_plan(void)
{
    return &now;
}

bool failing_is_reached(void)
{
    return atomic_load(&is_reached);
}

_Noreturn void failing_die(void)
{
    for (;;) {
        (void)kill(getpid(), SIGKILL); /* Cannot fail, and need not return at once. */
        (void)pause();
    }
}

static void note_reached(void)
{
    if (atomic_exchange(&is_reached, true) || now.seen == NULL) {
        return;
    }
    const int fd = open(now.seen, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

    if (fd >= 0) {
        (void)close(fd); /* That it is there is all it says. */
    }
}

bool failing_now(enum failing_mode mode)
{
    uint64_t hit;

    if (now.mode != mode || now.at == 0) {
        return false;
    }
    hit = atomic_fetch_add(&hits, 1) + 1;
    if (hit != now.at && (hit < now.at || !now.goes_on)) {
        return false;
    }
    note_reached();
    return true;
}

void failing_point(const char *point)
{
    if (now.mode == FAILING_DIE && strcmp(now.point, point) == 0 &&
        failing_now(FAILING_DIE)) {
        failing_die();
    }
}

void failing_install(void)
{
    failing_alloc_install();
    failing_vfs_install();
}
