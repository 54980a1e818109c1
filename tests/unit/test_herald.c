#include "adminapi/herald.h"

#include <check.h>
#include <errno.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/support/suite.h"

struct sleeper {
    sem_t woken;
    atomic_int n;
    int fds[2]; /* A peer that does not hang up. */
    struct feed_filter filter;
    struct herald_place *place;
};

static void on_wake(void *user)
{
    struct sleeper *s = user;

    atomic_fetch_add(&s->n, 1);
    (void)sem_post(&s->woken);
}

static void open_place(struct sleeper *s, struct herald *h,
                       const char *const *definitions)
{
    struct herald_want want = {.filter = &s->filter, .wake = on_wake, .user = s};

    ck_assert_int_eq(sem_init(&s->woken, 0, 0), 0);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, s->fds), 0);
    atomic_store(&s->n, 0);
    s->filter = (struct feed_filter){.definitions = definitions, .n_definitions = 1};
    want.fd = s->fds[0];
    s->place = herald_open(h, &want);
    ck_assert_ptr_nonnull(s->place);
}

static void await(struct sleeper *s)
{
    while (sem_wait(&s->woken) != 0) {
        ck_assert_int_eq(errno, EINTR);
    }
}

static void close_place(struct sleeper *s, struct herald *h)
{
    herald_close(h, s->place);
    (void)close(s->fds[0]);
    (void)close(s->fds[1]);
    (void)sem_destroy(&s->woken);
}

/* Else a thousand quiet streams would each read all that a busy daemon says. */
START_TEST(test_who_is_not_concerned_sleeps_on_and_need_not_look_itself)
{
    static const char *const quiets[] = {"quiet"};
    static const char *const louds[] = {"loud"};
    const struct feed_event event = {.saga_id = "s", .definition = "loud"};
    struct err_info info;
    struct feed *feed = NULL;
    struct herald *h = NULL;
    struct sleeper quiet;
    struct sleeper loud;

    ck_assert_int_eq(feed_create(&feed, &info), ERR_OK);
    ck_assert_int_eq(herald_start(feed, 8, &h, &info), ERR_OK);
    open_place(&quiet, h, quiets); /* First, so that it would be woken before. */
    open_place(&loud, h, louds);
    herald_wait(h, quiet.place, feed_head(feed), UINT64_MAX);
    for (int i = 0; i < 3; i++) {
        herald_wait(h, loud.place, feed_head(feed), UINT64_MAX);
        feed_put(feed, &event);
        feed_wake(feed);
        await(&loud);
    }
    ck_assert_int_eq(atomic_load(&quiet.n), 0);
    herald_quit(h);
    await(&quiet);
    ck_assert_uint_eq(herald_seen(quiet.place), feed_head(feed));
    close_place(&quiet, h);
    close_place(&loud, h);
    herald_stop(h);
    feed_destroy(feed);
}
END_TEST

int main(void)
{
    return suite_main("herald",
                      test_who_is_not_concerned_sleeps_on_and_need_not_look_itself);
}
