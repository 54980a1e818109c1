/* failing_alloc.c - see failing.h: memory that runs out. */
#include <sqlite3.h>
#include <stdlib.h>

#include "tests/failing/failing.h"

/* Of the linker's --wrap: the C library's own, and ours in front of them. */
void *__real_malloc(size_t n);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return failing_now(FAILING_ALLOC) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t n, size_t size)
{
    return failing_now(FAILING_ALLOC) ? NULL : __real_calloc(n, size);
}

void *__wrap_realloc(void *p, size_t n)
{
    return failing_now(FAILING_ALLOC) ? NULL : __real_realloc(p, n);
}

/* ---- SQLite ---------------------------------------------------------------------- */

static sqlite3_mem_methods own;

static void *sqlite_take(int n)
{
    return failing_now(FAILING_ALLOC) ? NULL : own.xMalloc(n);
}

static void *sqlite_grow(void *p, int n)
{
    return failing_now(FAILING_ALLOC) ? NULL : own.xRealloc(p, n);
}

static void sqlite_install(void)
{
    sqlite3_mem_methods ours;

    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &own) != SQLITE_OK) {
        abort();
    }
    ours = own;
    ours.xMalloc = sqlite_take;
    ours.xRealloc = sqlite_grow;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &ours) != SQLITE_OK ||
        sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK) {
        abort();
    }
}

void failing_alloc_install(void)
{
    sqlite_install();
}
