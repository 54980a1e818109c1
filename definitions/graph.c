/* graph.c - see graph.h. */
#include "definitions/graph.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/units.h"
#include "definitions/told.h"

#define LABEL_MAX 4096
#define LINE_SHOWN 80 /* Bytes of an expression or URL. */

enum shape { BOX, HEXAGON, ROUND, CIRCLE, CHILD_BOX };

struct drawing {
    const struct definition *d;
    enum graph_form form;
    struct buf *out;
};

struct port { /* A node that the next edge begins at. */
    char id[16];
};

/* ---- escaping ------------------------------------------------------------------------
 */

/* Characters that mean something in Mermaid, as its entities; lines are cut at '\n'. */
static void put_mermaid(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c == '\n') {
            buf_add_text(out, "<br/>");
        } else if (c < 0x20 || c == 0x7f || strchr("\"<>&#;`|[]{}()\\", c) != NULL) {
            buf_printf(out, "#%u;", c < 0x20 || c == 0x7f ? ' ' : c);
        } else {
            buf_add_char(out, *text);
        }
    }
}

static void put_dot(struct buf *out, const char *text)
{
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;

        if (c == '\n') {
            buf_add_text(out, "\\n");
        } else if (c < 0x20 || c == 0x7f) {
            buf_add_char(out, ' ');
        } else {
            buf_add_text(out, c == '"' || c == '\\' ? "\\" : "");
            buf_add_char(out, *text);
        }
    }
}

static void put_label(struct drawing *w, const char *text)
{
    if (w->form == GRAPH_MERMAID) {
        put_mermaid(w->out, text);
    } else {
        put_dot(w->out, text);
    }
}

/* ---- nodes and edges
 * ------------------------------------------------------------------- */

static struct port port_of(char kind, uint16_t step)
{
    struct port p;

    (void)snprintf(p.id, sizeof(p.id), "%c%u", kind, (unsigned)step); /* It fits. */
    return p;
}

static void put_node(struct drawing *w, struct port at, enum shape shape,
                     const char *text)
{
    static const struct {
        const char *open;
        const char *close;
        const char *dot;
    } shapes[] = {
        [BOX] = {"[\"", "\"]", "box"},           [HEXAGON] = {"{{\"", "\"}}", "hexagon"},
        [ROUND] = {"([\"", "\"])", "oval"},      [CIRCLE] = {"((\"", "\"))", "circle"},
        [CHILD_BOX] = {"[[\"", "\"]]", "box3d"},
    };

    if (w->form == GRAPH_MERMAID) {
        buf_printf(w->out, "  %s%s", at.id, shapes[shape].open);
        put_label(w, text);
        buf_printf(w->out, "%s\n", shapes[shape].close);
    } else {
        buf_printf(w->out, "  %s [shape=%s, label=\"", at.id, shapes[shape].dot);
        put_label(w, text);
        buf_add_text(w->out, "\"];\n");
    }
}

static void put_edge(struct drawing *w, struct port from, struct port to,
                     const char *text, bool is_dashed)
{
    const bool has_text = text != NULL && text[0] != '\0';

    if (w->form == GRAPH_MERMAID) {
        buf_printf(w->out, "  %s %s", from.id, is_dashed ? "-.->" : "-->");
        if (has_text) {
            buf_add_text(w->out, "|\"");
            put_label(w, text);
            buf_add_text(w->out, "\"|");
        }
        buf_printf(w->out, " %s\n", to.id);
    } else {
        buf_printf(w->out, "  %s -> %s [style=%s, label=\"", from.id, to.id,
                   is_dashed ? "dashed" : "solid");
        put_label(w, has_text ? text : "");
        buf_add_text(w->out, "\"];\n");
    }
}

/* ---- what a step says
 * --------------------------------------------------------------------- */

/* About LINE_SHOWN bytes of it, whole characters. */
static void add_cut(struct buf *text, const char *word, struct buf *whole)
{
    const char *bytes = buf_text(whole);
    size_t n = whole->n;

    if (n > LINE_SHOWN) {
        n = LINE_SHOWN;
        while (n > 0 && ((unsigned char)bytes[n] & 0xc0U) == 0x80) {
            n--;
        }
    }
    buf_add_text(text, word);
    buf_add(text, bytes, n);
    buf_add_text(text, n < whole->n ? "..." : "");
    buf_done(whole);
}

static void add_call(struct buf *text, const struct definition_call *call)
{
    struct buf whole;

    buf_init(&whole, LABEL_MAX);
    told_request(&whole, call);
    add_cut(text, "", &whole);
}

static void add_expr(struct buf *text, const char *word, const struct expr *e)
{
    struct buf whole;

    buf_init(&whole, LABEL_MAX);
    told_expr(&whole, e);
    add_cut(text, word, &whole);
}

static void add_wait(struct buf *text, const struct plan_node *node,
                     const struct definition_step *step)
{
    char time[UNITS_TEXT_MAX];

    units_put_duration(node->wait_ms, time);
    if (step->signal != NULL) {
        buf_printf(text, "\nwaits for the signal %s", step->signal);
        if (node->wait_ms != 0) {
            buf_printf(text, ", %s; then %s", time,
                       node->timeout_goes_on ? "goes on" : "rejects");
        }
    } else if (step->until != NULL) {
        add_expr(text, "\nwaits until ", step->until);
    } else {
        buf_printf(text, "\nwaits %s", time);
    }
}

static void add_marks(struct buf *text, const struct plan_node *node,
                      const struct definition_step *step)
{
    if (node->is_pivot) {
        buf_add_text(text, "\npivot");
    }
    if (node->is_optional) {
        buf_add_text(text, "\noptional");
    }
    if (step->each != NULL) {
        add_expr(text, "\nfor each of ", step->each);
    }
    if (node->action.callback_ms != 0) {
        buf_add_text(text, "\ndone by a callback");
    }
}

static void describe(struct buf *text, const struct plan_node *node,
                     const struct definition_step *step)
{
    buf_add_text(text, step->id);
    switch (node->kind) {
    case PLAN_CALL:
        buf_add_char(text, '\n');
        add_call(text, step->action);
        break;
    case PLAN_CHILD:
        buf_printf(text, "\nsaga %s", step->child);
        break;
    case PLAN_TIMER:
    case PLAN_SIGNAL:
        add_wait(text, node, step);
        break;
    case PLAN_SEQUENCE:
    case PLAN_PARALLEL:
        break;
    }
    add_marks(text, node, step);
}

static enum shape shape_of(const struct plan_node *node)
{
    if (node->is_pivot) {
        return HEXAGON;
    }
    if (node->kind == PLAN_CHILD) {
        return CHILD_BOX;
    }
    return node->kind == PLAN_CALL ? BOX : ROUND;
}

static void draw_side(struct drawing *w, struct port at, char kind, uint16_t step,
                      const char *word, const struct definition_call *call)
{
    const struct port side = port_of(kind, step);
    struct buf text;

    buf_init(&text, LABEL_MAX);
    add_call(&text, call);
    put_node(w, side, BOX, buf_text(&text));
    put_edge(w, at, side, word, true);
    buf_done(&text);
}

/* ---- the tree
 * -------------------------------------------------------------------------------- */

static void draw_in(struct drawing *w, struct port from, struct port to, uint16_t n)
{
    struct buf text;

    buf_init(&text, LABEL_MAX);
    if (w->d->steps[n].when != NULL) {
        add_expr(&text, "when ", w->d->steps[n].when);
    }
    put_edge(w, from, to, buf_text(&text), false);
    buf_done(&text);
}

static struct port draw_leaf(struct drawing *w, uint16_t n, struct port from)
{
    const struct plan_node *node = &w->d->plan->nodes[n];
    const struct definition_step *step = &w->d->steps[n];
    const struct port at = port_of('s', n);
    struct buf text;

    buf_init(&text, LABEL_MAX);
    describe(&text, node, step);
    put_node(w, at, shape_of(node), buf_text(&text));
    buf_done(&text);
    draw_in(w, from, at, n);
    if (step->confirm != NULL) {
        draw_side(w, at, 'c', n, "confirm", step->confirm);
    }
    if (step->compensation != NULL) {
        draw_side(w, at, 'u', n, "compensate", step->compensation);
    }
    return at;
}

static struct port draw(struct drawing *w, uint16_t n, struct port from);

static struct port draw_parallel(struct drawing *w, uint16_t n, struct port from)
{
    const struct plan *plan = w->d->plan;
    const struct port fork = port_of('f', n);
    const struct port join = port_of('j', n);

    put_node(w, fork, ROUND, w->d->steps[n].id);
    put_node(w, join, CIRCLE, " ");
    draw_in(w, from, fork, n);
    for (uint16_t c = plan->nodes[n].first; c != PLAN_NONE; c = plan->nodes[c].next) {
        put_edge(w, draw(w, c, fork), join, NULL, false);
    }
    return join;
}

static struct port draw_sequence(struct drawing *w, uint16_t n, struct port from)
{
    const struct plan *plan = w->d->plan;

    if (w->d->steps[n].when != NULL) {
        const struct port head = port_of('q', n);

        put_node(w, head, ROUND, w->d->steps[n].id);
        draw_in(w, from, head, n);
        from = head;
    }
    for (uint16_t c = plan->nodes[n].first; c != PLAN_NONE; c = plan->nodes[c].next) {
        from = draw(w, c, from);
    }
    return from;
}

/* The port that what follows begins at. At most LIMIT_DEPTH deep. */
static struct port draw(struct drawing *w, uint16_t n, struct port from)
{
    switch (w->d->plan->nodes[n].kind) {
    case PLAN_SEQUENCE:
        return draw_sequence(w, n, from);
    case PLAN_PARALLEL:
        return draw_parallel(w, n, from);
    case PLAN_CALL:
    case PLAN_TIMER:
    case PLAN_SIGNAL:
    case PLAN_CHILD:
        return draw_leaf(w, n, from);
    }
    assert(false);
    return from;
}

void graph_write(const struct definition *d, enum graph_form form, struct buf *out)
{
    struct drawing w = {d, form, out};
    const struct port start = {"start"};
    const struct port done = {"done"};

    if (form == GRAPH_MERMAID) {
        buf_add_text(out, "flowchart TD\n");
    } else {
        buf_printf(out, "digraph \"%s\" {\n", d->name);
    }
    put_node(&w, start, CIRCLE, d->name);
    put_node(&w, done, CIRCLE, "completed");
    put_edge(&w, draw(&w, 0, start), done, NULL, false);
    if (form == GRAPH_DOT) {
        buf_add_text(out, "}\n");
    }
}
