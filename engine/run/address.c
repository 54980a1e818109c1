/* address.c - see address.h. */
#include "engine/run/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/run/state.h"
#include "engine/view/address_text.h"

#define META_BYTES (1024 * (size_t)1024)
#define TEXT_BYTES (256 * (size_t)1024)

static struct address *add(struct engine *e, uint64_t num, const char *text,
                           const char *base_url)
{
    struct address *x = mem_alloc(sizeof(*x));

    x->num = num;
    x->hash = hash_bytes(text, strlen(text));
    x->text = mem_text(text);
    x->base_url = mem_text(base_url);
    x->next = e->addresses.first;
    e->addresses.first = x;
    return x;
}

static void write_new(struct engine *e, const struct address *x)
{
    struct batch *b = engine_batch(e);
    struct store_op *op = store_batch_add(&b->ops, STORE_VARS);

    op->of.vars.num = x->num;
    op->of.vars.text = arena_text(b->ops.arena, x->text);
}

/* From the list, else from the store, else made. */
static const struct address *intern(struct engine *e, const char *text,
                                    const char *base_url)
{
    const uint64_t hash = hash_bytes(text, strlen(text));
    struct err_info info;
    struct address *x;
    uint64_t num;
    enum err err;

    for (x = e->addresses.first; x != NULL; x = x->next) {
        if (x->hash == hash && strcmp(x->text, text) == 0) {
            return x;
        }
    }
    err = store_find_vars(engine_reader(e), text, &num, &info);
    if (err == ERR_OK) {
        return add(e, num, text, base_url);
    }
    if (err != ERR_NOT_FOUND) {
        engine_fail(e, &info);
        return NULL;
    }
    x = add(e, e->next_kept++, text, base_url);
    write_new(e, x);
    return x;
}

static const struct address *make(struct engine *e, const struct service_config *c,
                                  const char *base_url)
{
    const struct address *x;
    struct buf text;

    buf_init(&text, TEXT_BYTES);
    address_text_write(c, base_url, e->config.user_agent, &e->config.sampler, &text);
    x = intern(e, buf_text(&text), base_url);
    buf_done(&text);
    return x;
}

/* The base URL of a number; NULL: it cannot be read, then the engine stops. */
static const char *base_of(struct engine *e, uint64_t num)
{
    struct address_text text;
    struct err_info info;

    for (const struct address *x = e->addresses.first; x != NULL; x = x->next) {
        if (x->num == num) {
            return x->base_url;
        }
    }
    if (address_text_read(engine_reader(e), num, e->scratch, &text, &info) != ERR_OK) {
        engine_fail(e, &info);
        return NULL;
    }
    return text.config.url;
}

static const struct service_config nothing = {.name = "", .url = ""};

/* s NULL: of absolute URLs. */
static const struct address *of_now(struct engine *e, const struct service *s,
                                    const struct service_config *c)
{
    struct address_memo *memo =
        &e->addresses.memos[hash_mix((uint64_t)(uintptr_t)s, 1) % ADDRESS_MEMOS];

    if (memo->address == NULL || memo->service != s) {
        *memo = (struct address_memo){s, make(e, c, c->url)};
    }
    return memo->address;
}

const struct address *address_of(struct engine *e, const struct service *s,
                                 bool is_absolute, uint64_t in_doubt)
{
    const struct service_config *c = is_absolute ? &nothing : service_config_of(s);
    const char *base_url;

    if (in_doubt == 0 || is_absolute) {
        return of_now(e, is_absolute ? NULL : s, c);
    }
    base_url = base_of(e, in_doubt);
    return base_url != NULL ? make(e, c, base_url) : NULL;
}

struct listing {
    struct engine *e;
    struct json_out o;
};

static void each_service(void *user, const struct service *s)
{
    struct listing *l = user;
    const struct address *x =
        service_is_missing(s) ? NULL : of_now(l->e, s, service_config_of(s));

    if (x != NULL) {
        json_put_number(&l->o, service_name(s), (int64_t)x->num);
    }
}

void address_take_services(struct engine *e)
{
    struct listing l = {.e = e};
    struct batch *b = engine_batch(e);
    const struct address *absolute;
    struct store_op *op;
    struct buf text;

    memset(e->addresses.memos, 0, sizeof(e->addresses.memos));
    absolute = of_now(e, NULL, &nothing);
    buf_init(&text, META_BYTES);
    json_out_init(&l.o, &text);
    json_open_object(&l.o);
    if (absolute != NULL) {
        json_put_number(&l.o, "", (int64_t)absolute->num);
    }
    services_each(e->config.services, each_service, &l);
    json_close_object(&l.o);
    op = store_batch_add(&b->ops, STORE_META);
    op->of.meta.name = ADDRESS_META;
    op->of.meta.text = arena_text(b->ops.arena, buf_text(&text));
    buf_done(&text);
}

void address_done(struct engine *e)
{
    while (e->addresses.first != NULL) {
        struct address *x = e->addresses.first;

        e->addresses.first = x->next;
        free(x->text);
        free(x->base_url);
        free(x);
    }
}
