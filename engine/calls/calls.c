/* calls.c - see calls.h. A call is taken from the pool, written (outgoing.c), set up
 * (easy.c), driven (multis.c) and taken in (gather.c); this file moves it from one to
 * the next and answers. */
#include "engine/calls/calls.h"

#include <arpa/inet.h>
#include <assert.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/limits.h"
#include "base/mem.h"
#include "engine/calls/easy.h"
#include "engine/calls/gather.h"
#include "engine/calls/multis.h"
#include "engine/calls/outgoing.h"

#define CONNECT_TIMEOUT_MS 10000U
#define TIMEOUT_MAX_MS 2000000000U /* 23 days: what curl's 32-bit arithmetic bears. */

/* The verdict is pure and knows no libcurl: its numbers are checked here. */
#define SAME(ours, curls)                                                        \
    _Static_assert(VERDICT_TRANSFER_##ours == (int)CURLE_##curls, "a number of " \
                                                                  "libcurl's")
SAME(OK, OK);
SAME(UNSUPPORTED, UNSUPPORTED_PROTOCOL);
SAME(BAD_URL, URL_MALFORMAT);
SAME(NO_HOST, COULDNT_RESOLVE_HOST);
SAME(NO_CONNECTION, COULDNT_CONNECT);
SAME(NOT_HTTP, WEIRD_SERVER_REPLY);
SAME(CUT, PARTIAL_FILE);
SAME(NO_MEMORY, OUT_OF_MEMORY);
SAME(TIMED_OUT, OPERATION_TIMEDOUT);
SAME(TLS_FAILED, SSL_CONNECT_ERROR);
SAME(REFUSED_BY_US, ABORTED_BY_CALLBACK);
SAME(BAD_ARGUMENT, BAD_FUNCTION_ARGUMENT);
SAME(NOTHING_CAME, GOT_NOTHING);
SAME(SEND_BROKE, SEND_ERROR);
SAME(RECEIVE_BROKE, RECV_ERROR);
SAME(TLS_CERTIFICATE, SSL_CERTPROBLEM);
SAME(TLS_NOT_TRUSTED, PEER_FAILED_VERIFICATION);
#undef SAME

struct call {
    struct calls *calls; /* Borrowed: its owner. */
    struct call_name name;
    struct service *service; /* Borrowed. */
    CURL *easy;
    unsigned multi; /* Which multi handle it is in ... */
    bool is_added;  /* ... if it is. */
    bool is_absolute;
    bool reads_answer;
    bool is_probe;
    unsigned n_requests; /* How often libcurl began to send it. */
    CURLcode result;
    const char *refused; /* Why it was not sent or had to stop, static; or NULL. */
    const char *refused_address; /* Why an address was refused, static; or NULL. */
    uint64_t started_ms;
    uint64_t ends_at_ms;
    struct call *next;       /* Free list or list of ended calls. */
    struct call *chain_next; /* By (saga, step, item), while in flight. */
    struct outgoing outgoing;
    struct gather gather;
    struct buf detail;
    char error_text[CURL_ERROR_SIZE];
};

struct calls {
    const struct egress *egress; /* Borrowed. */
    char *user_agent;
    uint32_t connect_timeout_ms;
    struct multis *multis;
    uint32_t n_in_flight; /* Handed over and not answered yet. */
    struct call *free;
    struct call *ended_first; /* Ended, in order, to be answered. */
    struct call *ended_last;
    uint32_t chains; /* A power of two. */
    struct call **by_cell;
};

/* ---- the pool ------------------------------------------------------------------------
 */

static struct call *take(struct calls *c)
{
    struct call *call = c->free;

    if (call != NULL) {
        c->free = call->next;
        return call;
    }
    call = mem_alloc(sizeof(*call));
    call->calls = c;
    call->easy = curl_easy_init();
    assert(call->easy != NULL); /* Its memory cannot run out. */
    outgoing_init(&call->outgoing);
    gather_init(&call->gather);
    buf_init(&call->detail, CURL_ERROR_SIZE + 256);
    return call;
}

static void give_back(struct calls *c, struct call *call)
{
    call->next = c->free;
    c->free = call;
}

static void call_destroy(struct call *call)
{
    curl_easy_cleanup(call->easy);
    outgoing_done(&call->outgoing);
    gather_done(&call->gather);
    buf_done(&call->detail);
    free(call);
}

/* ---- calls in flight, by cell
 * ----------------------------------------------------------- */

static struct call **chain_of(const struct calls *c, uint64_t saga, uint16_t step,
                              uint32_t item)
{
    uint64_t cell = (uint64_t)item << 16 | step;

    return &c->by_cell[hash_mix(saga, cell) & (c->chains - 1)];
}

static void chain(struct calls *c, struct call *call)
{
    struct call **head = chain_of(c, call->name.saga, call->name.step, call->name.item);

    call->chain_next = *head;
    *head = call;
}

static void unchain(struct calls *c, struct call *call)
{
    struct call **at = chain_of(c, call->name.saga, call->name.step, call->name.item);

    while (*at != call) {
        at = &(*at)->chain_next;
    }
    *at = call->chain_next;
}

uint64_t calls_ends_at(const struct calls *c, uint64_t saga, uint16_t step, uint32_t item)
{
    const struct call *at = *chain_of(c, saga, step, item);

    for (; at != NULL; at = at->chain_next) {
        if (at->name.saga == saga && at->name.step == step && at->name.item == item) {
            return at->ends_at_ms;
        }
    }
    return 0;
}

/* ---- libcurl's callbacks
 * ------------------------------------------------------------------ */

static size_t on_header(char *bytes, size_t size, size_t n, void *user)
{
    struct call *call = user;

    if (!gather_line(&call->gather, bytes, size * n)) {
        call->refused = "the answer's framing contradicts itself";
        return 0; /* The connection is closed: what follows on it cannot be trusted. */
    }
    return size * n;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
    struct call *call = user;

    if (!gather_body(&call->gather, bytes, size * n)) {
        call->refused = "the answer is larger than what is read of any";
        return 0;
    }
    return size * n;
}

static bool allows(struct call *call, const struct sockaddr *address)
{
    return egress_allows_address(call->calls->egress, call->outgoing.origin.host,
                                 !call->is_absolute, address, &call->refused_address);
}

/* CURLOPT_OPENSOCKETFUNCTION: before connecting. */
static curl_socket_t on_open_socket(void *user, curlsocktype purpose,
                                    struct curl_sockaddr *address)
{
    struct call *call = user;

    if (purpose != CURLSOCKTYPE_IPCXN || !allows(call, &address->addr)) {
        return CURL_SOCKET_BAD;
    }
    return multis_open_socket(call->calls->multis, address);
}

static int on_close_socket(void *user, curl_socket_t fd)
{
    struct calls *c = user;

    return multis_close_socket(c->multis, fd);
}

/* CURLOPT_PREREQFUNCTION: before each request, also on a connection made for another
 * call, for which no socket is opened, and before libcurl sends a request once more by
 * itself because a reused connection died (both measured). */
static int on_request(void *user, char *peer, char *own, int peer_port, int own_port)
{
    struct call *call = user;
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6};
    struct sockaddr_in v4 = {.sin_family = AF_INET};
    bool is_allowed = false;

    (void)own;
    (void)peer_port;
    (void)own_port;
    call->n_requests++;
    if (inet_pton(AF_INET, peer, &v4.sin_addr) == 1) {
        is_allowed = allows(call, (const struct sockaddr *)&v4);
    } else if (inet_pton(AF_INET6, peer, &v6.sin6_addr) == 1) {
        is_allowed = allows(call, (const struct sockaddr *)&v6);
    } else {
        call->refused_address = "its peer has no readable address";
    }
    return is_allowed ? CURL_PREREQFUNC_OK : CURL_PREREQFUNC_ABORT;
}

/* ---- sending
 * ---------------------------------------------------------------------------- */

static void end(struct call *call, CURLcode result)
{
    struct calls *c = call->calls;

    call->result = result;
    call->next = NULL;
    if (c->ended_last != NULL) {
        c->ended_last->next = call;
    } else {
        c->ended_first = call;
    }
    c->ended_last = call;
}

/* multis_ended */
static void on_ended(void *user, CURL *easy, CURLcode result)
{
    char *private = NULL;

    (void)user;
    (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private); /* Cannot fail. */
    assert(private != NULL);
    end((struct call *)(void *)private, result);
}

/* NULL, or why it is not sent. */
static const char *prepare(struct calls *c, struct call *call,
                           const struct call_request *r, uint32_t timeout_ms)
{
    const struct easy_limits limits = {
        .timeout_ms = timeout_ms,
        .connect_timeout_ms =
            timeout_ms < c->connect_timeout_ms ? timeout_ms : c->connect_timeout_ms};
    const struct easy_hooks hooks = {.header = on_header,
                                     .body = on_body,
                                     .before_request = on_request,
                                     .open_socket = on_open_socket,
                                     .close_socket = on_close_socket,
                                     .user = call,
                                     .sockets = c};
    const char *why = outgoing_write(&call->outgoing, r, c->user_agent);

    if (why != NULL) {
        return why;
    }
    if (r->is_absolute && !egress_allows_host(c->egress, call->outgoing.origin.host)) {
        return "the configuration's egress.allow does not name the host";
    }
    curl_easy_reset(call->easy);
    if (!easy_prepare(call->easy, &call->outgoing, service_config_of(r->service), &limits,
                      &hooks) ||
        curl_easy_setopt(call->easy, CURLOPT_ERRORBUFFER, call->error_text) != CURLE_OK) {
        return "libcurl refused an option";
    }
    return NULL;
}

void calls_send(struct calls *c, const struct call_request *r)
{
    struct call *call = take(c);
    uint32_t timeout_ms = r->timeout_ms < TIMEOUT_MAX_MS ? r->timeout_ms : TIMEOUT_MAX_MS;

    assert(timeout_ms > 0); /* To curl, 0 is for ever. */
    call->name = r->name;
    call->service = r->service;
    call->is_absolute = r->is_absolute;
    call->reads_answer = r->reads_answer;
    call->is_probe = service_is_probing(r->service);
    call->n_requests = 0;
    call->refused_address = NULL;
    call->error_text[0] = '\0';
    call->started_ms = clk_wall_ms();
    call->ends_at_ms = call->started_ms + timeout_ms;
    gather_reset(&call->gather, r->reads_answer ? LIMIT_ANSWER_READ : LIMIT_ANSWER_KEPT);
    chain(c, call);
    c->n_in_flight++;
    call->refused = prepare(c, call, r, timeout_ms);
    call->is_added =
        call->refused == NULL && multis_add(c->multis, call->easy, &call->multi);
    if (!call->is_added) {
        end(call, CURLE_BAD_FUNCTION_ARGUMENT);
    }
}

/* ---- answering
 * --------------------------------------------------------------------------- */

static long request_bytes(const struct call *call)
{
    long n = 0;

    if (call->is_added) {
        (void)curl_easy_getinfo(call->easy, CURLINFO_REQUEST_SIZE, &n); /* Cannot fail. */
    }
    return n;
}

static double time_ms(const struct call *call, CURLINFO what)
{
    curl_off_t us = 0;

    if (!call->is_added || curl_easy_getinfo(call->easy, what, &us) != CURLE_OK ||
        us <= 0) {
        return -1;
    }
    return (double)us / 1000.0;
}

static struct call_timings timings_of(const struct call *call)
{
    return (struct call_timings){
        .dns = time_ms(call, CURLINFO_NAMELOOKUP_TIME_T),
        .connect = time_ms(call, CURLINFO_CONNECT_TIME_T),
        .tls = time_ms(call, CURLINFO_APPCONNECT_TIME_T),
        .first_byte = time_ms(call, CURLINFO_STARTTRANSFER_TIME_T),
        .total = time_ms(call, CURLINFO_TOTAL_TIME_T),
    };
}

static struct verdict_facts facts_of(const struct call *call, uint64_t now_ms)
{
    const struct gather *in = &call->gather;
    struct verdict_facts facts = {
        .curl_result = (int)call->result,
        .status = in->status >= 200 ? in->status : 0, /* 1xx is not an answer. */
        .request_bytes = request_bytes(call),
        .headers_complete = in->is_complete,
        .body_complete = call->result == CURLE_OK && in->is_complete,
        .framing_is_bad = in->framing_is_bad,
        .is_over_cap = in->is_over_cap,
        .was_resent = call->n_requests > 1,
        .retry_after_ms = gather_retry_after(in, now_ms),
    };

    /* curl says "could not connect" for our own refusal of an address. */
    if (call->refused_address != NULL && call->result == CURLE_COULDNT_CONNECT &&
        facts.request_bytes == 0) {
        facts.curl_result = CURLE_ABORTED_BY_CALLBACK;
    }
    if (call->reads_answer && facts.body_complete) {
        facts.is_json = json_is_valid(buf_text(&in->body), in->body.n);
    }
    return facts;
}

static const char *detail_of(struct call *call, const struct verdict_facts *facts)
{
    buf_clear(&call->detail);
    if (call->result == CURLE_OK) {
        return "";
    }
    if (call->refused != NULL) {
        return call->refused;
    }
    if (call->refused_address != NULL &&
        facts->curl_result == CURLE_ABORTED_BY_CALLBACK) {
        buf_printf(&call->detail, "the egress policy refuses %s: %s",
                   call->outgoing.origin.host, call->refused_address);
        return buf_text(&call->detail);
    }
    /* libcurl keeps the first error's words: of the first sending, if it sent twice. */
    return call->error_text[0] != '\0' && call->n_requests < 2
               ? call->error_text
               : curl_easy_strerror(call->result);
}

static void answer(struct calls *c, struct call *call,
                   void (*ended)(void *user, const struct call_answer *a), void *user)
{
    uint64_t now_ms = clk_wall_ms();
    struct call_answer a = {
        .name = call->name,
        .service = call->service,
        .url = buf_text(&call->outgoing.url),
        .facts = facts_of(call, now_ms),
        .is_probe = call->is_probe,
        .started_ms = call->started_ms,
        .ended_ms = now_ms,
        .headers = gather_headers_json(&call->gather),
        .body = buf_text(&call->gather.body),
        .body_n = call->gather.body.n,
        .is_truncated = call->gather.is_truncated,
        .timings = timings_of(call),
    };

    a.detail = detail_of(call, &a.facts);
    if (call->is_added) {
        multis_remove(c->multis, call->easy, call->multi);
    }
    unchain(c, call);
    c->n_in_flight--;
    ended(user, &a);
    give_back(c, call);
}

void calls_run(struct calls *c, void (*ended)(void *user, const struct call_answer *a),
               void *user)
{
    struct call *last;
    bool was_last = false;

    multis_run(c->multis);
    last = c->ended_last; /* What ends meanwhile comes next time: work is bounded. */
    while (last != NULL && !was_last) {
        struct call *call = c->ended_first;

        c->ended_first = call->next;
        if (c->ended_first == NULL) {
            c->ended_last = NULL;
        }
        was_last = call == last;
        answer(c, call, ended, user);
    }
    multis_run_timers(c->multis); /* What `ended` sent goes out before anybody sleeps. */
}

void calls_wait(struct calls *c, int timeout_ms)
{
    multis_wait(c->multis, c->ended_first != NULL ? 0 : timeout_ms);
}

void calls_wake(struct calls *c)
{
    multis_wake(c->multis);
}

uint32_t calls_in_flight(const struct calls *c)
{
    return c->n_in_flight;
}

/* ---- lifetime
 * ---------------------------------------------------------------------------- */

static void *take_block(size_t bytes)
{
    return mem_grow(NULL, bytes);
}

static void *take_blocks(size_t n, size_t bytes)
{
    assert(bytes == 0 || n <= SIZE_MAX / bytes);
    return mem_alloc(n * bytes);
}

bool calls_init_library(void)
{
    return curl_global_init_mem(CURL_GLOBAL_DEFAULT, take_block, free, mem_grow, mem_text,
                                take_blocks) == CURLE_OK;
}

enum err calls_create(const struct calls_config *config, struct calls **out,
                      struct err_info *info)
{
    struct calls *c;
    enum err err;

    if (!calls_init_library()) { /* Counted: each calls_destroy() takes one back. */
        return err_set(info, ERR_IO, "libcurl cannot be initialized");
    }
    c = mem_alloc(sizeof(*c));
    c->egress = config->egress;
    c->user_agent = mem_text(config->user_agent);
    c->connect_timeout_ms =
        config->connect_timeout_ms > 0 ? config->connect_timeout_ms : CONNECT_TIMEOUT_MS;
    c->chains = 64;
    while (c->chains < config->calls_max) {
        c->chains *= 2;
    }
    c->by_cell = mem_alloc(c->chains * sizeof(struct call *));
    err = multis_create(on_ended, c, &c->multis, info);
    if (err != ERR_OK) {
        calls_destroy(c);
        return err;
    }
    *out = c;
    return ERR_OK;
}

void calls_destroy(struct calls *c)
{
    if (c == NULL) {
        return;
    }
    for (uint32_t i = 0; c->by_cell != NULL && i < c->chains; i++) {
        while (c->by_cell[i] != NULL) {
            struct call *call = c->by_cell[i];

            c->by_cell[i] = call->chain_next;
            if (call->is_added) {
                multis_remove(c->multis, call->easy, call->multi);
            }
            call_destroy(call);
        }
    }
    while (c->free != NULL) {
        struct call *call = c->free;

        c->free = call->next;
        call_destroy(call);
    }
    multis_destroy(c->multis);
    free(c->by_cell);
    free(c->user_agent);
    free(c);
    curl_global_cleanup();
}

void calls_set_egress(struct calls *c, const struct egress *egress)
{
    c->egress = egress;
}
