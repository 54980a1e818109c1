/* address.c - see address.h. */
#include "engine/run/address.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/mem.h"
#include "engine/run/state.h"

#define META_NAME "addresses" /* {"<service>": number}; "" for absolute URLs. */
#define META_BYTES (1024 * (size_t)1024)
#define TEXT_BYTES (256 * (size_t)1024)

/* ---- the text -------------------------------------------------------------------- */

static void put_headers(struct json_out *o, const struct service_config *c)
{
    json_key(o, "headers");
    json_open_array(o);
    for (size_t i = 0; i < c->n_headers; i++) {
        json_open_array(o);
        json_text(o, c->headers[i].name);
        if (i < c->n_plain_headers) {
            json_text(o, c->headers[i].value);
        }
        json_close_array(o);
    }
    json_close_array(o);
}

static void put_sampler(struct json_out *o, const struct trace_sampler *s)
{
    struct buf ratio;

    buf_init(&ratio, 64);
    json_put_real(&ratio, s->ratio);
    json_key(o, "sampler");
    json_open_array(o);
    json_number(o, s->ignores_parent ? 1 : 0);
    json_number(o, (int64_t)s->root);
    json_text(o, buf_text(&ratio));
    json_close_array(o);
    buf_done(&ratio);
}

static void write_text(const struct engine *e, const struct service_config *c,
                       const char *base_url, struct buf *out)
{
    struct json_out o;

    json_out_init(&o, out);
    json_open_object(&o);
    json_put(&o, "url", base_url);
    put_headers(&o, c);
    json_put_flag(&o, "bearer", c->bearer != NULL);
    json_put(&o, "userAgent", e->config.user_agent);
    put_sampler(&o, &e->config.sampler);
    json_close_object(&o);
}

static const char *text_of(struct json_span value, struct arena *a)
{
    struct buf plain;
    const char *text;

    buf_init(&plain, value.n + 1);
    if (json_span_kind(value) == JSON_KIND_STRING) {
        json_span_unescape(value, &plain);
    }
    text = arena_text(a, buf_text(&plain));
    buf_done(&plain);
    return text;
}

static struct json_span member(struct json_span object, const char *name)
{
    return json_span_member(object, name, strlen(name));
}

static void read_headers(struct json_span from, struct arena *a,
                         struct service_config *out)
{
    const size_t n = json_span_count(from);
    struct service_header *headers = arena_take(a, (n + 1) * sizeof(*headers));
    struct json_walk walk = json_walk_of(from);
    struct json_span pair;
    size_t i = 0;

    while (json_walk_next(&walk, NULL, &pair)) {
        const struct json_span value = json_span_element(pair, 1);

        headers[i].name = text_of(json_span_element(pair, 0), a);
        headers[i].value = value.at != NULL ? text_of(value, a) : ADDRESS_HIDDEN;
        i++;
    }
    out->headers = headers;
    out->n_headers = i;
}

static void read_sampler(struct json_span from, struct arena *a,
                         struct trace_sampler *out)
{
    int64_t ignores = 0;
    int64_t root = 0;

    (void)json_span_int(json_span_element(from, 0), &ignores); /* We wrote them. */
    (void)json_span_int(json_span_element(from, 1), &root);
    out->ignores_parent = ignores != 0;
    out->root = (enum trace_root)root;
    out->ratio = strtod(text_of(json_span_element(from, 2), a), NULL);
}

enum err address_read(struct store_reader *r, uint64_t num, struct arena *a,
                      struct address_text *out, struct err_info *info)
{
    struct json_span all;
    const char *text;
    enum err e = store_read_vars(r, num, a, &text, info);

    if (e != ERR_OK) {
        return e;
    }
    all = json_span_of(text, strlen(text));
    *out = (struct address_text){.user_agent = text_of(member(all, "userAgent"), a)};
    out->config.url = text_of(member(all, "url"), a);
    read_headers(member(all, "headers"), a, &out->config);
    if (json_span_kind(member(all, "bearer")) == JSON_KIND_TRUE) {
        out->config.bearer = ADDRESS_HIDDEN;
    }
    read_sampler(member(all, "sampler"), a, &out->sampler);
    return ERR_OK;
}

/* ---- the engine's ---------------------------------------------------------------- */

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
    write_text(e, c, base_url, &text);
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
    if (address_read(engine_reader(e), num, e->scratch, &text, &info) != ERR_OK) {
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
    op->of.meta.name = META_NAME;
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

enum err address_find(struct store_reader *r, const char *service, struct arena *a,
                      uint64_t *out, struct err_info *info)
{
    const char *name = service != NULL ? service : "";
    const char *text;
    int64_t num;
    enum err e = store_read_meta(r, META_NAME, a, &text, info);

    if (e == ERR_NOT_FOUND) {
        return err_set(info, ERR_INVALID, "where services are is not written yet");
    }
    if (e != ERR_OK) {
        return e;
    }
    if (!json_span_int(member(json_span_of(text, strlen(text)), name), &num)) {
        return err_set(info, ERR_NOT_FOUND, "no service '%s'", name);
    }
    *out = (uint64_t)num;
    return ERR_OK;
}
