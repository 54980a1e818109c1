/* Memory that runs out at any allocation of a call, libcurl's own among them: the process
 * ends as base/mem.h says, or the call is as it should be. A saga never turns back and no
 * request is damaged for want of a small block. */
#include "engine/calls/calls.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/failing/failing.h"
#include "tests/support/call_world.h"
#include "tests/support/suite.h"

enum { END_WELL = 0, END_NOT_REACHED = 3, END_WRONG = 4 };

#define CALLS 2 /* The second goes out on the connection of the first. */
#define LEAST_HITS 60

static const struct service_header headers[] = {{"Saga-Id", "s-1"}, {"X-Own", "a"}};

static const char *request_whole(void)
{
    static char text[512];

    (void)snprintf(text, sizeof(text),
                   "PUT /ok HTTP/1.1\r\n"
                   "Host: 127.0.0.1:%u\r\n"
                   "Saga-Id: s-1\r\n"
                   "X-Own: a\r\n"
                   "Accept: application/json\r\n"
                   "User-Agent: sagad/test\r\n"
                   "Content-Type: application/json\r\n"
                   "Content-Length: 7\r\n"
                   "\r\n"
                   "{\"a\":1}",
                   scripted_server_port(world.server));
    return text;
}

/* NULL: the attempt may end like that. */
static const char *crime_of(const struct call_answer *a, unsigned n_requests)
{
    const struct verdict_policy policy = {.call = CALL_ACTION, .reads_answer = true};
    const struct verdict v = verdict_of(&a->facts, &policy);

    if (scripted_server_requests(world.server) != n_requests &&
        strcmp(scripted_server_last_request(world.server), request_whole()) != 0) {
        return "a damaged request was sent";
    }
    if (v.outcome == OUTCOME_SUCCEEDED) {
        return strcmp(buf_text(&world.body), "{\"ok\":true}") == 0 ? NULL
                                                                   : "a damaged answer";
    }
    return v.may_retry ? NULL : "the attempt is not repeated";
}

static _Noreturn void be_the_child(uint64_t at)
{
    const struct failing_plan plan = {.mode = FAILING_ALLOC, .at = at};
    struct call_request r;
    const char *crime = NULL;
    bool is_reached;

    call_world_begin();
    r = call_world_request("/ok");
    r.method = "PUT";
    r.headers = headers;
    r.n_headers = sizeof(headers) / sizeof(headers[0]);
    failing_arm(&plan);
    for (unsigned i = 0; i < CALLS && crime == NULL; i++) {
        const unsigned n_before = scripted_server_requests(world.server);

        calls_send(world.calls, &r);
        call_world_run_until(i + 1);
        crime = crime_of(&world.last, n_before);
    }
    is_reached = failing_is_reached();
    failing_arm(NULL);
    if (crime != NULL) {
        fprintf(stderr, "%s: %s", crime, world.detail);
        _exit(END_WRONG);
    }
    _exit(is_reached ? END_WELL : END_NOT_REACHED);
}

/* How it ended; what it wrote to stderr stands in `said`. */
static int run_child(uint64_t at, char *said, size_t room)
{
    int status = 0;
    int ends[2];
    size_t n = 0;
    ssize_t got = 1;
    pid_t child;

    ck_assert_int_eq(pipe(ends), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        (void)dup2(ends[1], STDERR_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        be_the_child(at);
    }
    (void)close(ends[1]);
    while (got > 0 && n + 1 < room) {
        got = read(ends[0], said + n, room - n - 1);
        n += got > 0 ? (size_t)got : 0;
    }
    said[n] = '\0';
    (void)close(ends[0]);
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

START_TEST(test_a_call_without_memory_is_repeated_or_ends_the_process)
{
    char said[1024];
    uint64_t at = 0;
    int status;

    do {
        at++;
        status = run_child(at, said, sizeof(said));
        if (WIFSIGNALED(status)) {
            ck_assert_msg(WTERMSIG(status) == SIGABRT &&
                              strstr(said, "out of memory for a small block") != NULL,
                          "allocation %llu: signal %d: %s", (unsigned long long)at,
                          WTERMSIG(status), said);
        } else {
            ck_assert_msg(WEXITSTATUS(status) != END_WRONG, "allocation %llu: %s",
                          (unsigned long long)at, said);
        }
    } while (!WIFEXITED(status) || WEXITSTATUS(status) != END_NOT_REACHED);
    ck_assert_uint_gt(at, LEAST_HITS); /* Else libcurl's are not among them. */
}
END_TEST

int main(void)
{
    return suite_main("calls_memory",
                      test_a_call_without_memory_is_repeated_or_ends_the_process);
}
