/* help.c - see help.h; `sagactl help` and `sagactl version`. */
#include "programs/sagactl/help.h"

#include <stdio.h>
#include <string.h>

#include "programs/sagactl/commands.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/options.h"

#define HELP_MAX 65536
#define WIDTH 78

static const struct help_exit exits[] = {
    {"0", "ok"},
    {"1", "failed; a saga that was closed by hand while one waits for it"},
    {"2", "wrong use"},
    {"3", "not found"},
    {"4", "conflict: it is not possible now, or has changed since"},
    {"5", "not allowed"},
    {"6", "the server is unreachable"},
    {"7", "the wait ran out"},
    {"8", "the saga ended compensated"},
    {"9", "the saga is stuck"},
    {"10", "invalid definition or input"},
    {"130", "interrupted; a saga that was watched or waited for goes on"},
};

const struct help_exit *help_exits(size_t *n)
{
    *n = sizeof(exits) / sizeof(exits[0]);
    return exits;
}

/* A paragraph, broken at blanks; a line that is an example stays as it is. */
static void put_paragraph(const char *text, size_t n, struct buf *out)
{
    size_t column = 0;

    if (n > 8 && strncmp(text, "sagactl ", 8) == 0) {
        buf_printf(out, "  %.*s\n", (int)n, text);
        return;
    }
    for (size_t at = 0; at < n;) {
        size_t word = strcspn(text + at, " \n");

        if (column > 0 && column + 1 + word > WIDTH) {
            buf_add_char(out, '\n');
            column = 0;
        }
        buf_printf(out, "%s%.*s", column > 0 ? " " : "", (int)word, text + at);
        column += word + (column > 0 ? 1 : 0);
        at += word + 1;
    }
    buf_add_char(out, '\n');
}

static void put_details(const char *details, struct buf *out)
{
    while (*details != '\0') {
        size_t n = strcspn(details, "\n");

        put_paragraph(details, n, out);
        details += n + (details[n] == '\n' ? 1 : 0);
    }
}

static void put_options(const struct command_row *command, struct buf *out)
{
    const struct args_table *table = options_table();

    for (size_t i = 0; i < table->n; i++) {
        if (command == NULL || command_takes(command, table->options[i].name)) {
            args_help_line(&table->options[i], out);
        }
    }
}

static void put_command(const struct command_row *command, struct buf *out)
{
    buf_printf(out, "sagactl %s%s%s: %s\n", command->name,
               command->words != NULL ? " " : "",
               command->words != NULL ? command->words : "", command->help);
    if (command->details != NULL) {
        buf_add_char(out, '\n');
        put_details(command->details, out);
    }
    buf_add_text(out, "\noptions\n");
    put_options(command, out);
}

static void put_all(struct buf *out)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);

    buf_add_text(out, "sagactl: talk to sagad\n\nusage: sagactl COMMAND [options]\n\n"
                      "commands\n");
    for (size_t i = 0; i < n; i++) {
        char left[64];

        (void)snprintf(left, sizeof(left), "%s %s", commands[i].name,
                       commands[i].words != NULL ? commands[i].words : "");
        buf_printf(out, "  %-27s %s\n", left, commands[i].help);
    }
    buf_add_text(out, "\noptions\n");
    put_options(NULL, out);
    buf_add_text(out, "\nexit codes\n");
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++) {
        buf_printf(out, "  %3s  %s\n", exits[i].code, exits[i].meaning);
    }
}

void help_put(const char *name, struct buf *out)
{
    const struct command_row *command = name != NULL ? commands_find(name) : NULL;

    if (command != NULL && strcmp(command->name, "help") != 0) {
        put_command(command, out);
    } else {
        put_all(out);
    }
}

/* `help definition check`, and `definition check --help`. */
int help_print(struct ctl *ctl)
{
    const struct args *args = &ctl->args;
    size_t first = args->n_words > 0 && strcmp(args->words[0], "help") == 0 ? 1 : 0;
    const char *word = args->n_words > first ? args->words[first] : NULL;
    const char *next = args->n_words > first + 1 ? args->words[first + 1] : "";
    char name[128] = "";
    struct buf text;

    if (word != NULL) {
        (void)snprintf(name, sizeof(name), "%s %s", word, next);
    }
    buf_init(&text, HELP_MAX);
    help_put(commands_find(name) != NULL ? name : word, &text);
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
