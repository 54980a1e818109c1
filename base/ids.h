/*
 * ids.h - names of sagas: UUIDv7 made here (RFC 9562), or what a client gives.
 */
#ifndef BASE_IDS_H
#define BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>

#define IDS_ID_MAX 128   /* Longest id a client may give, bytes. */
#define IDS_UUID_TEXT 37 /* A UUID in text and the NUL. */

/* A new UUIDv7; ids of one process are in the order they were made. Any thread. */
void ids_make(char out[static IDS_UUID_TEXT]);

/* ^[A-Za-z0-9._~-]{1,128}$ */
bool ids_is_valid(const char *id);

/* 2*n_bytes random hex digits and a NUL, for request ids and tokens. */
void ids_random_hex(char *out, size_t n_bytes);

#endif /* BASE_IDS_H */
