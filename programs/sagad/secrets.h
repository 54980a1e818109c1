/*
 * secrets.h - the values of the configuration's secrets.
 *
 * Read from a file (one trailing newline is not part of it) or from the environment, at
 * start and on reload; handed to the services and wiped when destroyed. Never logged,
 * printed or stored. The PEM files of `tls` are read here too, for one of each pair is a
 * key, and so that a reload takes them as they stand in one moment.
 */
#ifndef SAGAD_SECRETS_H
#define SAGAD_SECRETS_H

#include "programs/sagad/config.h"

struct secrets;

/* Reads all of them. One that cannot be read is a problem of c; the rest is read. */
struct secrets *secrets_read(struct config *c);
void secrets_destroy(struct secrets *s); /* NULL is fine. */

/* The value, borrowed; NULL: there is no such secret. */
const char *secrets_value(const struct secrets *s, const char *name);

/* The text of a file that some `tls` names, borrowed; NULL: path is NULL. */
const char *secrets_file(const struct secrets *s, const char *path);

#endif /* SAGAD_SECRETS_H */
