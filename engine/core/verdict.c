/* verdict.c - see verdict.h. */
#include "engine/core/verdict.h"

#include <assert.h>
#include <stddef.h>

bool verdict_is_answer(const struct verdict_facts *facts)
{
    if (facts->status <= 0 || !facts->headers_complete || facts->framing_is_bad) {
        return false;
    }
    /* Over the cap it is we who stopped reading: the wire did not cut it. */
    return facts->is_over_cap ||
           (facts->curl_result == VERDICT_TRANSFER_OK && facts->body_complete);
}

/* ---- the table of statuses (S12 to S14) ------------------------------------- */

static enum plan_meaning meaning_by_default(long status)
{
    switch (status) {
    case 401:
    case 407:
    case 408:
    case 425:
    case 429:
        return PLAN_RETRYABLE;
    case 501:
    case 505:
        return PLAN_REJECTED;
    default:
        break;
    }
    if (status >= 200 && status <= 299) {
        return PLAN_SUCCESS;
    }
    if (status >= 300 && status <= 499) {
        return PLAN_REJECTED;
    }
    return PLAN_RETRYABLE; /* 5xx, and numbers that HTTP does not know. */
}

/* The rule that speaks about status, a code before a class; NULL: none does. */
static const struct plan_status_rule *rule_of(const struct plan_statuses *statuses,
                                              long status)
{
    const struct plan_status_rule *of_class = NULL;

    if (statuses == NULL) {
        return NULL;
    }
    for (uint16_t i = 0; i < statuses->n; i++) {
        const struct plan_status_rule *rule = &statuses->rules[i];

        if (rule->status == status) {
            return rule;
        }
        if (of_class == NULL && rule->status == status / 100) {
            of_class = rule;
        }
    }
    return of_class;
}

enum plan_meaning verdict_meaning(const struct plan_statuses *statuses, long status)
{
    const struct plan_status_rule *rule = rule_of(statuses, status);

    return rule != NULL ? rule->meaning : meaning_by_default(status);
}

/* Refused at the door, before anything was done (S14). */
static bool is_not_applied(long status)
{
    return status == 401 || status == 407 || status == 429;
}

bool verdict_is_service_fault(const struct verdict_facts *facts)
{
    if (verdict_is_answer(facts)) {
        return facts->status >= 500;
    }
    if (facts->request_bytes > 0) {
        return true;
    }
    switch (facts->curl_result) { /* What is ours says nothing about the service. */
    case VERDICT_TRANSFER_UNSUPPORTED:
    case VERDICT_TRANSFER_BAD_URL:
    case VERDICT_TRANSFER_BAD_ARGUMENT:
    case VERDICT_TRANSFER_NO_MEMORY:
    case VERDICT_TRANSFER_REFUSED_BY_US:
        return false;
    default:
        return true;
    }
}

/* ---- words --------------------------------------------------------------------- */

static const char *why_unsent(int curl_result)
{
    switch (curl_result) {
    case VERDICT_TRANSFER_NO_HOST:
        return "the host name could not be resolved";
    case VERDICT_TRANSFER_NO_CONNECTION:
        return "could not connect";
    case VERDICT_TRANSFER_TIMED_OUT:
        return "timed out before the request was sent";
    case VERDICT_TRANSFER_TLS_FAILED:
    case VERDICT_TRANSFER_TLS_NOT_TRUSTED:
    case VERDICT_TRANSFER_TLS_CERTIFICATE:
        return "the TLS handshake failed";
    case VERDICT_TRANSFER_REFUSED_BY_US:
        return "the address is refused by the egress policy";
    case VERDICT_TRANSFER_NO_MEMORY:
        return "there was no memory to send the request";
    case VERDICT_TRANSFER_UNSUPPORTED:
    case VERDICT_TRANSFER_BAD_URL:
    case VERDICT_TRANSFER_BAD_ARGUMENT:
        return "the request cannot be sent as it is";
    default:
        return "the request was not sent";
    }
}

static const char *why_no_answer(const struct verdict_facts *facts)
{
    if (facts->framing_is_bad) {
        return "the answer's framing contradicts itself";
    }
    if (facts->status > 0 && facts->headers_complete) {
        return facts->curl_result == VERDICT_TRANSFER_TIMED_OUT
                   ? "timed out in the middle of the answer's body"
                   : "the answer's body was cut";
    }
    if (facts->status > 0) {
        return facts->curl_result == VERDICT_TRANSFER_TIMED_OUT
                   ? "timed out in the middle of the answer's header block"
                   : "the answer's header block was cut";
    }
    switch (facts->curl_result) {
    case VERDICT_TRANSFER_TIMED_OUT:
        return "timed out waiting for the answer";
    case VERDICT_TRANSFER_NOTHING_CAME:
        return "the connection was closed without an answer";
    case VERDICT_TRANSFER_RECEIVE_BROKE:
    case VERDICT_TRANSFER_SEND_BROKE:
        return "the connection broke before the answer";
    case VERDICT_TRANSFER_UNSUPPORTED:
    case VERDICT_TRANSFER_NOT_HTTP:
    case VERDICT_TRANSFER_OK: /* Of libcurl's, that is: it takes more for HTTP. */
        return "the answer is not HTTP";
    case VERDICT_TRANSFER_NO_CONNECTION:
        return "the connection broke and could not be made again";
    default:
        return "no answer came";
    }
}

/* ---- outcomes -------------------------------------------------------------------- */

static struct verdict unsent(const struct verdict_facts *facts)
{
    /* What cannot be sent as it is stays so: waiting for hours would help nobody. */
    const bool is_hopeless = facts->curl_result == VERDICT_TRANSFER_UNSUPPORTED ||
                             facts->curl_result == VERDICT_TRANSFER_BAD_URL ||
                             facts->curl_result == VERDICT_TRANSFER_BAD_ARGUMENT;

    return (struct verdict){.outcome = OUTCOME_UNSENT,
                            .may_retry = !is_hopeless,
                            .is_free = true,
                            .detail = why_unsent(facts->curl_result)};
}

static struct verdict unknown(const char *detail)
{
    return (struct verdict){
        .outcome = OUTCOME_UNKNOWN, .may_retry = true, .detail = detail};
}

static struct verdict stop(const char *detail)
{
    return (struct verdict){
        .outcome = OUTCOME_UNKNOWN, .is_stop = true, .detail = detail};
}

static struct verdict rejected(const char *detail)
{
    return (struct verdict){.outcome = OUTCOME_REJECTED, .detail = detail};
}

static struct verdict retryable(long status, const char *detail)
{
    struct verdict v = unknown(detail);

    if (is_not_applied(status)) {
        v.outcome = OUTCOME_REJECTED;
    }
    v.is_free = status == 429;
    return v;
}

static struct verdict by_status(const struct verdict_facts *facts,
                                const struct verdict_policy *policy)
{
    enum plan_meaning meaning = verdict_meaning(policy->statuses, facts->status);

    /* The first attempt may still be at work on the same key; only a definition that
     * calls 409 a success knows better (S14). Safe calls are never in doubt. */
    if (facts->status == 409 && policy->in_doubt && !policy->is_safe &&
        meaning != PLAN_SUCCESS) {
        return unknown("a conflict with an earlier attempt that is in doubt");
    }
    switch (meaning) {
    case PLAN_SUCCESS:
        if (policy->reads_answer && !facts->is_json) {
            return unknown("the definition reads the answer, which is not JSON");
        }
        return (struct verdict){.outcome = OUTCOME_SUCCEEDED,
                                .detail = VERDICT_PLAIN_SUCCESS};
    case PLAN_RETRYABLE:
        return retryable(facts->status, VERDICT_PLAIN_RETRYABLE);
    case PLAN_REJECTED:
        return rejected(VERDICT_PLAIN_REJECTED);
    }
    assert(false);
    return unknown("");
}

/* FAILED conditions; VERDICT_NO when none failed, else *v is the verdict. */
static bool has_failed(const struct verdict_policy *policy, struct verdict *v)
{
    if (policy->reject_when == VERDICT_FAILED) {
        *v = stop("rejectWhen could not be evaluated");
    } else if (policy->retry_when == VERDICT_FAILED &&
               policy->reject_when != VERDICT_YES) {
        *v = stop("retryWhen could not be evaluated");
    } else if (policy->call == CALL_CONFIRM && policy->applied_when == VERDICT_FAILED) {
        *v = stop("appliedWhen could not be evaluated");
    } else if (policy->call == CALL_CONFIRM &&
               policy->not_applied_when == VERDICT_FAILED) {
        *v = stop("notAppliedWhen could not be evaluated");
    } else {
        return false;
    }
    return true;
}

/* A body over the cap that the definition reads: what the conditions saw of it proves
 * nothing, so only the status speaks. */
static struct verdict of_too_big(const struct verdict_facts *facts,
                                 const struct verdict_policy *policy)
{
    if (verdict_meaning(policy->statuses, facts->status) == PLAN_SUCCESS) {
        return stop("the answer is too big, and the definition reads it");
    }
    return by_status(facts, policy);
}

static struct verdict of_answer(const struct verdict_facts *facts,
                                const struct verdict_policy *policy)
{
    struct verdict v;

    if (facts->is_over_cap && policy->reads_answer) {
        return of_too_big(facts, policy);
    }
    if (has_failed(policy, &v)) {
        return v;
    }
    if (policy->reject_when == VERDICT_YES) {
        return rejected("rejectWhen is true");
    }
    if (policy->retry_when == VERDICT_YES) {
        return retryable(facts->status, "retryWhen is true");
    }
    return by_status(facts, policy);
}

/* ---- confirm (S17) ----------------------------------------------------------------- */

static enum saga_confirm proof_of(const struct verdict_facts *facts,
                                  const struct verdict_policy *policy,
                                  const struct verdict *v)
{
    bool is_success = v->outcome == OUTCOME_SUCCEEDED && facts->status / 100 == 2;
    bool is_denied = policy->not_applied_when == VERDICT_YES ||
                     rule_of(policy->not_applied, facts->status) != NULL;
    bool is_applied = policy->applied_when == VERDICT_NOT_ASKED
                          ? is_success && !is_denied
                          : policy->applied_when == VERDICT_YES;

    if (policy->reject_when == VERDICT_YES || policy->retry_when == VERDICT_YES ||
        is_applied == is_denied) { /* Neither; or both, which proves nothing. */
        return SAGA_CONFIRM_NOTHING;
    }
    if (policy->reads_answer && facts->is_over_cap) {
        return SAGA_CONFIRM_NOTHING;
    }
    if (is_applied && policy->reads_answer && !facts->is_json) {
        return SAGA_CONFIRM_NOTHING; /* Its answer would become the step's. */
    }
    return is_applied ? SAGA_CONFIRM_APPLIED : SAGA_CONFIRM_NOT_APPLIED;
}

static struct verdict of_confirm(const struct verdict_facts *facts,
                                 const struct verdict_policy *policy)
{
    struct verdict v = of_answer(facts, policy);

    if (v.is_stop) {
        return v;
    }
    v.confirm = proof_of(facts, policy, &v);
    switch (v.confirm) {
    case SAGA_CONFIRM_APPLIED:
        v.outcome = OUTCOME_SUCCEEDED;
        v.may_retry = false;
        v.detail = "the answer proves that the action was applied";
        break;
    case SAGA_CONFIRM_NOT_APPLIED:
        v.outcome = OUTCOME_REJECTED;
        v.may_retry = false;
        v.detail = "the answer proves that the action was not applied";
        break;
    case SAGA_CONFIRM_NOTHING:
        v.outcome = OUTCOME_UNKNOWN;
        v.may_retry = true;
        v.detail = "the answer proves neither that it was applied nor that it was not";
        break;
    }
    return v;
}

/* A refusal speaks of the second sending only; the first may have been applied (S15). */
static bool is_of_second_sending(const struct verdict_facts *facts,
                                 const struct verdict_policy *policy,
                                 const struct verdict *v)
{
    return facts->was_resent && v->outcome == OUTCOME_REJECTED && !policy->is_safe &&
           policy->call != CALL_CONFIRM;
}

struct verdict verdict_of(const struct verdict_facts *facts,
                          const struct verdict_policy *policy)
{
    struct verdict v;

    if (verdict_is_answer(facts)) {
        v = policy->call == CALL_CONFIRM ? of_confirm(facts, policy)
                                         : of_answer(facts, policy);
    } else if (facts->curl_result != VERDICT_TRANSFER_OK && facts->request_bytes == 0) {
        v = unsent(facts);
    } else {
        v = unknown(why_no_answer(facts));
    }
    if (is_of_second_sending(facts, policy, &v)) {
        v = unknown("refused when sent again on a new connection; the first sending "
                    "got no answer");
    }
    if (policy->is_probe && v.outcome != OUTCOME_SUCCEEDED &&
        verdict_is_service_fault(facts)) {
        v.is_free = true;
    }
    if (v.may_retry && facts->headers_complete) {
        v.retry_at_ms = facts->retry_after_ms;
    }
    return v;
}
