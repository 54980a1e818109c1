/* ctl.c - see ctl.h. */
#include "programs/sagactl/ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER_DEFAULT "http://127.0.0.1:8080"
#define LINE_MAX_BYTES 8192

void ctl_say(const char *fmt, ...)
{
    char line[LINE_MAX_BYTES];
    struct buf escaped;
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(line, sizeof(line), fmt, args); /* Cut, not fail. */
    va_end(args);
    buf_init(&escaped, LINE_MAX_BYTES * 6);
    output_escape(line, &escaped);
    fprintf(stderr, "sagactl: %s\n", buf_text(&escaped));
    buf_done(&escaped);
}

static bool set_output(struct ctl *ctl)
{
    const char *format = ctl_value(ctl, "format");

    ctl->output.format = OUTPUT_TABLE;
    ctl->output.is_coloured = isatty(STDOUT_FILENO) != 0 && getenv("NO_COLOR") == NULL;
    if (format != NULL && !output_format_of(format, &ctl->output.format)) {
        ctl_say("-o %s is not one of table, wide, json, jsonl, name", format);
        return false;
    }
    return true;
}

static enum err connect_client(struct ctl *ctl, struct err_info *info)
{
    const char *server = ctl_value(ctl, "server");

    server = server != NULL ? server : getenv("SAGAD_SERVER");
    return client_open(server != NULL && server[0] != '\0' ? server : SERVER_DEFAULT,
                       ctl_value(ctl, "token-file"), &ctl->client, info);
}

const char *ctl_word(const struct ctl *ctl, size_t n)
{
    const size_t used = strchr(ctl->command->name, ' ') != NULL ? 2 : 1;

    return used + n < ctl->args.n_words ? ctl->args.words[used + n] : NULL;
}

int ctl_run(struct ctl *ctl)
{
    struct err_info info = {.text = ""};
    int code;

    if (!set_output(ctl)) {
        return EXIT_USAGE;
    }
    if (command_is_online(ctl->command) && connect_client(ctl, &info) != ERR_OK) {
        ctl_say("%s", info.text);
        return EXIT_USAGE;
    }
    code = ctl->command->run(ctl);
    client_close(ctl->client);
    if (fflush(stdout) != 0) {
        ctl_say("cannot write the output");
        return EXIT_FAILED;
    }
    return code;
}
