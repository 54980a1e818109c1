/* manual.c - `sagactl manual`: the manual page, as roff, made from the tables. */
#include <stdio.h>
#include <string.h>

#include "base/roff.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/help.h"
#include "programs/sagactl/options.h"

#define OUT_MAX ((size_t)1024 * 1024)

static void put_options_of(struct buf *out, const struct command_row *command)
{
    const struct args_table *table = options_table();
    bool is_later = false;

    for (size_t i = 0; i < table->n; i++) {
        const struct args_option *o = &table->options[i];

        if (!command_takes(command, o->name) || strcmp(o->name, "help") == 0 ||
            strcmp(o->name, "version") == 0) {
            continue;
        }
        buf_add_text(out, is_later ? ", \\fB\\-\\-" : "Options: \\fB\\-\\-");
        roff_put_text(out, o->name);
        buf_add_text(out, "\\fR");
        is_later = true;
    }
    buf_add_text(out, is_later ? ".\n" : "");
}

static void put_details(struct buf *out, const char *details)
{
    while (*details != '\0') {
        const size_t n = strcspn(details, "\n");
        const bool is_example = strncmp(details, "sagactl ", 8) == 0;

        buf_add_text(out, is_example ? ".br\n.nf\n" : ".br\n");
        roff_put_text_n(out, details, n);
        buf_add_text(out, is_example ? "\n.fi\n" : "\n");
        details += n + (details[n] == '\n' ? 1 : 0);
    }
}

static void put_commands(struct buf *out)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);

    buf_add_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < n; i++) {
        roff_put_tag(out, commands[i].name, commands[i].words);
        roff_put_text(out, commands[i].help);
        buf_add_text(out, ".\n");
        if (commands[i].details != NULL) {
            put_details(out, commands[i].details);
        }
        if (commands[i].options[0] != '\0') {
            buf_add_text(out, ".br\n");
            put_options_of(out, &commands[i]);
        }
    }
}

static void put_options(struct buf *out)
{
    const struct args_table *table = options_table();

    buf_add_text(out, ".SH OPTIONS\n");
    for (size_t i = 0; i < table->n; i++) {
        roff_put_option(out, &table->options[i]);
    }
}

static void put_exits(struct buf *out)
{
    size_t n;
    const struct help_exit *exits = help_exits(&n);

    buf_add_text(out, ".SH EXIT STATUS\n");
    for (size_t i = 0; i < n; i++) {
        roff_put_tag(out, exits[i].code, NULL);
        roff_put_text(out, exits[i].meaning);
        buf_add_char(out, '\n');
    }
}

int manual_print(struct ctl *ctl)
{
    struct buf out;

    (void)ctl; /* It needs nothing. */
    buf_init(&out, OUT_MAX);
    buf_add_text(
        &out,
        ".\\\" Made from the tables of sagactl by: sagactl manual\n"
        ".TH SAGACTL 1 \"\" \"sagactl " SAGAD_VERSION "\" \"User Commands\"\n"
        ".SH NAME\nsagactl \\- talk to sagad, the saga engine\n"
        ".SH SYNOPSIS\n\\fBsagactl\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]\n"
        ".SH DESCRIPTION\n"
        "Starts sagas, says how they stand and why, and acts on them, over the HTTP "
        "API of \\fBsagad\\fR(8);\nchecks, renders, tests, explores and draws "
        "definitions without a server.\n.PP\nData goes to standard output, messages "
        "to standard error. With \\fB\\-o json\\fR the answer of the API is printed "
        "unchanged.\n");
    put_commands(&out);
    put_options(&out);
    put_exits(&out);
    buf_add_text(
        &out, ".SH ENVIRONMENT\n"
              ".TP\n\\fBSAGAD_SERVER\\fR\nthe address of sagad, where "
              "\\fB\\-\\-server\\fR is not given\n"
              ".TP\n\\fBSAGAD_TOKEN\\fR\nthe token, where \\fB\\-\\-token\\-file\\fR is "
              "not given; never on the command line\n"
              ".TP\n\\fBNO_COLOR\\fR\nset to anything: no colour\n"
              ".SH SEE ALSO\n\\fBsagad\\fR(8)\n");
    (void)fputs(buf_text(&out), stdout);
    buf_done(&out);
    return EXIT_OK;
}
