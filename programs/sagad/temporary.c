/* temporary.c - see temporary.h. */
#include "programs/sagad/temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum err temporary_make(char out[static TEMPORARY_PATH_MAX], struct err_info *info)
{
    const char *base = getenv("TMPDIR");
    char path[TEMPORARY_PATH_MAX];

    if (base == NULL || base[0] != '/') {
        base = "/tmp";
    }
    if (snprintf(path, sizeof(path), "%s/sagad-XXXXXX", base) >= (int)sizeof(path)) {
        return err_set(info, ERR_IO, "TMPDIR is too long");
    }
    if (mkdtemp(path) == NULL) {
        return err_set(info, ERR_IO, "cannot make a folder in %s: %s", base,
                       strerror(errno));
    }
    memcpy(out, path, sizeof(path));
    return ERR_OK;
}

void temporary_remove(const char *folder)
{
    DIR *d = opendir(folder);
    struct dirent *entry;

    if (d == NULL) {
        return;
    }
    for (entry = readdir(d); entry != NULL; entry = readdir(d)) {
        /* "." and ".." are folders, which unlinkat() refuses. */
        (void)unlinkat(dirfd(d), entry->d_name, 0); /* What stays is only litter. */
    }
    (void)closedir(d);
    (void)rmdir(folder);
}
