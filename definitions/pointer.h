/*
 * pointer.h - JSON Pointers (RFC 6901), made one step at a time.
 *
 * A path that grows past POINTER_MAX is cut: it is shown to people, nothing follows
 * it. The functions return the length before, so that a walk goes back up with
 * path[length] = '\0'.
 */
#ifndef DEFINITIONS_POINTER_H
#define DEFINITIONS_POINTER_H

#include <stddef.h>

#define POINTER_MAX 256

/* Append "/name" with ~ and / escaped. */
size_t pointer_push(char path[static POINTER_MAX], const char *name, size_t n);

/* Append "/index". */
size_t pointer_push_index(char path[static POINTER_MAX], size_t index);

/* Append a pointer, as it is. */
size_t pointer_append(char path[static POINTER_MAX], const char *rest);

#endif /* DEFINITIONS_POINTER_H */
