/* The breaker of a service (S50), its configuration and what is shown of it. */
#include "engine/calls/breaker.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/service_world.h"
#include "tests/support/suite.h"

/* ---- breaker
 * ------------------------------------------------------------------------------ */

static struct service *with_breaker(uint32_t concurrent_max)
{
    const struct service_config config = {.name = "pay",
                                          .url = "http://p",
                                          .concurrent_max = concurrent_max,
                                          .breaker_failures = 3,
                                          .breaker_window_ms = 1000,
                                          .breaker_open_ms = 500};

    services_put(all, &config);
    return services_find(all, "pay");
}

static void fail_once(struct service *s, uint64_t mono_ms)
{
    ck_assert_int_eq(ask(s, 1000 + mono_ms, mono_ms), SAGA_SLOT_GRANTED);
    service_ended(s, true, mono_ms);
}

START_TEST(test_the_breaker_opens_after_enough_failures_within_the_window)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    fail_once(pay, T0);
    fail_once(pay, T0 + 600);
    fail_once(pay, T0 + 1200); /* The first is out of the window. */
    fail_once(pay, T0 + 1500);
    ck_assert_int_eq(ask(pay, 1, T0 + 1500), SAGA_SLOT_BREAKER);
    ck_assert_uint_eq(services_wake_at(all), T0 + 2000);
    services_destroy(all);
}
END_TEST

START_TEST(test_half_open_lets_one_call_through_and_a_good_one_closes)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    for (unsigned i = 0; i < 3; i++) {
        fail_once(pay, T0);
    }
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_BREAKER);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_BREAKER);
    ck_assert_str_eq(grants(T0 + 499), "");
    ck_assert(!service_is_probing(pay));
    ck_assert_str_eq(grants(T0 + 500), "pay 1");
    ck_assert(service_is_probing(pay));
    ck_assert_int_eq(ask(pay, 3, T0 + 600), SAGA_SLOT_BREAKER);
    ck_assert_uint_eq(services_wake_at(all), 0);
    service_ended(pay, false, T0 + 700);
    ck_assert(!service_is_probing(pay));
    ck_assert_str_eq(grants(T0 + 700), "pay 2, pay 3");
    services_destroy(all);
}
END_TEST

START_TEST(test_a_failed_probe_opens_the_breaker_again)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    for (unsigned i = 0; i < 3; i++) {
        fail_once(pay, T0);
    }
    fail_once(pay, T0 + 500);
    ck_assert_int_eq(ask(pay, 1, T0 + 501), SAGA_SLOT_BREAKER);
    ck_assert_uint_eq(services_wake_at(all), T0 + 1000);
    services_destroy(all);
}
END_TEST

START_TEST(test_older_calls_that_fail_late_are_not_taken_for_the_probe)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    (void)ask(pay, 1, T0); /* Hangs until it times out. */
    for (unsigned i = 0; i < 3; i++) {
        fail_once(pay, T0);
    }
    ck_assert_int_eq(ask(pay, 2, T0 + 500), SAGA_SLOT_GRANTED);
    service_ended(pay, true, T0 + 510);
    ck_assert(service_is_probing(pay));
    service_ended(pay, true, T0 + 520);
    ck_assert(!service_is_probing(pay));
    ck_assert_int_eq(ask(pay, 3, T0 + 600), SAGA_SLOT_BREAKER);
    ck_assert_uint_eq(services_wake_at(all), T0 + 1020);
    services_destroy(all);
}
END_TEST

START_TEST(test_a_probe_that_came_to_nothing_lets_the_next_one_probe)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    for (unsigned i = 0; i < 3; i++) {
        fail_once(pay, T0);
    }
    ck_assert_int_eq(ask(pay, 1, T0 + 500), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 2, T0 + 500), SAGA_SLOT_BREAKER);
    service_release(pay);
    ck_assert_str_eq(grants(T0 + 500), "pay 2");
    services_destroy(all);
}
END_TEST

START_TEST(test_an_operator_holds_the_breaker_open_or_closed)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    service_set_breaker(pay, SERVICE_BREAKER_OPEN, "ann", T0);
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_BREAKER);
    ck_assert_uint_eq(services_wake_at(all), 0);
    service_set_breaker(pay, SERVICE_BREAKER_CLOSED, "ann", T0);
    ck_assert_str_eq(grants(T0), "pay 1");
    for (unsigned i = 0; i < 5; i++) {
        fail_once(pay, T0);
    }
    service_set_breaker(pay, SERVICE_BREAKER_AUTO, "ann", T0);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_GRANTED);
    services_destroy(all);
}
END_TEST

static const char *written(const struct service *s, uint64_t mono_ms)
{
    static char words[1024];
    struct json_out out;
    struct buf text;

    buf_init(&text, sizeof(words) - 1);
    json_out_init(&out, &text);
    services_set_clock(all, mono_ms,
                       WALL + mono_ms + (mono_ms == T0 ? 0 : 2)); /* A little off. */
    service_write(s, mono_ms, &out);
    (void)snprintf(words, sizeof(words), "%s", buf_text(&text));
    buf_done(&text);
    return words;
}

START_TEST(test_since_tells_when_what_is_shown_began_also_when_held)
{
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10); /* Never asked for a slot. */
    ck_assert_ptr_nonnull(strstr(written(pay, T0), "\"closed\",\"since\":null"));
    service_set_breaker(pay, SERVICE_BREAKER_OPEN, "ann", T0 + 1000);
    ck_assert_ptr_nonnull(strstr(written(pay, T0 + 5000),
                                 "\"open\",\"since\":\"2025-11-24T16:16:41.000Z\""));
    service_set_breaker(pay, SERVICE_BREAKER_OPEN, "bob", T0 + 2000);
    ck_assert_ptr_nonnull(strstr(written(pay, T0 + 5000),
                                 "\"open\",\"since\":\"2025-11-24T16:16:41.000Z\""));
    service_set_breaker(pay, SERVICE_BREAKER_AUTO, "ann", T0 + 3000);
    ck_assert_ptr_nonnull(strstr(written(pay, T0 + 5000),
                                 "\"closed\",\"since\":\"2025-11-24T16:16:43.000Z\""));
    services_destroy(all);
}
END_TEST

static struct board_facts facts_of(const char *name)
{
    struct board_facts facts;

    ck_assert(board_read(services_board(all), name, &facts));
    return facts;
}

START_TEST(test_the_board_says_what_keeps_calls_waiting)
{
    struct service *pay;

    all = services_create(100);
    ck_assert(!board_read(services_board(all), "pay", &(struct board_facts){0}));
    pay = with_breaker(2);
    for (unsigned i = 0; i < 3; i++) {
        fail_once(pay, T0);
    }
    (void)ask(pay, 1, T0);
    (void)ask(pay, 2, T0);
    ck_assert_int_eq(facts_of("pay").breaker, BOARD_BREAKER_OPEN);
    ck_assert_uint_eq(facts_of("pay").open_until_ms, T0 + 500);
    ck_assert_uint_eq(facts_of("pay").queued, 2);
    services_forget(all, 2);
    ck_assert_uint_eq(facts_of("pay").queued, 1);
    ck_assert_str_eq(grants(T0 + 500), "pay 1");
    ck_assert_int_eq(facts_of("pay").breaker, BOARD_BREAKER_HALF_OPEN);
    ck_assert_uint_eq(facts_of("pay").in_flight, 1);
    ck_assert_uint_eq(facts_of("pay").queued, 0);
    service_ended(pay, false, T0 + 600);
    ck_assert_int_eq(facts_of("pay").breaker, BOARD_BREAKER_CLOSED);
    ck_assert_uint_eq(facts_of("pay").in_flight, 0);
    service_set_breaker(pay, SERVICE_BREAKER_OPEN, "ann", T0);
    service_set_paused(pay, true, "bob");
    ck_assert_int_eq(facts_of("pay").breaker, BOARD_BREAKER_HELD_OPEN);
    ck_assert_str_eq(facts_of("pay").held_by, "ann");
    ck_assert(facts_of("pay").is_paused);
    ck_assert_str_eq(facts_of("pay").paused_by, "bob");
    service_set_paused(pay, false, "ann");
    ck_assert(!facts_of("pay").is_paused);
    services_set_hold(all, BOARD_HOLD_DISK);
    ck_assert_int_eq(board_hold_of(services_board(all)), BOARD_HOLD_DISK);
    services_destroy(all);
}
END_TEST

START_TEST(test_a_service_put_no_more_grants_nothing_and_goes_with_its_last_call)
{
    struct buf text;
    struct service *pay;

    all = services_create(100);
    (void)add("stock", 7);
    pay = with_breaker(10);
    service_set_paused(pay, false, "ann");
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    services_begin(all);
    (void)add("stock", 7);
    services_end(all);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_MISSING);
    ck_assert(facts_of("pay").is_missing);
    buf_init(&text, 8192);
    services_metrics(all, &text);
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "{service=\"pay\"} 1\n"));
    service_ended(pay, true, T0);
    buf_clear(&text);
    services_metrics(all, &text);
    ck_assert_ptr_null(strstr(buf_text(&text), "pay"));
    ck_assert_ptr_nonnull(strstr(buf_text(&text), "{service=\"stock\"} 0\n"));
    pay = with_breaker(10); /* It comes back: who waited goes. */
    ck_assert_str_eq(grants(T0), "pay 2");
    buf_done(&text);
    services_destroy(all);
}
END_TEST

/* ---- configuration and what is shown
 * --------------------------------------------------------- */

START_TEST(test_new_limits_take_effect_at_once_and_keep_the_queue)
{
    struct service *pay;

    all = services_create(100);
    pay = add("pay", 1);
    (void)ask(pay, 1, T0);
    (void)ask(pay, 2, T0);
    (void)ask(pay, 3, T0);
    ck_assert_ptr_eq(add("pay", 2), pay);
    ck_assert_str_eq(grants(T0), "pay 2");
    services_destroy(all);
}
END_TEST

START_TEST(test_texts_are_copied_and_defaults_filled_in)
{
    char name[] = "pay";
    char value[] = "v";
    const struct service_header header = {"X-A", value};
    const struct service_config config = {
        .name = name, .url = "http://p", .headers = &header, .n_headers = 1};
    const struct service_config *kept;

    all = services_create(0);
    services_put(all, &config);
    name[0] = 'x';
    value[0] = 'x';
    kept = service_config_of(services_find(all, "pay"));
    ck_assert_str_eq(kept->name, "pay");
    ck_assert_str_eq(kept->headers[0].value, "v");
    ck_assert_uint_eq(kept->concurrent_max, LIMIT_SERVICE_CONCURRENT);
    services_put(all, kept); /* Also from its own texts. */
    ck_assert_str_eq(service_name(services_find(all, "pay")), "pay");
    services_destroy(all);
}
END_TEST

START_TEST(test_an_absolute_url_has_a_service_per_origin)
{
    struct service *s;

    all = services_create(100);
    s = services_of_url(all, "https://Shop.Example:443/a?b=c");
    ck_assert_str_eq(service_name(s), "https://shop.example");
    ck_assert_ptr_eq(services_of_url(all, "https://shop.example"), s);
    ck_assert_ptr_ne(services_of_url(all, "http://shop.example/"), s);
    ck_assert_str_eq(service_name(services_of_url(all, "http://[::1]:8080/x")),
                     "http://[::1]:8080");
    services_destroy(all);
}
END_TEST

START_TEST(test_urls_that_could_be_read_in_two_ways_have_no_service)
{
    static const char *const bad[] = {
        "ftp://a/",         "file:///etc/passwd", "//a/",          "/a",
        "http://",          "http:///a",          "http://u@a/",   "http://a:0/",
        "http://a:65536/",  "http://a:/",         "http://a\\b/",  "http://a/b c",
        "http://a/\r\nX:",  "http://[::1",        "http://[]/",    "http://a#@b/",
        "http://\xc3\xa4/", "http://a/\x7f",      "http://a:80x/", ""};

    all = services_create(100);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(services_of_url(all, bad[i]) == NULL, "%s", bad[i]);
    }
    services_destroy(all);
}
END_TEST

static void put(const char *name, const char *url)
{
    const struct service_config config = {.name = name, .url = url};

    services_put(all, &config);
}

START_TEST(test_a_url_belongs_to_the_configured_service_whose_base_it_continues)
{
    static const struct {
        const char *url;
        const char *name; /* NULL: none. */
        const char *rest;
    } cases[] = {
        {"https://shop.example/api/hooks?a=b", "api", "/hooks?a=b"},
        {"https://shop.example/api", "api", ""},
        {"https://shop.example/api?a", "api", "?a"},
        {"https://shop.example/apix", "shop", "/apix"},
        {"https://shop.example", "shop", ""},
        {"https://shop.example.evil/", NULL, NULL},
        {"https://shop.example:444/", NULL, NULL},
        {"https://shop.example@evil/", NULL, NULL},
        {"http://shop.example/", NULL, NULL},
        {"https://other.example/x", NULL, NULL}, /* Of a URL, not configured. */
    };

    all = services_create(100);
    put("api", "https://shop.example/api/");
    put("shop", "https://shop.example");
    ck_assert_ptr_nonnull(services_of_url(all, "https://other.example/x"));
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *rest = NULL;
        const struct service *s = services_with_base(all, cases[i].url, &rest);

        ck_assert_pstr_eq(s != NULL ? service_name(s) : NULL, cases[i].name);
        ck_assert_pstr_eq(rest, cases[i].rest);
    }
    services_destroy(all);
}
END_TEST

START_TEST(test_services_are_written_in_order_of_name)
{
    struct buf text;
    struct json_out out;
    struct service *pay;

    all = services_create(100);
    (void)add("stock", 7);
    pay = with_breaker(10);
    for (unsigned i = 0; i < 3; i++) {
        fail_once(pay, T0);
    }
    (void)ask(pay, 1, T0);
    buf_init(&text, 4096);
    json_out_init(&out, &text);
    json_open_array(&out);
    services_set_clock(all, T0, WALL + T0);
    services_write(all, T0, &out);
    json_close_array(&out);
    ck_assert_str_eq(
        buf_text(&text),
        "[{\"name\":\"pay\",\"url\":\"http://p\",\"breaker\":{\"state\":\"open\","
        "\"since\":\"2025-11-24T16:16:40.000Z\",\"failures\":0},\"inFlight\":0,"
        "\"queued\":1,\"maxConcurrent\":10,\"rate\":null,\"paused\":false},"
        "{\"name\":\"stock\",\"url\":\"http://pay.internal\",\"breaker\":{\"state\":"
        "\"closed\",\"since\":null,\"failures\":0},\"inFlight\":0,\"queued\":0,"
        "\"maxConcurrent\":7,\"rate\":null,\"paused\":false}]");
    buf_done(&text);
    services_destroy(all);
}
END_TEST

START_TEST(test_metrics_count_calls_and_open_breakers)
{
    struct buf text;
    struct service *pay;

    all = services_create(100);
    pay = with_breaker(10);
    (void)ask(pay, 1, T0);
    buf_init(&text, 4096);
    services_metrics(all, &text);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "\nsagad_calls_in_flight{service=\"pay\"} 1\n"));
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "\nsagad_breaker_open{service=\"pay\"} 0\n"));
    service_set_breaker(pay, SERVICE_BREAKER_OPEN, "ann", T0);
    buf_clear(&text);
    services_metrics(all, &text);
    ck_assert_ptr_nonnull(
        strstr(buf_text(&text), "\nsagad_breaker_open{service=\"pay\"} 1\n"));
    buf_done(&text);
    services_destroy(all);
}
END_TEST

int main(void)
{
    return suite_main(
        "service_breaker", test_the_breaker_opens_after_enough_failures_within_the_window,
        test_since_tells_when_what_is_shown_began_also_when_held,
        test_the_board_says_what_keeps_calls_waiting,
        test_a_service_put_no_more_grants_nothing_and_goes_with_its_last_call,
        test_half_open_lets_one_call_through_and_a_good_one_closes,
        test_a_failed_probe_opens_the_breaker_again,
        test_older_calls_that_fail_late_are_not_taken_for_the_probe,
        test_a_probe_that_came_to_nothing_lets_the_next_one_probe,
        test_an_operator_holds_the_breaker_open_or_closed,
        test_new_limits_take_effect_at_once_and_keep_the_queue,
        test_texts_are_copied_and_defaults_filled_in,
        test_an_absolute_url_has_a_service_per_origin,
        test_urls_that_could_be_read_in_two_ways_have_no_service,
        test_a_url_belongs_to_the_configured_service_whose_base_it_continues,
        test_services_are_written_in_order_of_name,
        test_metrics_count_calls_and_open_breakers);
}
