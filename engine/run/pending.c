/* pending.c - see pending.h. Chained hash; entries of a batch are also one list. */
#include "engine/run/pending.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"

enum { CHAINS = 4096 };

struct entry {
    struct entry *next_in_chain;
    struct entry *next_in_age; /* Towards younger. */
    enum pending_kind kind;
    uint64_t saga;
    uint64_t batch;
    uint64_t hash;
    size_t first_n;
    size_t second_n;
    char text[]; /* first and second, one behind the other. */
};

struct pending {
    struct entry *chains[CHAINS];
    struct entry *oldest;
    struct entry *youngest;
};

struct pending *pending_create(void)
{
    return mem_alloc(sizeof(struct pending));
}

void pending_destroy(struct pending *p)
{
    if (p != NULL) {
        pending_drop(p, UINT64_MAX);
        free(p);
    }
}

static uint64_t hash_of(enum pending_kind kind, const char *first, const char *second)
{
    uint64_t h = hash_mix(hash_bytes(first, strlen(first)), (uint64_t)kind);

    return second != NULL ? hash_mix(h, hash_bytes(second, strlen(second))) : h;
}

void pending_put(struct pending *p, enum pending_kind kind, const char *first,
                 const char *second, uint64_t saga, uint64_t batch)
{
    size_t first_n = strlen(first);
    size_t second_n = second != NULL ? strlen(second) : 0;
    struct entry *e = mem_alloc(sizeof(*e) + first_n + second_n);
    struct entry **chain;

    e->kind = kind;
    e->saga = saga;
    e->batch = batch;
    e->hash = hash_of(kind, first, second);
    e->first_n = first_n;
    e->second_n = second_n;
    memcpy(e->text, first, first_n);
    if (second_n > 0) {
        memcpy(e->text + first_n, second, second_n);
    }
    chain = &p->chains[e->hash % CHAINS];
    e->next_in_chain = *chain;
    *chain = e;
    if (p->youngest != NULL) {
        p->youngest->next_in_age = e;
    } else {
        p->oldest = e;
    }
    p->youngest = e;
}

static bool is_it(const struct entry *e, enum pending_kind kind, const char *first,
                  const char *second)
{
    return e->kind == kind && e->first_n == strlen(first) &&
           e->second_n == (second != NULL ? strlen(second) : 0) &&
           memcmp(e->text, first, e->first_n) == 0 &&
           (e->second_n == 0 || memcmp(e->text + e->first_n, second, e->second_n) == 0);
}

uint64_t pending_find(const struct pending *p, enum pending_kind kind, const char *first,
                      const char *second)
{
    uint64_t hash = hash_of(kind, first, second);

    for (const struct entry *e = p->chains[hash % CHAINS]; e != NULL;
         e = e->next_in_chain) {
        if (e->hash == hash && is_it(e, kind, first, second)) {
            return e->saga;
        }
    }
    return 0;
}

void pending_each(const struct pending *p, enum pending_kind kind, const char *first,
                  const char *second, void (*each)(void *user, uint64_t saga), void *user)
{
    uint64_t hash = hash_of(kind, first, second);

    for (const struct entry *e = p->chains[hash % CHAINS]; e != NULL;
         e = e->next_in_chain) {
        if (e->hash == hash && is_it(e, kind, first, second)) {
            each(user, e->saga);
        }
    }
}

void pending_drop(struct pending *p, uint64_t batch)
{
    while (p->oldest != NULL && p->oldest->batch <= batch) {
        struct entry *e = p->oldest;
        struct entry **at = &p->chains[e->hash % CHAINS];

        while (*at != e) {
            at = &(*at)->next_in_chain;
        }
        *at = e->next_in_chain;
        p->oldest = e->next_in_age;
        free(e);
    }
    if (p->oldest == NULL) {
        p->youngest = NULL;
    }
}
