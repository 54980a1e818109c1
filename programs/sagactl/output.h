/*
 * output.h - how results are printed: -o table|wide|json|jsonl|name.
 *
 * JSON is the API's object, unchanged; jsonl is one line per item. Texts from sagas are
 * hostile: control characters are escaped in tables. Colour only on a terminal and
 * without NO_COLOR. Data goes to stdout, messages to stderr.
 */
#ifndef SAGACTL_OUTPUT_H
#define SAGACTL_OUTPUT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/json_span.h"

enum output_format { OUTPUT_TABLE, OUTPUT_WIDE, OUTPUT_JSON, OUTPUT_JSONL, OUTPUT_NAME };

struct output {
    enum output_format format;
    bool is_coloured;
};

bool output_format_of(const char *name, enum output_format *out);

/* Append text with control characters as \uXXXX. */
void output_escape(const char *text, struct buf *out);

/* An accepted JSON text as it came, on one line when is_line; then a newline. */
void output_json(struct json_span value, bool is_line);

/* ---- tables -------------------------------------------------------------------- */

struct output_column {
    const char *title;
    const char *path; /* Member of the row's object, with dots for those inside. */
    bool is_wide;     /* Only for -o wide. */
};

/* One row per element of items (a JSON array); what is missing is "-". */
void output_table(const struct output *o, const struct output_column *columns, size_t n,
                  const json_t *items);

/* The value at a dotted path as text, in a; "-" when missing, null or empty. */
const char *output_value(const json_t *object, const char *path, struct arena *a);

/* A line "title  value"; nothing when there is no value. */
void output_field(const struct output *o, const char *title, const char *value);

#endif /* SAGACTL_OUTPUT_H */
