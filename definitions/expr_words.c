/* expr_words.c - see expr_words.h. */
#include "definitions/expr_words.h"

#include <stdio.h>
#include <string.h>

#include "definitions/expr_functions.h"

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
    {"=", "\"=\" compares nothing; write == to compare, " NO_ASSIGNMENT},
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

bool expr_word_is_reserved(const char *word, size_t n)
{
    static const char *const words[] = {
        "as",     "import", "include", "module", "def",     "if",
        "then",   "else",   "elif",    "and",    "or",      "end",
        "reduce", "try",    "catch",   "label",  "foreach", "__loc__",
    };

    return is_one_of(word, n, words, sizeof(words) / sizeof(words[0]));
}

/* Functions of jq that authors may know and this language leaves out. */
static bool is_of_jq(const char *name, size_t n)
{
    static const char *const names[] = {
        "reverse",
        "flatten",
        "group_by",
        "unique_by",
        "min_by",
        "max_by",
        "index",
        "rindex",
        "indices",
        "inside",
        "in",
        "test",
        "match",
        "capture",
        "scan",
        "sub",
        "gsub",
        "splits",
        "explode",
        "implode",
        "paths",
        "path",
        "getpath",
        "setpath",
        "delpaths",
        "del",
        "leaf_paths",
        "tostream",
        "fromstream",
        "todate",
        "fromdate",
        "date",
        "strftime",
        "strptime",
        "mktime",
        "gmtime",
        "localtime",
        "sqrt",
        "pow",
        "log",
        "exp",
        "round",
        "ceil",
        "fabs",
        "abs",
        "infinite",
        "nan",
        "isinfinite",
        "isnan",
        "isnormal",
        "sort",
        "nth",
        "isempty",
        "transpose",
        "combinations",
        "keys_unsorted",
        "splits",
        "ascii",
        "limit",
        "IN",
        "INDEX",
        "GROUP_BY",
        "utf8bytelength",
        "objects",
        "arrays",
        "strings",
        "numbers",
        "booleans",
        "nulls",
        "iterables",
        "scalars",
        "@html",
        "@csv",
        "@tsv",
        "@sh",
        "@base32",
        "@base32d",
        "trim",
        "ltrim",
        "rtrim",
        "tojson",
        "getpath",
        "ascii",
        "todate",
        "dateadd",
        "toarray",
        "pick",
        "have_literal_numbers",
        "significand",
    };

    return is_one_of(name, n, names, sizeof(names) / sizeof(names[0]));
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

#define NAME_MAX_COMPARED 24

/* Edits (insert, delete, replace) that lead from a to b; both at most 24 long. */
static size_t distance(const char *a, size_t a_n, const char *b, size_t b_n)
{
    size_t row[NAME_MAX_COMPARED + 1];

    for (size_t k = 0; k <= b_n; k++) {
        row[k] = k;
    }
    for (size_t i = 1; i <= a_n; i++) {
        size_t diagonal = row[0];

        row[0] = i;
        for (size_t k = 1; k <= b_n; k++) {
            const size_t above = row[k];
            const size_t replaced = diagonal + (a[i - 1] == b[k - 1] ? 0 : 1);

            row[k] = least(least(row[k - 1], above) + 1, replaced);
            diagonal = above;
        }
    }
    return row[b_n];
}

/* The function that looks most like it; NULL: none does. */
static const char *nearest(const char *name, size_t n)
{
    const char *best = NULL;
    size_t best_distance = n / 3 + 1;
    const struct expr_function *f;

    if (n > NAME_MAX_COMPARED) {
        return NULL;
    }
    for (size_t i = 0; (f = expr_function_at(i)) != NULL; i++) {
        const size_t d = distance(name, n, f->name, strlen(f->name));

        if (d <= best_distance && (best == NULL || d < best_distance)) {
            best = f->name;
            best_distance = d;
        }
    }
    return best;
}

void expr_word_unknown(const char *name, size_t n, unsigned n_arguments, char out[200])
{
    const int shown = (int)least(n, 40);
    const char *hint = expr_word_hint(name, n);
    const char *other = nearest(name, n);

    if (hint != NULL) {
        (void)snprintf(out, 200, "%s", hint);
    } else if (expr_function_has_name(name, n)) {
        (void)snprintf(out, 200, "%.*s does not take %u argument%s", shown, name,
                       n_arguments, n_arguments == 1 ? "" : "s");
    } else if (is_of_jq(name, n)) {
        (void)snprintf(out, 200, "%.*s is a function of jq that is not in the language",
                       shown, name);
    } else if (other != NULL) {
        (void)snprintf(out, 200, "there is no function %.*s; did you mean %s?", shown,
                       name, other);
    } else {
        (void)snprintf(out, 200,
                       "there is no function %.*s; a text stands between "
                       "double quotes, a member behind a point",
                       shown, name);
    }
}
