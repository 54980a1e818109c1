#include "engine/run/feed.h"

#include <check.h>
#include <poll.h>
#include <string.h>

#include "tests/support/suite.h"

static const struct feed_event one = {.saga = 7,
                                      .saga_id = "s-7",
                                      .definition = "order",
                                      .version = 3,
                                      .key = "k",
                                      .status = SAGA_STATUS_STUCK,
                                      .is_paused = true,
                                      .revision = 12,
                                      .event = SAGA_EV_ANSWERED,
                                      .step = "pay",
                                      .at_ms = 1764000000123};

static struct feed *opened(void)
{
    struct err_info info;
    struct feed *f = NULL;

    ck_assert_int_eq(feed_create(&f, &info), ERR_OK);
    return f;
}

START_TEST(test_an_event_is_read_as_it_was_put)
{
    struct feed *f = opened();
    uint64_t at = feed_head(f);
    struct feed_room room;
    struct feed_event out;

    feed_put(f, &one);
    feed_put(f, &(struct feed_event){.saga_id = "s", .definition = "d"});
    ck_assert_int_eq(feed_read(f, &at, &room, &out), RING_RECORD);
    ck_assert_uint_eq(out.saga, 7);
    ck_assert_str_eq(out.saga_id, "s-7");
    ck_assert_str_eq(out.definition, "order");
    ck_assert_str_eq(out.key, "k");
    ck_assert_str_eq(out.step, "pay");
    ck_assert_uint_eq(out.revision, 12);
    ck_assert_int_eq(out.status, SAGA_STATUS_STUCK);
    ck_assert_int_eq(out.event, SAGA_EV_ANSWERED);
    ck_assert(out.is_paused);
    ck_assert_uint_eq(out.at_ms, one.at_ms);
    ck_assert_int_eq(feed_read(f, &at, &room, &out), RING_RECORD);
    ck_assert_ptr_null(out.key);
    ck_assert_ptr_null(out.step);
    ck_assert_int_eq(feed_read(f, &at, &room, &out), RING_NONE);
    feed_destroy(f);
    feed_destroy(NULL);
}
END_TEST

static bool is_woken(const struct feed *f)
{
    struct pollfd fd = {.fd = feed_fd(f), .events = POLLIN};

    return poll(&fd, 1, 0) == 1;
}

START_TEST(test_only_who_listens_is_woken)
{
    struct feed *f = opened();

    feed_put(f, &one);
    feed_wake(f);
    ck_assert(!is_woken(f));
    feed_join(f);
    feed_wake(f);
    ck_assert(is_woken(f));
    feed_leave(f);
    feed_destroy(f);
}
END_TEST

START_TEST(test_a_filter_lets_through_what_fits_all_it_names)
{
    static const char *const orders[] = {"trip", "order"};
    static const char *const trips[] = {"trip"};
    const struct {
        struct feed_filter filter;
        bool fits;
    } cases[] = {
        {{.statuses = 0}, true},
        {{.definitions = orders, .n_definitions = 2}, true},
        {{.definitions = trips, .n_definitions = 1}, false},
        {{.scope = trips, .n_scope = 1}, false},
        {{.definitions = orders, .n_definitions = 2, .scope = trips, .n_scope = 1},
         false},
        {{.statuses = 1U << SAGA_STATUS_STUCK}, true},
        {{.statuses = 1U << SAGA_STATUS_RUNNING}, false},
        {{.saga_id = "s-7", .statuses = 1U << SAGA_STATUS_STUCK}, true},
        {{.saga_id = "s-77"}, false},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        ck_assert_msg(feed_matches(&cases[i].filter, &one) == cases[i].fits, "case %zu",
                      i);
    }
}
END_TEST

int main(void)
{
    return suite_main("feed", test_an_event_is_read_as_it_was_put,
                      test_only_who_listens_is_woken,
                      test_a_filter_lets_through_what_fits_all_it_names);
}
