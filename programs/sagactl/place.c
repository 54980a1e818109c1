/* place.c - see place.h. */
#include "programs/sagactl/place.h"

#include <stddef.h>
#include <string.h>

#include "base/buf.h"
#include "base/units.h"

#define TOKEN_MAX 512

static void locate(struct json_span text, const char *at, struct file_place *out)
{
    const char *line = text.at;

    out->line = 1;
    for (const char *c = text.at; c < at; c++) {
        if (*c == '\n') {
            out->line++;
            line = c + 1;
        }
    }
    out->column = (unsigned)(at - line) + 1;
}

/* The reference token up to the next '/', unescaped; where the next one starts. */
static const char *take_token(const char *pointer, char out[static TOKEN_MAX])
{
    size_t n = 0;

    for (; *pointer != '\0' && *pointer != '/'; pointer++) {
        char c = *pointer;

        if (c == '~' && (pointer[1] == '0' || pointer[1] == '1')) {
            c = pointer[1] == '0' ? '~' : '/';
            pointer++;
        }
        if (n < TOKEN_MAX - 1) {
            out[n++] = c;
        }
    }
    out[n] = '\0';
    return pointer;
}

/* The member or element called token; *name is where it begins. */
static bool step(struct json_span value, const char *token, struct json_span *out,
                 const char **name)
{
    struct json_walk w = json_walk_of(value);
    struct json_span key;
    struct json_span inner;
    uint64_t index = UINT64_MAX;
    bool is_object = json_span_kind(value) == JSON_KIND_OBJECT;

    if (!is_object && !units_read_count(token, &index)) {
        return false;
    }
    for (uint64_t i = 0; json_walk_next(&w, &key, &inner); i++) {
        if (is_object ? json_span_is_text(key, token, strlen(token)) : i == index) {
            *out = inner;
            *name = is_object ? key.at : inner.at;
            return true;
        }
    }
    return false;
}

bool place_find(struct json_span text, const char *pointer, struct file_place *out)
{
    struct json_span value = text;
    const char *at = text.at;

    while (*pointer == '/') {
        char token[TOKEN_MAX];

        pointer = take_token(pointer + 1, token);
        if (!step(value, token, &value, &at)) {
            locate(text, at, out);
            return false;
        }
    }
    locate(text, at, out);
    return true;
}
