/* failing_disk.c - see failing.h: a disk of few bytes, without mounting one. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/failing/failing.h"

#define PATH_BYTES 4096
#define BLOCK_BYTES 4096U

int __real_statvfs(const char *path, struct statvfs *out);
int __real_posix_fallocate(int fd, off_t at, off_t n);
int __wrap_statvfs(const char *path, struct statvfs *out);
int __wrap_posix_fallocate(int fd, off_t at, off_t n);

static uint64_t used_bytes(const char *folder)
{
    DIR *d = opendir(folder);
    const struct dirent *entry;
    uint64_t used = 0;

    if (d == NULL) {
        return 0;
    }
    while ((entry = readdir(d)) != NULL) {
        struct stat st;

        if (fstatat(dirfd(d), entry->d_name, &st, 0) == 0 && S_ISREG(st.st_mode)) {
            used += (uint64_t)st.st_size;
        }
    }
    (void)closedir(d); /* Only read. */
    return used;
}

/* Sizes as told, so that a sparse file of a test fills the disk. */
static uint64_t free_bytes(const char *folder)
{
    const uint64_t used = used_bytes(folder);
    const uint64_t disk = failing_plan()->disk_bytes;

    return used < disk ? disk - used : 0;
}

bool failing_is_over(const char *path, uint64_t more_bytes)
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_BYTES];

    if (failing_plan()->disk_bytes == 0 || slash == NULL) {
        return false;
    }
    (void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    return free_bytes(folder) < more_bytes;
}

int __wrap_statvfs(const char *path, struct statvfs *out)
{
    const int result = __real_statvfs(path, out);

    if (result == 0 && failing_plan()->disk_bytes != 0) {
        out->f_frsize = BLOCK_BYTES;
        out->f_bavail = free_bytes(path) / BLOCK_BYTES;
    }
    return result;
}

/* The only one is the reserve's, a file of the database's folder. */
int __wrap_posix_fallocate(int fd, off_t at, off_t n)
{
    char link[64];
    char path[PATH_BYTES] = "";

    (void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof(path) - 1) > 0 &&
        failing_is_over(path, (uint64_t)n)) {
        return ENOSPC;
    }
    return __real_posix_fallocate(fd, at, n);
}
