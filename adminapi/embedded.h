/*
 * embedded.h - files that travel inside the binary.
 *
 * The build makes them from the tree (cmake/embed_text.cmake). Each is static,
 * ends with a NUL that its _bytes does not count, and is served as it stands.
 */
#ifndef ADMINAPI_EMBEDDED_H
#define ADMINAPI_EMBEDDED_H

#include <stddef.h>

/* adminapi/openapi.json */
extern const char embedded_openapi_json[];
extern const size_t embedded_openapi_json_bytes;

/* definitions/definition.schema.json */
extern const char embedded_definition_schema_json[];
extern const size_t embedded_definition_schema_json_bytes;

#endif /* ADMINAPI_EMBEDDED_H */
