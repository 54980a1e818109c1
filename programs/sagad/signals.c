/* signals.c - see signals.h. */
#include "programs/sagad/signals.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

static pthread_t main_thread; /* Written once, before any other thread. */
static atomic_bool is_told;   /* Tells our own USR2 from a stranger's. */

static void fill(sigset_t *set)
{
    (void)sigemptyset(set); /* These four fail only for numbers that are no signals. */
    (void)sigaddset(set, SIGTERM);
    (void)sigaddset(set, SIGINT);
    (void)sigaddset(set, SIGHUP);
    (void)sigaddset(set, SIGUSR1);
    (void)sigaddset(set, SIGUSR2);
}

void signals_block(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigset_t set;
    int result;

    main_thread = pthread_self();
    fill(&set);
    result = pthread_sigmask(SIG_BLOCK, &set, NULL);
    assert(result == 0);
    result = sigaction(SIGPIPE, &ignore, NULL);
    assert(result == 0);
}

enum signal_kind signals_wait(void)
{
    sigset_t set;

    fill(&set);
    for (;;) {
        int number = sigwaitinfo(&set, NULL);

        if (number == SIGTERM || number == SIGINT) {
            return SIGNAL_STOP;
        }
        if (number == SIGHUP) {
            return SIGNAL_RELOAD;
        }
        if (number == SIGUSR1) {
            return SIGNAL_SUMMARY;
        }
        if (number == SIGUSR2 && atomic_exchange(&is_told, false)) {
            return SIGNAL_TOLD;
        }
        assert(number >= 0 || errno == EINTR);
    }
}

void signals_tell(void)
{
    int result;

    atomic_store(&is_told, true);
    result = pthread_kill(main_thread, SIGUSR2);
    assert(result == 0);
}
