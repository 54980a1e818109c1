/* used.c - see used.h. */
#include "programs/sagad/used.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define PAGE 500 /* Sagas of one read: readers are short (S92). */

struct scan {
    uint64_t last_num;
    size_t n_page;
    uint64_t *definitions; /* Numbers seen, each once. */
    size_t n;
    size_t room;
};

static bool take(void *user, const struct store_saga *saga)
{
    struct scan *s = user;

    s->last_num = saga->num;
    s->n_page++;
    for (size_t i = 0; i < s->n; i++) {
        if (s->definitions[i] == saga->definition) {
            return true;
        }
    }
    if (s->n == s->room) {
        s->room = s->room * 2 + 16;
        s->definitions = mem_grow(s->definitions, s->room * sizeof(s->definitions[0]));
    }
    s->definitions[s->n] = saga->definition;
    s->n++;
    return true;
}

static enum err scan_unfinished(struct store_reader *reader, struct scan *s,
                                struct err_info *info)
{
    const struct store_filter unfinished = {.statuses = 1U << SAGA_STATUS_RUNNING |
                                                        1U << SAGA_STATUS_COMPENSATING |
                                                        1U << SAGA_STATUS_STUCK};
    enum err e;

    do {
        s->n_page = 0;
        e = store_scan_sagas(reader, &unfinished, s->last_num, PAGE, take, s, info);
    } while (e == ERR_OK && s->n_page == PAGE);
    return e;
}

static bool is_of(const struct definition_call *call, const char *service)
{
    return call != NULL && call->service != NULL && strcmp(call->service, service) == 0;
}

static bool names(const struct definition *d, const char *service)
{
    for (uint16_t i = 0; i < d->plan->n_nodes; i++) {
        const struct definition_step *step = &d->steps[i];

        if (is_of(step->action, service) || is_of(step->confirm, service) ||
            is_of(step->compensation, service)) {
            return true;
        }
    }
    return false;
}

enum err used_by_unfinished(struct store_reader *reader, struct registry *registry,
                            const char *service, bool *is_used, struct err_info *info)
{
    struct scan s = {.n = 0};
    enum err e = scan_unfinished(reader, &s, info);
    bool found = false;

    for (size_t i = 0; e == ERR_OK && !found && i < s.n; i++) {
        const struct registry_entry *entry = NULL;

        e = registry_find(registry, s.definitions[i], &entry, info);
        found = e == ERR_OK && names(entry->definition, service);
    }
    free(s.definitions);
    if (e == ERR_OK) {
        *is_used = found;
    }
    return e;
}
