#include "engine/view/why.h"

#include <check.h>

#include "tests/support/suite.h"
#include "tests/support/told.h"

/* No jitter, so that delays are what the definition says. */
#define CALL(id, service, more)                                              \
    "{\"id\":\"" id "\",\"call\":{\"service\":\"" service "\",\"url\":\"/"   \
    "x\",\"timeout\":\"10s\",\"retry\":{\"maxAttempts\":6,\"delay\":\"4s\"," \
    "\"jitter\":0}}" more "}"
#define UNDO(service)                                                                  \
    ",\"compensate\":{\"service\":\"" service                                          \
    "\",\"url\":\"/undo\",\"timeout\":\"10s\",\"retry\":{\"maxAttempts\":3,\"delay\":" \
    "\"5m\",\"jitter\":0}}"
#define ORDER                                                                                         \
    "{\"name\":\"order\",\"timeout\":\"1h\",\"steps\":[" CALL(                                        \
        "payment", "payments",                                                                        \
        UNDO(                                                                                         \
            "payments")) "," CALL("stock", "inventory",                                               \
                                  UNDO(                                                               \
                                      "inventory")) "," CALL("shipment", "shipping",                  \
                                                             ",\"pivot\":true") "," CALL("receipt",   \
                                                                                         "mail",      \
                                                                                         ",\"compens" \
                                                                                         "ate\":"     \
                                                                                         "null") "]}"

#define MONO 7000000U /* What the board's clock says at any moment of these tests. */

static const struct board *board; /* NULL: how services stand is not known. */

static const char *said_of(const struct told *t, const struct view *v)
{
    return why_of(
        v, &(struct why_now){.wall_ms = t->now_ms, .mono_ms = MONO, .board = board},
        t->arena);
}

/* From the whole journal and from its end, as lists read it: the same. */
static const char *why(struct told *t)
{
    struct err_info info = {""};
    struct view v;
    struct view brief;
    enum err e = view_read(t->reader, t->registry, "s-1", 0, t->arena, &v, &info);

    ck_assert_msg(e == ERR_OK, "%s", info.text);
    if (saga_is_final(v.state)) {
        return said_of(t, &v);
    }
    e = view_read_brief(t->reader, t->registry, &v.row, t->arena, &brief, &info);
    ck_assert_msg(e == ERR_OK, "%s", info.text);
    ck_assert_str_eq(said_of(t, &brief), said_of(t, &v));
    return said_of(t, &v);
}

static struct told *order(void)
{
    return told_begin(ORDER, "{}");
}

static void give(struct told *t, const char *id)
{
    told_answer(t, id, 200, "{}");
}

/* All attempts of the step fail with this status. */
static void exhaust(struct told *t, const char *id, int status)
{
    told_answer(t, id, status, NULL);
    while (saga_cell_of(&t->saga, told_step(t, id), SAGA_NO_ITEM) != NULL &&
           saga_cell_of(&t->saga, told_step(t, id), SAGA_NO_ITEM)->state ==
               CELL_BACKING_OFF) {
        told_wake(t);
        told_answer(t, id, status, NULL);
    }
}

START_TEST(test_a_call_in_flight_tells_when_it_ends)
{
    struct told *t = order();

    ck_assert_str_eq(why(t), "Waiting for the answer of 'payment' (attempt 1), until "
                             "16:00:10Z at the latest.");
    told_end(t);
}
END_TEST

START_TEST(test_a_delay_tells_its_attempt_and_what_was_answered)
{
    struct told *t = order();

    give(t, "payment");
    give(t, "stock");
    told_answer(t, "shipment", 503, NULL);
    ck_assert_str_eq(
        why(t),
        "Waiting 4 s before attempt 2 of 6 of 'shipment': shipping answered 503.");
    told_wake(t);
    told_answer(t, "shipment", 0, NULL);
    ck_assert_str_eq(why(t), "Waiting 8 s before attempt 3 of 6 of 'shipment': shipping: "
                             "timed out waiting for the answer.");
    t->now_ms += 7400;
    ck_assert_str_eq(why(t),
                     "Waiting 600 ms before attempt 3 of 6 of 'shipment': shipping: "
                     "timed out waiting for the answer.");
    told_end(t);
}
END_TEST

START_TEST(test_a_call_without_a_slot_tells_what_is_in_its_way)
{
    static const struct {
        enum saga_slot slot;
        const char *text;
    } cases[] = {
        {SAGA_SLOT_FULL, "'stock' waits for a free place at service 'inventory' "
                         "(maxConcurrent or maxCallsInFlight)."},
        {SAGA_SLOT_RATE, "'stock' waits for its turn at service 'inventory' (rate)."},
        {SAGA_SLOT_BREAKER,
         "'stock' waits because the breaker of service 'inventory' is open: one call is "
         "let through when its time is over, all when an operator closes it."},
        {SAGA_SLOT_PAUSED,
         "'stock' waits because service 'inventory' is sent nothing: it is paused, or "
         "sagad holds all calls."},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct told *t = order();

        t->slot = cases[i].slot;
        give(t, "payment");
        ck_assert_str_eq(why(t), cases[i].text);
        told_end(t);
    }
}
END_TEST

/* ---- what the services' board says meanwhile ---- */

#define STOCK_WAITS "'stock' waits "

static const struct {
    struct board_facts facts;
    unsigned queued;
    bool is_crowded;
    const char *text;
} in_the_way[] = {
    {{.breaker = BOARD_BREAKER_OPEN, .open_until_ms = MONO + 14001},
     1,
     false,
     "because the breaker of service 'inventory' is open: one call is let through at "
     "16:00:15Z, and all when that one is answered; an operator can close it "
     "sooner."},
    {{.breaker = BOARD_BREAKER_OPEN, .open_until_ms = MONO},
     1,
     false,
     "because the breaker of service 'inventory' is open: one call is let through "
     "now, and all when that one is answered; an operator can close it sooner."},
    {{.breaker = BOARD_BREAKER_HALF_OPEN},
     1,
     false,
     "because the breaker of service 'inventory' is half-open: one call was let "
     "through, and its answer lets all go or none; an operator can close it sooner."},
    {{.breaker = BOARD_BREAKER_HELD_OPEN, .held_by = "ann"},
     1,
     false,
     "because 'ann' holds the breaker of service 'inventory' open: nothing is sent "
     "until an operator sets it to auto or closed."},
    {{.is_paused = true, .paused_by = "ann", .breaker = BOARD_BREAKER_OPEN},
     1,
     false,
     "because 'ann' paused service 'inventory': nothing is sent until an operator "
     "resumes it."},
    {{.is_paused = true},
     1,
     false,
     "because an operator paused service 'inventory': nothing is sent until an "
     "operator resumes it."},
    {{.is_missing = true, .is_paused = true},
     1,
     false,
     "because the configuration names no service 'inventory'; add it and reload "
     "(HUP)."},
    {{.in_flight = 2, .most = 2},
     3,
     true,
     "for a free place at service 'inventory', as 2 others do: it is full, with 2 of "
     "at most 2 calls out (maxConcurrent), and one goes when one of them ends."},
    {{.in_flight = 1, .most = 2},
     2,
     true,
     "for a free place, as 1 other does: as many calls are out as may be, of all "
     "services (maxCallsInFlight), and one goes when one of them ends."},
    {{.in_flight = 1, .most = 2, .rate_per_s = 5},
     11,
     false,
     "for its turn at service 'inventory', as 10 others do: its rate is 5/s, and the "
     "line is through at 16:00:03Z."},
    {{.in_flight = 1, .most = 2},
     1,
     false,
     "for a place at service 'inventory', and goes next."},
};

START_TEST(test_what_the_board_says_now_is_told_and_not_what_was_then)
{
    for (size_t i = 0; i < sizeof(in_the_way) / sizeof(in_the_way[0]); i++) {
        struct told *t = order();
        struct board *b = board_create();
        struct board_entry *entry = board_entry_of(b, "inventory");
        const char *text;

        t->slot = SAGA_SLOT_FULL;
        give(t, "payment");
        board_put(entry, &in_the_way[i].facts);
        board_put_crowded(b, in_the_way[i].is_crowded);
        atomic_store(board_queued(entry), in_the_way[i].queued);
        board = b;
        text = why(t);
        ck_assert_int_eq(strncmp(text, STOCK_WAITS, strlen(STOCK_WAITS)), 0);
        ck_assert_str_eq(text + strlen(STOCK_WAITS), in_the_way[i].text);
        board = NULL;
        board_destroy(b);
        told_end(t);
    }
}
END_TEST

START_TEST(test_what_holds_all_calls_is_told_of_every_saga)
{
    static const struct {
        enum board_hold hold;
        const char *text;
    } cases[] = {
        {BOARD_HOLD_NONE, "."},
        {BOARD_HOLD_DRAINING,
         "; sagad is stopping: nothing new is sent before it is started again."},
        {BOARD_HOLD_RESTORED,
         "; sagad was restored from a backup: nothing is sent until an operator lets it "
         "go on (POST /v1/resume)."},
        {BOARD_HOLD_DISK,
         "; the disk is nearly full: nothing new is sent until there is room again."},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static const char first[] =
            "Waiting 4 s before attempt 2 of 6 of 'payment': payments answered 503";
        struct told *t = order();
        struct board *b = board_create();

        told_answer(t, "payment", 503, NULL);
        board_put_hold(b, cases[i].hold);
        board = b;
        ck_assert_str_eq(why(t) + strlen(first), cases[i].text);
        board = NULL;
        board_destroy(b);
        told_end(t);
    }
}
END_TEST

START_TEST(test_a_service_the_board_does_not_know_is_told_as_it_was)
{
    struct told *t = order();
    struct board *b = board_create();

    t->slot = SAGA_SLOT_RATE;
    give(t, "payment");
    (void)board_entry_of(b, "inventory-2");
    board = b;
    ck_assert_str_eq(why(t), "'stock' waits for its turn at service 'inventory' (rate).");
    board = NULL;
    board_destroy(b);
    told_end(t);
}
END_TEST

#define SIGNAL(more)                                                              \
    "{\"name\":\"waits\"," more "\"steps\":[{\"id\":\"ok\",\"wait\":{\"signal\":" \
    "\"approved\"}}]}"

START_TEST(test_a_signal_without_a_time_out_waits_for_somebody_or_the_deadline)
{
    struct told *t = told_begin(SIGNAL(""), "{}");

    ck_assert_str_eq(why(t), "'ok' waits for the signal 'approved': it goes on when "
                             "somebody sends it.");
    told_end(t);
    t = told_begin(SIGNAL("\"timeout\":\"1h\","), "{}");
    ck_assert_str_eq(why(t), "'ok' waits for the signal 'approved', until 17:00:00Z at "
                             "the latest (the saga's deadline).");
    told_end(t);
}
END_TEST

START_TEST(test_a_pause_tells_by_whom)
{
    struct told *t = order();

    ck_assert_int_eq(told_command(t, SAGA_EV_PAUSE, NULL, NULL), SAGA_APPLIED);
    ck_assert_str_eq(why(t),
                     "Paused by 'ops': nothing new is sent until it is resumed, the "
                     "call in flight is awaited.");
    give(t, "payment");
    ck_assert_str_eq(why(t), "Paused by 'ops': nothing new is sent until it is resumed.");
    told_end(t);
}
END_TEST

START_TEST(test_a_pivot_in_doubt_tells_what_would_unblock_it)
{
    struct told *t = order();

    give(t, "payment");
    give(t, "stock");
    exhaust(t, "shipment", 503);
    ck_assert_str_eq(
        why(t), "Stuck going forward at 'shipment', the pivot: its attempts ran out and "
                "nobody knows whether it took effect (shipping answered 503); to go on: "
                "retry, resolve it as applied or not-applied, cancel or close the saga.");
    ck_assert_int_eq(told_command(t, SAGA_EV_PAUSE, NULL, NULL), SAGA_APPLIED);
    ck_assert_ptr_nonnull(strstr(why(t), "close the saga; paused by 'ops'."));
    told_end(t);
}
END_TEST

START_TEST(test_a_step_stuck_after_the_pivot_may_be_skipped)
{
    struct told *t = order();

    give(t, "payment");
    give(t, "stock");
    give(t, "shipment");
    told_answer(t, "receipt", 400, NULL);
    ck_assert_str_eq(
        why(t), "Stuck going forward at 'receipt': it was refused (mail answered 400); "
                "to go on: retry, resolve it as applied or not-applied, skip it or close "
                "the saga.");
    told_end(t);
}
END_TEST

START_TEST(test_a_saga_going_back_tells_which_compensation_is_on)
{
    struct told *t = order();

    give(t, "payment");
    told_answer(t, "stock", 409, NULL);
    ck_assert_str_eq(
        why(t), "Compensating: waiting for the answer of the compensation of 'payment' "
                "(attempt 1), until 16:00:10Z at the latest.");
    told_answer(t, "payment", 500, NULL);
    ck_assert_str_eq(why(t), "Waiting 5 min before attempt 2 of 3 of the compensation of "
                             "'payment': payments answered 500.");
    told_wake(t);
    told_answer(t, "payment", 404, NULL);
    ck_assert_str_eq(why(t),
                     "Stuck going back at the compensation of 'payment': it was refused "
                     "(payments answered 404); to go on: retry, resolve it as applied or "
                     "not-applied or close the saga.");
    told_end(t);
}
END_TEST

START_TEST(test_a_cancel_awaits_the_call_in_flight)
{
    struct told *t = order();

    ck_assert_int_eq(told_command(t, SAGA_EV_CANCEL, NULL, NULL), SAGA_APPLIED);
    ck_assert_str_eq(why(t), "Going back after this: waiting for the answer of 'payment' "
                             "(attempt 1), until 16:00:10Z at the latest.");
    told_end(t);
}
END_TEST

START_TEST(test_a_cancel_at_the_pivot_is_only_noted)
{
    struct told *t = order();

    give(t, "payment");
    give(t, "stock");
    ck_assert_int_eq(told_command(t, SAGA_EV_CANCEL, NULL, NULL), SAGA_APPLIED);
    ck_assert_str_eq(why(t),
                     "Waiting for the answer of 'shipment' (attempt 1), until "
                     "16:00:10Z at the latest; the cancel is noted until the pivot "
                     "settles.");
    told_end(t);
}
END_TEST

START_TEST(test_a_deadline_that_passed_after_the_pivot_is_told)
{
    struct told *t = order();
    struct record r = {
        .event = {.kind = SAGA_EV_DEADLINE, .step = PLAN_NONE, .item = SAGA_NO_ITEM}};

    give(t, "payment");
    give(t, "stock");
    give(t, "shipment");
    t->now_ms += 3600 * 1000;
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
    ck_assert_str_eq(why(t), "Waiting for the answer of 'receipt' (attempt 1), until "
                             "16:00:10Z at the latest; its deadline has passed.");
    told_end(t);
}
END_TEST

static enum saga_result befall(struct told *t, enum saga_event_kind kind)
{
    return told_turn(
        t, (struct record){
               .event = {.kind = kind, .step = PLAN_NONE, .item = SAGA_NO_ITEM}});
}

START_TEST(test_limits_and_poison_are_told)
{
    struct told *t = order();

    ck_assert_int_eq(befall(t, SAGA_EV_LIMIT), SAGA_APPLIED);
    ck_assert_str_eq(why(t), "Stuck: the saga has reached its limit of events, attempts "
                             "or bytes; to go on: retry or cancel.");
    told_end(t);
    t = order();
    ck_assert_int_eq(befall(t, SAGA_EV_POISONED), SAGA_APPLIED);
    ck_assert_str_eq(why(t), "Stuck (poison): the daemon ended three times running "
                             "during a turn of this saga; to go on: retry or cancel.");
    told_end(t);
}
END_TEST

#define BRANCHES                                                                         \
    "{\"name\":\"par\",\"steps\":[{\"id\":\"p\",\"parallel\":[" CALL(                    \
        "a", "one",                                                                      \
        ",\"compensate\":null") "," CALL("b", "two",                                     \
                                         ",\"compensate\":null") "," CALL("c", "three",  \
                                                                          ",\"compensat" \
                                                                          "e\":null") "]}]}"

START_TEST(test_of_several_the_one_that_failed_is_told_first)
{
    struct told *t = told_begin(BRANCHES, "{}");

    ck_assert_str_eq(why(t),
                     "Waiting for the answer of 'a' (attempt 1), until 16:00:10Z at "
                     "the latest (and 2 more).");
    told_answer(t, "c", 500, NULL);
    ck_assert_str_eq(why(t),
                     "Waiting 4 s before attempt 2 of 6 of 'c': three answered 500 "
                     "(and 2 more).");
    told_end(t);
}
END_TEST

#define WAITS                                                                           \
    "{\"name\":\"waits\",\"steps\":[{\"id\":\"nap\",\"wait\":\"90s\"},{\"id\":\"ok\","  \
    "\"wait\":{\"signal\":\"approved\",\"timeout\":\"48h\"}},{\"id\":\"sub\",\"saga\":" \
    "{\"definition\":\"other\",\"input\":{}},\"compensate\":null}]}"

START_TEST(test_waits_tell_what_for_and_until_when)
{
    struct told *t = told_begin(WAITS, "{}");
    struct record r = {
        .event = {.kind = SAGA_EV_SIGNALLED, .step = PLAN_NONE, .item = SAGA_NO_ITEM},
        .body = "{}",
        .body_n = 2};

    ck_assert_str_eq(why(t), "'nap' waits until 16:01:30Z.");
    told_wake(t);
    ck_assert_str_eq(why(t), "'ok' waits for the signal 'approved', until 2025-11-26 "
                             "16:01:30Z at the latest.");
    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
    ck_assert_str_eq(why(t), "Waiting for the child saga 's-1.sub' of 'sub' to end.");
    told_end(t);
}
END_TEST

#define TWO_CHILDREN                                                             \
    "{\"name\":\"two\",\"steps\":[{\"id\":\"both\",\"parallel\":[{\"id\":\"a\"," \
    "\"saga\":"                                                                  \
    "{\"definition\":\"other\"}},{\"id\":\"b\",\"saga\":{\"definition\":\"other\"}}]}]}"

START_TEST(test_a_stuck_child_is_named_before_others)
{
    struct told *t = told_begin(TWO_CHILDREN, "{}");
    struct view_step steps[4];
    struct view v;

    ck_assert_int_eq(view_read(t->reader, t->registry, "s-1", 0, t->arena, &v, NULL),
                     ERR_OK);
    memcpy(steps, v.steps, sizeof(steps));
    v.steps = steps;
    ck_assert_str_eq(said_of(t, &v),
                     "Waiting for the child saga 's-1.a' of 'a' to end (and 1 more).");
    steps[3].child = "child-1f";
    steps[3].child_item = SAGA_NO_ITEM;
    steps[3].child_status = SAGA_STATUS_STUCK;
    steps[3].child_stuck_step = "pay";
    ck_assert_str_eq(
        said_of(t, &v),
        "Waiting for the child saga 'child-1f' of 'b' to end; it is stuck at "
        "'pay' (and 1 more).");
    told_end(t);
}
END_TEST

START_TEST(test_a_lined_up_saga_names_the_key)
{
    struct told *t = told_open(ORDER, "{}");
    struct record r = {.event = {.kind = SAGA_EV_START,
                                 .step = PLAN_NONE,
                                 .item = SAGA_NO_ITEM,
                                 .is_ordered = true,
                                 .is_lined_up = true}};
    struct view v;

    ck_assert_int_eq(told_turn(t, r), SAGA_APPLIED);
    ck_assert_int_eq(view_read(t->reader, t->registry, "s-1", 0, t->arena, &v, NULL),
                     ERR_OK);
    v.row.ordering_key = "c-9";
    ck_assert_str_eq(said_of(t, &v),
                     "Waiting for its turn: another saga holds the ordering key 'c-9'.");
    v.holder_status = SAGA_STATUS_RUNNING;
    v.holder = "s-0";
    ck_assert_str_eq(said_of(t, &v),
                     "Waiting for its turn: saga 's-0' holds the ordering key 'c-9'.");
    v.holder_status = SAGA_STATUS_STUCK;
    v.holder_stuck_step = "pay";
    ck_assert_str_eq(said_of(t, &v), "Waiting for its turn: saga 's-0' holds the "
                                     "ordering key 'c-9'; it is stuck at 'pay'.");
    told_end(t);
}
END_TEST

START_TEST(test_a_final_saga_has_no_why)
{
    struct told *t = order();

    give(t, "payment");
    give(t, "stock");
    give(t, "shipment");
    give(t, "receipt");
    ck_assert_ptr_null(why(t));
    told_end(t);
}
END_TEST

int main(void)
{
    return suite_main(
        "why", test_a_call_in_flight_tells_when_it_ends,
        test_a_delay_tells_its_attempt_and_what_was_answered,
        test_a_call_without_a_slot_tells_what_is_in_its_way,
        test_what_the_board_says_now_is_told_and_not_what_was_then,
        test_what_holds_all_calls_is_told_of_every_saga,
        test_a_service_the_board_does_not_know_is_told_as_it_was,
        test_a_signal_without_a_time_out_waits_for_somebody_or_the_deadline,
        test_a_pause_tells_by_whom, test_a_pivot_in_doubt_tells_what_would_unblock_it,
        test_a_step_stuck_after_the_pivot_may_be_skipped,
        test_a_saga_going_back_tells_which_compensation_is_on,
        test_a_cancel_awaits_the_call_in_flight, test_a_cancel_at_the_pivot_is_only_noted,
        test_a_deadline_that_passed_after_the_pivot_is_told,
        test_limits_and_poison_are_told,
        test_of_several_the_one_that_failed_is_told_first,
        test_waits_tell_what_for_and_until_when,
        test_a_stuck_child_is_named_before_others, test_a_lined_up_saga_names_the_key,
        test_a_final_saga_has_no_why);
}
