/* ctl.c - see ctl.h; and the commands that are only words. */
#include "programs/sagactl/ctl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SERVER_DEFAULT "http://127.0.0.1:8080"
#define HELP_MAX 32768
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

int ctl_run(struct ctl *ctl)
{
    struct err_info info = {.text = ""};
    int code;

    if (!set_output(ctl)) {
        return EXIT_USAGE;
    }
    if (!ctl->command->is_offline && connect_client(ctl, &info) != ERR_OK) {
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

/* `help definition check`, and `definition check --help`. */
int help_print(struct ctl *ctl)
{
    const struct args *args = &ctl->args;
    size_t first = args->n_words > 0 && strcmp(args->words[0], "help") == 0 ? 1 : 0;
    char name[128] = "";
    struct buf text;

    if (args->n_words > first) {
        (void)snprintf(name, sizeof(name), "%s%s%s", args->words[first],
                       args->n_words > first + 1 ? " " : "",
                       args->n_words > first + 1 ? args->words[first + 1] : "");
    }
    buf_init(&text, HELP_MAX);
    options_help(name[0] != '\0' ? name : NULL, &text);
    (void)fputs(buf_text(&text), stdout);
    buf_done(&text);
    return EXIT_OK;
}

int version_print(struct ctl *ctl)
{
    (void)ctl; /* It needs nothing. */
    printf("sagactl %s\n", SAGAD_VERSION);
    return EXIT_OK;
}
