/* record.c - see record.h. */
#include "engine/view/record.h"

#include <assert.h>
#include <string.h>

#include "base/varint.h"
#include "engine/core/saga_code.h"

#define RECORD_VERSION 1
#define RECORD_SEND_BYTES_MIN 13 /* hash: eight; all else one each. */
#define RECORD_TAKE_BYTES_MIN 2

/* Bits of the mask, in the order of what follows. On disk: append only. */
enum {
    HAS_ANSWERS = 1 << 0,
    HAS_SENDS = 1 << 1,
    HAS_TAKES = 1 << 2,
    HAS_STATUS = 1 << 3,
    HAS_HEADERS = 1 << 4,
    HAS_BODY = 1 << 5,
    IS_TRUNCATED = 1 << 6,
    HAS_DETAIL = 1 << 7,
    HAS_TIMES = 1 << 8,
    HAS_ACTOR = 1 << 9,
    HAS_REASON = 1 << 10,
    HAS_REQUEST_ID = 1 << 11,
    HAS_OUTPUT = 1 << 12,
    HAS_OUTPUT_ERROR = 1 << 13,
    HAS_NOTE = 1 << 14,
    HAS_NOTIFY_ERROR = 1 << 15,
    MASK_ALL = (1 << 16) - 1,
};

/* ---- writing --------------------------------------------------------------------- */

static uint32_t bit(bool is_there, int has)
{
    return is_there ? (uint32_t)has : 0;
}

static uint32_t mask_of(const struct record *r)
{
    return bit(r->n_answers > 0, HAS_ANSWERS) | bit(r->n_sends > 0, HAS_SENDS) |
           bit(r->n_takes > 0, HAS_TAKES) | bit(r->http_status != 0, HAS_STATUS) |
           bit(r->headers != NULL, HAS_HEADERS) | bit(r->body != NULL, HAS_BODY) |
           bit(r->is_truncated, IS_TRUNCATED) | bit(r->detail != NULL, HAS_DETAIL) |
           bit(r->started_ms != 0, HAS_TIMES) | bit(r->actor != NULL, HAS_ACTOR) |
           bit(r->reason != NULL, HAS_REASON) |
           bit(r->request_id != NULL, HAS_REQUEST_ID) |
           bit(r->output != NULL, HAS_OUTPUT) |
           bit(r->output_error != NULL, HAS_OUTPUT_ERROR) |
           bit(r->note != NULL, HAS_NOTE) |
           bit(r->notify_error != NULL, HAS_NOTIFY_ERROR);
}

static void put(struct buf *out, uint64_t v)
{
    uint8_t bytes[10];
    struct varint_out o = {bytes, bytes + sizeof(bytes), false};

    varint_put(&o, v);
    buf_add(out, bytes, (size_t)(o.at - bytes));
}

static void put_bytes(struct buf *out, const char *bytes, size_t n)
{
    put(out, n);
    buf_add(out, bytes, n);
    buf_add_char(out, '\0');
}

static void put_text(struct buf *out, const char *text)
{
    if (text != NULL) {
        put_bytes(out, text, strlen(text));
    }
}

/* Small numbers of either sign in one byte. */
static uint64_t zigzag(int64_t v)
{
    return (uint64_t)v << 1 ^ (v < 0 ? UINT64_MAX : 0);
}

static int64_t unzigzag(uint64_t v)
{
    const uint64_t bits = v >> 1 ^ (0 - (v & 1));
    int64_t out;

    memcpy(&out, &bits, sizeof(out));
    return out;
}

static void put_answers(struct buf *out, const struct record *r)
{
    put(out, r->n_answers);
    for (size_t i = 0; i < r->n_answers; i++) {
        put(out, zigzag(r->answers[i]));
    }
}

/* SAGA_NO_ITEM, the usual, takes one byte. */
static uint64_t item_code(uint32_t item)
{
    return item == SAGA_NO_ITEM ? 0 : (uint64_t)item + 1;
}

static void put_sends(struct buf *out, const struct record *r)
{
    put(out, r->n_sends);
    for (size_t i = 0; i < r->n_sends; i++) {
        const struct record_send *send = &r->sends[i];
        uint8_t bytes[4 * 10 + 1 + 8];
        struct varint_out o = {bytes, bytes + sizeof(bytes), false};

        varint_put(&o, send->step);
        varint_put(&o, item_code(send->item));
        varint_put(&o, (uint64_t)send->call);
        varint_put(&o, send->attempt);
        for (unsigned shift = 0; shift < 64; shift += 8) {
            *o.at++ = (uint8_t)(send->hash >> shift);
        }
        varint_put(&o, send->address);
        buf_add(out, bytes, (size_t)(o.at - bytes));
    }
}

static void put_takes(struct buf *out, const struct record *r)
{
    put(out, r->n_takes);
    for (size_t i = 0; i < r->n_takes; i++) {
        put(out, r->takes[i].step);
        put(out, r->takes[i].turn);
    }
}

static void put_times(struct buf *out, const struct record *r)
{
    put(out, r->started_ms);
    for (size_t i = 0; i < RECORD_TIMINGS; i++) {
        put(out, r->timings_us[i] < 0 ? 0 : (uint64_t)r->timings_us[i] + 1);
    }
}

static void put_event(struct buf *out, const struct saga_event *event)
{
    uint8_t bytes[SAGA_EVENT_BYTES_MAX];
    size_t n = saga_event_encode(event, bytes, sizeof(bytes));

    assert(n > 0);
    put(out, n);
    buf_add(out, bytes, n);
}

void record_encode(const struct record *r, struct buf *out)
{
    const uint32_t mask = mask_of(r);

    buf_add_char(out, RECORD_VERSION);
    put(out, mask);
    put_event(out, &r->event);
    if (mask & HAS_ANSWERS) {
        put_answers(out, r);
    }
    if (mask & HAS_SENDS) {
        put_sends(out, r);
    }
    if (mask & HAS_TAKES) {
        put_takes(out, r);
    }
    if (mask & HAS_STATUS) {
        put(out, (uint64_t)r->http_status);
    }
    put_text(out, r->headers);
    if (mask & HAS_BODY) {
        put_bytes(out, r->body, r->body_n);
    }
    put_text(out, r->detail);
    if (mask & HAS_TIMES) {
        put_times(out, r);
    }
    put_text(out, r->actor);
    put_text(out, r->reason);
    put_text(out, r->request_id);
    put_text(out, r->output);
    put_text(out, r->output_error);
    put_text(out, r->note);
    put_text(out, r->notify_error);
}

/* ---- reading --------------------------------------------------------------------- */

/* A number no larger than max; else the record is bad. */
static uint64_t next_max(struct varint_in *in, uint64_t max)
{
    const uint64_t v = varint_next(in);

    if (v > max) {
        in->is_bad = true;
        in->at = in->end;
        return 0;
    }
    return v;
}

static size_t left(const struct varint_in *in)
{
    return (size_t)(in->end - in->at);
}

/* Bytes with a NUL behind them. */
static const char *next_bytes(struct varint_in *in, size_t *n_out)
{
    const uint8_t *bytes = varint_next_bytes(in, n_out);

    if (bytes == NULL || in->at == in->end || *in->at != '\0') {
        in->is_bad = true;
        in->at = in->end;
        *n_out = 0;
        return NULL;
    }
    in->at++;
    return (const char *)bytes;
}

static const char *next_text(struct varint_in *in, uint32_t mask, uint32_t has)
{
    const char *text;
    size_t n;

    if ((mask & has) == 0) {
        return NULL;
    }
    text = next_bytes(in, &n);
    if (text != NULL && strlen(text) != n) {
        in->is_bad = true;
        return NULL;
    }
    return text;
}

static void next_answers(struct varint_in *in, struct arena *a, struct record *out)
{
    const size_t n = (size_t)next_max(in, left(in));
    int64_t *answers = n > 0 ? arena_take(a, n * sizeof(*answers)) : NULL;

    for (size_t i = 0; i < n; i++) {
        answers[i] = unzigzag(varint_next(in));
    }
    out->answers = answers;
    out->n_answers = n;
}

static uint32_t next_item(struct varint_in *in)
{
    const uint64_t code = next_max(in, SAGA_NO_ITEM);

    return code == 0 ? SAGA_NO_ITEM : (uint32_t)(code - 1);
}

static uint64_t next_hash(struct varint_in *in)
{
    uint64_t hash = 0;

    if (left(in) < 8) {
        in->is_bad = true;
        in->at = in->end;
        return 0;
    }
    for (unsigned shift = 0; shift < 64; shift += 8) {
        hash |= (uint64_t)*in->at++ << shift;
    }
    return hash;
}

static void next_sends(struct varint_in *in, struct arena *a, struct record *out)
{
    const size_t n = (size_t)next_max(in, left(in) / RECORD_SEND_BYTES_MIN);
    struct record_send *sends = n > 0 ? arena_take(a, n * sizeof(*sends)) : NULL;

    for (size_t i = 0; i < n; i++) {
        sends[i].step = (uint16_t)next_max(in, UINT16_MAX);
        sends[i].item = next_item(in);
        sends[i].call = (enum call_kind)next_max(in, CALLS - 1);
        sends[i].attempt = (uint32_t)next_max(in, UINT32_MAX);
        sends[i].hash = next_hash(in);
        sends[i].address = varint_next(in);
    }
    out->sends = sends;
    out->n_sends = n;
}

static void next_takes(struct varint_in *in, struct arena *a, struct record *out)
{
    const size_t n = (size_t)next_max(in, left(in) / RECORD_TAKE_BYTES_MIN);
    struct record_take *takes = n > 0 ? arena_take(a, n * sizeof(*takes)) : NULL;

    for (size_t i = 0; i < n; i++) {
        takes[i].step = (uint16_t)next_max(in, UINT16_MAX);
        takes[i].turn = varint_next(in);
    }
    out->takes = takes;
    out->n_takes = n;
}

static void next_times(struct varint_in *in, struct record *out)
{
    out->started_ms = varint_next(in);
    for (size_t i = 0; i < RECORD_TIMINGS; i++) {
        out->timings_us[i] =
            (int32_t)((int64_t)next_max(in, (uint64_t)INT32_MAX + 1) - 1);
    }
}

/* What the mask's first half announces. */
static void next_lists(struct varint_in *in, uint32_t mask, struct arena *a,
                       struct record *out)
{
    if (mask & HAS_ANSWERS) {
        next_answers(in, a, out);
    }
    if (mask & HAS_SENDS) {
        next_sends(in, a, out);
    }
    if (mask & HAS_TAKES) {
        next_takes(in, a, out);
    }
}

static void next_answer(struct varint_in *in, uint32_t mask, struct record *out)
{
    if (mask & HAS_STATUS) {
        out->http_status = (int)next_max(in, INT32_MAX);
    }
    out->headers = next_text(in, mask, HAS_HEADERS);
    if (mask & HAS_BODY) {
        out->body = next_bytes(in, &out->body_n);
    }
    out->is_truncated = (mask & IS_TRUNCATED) != 0;
    out->detail = next_text(in, mask, HAS_DETAIL);
    if (mask & HAS_TIMES) {
        next_times(in, out);
    }
}

bool record_decode(const void *from, size_t n, struct arena *a, struct record *out)
{
    struct varint_in in = {from, from, false};
    struct record r = {.timings_us = {-1, -1, -1, -1, -1}};
    const uint8_t *event;
    size_t event_n;
    uint32_t mask;

    if (n == 0) {
        return false;
    }
    in.end += n;
    if (*in.at++ != RECORD_VERSION) {
        return false;
    }
    mask = (uint32_t)next_max(&in, MASK_ALL);
    event = varint_next_bytes(&in, &event_n);
    if (in.is_bad || !saga_event_decode(&r.event, event, event_n)) {
        return false;
    }
    next_lists(&in, mask, a, &r);
    next_answer(&in, mask, &r);
    r.actor = next_text(&in, mask, HAS_ACTOR);
    r.reason = next_text(&in, mask, HAS_REASON);
    r.request_id = next_text(&in, mask, HAS_REQUEST_ID);
    r.output = next_text(&in, mask, HAS_OUTPUT);
    r.output_error = next_text(&in, mask, HAS_OUTPUT_ERROR);
    r.note = next_text(&in, mask, HAS_NOTE);
    r.notify_error = next_text(&in, mask, HAS_NOTIFY_ERROR);
    if (in.is_bad || in.at != in.end) {
        return false;
    }
    *out = r;
    return true;
}
