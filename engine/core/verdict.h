/*
 * verdict.h - what an attempt's end means: succeeded, rejected, unsent or unknown.
 *
 * One pure function from facts seen on the wire and the call's policy to an outcome
 * (S10 to S15, S17). The measured table of semantics.md is its test. Conditions
 * (rejectWhen and others) are evaluated by the caller, who passes their results in.
 *
 * It judges one attempt and knows nothing of those before it but in_doubt: sticky doubt
 * (S15), attempts that have run out, and that a GET or HEAD is never in doubt are the
 * core's. So an `unknown` GET is told as UNKNOWN with may_retry, like any other.
 *
 * It stands in the core because an author's test judges its scripted answers by it too,
 * without libcurl: how a transfer ended is a number of libcurl's, of which the ones that
 * mean something are named here. No state, no threads.
 */
#ifndef CORE_VERDICT_H
#define CORE_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/core/plan.h"
#include "engine/core/saga.h"

/* How a transfer ended, as libcurl numbers it: the ones that are told apart. That they
 * are libcurl's is checked where calls are made (engine/calls/calls.c). */
enum verdict_transfer {
    VERDICT_TRANSFER_OK = 0,
    VERDICT_TRANSFER_UNSUPPORTED = 1,
    VERDICT_TRANSFER_BAD_URL = 3,
    VERDICT_TRANSFER_NO_HOST = 6,
    VERDICT_TRANSFER_NO_CONNECTION = 7,
    VERDICT_TRANSFER_NOT_HTTP = 8,
    VERDICT_TRANSFER_CUT = 18,
    VERDICT_TRANSFER_NO_MEMORY = 27, /* Of the TLS library: libcurl's cannot run out. */
    VERDICT_TRANSFER_TIMED_OUT = 28,
    VERDICT_TRANSFER_TLS_FAILED = 35,
    VERDICT_TRANSFER_REFUSED_BY_US = 42,
    VERDICT_TRANSFER_BAD_ARGUMENT = 43,
    VERDICT_TRANSFER_NOTHING_CAME = 52,
    VERDICT_TRANSFER_SEND_BROKE = 55,
    VERDICT_TRANSFER_RECEIVE_BROKE = 56,
    VERDICT_TRANSFER_TLS_CERTIFICATE = 58,
    VERDICT_TRANSFER_TLS_NOT_TRUSTED = 60,
};

enum verdict_condition { VERDICT_NOT_ASKED, VERDICT_NO, VERDICT_YES, VERDICT_FAILED };

/* Seen on the wire. */
struct verdict_facts {
    int curl_result;    /* CURLcode; see enum verdict_transfer. */
    long status;        /* HTTP status; 0: none came. */
    long request_bytes; /* CURLINFO_REQUEST_SIZE; 0 proves that nothing was sent (S11). */
    bool headers_complete;   /* The blank line after the final header block came. */
    bool body_complete;      /* As far as framing tells. */
    bool framing_is_bad;     /* Two different Content-Length, or both CL and TE. */
    bool is_json;            /* The kept body is one valid JSON text; looked at only where
                              * the definition reads the answer. */
    bool is_over_cap;        /* The body was larger than what may be read. */
    bool was_resent;         /* libcurl sent it twice: a reused connection died under the
                              * first, of which nothing is known (S11). */
    uint64_t retry_after_ms; /* Absolute wall time from Retry-After; 0 none. */
};

struct verdict_policy {
    const struct plan_statuses *statuses;    /* NULL: defaults only. */
    const struct plan_statuses *not_applied; /* CONFIRM: statuses that prove it. */
    enum call_kind call;
    bool is_safe;      /* GET, HEAD: a 409 is not about an earlier attempt of ours. */
    bool reads_answer; /* Some expression, a condition too, reads the body: what
                        * succeeds must be JSON (S12). */
    bool in_doubt;     /* An earlier attempt of this call is in doubt (409, S14). */
    bool is_probe;     /* The half-open breaker's one call: failing costs no attempt. */
    enum verdict_condition reject_when;
    enum verdict_condition retry_when;
    enum verdict_condition applied_when;     /* CONFIRM */
    enum verdict_condition not_applied_when; /* CONFIRM */
};

/* The detail where the status decided alone. Who shows the status leaves it out. */
#define VERDICT_PLAIN_SUCCESS "the status is a success"
#define VERDICT_PLAIN_RETRYABLE "the status asks for another attempt"
#define VERDICT_PLAIN_REJECTED "the status is a refusal"

struct verdict {
    enum outcome outcome; /* SUCCEEDED, REJECTED, UNSENT, UNKNOWN. */
    enum saga_confirm confirm;
    bool may_retry;
    bool is_free;
    bool is_stop;
    uint64_t retry_at_ms;
    const char *detail; /* Static sentence part: "timed out waiting for the answer". */
};

/* May conditions be asked at all? True for a complete answer with a status, and for one
 * whose body went over the cap: there it was we who stopped reading. */
bool verdict_is_answer(const struct verdict_facts *facts);

struct verdict verdict_of(const struct verdict_facts *facts,
                          const struct verdict_policy *policy);

/* The meaning of a status under the rules and the defaults. */
enum plan_meaning verdict_meaning(const struct plan_statuses *statuses, long status);

/* Does the breaker count it? Transport errors, time-outs and 5xx, never 4xx (S50). */
bool verdict_is_service_fault(const struct verdict_facts *facts);

#endif /* CORE_VERDICT_H */
