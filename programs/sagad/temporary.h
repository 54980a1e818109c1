/*
 * temporary.h - folders that go away again.
 */
#ifndef SAGAD_TEMPORARY_H
#define SAGAD_TEMPORARY_H

#include "base/err.h"

#define TEMPORARY_PATH_MAX 4096

/* A new folder of mode 0700 under TMPDIR or /tmp; its path goes to out. */
MUST_CHECK enum err temporary_make(char out[static TEMPORARY_PATH_MAX],
                                   struct err_info *info);

/* Remove a folder that temporary_make() made, with the files in it. */
void temporary_remove(const char *folder);

#endif /* SAGAD_TEMPORARY_H */
