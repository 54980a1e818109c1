/*
 * address.h - where an attempt went, and what its service's configuration added.
 *
 * The text of engine/view/address_text.h, made once for each configuration of a service
 * and kept by number; a call in doubt stays with the base URL it was sent to (S3).
 *
 * Engine thread.
 */
#ifndef RUN_ADDRESS_H
#define RUN_ADDRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/calls/service.h"

struct engine;

struct address { /* As the engine knows it; lives as long as the engine. */
    struct address *next;
    uint64_t num;
    uint64_t hash;  /* Of text. */
    char *text;     /* Owned, like base_url. */
    char *base_url; /* "" for absolute URLs. */
};

/* What address_of() said last of a service; a reload forgets it. */
enum { ADDRESS_MEMOS = 64 };
struct address_memo {
    const struct service *service;
    const struct address *address;
};

struct addresses { /* Part of the engine. */
    struct address *first;
    struct address_memo memos[ADDRESS_MEMOS];
};

/* Of a call that goes to s now. is_absolute: its URL is whole. in_doubt: the number of
 * the attempt in doubt that it repeats or asks about, 0 none; its base URL stays. A new
 * one is written with the filling batch. NULL: the store failed, and the engine stops. */
const struct address *address_of(struct engine *e, const struct service *s,
                                 bool is_absolute, uint64_t in_doubt);

/* The configuration was read (again): write where each service is, for previews. */
void address_take_services(struct engine *e);

void address_done(struct engine *e);

#endif /* RUN_ADDRESS_H */
