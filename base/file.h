/*
 * file.h - whole small files.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include "base/buf.h"
#include "base/err.h"

/* Append the file to out; "-" is standard input. ERR_IO with the reason; ERR_LIMIT:
 * larger than out->max. */
MUST_CHECK enum err file_read(const char *path, struct buf *out, struct err_info *info);

#endif /* BASE_FILE_H */
