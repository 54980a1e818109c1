/*
 * graph.h - a definition as a picture: Mermaid for pages, DOT for Graphviz.
 *
 * Every step with its call, what it is taken back with, what confirms it; what runs side
 * by side between a fork and a join. Texts of the definition are escaped: they cannot
 * become syntax. Pure.
 */
#ifndef DEFINITIONS_GRAPH_H
#define DEFINITIONS_GRAPH_H

#include "base/buf.h"
#include "definitions/definition.h"

enum graph_form { GRAPH_MERMAID, GRAPH_DOT };

/* Appended to out; look at out->is_over. */
void graph_write(const struct definition *d, enum graph_form form, struct buf *out);

#endif /* DEFINITIONS_GRAPH_H */
