/* problem.c - see problem.h. */
#include "engine/run/problem.h"

#include <assert.h>
#include <stddef.h>

struct entry {
    const char *code;
    int status;
    const char *title;
};

static const struct entry entries[] = {
#define X(name, code_, status_, title_) {code_, status_, title_},
    PROBLEM_MAP(X)
#undef X
};

static const struct entry *entry_of(enum problem p)
{
    assert((size_t)p < sizeof(entries) / sizeof(entries[0]));
    return &entries[p];
}

const char *problem_code(enum problem p)
{
    return entry_of(p)->code;
}

int problem_status(enum problem p)
{
    return entry_of(p)->status;
}

const char *problem_title(enum problem p)
{
    return entry_of(p)->title;
}
