/* What the front door lets in: a request whose target has no dots, slashes or NULs hidden
 * in its segments, one Host, one framing; and a body is answered or filled in. The input
 * is a request as on the wire; what is behind the empty line is the body. */
#include "adminapi/gate.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "adminapi/body.h"
#include "adminapi/target.h"
#include "base/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

/* Cut the word before `end` off *at, in place. */
static char *word(char **at, char end)
{
    char *from = *at;
    char *to = strchr(from, end);

    if (to == NULL) {
        *at = from + strlen(from);
        return from;
    }
    *to = '\0';
    *at = to + 1;
    return from;
}

static unsigned count(const struct gate_request *r, const char *name)
{
    unsigned n = 0;

    for (size_t i = 0; i < r->n_headers; i++) {
        n += strcasecmp(r->headers[i].name, name) == 0 ? 1 : 0;
    }
    return n;
}

static void look_at_target(const char *text, struct arena *a)
{
    struct target t;

    target_read(text, a, &t);
    for (size_t i = 0; i < t.n_segments; i++) {
        assert(strcmp(t.segments[i], ".") != 0 && strcmp(t.segments[i], "..") != 0);
        assert(strpbrk(t.segments[i], "/\\") == NULL);
        assert(strlen(t.segments[i]) <= strlen(text));
    }
    for (size_t i = 0; i < t.n_parameters; i++) {
        assert(target_find(&t, t.parameters[i].name) != NULL);
        assert(strlen(t.parameters[i].value) <= strlen(t.parameters[i].raw));
    }
}

static void look_at_body(const char *text, size_t n)
{
    struct request *r = request_create();
    struct body_member members[] = {
        {.name = "definition"}, {.name = "version"}, {.name = "input"}};
    int64_t version = 1;

    r->method = "POST";
    r->request_id = "r";
    buf_add(&r->body, text, n);
    if (body_read(r, n % 2 == 0, members, 3)) {
        (void)body_needed_text(r, &members[0]);
        assert(!body_whole(r, &members[1], 1, &version) || version >= 1);
        (void)body_refuses(r, PROBLEM_INPUT_INVALID, "The request is not valid");
    } else {
        assert(r->answer.status >= 400);
    }
    assert(r->answer.status == 0 ||
           json_is_valid(buf_text(&r->answer.body), r->answer.body.n));
    request_destroy(r);
}

static char *read_headers(char *at, struct gate_header *headers, size_t *n)
{
    for (*n = 0; *at != '\0' && *n < GATE_HEADERS_MAX; (*n)++) {
        char *line = word(&at, '\n');
        char *name = word(&line, ':');

        if (*name == '\0') {
            return at;
        }
        headers[*n] = (struct gate_header){name, strlen(name), line, strlen(line)};
    }
    return at;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct gate_header headers[GATE_HEADERS_MAX];
    struct arena *a = arena_create(4096);
    char *at = arena_copy(a, bytes, n);
    char *const end = at + n;
    struct gate_request r = {.headers = headers};

    r.method = word(&at, ' ');
    r.target = word(&at, ' ');
    r.version = word(&at, '\n');
    at = read_headers(at, headers, &r.n_headers);
    if (gate_check(&r) == NULL) {
        assert(r.target[0] == '/' && count(&r, "Host") == 1);
        assert(count(&r, "Content-Length") + count(&r, "Transfer-Encoding") <= 1);
        look_at_target(r.target, a);
    }
    assert(gate_bytes(&r) >= strlen(r.target));
    look_at_body(at, (size_t)(end - at));
    arena_destroy(a);
    return 0;
}
