/* roff.c - see roff.h. */
#include "base/roff.h"

#include <string.h>

void roff_put_text_n(struct buf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (text[i] == '-') {
            buf_add_text(out, "\\-");
        } else if (text[i] == '\\') {
            buf_add_text(out, "\\e");
        } else if (text[i] == '\'') {
            buf_add_text(out, "\\(aq");
        } else if (i == 0 && text[i] == '.') {
            buf_add_text(out, "\\&.");
        } else {
            buf_add_char(out, text[i]);
        }
    }
}

void roff_put_text(struct buf *out, const char *text)
{
    roff_put_text_n(out, text, strlen(text));
}

void roff_put_tag(struct buf *out, const char *tag, const char *word)
{
    buf_add_text(out, ".TP\n\\fB");
    roff_put_text(out, tag);
    buf_add_text(out, "\\fR");
    if (word != NULL) {
        buf_add_text(out, " \\fI");
        roff_put_text(out, word);
        buf_add_text(out, "\\fR");
    }
    buf_add_char(out, '\n');
}

void roff_put_option(struct buf *out, const struct args_option *o)
{
    buf_add_text(out, ".TP\n");
    if (o->letter != 0) {
        buf_printf(out, "\\fB\\-%c\\fR, ", o->letter);
    }
    buf_add_text(out, "\\fB\\-\\-");
    roff_put_text(out, o->name);
    buf_add_text(out, "\\fR");
    if (o->takes != ARGS_NOTHING) {
        buf_add_text(out, o->takes == ARGS_MAYBE ? "[=\\fI" : " \\fI");
        roff_put_text(out, o->shown);
        buf_add_text(out, o->takes == ARGS_MAYBE ? "\\fR]" : "\\fR");
    }
    buf_add_char(out, '\n');
    roff_put_text(out, o->help);
    buf_add_char(out, '\n');
}
