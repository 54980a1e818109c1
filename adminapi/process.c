/* process.c - see process.h. */
#include "adminapi/process.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

static void put_gauge(struct buf *out, const char *name, const char *type,
                      const char *help, double value)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s %s\n%s %.15g\n", name, help, name, type,
               name, value);
}

static void put_cpu(struct buf *out)
{
    struct rusage usage;
    double seconds;

    if (getrusage(RUSAGE_SELF, &usage) != 0) {
        return;
    }
    seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
              (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    put_gauge(out, "process_cpu_seconds_total", "counter",
              "User and system time in seconds.", seconds);
}

static void put_memory(struct buf *out)
{
    FILE *file = fopen("/proc/self/statm", "re");
    unsigned long size = 0;
    unsigned long resident = 0;
    const double page = (double)sysconf(_SC_PAGESIZE);
    int n;

    if (file == NULL) {
        return;
    }
    n = fscanf(file, "%lu %lu", &size, &resident);
    (void)fclose(file); /* Only read from. */
    if (n != 2) {
        return;
    }
    put_gauge(out, "process_virtual_memory_bytes", "gauge", "Address space in bytes.",
              (double)size * page);
    put_gauge(out, "process_resident_memory_bytes", "gauge", "Memory in use in bytes.",
              (double)resident * page);
}

static void put_files(struct buf *out)
{
    DIR *folder = opendir("/proc/self/fd");
    struct rlimit limit;
    double n = 0;

    if (folder == NULL) {
        return;
    }
    while (readdir(folder) != NULL) {
        n++;
    }
    (void)closedir(folder); /* Only read from. */
    put_gauge(out, "process_open_fds", "gauge", "Open file descriptors.",
              n - 3); /* ".", ".." and the folder itself. */
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        put_gauge(out, "process_max_fds", "gauge", "Most file descriptors there may be.",
                  (double)limit.rlim_cur);
    }
}

void process_metrics(struct buf *out)
{
    put_cpu(out);
    put_memory(out);
    put_files(out);
}
