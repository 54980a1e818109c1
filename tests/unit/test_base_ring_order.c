/*
 * test_base_ring_order.c - the writer says what it will overwrite before it does.
 *
 * A reader stands in the middle of its copy, and a writer in the middle of the record
 * that overwrites the rest of it: not finished, so only what was said before can warn the
 * reader. Where they stand is no matter of luck: the second half of what each copies lies
 * in a page that faults at first, and the handler of the fault waits at a pipe.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "base/ring.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/support/suite.h"

enum {
    BYTES = 8 * RING_RECORD_MAX,
    N_WORDS = BYTES / 8,
    RECORD_WORDS = 1 + RING_RECORD_MAX / 8,
    N_RECORDS = 7,
    FILLER_WORDS =
        180, /* Before the last record, which then covers a part of the first. */
    READ_BYTES = RING_RECORD_MAX / 2, /* Of the first record, when the reader stops. */
    WRITTEN_WORDS =
        READ_BYTES / 8 + 32 /* Of the first one's place, when the writer does. */
};

struct half { /* Two pages, of which the second faults once. */
    char *pages;
    int stopped[2]; /* Pipes: it has got there; it may go on. */
    int go_on[2];
};

static struct ring *ring;
static struct half reading;
static struct half writing;
static size_t page_bytes;

static void make_half(struct half *h)
{
    h->pages = mmap(NULL, 2 * page_bytes, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(h->pages, MAP_FAILED);
    ck_assert_int_eq(pipe(h->stopped), 0);
    ck_assert_int_eq(pipe(h->go_on), 0);
}

static void close_half(struct half *h)
{
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(close(h->stopped[i]), 0);
        ck_assert_int_eq(close(h->go_on[i]), 0);
    }
    ck_assert_int_eq(munmap(h->pages, 2 * page_bytes), 0);
}

static void guard(const struct half *h)
{
    ck_assert_int_eq(mprotect(h->pages + page_bytes, page_bytes, PROT_NONE), 0);
}

static void stop_there(int number, siginfo_t *info, void *context)
{
    const char *at = info->si_addr;
    const struct half *h =
        at >= writing.pages && at < writing.pages + 2 * page_bytes ? &writing : &reading;
    char byte = 0;

    (void)number;
    (void)context;
    if (mprotect(h->pages + page_bytes, page_bytes, PROT_READ | PROT_WRITE) != 0 ||
        write(h->stopped[1], &byte, 1) != 1 || read(h->go_on[0], &byte, 1) != 1) {
        _exit(1);
    }
}

static void wait_until_stopped(const struct half *h)
{
    char byte;

    ck_assert_int_eq(read(h->stopped[0], &byte, 1), 1);
}

static void let_go_on(const struct half *h)
{
    ck_assert_int_eq(write(h->go_on[1], "", 1), 1);
}

static void *put_last(void *user)
{
    const size_t before =
        (size_t)(N_WORDS + WRITTEN_WORDS - N_RECORDS * RECORD_WORDS - FILLER_WORDS - 1) *
        8;

    (void)user;
    ring_put(ring, writing.pages + page_bytes - before, RING_RECORD_MAX);
    return NULL;
}

static void *read_first(void *user)
{
    static enum ring_result result;
    uint64_t at = 0;
    size_t n;

    (void)user;
    result = ring_read(ring, &at, reading.pages + page_bytes - READ_BYTES, &n);
    return &result;
}

static void fill_ring(void)
{
    char bytes[RING_RECORD_MAX];

    memset(bytes, 'a', sizeof(bytes));
    ring = ring_create(BYTES, 0);
    for (int i = 0; i < N_RECORDS; i++) {
        ring_put(ring, bytes, sizeof(bytes));
    }
    ring_put(ring, bytes, (FILLER_WORDS - 1) * 8);
}

START_TEST(test_a_record_half_overwritten_by_one_half_written_is_lost)
{
    struct sigaction act = {.sa_sigaction = stop_there, .sa_flags = SA_SIGINFO};
    pthread_t reader;
    pthread_t writer;
    void *result;

    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    make_half(&reading);
    make_half(&writing);
    fill_ring();
    guard(&reading);
    guard(&writing);
    ck_assert_int_eq(sigaction(SIGSEGV, &act, NULL), 0);
    ck_assert_int_eq(pthread_create(&reader, NULL, read_first, NULL), 0);
    wait_until_stopped(&reading);
    ck_assert_int_eq(pthread_create(&writer, NULL, put_last, NULL), 0);
    wait_until_stopped(&writing);
    let_go_on(&reading);
    ck_assert_int_eq(pthread_join(reader, &result), 0);
    ck_assert_int_eq(*(enum ring_result *)result, RING_LOST);
    let_go_on(&writing);
    ck_assert_int_eq(pthread_join(writer, NULL), 0);
    ring_destroy(ring);
    close_half(&reading);
    close_half(&writing);
}
END_TEST

int main(void)
{
    return suite_main("ring_order",
                      test_a_record_half_overwritten_by_one_half_written_is_lost);
}
