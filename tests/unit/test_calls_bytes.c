/* What the server sees of a call (the option set of security.md) and what is made of
 * its answer. */
#include "engine/calls/calls.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "tests/support/call_world.h"
#include "tests/support/suite.h"

/* ---- what goes out
 * ----------------------------------------------------------------------------- */

static const char *request_seen(void)
{
    return scripted_server_last_request(world.server);
}

START_TEST(test_a_request_is_these_bytes_and_no_others)
{
    static const struct service_header headers[] = {{"Saga-Id", "s-1"}, {"X-Empty", ""}};
    char expected[512];
    struct call_request r;

    call_world_begin();
    r = call_world_request("/a/../b/%2e%2e/c?q=%20");
    r.headers = headers;
    r.n_headers = 2;
    (void)call_world_send(&r);
    (void)snprintf(expected, sizeof(expected),
                   "POST /a/../b/%%2e%%2e/c?q=%%20 HTTP/1.1\r\n"
                   "Host: 127.0.0.1:%u\r\n"
                   "Saga-Id: s-1\r\n"
                   "X-Empty:\r\n"
                   "Accept: application/json\r\n"
                   "User-Agent: sagad/test\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: 7\r\n"
                   "\r\n"
                   "{\"a\":1}",
                   scripted_server_port(world.server));
    ck_assert_str_eq(request_seen(), expected);
    call_world_finish();
}
END_TEST

START_TEST(test_each_method_goes_out_with_and_without_a_body)
{
    static const struct {
        const char *method;
        bool has_body;
        const char *length; /* The Content-Length that must or must not be there. */
    } cases[] = {{"GET", false, NULL},
                 {"HEAD", false, NULL},
                 {"DELETE", false, NULL},
                 {"POST", false, "Content-Length: 0\r\n"},
                 {"PUT", false, "Content-Length: 0\r\n"},
                 {"PATCH", false, "Content-Length: 0\r\n"},
                 {"GET", true, "Content-Length: 7\r\n"},
                 {"DELETE", true, "Content-Length: 7\r\n"},
                 {"POST", true, "Content-Length: 7\r\n"},
                 {"PUT", true, "Content-Length: 7\r\n"},
                 {"PATCH", true, "Content-Length: 7\r\n"}};

    call_world_begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct call_request r = call_world_request("/ok");
        char line[32];

        r.method = cases[i].method;
        r.body = cases[i].has_body ? r.body : NULL;
        ck_assert_int_eq(call_world_send(&r)->facts.status, 200);
        (void)snprintf(line, sizeof(line), "%s /ok HTTP/1.1\r\n", cases[i].method);
        ck_assert_msg(strncmp(request_seen(), line, strlen(line)) == 0, "%s",
                      request_seen());
        ck_assert((strstr(request_seen(), "Content-Type") != NULL) == cases[i].has_body);
        ck_assert_msg(cases[i].length != NULL
                          ? strstr(request_seen(), cases[i].length) != NULL
                          : strstr(request_seen(), "Content-Length") == NULL,
                      "%s", request_seen());
    }
    call_world_finish();
}
END_TEST

START_TEST(test_large_bodies_go_out_at_once_and_whole)
{
    static char body[60000];
    struct call_request r;

    call_world_begin();
    memset(body, 'x', sizeof(body));
    r = call_world_request("/ok");
    r.body = body;
    r.body_n = sizeof(body);
    ck_assert_int_eq(call_world_send(&r)->facts.status, 200);
    ck_assert_ptr_null(strstr(request_seen(), "Expect"));
    ck_assert_uint_eq(strlen(strstr(request_seen(), "\r\n\r\n") + 4), sizeof(body));
    call_world_finish();
}
END_TEST

START_TEST(test_the_services_headers_and_bearer_replace_the_definitions)
{
    static const struct service_header own[] = {
        {"Authorization", "mine"}, {"x-tenant", "mine"}, {"accept", "text/plain"}};
    static const struct service_header services[] = {{"X-Tenant", "t-1"},
                                                     {"User-Agent", "shop"}};
    struct service_config config = {
        .name = "shop", .headers = services, .n_headers = 2, .bearer = "secret"};
    char url[64];
    struct call_request r;

    call_world_begin();
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u/base/",
                   scripted_server_port(world.server));
    config.url = url;
    services_put(world.services, &config);
    r = call_world_request("ok");
    r.headers = own;
    r.n_headers = 3;
    ck_assert_int_eq(call_world_send(&r)->facts.status, 200);
    ck_assert_ptr_nonnull(strstr(request_seen(), "POST /base/ok HTTP/1.1"));
    ck_assert_ptr_nonnull(strstr(request_seen(), "\r\nAuthorization: Bearer secret\r\n"));
    ck_assert_ptr_nonnull(strstr(request_seen(), "\r\nX-Tenant: t-1\r\n"));
    ck_assert_ptr_nonnull(strstr(request_seen(), "\r\nUser-Agent: shop\r\n"));
    ck_assert_ptr_nonnull(strstr(request_seen(), "\r\naccept: text/plain\r\n"));
    ck_assert_ptr_null(strstr(request_seen(), "mine"));
    ck_assert_ptr_null(strstr(request_seen(), "application/json\r\nUser"));
    call_world_finish();
}
END_TEST

START_TEST(test_what_could_end_a_line_is_not_sent)
{
    static const struct service_header bad[] = {{"X-A", "v\r\nX-B: w"},
                                                {"X A", "v"},
                                                {"X-A:", "v"},
                                                {"", "v"},
                                                {"X-A", "tab\there"},
                                                {"Host", "b"},
                                                {"content-length", "3"},
                                                {"Transfer-Encoding", "chunked"},
                                                {"Expect", "100-continue"}};
    struct call_request r;

    call_world_begin();
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        r = call_world_request("/ok");
        r.headers = &bad[i];
        r.n_headers = 1;
        ck_assert_str_eq(call_world_words(call_world_send(&r)),
                         "rc 43, status 0, not sent, unsent");
        ck_assert_ptr_nonnull(strstr(world.detail, "header"));
    }
    r = call_world_request("/ok HTTP/1.1\r\nX: y");
    ck_assert_str_eq(call_world_words(call_world_send(&r)),
                     "rc 43, status 0, not sent, unsent");
    r = call_world_request("/ok");
    r.method = "PUT /admin HTTP/1.1\r\nFoo:";
    ck_assert_str_eq(call_world_words(call_world_send(&r)),
                     "rc 43, status 0, not sent, unsent");
    ck_assert_uint_eq(scripted_server_connections(world.server), 0);
    call_world_finish();
}
END_TEST

START_TEST(test_a_body_says_what_it_is)
{
    struct call_request r;

    call_world_begin();
    r = call_world_request("/ok");
    r.body = "{}";
    r.body_n = 2;
    r.content_type = "application/cloudevents+json";
    (void)call_world_send(&r);
    ck_assert_ptr_nonnull(
        strstr(request_seen(), "\r\nContent-Type: application/cloudevents+json\r\n"));
    ck_assert_ptr_null(strstr(request_seen(), "Content-Type: application/json"));
    call_world_finish();
}
END_TEST

START_TEST(test_the_environments_proxy_is_not_used)
{
    call_world_begin();
    (void)setenv("http_proxy", "http://127.0.0.1:9", 1);
    (void)setenv("ALL_PROXY", "http://127.0.0.1:9", 1);
    ck_assert_int_eq(call_world_call("/ok")->facts.status, 200);
    ck_assert_ptr_nonnull(strstr(request_seen(), "POST /ok HTTP/1.1"));
    call_world_finish();
}
END_TEST

START_TEST(test_redirects_and_cookies_are_not_followed)
{
    call_world_begin();
    ck_assert_int_eq(call_world_call("/redirect")->facts.status, 307);
    ck_assert_ptr_nonnull(strstr(world.headers.bytes, "\"location\":\"/ok\""));
    ck_assert_uint_eq(scripted_server_requests(world.server), 1);
    (void)call_world_call("/cookie");
    (void)call_world_call("/ok");
    ck_assert_ptr_null(strstr(request_seen(), "ookie"));
    call_world_finish();
}
END_TEST

/* ---- what comes back
 * ------------------------------------------------------------------------- */

START_TEST(test_headers_come_back_as_json_with_repeats_joined)
{
    call_world_begin();
    (void)call_world_call("/headers");
    ck_assert_str_eq(buf_text(&world.headers),
                     "{\"content-type\":\"application/json\",\"x-one\":\"a, b\\\"c\","
                     "\"etag\":\"\",\"content-length\":\"2\"}");
    (void)call_world_call("/interim_then_ok");
    ck_assert_ptr_null(strstr(buf_text(&world.headers), "early"));
    (void)call_world_call("/chunked");
    ck_assert_ptr_null(strstr(buf_text(&world.headers), "trailer"));
    ck_assert_str_eq(buf_text(&world.body), "{\"a\":1}");
    (void)call_world_call("/close_after_request");
    ck_assert_str_eq(buf_text(&world.headers), "{}");
    call_world_finish();
}
END_TEST

START_TEST(test_an_answer_over_the_read_cap_is_given_up)
{
    struct call_request r;

    call_world_begin();
    r = call_world_request("/big");
    (void)call_world_send(&r);
    ck_assert(world.last.facts.is_over_cap);
    ck_assert(world.last.is_truncated);
    ck_assert_uint_eq(world.body.n, LIMIT_ANSWER_READ);
    r.reads_answer = false;
    (void)call_world_send(&r);
    ck_assert(world.last.facts.is_over_cap);
    ck_assert_uint_eq(world.body.n, LIMIT_ANSWER_KEPT);
    call_world_finish();
}
END_TEST

START_TEST(test_an_answer_over_the_kept_cap_is_read_to_its_end_all_the_same)
{
    struct call_request r;

    call_world_begin();
    r = call_world_request("/half_big");
    r.reads_answer = false;
    (void)call_world_send(&r);
    ck_assert(!world.last.facts.is_over_cap);
    ck_assert(world.last.facts.body_complete);
    ck_assert(world.last.is_truncated);
    ck_assert_uint_eq(world.body.n, LIMIT_ANSWER_KEPT);
    (void)call_world_call("/ok"); /* On the same connection: nothing was left on it. */
    ck_assert_uint_eq(scripted_server_connections(world.server), 1);
    call_world_finish();
}
END_TEST

START_TEST(test_contradicting_framing_ends_the_connection)
{
    call_world_begin();
    (void)call_world_call("/ok");
    (void)call_world_call("/length_and_coding");
    ck_assert(world.last.facts.framing_is_bad);
    (void)call_world_call("/ok");
    ck_assert_uint_eq(scripted_server_connections(world.server), 2);
    call_world_finish();
}
END_TEST

START_TEST(test_retry_after_is_told_as_wall_time)
{
    static const struct {
        const char *value;
        int64_t seconds; /* From now; 0: ignored. */
    } cases[] = {{"120", 120},
                 {"99999999999", 365LL * 24 * 3600},
                 {"-5", 0},
                 {"1.5", 0},
                 {"soon", 0},
                 {"Thu, 01 Jan 1970 00:00:10 GMT", 0},
                 {"Fri, 31 Dec 9999 23:59:59 GMT", 365LL * 24 * 3600}};

    call_world_begin();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char bytes[200];
        char name[16];
        char path[20];

        (void)snprintf(name, sizeof(name), "retry%zu", i);
        (void)snprintf(path, sizeof(path), "/%s", name);
        (void)snprintf(bytes, sizeof(bytes),
                       "HTTP/1.1 503 Busy\r\nRetry-After: %s\r\n"
                       "Content-Length: 0\r\n\r\n",
                       cases[i].value);
        scripted_server_add(world.server, name, bytes, strlen(bytes), SCRIPT_KEEP);
        (void)call_world_call(path);
        ck_assert_msg(world.last.facts.retry_after_ms ==
                          (cases[i].seconds == 0
                               ? 0
                               : world.last.ended_ms + (uint64_t)cases[i].seconds * 1000),
                      "%s", cases[i].value);
    }
    call_world_finish();
}
END_TEST

START_TEST(test_json_is_looked_at_only_where_it_is_read)
{
    struct call_request r;

    call_world_begin();
    ck_assert(call_world_call("/ok")->facts.is_json);
    ck_assert(!call_world_call("/http204")->facts.is_json);
    r = call_world_request("/ok");
    r.reads_answer = false;
    ck_assert(!call_world_send(&r)->facts.is_json);
    call_world_finish();
}
END_TEST

START_TEST(test_timings_and_name_come_back_with_the_answer)
{
    struct call_request r;

    call_world_begin();
    r = call_world_request("/ok");
    r.name = (struct call_name){.saga = 7,
                                .turn = 8,
                                .step = 9,
                                .item = 10,
                                .call = CALL_COMPENSATION,
                                .attempt = 11};
    (void)call_world_send(&r);
    ck_assert_uint_eq(world.last.name.saga, 7);
    ck_assert_uint_eq(world.last.name.turn, 8);
    ck_assert_uint_eq(world.last.name.step, 9);
    ck_assert_uint_eq(world.last.name.item, 10);
    ck_assert_uint_eq(world.last.name.attempt, 11);
    ck_assert_ptr_eq(world.last.service, world.service);
    ck_assert(world.last.timings.total > 0);
    ck_assert(world.last.timings.first_byte > 0);
    ck_assert(world.last.timings.tls < 0);
    ck_assert_uint_ge(world.last.ended_ms, world.last.started_ms);
    call_world_finish();
}
END_TEST

int main(void)
{
    return suite_main("calls_bytes", test_a_request_is_these_bytes_and_no_others,
                      test_each_method_goes_out_with_and_without_a_body,
                      test_large_bodies_go_out_at_once_and_whole,
                      test_the_services_headers_and_bearer_replace_the_definitions,
                      test_what_could_end_a_line_is_not_sent, test_a_body_says_what_it_is,
                      test_the_environments_proxy_is_not_used,
                      test_redirects_and_cookies_are_not_followed,
                      test_headers_come_back_as_json_with_repeats_joined,
                      test_an_answer_over_the_read_cap_is_given_up,
                      test_an_answer_over_the_kept_cap_is_read_to_its_end_all_the_same,
                      test_contradicting_framing_ends_the_connection,
                      test_retry_after_is_told_as_wall_time,
                      test_json_is_looked_at_only_where_it_is_read,
                      test_timings_and_name_come_back_with_the_answer);
}
