/* Real calls against a server that misbehaves as told: what comes back is judged by
 * verdict.c and compared with the measured table of semantics.md. */
#include "engine/calls/calls.h"

#include <arpa/inet.h>
#include <check.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clk.h"
#include "tests/support/call_world.h"
#include "tests/support/suite.h"

/* ---- the measured table
 * ------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *words;
} table[] = {
    {"/ok", "rc 0, status 200, sent, succeeded"},
    {"/http500", "rc 0, status 500, sent, unknown"},
    {"/http422", "rc 0, status 422, sent, rejected"},
    {"/http999", "rc 0, status 999, sent, unknown"},
    {"/close_after_request", "rc 52, status 0, sent, unknown"},
    {"/rst_after_request", "rc 56, status 0, sent, unknown"},
    {"/garbage", "rc 1, status 0, sent, unknown"},
    {"/http09", "rc 1, status 0, sent, unknown"},
    {"/partial_body", "rc 18, status 200, sent, unknown"},
    {"/chunk_cut", "rc 18, status 200, sent, unknown"},
    {"/rst_mid_body", "rc 56, status 200, sent, unknown"},
    {"/header_cut", "rc 0, status 200, sent, unknown"},
    {"/header_cut_after_line", "rc 0, status 200, sent, unknown"},
    {"/no_length_cut_json", "rc 0, status 200, sent, unknown"},
    {"/no_length", "rc 0, status 200, sent, succeeded"},
    {"/two_lengths", "rc 23, status 200, sent, unknown"},
    {"/length_and_coding", "rc 23, status 200, sent, unknown"},
    {"/same_length_twice", "rc 0, status 200, sent, succeeded"},
    {"/chunked", "rc 0, status 200, sent, succeeded"},
    {"/interim_then_ok", "rc 0, status 200, sent, succeeded"},
    {"/redirect", "rc 0, status 307, sent, rejected"},
};

START_TEST(test_each_misbehaviour_has_the_outcome_of_the_measured_table)
{
    call_world_begin();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        const char *got = call_world_words(call_world_call(table[i].path));

        ck_assert_msg(strcmp(got, table[i].words) == 0, "%s: %s (%s)", table[i].path, got,
                      world.detail);
    }
    call_world_finish();
}
END_TEST

START_TEST(test_a_header_block_that_is_cut_anywhere_is_no_answer)
{
    static const char *const paths[] = {"/status_cut", "/interim_only", "/header_cut",
                                        "/header_cut_after_line"};

    call_world_begin();
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        const char *got = call_world_words(call_world_call(paths[i]));

        ck_assert_msg(strstr(got, "sent, unknown") != NULL, "%s: %s", paths[i], got);
        ck_assert(!world.last.facts.headers_complete);
        ck_assert(!verdict_is_answer(&world.last.facts));
    }
    call_world_finish();
}
END_TEST

/* A call that times out once the request is out, and the answer's head is in if it has
 * one: on a busy machine a short time is over before that, so it is given longer ones. */
static const char *words_of_timeout(const char *path, long status)
{
    struct call_request r = call_world_request(path);
    const struct call_answer *a;

    r.timeout_ms = 100;
    do {
        a = call_world_send(&r);
        r.timeout_ms *= 2;
    } while (r.timeout_ms < CALL_WORLD_LONG_MS &&
             (a->facts.request_bytes == 0 || a->facts.status != status));
    return call_world_words(a);
}

START_TEST(test_a_timeout_is_unknown_once_the_request_is_out)
{
    call_world_begin();
    ck_assert_str_eq(words_of_timeout("/hang", 0), "rc 28, status 0, sent, unknown");
    ck_assert_str_eq(words_of_timeout("/hang_mid_body", 200),
                     "rc 28, status 200, sent, unknown");
    call_world_finish();
}
END_TEST

START_TEST(test_nobody_listening_is_unsent)
{
    char url[64];

    call_world_begin();
    (void)call_world_call("/close_all"); /* Closes the listener. */
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u",
                   scripted_server_port(world.server));
    ck_assert_str_eq(call_world_words(call_world_call("/ok")),
                     "rc 7, status 0, not sent, unsent");
    call_world_finish();
}
END_TEST

START_TEST(test_a_name_that_does_not_resolve_is_unsent)
{
    call_world_begin();
    call_world_put_service("http://nonexistent.invalid");
    ck_assert_str_eq(call_world_words(call_world_call("/ok")),
                     "rc 6, status 0, not sent, unsent");
    call_world_finish();
}
END_TEST

START_TEST(test_names_are_resolved_beside_the_loop_and_called)
{
    char url[64];

    call_world_begin();
    (void)snprintf(url, sizeof(url), "http://localhost:%u",
                   scripted_server_port(world.server));
    call_world_put_service(url);
    for (unsigned i = 0; i < 3; i++) {
        (void)call_world_call(i < 2 ? "/ok" : "/close_after_request");
    }
    ck_assert_str_eq(call_world_words(call_world_call("/ok")),
                     "rc 0, status 200, sent, succeeded");
    call_world_finish();
}
END_TEST

START_TEST(test_a_tls_handshake_that_fails_is_unsent)
{
    char url[64];

    call_world_begin();
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u",
                   scripted_server_port(world.server));
    call_world_put_service(url);
    ck_assert_str_eq(call_world_words(call_world_call("/ok")),
                     "rc 35, status 0, not sent, unsent");
    call_world_finish();
}
END_TEST

/* A listener whose backlog takes connections that nobody accepts. */
static int silent_listener(unsigned *port_out)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t n = sizeof(at);
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
    ck_assert_int_eq(listen(fd, 8), 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *port_out = ntohs(at.sin_port);
    return fd;
}

START_TEST(test_a_tls_handshake_that_hangs_is_unsent)
{
    char url[64];
    unsigned port;
    int fd = silent_listener(&port);
    struct call_request r;

    call_world_begin();
    (void)snprintf(url, sizeof(url), "https://127.0.0.1:%u", port);
    call_world_put_service(url);
    r = call_world_request("/ok");
    r.timeout_ms = 100;
    ck_assert_str_eq(call_world_words(call_world_send(&r)),
                     "rc 28, status 0, not sent, unsent");
    call_world_finish();
    (void)close(fd);
}
END_TEST

START_TEST(test_a_connection_closed_right_after_accept_is_unknown)
{
    call_world_begin();
    scripted_server_refuse_next(world.server);
    (void)call_world_call("/ok");
    ck_assert_int_eq(world.last.facts.status, 0);
    ck_assert(world.last.facts.request_bytes > 0);
    ck_assert_ptr_nonnull(strstr(call_world_words(&world.last), "unknown"));
    call_world_finish();
}
END_TEST

START_TEST(test_a_reused_connection_that_dies_is_unknown_even_if_then_refused)
{
    call_world_begin();
    ck_assert_str_eq(call_world_words(call_world_call("/ok")),
                     "rc 0, status 200, sent, succeeded");
    (void)call_world_call(
        "/close_all"); /* Read on the kept connection; then nobody listens. */
    ck_assert_uint_eq(scripted_server_requests(world.server), 2);
    ck_assert_str_eq(call_world_words(&world.last), "rc 7, status 0, sent, unknown");
    call_world_finish();
}
END_TEST

/* ---- egress
 * ---------------------------------------------------------------------------------- */

static struct call_request absolute_request(const char *host, char *url, size_t room)
{
    struct call_request r;

    (void)snprintf(url, room, "http://%s:%u/ok", host,
                   scripted_server_port(world.server));
    r = call_world_request(url);
    r.is_absolute = true;
    r.service = services_of_url(world.services, url);
    return r;
}

START_TEST(test_an_absolute_url_needs_its_host_allowed)
{
    char url[64];
    struct call_request r;

    call_world_begin();
    r = absolute_request("127.0.0.1", url, sizeof(url));
    ck_assert_str_eq(call_world_words(call_world_send(&r)),
                     "rc 43, status 0, not sent, unsent");
    ck_assert_ptr_nonnull(strstr(world.detail, "egress.allow"));
    call_world_allow("127.0.0.1");
    ck_assert_str_eq(call_world_words(call_world_send(&r)),
                     "rc 0, status 200, sent, succeeded");
    call_world_finish();
}
END_TEST

START_TEST(test_link_local_and_metadata_addresses_are_refused_to_services_too)
{
    call_world_begin();
    call_world_put_service("http://169.254.169.254");
    ck_assert_str_eq(call_world_words(call_world_call("/ok")),
                     "rc 42, status 0, not sent, unsent");
    ck_assert_ptr_nonnull(strstr(world.detail, "metadata"));
    call_world_finish();
}
END_TEST

START_TEST(test_the_address_is_checked_before_connecting)
{
    char url[64];
    struct call_request r;

    call_world_begin();
    call_world_allow("127.0.0.1");
    r = absolute_request("127.0.0.1", url, sizeof(url));
    calls_send(world.calls, &r);
    call_world_allow("shop.example"); /* New rules before the socket is opened. */
    call_world_run_until(1);
    ck_assert_str_eq(call_world_words(&world.last), "rc 42, status 0, not sent, unsent");
    (void)call_world_call("/ok"); /* Only this one gets as far as a connection. */
    ck_assert_uint_eq(scripted_server_connections(world.server), 1);
    call_world_finish();
}
END_TEST

START_TEST(test_the_address_is_checked_on_a_kept_connection_too)
{
    char url[64];
    struct call_request r;

    call_world_begin();
    call_world_allow("127.0.0.1");
    r = absolute_request("127.0.0.1", url, sizeof(url));
    ck_assert_int_eq(call_world_send(&r)->facts.status, 200);
    calls_send(world.calls, &r);
    call_world_allow("shop.example"); /* New rules before the connection is used again. */
    call_world_run_until(2);
    ck_assert_uint_eq(scripted_server_requests(world.server), 1);
    ck_assert_str_eq(call_world_words(&world.last), "rc 42, status 0, not sent, unsent");
    ck_assert_ptr_nonnull(strstr(world.detail, "loopback"));
    call_world_finish();
}
END_TEST

START_TEST(test_odd_spellings_of_loopback_reach_nothing)
{
    static const char *const hosts[] = {"0x7f000001", "2130706433", "127.1", "0",
                                        "[::ffff:127.0.0.1]"};
    char url[64];

    call_world_begin();
    call_world_allow("shop.example");
    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        const struct call_request r = absolute_request(hosts[i], url, sizeof(url));

        (void)call_world_send(&r);
        ck_assert_ptr_nonnull(strstr(call_world_words(&world.last), "not sent, unsent"));
    }
    ck_assert_uint_eq(scripted_server_connections(world.server), 0);
    call_world_finish();
}
END_TEST

/* ---- many
 * ------------------------------------------------------------------------------------ */

START_TEST(test_a_call_in_flight_says_when_it_ends_at_latest)
{
    struct call_request r;
    uint64_t before_ms;

    call_world_begin();
    r = call_world_request("/hold");
    r.name = (struct call_name){.saga = 5, .step = 3, .item = SAGA_NO_ITEM};
    before_ms = clk_wall_ms();
    calls_send(world.calls, &r);
    ck_assert_uint_eq(calls_in_flight(world.calls), 1);
    ck_assert_uint_ge(calls_ends_at(world.calls, 5, 3, SAGA_NO_ITEM),
                      before_ms + CALL_WORLD_LONG_MS);
    ck_assert_uint_eq(calls_ends_at(world.calls, 5, 4, SAGA_NO_ITEM), 0);
    while (scripted_server_requests(world.server) == 0) {
        calls_run(world.calls, call_world_ended, NULL);
    }
    scripted_server_release(world.server);
    call_world_run_until(1);
    ck_assert_uint_eq(calls_ends_at(world.calls, 5, 3, SAGA_NO_ITEM), 0);
    call_world_finish();
}
END_TEST

START_TEST(test_calls_run_side_by_side_and_reuse_their_connections)
{
    const unsigned n = 60;

    call_world_begin();
    for (unsigned round = 1; round <= 3; round++) {
        for (unsigned i = 0; i < n; i++) {
            struct call_request r = call_world_request("/hold");

            r.name.saga = i;
            calls_send(world.calls, &r);
        }
        while (scripted_server_requests(world.server) < n * round) {
            calls_run(world.calls, call_world_ended, NULL);
        }
        scripted_server_release(world.server);
        call_world_run_until(n * round);
    }
    ck_assert_uint_eq(scripted_server_connections(world.server), n);
    call_world_finish();
}
END_TEST

static void send_again(void *user, const struct call_answer *a)
{
    const struct call_request *r = user;

    call_world_ended(NULL, a);
    if (world.n_ended < 50) {
        calls_send(world.calls, r);
    }
}

START_TEST(test_an_answers_receiver_may_send_the_next_call)
{
    struct call_request r;

    call_world_begin();
    r = call_world_request("/ok");
    calls_send(world.calls, &r);
    while (world.n_ended < 50) {
        calls_wait(world.calls, 1000);
        calls_run(world.calls, send_again, &r);
    }
    ck_assert_uint_eq(scripted_server_requests(world.server), 50);
    ck_assert_uint_eq(scripted_server_connections(world.server), 1);
    call_world_finish();
}
END_TEST

START_TEST(test_calls_cut_by_the_end_are_freed)
{
    call_world_begin();
    for (unsigned i = 0; i < 5; i++) {
        struct call_request r = call_world_request(i < 4 ? "/hold" : "/bad url");

        calls_send(world.calls, &r);
    }
    calls_run(world.calls, call_world_ended, NULL);
    call_world_finish(); /* The sanitizer's build looks at what is left. */
}
END_TEST

static void *wake(void *user)
{
    calls_wake(user);
    return NULL;
}

START_TEST(test_a_wake_from_another_thread_ends_the_sleep)
{
    pthread_t thread;

    call_world_begin();
    ck_assert_int_eq(pthread_create(&thread, NULL, wake, world.calls), 0);
    calls_wait(world.calls, -1); /* Without the wake, for ever. */
    (void)pthread_join(thread, NULL);
    calls_run(world.calls, call_world_ended, NULL);
    calls_wait(world.calls, 1); /* The wake is used up. */
    call_world_finish();
}
END_TEST

int main(void)
{
    return suite_main(
        "calls", test_each_misbehaviour_has_the_outcome_of_the_measured_table,
        test_a_header_block_that_is_cut_anywhere_is_no_answer,
        test_a_timeout_is_unknown_once_the_request_is_out,
        test_nobody_listening_is_unsent, test_a_name_that_does_not_resolve_is_unsent,
        test_names_are_resolved_beside_the_loop_and_called,
        test_a_tls_handshake_that_fails_is_unsent,
        test_a_tls_handshake_that_hangs_is_unsent,
        test_a_connection_closed_right_after_accept_is_unknown,
        test_a_reused_connection_that_dies_is_unknown_even_if_then_refused,
        test_an_absolute_url_needs_its_host_allowed,
        test_link_local_and_metadata_addresses_are_refused_to_services_too,
        test_the_address_is_checked_before_connecting,
        test_the_address_is_checked_on_a_kept_connection_too,
        test_odd_spellings_of_loopback_reach_nothing,
        test_a_call_in_flight_says_when_it_ends_at_latest,
        test_calls_run_side_by_side_and_reuse_their_connections,
        test_an_answers_receiver_may_send_the_next_call,
        test_calls_cut_by_the_end_are_freed,
        test_a_wake_from_another_thread_ends_the_sleep);
}
