/*
 * secret_header.h - header names whose values are never shown to anybody.
 *
 * By what the name holds, without a list to keep up to date: "X-Api-Key" and
 * "Proxy-Authorization" as well as "Set-Cookie". Rather too many than too few. Pure.
 */
#ifndef DEFINITIONS_SECRET_HEADER_H
#define DEFINITIONS_SECRET_HEADER_H

#include <stdbool.h>

/* Upper and lower case are the same. */
bool secret_header(const char *name);

#endif /* DEFINITIONS_SECRET_HEADER_H */
