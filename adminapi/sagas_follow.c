/*
 * sagas_follow.c - see sagas_follow.h.
 *
 * The entries come from the store, whatever the feed keeps: the feed only says when to
 * look. So a slow client is late, never short of an entry.
 */
#include "adminapi/sagas_follow.h"

#include "adminapi/answer.h"
#include "adminapi/saga_answer.h"
#include "adminapi/saga_json.h"
#include "adminapi/scope.h"
#include "adminapi/stream.h"
#include "base/json.h"
#include "base/log.h"
#include "engine/view/saga_text.h"

#define TURNS_A_FILL 256

struct follow { /* In the request's arena. */
    struct stream_source source;
    struct request *r;
    uint64_t turn;                       /* The last one sent. */
    const struct definition *definition; /* Of one fill, as the rest. */
    struct arena *scratch;
    struct buf *out;
    bool has_more;
};

static bool put_turn(void *user, const struct store_turn *turn)
{
    struct follow *f = user;
    struct json_out o;

    if (f->out->n >= STREAM_FILL_BYTES) {
        f->has_more = true;
        return false;
    }
    stream_open_event(f->out, "turn", turn->turn);
    json_out_init(&o, f->out);
    saga_json_turn(&o, f->definition, turn, f->scratch);
    stream_close_event(f->out);
    f->turn = turn->turn;
    return true;
}

static enum err read_turns(struct follow *f, const struct store_saga *row,
                           struct err_info *info)
{
    const struct registry_entry *entry;
    const uint64_t before = f->turn;
    enum err e = registry_find(f->r->registry, row->definition, &entry, info);

    if (e != ERR_OK) {
        return e;
    }
    f->definition = entry->definition;
    f->has_more = false;
    e = store_scan_turns(f->r->reader, row->num, before + 1, TURNS_A_FILL, put_turn, f,
                         info);
    f->has_more |= f->turn - before == TURNS_A_FILL;
    return e;
}

static void put_end(const struct follow *f, const struct store_saga *row)
{
    struct json_out o;

    stream_open_event(f->out, "end", f->turn);
    json_out_init(&o, f->out);
    json_open_object(&o);
    json_put(&o, "sagaId", row->id);
    json_put(&o, "status", saga_status_name(row->status));
    json_put_number(&o, "revision", (int64_t)f->turn);
    json_close_object(&o);
    stream_close_event(f->out);
}

static enum stream_state fill(void *user, struct buf *out, struct arena *scratch)
{
    struct follow *f = user;
    struct err_info info = {.text = ""};
    struct store_saga row;
    enum err e;

    f->out = out;
    f->scratch = scratch;
    /* The row first: if it is final, the turns read after it are all there are. */
    e = store_find_saga(f->r->reader, f->source.filter.saga_id, scratch, &row, &info);
    if (e == ERR_NOT_FOUND || (e == ERR_OK && !scope_has(f->r, row.definition_name))) {
        return STREAM_OVER; /* Purged meanwhile; asking again says so. */
    }
    if (e == ERR_OK) {
        e = read_turns(f, &row, &info);
    }
    if (e != ERR_OK) {
        log_say(LOG_ERROR, "a stream breaks off",
                LOG_TEXT("sagaId", f->source.filter.saga_id),
                LOG_TEXT("requestId", f->r->request_id), LOG_TEXT("detail", info.text));
        return STREAM_BROKEN;
    }
    if (f->has_more) {
        return STREAM_MORE;
    }
    if (row.ended_ms == 0) {
        return STREAM_IDLE;
    }
    put_end(f, &row);
    return STREAM_OVER;
}

void sagas_follow(struct request *r)
{
    struct follow *f = arena_take(r->arena, sizeof(*f));
    struct store_saga row;
    bool is_given;

    if (r->target.n_parameters > 0) {
        answer_refuse(r, PROBLEM_INVALID_REQUEST,
                      "A stream has no pages: ask without limit and cursor, and go on "
                      "with Last-Event-ID");
        return;
    }
    if (!stream_resumes(r, &is_given, &f->turn) || !saga_answer_find(r, &row)) {
        return;
    }
    f->r = r;
    f->source.filter.saga_id = r->parameters[0];
    f->source.fill = fill;
    f->source.user = f;
    stream_start(r, &f->source);
}
