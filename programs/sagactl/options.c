/* options.c - see options.h. */
#include "programs/sagactl/options.h"

#include <stdio.h>
#include <string.h>

#include "definitions/suggest.h"

#define TAKES(shown_as) .takes = ARGS_VALUE, .shown = (shown_as)

/* clang-format off */
static const struct args_option options[] = {
    {.name = "server", TAKES("URL"), .help = "sagad's address (SAGAD_SERVER, http://127.0.0.1:8080)"},
    {.name = "token-file", TAKES("FILE"), .help = "file with the token (or SAGAD_TOKEN)"},
    {.name = "format", .letter = 'o', TAKES("FORMAT"), .help = "table, wide, json, jsonl or name"},
    {.name = "input", TAKES("FILE"), .help = "the saga's input, JSON; - reads it from stdin"},
    {.name = "id", TAKES("ID"), .help = "the saga's id; starting twice with one id is safe"},
    {.name = "idempotency-key", TAKES("KEY"), .help = "makes repeating the command safe"},
    {.name = "definition-version", TAKES("N"), .help = "a version other than the current one"},
    {.name = "wait-for", TAKES("STEP"), .help = "answer when this step is done"},
    {.name = "wait", .takes = ARGS_MAYBE, .shown = "10s", .help = "wait for the end, that long at most"},
    {.name = "label", .is_repeated = true, TAKES("NAME=VALUE"), .help = "a label to set, or to look for"},
    {.name = "status", .is_repeated = true, TAKES("STATUS"), .help = "running, compensating, stuck, completed, ..."},
    {.name = "definition", .is_repeated = true, TAKES("NAME"), .help = "of this definition; in a conformance test its file"},
    {.name = "key", TAKES("KEY"), .help = "with this business key"},
    {.name = "stuck-step", .is_repeated = true, TAKES("STEP"), .help = "stuck at this step"},
    {.name = "stuck-operation", TAKES("OPERATION"), .help = "stuck at its action, compensation or confirm"},
    {.name = "stuck-outcome", TAKES("OUTCOME"), .help = "stuck because it was rejected, unknown, ..."},
    {.name = "error", TAKES("TEXT"), .help = "whose last error has this text in it"},
    {.name = "paused", TAKES("BOOL"), .help = "true or false"},
    {.name = "started-after", TAKES("TIME"), .help = "started after that time"},
    {.name = "started-before", TAKES("TIME"), .help = "started before that time"},
    {.name = "updated-after", TAKES("TIME"), .help = "changed after that time"},
    {.name = "updated-before", TAKES("TIME"), .help = "changed before that time"},
    {.name = "waiting", .help = "webhooks on their way to their receivers"},
    {.name = "delivered", .help = "webhooks that their receivers have"},
    {.name = "failed", .help = "webhooks that were given up"},
    {.name = "origin", .is_repeated = true, TAKES("ORIGIN"), .help = "to this receiver, like https://shop.example"},
    {.name = "created-after", TAKES("TIME"), .help = "made after that time"},
    {.name = "created-before", TAKES("TIME"), .help = "made before that time"},
    {.name = "limit", TAKES("N"), .help = "at most so many"},
    {.name = "cursor", TAKES("CURSOR"), .help = "go on behind a page"},
    {.name = "all", .help = "all pages"},
    {.name = "turn", TAKES("N"), .help = "as it was after that turn"},
    {.name = "curl", .help = "print the request as a curl command"},
    {.name = "step", TAKES("STEP"), .help = "the step it is about"},
    {.name = "item", TAKES("N"), .help = "the item of a forEach step"},
    {.name = "output", TAKES("JSON"), .help = "the step's output; @FILE reads a file"},
    {.name = "outcome", TAKES("OUTCOME"), .help = "applied or not-applied"},
    {.name = "body", TAKES("JSON"), .help = "what is sent, or was answered; @FILE reads a file"},
    {.name = "reason", TAKES("TEXT"), .help = "why; needed for skip, resolve, close, cancel, bulk"},
    {.name = "revision", TAKES("N"), .help = "refuse when the saga has moved since"},
    {.name = "preview", .help = "show what it would bring about, and do nothing"},
    {.name = "yes", .letter = 'y', .help = "do not ask; needed where there is no terminal"},
    {.name = "follow", .help = "until it is through"},
    {.name = "no-wait", .help = "do not wait until it is through"},
    {.name = "actor", TAKES("NAME"), .help = "what this token did"},
    {.name = "action", TAKES("ACTION"), .help = "only this action; of a conformance test, like 'POST /charges'"},
    {.name = "subject", TAKES("ID"), .help = "what was done to this saga, definition or service"},
    {.name = "known", .is_repeated = true, TAKES("SEQ=HASH"), .help = "an entry that was seen before and must still be there"},
    {.name = "window", TAKES("TIME"), .help = "how far back (1h)"},
    {.name = "every", TAKES("TIME"), .help = "the length of one point (10s)"},
    {.name = "watch", .help = "again and again, until Ctrl-C"},
    {.name = "dry-run", .help = "check only"},
    {.name = "answers", TAKES("FILE"), .help = "what the calls are answered, as in a test; else 200 {}"},
    {.name = "vars", TAKES("FILE"), .help = "what .vars holds; the daemon has it in its configuration"},
    {.name = "states", TAKES("N"), .help = "give up behind so many states (1000000)"},
    {.name = "as", TAKES("FORM"), .help = "mermaid or dot"},
    {.name = "name", TAKES("NAME"), .help = "who will hold it"},
    {.name = "role", .is_repeated = true, TAKES("ROLE"), .help = "starter, reader, operator, author or admin"},
    {.name = "expires", TAKES("TIME"), .help = "like 2027-01-01T00:00:00Z"},
    {.name = "compensation", TAKES("CALL"), .help = "like 'POST /refunds'"},
    {.name = "compensation-body", TAKES("JSON"), .help = "its body; @FILE reads a file (else that of --body)"},
    {.name = "header", .is_repeated = true, TAKES("LINE"), .help = "a header of each request, 'Name: value' or @FILE"},
    {.name = "count", TAKES("N"), .help = "so many sagas (100)"},
    {.name = "rate", TAKES("RATE"), .help = "so many starts a second, like 50/s (as fast as answered)"},
    {.name = "concurrency", TAKES("N"), .help = "at most so many starts at once (8)"},
    {.name = "timeout", TAKES("TIME"), .help = "give up on the ends after that (60s)"},
    {.name = "help", .letter = 'h', .help = "print the help"},
    {.name = "version", .help = "print the version"},
};
/* clang-format on */
static const struct args_table table = {options, sizeof(options) / sizeof(options[0])};

const struct args_table *options_table(void)
{
    return &table;
}

const char *options_choices(const char *name)
{
    static const char *const choices[][2] = {
        {"format", "table wide json jsonl name"},
        {"status", "running compensating stuck completed compensated resolved"},
        {"stuck-operation", "action confirm compensation"},
        {"stuck-outcome", "rejected unsent unknown pending"},
        {"paused", "true false"},
        {"outcome", "applied not-applied"},
        {"role", "starter reader operator author admin"},
        {"as", "mermaid dot"},
    };

    for (size_t i = 0; i < sizeof(choices) / sizeof(choices[0]); i++) {
        if (strcmp(choices[i][0], name) == 0) {
            return choices[i][1];
        }
    }
    return NULL;
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
    if (strcmp(name, "token") == 0) {
        return err_set(info, ERR_INVALID,
                       "a token does not belong on the command line: set SAGAD_TOKEN, or "
                       "use --token-file");
    }
    (void)suggest_hint(&s, hint);
    return err_set(info, ERR_INVALID, "there is no option %s%s%s",
                   args->unknown_n == 1 ? "-" : "--", name, hint);
}

static enum err unknown_command(const struct args *args, struct err_info *info)
{
    char given[SUGGEST_NAME_MAX] = "";
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;
    bool is_family = false;
    size_t n_commands;
    const struct command_row *commands = commands_all(&n_commands);

    for (size_t i = 0; i < n_commands; i++) {
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
    for (size_t i = 0; i < n_commands; i++) {
        suggest_offer(&s, commands[i].name);
    }
    return err_set(info, ERR_INVALID, "unknown command '%s'%s", given,
                   suggest_hint(&s, hint));
}

static enum err check_words(const struct args *args, const struct command_row *command,
                            size_t used, struct err_info *info)
{
    size_t follow = args->n_words - used;
    size_t least;
    size_t most;

    command_words(command, &least, &most);
    if (follow < least) {
        return err_set(info, ERR_INVALID, "usage: sagactl %s %s", command->name,
                       command->words);
    }
    if (follow > most) {
        return err_set(info, ERR_INVALID, "%s takes no '%s'", command->name,
                       args->words[used + most]);
    }
    return ERR_OK;
}

static enum err check_options(const struct args *args, const struct command_row *command,
                              struct err_info *info)
{
    for (size_t i = 0; i < args->n_given; i++) {
        const char *name = args->given[i].option->name;

        if (!command_takes(command, name)) {
            return err_set(info, ERR_INVALID, "%s takes no --%s", command->name, name);
        }
    }
    return ERR_OK;
}

enum err options_read(int argc, const char *const *argv, struct args *args,
                      const struct command_row **command, const char **word,
                      struct err_info *info)
{
    const struct command_row *help = commands_find("help");
    const struct command_row *found = help;
    enum err e = args_read(&table, argc, argv, args, info);
    size_t used = 0;

    if (e != ERR_OK) {
        return e == ERR_NOT_FOUND ? suggest_option(args, info) : ERR_INVALID;
    }
    if (args->n_words > 0) {
        found = commands_match(args, &used);
    } else if (args_has(args, "version")) {
        found = commands_find("version");
    }
    if (args_has(args, "help")) {
        found = help;
    }
    if (found == NULL) {
        return unknown_command(args, info);
    }
    if (found != help) {
        e = check_options(args, found, info);
        if (e == ERR_OK) {
            e = check_words(args, found, used, info);
        }
    }
    *word = args->n_words > used ? args->words[used] : NULL;
    *command = found;
    return e;
}
