/* manual.c - see manual.h. What is not of the tables stands here once: the build makes
 * the page that is installed. */
#include "programs/sagad/manual.h"

#include <stdio.h>
#include <string.h>

#include "base/roff.h"
#include "programs/sagad/options.h"

#define OUT_MAX ((size_t)1024 * 1024)

static bool is_everywhere(const struct args_option *o)
{
    return strcmp(o->name, "help") == 0 || strcmp(o->name, "version") == 0;
}

static void put_options_of(struct buf *out, uint32_t command)
{
    const struct args_table *table = options_table();
    bool is_later = false;

    for (size_t i = 0; i < table->n; i++) {
        const struct args_option *o = &table->options[i];

        if ((o->commands & command) == 0 || is_everywhere(o)) {
            continue;
        }
        buf_add_text(out, is_later ? ", \\fB\\-\\-" : ".br\nOptions: \\fB\\-\\-");
        roff_put_text(out, o->name);
        buf_add_text(out, "\\fR");
        is_later = true;
    }
    buf_add_text(out, is_later ? ".\n" : "");
}

static void put_commands(struct buf *out)
{
    size_t n;
    const struct options_row *rows = options_rows(&n);

    buf_add_text(out, ".SH COMMANDS\n");
    for (size_t i = 0; i < n; i++) {
        roff_put_tag(out, rows[i].name, rows[i].words);
        roff_put_text(out, rows[i].help);
        buf_add_text(out, ".\n");
        put_options_of(out, 1U << i);
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

static void put_list(struct buf *out, const char *const list[][2], size_t n)
{
    for (size_t i = 0; i < n; i++) {
        roff_put_tag(out, list[i][0], NULL);
        roff_put_text(out, list[i][1]);
        buf_add_char(out, '\n');
    }
}

static void put_signals(struct buf *out)
{
    static const char *const signals[][2] = {
        {"TERM, INT", "drain: no new starts, calls in flight end within drainTimeout; a "
                      "second one ends "
                      "at once"},
        {"HUP", "read the configuration again; a wrong one leaves the old one in force"},
        {"USR1", "write a summary to the log"},
    };

    buf_add_text(out, ".SH SIGNALS\n");
    put_list(out, signals, sizeof(signals) / sizeof(signals[0]));
}

static void put_surroundings(struct buf *out)
{
    static const char *const variables[][2] = {
        {"SAGAD_LISTEN, SAGAD_STORE, SAGAD_LOG_LEVEL ...",
         "settings, before the configuration's and behind the flags'; check-config "
         "prints "
         "each with its name and origin"},
        {"OTEL_*", "where traces go and what is sampled, as OpenTelemetry has it"},
        {"NOTIFY_SOCKET, WATCHDOG_USEC, LISTEN_FDS",
         "set by systemd; all three are used"},
    };
    static const char *const exits[][2] = {
        {"0", "done; drained"},
        {"1", "failed; verify: a saga is not as its journal says"},
        {"2", "wrong use"},
    };

    buf_add_text(out, ".SH ENVIRONMENT\n");
    put_list(out, variables, sizeof(variables) / sizeof(variables[0]));
    buf_add_text(out, ".SH FILES\n.TP\n\\fIsagad.json\\fR\nthe configuration, where "
                      "\\fB\\-\\-config\\fR is not given\n"
                      ".SH EXIT STATUS\n");
    put_list(out, exits, sizeof(exits) / sizeof(exits[0]));
}

int manual_run(void)
{
    struct buf out;

    buf_init(&out, OUT_MAX);
    buf_add_text(
        &out, ".\\\" Made from the tables of sagad by: sagad manual\n"
              ".TH SAGAD 8 \"\" \"sagad " SAGAD_VERSION "\" \"System Administration\"\n"
              ".SH NAME\nsagad \\- the saga engine: several API calls that belong "
              "together\n"
              ".SH SYNOPSIS\n\\fBsagad\\fR [\\fBserve\\fR] [\\fIoptions\\fR]\n.br\n"
              "\\fBsagad\\fR \\fICOMMAND\\fR [\\fIoptions\\fR]\n"
              ".SH DESCRIPTION\n"
              "Makes calls to HTTP APIs step by step as definitions say, keeps what was "
              "done in a journal,\nand takes back what was done when a later step "
              "fails.\nStarted, watched and repaired over its HTTP API, with "
              "\\fBsagactl\\fR(1).\n");
    put_commands(&out);
    put_options(&out);
    put_signals(&out);
    put_surroundings(&out);
    buf_add_text(&out, ".SH SEE ALSO\n\\fBsagactl\\fR(1)\n");
    (void)fputs(buf_text(&out), stdout);
    buf_done(&out);
    return 0;
}
