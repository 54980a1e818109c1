/*
 * input_schema_format.h - the formats: date-time, uuid, email, uri.
 *
 * Inside of the input_schema modules only. date-time is RFC 3339 with days that
 * exist; uuid is RFC 9562's text form; email is one @ between two parts without
 * blanks; uri is a scheme and what RFC 3986 lets stand behind it.
 */
#ifndef DEFINITIONS_INPUT_SCHEMA_FORMAT_H
#define DEFINITIONS_INPUT_SCHEMA_FORMAT_H

#include <stdbool.h>

enum schema_format {
    SCHEMA_FORMAT_NONE,
    SCHEMA_FORMAT_DATE_TIME,
    SCHEMA_FORMAT_UUID,
    SCHEMA_FORMAT_EMAIL,
    SCHEMA_FORMAT_URI,
};

/* SCHEMA_FORMAT_NONE: there is no such format here. */
enum schema_format schema_format_of(const char *name);

/* "a date-time (2026-01-31T12:00:00Z)" and so on. */
const char *schema_format_name(enum schema_format format);

bool schema_format_fits(enum schema_format format, const char *text);

#endif /* DEFINITIONS_INPUT_SCHEMA_FORMAT_H */
