/* address_text.c - see address_text.h. */
#include "engine/view/address_text.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

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

void address_text_write(const struct service_config *c, const char *base_url,
                        const char *user_agent, const struct trace_sampler *sampler,
                        struct buf *out)
{
    struct json_out o;

    json_out_init(&o, out);
    json_open_object(&o);
    json_put(&o, "url", base_url);
    put_headers(&o, c);
    json_put_flag(&o, "bearer", c->bearer != NULL);
    json_put(&o, "userAgent", user_agent);
    put_sampler(&o, sampler);
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

enum err address_text_read(struct store_reader *r, uint64_t num, struct arena *a,
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

enum err address_text_find(struct store_reader *r, const char *service, struct arena *a,
                           uint64_t *out, struct err_info *info)
{
    const char *name = service != NULL ? service : "";
    const char *text;
    int64_t num;
    enum err e = store_read_meta(r, ADDRESS_META, a, &text, info);

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
