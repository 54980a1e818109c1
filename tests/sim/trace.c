/* trace.c - see trace.h. */
#include "tests/sim/trace.h"

#include <inttypes.h>
#include <stdio.h>

#include "engine/view/saga_text.h"

static bool is_on;

static const char *const ids[SIM_NODES] = {"s0", "s1", "s2", "s3",  "s4",  "s5",  "s6",
                                           "s7", "s8", "s9", "s10", "s11", "s12", "s13"};
static const char *const kinds[] = {"sequence", "parallel", "call",
                                    "timer",    "signal",   "child"};
static const char *const undos[] = {"", " undo", " undo-child"};

void trace_on(void)
{
    is_on = true;
}

bool trace_set(bool on)
{
    bool was_on = is_on;

    is_on = on;
    return was_on;
}

static void plan_line(const struct plan_node *node, uint16_t n)
{
    printf("  s%u %s in s%u%s%s%s%s%s%s%s%s%s", n, kinds[node->kind], node->parent,
           undos[node->undo], node->is_pivot ? " pivot" : "",
           node->is_optional ? " optional" : "", node->has_when ? " when" : "",
           node->each != PLAN_NONE ? " each" : "",
           node->confirm.is_present ? " confirm" : "",
           node->undo_reads_answer ? " reads" : "",
           node->action.callback_ms != 0 ? " callback" : "",
           node->on_unknown == PLAN_ON_UNKNOWN_STOP ? " stop" : "");
    printf("%s\n", node->action.is_safe ? " safe" : "");
}

void trace_plans(const struct sim_world *w)
{
    for (int k = 0; k < SIM_PLANS && is_on; k++) {
        printf("plan %d, timeout %" PRIu64 "\n", k, w->plans[k]->timeout_ms);
        for (uint16_t n = 1; n < w->plans[k]->n_nodes; n++) {
            plan_line(&w->plans[k]->nodes[n], n);
        }
    }
}

void trace_turn(const struct sim_world *w, const struct sim_saga *s,
                const struct saga_event *ev, const struct saga *now)
{
    char text[2048];

    if (!is_on) {
        return;
    }
    saga_describe(now, world_plan(w, s), ids, text, sizeof(text));
    printf("%8" PRIu64 " saga %u %s s%u[%d] %s %s -> %s\n", w->now_ms, world_index(w, s),
           saga_event_name(ev->kind), ev->step, (int)ev->item, call_name_of(ev->call),
           outcome_name(ev->outcome), text);
}

void trace_request(const struct sim_world *w, const struct sim_saga *s,
                   const struct sim_message *m, const char *what)
{
    if (is_on) {
        printf("%8" PRIu64 "        saga %u s%u[%d] %s of turn %" PRIu64 " %s\n",
               w->now_ms, world_index(w, s), m->step, (int)m->item, call_name_of(m->call),
               m->turn, what);
    }
}

void trace_action(const struct sim_world *w, const struct saga_event *ev)
{
    if (is_on) {
        printf("%8" PRIu64 " foretold: %s s%u[%d]\n", w->now_ms,
               saga_event_name(ev->kind), ev->step, (int)ev->item);
    }
}

void trace_asked(const char *what, const struct sim_asked *asked, const struct saga *end)
{
    if (!is_on) {
        return;
    }
    printf("         %s:", what);
    for (uint32_t i = 0; i < asked->n; i++) {
        const struct saga_effect *fx = &asked->items[i];

        printf(" s%u[%d] %s;", fx->step, (int)fx->item,
               fx->kind == SAGA_FX_SEND ? call_name_of(fx->call) : "child");
    }
    printf(" -> %s\n", saga_status_name(saga_status_of(end)));
}
