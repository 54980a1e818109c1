/* call_world.c - see call_world.h. */
#include "tests/support/call_world.h"

#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"

static const char *const outcome_words[] = {
#define X(name, text) text,
    OUTCOME_MAP(X)
#undef X
};

struct call_world world;

void call_world_put_service(const char *url)
{
    const struct service_config config = {.name = "shop", .url = url};

    services_put(world.services, &config);
    world.service = services_find(world.services, "shop");
}

void call_world_begin(void)
{
    struct calls_config config = {.user_agent = "sagad/test", .calls_max = 100};
    char url[64];

    (void)signal(SIGPIPE, SIG_IGN); /* As the daemon does. */
    json_init();
    world.server = scripted_server_start();
    world.services = services_create(100);
    ck_assert_int_eq(egress_create(NULL, 0, &world.egress, NULL), ERR_OK);
    config.egress = world.egress;
    ck_assert_int_eq(calls_create(&config, &world.calls, NULL), ERR_OK);
    buf_init(&world.headers, 1 << 20);
    buf_init(&world.body, 2 << 20);
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u",
                   scripted_server_port(world.server));
    call_world_put_service(url);
}

void call_world_finish(void)
{
    calls_destroy(world.calls);
    egress_destroy(world.egress);
    services_destroy(world.services);
    scripted_server_stop(world.server);
    buf_done(&world.headers);
    buf_done(&world.body);
}

void call_world_allow(const char *entry)
{
    egress_destroy(world.egress);
    ck_assert_int_eq(egress_create(&entry, 1, &world.egress, NULL), ERR_OK);
    calls_set_egress(world.calls, world.egress);
}

void call_world_ended(void *user, const struct call_answer *a)
{
    (void)user;
    world.n_ended++;
    world.last = *a;
    buf_clear(&world.headers);
    buf_add_text(&world.headers, a->headers);
    buf_clear(&world.body);
    buf_add(&world.body, a->body, a->body_n);
    (void)snprintf(world.detail, sizeof(world.detail), "%s", a->detail);
}

void call_world_run_until(unsigned n)
{
    while (world.n_ended < n) {
        calls_wait(world.calls, 1000);
        calls_run(world.calls, call_world_ended, NULL);
    }
}

struct call_request call_world_request(const char *path)
{
    return (struct call_request){.name = {.saga = 1, .turn = 2, .attempt = 1},
                                 .service = world.service,
                                 .method = "POST",
                                 .url = path,
                                 .body = "{\"a\":1}",
                                 .body_n = 7,
                                 .timeout_ms = CALL_WORLD_LONG_MS,
                                 .reads_answer = true};
}

const struct call_answer *call_world_send(const struct call_request *r)
{
    unsigned before = world.n_ended;

    calls_send(world.calls, r);
    call_world_run_until(before + 1);
    ck_assert_uint_eq(calls_in_flight(world.calls), 0);
    return &world.last;
}

const struct call_answer *call_world_call(const char *path)
{
    const struct call_request r = call_world_request(path);

    return call_world_send(&r);
}

/* "rc 52, status 0, sent, unknown" */
const char *call_world_words(const struct call_answer *a)
{
    static char text[120];
    const struct verdict_policy policy = {.call = CALL_ACTION, .reads_answer = true};
    struct verdict v = verdict_of(&a->facts, &policy);

    (void)snprintf(text, sizeof(text), "rc %d, status %ld, %s, %s", a->facts.curl_result,
                   a->facts.status, a->facts.request_bytes > 0 ? "sent" : "not sent",
                   outcome_words[v.outcome]);
    return text;
}
