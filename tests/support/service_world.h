/*
 * service_world.h - asking for slots in a test, and grants told as words.
 *
 * For the files that test engine/calls/service.h. Times are the test's own.
 */
#ifndef SUPPORT_SERVICE_WORLD_H
#define SUPPORT_SERVICE_WORLD_H

#include <check.h>
#include <stdio.h>

#include "engine/calls/service.h"

#define T0 1000000U /* Monotonic. */
#define WALL 1764000000000U

static struct services *all;

static inline struct service_waiter who(uint64_t saga, enum call_kind call)
{
    return (struct service_waiter){.saga = saga, .item = SAGA_NO_ITEM, .call = call};
}

static inline enum saga_slot ask(struct service *s, uint64_t saga, uint64_t mono_ms)
{
    const struct service_waiter w = who(saga, CALL_ACTION);

    return service_ask(s, &w, mono_ms, WALL + mono_ms, 0);
}

/* A service of which ask() gets at most concurrent_max slots. */
static inline struct service *add(const char *name, uint32_t concurrent_max)
{
    const struct service_config config = {
        .name = name, .url = "http://pay.internal", .concurrent_max = concurrent_max};

    services_put(all, &config);
    return services_find(all, name);
}

/* Grants until there are none: "pay 1, pay 2". */
static inline const char *grants(uint64_t mono_ms)
{
    static char words[512];
    struct service_waiter w;
    struct service *s;
    size_t n = 0;

    words[0] = '\0';
    while (services_next(all, mono_ms, &w, &s)) {
        n +=
            (size_t)snprintf(words + n, sizeof(words) - n, "%s%s %llu", n > 0 ? ", " : "",
                             service_name(s), (unsigned long long)w.saga);
        ck_assert_uint_lt(n, sizeof(words));
    }
    return words;
}

#endif /* SUPPORT_SERVICE_WORLD_H */
