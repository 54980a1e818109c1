/* preview.c - see preview.h: the action, and then a world that behaves. */
#include "engine/view/preview.h"

#include <stdlib.h>
#include <string.h>

#include "base/clk.h"
#include "base/mem.h"
#include "definitions/told.h"
#include "engine/view/downtime.h"
#include "engine/view/preview_parts.h"
#include "engine/view/preview_token.h"

#define TURN_BYTES 65536
#define A_DAY_MS (24U * 3600U * (uint64_t)1000)

/* ---- requests
 * ------------------------------------------------------------------------- */

static struct preview_request *add_request(struct previewing *p)
{
    if (p->n_requests == p->requests_room) {
        p->requests_room = p->requests_room > 0 ? 2 * p->requests_room : 16;
        p->requests = mem_grow(p->requests, p->requests_room * sizeof(p->requests[0]));
    }
    return &p->requests[p->n_requests++];
}

static const struct render_header *keep_headers(struct previewing *p,
                                                const struct render_request *from)
{
    struct render_header *headers = arena_take(p->a, from->n_headers * sizeof(*headers));

    for (size_t i = 0; i < from->n_headers; i++) {
        headers[i].name = arena_text(p->a, from->headers[i].name);
        headers[i].value = arena_text(p->a, from->headers[i].value);
    }
    return headers;
}

static void keep_request(struct previewing *p, const struct render_request *from,
                         struct preview_request *to)
{
    to->made = from->call;
    to->url = arena_text(p->a, from->url);
    if (from->n_headers > 0) {
        to->headers = keep_headers(p, from);
        to->n_headers = from->n_headers;
    }
    if (from->body == NULL) {
        return;
    }
    p->bodies_bytes += from->body_n;
    to->is_cut = p->bodies_bytes > PREVIEW_BODIES_BYTES;
    if (!to->is_cut) {
        to->body = arena_copy(p->a, from->body, from->body_n);
        to->body_n = from->body_n;
    }
}

/* Of the last attempt of a call in doubt (S3); 0: it was not sent yet, or is in none. */
static uint64_t in_doubt_at(const struct previewing *p, const struct saga_effect *fx)
{
    for (size_t i = 0; fx->in_doubt && i < p->n_sent; i++) {
        const struct preview_hash *h = &p->sent[i];

        if (h->step == fx->step && h->item == fx->item && h->call == fx->call) {
            return h->address;
        }
    }
    return 0;
}

static bool read_address(const struct previewing *p, struct preview_address *x)
{
    uint64_t num = x->in_doubt;
    struct err_info info;

    return (num != 0 ||
            address_text_find(p->r, x->service, p->a, &num, &info) == ERR_OK) &&
           address_text_read(p->r, num, p->a, &x->text, &info) == ERR_OK;
}

/* NULL: it is not known. */
static const struct address_text *find_address(struct previewing *p, const char *service,
                                               uint64_t in_doubt)
{
    struct preview_address *x;

    for (x = p->addresses; x != NULL; x = x->next) {
        const bool is_same = service == NULL || x->service == NULL
                                 ? service == x->service
                                 : strcmp(service, x->service) == 0;

        if (is_same && x->in_doubt == in_doubt) {
            return x->is_known ? &x->text : NULL;
        }
    }
    x = arena_take(p->a, sizeof(*x));
    *x =
        (struct preview_address){p->addresses, service, in_doubt, false, {.config = {0}}};
    x->is_known = read_address(p, x);
    p->addresses = x;
    return x->is_known ? &x->text : NULL;
}

static void send(struct previewing *p, const struct saga_effect *fx, enum call_kind call)
{
    const struct preview_rendered *rendered = preview_rendered_of(p, fx);
    struct preview_request *x = add_request(p);

    *x = (struct preview_request){.step = fx->step, .item = fx->item, .call = call};
    if (rendered != NULL) {
        x->has_holes = rendered->has_holes;
        keep_request(p, &rendered->request, x);
    }
    if (x->made != NULL) {
        x->attempt = fx->attempt;
        x->to = find_address(p, x->made->service, in_doubt_at(p, fx));
    }
}

/* Attempts of items are numbers that expressions can read. */
static void carry_out(struct previewing *p)
{
    struct record_send *sends = arena_take(p->turn, p->fx->n * sizeof(*sends) + 1);
    size_t n = 0;

    for (uint32_t i = 0; i < p->fx->n; i++) {
        const struct saga_effect *fx = &p->fx->items[i];

        if (fx->kind == SAGA_FX_SEND) {
            send(p, fx, fx->call);
            sends[n++] = (struct record_send){.step = fx->step,
                                              .item = fx->item,
                                              .call = fx->call,
                                              .attempt = fx->attempt};
        } else if (fx->kind == SAGA_FX_START_CHILD) {
            send(p, fx, CALL_ACTION);
        } else if (fx->kind == SAGA_FX_UNDO_CHILD || fx->kind == SAGA_FX_CANCEL_CHILD) {
            send(p, fx, CALL_COMPENSATION);
        }
    }
    p->record->sends = sends;
    p->record->n_sends = n;
}

/* ---- turns
 * ------------------------------------------------------------------------- */

static enum saga_result apply(struct previewing *p, struct record *record)
{
    const struct saga_oracle oracle = preview_oracle_of(p);
    enum saga_result result;

    p->record = record;
    p->rendered = NULL;
    p->failure.text[0] = '\0';
    record->event.now_ms = p->world.now_ms;
    record->event.grace_ms = p->grace_ms; /* No downtime from here on. */
    docs_begin(p->docs, p->s->turn + 1, record);
    result = saga_advance(p->s, p->v->definition->plan, &record->event, &oracle, p->fx);
    if (result == SAGA_APPLIED) {
        carry_out(p);
        docs_take(p->docs, p->s);
    } else {
        docs_drop(p->docs);
    }
    p->record = NULL;
    arena_reset(p->turn);
    return result;
}

/* ---- how long a call may take -----------------------------------------------------
 */

static uint64_t next_delay(const struct plan_retry *retry, uint64_t delay)
{
    delay = delay * retry->backoff_permille / 1000;
    delay = delay < retry->delay_max_ms ? delay : retry->delay_max_ms;
    return delay > 0 ? delay : 1;
}

/* Every attempt but the last times out, and every delay is as long as it can be (S42). */
static uint64_t attempts_ms(const struct plan_call *call, uint64_t enough_ms)
{
    const struct plan_retry *retry = &call->retry;
    uint64_t delay =
        retry->delay_ms < retry->delay_max_ms ? retry->delay_ms : retry->delay_max_ms;
    uint64_t total = call->timeout_ms;

    for (uint32_t i = 1; i < retry->attempts_max && total < enough_ms; i++) {
        const uint64_t next = next_delay(retry, delay);

        if (next == delay) { /* It stays so. */
            return total + (retry->attempts_max - i) * (delay + call->timeout_ms);
        }
        total += (delay > 0 ? delay : 1) + call->timeout_ms;
        delay = next;
    }
    return total;
}

/* No attempt begins behind maxElapsed (S14). */
static uint64_t longest_ms(const struct plan_call *call)
{
    const uint64_t elapsed_ms =
        call->retry.elapsed_max_ms != 0 ? call->retry.elapsed_max_ms : A_DAY_MS;
    const uint64_t most_ms = elapsed_ms + call->timeout_ms;
    const uint64_t total = attempts_ms(call, most_ms);

    return call->retry.attempts_max == 0 || total > most_ms ? most_ms : total;
}

/* ---- the world
 * ----------------------------------------------------------------------- */

/* What an answer, a callback or a child's end says is made up from here on. */
static void suppose(struct previewing *p, const struct saga_event *ev)
{
    const struct saga_cell *c = saga_cell_of(p->s, ev->step, ev->item);

    if (ev->kind == SAGA_EV_ANSWERED) {
        p->calls_ms +=
            longest_ms(saga_call_of(&p->v->definition->plan->nodes[c->step], c->call));
        p->is_supposed[ev->step] |= ev->call != CALL_COMPENSATION;
    } else if (ev->kind == SAGA_EV_CALLED_BACK) {
        p->calls_ms += p->v->definition->plan->nodes[ev->step].action.callback_ms;
        p->is_supposed[ev->step] = true;
    } else if (ev->kind == SAGA_EV_CHILD_ENDED) {
        p->has_child = true;
        p->is_supposed[ev->step] |= ev->child_status == SAGA_STATUS_COMPLETED;
    }
}

static bool happens(void *user, const struct saga_event *ev)
{
    struct previewing *p = user;
    struct record record = {.event = *ev};

    if (ev->kind == SAGA_EV_ANSWERED) {
        record.http_status = 200;
    }
    suppose(p, ev);
    return apply(p, &record) == SAGA_APPLIED;
}

/* Of a child begun before: one that is stuck does not move by itself; taken back, it
 * does. Going back it is the last one, whichever that is. */
static enum saga_status child_status(void *user, const struct saga_cell *c)
{
    const struct previewing *p = user;
    const struct view_step *step = &p->v->steps[c->step];
    const struct saga_cell *was = saga_cell_of(p->v->state, c->step, c->item);
    const bool is_it = step->child != NULL && step->child_item == c->item &&
                       (c->call == CALL_COMPENSATION ||
                        (was != NULL && was->generation == c->generation));
    const bool is_turned = p->s->state != p->v->state->state;

    if (c->call == CALL_COMPENSATION && c->item == SAGA_NO_ITEM && step->child == NULL &&
        !p->is_supposed[c->step]) {
        return SAGA_STATUS_RESOLVED; /* Only said to be applied: there never was one. */
    }
    if (!is_it || (step->child_status == SAGA_STATUS_STUCK && is_turned)) {
        return SAGA_STATUS_RUNNING;
    }
    return step->child_status;
}

/* ---- the end
 * ---------------------------------------------------------------------- */

static const struct saga_cell *signal_awaited(const struct previewing *p)
{
    for (uint16_t i = 0; i < p->s->n_cells; i++) {
        const struct saga_cell *c = &p->s->cells[i];

        if (c->state == CELL_WAITING &&
            p->v->definition->plan->nodes[c->step].kind == PLAN_SIGNAL) {
            return c;
        }
    }
    return NULL;
}

static const char *why_stuck(const struct previewing *p)
{
    for (uint16_t i = 0; i < p->s->n_cells; i++) {
        const struct saga_cell *c = &p->s->cells[i];

        if (c->state == CELL_STUCK) {
            return arena_printf(p->a, "'%s' is stuck: %s%s%s",
                                p->v->definition->steps[c->step].id,
                                told_reason(c->reason),
                                p->failure.text[0] != '\0' ? ": " : "", p->failure.text);
        }
    }
    return "it is held: it has reached a limit, or is poison";
}

static const char *why_it_rests(const struct previewing *p, bool is_long)
{
    const struct saga_cell *c = signal_awaited(p);
    const struct definition_step *step;

    if (is_long) {
        return arena_printf(p->a, "it is not over after %d turns", PREVIEW_TURNS_MAX);
    }
    if (saga_is_stuck(p->s)) {
        return why_stuck(p);
    }
    if ((p->s->flags & (uint32_t)SAGA_FLAG_PAUSED) != 0) {
        return "it is paused";
    }
    if (p->s->state == SAGA_LINED_UP) {
        return "another saga holds its ordering key";
    }
    if (c == NULL) {
        return "it waits for a child saga that is stuck";
    }
    step = &p->v->definition->steps[c->step];
    return arena_printf(p->a, "'%s' waits for the signal '%s'", step->id, step->signal);
}

static void take_end(struct previewing *p, bool is_long, struct preview *out)
{
    struct preview_request *requests =
        arena_take(p->a, p->n_requests * sizeof(*requests) + 1);

    if (p->n_requests > 0) {
        memcpy(requests, p->requests, p->n_requests * sizeof(*requests));
    }
    out->requests = requests;
    out->n_requests = p->n_requests;
    out->ends_in = saga_status_of(p->s);
    out->rest = saga_is_final(p->s) ? NULL : why_it_rests(p, is_long);
    out->has_worst = !p->has_child;
    out->worst_ms = p->calls_ms + (p->world.now_ms - p->from_ms);
}

static void go(struct previewing *p, const struct act_asked *act, const char *reason,
               struct preview *out)
{
    struct record record = {
        .event = {.kind = act->action,
                  .step = act->step != NULL
                              ? definition_step_of(p->v->definition, act->step)
                              : PLAN_NONE,
                  .item = act->item,
                  .is_applied = act->is_applied},
        .reason = reason,
        .body = act->body.at,
        .body_n = act->body.n};
    int turns = 0;

    out->result = apply(p, &record);
    if (out->result == SAGA_REJECTED || out->result == SAGA_IN_FLIGHT) {
        return;
    }
    preview_token_write(act, p->v->state->turn, out->token);
    while (turns < PREVIEW_TURNS_MAX && ahead_step(&p->world)) {
        turns++;
    }
    take_end(p, turns == PREVIEW_TURNS_MAX, out);
}

/* What the action's turn, as any, would credit the saga with (docs/adr/0012). */
static enum err read_grace(struct previewing *p, struct err_info *info)
{
    struct downtimes downtimes = {.n = 0};
    const char *text;
    const enum err e = store_read_meta(p->r, DOWNTIMES_META, p->a, &text, info);

    if (e == ERR_OK) {
        downtimes_parse(&downtimes, text);
    } else if (e != ERR_NOT_FOUND) {
        return e;
    }
    p->grace_ms = downtimes_since(&downtimes, p->s->began_ms);
    return ERR_OK;
}

enum err preview_make(struct store_reader *r, const struct view *v,
                      const struct act_asked *act, const char *reason, struct arena *a,
                      struct preview *out, struct err_info *info)
{
    const uint64_t now_ms = clk_wall_ms();
    struct previewing p = {.r = r,
                           .v = v,
                           .a = a,
                           .turn = arena_create(TURN_BYTES),
                           .s = mem_alloc(sizeof(*p.s)),
                           .fx = mem_alloc(sizeof(*p.fx)),
                           .from_ms = now_ms};
    enum err e;

    *out = (struct preview){.result = SAGA_REJECTED};
    p.is_supposed =
        arena_take(a, v->definition->plan->n_nodes * sizeof(p.is_supposed[0]));
    e = preview_read_docs(&p, info);
    if (e == ERR_OK) {
        *p.s = *v->state;
        e = read_grace(&p, info);
    }
    if (e == ERR_OK) {
        p.world = (struct ahead){.plan = v->definition->plan,
                                 .s = p.s,
                                 .now_ms = now_ms,
                                 .happens = happens,
                                 .child = child_status,
                                 .user = &p};
        go(&p, act, reason, out);
    }
    docs_destroy(p.docs);
    arena_destroy(p.turn);
    free(p.requests);
    free(p.sent);
    free(p.fx);
    free(p.s);
    return e;
}
