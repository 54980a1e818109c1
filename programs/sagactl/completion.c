/* completion.c - `sagactl completion bash|zsh|fish`, made from the two tables. */
#include <stdio.h>
#include <string.h>

#include "definitions/suggest.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/options.h"

#define OUT_MAX ((size_t)1024 * 1024)

static bool is_file(const struct args_option *option)
{
    return option->shown != NULL && strcmp(option->shown, "FILE") == 0;
}

/* What may stand behind the command, where that is one of a few words; NULL. */
static const char *words_behind(const struct command_row *command)
{
    if (strcmp(command->name, "completion") == 0) {
        return "bash zsh fish";
    }
    if (strcmp(command->name, "bulk") == 0) {
        return "retry cancel pause resume close skip resolve";
    }
    return NULL;
}

static bool takes_file(const struct command_row *command)
{
    return command->words != NULL && strncmp(command->words, "FILE", 4) == 0;
}

/* Is the row the first with its first word? */
static bool is_first(const struct command_row *commands, size_t at)
{
    const size_t n = strcspn(commands[at].name, " ");

    for (size_t i = 0; i < at; i++) {
        if (strncmp(commands[i].name, commands[at].name, n) == 0 &&
            strcspn(commands[i].name, " ") == n) {
            return false;
        }
    }
    return true;
}

static void put_first_words(struct buf *out)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);
    bool is_later = false;

    for (size_t i = 0; i < n; i++) {
        if (is_first(commands, i)) {
            buf_printf(out, "%s%.*s", is_later ? " " : "",
                       (int)strcspn(commands[i].name, " "), commands[i].name);
            is_later = true;
        }
    }
}

/* The second words behind a first one of n bytes, and the words that may follow it. */
static void put_second_words(const char *first, size_t n, struct buf *out)
{
    size_t n_commands;
    const struct command_row *commands = commands_all(&n_commands);
    const char *blank = "";

    for (size_t i = 0; i < n_commands; i++) {
        const char *name = commands[i].name;

        if (strncmp(name, first, n) != 0 || strcspn(name, " ") != n) {
            continue;
        }
        if (name[n] == ' ') {
            buf_printf(out, "%s%s", blank, name + n + 1);
            blank = " ";
        } else if (words_behind(&commands[i]) != NULL) {
            buf_printf(out, "%s%s", blank, words_behind(&commands[i]));
            blank = " ";
        }
    }
}

static void put_options(const struct command_row *command, struct buf *out)
{
    const struct args_table *table = options_table();
    const char *blank = "";

    for (size_t i = 0; i < table->n; i++) {
        if (command_takes(command, table->options[i].name)) {
            buf_printf(out, "%s--%s", blank, table->options[i].name);
            blank = " ";
        }
    }
}

/* ---- bash and zsh: one case each of the same kind --------------------------------- */

struct shell_words {
    const char *before; /* Of a list of words in quotes, */
    const char *behind; /* and behind it. */
    const char *files;
};

/* `--format|-o) <offer the words>; return ;;` for each option that takes a value. */
static void put_values(struct buf *out, const struct shell_words *shell)
{
    const struct args_table *table = options_table();

    for (size_t i = 0; i < table->n; i++) {
        const struct args_option *o = &table->options[i];
        const char *choices = options_choices(o->name);

        if (o->takes != ARGS_VALUE) {
            continue;
        }
        buf_printf(out, "        --%s", o->name);
        if (o->letter != 0) {
            buf_printf(out, "|-%c", o->letter);
        }
        buf_add_text(out, ") ");
        if (choices != NULL) {
            buf_printf(out, "%s'%s'%s", shell->before, choices, shell->behind);
        } else {
            buf_add_text(out, is_file(o) ? shell->files : ":");
        }
        buf_add_text(out, "; return ;;\n");
    }
}

/* The names of options that take a value, so that it is not taken for a word. */
static void put_valued(struct buf *out)
{
    const struct args_table *table = options_table();
    const char *bar = "";

    for (size_t i = 0; i < table->n; i++) {
        const struct args_option *o = &table->options[i];

        if (o->takes == ARGS_VALUE) {
            buf_printf(out, "%s--%s", bar, o->name);
            bar = "|";
            if (o->letter != 0) {
                buf_printf(out, "|-%c", o->letter);
            }
        }
    }
}

static void put_cases(struct buf *out, const char *name, bool is_options)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);

    buf_printf(out, "    case \"$command\" in\n");
    for (size_t i = 0; i < n; i++) {
        if (is_options) {
            buf_printf(out, "        '%s') %s='", commands[i].name, name);
            put_options(&commands[i], out);
            buf_add_text(out, "' ;;\n");
        } else if (takes_file(&commands[i])) {
            buf_printf(out, "        '%s') %s=files ;;\n", commands[i].name, name);
        }
    }
    if (is_options) {
        buf_printf(out, "        *) %s='--help --version' ;;\n", name);
    }
    buf_add_text(out, "    esac\n");
}

static void put_seconds(struct buf *out, const char *name)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);

    buf_add_text(out, "    case \"$first\" in\n");
    for (size_t i = 0; i < n; i++) {
        const size_t length = strcspn(commands[i].name, " ");
        struct buf words;

        buf_init(&words, 4096);
        put_second_words(commands[i].name, length, &words);
        if (is_first(commands, i) && words.n > 0) {
            buf_printf(out, "        %.*s) %s='%s' ;;\n", (int)length, commands[i].name,
                       name, buf_text(&words));
        }
        buf_done(&words);
    }
    buf_add_text(out, "    esac\n");
}

static void put_names(struct buf *out)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);
    const char *bar = "";

    for (size_t i = 0; i < n; i++) {
        if (strchr(commands[i].name, ' ') != NULL) {
            buf_printf(out, "%s'%s'", bar, commands[i].name);
            bar = "|";
        }
    }
}

/* Which command stands on the line: the same words in both shells. words: the array;
 * from, to: the numbers of the first word and of the one being completed. */
static void put_finding(struct buf *out, const char *words, const char *from,
                        const char *to)
{
    buf_printf(out,
               "    local first='' second='' command='' values='' i word skip=0\n"
               "    for ((i = %s; i < %s; i++)); do\n"
               "        word=\"${%s[i]}\"\n"
               "        if ((skip)); then skip=0; continue; fi\n"
               "        case \"$word\" in\n            ",
               from, to, words);
    put_valued(out);
    buf_add_text(
        out, ") skip=1 ;;\n"
             "            -*) ;;\n"
             "            *) if [[ -z \"$first\" ]]; then first=\"$word\"\n"
             "               elif [[ -z \"$second\" ]]; then second=\"$word\"; fi ;;\n"
             "        esac\n"
             "    done\n"
             "    command=\"$first\"\n"
             "    case \"$first $second\" in ");
    put_names(out);
    buf_add_text(out, ") command=\"$first $second\" ;; esac\n");
}

static void put_bash(struct buf *out)
{
    const struct shell_words shell = {"mapfile -t COMPREPLY < <(compgen -W ",
                                      " -- \"$cur\")",
                                      "mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")"};

    buf_add_text(out, "# bash completion of sagactl, made by: sagactl completion bash\n"
                      "_sagactl() {\n"
                      "    local cur=\"${COMP_WORDS[COMP_CWORD]}\"\n"
                      "    local prev=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
                      "    COMPREPLY=()\n");
    put_finding(out, "COMP_WORDS", "1", "COMP_CWORD");
    buf_add_text(out, "    case \"$prev\" in\n");
    put_values(out, &shell);
    buf_add_text(out, "    esac\n    if [[ \"$cur\" == -* ]]; then\n");
    put_cases(out, "values", true);
    buf_add_text(out, "    elif [[ -z \"$first\" ]]; then\n        values='");
    put_first_words(out);
    buf_add_text(out, "'\n    else\n");
    put_cases(out, "values", false);
    buf_add_text(out, "    if [[ \"$values\" == files ]]; then\n"
                      "        mapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
                      "        return\n"
                      "    fi\n"
                      "    if [[ -z \"$second\" ]]; then\n");
    put_seconds(out, "values");
    buf_add_text(out, "    fi\n    fi\n"
                      "    mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$cur\")\n"
                      "}\n"
                      "complete -o filenames -F _sagactl sagactl\n");
}

static void put_zsh(struct buf *out)
{
    const struct shell_words shell = {"values=", "; compadd -- ${=values}", "_files"};

    buf_add_text(out, "#compdef sagactl\n"
                      "# zsh completion of sagactl, made by: sagactl completion zsh\n"
                      "_sagactl() {\n"
                      "    local cur=\"${words[CURRENT]}\"\n"
                      "    local prev=\"${words[CURRENT-1]}\"\n");
    put_finding(out, "words", "2", "CURRENT");
    buf_add_text(out, "    case \"$prev\" in\n");
    put_values(out, &shell);
    buf_add_text(out, "    esac\n    if [[ \"$cur\" == -* ]]; then\n");
    put_cases(out, "values", true);
    buf_add_text(out, "    elif [[ -z \"$first\" ]]; then\n        values='");
    put_first_words(out);
    buf_add_text(out, "'\n    else\n");
    put_cases(out, "values", false);
    buf_add_text(out, "    if [[ \"$values\" == files ]]; then _files; return; fi\n"
                      "    if [[ -z \"$second\" ]]; then\n");
    put_seconds(out, "values");
    buf_add_text(out, "    fi\n    fi\n"
                      "    compadd -- ${=values}\n"
                      "}\n"
                      "if [[ \"$funcstack[1]\" == _sagactl ]]; then _sagactl \"$@\"; "
                      "else compdef _sagactl sagactl; fi\n");
}

/* ---- fish ------------------------------------------------------------------------- */

/* In single quotes. */
static void put_quoted(struct buf *out, const char *text)
{
    buf_add_char(out, '\'');
    for (; *text != '\0'; text++) {
        buf_printf(out, "%s%c", *text == '\'' || *text == '\\' ? "\\" : "", *text);
    }
    buf_add_char(out, '\'');
}

static void put_fish_option(struct buf *out, const struct command_row *command,
                            const struct args_option *o)
{
    buf_printf(out, "complete -c sagactl -n \"__sagactl_at '%s'\" -l %s", command->name,
               o->name);
    if (o->letter != 0) {
        buf_printf(out, " -s %c", o->letter);
    }
    if (o->takes == ARGS_VALUE) {
        buf_add_text(out, is_file(o) ? " -r -F" : " -x");
    }
    if (options_choices(o->name) != NULL) {
        buf_add_text(out, " -a ");
        put_quoted(out, options_choices(o->name));
    }
    buf_add_text(out, " -d ");
    put_quoted(out, o->help);
    buf_add_char(out, '\n');
}

static void put_fish_command(struct buf *out, const struct command_row *command)
{
    const size_t n = strcspn(command->name, " ");
    const char *behind = words_behind(command);

    if (command->name[n] == ' ') {
        buf_printf(out, "complete -c sagactl -n __sagactl_none -a %.*s\n", (int)n,
                   command->name);
        buf_printf(out, "complete -c sagactl -n \"__sagactl_at %.*s\" -a %s -d ", (int)n,
                   command->name, command->name + n + 1);
    } else {
        buf_printf(out, "complete -c sagactl -n __sagactl_none -a %s -d ", command->name);
    }
    put_quoted(out, command->help);
    buf_add_char(out, '\n');
    if (behind != NULL) {
        buf_printf(out, "complete -c sagactl -n \"__sagactl_at %s\" -a '%s'\n",
                   command->name, behind);
    }
    if (takes_file(command)) {
        buf_printf(out, "complete -c sagactl -n \"__sagactl_at '%s'\" -F\n",
                   command->name);
    }
}

static void put_fish(struct buf *out)
{
    size_t n;
    const struct command_row *commands = commands_all(&n);
    const struct args_table *table = options_table();

    buf_add_text(out, "# fish completion of sagactl, made by: sagactl completion fish\n"
                      "function __sagactl_words\n"
                      "    set -l words (commandline -opc)\n"
                      "    for word in $words[2..-1]\n"
                      "        string match -q -- '-*' $word; or echo $word\n"
                      "    end\n"
                      "end\n"
                      "function __sagactl_none\n"
                      "    test (count (__sagactl_words)) -eq 0\n"
                      "end\n"
                      "function __sagactl_at\n"
                      "    set -l words (__sagactl_words)\n"
                      "    test \"$words[1]\" = \"$argv\"; or test \"$words[1..2]\" = "
                      "\"$argv\"\n"
                      "end\n"
                      "complete -c sagactl -f\n");
    for (size_t i = 0; i < n; i++) {
        put_fish_command(out, &commands[i]);
        for (size_t k = 0; k < table->n; k++) {
            if (command_takes(&commands[i], table->options[k].name)) {
                put_fish_option(out, &commands[i], &table->options[k]);
            }
        }
    }
}

int completion_print(struct ctl *ctl)
{
    static const struct {
        const char *shell;
        void (*put)(struct buf *out);
    } shells[] = {{"bash", put_bash}, {"zsh", put_zsh}, {"fish", put_fish}};
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;
    struct buf out;

    suggest_begin(&s, ctl->word);
    for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
        if (strcmp(shells[i].shell, ctl->word) == 0) {
            buf_init(&out, OUT_MAX);
            shells[i].put(&out);
            (void)fputs(buf_text(&out), stdout);
            buf_done(&out);
            return EXIT_OK;
        }
        suggest_offer(&s, shells[i].shell);
    }
    ctl_say("there are completions for bash, zsh and fish, not for '%s'%s", ctl->word,
            suggest_hint(&s, hint));
    return EXIT_USAGE;
}
