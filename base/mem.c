/* mem.c - see mem.h. */
#include "base/mem.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static _Noreturn void give_up(void)
{
    static const char line[] = "out of memory for a small block; recovery will go on\n";

    /* Nothing that allocates is safe here, so not the log. If stderr is gone too
     * there is nobody left to tell. */
    ssize_t written = write(STDERR_FILENO, line, sizeof(line) - 1);

    (void)written;
    abort();
}

void *mem_alloc(size_t bytes)
{
    void *p = calloc(1, bytes > 0 ? bytes : 1);

    if (p == NULL) {
        give_up();
    }
    return p;
}

void *mem_grow(void *p, size_t bytes)
{
    void *grown = realloc(p, bytes > 0 ? bytes : 1);

    if (grown == NULL) {
        give_up();
    }
    return grown;
}

char *mem_copy(const void *from, size_t n)
{
    char *copy = mem_grow(NULL, n + 1);

    if (n > 0) {
        memcpy(copy, from, n);
    }
    copy[n] = '\0';
    return copy;
}

char *mem_text(const char *text)
{
    return text == NULL ? NULL : mem_copy(text, strlen(text));
}
