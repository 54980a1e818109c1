/*
 * json.h - reading JSON strictly, and writing it.
 *
 * JSON enters through json_read(): jansson, with the house's limits (security.md,
 * "JSON in"); or, where no tree is wanted, through json_accept(), which accepts the
 * same. Once a text has passed, json_span.h finds values inside the text itself, so
 * numbers keep the digits they came with and most bodies are never turned into a tree.
 * The writer appends to a buf and knows the commas.
 */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/json_span.h"

#define JSON_DEPTH_MAX 64 /* Nesting of objects and arrays; checked before parsing. */

/* Call once, before any thread: seeds jansson's hash, and gives it memory that cannot run
 * out (mem.h). */
void json_init(void);

/* Parse one JSON value of any type: no duplicate names, depth at most
 * JSON_DEPTH_MAX, integers within int64, nothing behind it. ERR_INVALID with line
 * and column in info. *out is owned: json_decref(). */
MUST_CHECK enum err json_read(const char *text, size_t n, json_t **out,
                              struct err_info *info);

/* The same, when no tree is wanted: most often without making one (json_check.h). */
MUST_CHECK enum err json_accept(const char *text, size_t n, struct err_info *info);

/* Does json_accept() accept it? */
bool json_is_valid(const char *text, size_t n);

/* The canonical form of a JSON text that json_read() accepted: names sorted,
 * no blanks, numbers as written, strings escaped one way. Appended to out. */
void json_canonical(struct json_span text, struct buf *out);

/* Are two accepted texts the same JSON (canonical forms equal)? */
bool json_is_same(struct json_span a, struct json_span b);

/* The shortest decimal that reads back as the same double; integers without a point. */
void json_put_real(struct buf *b, double value);

/* Append a quoted, escaped string. Bytes that are not UTF-8 become U+FFFD. */
void json_put_text(struct buf *b, const char *text, size_t n);

/* ---- writer ------------------------------------------------------------- */

struct json_out {
    struct buf *buf; /* Borrowed. */
    bool wants_comma;
};

void json_out_init(struct json_out *o, struct buf *buf);
void json_open_object(struct json_out *o);
void json_close_object(struct json_out *o);
void json_open_array(struct json_out *o);
void json_close_array(struct json_out *o);
void json_key(struct json_out *o, const char *name);
void json_text(struct json_out *o, const char *text); /* NULL writes null. */
void json_text_n(struct json_out *o, const char *text, size_t n);
void json_number(struct json_out *o, int64_t value);
void json_flag(struct json_out *o, bool value);
void json_nothing(struct json_out *o);                     /* null */
void json_time(struct json_out *o, uint64_t wall_ms);      /* RFC 3339; 0 writes null. */
void json_raw(struct json_out *o, struct json_span value); /* Accepted text, as it is. */

/* name and value at once. */
void json_put(struct json_out *o, const char *name, const char *text);
void json_put_number(struct json_out *o, const char *name, int64_t value);
void json_put_flag(struct json_out *o, const char *name, bool value);
void json_put_time(struct json_out *o, const char *name, uint64_t wall_ms);

#endif /* BASE_JSON_H */
