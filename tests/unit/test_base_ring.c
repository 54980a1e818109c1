#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "base/ring.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/suite.h"

#define BYTES ((size_t)8 * RING_RECORD_MAX)
#define FIRST 1000
#define MANY 60000
#define READERS 3

START_TEST(test_records_come_back_in_order_and_whole)
{
    struct ring *r = ring_create(BYTES, FIRST);
    char out[RING_RECORD_MAX];
    uint64_t at = ring_head(r);
    size_t n;

    ck_assert_uint_eq(at, FIRST);
    ck_assert_int_eq(ring_read(r, &at, out, &n), RING_NONE);
    ring_put(r, "one", 3);
    ring_put(r, "exactly8", 8);
    ring_put(r, "nine bytes and more", 19);
    ck_assert_int_eq(ring_read(r, &at, out, &n), RING_RECORD);
    ck_assert_mem_eq(out, "one", n);
    ck_assert_int_eq(ring_read(r, &at, out, &n), RING_RECORD);
    ck_assert_mem_eq(out, "exactly8", n);
    ck_assert_int_eq(ring_read(r, &at, out, &n), RING_RECORD);
    ck_assert_mem_eq(out, "nine bytes and more", n);
    ck_assert_uint_eq(n, 19);
    ck_assert_int_eq(ring_read(r, &at, out, &n), RING_NONE);
    ck_assert_uint_eq(at, ring_head(r));
    ring_destroy(r);
    ring_destroy(NULL);
}
END_TEST

START_TEST(test_who_stays_away_too_long_has_lost_its_place)
{
    struct ring *r = ring_create(BYTES, FIRST);
    char out[RING_RECORD_MAX];
    uint64_t early = ring_head(r);
    uint64_t late;
    size_t n;

    memset(out, 'x', sizeof(out));
    ring_put(r, out, sizeof(out));
    late = ring_head(r);
    for (int i = 0; i < 7; i++) {
        ring_put(r, out, sizeof(out));
    }
    ck_assert_int_eq(ring_read(r, &early, out, &n), RING_LOST);
    ck_assert_uint_eq(early, FIRST);
    ck_assert_int_eq(ring_read(r, &late, out, &n), RING_RECORD);
    ring_destroy(r);
}
END_TEST

START_TEST(test_a_place_where_no_record_begins_is_lost)
{
    struct ring *r = ring_create(BYTES, FIRST);
    char out[RING_RECORD_MAX];
    size_t n;

    ring_put(r, "sixteen bytes...", 16);
    for (uint64_t at = FIRST - 2; at < FIRST + 6; at++) {
        uint64_t place = at;
        const enum ring_result expected = at == FIRST       ? RING_RECORD
                                          : at == FIRST + 3 ? RING_NONE
                                                            : RING_LOST;

        ck_assert_int_eq(ring_read(r, &place, out, &n), expected);
    }
    ring_destroy(r);
}
END_TEST

/* ---- a record overwritten while it is read ------------------------------------------
 *
 * The reader's `out` begins at the end of one page and goes on in another that may not be
 * written yet: the fault comes in the middle of the copying, and its handler puts.
 */

static struct {
    struct ring *r;
    char *page; /* The second. */
    size_t page_bytes;
    int n_puts;
    int n_faults;
} between;

static void put_between(int signal_number)
{
    char bytes[RING_RECORD_MAX];

    (void)signal_number;
    memset(bytes, 'z', sizeof(bytes));
    if (mprotect(between.page, between.page_bytes, PROT_READ | PROT_WRITE) != 0) {
        _exit(1);
    }
    between.n_faults++;
    for (int i = 0; i < between.n_puts; i++) {
        ring_put(between.r, bytes, sizeof(bytes));
    }
}

/* What ring_read() says of the oldest of `n_records` when `n_puts` more come while it
 * copies. *out: the bytes. */
static enum ring_result read_overtaken(int n_records, int n_puts, uint64_t *at,
                                       char **out, size_t *n)
{
    const size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    const struct sigaction act = {.sa_handler = put_between};
    char bytes[RING_RECORD_MAX];
    char *pages = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct sigaction before;
    enum ring_result result;

    ck_assert_ptr_ne(pages, MAP_FAILED);
    memset(bytes, 'a', sizeof(bytes));
    between.r = ring_create(BYTES, FIRST);
    between.page = pages + page_bytes;
    between.page_bytes = page_bytes;
    between.n_puts = n_puts;
    between.n_faults = 0;
    for (int i = 0; i < n_records; i++) {
        ring_put(between.r, bytes, sizeof(bytes));
    }
    *at = FIRST;
    *out = pages + page_bytes - RING_RECORD_MAX / 2;
    ck_assert_int_eq(mprotect(between.page, page_bytes, PROT_NONE), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &act, &before), 0);
    result = ring_read(between.r, at, *out, n);
    ck_assert_int_eq(sigaction(SIGSEGV, &before, NULL), 0);
    ck_assert_int_eq(between.n_faults, 1);
    ring_destroy(between.r);
    return result;
}

static void forget(char *out)
{
    ck_assert_int_eq(
        munmap(out + RING_RECORD_MAX / 2 - between.page_bytes, 2 * between.page_bytes),
        0);
}

START_TEST(test_a_record_that_is_overwritten_while_it_is_read_is_lost)
{
    char *out;
    uint64_t at;
    size_t n;

    ck_assert_int_eq(read_overtaken(7, 1, &at, &out, &n), RING_LOST);
    ck_assert_uint_eq(at, FIRST);
    forget(out);
    ck_assert_int_eq(read_overtaken(1, 30, &at, &out, &n), RING_LOST); /* Laps. */
    ck_assert_uint_eq(at, FIRST);
    forget(out);
}
END_TEST

START_TEST(test_puts_that_leave_a_record_alone_do_not_lose_it)
{
    char *out;
    uint64_t at;
    size_t n;

    ck_assert_int_eq(read_overtaken(6, 1, &at, &out, &n), RING_RECORD);
    ck_assert_uint_eq(n, RING_RECORD_MAX);
    ck_assert_uint_gt(at, FIRST);
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_eq(out[i], 'a');
    }
    forget(out);
}
END_TEST

/* ---- threads ------------------------------------------------------------------------
 */

static struct ring *shared;
static atomic_bool is_over;
static atomic_size_t n_read[READERS];

/* The record of a number: it, as often as its length says. */
static size_t fill(uint32_t number, uint32_t words[RING_RECORD_MAX / 4])
{
    const size_t n = 1 + number % 61;

    for (size_t i = 0; i < n; i++) {
        words[i] = number;
    }
    return n * sizeof(words[0]);
}

static void *read_all(void *user)
{
    uint32_t words[RING_RECORD_MAX / 4];
    uint32_t wanted[RING_RECORD_MAX / 4];
    uint64_t at = FIRST;
    uint32_t last = 0;
    atomic_size_t *mine = user;
    size_t n;

    for (;;) {
        const bool was_over = atomic_load(&is_over);

        switch (ring_read(shared, &at, words, &n)) {
        case RING_NONE:
            if (was_over) {
                return NULL;
            }
            break;
        case RING_LOST:
            at = ring_head(shared);
            break;
        case RING_RECORD:
            ck_assert_uint_gt(words[0], last);
            last = words[0];
            ck_assert_uint_eq(n, fill(last, wanted));
            ck_assert_mem_eq(words, wanted, n);
            atomic_fetch_add(mine, 1);
            break;
        }
    }
}

static bool has_everybody_read(size_t most)
{
    for (int i = 0; i < READERS; i++) {
        if (atomic_load(&n_read[i]) < most) {
            return false;
        }
    }
    return true;
}

/* The writer goes on until each reader has seen something of it. */
START_TEST(test_readers_never_see_half_a_record_while_it_is_overwritten)
{
    uint32_t words[RING_RECORD_MAX / 4];
    pthread_t threads[READERS];

    shared = ring_create(BYTES, FIRST);
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, read_all, &n_read[i]), 0);
    }
    for (uint32_t number = 1; number <= MANY || !has_everybody_read(100); number++) {
        ring_put(shared, words, fill(number, words));
    }
    atomic_store(&is_over, true);
    for (int i = 0; i < READERS; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_uint_ge(atomic_load(&n_read[i]), 100);
    }
    ring_destroy(shared);
}
END_TEST

int main(void)
{
    return suite_main("ring", test_records_come_back_in_order_and_whole,
                      test_who_stays_away_too_long_has_lost_its_place,
                      test_a_place_where_no_record_begins_is_lost,
                      test_a_record_that_is_overwritten_while_it_is_read_is_lost,
                      test_puts_that_leave_a_record_alone_do_not_lose_it,
                      test_readers_never_see_half_a_record_while_it_is_overwritten);
}
