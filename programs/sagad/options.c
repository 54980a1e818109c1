/* options.c - see options.h. */
#include "programs/sagad/options.h"

#include <string.h>

#include "definitions/suggest.h"

#define SERVE (1U << OPTIONS_SERVE)
#define CHECK (1U << OPTIONS_CHECK_CONFIG)
#define MIGRATE (1U << OPTIONS_MIGRATE)
#define VERIFY (1U << OPTIONS_VERIFY)
#define BACKUP (1U << OPTIONS_BACKUP)
#define RESTORE (1U << OPTIONS_RESTORE)
#define VERSION (1U << OPTIONS_VERSION)
#define ALL 0xffffU

/* In the order of enum options_command. */
static const struct options_row commands[] = {
    {"serve", NULL, "run the daemon (also without a command)"},
    {"check-config", NULL, "print every setting with its origin, or what is wrong"},
    {"migrate", NULL, "bring the database up to this version, with a backup first"},
    {"backup", "TARGET",
     "copy the database to TARGET and check the copy, also while it is in use"},
    {"restore", "BACKUP",
     "put BACKUP in the place of a database that is gone; it starts paused"},
    {"verify", NULL, "recompute every saga from its journal and compare"},
    {"demo", NULL, "two orders end to end: one completes, one is taken back"},
    {"manual", NULL, "print the manual page, as roff"},
    {"version", NULL, "print the version"},
    {"help", "[COMMAND]", "print this, or the help of a command"},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

static const struct args_option options[] = {
    {.name = "config",
     .letter = 'c',
     .takes = ARGS_VALUE,
     .shown = "FILE",
     .commands = SERVE | CHECK | MIGRATE | BACKUP | RESTORE | VERIFY,
     .help = "configuration (default: sagad.json, if there is one)"},
    {.name = "store",
     .takes = ARGS_VALUE,
     .shown = "STORE",
     .commands = SERVE | CHECK | MIGRATE | BACKUP | RESTORE | VERIFY,
     .help = "where sagas are kept: sqlite:PATH"},
    {.name = "listen",
     .letter = 'l',
     .takes = ARGS_VALUE,
     .is_repeated = true,
     .shown = "ADDRESS",
     .commands = SERVE | CHECK,
     .help = "host:port of the API; port 0 takes a free one"},
    {.name = "dev",
     .commands = SERVE | CHECK,
     .help = "temporary database, loopback allowed, a mock participant"},
    {.name = "insecure",
     .commands = SERVE | CHECK,
     .help = "allow plain HTTP on addresses other than loopback"},
    {.name = "log-format",
     .takes = ARGS_VALUE,
     .shown = "FORMAT",
     .commands = SERVE | CHECK | MIGRATE | BACKUP | RESTORE | VERIFY,
     .help = "json, text or auto"},
    {.name = "log-level",
     .takes = ARGS_VALUE,
     .shown = "LEVEL",
     .commands = SERVE | CHECK | MIGRATE | BACKUP | RESTORE | VERIFY,
     .help = "debug, info, warning or error"},
    {.name = "verbose", .commands = VERSION, .help = "the libraries' versions too"},
    {.name = "help", .letter = 'h', .commands = ALL, .help = "print the help"},
    {.name = "version", .commands = ALL, .help = "print the version"},
};
static const struct args_table table = {options, sizeof(options) / sizeof(options[0])};

const struct args_table *options_table(void)
{
    return &table;
}

const struct options_row *options_rows(size_t *n)
{
    *n = N_COMMANDS;
    return commands;
}

static enum err suggest_option(const struct args *args, struct err_info *info)
{
    char name[SUGGEST_NAME_MAX + 1] = "";
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    memcpy(name, args->unknown,
           args->unknown_n < SUGGEST_NAME_MAX ? args->unknown_n : SUGGEST_NAME_MAX);
    suggest_begin(&s, name);
    for (size_t i = 0; i < table.n; i++) {
        suggest_offer(&s, table.options[i].name);
    }
    (void)suggest_hint(&s, hint);
    return err_set(info, ERR_INVALID, "there is no option %s%s%s",
                   args->unknown_n == 1 ? "-" : "--", name, hint);
}

static enum err find_command(const char *name, enum options_command *out,
                             struct err_info *info)
{
    struct suggest s;
    char hint[SUGGEST_HINT_MAX];

    suggest_begin(&s, name);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            *out = (enum options_command)i;
            return ERR_OK;
        }
        suggest_offer(&s, commands[i].name);
    }
    return err_set(info, ERR_INVALID, "there is no command '%s'%s", name,
                   suggest_hint(&s, hint));
}

enum err options_read(int argc, const char *const *argv, struct args *args,
                      enum options_command *command, struct err_info *info)
{
    enum options_command found = OPTIONS_SERVE;
    const struct args_option *misplaced;
    enum err e = args_read(&table, argc, argv, args, info);

    if (e == ERR_NOT_FOUND) {
        return suggest_option(args, info);
    }
    if (e == ERR_OK && args->n_words > 0) {
        e = find_command(args->words[0], &found, info);
    }
    if (e != ERR_OK) {
        return ERR_INVALID;
    }
    misplaced = args_misplaced(args, 1U << found);
    if (misplaced != NULL) {
        return err_set(info, ERR_INVALID, "%s takes no --%s", commands[found].name,
                       misplaced->name);
    }
    if (args->n_words > (commands[found].words != NULL ? 2U : 1U)) {
        return err_set(info, ERR_INVALID, "%s takes no '%s'", commands[found].name,
                       args->words[args->n_words - 1]);
    }
    if (args_has(args, "version")) {
        found = OPTIONS_VERSION;
    }
    *command = args_has(args, "help") ? OPTIONS_HELP : found;
    return ERR_OK;
}

void options_help(const char *command, struct buf *out)
{
    for (size_t i = 0; command != NULL && i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, command) == 0) {
            buf_printf(out, "sagad %s%s%s: %s\n\noptions\n", command,
                       commands[i].words != NULL ? " " : "",
                       commands[i].words != NULL ? commands[i].words : "",
                       commands[i].help);
            args_help(&table, 1U << i, out);
            return;
        }
    }
    buf_add_text(out, "sagad: several API calls that belong together\n\n"
                      "usage: sagad [serve] [options]\n"
                      "       sagad COMMAND [options]\n\ncommands\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        buf_printf(out, "  %-14s %s\n", commands[i].name, commands[i].help);
    }
    buf_add_text(out, "\noptions\n");
    args_help(&table, ALL, out);
    buf_add_text(out,
                 "\nSettings come from flags, then the environment (SAGAD_LISTEN, "
                 "SAGAD_STORE,\nSAGAD_LOG_LEVEL ...), then the configuration, then "
                 "defaults: sagad check-config\nExit codes: 0 done, 1 failed, 2 wrong "
                 "use\n");
}
