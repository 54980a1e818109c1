/* client.c - see client.h. */
#include "programs/sagactl/client.h"

#include <curl/curl.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "base/mem.h"

#define ANSWER_MAX (64 * 1024 * 1024)
#define TOKEN_MAX 4096
#define TIMEOUT_MS 60000
#define URL_MAX_BYTES 65536
#define STREAM_POLL_MS 200 /* Ctrl-C is seen that late at most. */
#define CONNECT_TIMEOUT_MS 5000L

struct client {
    CURL *curl;
    char *server; /* Without a slash at the end. */
    char *token;  /* NULL none. */
};

static volatile sig_atomic_t is_interrupted;

static void interrupt(int number)
{
    (void)number; /* INT only. */
    is_interrupted = 1;
}

static enum err read_token(struct client *c, const char *path, struct err_info *info)
{
    const char *from_environment = getenv("SAGAD_TOKEN");
    struct buf text;
    enum err e = ERR_OK;

    buf_init(&text, TOKEN_MAX);
    if (path != NULL) {
        e = file_read(path, &text, info);
    } else if (from_environment != NULL) {
        buf_add_text(&text, from_environment);
    }
    while (text.n > 0 &&
           (text.bytes[text.n - 1] == '\n' || text.bytes[text.n - 1] == '\r')) {
        text.bytes[--text.n] = '\0';
    }
    for (size_t i = 0; i < text.n && e == ERR_OK; i++) {
        if ((unsigned char)text.bytes[i] <= 0x20 || text.bytes[i] == 0x7f) {
            e = err_set(info, ERR_INVALID, "the token has blanks or control characters");
        }
    }
    if (e == ERR_OK && text.n > 0) {
        c->token = mem_text(buf_text(&text));
    }
    if (text.bytes != NULL) {
        sodium_memzero(text.bytes, text.room);
    }
    buf_done(&text);
    return e;
}

static enum err open_client(const char *server, bool has_token, const char *token_file,
                            struct client **out, struct err_info *info)
{
    struct sigaction action = {.sa_handler = interrupt};
    struct client *c = mem_alloc(sizeof(*c));
    size_t n = strlen(server);
    enum err e = ERR_OK;

    while (n > 0 && server[n - 1] == '/') {
        n--;
    }
    c->server = mem_copy(server, n);
    if (strncasecmp(server, "http://", 7) != 0 &&
        strncasecmp(server, "https://", 8) != 0) {
        e = err_set(info, ERR_INVALID, "the server '%s' is not http:// or https://",
                    server);
    }
    if (e == ERR_OK && has_token) {
        e = read_token(c, token_file, info);
    }
    if (e == ERR_OK) {
        c->curl = curl_easy_init();
        if (c->curl == NULL) {
            e = err_set(info, ERR_IO, "curl does not start");
        }
    }
    if (e != ERR_OK) {
        client_close(c);
        return e;
    }
    (void)sigaction(SIGINT, &action, NULL); /* Fails only for what is no signal. */
    *out = c;
    return ERR_OK;
}

enum err client_open(const char *server, const char *token_file, struct client **out,
                     struct err_info *info)
{
    return open_client(server, true, token_file, out, info);
}

enum err client_open_other(const char *server, struct client **out, struct err_info *info)
{
    return open_client(server, false, NULL, out, info);
}

void client_close(struct client *c)
{
    if (c == NULL) {
        return;
    }
    if (c->token != NULL) {
        sodium_memzero(c->token, strlen(c->token));
    }
    free(c->token);
    free(c->server);
    curl_easy_cleanup(c->curl);
    free(c);
}

const char *client_server(const struct client *c)
{
    return c->server;
}

void client_answer_init(struct client_answer *a)
{
    *a = (struct client_answer){.status = 0};
    buf_init(&a->body, ANSWER_MAX);
}

void client_answer_done(struct client_answer *a)
{
    buf_done(&a->body);
}

static size_t take_body(char *bytes, size_t size, size_t n, void *user)
{
    buf_add(user, bytes, size * n);
    return size * n;
}

/* "name: value\r\n" -> value, when the line is that header's. */
static void take_value(const char *line, size_t n, const char *name,
                       char out[static CLIENT_HEADER_MAX])
{
    size_t at = strlen(name);

    if (n <= at || strncasecmp(line, name, at) != 0 || line[at] != ':') {
        return;
    }
    at++;
    while (at < n && line[at] == ' ') {
        at++;
    }
    while (n > at && (line[n - 1] == '\r' || line[n - 1] == '\n' || line[n - 1] == ' ')) {
        n--;
    }
    (void)snprintf(out, CLIENT_HEADER_MAX, "%.*s", (int)(n - at), line + at);
}

static size_t take_header(char *line, size_t size, size_t n, void *user)
{
    struct client_answer *a = user;

    take_value(line, size * n, "etag", a->etag);
    take_value(line, size * n, "retry-after", a->server_wait_s);
    take_value(line, size * n, "location", a->location);
    take_value(line, size * n, "content-type", a->type);
    return size * n;
}

static int check_interrupt(void *user, curl_off_t dltotal, curl_off_t dlnow,
                           curl_off_t ultotal, curl_off_t ulnow)
{
    (void)user;
    (void)dltotal;
    (void)dlnow;
    (void)ultotal;
    (void)ulnow; /* Only whether to go on is asked. */
    return is_interrupted != 0 ? 1 : 0;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *name,
                                     const char *value)
{
    char line[CLIENT_HEADER_MAX + TOKEN_MAX];

    if (value == NULL) {
        return list;
    }
    (void)snprintf(line, sizeof(line), "%s: %s", name, value);
    list = curl_slist_append(list, line);
    sodium_memzero(line, sizeof(line));
    return list;
}

static struct curl_slist *headers_of(const struct client *c,
                                     const struct client_request *r)
{
    char bearer[TOKEN_MAX + 16];
    struct curl_slist *list =
        add_header(NULL, "Accept", r->accept != NULL ? r->accept : "application/json");

    if (c->token != NULL) {
        (void)snprintf(bearer, sizeof(bearer), "Bearer %s", c->token);
        list = add_header(list, "Authorization", bearer);
        sodium_memzero(bearer, sizeof(bearer));
    }
    list = add_header(list, "Content-Type", r->body != NULL ? "application/json" : NULL);
    list = add_header(list, "Idempotency-Key", r->key);
    list = add_header(list, "Prefer", r->prefer);
    list = add_header(list, "Last-Event-ID", r->last_event_id);
    for (size_t i = 0; i < r->n_lines; i++) {
        list = curl_slist_append(list, r->lines[i]);
    }
    return add_header(list, "If-None-Match", r->if_none_match);
}

static void set_options(CURL *curl, const struct client_request *r,
                        struct client_answer *a, const char *url)
{
    curl_easy_reset(curl);
    (void)curl_easy_setopt(curl, CURLOPT_URL, url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, "sagactl/" SAGAD_VERSION);
    (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS,
                           (long)(r->timeout_ms != 0 ? r->timeout_ms : TIMEOUT_MS));
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, &a->body);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    (void)curl_easy_setopt(curl, CURLOPT_HEADERDATA, a);
    (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, check_interrupt);
    (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    if (r->body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body);
    } else if (strcmp(r->method, "POST") == 0) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, "");
    }
}

static void prepare(const struct client *c, CURL *curl, const struct client_request *r,
                    struct client_answer *a)
{
    struct buf url;

    buf_init(&url, URL_MAX_BYTES);
    buf_printf(&url, "%s%s", c->server, r->path);
    buf_clear(&a->body);
    a->status = 0;
    a->etag[0] = '\0';
    a->server_wait_s[0] = '\0';
    a->location[0] = '\0';
    a->type[0] = '\0';
    set_options(curl, r, a, buf_text(&url)); /* curl copies the URL. */
    buf_done(&url);
}

static enum err judge(const struct client *c, CURLcode result, bool has_limit,
                      struct err_info *info)
{
    if (is_interrupted != 0) {
        return err_set(info, ERR_BUSY, "interrupted");
    }
    if (result == CURLE_OPERATION_TIMEDOUT && has_limit) {
        return err_set(info, ERR_LIMIT, "no answer in time");
    }
    if (result != CURLE_OK) {
        return err_set(info, ERR_IO, "%s does not answer: %s", c->server,
                       curl_easy_strerror(result));
    }
    return ERR_OK;
}

enum err client_send(struct client *c, const struct client_request *r,
                     struct client_answer *a, struct err_info *info)
{
    struct curl_slist *headers = headers_of(c, r);
    CURLcode result;

    prepare(c, c->curl, r, a);
    (void)curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, headers);
    result = curl_easy_perform(c->curl);
    (void)curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &a->status);
    curl_slist_free_all(headers);
    return judge(c, result, r->timeout_ms != 0, info);
}

bool client_is_interrupted(void)
{
    return is_interrupted != 0;
}

void client_pause(uint64_t ms)
{
    if (is_interrupted == 0) {
        (void)poll(NULL, 0, (int)ms); /* A signal ends it. */
    }
}

/* ---- streams --------------------------------------------------------------------- */

struct client_stream {
    struct client *client;        /* Borrowed. */
    struct client_answer *answer; /* Borrowed. */
    CURL *curl;
    CURLM *multi;
    struct curl_slist *headers;
    bool has_first; /* Bytes came with the head, and nobody has been told. */
};

void client_stream_close(struct client_stream *s)
{
    if (s == NULL) {
        return;
    }
    if (s->multi != NULL && s->curl != NULL) {
        (void)curl_multi_remove_handle(s->multi, s->curl);
    }
    curl_easy_cleanup(s->curl);
    (void)curl_multi_cleanup(s->multi);
    curl_slist_free_all(s->headers);
    free(s);
}

/* One round: what has come is taken. */
static enum err turn_stream(struct client_stream *s, bool *is_over, struct err_info *info)
{
    int n_running = 0;
    int n_left = 0;
    CURLMsg *message;

    if (curl_multi_perform(s->multi, &n_running) != CURLM_OK) {
        return err_set(info, ERR_IO, "curl fails");
    }
    (void)curl_easy_getinfo(s->curl, CURLINFO_RESPONSE_CODE, &s->answer->status);
    message = curl_multi_info_read(s->multi, &n_left);
    *is_over = n_running == 0;
    if (is_interrupted != 0 || (message != NULL && message->msg == CURLMSG_DONE)) {
        return judge(s->client, message != NULL ? message->data.result : CURLE_OK, false,
                     info);
    }
    return ERR_OK;
}

static void await_stream(struct client_stream *s)
{
    int n;

    (void)curl_multi_poll(s->multi, NULL, 0, STREAM_POLL_MS, &n); /* Or a signal. */
}

enum err client_stream_open(struct client *c, const struct client_request *r,
                            struct client_answer *a, struct client_stream **out,
                            struct err_info *info)
{
    struct client_stream *s = mem_alloc(sizeof(*s));
    bool is_over = false;
    enum err e = ERR_OK;

    s->client = c;
    s->answer = a;
    s->curl = curl_easy_init();
    s->multi = curl_multi_init();
    s->headers = headers_of(c, r);
    if (s->curl == NULL || s->multi == NULL) {
        client_stream_close(s);
        return err_set(info, ERR_IO, "curl does not start");
    }
    prepare(c, s->curl, r, a);
    (void)curl_easy_setopt(s->curl, CURLOPT_TIMEOUT_MS, 0L);
    (void)curl_easy_setopt(s->curl, CURLOPT_HTTPHEADER, s->headers);
    (void)curl_multi_add_handle(s->multi, s->curl);
    for (;;) {
        e = turn_stream(s, &is_over, info);
        if (e != ERR_OK || a->type[0] != '\0' || is_over) {
            break;
        }
        await_stream(s);
    }
    if (e != ERR_OK) {
        client_stream_close(s);
        return e;
    }
    s->has_first = a->body.n > 0;
    *out = s;
    return ERR_OK;
}

enum err client_stream_read(struct client_stream *s, bool *is_over, struct err_info *info)
{
    size_t before = s->has_first ? 0 : s->answer->body.n;
    enum err e = ERR_OK;

    s->has_first = false;
    *is_over = false;
    while (e == ERR_OK) {
        e = turn_stream(s, is_over, info);
        if (*is_over || s->answer->body.n > before) {
            break;
        }
        if (e == ERR_OK) {
            await_stream(s);
        }
    }
    return e;
}

void client_escape(const char *text, struct buf *out)
{
    static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789-._~";

    for (; *text != '\0'; text++) {
        if (strchr(plain, *text) != NULL) {
            buf_add_char(out, *text);
        } else {
            buf_printf(out, "%%%02X", (unsigned)(unsigned char)*text);
        }
    }
}
