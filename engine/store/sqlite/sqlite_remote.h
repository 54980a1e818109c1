/*
 * sqlite_remote.h - is a folder on a file system over the network? (S93)
 *
 * WAL needs memory shared by all who open the file, and locks that hold; neither is to
 * be had there. Linux: by the file system's magic number, and by name for FUSE, which
 * has one number for all of them.
 */
#ifndef STORE_SQLITE_REMOTE_H
#define STORE_SQLITE_REMOTE_H

#include <stdbool.h>

#include "base/err.h"

/* ERR_INVALID, in words, for a folder over the network. */
MUST_CHECK enum err sqlite_remote_refuse(const char *folder, struct err_info *info);

/* The two tables, for tests. NULL: a local file system. */
const char *sqlite_remote_by_magic(unsigned long magic);
bool sqlite_remote_is_fuse_name(const char *type); /* "fuse.sshfs" as mountinfo has it. */

#endif /* STORE_SQLITE_REMOTE_H */
