/* test_gate.c - which requests are let in. */
#include <string.h>

#include "adminapi/gate.h"
#include "tests/support/suite.h"

/* A request of these headers: "Name", "value", … NULL. */
static const char *check(const char *method, const char *target, const char *version,
                         const char *const *texts)
{
    struct gate_header headers[16];
    struct gate_request r = {method, target, version, headers, 0};

    for (size_t i = 0; texts[i] != NULL; i += 2) {
        headers[r.n_headers++] = (struct gate_header){texts[i], strlen(texts[i]),
                                                      texts[i + 1], strlen(texts[i + 1])};
    }
    return gate_check(&r);
}

#define CHECK(target, ...) \
    check("GET", (target), "HTTP/1.1", (const char *const[]){__VA_ARGS__, NULL})
#define HOST "Host", "a"

static void lets_in(const char *wrong)
{
    ck_assert_msg(wrong == NULL, "refused: %s", wrong);
}

static void refuses(const char *wrong, const char *part)
{
    ck_assert_msg(wrong != NULL, "let in, though: %s", part);
    ck_assert_msg(strstr(wrong, part) != NULL, "'%s' does not say '%s'", wrong, part);
}

START_TEST(test_plain_request_is_let_in)
{
    lets_in(CHECK("/v1/sagas/0193.a_b~c?status=stuck&key=a%2Fb&x=..", HOST, "Accept",
                  "text/html, */*;q=0.5\tx", "Content-Length", "0"));
}
END_TEST

START_TEST(test_there_is_exactly_one_host)
{
    refuses(CHECK("/", "Accept", "*"), "exactly one Host");
    refuses(CHECK("/", HOST, "host", "b"), "exactly one Host");
    refuses(CHECK("/", "Host", ""), "empty");
    refuses(CHECK("/", "Host", "a b"), "not a host");
    refuses(CHECK("/", "Host", "a/../b"), "not a host");
    refuses(CHECK("/", "Host", "user@a"), "not a host");
    lets_in(CHECK("/", "Host", "[::1]:8080 \t"));
}
END_TEST

START_TEST(test_body_is_framed_in_one_way)
{
    refuses(CHECK("/", HOST, "Content-Length", "5", "Transfer-Encoding", "chunked"),
            "more than one way");
    refuses(CHECK("/", HOST, "Content-Length", "5", "content-length", "5"),
            "more than one way");
    refuses(
        CHECK("/", HOST, "Transfer-Encoding", "chunked", "Transfer-Encoding", "chunked"),
        "more than one way");
    refuses(CHECK("/", HOST, "Content-Length", "+5"), "not a number");
    refuses(CHECK("/", HOST, "Content-Length", "5, 5"), "not a number");
    refuses(CHECK("/", HOST, "Content-Length", ""), "not a number");
    refuses(CHECK("/", HOST, "Content-Length", "99999999999999999999"), "not a number");
    refuses(CHECK("/", HOST, "Transfer-Encoding", "gzip, chunked"), "not chunked");
    refuses(CHECK("/", HOST, "Transfer-Encoding", "identity"), "not chunked");
    lets_in(CHECK("/", HOST, "Transfer-Encoding", "Chunked"));
}
END_TEST

START_TEST(test_http_1_0_is_let_in_with_a_host_and_without_chunks)
{
    lets_in(check("GET", "/", "HTTP/1.0", (const char *const[]){HOST, NULL}));
    refuses(check("GET", "/", "HTTP/1.0", (const char *const[]){NULL}), "exactly one");
    refuses(check("GET", "/", "HTTP/1.0",
                  (const char *const[]){HOST, "Transfer-Encoding", "chunked", NULL}),
            "HTTP/1.0 has no");
    refuses(check("GET", "/", "HTTP/1.2", (const char *const[]){HOST, NULL}), "version");
}
END_TEST

START_TEST(test_header_name_is_a_token)
{
    refuses(CHECK("/", HOST, "X ", "1"), "not a token");
    refuses(CHECK("/", HOST, "", "1"), "not a token");
    refuses(CHECK("/", HOST, "X(1)", "1"), "not a token");
    refuses(CHECK("/", HOST, "X\x80", "1"), "not a token");
}
END_TEST

START_TEST(test_header_value_has_no_control_characters)
{
    refuses(CHECK("/", HOST, "X", "a\rb"), "control character");
    refuses(CHECK("/", HOST, "X", "a\x7f"), "control character");
    lets_in(CHECK("/", HOST, "X", "a\tb \xc3\xa9"));
}
END_TEST

START_TEST(test_what_may_come_once_comes_once)
{
    refuses(CHECK("/", HOST, "Authorization", "a", "authorization", "b"), "once");
    refuses(CHECK("/", HOST, "Content-Type", "a", "Content-Type", "b"), "once");
    refuses(CHECK("/", HOST, "Idempotency-Key", "a", "Idempotency-Key", "a"), "once");
    lets_in(CHECK("/", HOST, "Prefer", "a", "Prefer", "b"));
}
END_TEST

START_TEST(test_target_is_a_path_of_visible_characters)
{
    refuses(CHECK("http://evil/x", HOST), "begin with a slash");
    refuses(CHECK("*", HOST), "begin with a slash");
    refuses(CHECK("/a b", HOST), "must be encoded");
    refuses(CHECK("/a\x01", HOST), "must be encoded");
    refuses(CHECK("/a\xc3\xa9", HOST), "must be encoded");
    refuses(CHECK("/a#b", HOST), "must be encoded");
}
END_TEST

START_TEST(test_target_has_sound_encodings)
{
    refuses(CHECK("/a%zz", HOST), "encodes nothing");
    refuses(CHECK("/a%4", HOST), "encodes nothing");
    refuses(CHECK("/a%", HOST), "encodes nothing");
    refuses(CHECK("/a?b=%", HOST), "encodes nothing");
    refuses(CHECK("/a%00b", HOST), "NUL");
    refuses(CHECK("/a?b=%00", HOST), "NUL");
}
END_TEST

START_TEST(test_path_has_no_hidden_slash_and_no_dot_segment)
{
    refuses(CHECK("/a%2Fb", HOST), "slash");
    refuses(CHECK("/a%5cb", HOST), "slash");
    refuses(CHECK("/a\\b", HOST), "slash");
    refuses(CHECK("/a/../b", HOST), "only dots");
    refuses(CHECK("/a/..", HOST), "only dots");
    refuses(CHECK("/a/.?x", HOST), "only dots");
    refuses(CHECK("/a/%2e%2E/b", HOST), "only dots");
    refuses(CHECK("/.%2e", HOST), "only dots");
    lets_in(CHECK("/a..b/.c/d./...", HOST));
}
END_TEST

/* ---- lines: a block as libmicrohttpd leaves it, built from the raw request. */

struct block {
    char bytes[512];
    struct gate_header headers[4];
    struct gate_request r;
    const char *target_at;
};

static char *word(char *at, char end, const char **out)
{
    *out = at;
    at = strchr(at, end);
    *at = '\0';
    return at + 1;
}

/* raw has three words, then headers; a '~' stands for a byte of a line's end. */
static void lay_out(struct block *b, const char *raw, size_t n_headers)
{
    char *at = b->bytes;

    memset(b->bytes, 0, sizeof(b->bytes));
    memcpy(b->bytes, raw, strlen(raw));
    at = word(at, ' ', &b->r.method);
    at = word(at, ' ', &b->target_at);
    b->r.target = b->target_at;
    at = word(at, '~', &b->r.version);
    for (size_t i = 0; i < n_headers; i++) {
        const char *text;

        at += *at == '~' ? 1 : 0;
        at = word(at, ':', &text);
        b->headers[i].name = text;
        b->headers[i].name_n = strlen(text);
        at += *at == ' ' ? 1 : 0;
        at = word(at, '~', &text);
        b->headers[i].value = text;
        b->headers[i].value_n = strlen(text);
    }
    for (char *end = b->bytes; end < b->bytes + strlen(raw); end++) {
        *end = *end == '~' ? '\0' : *end;
    }
    b->r.headers = b->headers;
    b->r.n_headers = n_headers;
}

START_TEST(test_lines_that_end_in_cr_lf_are_let_in)
{
    struct block b;

    lay_out(&b, "GET /x HTTP/1.1~~Host: a~~X:~~~~", 2);
    lets_in(gate_check_lines(&b.r, b.target_at));
}
END_TEST

START_TEST(test_bare_lf_is_refused)
{
    struct block b;

    lay_out(&b, "GET /x HTTP/1.1~Host: a~~~~", 1);
    refuses(gate_check_lines(&b.r, b.target_at), "request line does not end");
    lay_out(&b, "GET /x HTTP/1.1~~Host: a~X: b~~~~", 2);
    refuses(gate_check_lines(&b.r, b.target_at), "does not end in CR LF");
}
END_TEST

START_TEST(test_nul_that_cuts_a_value_is_refused)
{
    struct block b;

    lay_out(&b, "GET /x HTTP/1.1~~Host: ab~cd~~~~", 1);
    refuses(gate_check_lines(&b.r, b.target_at), "NUL");
}
END_TEST

START_TEST(test_folded_line_that_was_moved_is_refused)
{
    struct block b;
    const char moved[] = "X-Atwo\0\0\0";

    lay_out(&b, "GET /x HTTP/1.1~~Host: a~~X-A: 1~~~~", 2);
    b.headers[1].name = moved;
    b.headers[1].name_n = 6;
    refuses(gate_check_lines(&b.r, b.target_at), "folded");
}
END_TEST

START_TEST(test_header_that_was_dropped_silently_is_refused)
{
    struct block b;

    lay_out(&b, "GET /x HTTP/1.1~~Host: a~~: b~~~~", 1);
    refuses(gate_check_lines(&b.r, b.target_at), "empty line");
}
END_TEST

START_TEST(test_request_line_has_two_single_spaces)
{
    struct block b;

    lay_out(&b, "GET /x HTTP/1.1~~Host: a~~~~", 1);
    refuses(gate_check_lines(&b.r, b.target_at + 1), "three words");
}
END_TEST

int main(void)
{
    return suite_main(
        "gate", test_plain_request_is_let_in, test_there_is_exactly_one_host,
        test_body_is_framed_in_one_way,
        test_http_1_0_is_let_in_with_a_host_and_without_chunks,
        test_header_name_is_a_token, test_header_value_has_no_control_characters,
        test_what_may_come_once_comes_once, test_target_is_a_path_of_visible_characters,
        test_target_has_sound_encodings, test_path_has_no_hidden_slash_and_no_dot_segment,
        test_lines_that_end_in_cr_lf_are_let_in, test_bare_lf_is_refused,
        test_nul_that_cuts_a_value_is_refused, test_folded_line_that_was_moved_is_refused,
        test_header_that_was_dropped_silently_is_refused,
        test_request_line_has_two_single_spaces);
}
