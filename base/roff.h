/*
 * roff.h - the manual pages' language, as far as pages made from option tables need it.
 *
 * Everything is appended to a buffer: running text, with what roff would take for its own
 * escaped; tagged paragraphs; one for each option of a table (args.h). What is not here
 * is written as it stands, by the page's maker.
 *
 * Pure; any thread.
 */
#ifndef BASE_ROFF_H
#define BASE_ROFF_H

#include "base/args.h"
#include "base/buf.h"

void roff_put_text(struct buf *out, const char *text);
void roff_put_text_n(struct buf *out, const char *text, size_t n);

/* A paragraph with a bold tag and, beside it, an italic word (NULL: none). */
void roff_put_tag(struct buf *out, const char *tag, const char *word);

/* The option's paragraph: its names, what it takes, its help. */
void roff_put_option(struct buf *out, const struct args_option *o);

#endif /* BASE_ROFF_H */
