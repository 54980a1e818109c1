/* options.c - see options.h. */
#include "programs/sagactl/options.h"

#include <stdio.h>
#include <string.h>

#include "definitions/suggest.h"
#include "programs/sagactl/ctl.h"

enum command_number {
    START,
    LIST,
    GET,
    WHY,
    JOURNAL,
    CALLS,
    RETRY,
    SKIP,
    RESOLVE,
    CLOSE,
    CANCEL,
    PAUSE,
    RESUME,
    DEFINITION_APPLY,
    DEFINITION_LIST,
    DEFINITION_GET,
    DEFINITION_CHECK,
    DEFINITION_RENDER,
    DEFINITION_TEST,
    DEFINITION_EXPLORE,
    DEFINITION_GRAPH,
    DEFINITION_DIFF,
    SERVICE_LIST,
    SERVICE_PAUSE,
    SERVICE_RESUME,
    SERVICE_SWITCH,
    TOKEN_CREATE,
    VERSION,
    HELP,
};

/* In the order of enum command_number. */
static const struct command_row commands[] = {
    {"start", "DEFINITION", "start a saga", saga_start, false},
    {"list", NULL, "list sagas, newest first", saga_list, false},
    {"get", "ID", "show a saga", saga_get, false},
    {"why", "ID", "say in one sentence why a saga is not moving", saga_why, false},
    {"journal", "ID", "show every turn of a saga, oldest first", saga_journal, false},
    {"calls", "ID", "show every attempt of a saga, oldest first", saga_calls, false},
    {"retry", "ID", "call again what gave up or is waiting", saga_act, false},
    {"skip", "ID", "pass a step with an output given by hand", saga_act, false},
    {"resolve", "ID", "say whether a stuck step's effect is in the world", saga_act,
     false},
    {"close", "ID", "declare a stuck saga settled by hand", saga_act, false},
    {"cancel", "ID", "take a saga back", saga_act, false},
    {"pause", "ID", "hold a saga's new calls", saga_act, false},
    {"resume", "ID", "let a paused saga go on", saga_act, false},
    {"definition apply", "FILE", "check and store a definition", definition_apply, false},
    {"definition list", NULL, "list definitions", definition_list, false},
    {"definition get", "NAME", "show a definition", definition_get, false},
    {"definition check", "FILE", "check a definition, without a server", definition_check,
     true},
    {"definition render", "FILE", "show the requests a saga would make; send nothing",
     definition_render, true},
    {"definition test", "FILE", "run a definition's tests, without a server",
     definition_test, true},
    {"definition explore", "FILE", "go every way a saga can go; find the bad ones",
     definition_explore, true},
    {"definition graph", "FILE", "draw a definition", definition_graph, true},
    {"definition diff", "FILE OTHER", "say what changes, and for which sagas",
     definition_diff, true},
    {"service list", NULL, "list services and how they stand", service_list, false},
    {"service pause", "NAME", "send a service no new calls", service_act, false},
    {"service resume", "NAME", "call a service again", service_act, false},
    {"service breaker", "NAME STATE", "hold its breaker open or closed; auto: do not",
     service_breaker, false},
    {"token create", NULL, "make a token and its entry for the configuration",
     token_create, true},
    {"version", NULL, "print the version", version_print, true},
    {"help", NULL, "print this, or the help of a command", help_print, true},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

#define BIT(command) (1U << (command))
#define ACTIONS                                                                      \
    (BIT(RETRY) | BIT(SKIP) | BIT(RESOLVE) | BIT(CLOSE) | BIT(CANCEL) | BIT(PAUSE) | \
     BIT(RESUME))
#define ON_SERVICE (BIT(SERVICE_PAUSE) | BIT(SERVICE_RESUME) | BIT(SERVICE_SWITCH))
#define PAGED (BIT(LIST) | BIT(JOURNAL) | BIT(CALLS) | BIT(DEFINITION_LIST))
#define ONLINE                                                                    \
    (ACTIONS | PAGED | BIT(START) | BIT(GET) | BIT(WHY) | BIT(DEFINITION_APPLY) | \
     BIT(DEFINITION_GET) | BIT(SERVICE_LIST) | ON_SERVICE)
#define AUTHORS                                                                \
    (BIT(DEFINITION_RENDER) | BIT(DEFINITION_TEST) | BIT(DEFINITION_EXPLORE) | \
     BIT(DEFINITION_DIFF))
#define ON_STEP (BIT(RETRY) | BIT(SKIP) | BIT(RESOLVE))
#define ALL 0xffffffffU

#define TAKES(shown_as) .takes = ARGS_VALUE, .shown = (shown_as)

/* clang-format off */
static const struct args_option options[] = {
    {.name = "server", TAKES("URL"), .commands = ONLINE,
     .help = "sagad's address (SAGAD_SERVER, http://127.0.0.1:8080)"},
    {.name = "token-file", TAKES("FILE"), .commands = ONLINE,
     .help = "file with the token (or SAGAD_TOKEN)"},
    {.name = "format", .letter = 'o', TAKES("FORMAT"),
     .commands = ONLINE | AUTHORS | BIT(DEFINITION_CHECK) | BIT(TOKEN_CREATE),
     .help = "table, wide, json, jsonl or name"},
    {.name = "input", TAKES("FILE"), .commands = BIT(START) | BIT(DEFINITION_RENDER),
     .help = "the saga's input, JSON; - reads it from stdin"},
    {.name = "id", TAKES("ID"), .commands = BIT(START),
     .help = "the saga's id; starting twice with one id is safe"},
    {.name = "idempotency-key", TAKES("KEY"), .commands = BIT(START) | ACTIONS | ON_SERVICE,
     .help = "makes repeating the command safe"},
    {.name = "definition-version", TAKES("N"), .commands = BIT(START) | BIT(DEFINITION_GET),
     .help = "a version other than the current one"},
    {.name = "wait-for", TAKES("STEP"), .commands = BIT(START),
     .help = "answer when this step is done"},
    {.name = "wait", .takes = ARGS_MAYBE, .shown = "10s",
     .commands = BIT(START) | BIT(GET) | ACTIONS,
     .help = "wait for the saga's end, that long at most"},
    {.name = "label", .is_repeated = true, TAKES("NAME=VALUE"),
     .commands = BIT(START) | BIT(LIST), .help = "a label to set, or to look for"},
    {.name = "status", .is_repeated = true, TAKES("STATUS"), .commands = BIT(LIST),
     .help = "running, compensating, stuck, completed, ..."},
    {.name = "definition", .is_repeated = true, TAKES("NAME"),
     .commands = BIT(LIST) | BIT(TOKEN_CREATE),
     .help = "of this definition; what a token may start"},
    {.name = "key", TAKES("KEY"), .commands = BIT(LIST), .help = "with this business key"},
    {.name = "stuck-step", .is_repeated = true, TAKES("STEP"), .commands = BIT(LIST),
     .help = "stuck at this step"},
    {.name = "limit", TAKES("N"), .commands = PAGED, .help = "at most so many"},
    {.name = "cursor", TAKES("CURSOR"), .commands = PAGED, .help = "go on behind a page"},
    {.name = "all", .commands = PAGED, .help = "all pages"},
    {.name = "step", TAKES("STEP"), .commands = ON_STEP, .help = "the step it is about"},
    {.name = "item", TAKES("N"), .commands = BIT(RETRY) | BIT(RESOLVE),
     .help = "the item of a forEach step"},
    {.name = "output", TAKES("JSON"), .commands = BIT(SKIP),
     .help = "the step's output; @FILE reads a file"},
    {.name = "outcome", TAKES("OUTCOME"), .commands = BIT(RESOLVE),
     .help = "applied or not-applied"},
    {.name = "body", TAKES("JSON"), .commands = BIT(RESOLVE),
     .help = "the answer it would have given; @FILE reads a file"},
    {.name = "reason", TAKES("TEXT"), .commands = ACTIONS | ON_SERVICE,
     .help = "why; needed for skip, resolve, close, cancel"},
    {.name = "revision", TAKES("N"), .commands = ACTIONS,
     .help = "refuse when the saga has moved since"},
    {.name = "preview", .commands = ACTIONS,
     .help = "show what it would bring about, and do nothing"},
    {.name = "yes", .letter = 'y', .commands = ACTIONS, .help = "do not ask"},
    {.name = "dry-run", .commands = BIT(DEFINITION_APPLY), .help = "check only"},
    {.name = "answers", TAKES("FILE"), .commands = BIT(DEFINITION_RENDER),
     .help = "what the calls are answered, as in a test; else 200 {}"},
    {.name = "vars", TAKES("FILE"),
     .commands = BIT(DEFINITION_CHECK) | BIT(DEFINITION_RENDER) | BIT(DEFINITION_TEST),
     .help = "what .vars holds; the daemon has it in its configuration"},
    {.name = "states", TAKES("N"), .commands = BIT(DEFINITION_EXPLORE),
     .help = "give up behind so many states (1000000)"},
    {.name = "as", TAKES("FORM"), .commands = BIT(DEFINITION_GRAPH),
     .help = "mermaid or dot"},
    {.name = "name", TAKES("NAME"), .commands = BIT(TOKEN_CREATE),
     .help = "who will hold it"},
    {.name = "role", .is_repeated = true, TAKES("ROLE"), .commands = BIT(TOKEN_CREATE),
     .help = "starter, reader, operator, author or admin"},
    {.name = "expires", TAKES("TIME"), .commands = BIT(TOKEN_CREATE),
     .help = "like 2027-01-01T00:00:00Z"},
    {.name = "help", .letter = 'h', .commands = ALL, .help = "print the help"},
    {.name = "version", .commands = ALL, .help = "print the version"},
};
/* clang-format on */
static const struct args_table table = {options, sizeof(options) / sizeof(options[0])};

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
    if (strcmp(name, "token") == 0) {
        return err_set(info, ERR_INVALID,
                       "a token does not belong on the command line: set SAGAD_TOKEN, or "
                       "use --token-file");
    }
    (void)suggest_hint(&s, hint);
    return err_set(info, ERR_INVALID, "there is no option %s%s%s",
                   args->unknown_n == 1 ? "-" : "--", name, hint);
}

/* The row that the first words name; *used: how many they are. */
static const struct command_row *match(const struct args *args, size_t *used)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const char *blank = strchr(commands[i].name, ' ');
        size_t n =
            blank != NULL ? (size_t)(blank - commands[i].name) : strlen(commands[i].name);

        if (strlen(args->words[0]) != n ||
            memcmp(args->words[0], commands[i].name, n) != 0) {
            continue;
        }
        if (blank == NULL) {
            *used = 1;
            return &commands[i];
        }
        if (args->n_words > 1 && strcmp(args->words[1], blank + 1) == 0) {
            *used = 2;
            return &commands[i];
        }
    }
    return NULL;
}

static enum err unknown_command(const struct args *args, struct err_info *info)
{
    char given[SUGGEST_NAME_MAX] = "";
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;
    bool is_family = false;

    for (size_t i = 0; i < N_COMMANDS; i++) {
        size_t n = strlen(args->words[0]);

        is_family = is_family || (strncmp(commands[i].name, args->words[0], n) == 0 &&
                                  commands[i].name[n] == ' ');
    }
    (void)snprintf(given, sizeof(given), "%s%s%s", args->words[0],
                   is_family && args->n_words > 1 ? " " : "",
                   is_family && args->n_words > 1 ? args->words[1] : "");
    if (is_family && args->n_words == 1) {
        return err_set(info, ERR_INVALID, "%s what? See: sagactl help", given);
    }
    suggest_begin(&s, given);
    for (size_t i = 0; i < N_COMMANDS; i++) {
        suggest_offer(&s, commands[i].name);
    }
    return err_set(info, ERR_INVALID, "unknown command '%s'%s", given,
                   suggest_hint(&s, hint));
}

/* "FILE OTHER" are two. */
static size_t count_words(const char *words)
{
    size_t n = words != NULL ? 1 : 0;

    for (; words != NULL && *words != '\0'; words++) {
        n += *words == ' ' ? 1 : 0;
    }
    return n;
}

static enum err check_words(const struct args *args, const struct command_row *command,
                            size_t used, struct err_info *info)
{
    size_t follow = args->n_words - used;
    size_t wanted = count_words(command->words);

    if (command == &commands[HELP]) {
        return ERR_OK; /* Any words: a command's name. */
    }
    if (follow < wanted) {
        return err_set(info, ERR_INVALID, "usage: sagactl %s %s", command->name,
                       command->words);
    }
    if (follow > wanted) {
        return err_set(info, ERR_INVALID, "%s takes no '%s'", command->name,
                       args->words[used + wanted]);
    }
    return ERR_OK;
}

enum err options_read(int argc, const char *const *argv, struct args *args,
                      const struct command_row **command, const char **word,
                      struct err_info *info)
{
    enum err e = args_read(&table, argc, argv, args, info);
    const struct command_row *found = &commands[HELP];
    const struct args_option *misplaced;
    size_t used = 0;

    if (e != ERR_OK) {
        return e == ERR_NOT_FOUND ? suggest_option(args, info) : ERR_INVALID;
    }
    if (args->n_words > 0) {
        found = match(args, &used);
    } else if (args_has(args, "version")) {
        found = &commands[VERSION];
    }
    if (args_has(args, "help")) {
        found = &commands[HELP];
    }
    if (found == NULL) {
        return unknown_command(args, info);
    }
    if (found != &commands[HELP]) {
        misplaced = args_misplaced(args, BIT((unsigned)(found - commands)));
        if (misplaced != NULL) {
            return err_set(info, ERR_INVALID, "%s takes no --%s", found->name,
                           misplaced->name);
        }
        e = check_words(args, found, used, info);
    }
    *word = args->n_words > used ? args->words[used] : NULL;
    *command = found;
    return e;
}

static void help_of(const struct command_row *command, struct buf *out)
{
    buf_printf(out, "sagactl %s%s%s: %s\n\noptions\n", command->name,
               command->words != NULL ? " " : "",
               command->words != NULL ? command->words : "", command->help);
    args_help(&table, BIT((unsigned)(command - commands)), out);
}

void options_help(const char *name, struct buf *out)
{
    for (size_t i = 0; name != NULL && i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0 && i != HELP) {
            help_of(&commands[i], out);
            return;
        }
    }
    buf_add_text(out, "sagactl: talk to sagad\n\nusage: sagactl COMMAND [options]\n\n"
                      "commands\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        char left[64];

        (void)snprintf(left, sizeof(left), "%s %s", commands[i].name,
                       commands[i].words != NULL ? commands[i].words : "");
        buf_printf(out, "  %-26s %s\n", left, commands[i].help);
    }
    buf_add_text(out, "\noptions\n");
    args_help(&table, ALL, out);
    buf_add_text(out,
                 "\nExit codes: 0 ok, 1 failed, 2 wrong use, 3 not found, 4 conflict, "
                 "5 not allowed,\n6 unreachable, 7 wait ran out, 8 ended compensated, "
                 "9 stuck, 10 invalid definition\nor input\n");
}
