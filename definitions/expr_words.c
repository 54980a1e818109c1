/* expr_words.c - see expr_words.h. */
#include "definitions/expr_words.h"

#include <stdio.h>
#include <string.h>

#include "definitions/expr_functions.h"
#include "definitions/suggest.h"

struct hint {
    const char *word;
    const char *sentence;
};

#define NO_LOOPS "is not in the language: an expression cannot loop; use map or select"
#define NO_NAMES "is not in the language: there are no definitions or variables"
#define NO_WORLD "is not in the language: an expression sees only its data"
#define NO_ASSIGNMENT \
    "assigning is not in the language; build the new value with { } or +"

static const struct hint hints[] = {
    {"def", "\"def\" " NO_NAMES},
    {"as", "\"as\" " NO_NAMES},
    {"$", "variables ($) are not in the language; read the data, as in .input.amount"},
    {"import", "\"import\" " NO_NAMES},
    {"include", "\"include\" " NO_NAMES},
    {"module", "\"module\" " NO_NAMES},
    {"label", "\"label\" " NO_LOOPS},
    {"break", "\"break\" " NO_LOOPS},
    {"reduce", "\"reduce\" " NO_LOOPS ", or add, join, min, max, any, all"},
    {"foreach", "\"foreach\" " NO_LOOPS},
    {"recurse", "\"recurse\" " NO_LOOPS},
    {"recurse_down", "\"recurse_down\" " NO_LOOPS},
    {"walk", "\"walk\" " NO_LOOPS},
    {"..", "\"..\" " NO_LOOPS},
    {"range", "\"range\" " NO_LOOPS},
    {"limit", "\"limit\" " NO_LOOPS ", or a slice: .[:3]"},
    {"until", "\"until\" " NO_LOOPS},
    {"while", "\"while\" " NO_LOOPS},
    {"repeat", "\"repeat\" " NO_LOOPS},
    {"env", "\"env\" " NO_WORLD "; use .vars"},
    {"input", "\"input\" " NO_WORLD "; the saga's input is .input"},
    {"inputs", "\"inputs\" " NO_WORLD "; the saga's input is .input"},
    {"now", "\"now\" " NO_WORLD ": the same expression must give the same again; use "
            ".saga.startedAt"},
    {"debug", "\"debug\" " NO_WORLD},
    {"stderr", "\"stderr\" " NO_WORLD},
    {"input_filename", "\"input_filename\" " NO_WORLD},
    {"input_line_number", "\"input_line_number\" " NO_WORLD},
    {"halt", "\"halt\" " NO_WORLD},
    {"try", "\"try\" is not in the language; write (...)? for nothing on an error"},
    {"catch", "\"catch\" is not in the language; write (...)? // something"},
    {"empty", "\"empty\" is not in the language: an expression gives one result; use "
              "select or null"},
    {"error", "\"error\" is not in the language; a definition refuses with rejectWhen"},
    {"__loc__", "\"__loc__\" is not in the language"},
    {"#", "comments (#) are not in the language; a member named // holds a comment"},
    {"=", "\"=\" assigns, which is not in the language; write == to compare"},
    {"|=", NO_ASSIGNMENT},
    {"+=", NO_ASSIGNMENT},
    {"-=", NO_ASSIGNMENT},
    {"*=", NO_ASSIGNMENT},
    {"/=", NO_ASSIGNMENT},
    {"%=", NO_ASSIGNMENT},
    {"//=", NO_ASSIGNMENT},
    {"?//=", NO_ASSIGNMENT},
    {"?//", "jq reads \"?//\" as one word; put a blank between ? and //"},
    {"&&", "\"&&\" is not in the language; write and"},
    {"||", "\"||\" is not in the language; write or, or // for a default"},
    {"!", "\"!\" is not in the language; write (...) | not"},
    {"'", "texts stand between double quotes"},
};

const char *expr_word_hint(const char *word, size_t n)
{
    for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
        if (strlen(hints[i].word) == n && memcmp(hints[i].word, word, n) == 0) {
            return hints[i].sentence;
        }
    }
    return NULL;
}

static bool is_one_of(const char *word, size_t n, const char *const *words,
                      size_t n_words)
{
    for (size_t i = 0; i < n_words; i++) {
        if (strlen(words[i]) == n && memcmp(words[i], word, n) == 0) {
            return true;
        }
    }
    return false;
}

static const char *const reserved[] = {
    "as",  "import", "include", "module", "def", "if",    "then",  "else",    "elif",
    "and", "or",     "end",     "reduce", "try", "catch", "label", "foreach", "__loc__",
};

bool expr_word_is_reserved(const char *word, size_t n)
{
    return is_one_of(word, n, reserved, sizeof(reserved) / sizeof(reserved[0]));
}

/* Functions of jq that authors may know and this language leaves out, one blank
 * between them and around. */
static const char functions_of_jq[] =
    " reverse flatten group_by unique_by min_by max_by index"
    " rindex indices inside in test match capture"
    " scan sub gsub splits explode implode paths"
    " path getpath setpath delpaths del leaf_paths tostream"
    " fromstream todate fromdate date strftime strptime mktime"
    " gmtime localtime sqrt pow log exp round"
    " ceil fabs abs infinite nan isinfinite isnan"
    " isnormal sort nth isempty transpose combinations keys_unsorted"
    " ascii limit IN INDEX GROUP_BY utf8bytelength objects"
    " arrays strings numbers booleans nulls iterables scalars"
    " @html @csv @tsv @sh @base32 @base32d trim"
    " ltrim rtrim dateadd toarray pick have_literal_numbers significand"
    " ";

static bool is_of_jq(const char *name, size_t n)
{
    char word[32];

    if (n + 3 > sizeof(word)) {
        return false;
    }
    (void)snprintf(word, sizeof(word), " %.*s ", (int)n, name); /* It fits. */
    return strstr(functions_of_jq, word) != NULL;
}

/* "; did you mean …?" or "". */
static const char *hint_of(const char *name, size_t n, char out[static SUGGEST_HINT_MAX])
{
    struct suggest s;
    const struct expr_function *f;
    char wanted[SUGGEST_NAME_MAX + 2]; /* One longer than what is suggested. */

    (void)snprintf(wanted, sizeof(wanted), "%.*s", (int)n, name); /* Cut: no hint. */
    suggest_begin(&s, wanted);
    for (size_t i = 0; (f = expr_function_at(i)) != NULL; i++) {
        suggest_offer(&s, f->name);
    }
    return suggest_hint(&s, out);
}

void expr_word_unknown(const char *name, size_t n, unsigned n_arguments, char out[200])
{
    const int shown = n < 40 ? (int)n : 40;
    char nearest[SUGGEST_HINT_MAX];

    if (expr_function_has_name(name, n)) {
        (void)snprintf(out, 200, "%.*s does not take %u argument%s", shown, name,
                       n_arguments, n_arguments == 1 ? "" : "s");
    } else if (is_of_jq(name, n)) {
        (void)snprintf(out, 200, "%.*s is a function of jq that is not in the language",
                       shown, name);
    } else if (hint_of(name, n, nearest)[0] != '\0') {
        (void)snprintf(out, 200, "there is no function %.*s%s", shown, name, nearest);
    } else {
        (void)snprintf(out, 200,
                       "there is no function %.*s; a text stands between double quotes, "
                       "a member behind a point",
                       shown, name);
    }
}
