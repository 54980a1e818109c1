/* daemon.c - see daemon.h. */
#include "bench/daemon.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char three_steps[] = "{\"name\":\"bench\",\"steps\":["
                                  "{\"id\":\"a\",\"call\":{\"service\":\"sink\",\"url\":"
                                  "\"/a\",\"body\":{\"id\":\"${ .input.id "
                                  "}\"}},\"compensate\":{\"service\":\"sink\",\"url\":\"/"
                                  "undo-a\",\"body\":{\"id\":\"${ "
                                  ".input.id }\"}}},"
                                  "{\"id\":\"b\",\"call\":{\"service\":\"sink\",\"url\":"
                                  "\"/b\",\"body\":{\"id\":\"${ .input.id "
                                  "}\"},\"retry\":{\"delay\":\"1ms\"}},\"compensate\":{"
                                  "\"service\":\"sink\",\"url\":\"/undo-b\","
                                  "\"body\":{\"id\":\"${ .input.id }\"}}},"
                                  "{\"id\":\"c\",\"call\":{\"service\":\"sink\",\"url\":"
                                  "\"/c\",\"body\":{\"id\":\"${ .input.id "
                                  "}\"}},\"compensate\":null}]}";

static int write_config(const struct daemon *d, uint16_t sink_port)
{
    char path[96];
    FILE *f;

    (void)snprintf(path, sizeof(path), "%s/sagad.json", d->folder);
    f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        return -1;
    }
    (void)fprintf(
        f,
        "{\"listen\":[\"127.0.0.1:0\"],\"store\":\"sqlite:%s/sagad.db\","
        "\"log\":{\"level\":\"info\",\"format\":\"json\"},"
        "\"services\":{\"sink\":{\"url\":\"http://127.0.0.1:%u\",\"maxConcurrent\":"
        "1000}}}",
        d->folder, sink_port);
    return fclose(f);
}

/* The bound port, from the line that says "listening". The log goes to a file. */
static int await_port(struct daemon *d, const char *log)
{
    for (int i = 0; i < 1000; i++) {
        struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};
        char text[4096] = "";
        FILE *f = fopen(log, "r");
        size_t n = f != NULL ? fread(text, 1, sizeof(text) - 1, f) : 0;
        const char *at;

        if (f != NULL) {
            (void)fclose(f);
        }
        text[n] = '\0';
        at = strstr(text, "\"address\":\"127.0.0.1:");
        if (at != NULL) {
            d->port =
                (uint16_t)strtoul(at + strlen("\"address\":\"127.0.0.1:"), NULL, 10);
            return 0;
        }
        (void)nanosleep(&pause, NULL);
    }
    (void)fprintf(stderr, "the daemon does not listen; see %s\n", log);
    return -1;
}

static int publish(const struct daemon *d)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(d->port)};
    char text[4096];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int n;

    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    n = snprintf(text, sizeof(text),
                 "PUT /v1/definitions/bench HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                 "application/json\r\nConnection: close\r\nContent-Length: %zu\r\n\r\n%s",
                 strlen(three_steps), three_steps);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0 ||
        send(fd, text, (size_t)n, MSG_NOSIGNAL) != n ||
        recv(fd, text, sizeof(text) - 1, MSG_WAITALL) <= 0) {
        perror("publish");
        return -1;
    }
    (void)close(fd);
    if (strncmp(text, "HTTP/1.1 201", 12) != 0) {
        (void)fprintf(stderr, "the definition was not taken: %.400s\n", text);
        return -1;
    }
    return 0;
}

int daemon_start(struct daemon *d, const char *program, uint16_t sink_port)
{
    char log[96];
    char config[96];

    *d = (struct daemon){.pid = -1};
    (void)snprintf(d->folder, sizeof(d->folder), "%s", "/tmp/sagabench-XXXXXX");
    if (mkdtemp(d->folder) == NULL || write_config(d, sink_port) != 0) {
        return -1;
    }
    (void)snprintf(log, sizeof(log), "%s/log", d->folder);
    (void)snprintf(config, sizeof(config), "%s/sagad.json", d->folder);
    d->pid = fork();
    if (d->pid == 0) {
        int fd = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);

        (void)dup2(fd, STDERR_FILENO);
        (void)execl(program, program, "serve", "--config", config, (char *)NULL);
        _exit(127);
    }
    return await_port(d, log) != 0 ? -1 : publish(d);
}

void daemon_stop(struct daemon *d)
{
    DIR *dir;
    const struct dirent *entry;
    char path[400];

    if (d->pid > 0) {
        (void)kill(d->pid, SIGTERM);
        (void)waitpid(d->pid, NULL, 0);
    }
    dir = opendir(d->folder);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        (void)snprintf(path, sizeof(path), "%s/%s", d->folder, entry->d_name);
        (void)unlink(path); /* "." and ".." refuse. */
    }
    if (dir != NULL) {
        (void)closedir(dir);
        (void)rmdir(d->folder);
    }
}

static uint64_t file_bytes(const struct daemon *d, const char *name)
{
    char path[96];
    struct stat st;

    (void)snprintf(path, sizeof(path), "%s/%s", d->folder, name);
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

struct daemon_cost daemon_cost_of(const struct daemon *d)
{
    struct daemon_cost cost = {.disk_bytes = file_bytes(d, "sagad.db") +
                                             file_bytes(d, "sagad.db-wal")};
    unsigned long long user = 0;
    unsigned long long system = 0;
    unsigned long long pages = 0;
    char path[64];
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)d->pid);
    f = fopen(path, "r");
    if (f != NULL) {
        if (fscanf(f,
                   "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu "
                   "%*d %*d "
                   "%*d %*d %*d %*d %*u %*u %llu",
                   &user, &system, &pages) != 3) {
            (void)fprintf(stderr, "%s has another form\n", path);
        }
        (void)fclose(f);
    }
    cost.cpu_us = (user + system) * 1000000ULL / (unsigned long long)sysconf(_SC_CLK_TCK);
    cost.rss_bytes = pages * (unsigned long long)sysconf(_SC_PAGESIZE);
    return cost;
}
