/* commands.c - see commands.h. */
#include "programs/sagactl/commands.h"

#include <string.h>

#include "programs/sagactl/ctl.h"

/* Options that belong together. */
#define SHOWN " format "
#define ONLINE " server token-file format "
#define PAGED ONLINE " limit cursor all "
#define FILTERS                                                                    \
    " status definition key label stuck-step stuck-operation stuck-outcome error " \
    "paused started-after started-before updated-after updated-before "
#define POSTED ONLINE " idempotency-key reason "
#define ACTION POSTED " wait revision preview yes "

#define WEBHOOKS \
    " waiting delivered failed definition origin created-after created-before "

#define ASKS                                                                         \
    "Shows what it would bring about, then asks; --yes does not ask, and has to be " \
    "said "                                                                          \
    "where there is no terminal.\n"

#define ON_FILTERS                                                                    \
    "Several filters must all hold; of one filter several values, with commas, may. " \
    "Times are RFC 3339, like 2027-01-01T00:00:00Z.\n"

static const struct command_row commands[] = {
    {"start", "DEFINITION", "start a saga", saga_start,
     ONLINE " idempotency-key input id definition-version wait-for wait label ",
     "sagactl start order --input order.json --wait\n"},
    {"list", NULL, "list sagas, newest first", saga_list, PAGED FILTERS,
     ON_FILTERS "sagactl list --status stuck,compensating --definition order\n"},
    {"get", "ID", "show a saga", saga_get, ONLINE " wait turn ", NULL},
    {"why", "ID", "say in one sentence why a saga is not moving", saga_why, ONLINE, NULL},
    {"watch", "ID", "follow a saga's turns until it ends or is stuck", watch_saga, ONLINE,
     "Exit codes as for --wait. Ctrl-C ends the watching only; the saga goes on.\n"},
    {"journal", "ID", "show every turn of a saga, oldest first", saga_journal, PAGED,
     NULL},
    {"calls", "ID [N]", "show every attempt of a saga, oldest first; or one", saga_calls,
     PAGED " curl ",
     "With a number: that attempt with its request and answer. --curl prints the request "
     "as a curl command; what sagad hides is not in it.\n"},
    {"items", "ID STEP", "show the items of a forEach step", saga_items, PAGED, NULL},
    {"signal", "ID NAME", "tell a saga what it waits for", saga_signal,
     ONLINE " idempotency-key body ",
     "sagactl signal 0193b2f0-5a31-7c2e-9d0b-3f4c1c1f6a10 approved --body "
     "'{\"by\": \"ann\"}'\n"},
    {"retry", "ID", "call again what gave up or is waiting", saga_act,
     ACTION " step item ", NULL},
    {"skip", "ID", "pass a step with an output given by hand", saga_act,
     ACTION " step output ",
     ASKS "sagactl skip 0193b2f0-5a31-7c2e-9d0b-3f4c1c1f6a10 --step receipt --output "
          "'{\"number\": \"R-7\"}' --reason 'written by hand'\n"},
    {"resolve", "ID", "say whether a stuck step's effect is in the world", saga_act,
     ACTION " step item outcome body ",
     ASKS "sagactl resolve 0193b2f0-5a31-7c2e-9d0b-3f4c1c1f6a10 --step payment "
          "--outcome applied --body '{\"id\": \"ch_1\"}' --reason 'ch_1 is in their "
          "books'\n"},
    {"close", "ID", "declare a stuck saga settled by hand", saga_act, ACTION, ASKS},
    {"cancel", "ID", "take a saga back", saga_act, ACTION, ASKS},
    {"pause", "ID", "hold a saga's new calls", saga_act, ACTION, NULL},
    {"resume", "ID", "let a paused saga go on", saga_act, ACTION, NULL},
    {"purge", "ID", "delete a saga that has ended, for good", saga_purge,
     ONLINE " reason yes ",
     "With its children, journal, calls and input; the id stays taken and the audit "
     "stays. Asks first; --yes does not ask, and has to be said where there is no "
     "terminal.\n"},
    {"stuck", NULL, "what is stuck, in groups: where, why, how many", stuck_list,
     ONLINE " definition limit ",
     "Then look at one, sagactl why ID, or act on a group: sagactl bulk retry with its "
     "--definition, --stuck-step, --stuck-operation and --stuck-outcome.\n"},
    {"stats", NULL, "rates and counts of the last hour", stats_show,
     ONLINE " window every watch ",
     "--watch shows it anew every few seconds until Ctrl-C.\n"},
    {"webhook list", "[ID]", "what became of webhooks, newest first; or of a saga's",
     webhook_list, PAGED WEBHOOKS, "sagactl webhook list --failed --all\n"},
    {"webhook redeliver", "[ID] [WEBHOOK]", "send a webhook again, or all that are found",
     webhook_redeliver, POSTED WEBHOOKS " yes ",
     "With the saga's id and the webhook's: that one, with its id and body. With "
     "--failed, --waiting or --delivered: all that they and the filters find, one after "
     "the other; webhook list shows them first. Then it asks; --yes does not ask, and "
     "has "
     "to be said where there is no terminal. Exit code 0 only if none was missed.\n"
     "sagactl webhook redeliver --failed --origin https://shop.example --reason 'the "
     "shop "
     "is back'\n"},
    {"bulk list", NULL, "list bulk actions, newest first", bulk_list, PAGED, NULL},
    {"bulk show", "ID", "show a bulk action, how far it is and what failed", bulk_show,
     ONLINE " follow ", NULL},
    {"bulk cancel", "ID", "stop a bulk action; what is done stays done", bulk_cancel,
     POSTED, NULL},
    {"bulk", "ACTION", "retry, cancel, ... every saga that a filter finds", bulk_start,
     POSTED FILTERS " step output outcome body preview yes no-wait ",
     ON_FILTERS
     "Shows how many it finds and some of them, then asks; --preview only shows; --yes "
     "does not ask, and has to be said where there is no terminal. It runs in the "
     "server: Ctrl-C leaves it running. Exit code 0 only if none failed.\n"
     "sagactl bulk retry --status stuck --definition order --stuck-step payment --reason "
     "'payments is back'\n"},
    {"audit verify", NULL, "check the hash chain over the whole audit", audit_verify,
     ONLINE " known ", "Exit code 1 if an entry was changed, left out or put in.\n"},
    {"audit", NULL, "who did what and why, newest first", audit_list,
     PAGED " actor action subject ", NULL},
    {"definition apply", "FILE", "check and store a definition", definition_apply,
     ONLINE " dry-run ", NULL},
    {"definition list", NULL, "list definitions", definition_list, PAGED, NULL},
    {"definition get", "NAME", "show a definition", definition_get,
     ONLINE " definition-version ", NULL},
    {"definition versions", "NAME", "list a definition's versions", definition_versions,
     PAGED, NULL},
    {"definition use", "NAME VERSION", "say which version new sagas take", definition_use,
     ONLINE, NULL},
    {"definition pause", "NAME", "refuse new sagas of a definition", definition_hold,
     POSTED, NULL},
    {"definition resume", "NAME", "allow new sagas again", definition_hold, POSTED, NULL},
    {"definition archive", "NAME", "put a definition away; not while its sagas run",
     definition_archive, ONLINE, NULL},
    {"definition check", "FILE", "check a definition, without a server", definition_check,
     SHOWN " vars ", NULL},
    {"definition render", "FILE", "show the requests a saga would make; send nothing",
     definition_render, SHOWN " input answers vars ", NULL},
    {"definition test", "FILE", "run a definition's tests, without a server",
     definition_test, SHOWN " vars ", NULL},
    {"definition explore", "FILE", "go every way a saga can go; find the bad ones",
     definition_explore, SHOWN " states ", NULL},
    {"definition graph", "FILE", "draw a definition", definition_graph, " as ", NULL},
    {"definition diff", "FILE OTHER", "say what changes, and for which sagas",
     definition_diff, SHOWN, NULL},
    {"service list", NULL, "list services and how they stand", service_list, PAGED, NULL},
    {"service pause", "NAME", "send a service no new calls", service_act, POSTED, NULL},
    {"service resume", "NAME", "call a service again", service_act, POSTED, NULL},
    {"service breaker", "NAME STATE", "hold its breaker open or closed; auto: do not",
     service_breaker, POSTED, NULL},
    {"engine resume", NULL, "let an engine that was restored from a backup go on",
     engine_resume, POSTED " yes ",
     "Calls are made again; --reason is needed. Asks first; --yes does not ask, and has "
     "to be said where there is no terminal.\n"},
    {"token create", NULL, "make a token and its entry for the configuration",
     token_create, SHOWN " name role definition expires ",
     "The token is shown once and kept nowhere. Needs no server.\n"},
    {"conformance", "URL", "test whether a participant keeps the three promises",
     conformance_test,
     SHOWN " action compensation body compensation-body header definition step "
           "input answers vars ",
     "It sends real requests: use a participant made for tests. The requests are given "
     "by "
     "--action and --compensation, or come from a definition's step.\n"
     "sagactl conformance http://127.0.0.1:9000 --action 'POST /charges' --compensation "
     "'POST /refunds' --body '{\"amount\": 5}'\n"
     "sagactl conformance http://127.0.0.1:9000 --definition order.json --step "
     "payment --input order-input.json\n"},
    {"bench", "DEFINITION", "a small load: how long starts and sagas take", bench_run,
     ONLINE " input count rate concurrency timeout ",
     "It starts real sagas; {n} in a text of the input is new for each. Times are seen "
     "from here, over the API: with the network and "
     "sagactl's own time in them; from start to end they are sagad's.\n"},
    {"completion", "SHELL", "print the completion of bash, zsh or fish", completion_print,
     "", "source <(sagactl completion bash)\n"},
    {"manual", NULL, "print the manual page, as roff", manual_print, "",
     "sagactl manual | man -l -\n"},
    {"version", NULL, "print the version", version_print, "", NULL},
    {"help", "[COMMAND...]", "print this, or the help of a command", help_print, "",
     NULL},
};
#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct command_row *commands_all(size_t *n)
{
    *n = N_COMMANDS;
    return commands;
}

const struct command_row *commands_find(const char *name)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

/* Rows of two words stand before the one that is their first word alone. */
const struct command_row *commands_match(const struct args *args, size_t *used)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        size_t n = strcspn(commands[i].name, " ");
        const char *second = commands[i].name + n;

        if (strlen(args->words[0]) != n ||
            memcmp(args->words[0], commands[i].name, n) != 0) {
            continue;
        }
        if (*second == '\0') {
            *used = 1;
            return &commands[i];
        }
        if (args->n_words > 1 && strcmp(args->words[1], second + 1) == 0) {
            *used = 2;
            return &commands[i];
        }
    }
    return NULL;
}

bool command_takes(const struct command_row *command, const char *option)
{
    const size_t n = strlen(option);

    if (strcmp(option, "help") == 0 || strcmp(option, "version") == 0) {
        return true;
    }
    for (const char *at = command->options; *at != '\0';) {
        size_t blanks = strspn(at, " ");
        size_t length = strcspn(at + blanks, " ");

        if (length == n && memcmp(at + blanks, option, n) == 0) {
            return true;
        }
        at += blanks + length;
    }
    return false;
}

bool command_is_online(const struct command_row *command)
{
    return command_takes(command, "server");
}

void command_words(const struct command_row *command, size_t *least, size_t *most)
{
    const char *words = command->words;

    *least = 0;
    *most = 0;
    while (words != NULL && *words != '\0') {
        *least += *words == '[' ? 0 : 1;
        *most = strstr(words, "...") != NULL ? ARGS_MAX : *most + 1;
        words += strcspn(words, " ");
        words += strspn(words, " ");
    }
}
