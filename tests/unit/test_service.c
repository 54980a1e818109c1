/* Slots: limits, queues, fairness and rate of services (S50 to S52). Grants are compared
 * as words: "pay 7" is saga 7 at the service pay. */
#include "engine/calls/service.h"

#include <check.h>
#include <string.h>

#include "base/buf.h"
#include "tests/support/service_world.h"
#include "tests/support/suite.h"

static void ask_as(struct service *s, uint64_t saga, enum call_kind call, bool is_urgent)
{
    struct service_waiter w = who(saga, call);

    w.is_urgent = is_urgent;
    ck_assert_int_ne(service_ask(s, &w, T0, WALL, 0), SAGA_SLOT_GRANTED);
}

START_TEST(test_a_full_service_queues_and_grants_in_order_of_asking)
{
    struct service *pay;

    all = services_create(100);
    pay = add("pay", 2);
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 3, T0), SAGA_SLOT_FULL);
    ck_assert_int_eq(ask(pay, 4, T0), SAGA_SLOT_FULL);
    ck_assert_str_eq(grants(T0), "");
    service_ended(pay, false, T0);
    ck_assert_str_eq(grants(T0), "pay 3");
    service_release(pay);
    ck_assert_str_eq(grants(T0), "pay 4");
    services_destroy(all);
}
END_TEST

START_TEST(test_nobody_jumps_the_queue_when_a_slot_becomes_free)
{
    struct service *pay;

    all = services_create(100);
    pay = add("pay", 1);
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_FULL);
    service_ended(pay, false, T0);
    ck_assert_int_eq(ask(pay, 3, T0), SAGA_SLOT_FULL);
    ck_assert_str_eq(grants(T0), "pay 2");
    services_destroy(all);
}
END_TEST

START_TEST(test_who_asks_twice_stands_in_the_queue_once)
{
    struct service *pay;

    all = services_create(100);
    pay = add("pay", 1);
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_FULL);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_FULL);
    ck_assert_int_eq(ask(pay, 3, T0), SAGA_SLOT_FULL);
    service_ended(pay, false, T0);
    ck_assert_str_eq(grants(T0), "pay 2");
    service_ended(pay, false, T0);
    ck_assert_str_eq(grants(T0), "pay 3");
    services_destroy(all);
}
END_TEST

START_TEST(test_services_take_turns_when_all_slots_are_out)
{
    struct service *a;
    struct service *b;

    all = services_create(2);
    a = add("a", 10);
    b = add("b", 10);
    ck_assert_int_eq(ask(a, 1, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(a, 2, T0), SAGA_SLOT_GRANTED);
    for (uint64_t saga = 3; saga <= 5; saga++) {
        ck_assert_int_eq(ask(a, saga, T0), SAGA_SLOT_FULL);
    }
    ck_assert_int_eq(ask(b, 6, T0), SAGA_SLOT_FULL);
    ck_assert_int_eq(ask(b, 7, T0), SAGA_SLOT_FULL);
    service_ended(a, false, T0);
    service_ended(a, false, T0);
    ck_assert_str_eq(grants(T0), "a 3, b 6");
    service_ended(a, false, T0);
    service_ended(b, false, T0);
    ck_assert_str_eq(grants(T0), "a 4, b 7");
    services_destroy(all);
}
END_TEST

START_TEST(test_a_busy_service_cannot_take_the_slots_that_others_wait_for)
{
    struct service *a;
    struct service *b;

    all = services_create(1);
    a = add("a", 10);
    b = add("b", 10);
    ck_assert_int_eq(ask(a, 1, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(b, 2, T0), SAGA_SLOT_FULL);
    service_ended(a, false, T0);
    ck_assert_int_eq(ask(a, 3, T0), SAGA_SLOT_FULL); /* a's queue is empty, b's is not. */
    ck_assert_str_eq(grants(T0), "a 3");             /* a's turn ... */
    ck_assert_int_eq(ask(a, 4, T0), SAGA_SLOT_FULL);
    service_ended(a, false, T0);
    ck_assert_int_eq(ask(a, 5, T0), SAGA_SLOT_FULL);
    ck_assert_str_eq(grants(T0), "b 2"); /* ... and b's. */
    service_ended(b, false, T0);
    ck_assert_str_eq(grants(T0), "a 4");
    service_ended(a, false, T0);
    ck_assert_str_eq(grants(T0), "a 5");
    service_ended(a, false, T0);
    ck_assert_str_eq(grants(T0), "");
    ck_assert_int_eq(ask(a, 6, T0), SAGA_SLOT_GRANTED);
    services_destroy(all);
}
END_TEST

START_TEST(test_a_dead_service_does_not_hold_up_the_others)
{
    struct service *dead;
    struct service *pay;

    all = services_create(10);
    dead = add("dead", 2);
    pay = add("pay", 2);
    for (uint64_t saga = 1; saga <= 50; saga++) {
        (void)ask(dead, saga, T0);
    }
    ck_assert_int_eq(ask(pay, 100, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 101, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 102, T0), SAGA_SLOT_FULL);
    service_ended(pay, false, T0);
    ck_assert_str_eq(grants(T0), "pay 102");
    services_destroy(all);
}
END_TEST

START_TEST(test_one_service_never_takes_every_place_whatever_its_own_limit)
{
    struct service *dead;
    struct service *pay;

    all = services_create(8);
    dead = add("dead", 100);
    pay = add("pay", 100);
    for (uint64_t saga = 1; saga <= 50; saga++) {
        (void)ask(dead, saga, T0);
    }
    ck_assert_str_eq(grants(T0), "");
    ck_assert_int_eq(ask(pay, 100, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 101, T0), SAGA_SLOT_GRANTED);
    services_destroy(all);
}
END_TEST

START_TEST(test_compensations_go_first_three_times_out_of_four)
{
    struct service *pay;
    struct buf order;

    buf_init(&order, 128);
    all = services_create(100);
    pay = add("pay", 1);
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    for (uint64_t saga = 10; saga < 13; saga++) {
        ask_as(pay, saga, CALL_ACTION, false);
    }
    for (uint64_t saga = 20; saga < 25; saga++) {
        ask_as(pay, saga, CALL_COMPENSATION, false);
    }
    ask_as(pay, 30, CALL_ACTION, true);
    ask_as(pay, 40, CALL_CONFIRM, false);
    for (int i = 0; i < 10; i++) {
        service_ended(pay, false, T0);
        buf_printf(&order, "%s ", grants(T0) + strlen("pay "));
    }
    ck_assert_str_eq(buf_text(&order), "20 21 22 10 23 24 30 11 40 12 ");
    buf_done(&order);
    services_destroy(all);
}
END_TEST

START_TEST(test_an_operators_wish_moves_a_waiter_to_the_front_lane)
{
    struct service *pay;

    all = services_create(100);
    pay = add("pay", 1);
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    ask_as(pay, 2, CALL_ACTION, false);
    ask_as(pay, 3, CALL_ACTION, false);
    ask_as(pay, 3, CALL_ACTION, true);
    service_ended(pay, false, T0);
    ck_assert_str_eq(grants(T0), "pay 3");
    service_ended(pay, false, T0);
    ck_assert_str_eq(grants(T0), "pay 2");
    services_destroy(all);
}
END_TEST

START_TEST(test_a_saga_that_is_forgotten_waits_nowhere)
{
    struct service *a;
    struct service *b;

    all = services_create(100);
    a = add("a", 1);
    b = add("b", 1);
    (void)ask(a, 1, T0);
    (void)ask(b, 2, T0);
    (void)ask(a, 3, T0);
    (void)ask(a, 4, T0);
    (void)ask(b, 3, T0); /* The same cell of saga 3: it waits at a already. */
    ask_as(b, 3, CALL_COMPENSATION, false);
    services_forget(all, 3);
    services_forget(all, 99);
    service_ended(a, false, T0);
    service_ended(b, false, T0);
    ck_assert_str_eq(grants(T0), "a 4");
    services_destroy(all);
}
END_TEST

START_TEST(test_a_hundred_thousand_waiters_come_out_in_order)
{
    const uint64_t n = 100000;
    struct service_waiter w;
    struct service *s;
    struct service *pay;

    all = services_create(10);
    pay = add("pay", 1);
    (void)ask(pay, 0, T0);
    for (uint64_t saga = 1; saga <= n; saga++) {
        ck_assert_int_eq(ask(pay, saga, T0), SAGA_SLOT_FULL);
        ck_assert_int_eq(ask(pay, saga, T0), SAGA_SLOT_FULL);
    }
    for (uint64_t saga = 2; saga <= n; saga += 2) {
        services_forget(all, saga);
    }
    for (uint64_t saga = 1; saga <= n; saga += 2) {
        service_ended(pay, false, T0);
        ck_assert(services_next(all, T0, &w, &s));
        ck_assert_uint_eq(w.saga, saga);
    }
    service_ended(pay, false, T0);
    ck_assert(!services_next(all, T0, &w, &s));
    services_destroy(all);
}
END_TEST

/* ---- rate, pause, keysKept
 * -------------------------------------------------------------- */

START_TEST(test_the_rate_lets_one_seconds_worth_through_at_once_and_no_more)
{
    const struct service_config config = {
        .name = "pay", .url = "http://p", .concurrent_max = 100, .rate_per_s = 4};
    struct service *pay;

    all = services_create(100);
    services_put(all, &config);
    pay = services_find(all, "pay");
    for (uint64_t saga = 1; saga <= 4; saga++) {
        ck_assert_int_eq(ask(pay, saga, T0), SAGA_SLOT_GRANTED);
    }
    ck_assert_int_eq(ask(pay, 5, T0), SAGA_SLOT_RATE);
    ck_assert_int_eq(ask(pay, 6, T0), SAGA_SLOT_RATE);
    ck_assert_uint_eq(services_wake_at(all), T0 + 250);
    ck_assert_str_eq(grants(T0 + 249), "");
    ck_assert_str_eq(grants(T0 + 250), "pay 5");
    ck_assert_uint_eq(services_wake_at(all), T0 + 500);
    ck_assert_str_eq(grants(T0 + 60000), "pay 6");
    for (uint64_t saga = 7; saga <= 9; saga++) { /* A long rest saves up no more. */
        ck_assert_int_eq(ask(pay, saga, T0 + 60000), SAGA_SLOT_GRANTED);
    }
    ck_assert_int_eq(ask(pay, 10, T0 + 60000), SAGA_SLOT_RATE);
    services_destroy(all);
}
END_TEST

START_TEST(test_a_slot_given_back_unused_gives_its_share_of_the_rate_back)
{
    const struct service_config config = {
        .name = "pay", .url = "http://p", .rate_per_s = 1};
    struct service *pay;

    all = services_create(100);
    services_put(all, &config);
    pay = services_find(all, "pay");
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_GRANTED);
    service_release(pay);
    ck_assert_int_eq(ask(pay, 2, T0), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(ask(pay, 3, T0), SAGA_SLOT_RATE);
    services_destroy(all);
}
END_TEST

START_TEST(test_a_paused_service_grants_nothing_until_resumed)
{
    struct service *pay;

    all = services_create(100);
    pay = add("pay", 5);
    service_set_paused(pay, true, "ann");
    ck_assert_int_eq(ask(pay, 1, T0), SAGA_SLOT_PAUSED);
    ck_assert_str_eq(grants(T0), "");
    ck_assert_uint_eq(services_wake_at(all), 0);
    service_set_paused(pay, false, "ann");
    ck_assert_str_eq(grants(T0), "pay 1");
    services_destroy(all);
}
END_TEST

START_TEST(test_a_call_in_doubt_is_not_asked_for_after_the_keys_are_forgotten)
{
    const struct service_config config = {
        .name = "pay", .url = "http://p", .keys_kept_ms = 1000};
    const struct service_waiter w = who(1, CALL_ACTION);
    struct service *pay;

    all = services_create(100);
    services_put(all, &config);
    pay = services_find(all, "pay");
    ck_assert_int_eq(service_ask(pay, &w, T0, WALL + 1000, WALL), SAGA_SLOT_GRANTED);
    ck_assert_int_eq(service_ask(pay, &w, T0, WALL + 1001, WALL), SAGA_SLOT_KEY_EXPIRED);
    ck_assert_int_eq(service_ask(pay, &w, T0, WALL + 1001, 0), SAGA_SLOT_GRANTED);
    ck_assert_str_eq(grants(T0), "");
    services_destroy(all);
}
END_TEST

int main(void)
{
    return suite_main("service", test_a_full_service_queues_and_grants_in_order_of_asking,
                      test_nobody_jumps_the_queue_when_a_slot_becomes_free,
                      test_who_asks_twice_stands_in_the_queue_once,
                      test_services_take_turns_when_all_slots_are_out,
                      test_a_busy_service_cannot_take_the_slots_that_others_wait_for,
                      test_a_dead_service_does_not_hold_up_the_others,
                      test_one_service_never_takes_every_place_whatever_its_own_limit,
                      test_compensations_go_first_three_times_out_of_four,
                      test_an_operators_wish_moves_a_waiter_to_the_front_lane,
                      test_a_saga_that_is_forgotten_waits_nowhere,
                      test_a_hundred_thousand_waiters_come_out_in_order,
                      test_the_rate_lets_one_seconds_worth_through_at_once_and_no_more,
                      test_a_slot_given_back_unused_gives_its_share_of_the_rate_back,
                      test_a_paused_service_grants_nothing_until_resumed,
                      test_a_call_in_doubt_is_not_asked_for_after_the_keys_are_forgotten);
}
