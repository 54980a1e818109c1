/* service_write.c - how services stand, for people: see service.h. */
#include <assert.h>

#include "engine/calls/service_parts.h"

static const char *breaker_word(enum breaker_state state)
{
    switch (state) {
    case BREAKER_CLOSED:
        return "closed";
    case BREAKER_IS_OPEN:
        return "open";
    case BREAKER_HALF_OPEN:
        return "half-open";
    }
    assert(false);
    return "";
}

static void write_breaker(const struct service *s, uint64_t mono_ms, struct json_out *out)
{
    const uint64_t since_ms = s->breaker.since_ms;

    json_key(out, "breaker");
    json_open_object(out);
    json_put(out, "state", breaker_word(breaker_shown(&s->breaker)));
    json_put_time(out, "since", since_ms == 0 ? 0 : since_ms + s->all->wall_less_mono_ms);
    json_put_number(out, "failures", breaker_failures(&s->breaker, mono_ms));
    json_close_object(out);
}

static void write_rate(const struct service *s, struct json_out *out)
{
    struct buf text;

    if (s->config.rate_per_s == 0) {
        json_put(out, "rate", NULL);
        return;
    }
    buf_init(&text, 32);
    buf_printf(&text, "%u/s", s->config.rate_per_s);
    json_put(out, "rate", buf_text(&text));
    buf_done(&text);
}

void service_write(const struct service *s, uint64_t mono_ms, struct json_out *out)
{
    json_open_object(out);
    json_put(out, "name", s->config.name);
    json_put(out, "url", s->config.url);
    write_breaker(s, mono_ms, out);
    json_put_number(out, "inFlight", s->in_flight);
    json_put_number(out, "queued", s->line.n);
    json_put_number(out, "maxConcurrent", s->config.concurrent_max);
    write_rate(s, out);
    json_put_flag(out, "paused", s->is_paused);
    json_close_object(out);
}

/* One that is configured no more goes when its last call has ended. */
static bool is_shown(const struct service *s)
{
    return !s->is_missing || s->in_flight > 0;
}

void services_write(const struct services *s, uint64_t mono_ms, struct json_out *out)
{
    for (size_t i = 0; i < s->n; i++) {
        if (is_shown(s->by_name[i])) {
            service_write(s->by_name[i], mono_ms, out);
        }
    }
}

static void metric_line(struct buf *out, const char *metric, const char *service,
                        uint32_t value)
{
    buf_printf(out, "%s{service=\"", metric);
    for (const char *at = service; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            buf_add_char(out, '\\');
        }
        if (*at == '\n') {
            buf_add_text(out, "\\n");
        } else {
            buf_add_char(out, *at);
        }
    }
    buf_printf(out, "\"} %u\n", value);
}

void services_metrics(const struct services *s, struct buf *out)
{
    buf_add_text(out, "# HELP sagad_calls_in_flight Calls out at the moment.\n"
                      "# TYPE sagad_calls_in_flight gauge\n");
    for (size_t i = 0; i < s->n; i++) {
        if (is_shown(s->by_name[i])) {
            metric_line(out, "sagad_calls_in_flight", s->by_name[i]->config.name,
                        s->by_name[i]->in_flight);
        }
    }
    buf_add_text(out,
                 "# HELP sagad_breaker_open 1 while the breaker lets no call or only "
                 "its probe through.\n"
                 "# TYPE sagad_breaker_open gauge\n");
    for (size_t i = 0; i < s->n; i++) {
        bool is_open = breaker_shown(&s->by_name[i]->breaker) != BREAKER_CLOSED;

        if (is_shown(s->by_name[i])) {
            metric_line(out, "sagad_breaker_open", s->by_name[i]->config.name,
                        is_open ? 1 : 0);
        }
    }
}
