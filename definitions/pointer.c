/* pointer.c - see pointer.h. */
#include "definitions/pointer.h"

#include <stdio.h>
#include <string.h>

static size_t put(char path[static POINTER_MAX], size_t at, const char *text, size_t n)
{
    size_t room = POINTER_MAX - 1 - at;
    size_t fits = n < room ? n : room;

    memcpy(path + at, text, fits);
    path[at + fits] = '\0';
    return at + fits;
}

size_t pointer_push(char path[static POINTER_MAX], const char *name, size_t n)
{
    size_t before = strlen(path);
    size_t at = put(path, before, "/", 1);

    for (size_t i = 0; i < n; i++) {
        if (name[i] == '~') {
            at = put(path, at, "~0", 2);
        } else if (name[i] == '/') {
            at = put(path, at, "~1", 2);
        } else {
            at = put(path, at, name + i, 1);
        }
    }
    return before;
}

size_t pointer_push_index(char path[static POINTER_MAX], size_t index)
{
    char text[32];

    (void)snprintf(text, sizeof(text), "%zu", index); /* 20 digits fit. */
    return pointer_push(path, text, strlen(text));
}

size_t pointer_append(char path[static POINTER_MAX], const char *rest)
{
    size_t before = strlen(path);

    (void)put(path, before, rest, strlen(rest));
    return before;
}
