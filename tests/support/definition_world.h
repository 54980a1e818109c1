/*
 * definition_world.h - a small daemon's world for tests of definitions, and their files.
 *
 * It knows the services payments, stock and mail (mail does not keep keys),
 * the var shopUrl, the secret shop-webhook, the hosts 127.0.0.1, api.example.com and
 * stock.internal, and four definitions to be children. Header only, so that tests of
 * other parts do not come to depend on definitions/. Paths are relative to the root.
 */
#ifndef TESTS_SUPPORT_DEFINITION_WORLD_H
#define TESTS_SUPPORT_DEFINITION_WORLD_H

#include <check.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "definitions/definition.h"

static inline bool world_is_one_of(const char *name, const char *const *names)
{
    for (size_t i = 0; names[i] != NULL; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static inline bool world_has_service(void *user, const char *name)
{
    static const char *const names[] = {"payments",  "stock",    "mail",
                                        "inventory", "shipping", NULL};

    (void)user;
    return world_is_one_of(name, names);
}

static inline bool world_has_var(void *user, const char *name)
{
    (void)user;
    return strcmp(name, "shopUrl") == 0;
}

static inline bool world_has_secret(void *user, const char *name)
{
    (void)user;
    return strcmp(name, "shop-webhook") == 0;
}

static inline bool world_may_call(void *user, const char *host)
{
    static const char *const names[] = {"127.0.0.1", "api.example.com", "stock.internal",
                                        NULL};

    (void)user;
    return world_is_one_of(host, names);
}

static inline bool world_is_repeatable(void *user, const char *service)
{
    (void)user;
    return strcmp(service, "mail") != 0;
}

static inline const char *world_service_at(void *user, const struct check_origin *origin)
{
    (void)user;
    return strcmp(origin->host, "stock.internal") == 0 && origin->port == 443 &&
                   !origin->is_plain
               ? "stock"
               : NULL;
}

static inline const char *world_nearest(void *user, const char *kind, const char *name)
{
    (void)user;
    (void)name;
    return strcmp(kind, "service") == 0 ? "payments" : NULL;
}

/* user: NULL-ended array of definitions. */
static inline const struct definition *world_child(void *user, const char *name,
                                                   uint32_t version)
{
    struct definition *const *known = user;

    (void)version;
    for (size_t i = 0; known != NULL && known[i] != NULL; i++) {
        if (strcmp(known[i]->name, name) == 0) {
            return known[i];
        }
    }
    return NULL;
}

static inline struct check_world world_of(struct definition **children)
{
    return (struct check_world){.has_service = world_has_service,
                                .has_var = world_has_var,
                                .has_secret = world_has_secret,
                                .may_call = world_may_call,
                                .is_repeatable = world_is_repeatable,
                                .service_at = world_service_at,
                                .child = world_child,
                                .nearest = world_nearest,
                                .user = children};
}

/* The whole file, NUL-ended, to be freed. */
static inline char *world_read_file(const char *path, size_t *n)
{
    const size_t room = 2 * 1024 * 1024;
    char *text = mem_alloc(room + 1);
    FILE *f = fopen(path, "r");

    ck_assert_msg(f != NULL, "cannot open %s", path);
    *n = fread(text, 1, room, f);
    (void)fclose(f); /* Only read from. */
    return text;
}

/* Compile what must compile. */
static inline struct definition *world_compile(const char *text)
{
    const struct check_world all = {.user = NULL};
    struct check_report *report = mem_alloc(sizeof(*report));
    struct definition *d = NULL;
    enum err e = definition_compile(text, strlen(text), &all, report, &d);

    ck_assert_msg(e == ERR_OK, "%s at '%s': %s", report->issues[0].code,
                  report->issues[0].pointer, report->issues[0].detail);
    free(report);
    return d;
}

#endif /* TESTS_SUPPORT_DEFINITION_WORLD_H */
