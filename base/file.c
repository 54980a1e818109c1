/* file.c - see file.h. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum err file_read(const char *path, struct buf *out, struct err_info *info)
{
    const bool is_stdin = strcmp(path, "-") == 0;
    const int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    char piece[8192];
    ssize_t n = 1;
    enum err e = ERR_OK;

    if (fd < 0) {
        return err_set(info, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    }
    while (n > 0 && !out->is_over) {
        n = read(fd, piece, sizeof(piece));
        if (n < 0 && errno == EINTR) {
            n = 1;
        } else if (n > 0) {
            buf_add(out, piece, (size_t)n);
        }
    }
    if (n < 0) {
        e = err_set(info, ERR_IO, "cannot read %s: %s", path, strerror(errno));
    } else if (out->is_over) {
        e = err_set(info, ERR_LIMIT, "%s is larger than %zu bytes", path, out->max);
    }
    if (!is_stdin) {
        (void)close(fd); /* Nothing was written. */
    }
    return e;
}
