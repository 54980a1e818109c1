/* serve.c - see serve.h. */
#include "programs/sagad/serve.h"

#include <assert.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "programs/sagad/config.h"
#include "programs/sagad/notify.h"
#include "programs/sagad/secrets.h"
#include "programs/sagad/signals.h"
#include "programs/sagad/wire.h"

#if defined(__SANITIZE_ADDRESS__)
#define IS_LEAK_CHECKED
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define IS_LEAK_CHECKED
#endif
#endif

static void reload(struct wire *w, const struct args *args)
{
    struct config *config = config_load(args);
    struct secrets *secrets = secrets_read(config);
    struct err_info info;

    for (size_t i = 0; i < config->n_problems; i++) {
        const struct config_problem *p = &config->problems[i];

        log_say(LOG_ERROR, "reload: the configuration has a problem",
                LOG_TEXT("source", p->source), LOG_TEXT("pointer", p->pointer),
                LOG_TEXT("detail", p->detail));
    }
    if (config->n_problems > 0) {
        log_plain(LOG_ERROR, "reload refused: the old configuration stays");
        secrets_destroy(secrets);
        config_destroy(config);
    } else if (wire_reload(w, config, secrets, &info) != ERR_OK) {
        log_say(LOG_ERROR, "reload refused: the old configuration stays",
                LOG_TEXT("detail", info.text));
    } else {
        log_plain(LOG_INFO, "reloaded");
    }
}

static void *drain(void *user)
{
    wire_drain(user);
    signals_tell();
    return NULL;
}

/* Draining has its own thread, so that this one hears the second TERM. */
static pthread_t start_drain(struct wire *w)
{
    pthread_t thread;
    int result = pthread_create(&thread, NULL, drain, w);

    assert(result == 0);
    notify_send("STOPPING=1");
    return thread;
}

/* Until drained. */
static void answer_signals(struct wire *w, const struct args *args)
{
    bool is_draining = false;
    pthread_t drainer;

    for (;;) {
        switch (signals_wait()) {
        case SIGNAL_STOP:
            if (is_draining) {
                log_plain(LOG_WARNING, "stopped at once: the next start recovers");
                _exit(0);
            }
            drainer = start_drain(w);
            is_draining = true;
            break;
        case SIGNAL_RELOAD:
            reload(w, args);
            break;
        case SIGNAL_SUMMARY:
            wire_log_summary(w);
            break;
        case SIGNAL_TOLD:
            if (is_draining) {
                int result = pthread_join(drainer, NULL);

                assert(result == 0);
                return;
            }
            break;
        }
    }
}

/* Secrets stand in memory, so no core may be written (security.md). Where cores are piped
 * to a program the limit alone does not count. The leak checker of a test build must be
 * able to look at its own process. */
static void forbid_cores(void)
{
    const struct rlimit none = {0, 0};
    bool is_forbidden = setrlimit(RLIMIT_CORE, &none) == 0;

#ifndef IS_LEAK_CHECKED
    is_forbidden = prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 && is_forbidden;
#endif
    if (!is_forbidden) {
        log_plain(LOG_WARNING, "core dumps cannot be forbidden, and would hold secrets");
    }
}

int serve_run(const struct args *args)
{
    struct config *config = config_load(args);
    struct secrets *secrets = secrets_read(config);
    struct err_info info = {.text = ""};
    struct wire *w = NULL;

    if (config->n_problems > 0) {
        config_print_problems(config);
        secrets_destroy(secrets);
        config_destroy(config);
        return 1;
    }
    (void)umask(077); /* The database is nobody else's business. */
    log_init((enum log_format)config->log_format, (enum log_level)config->log_level);
    forbid_cores();
    signals_block();
    log_say(LOG_INFO, "starting", LOG_TEXT("version", SAGAD_VERSION),
            LOG_TEXT("store", config->store));
    if (wire_start(config, secrets, &w, &info) != ERR_OK) {
        log_say(LOG_ERROR, "cannot start", LOG_TEXT("detail", info.text));
        return 1;
    }
    notify_send("READY=1");
    answer_signals(w, args);
    wire_stop(w);
    log_plain(LOG_INFO, "stopped");
    return 0;
}
