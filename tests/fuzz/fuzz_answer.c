/* What comes back on the wire, line by line as libcurl gives it: never more than the caps
 * is kept, the headers are JSON, and the verdict is not better than the facts: unsent
 * only if nothing was sent, an answer only if it is whole. */
#include "engine/calls/gather.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "base/json.h"
#include "base/limits.h"
#include "engine/core/verdict.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

static bool feed(struct gather *in, const char *at, size_t n)
{
    bool goes_on = true;

    while (n > 0 && goes_on && !in->is_complete) {
        const char *line = memchr(at, '\n', n);
        const size_t line_n = line != NULL ? (size_t)(line - at) + 1 : n;

        if (memchr(at, '\0', line_n) != NULL) {
            return false; /* libcurl ends such an answer itself. */
        }
        goes_on = gather_line(in, at, line_n);
        at += line_n;
        n -= line_n;
    }
    return goes_on && gather_body(in, at, n);
}

static void judge(const struct gather *in, bool goes_on, uint8_t how)
{
    static const int results[] = {0, 1, 7, 8, 18, 28, 42, 52, 56};
    const struct verdict_policy policy = {.call =
                                              how % 16 == 15 ? CALL_CONFIRM : CALL_ACTION,
                                          .is_safe = (how & 16) != 0,
                                          .reads_answer = (how & 32) != 0,
                                          .in_doubt = (how & 64) != 0};
    struct verdict_facts facts = {.curl_result = goes_on ? results[how % 9] : 23,
                                  .status = in->status >= 200 ? in->status : 0,
                                  .request_bytes =
                                      (how & 128) != 0 || in->status > 0 ? 100 : 0,
                                  .headers_complete = in->is_complete,
                                  .framing_is_bad = in->framing_is_bad,
                                  .is_over_cap = in->is_over_cap,
                                  .retry_after_ms = gather_retry_after(in, 1000)};
    struct verdict v;

    facts.body_complete = facts.curl_result == 0 && in->is_complete;
    facts.is_json = json_is_valid(buf_text(&in->body), in->body.n);
    v = verdict_of(&facts, &policy);
    assert(v.detail != NULL && v.detail[0] != '\0');
    assert(v.outcome != OUTCOME_UNSENT || facts.request_bytes == 0);
    assert(v.outcome != OUTCOME_SUCCEEDED ||
           (in->is_complete && !in->framing_is_bad && facts.status / 100 == 2));
    assert(v.outcome != OUTCOME_REJECTED || (in->is_complete && !in->framing_is_bad));
    assert(facts.retry_after_ms == 0 || facts.retry_after_ms >= 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct gather in;
    static bool is_made;
    const uint8_t how = n > 0 ? bytes[0] : 0;
    const char *headers;
    bool goes_on;

    if (!is_made) {
        gather_init(&in);
        is_made = true;
    }
    gather_reset(&in, LIMIT_ANSWER_KEPT);
    goes_on = n > 0 && feed(&in, (const char *)bytes + 1, n - 1);
    headers = gather_headers_json(&in);
    assert(json_is_valid(headers, strlen(headers)));
    assert(in.body.n <= LIMIT_ANSWER_KEPT && in.raw.n <= LIMIT_ANSWER_HEADERS);
    assert(in.status >= 0 && in.status <= 999);
    judge(&in, goes_on, how);
    return 0;
}
