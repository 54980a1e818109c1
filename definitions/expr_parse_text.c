/* expr_parse_text.c - strings with their \( ) and objects; see expr_parse.h. */
#include <string.h>

#include "definitions/expr_parse.h"
#include "definitions/expr_words.h"

/* ---- strings --------------------------------------------------------------- */

/* The parts of a string while it is read. */
struct pieces {
    size_t at; /* Where the string begins. */
    struct buf text;
    const struct expr_node **parts;
    size_t n;
    size_t room;
};

static void add_part(struct expr_parser *p, struct pieces *all,
                     const struct expr_node *part)
{
    if (all->n == all->room) {
        const size_t room = all->room * 2 + 4;
        const struct expr_node **parts = arena_take(p->arena, room * sizeof(*parts));

        if (all->n > 0) {
            memcpy(parts, all->parts, all->n * sizeof(*parts));
        }
        all->parts = parts;
        all->room = room;
    }
    all->parts[all->n] = part;
    all->n++;
}

/* The text so far becomes a part. */
static bool end_text(struct expr_parser *p, struct pieces *all)
{
    const struct expr_node *part;

    if (all->text.n == 0) {
        return true;
    }
    part = expr_node_text(p, all->at, buf_text(&all->text), all->text.n);
    if (part == NULL) {
        return false;
    }
    add_part(p, all, part);
    buf_clear(&all->text);
    return true;
}

static bool is_hex4(const struct expr_scan *s, size_t at)
{
    for (size_t i = 0; i < 4; i++) {
        if (at + i >= s->n ||
            memchr("0123456789abcdefABCDEF", s->text[at + i], 22) == NULL) {
            return false;
        }
    }
    return true;
}

/* at: the u of \u. Appends the character and gives the byte behind it; 0: failed. */
static size_t read_unicode(struct expr_parser *p, struct pieces *all, size_t at)
{
    const struct expr_scan *s = &p->scan;
    const bool is_pair = is_hex4(s, at + 1) && at + 6 < s->n && s->text[at + 5] == '\\' &&
                         s->text[at + 6] == 'u' && is_hex4(s, at + 7);
    const bool is_high = is_hex4(s, at + 1) && (s->text[at + 1] | 0x20) == 'd' &&
                         strchr("89abAB", s->text[at + 2]) != NULL;
    const bool is_low = is_hex4(s, at + 1) && (s->text[at + 1] | 0x20) == 'd' &&
                        strchr("cdefCDEF", s->text[at + 2]) != NULL;
    const bool has_low = is_pair && (s->text[at + 7] | 0x20) == 'd' &&
                         strchr("cdefCDEF", s->text[at + 8]) != NULL;
    const size_t n = is_high ? 11 : 5; /* Behind the backslash. */
    char quoted[16];

    if (!is_hex4(s, at + 1) || is_low || (is_high && !has_low) ||
        memcmp(s->text + at + 1, "0000", 4) == 0) {
        (void)expr_parse_fail(p, at - 1, "this \\u is no character"); /* Always NULL. */
        return 0;
    }
    quoted[0] = '"';
    memcpy(quoted + 1, s->text + at - 1, n + 1);
    quoted[n + 2] = '"';
    json_span_unescape((struct json_span){quoted, n + 3}, &all->text);
    return at + n;
}

/* at: the backslash. The byte behind what it stands for; 0: failed. */
static size_t read_escape(struct expr_parser *p, struct pieces *all, size_t at)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char meant[] = "\"\\/\b\f\n\r\t";
    const char c = at + 1 < p->scan.n ? p->scan.text[at + 1] : '\0';
    const char *letter = c == '\0' ? NULL : strchr(letters, c);

    if (letter != NULL) {
        buf_add_char(&all->text, meant[letter - letters]);
        return at + 2;
    }
    if (c == 'u') {
        return read_unicode(p, all, at + 1);
    }
    (void)expr_parse_fail(p, at, "this \\ escapes nothing"); /* Always NULL. */
    return 0;
}

/* at: the backslash of \( . The byte behind the ) ; 0: failed. */
static size_t read_hole(struct expr_parser *p, struct pieces *all, size_t at)
{
    const struct expr_node *part;

    if (!end_text(p, all) || !expr_parse_enter(p)) {
        return 0;
    }
    expr_scan_from(&p->scan, at + 2);
    part = expr_parse_pipe(p);
    expr_parse_leave(p);
    if (part == NULL) {
        return 0;
    }
    if (!expr_parse_at_sign(p, ")")) {
        (void)expr_parse_unexpected(p, "\")\""); /* Always NULL. */
        return 0;
    }
    add_part(p, all, part);
    return p->scan.at + 1;
}

/* Up to the closing quote; false: failed. */
static bool read_pieces(struct expr_parser *p, struct pieces *all)
{
    size_t at = all->at + 1;

    while (at < p->scan.n && p->scan.text[at] != '"') {
        if (p->scan.text[at] != '\\') {
            buf_add_char(&all->text, p->scan.text[at]);
            at++;
            continue;
        }
        at = at + 1 < p->scan.n && p->scan.text[at + 1] == '(' ? read_hole(p, all, at)
                                                               : read_escape(p, all, at);
        if (at == 0) {
            return false;
        }
    }
    if (at == p->scan.n) {
        (void)expr_parse_fail(p, all->at, "this text has no closing quote");
        return false; /* The node is always NULL. */
    }
    expr_scan_from(&p->scan, at + 1);
    return true;
}

/* A part that is not text: its value goes through the format. */
static bool has_hole(const struct pieces *all)
{
    return all->n > 0;
}

static struct expr_node *text_node(struct expr_parser *p, struct pieces *all,
                                   const struct expr_function *format)
{
    struct expr_node *node;

    if (!has_hole(all)) {
        return expr_node_text(p, all->at, buf_text(&all->text), all->text.n);
    }
    if (!end_text(p, all)) {
        return NULL;
    }
    node = expr_node_new(p, EXPR_TEXT, all->at);
    if (node != NULL) {
        node->parts = all->parts;
        node->n_parts = all->n;
        node->function = format;
    }
    return node;
}

struct expr_node *expr_parse_string(struct expr_parser *p,
                                    const struct expr_function *format)
{
    struct pieces all = {.at = p->scan.at};
    struct expr_node *node = NULL;

    buf_init(&all.text, EXPR_TEXT_MAX);
    if (read_pieces(p, &all)) {
        node = text_node(p, &all, format);
    }
    buf_done(&all.text);
    return node;
}

/* ---- objects --------------------------------------------------------------- */

static struct expr_node *parse_member_value(struct expr_parser *p);

static struct expr_node *parse_one_value(struct expr_parser *p)
{
    struct expr_node *node;

    if (!expr_parse_at_sign(p, "-")) {
        if (expr_parse_at_name(p, "if")) {
            return expr_parse_fail(p, p->scan.at, "put ( ) around the value of a member");
        }
        return expr_parse_term(p);
    }
    node = expr_node_new(p, EXPR_NEGATE, p->scan.at);
    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    expr_scan_next(&p->scan);
    node->left = parse_one_value(p);
    expr_parse_leave(p);
    return expr_node_negate(p, node);
}

/* jq: a member's value is a term, or terms with | between them. */
static struct expr_node *parse_member_value(struct expr_parser *p)
{
    struct expr_node *left = parse_one_value(p);

    if (left != NULL && expr_parse_at_sign(p, "|")) {
        struct expr_node *node = expr_node_new(p, EXPR_PIPE, p->scan.at);

        expr_scan_next(&p->scan);
        if (node == NULL) {
            return NULL;
        }
        node->left = left;
        node->right = parse_member_value(p);
        return node->right == NULL ? NULL : node;
    }
    return left;
}

/* The key of a member; *may_be_short: { name } means { name: .name }. */
static struct expr_node *parse_key(struct expr_parser *p, bool *may_be_short)
{
    struct expr_node *key;

    *may_be_short = true;
    if (p->scan.kind == EXPR_WORD_QUOTE) {
        return expr_parse_string(p, NULL);
    }
    if (p->scan.kind == EXPR_WORD_NAME) {
        *may_be_short = !expr_word_is_reserved(p->scan.text + p->scan.at, p->scan.word_n);
        key = expr_node_text(p, p->scan.at, p->scan.text + p->scan.at, p->scan.word_n);
        expr_scan_next(&p->scan);
        return key;
    }
    *may_be_short = false;
    if (!expr_parse_at_sign(p, "(")) {
        return expr_parse_unexpected(p, "a name");
    }
    expr_scan_next(&p->scan);
    key = expr_parse_pipe(p);
    if (key == NULL || !expr_parse_expect(p, EXPR_WORD_SIGN, ")")) {
        return NULL;
    }
    if (key->kind == EXPR_LITERAL && key->value->kind != JSON_KIND_STRING) {
        return expr_parse_fail(p, key->column - 1,
                               "the name of a member must be a string");
    }
    return key;
}

/* Key and value; the value NULL when it is the input's member of that name. */
static bool parse_member(struct expr_parser *p, struct pieces *all)
{
    bool may_be_short;
    const struct expr_node *key = parse_key(p, &may_be_short);
    const struct expr_node *value = NULL;

    if (key == NULL) {
        return false;
    }
    if (!may_be_short || expr_parse_at_sign(p, ":")) {
        if (!expr_parse_expect(p, EXPR_WORD_SIGN, ":")) {
            return false;
        }
        value = parse_member_value(p);
        if (value == NULL) {
            return false;
        }
    }
    add_part(p, all, key);
    add_part(p, all, value);
    if (expr_parse_at_sign(p, ",") || expr_parse_at_sign(p, "}")) {
        return true;
    }
    if (p->scan.kind == EXPR_WORD_END) {
        (void)expr_parse_unexpected(p, "\"}\""); /* Always NULL. */
        return false;
    }
    (void)expr_parse_fail(p, p->scan.at,
                          "\",\" or \"}\" should stand here; put ( ) around a member's "
                          "value that has operators");
    return false; /* The node is always NULL. */
}

struct expr_node *expr_parse_object(struct expr_parser *p)
{
    struct expr_node *node = expr_node_new(p, EXPR_OBJECT, p->scan.at);
    struct pieces all = {.at = p->scan.at};

    if (node == NULL || !expr_parse_enter(p)) {
        return NULL;
    }
    do {
        expr_scan_next(&p->scan); /* The { or the , */
        if (all.n == 0 && expr_parse_at_sign(p, "}")) {
            break;
        }
        if (!parse_member(p, &all)) {
            return NULL;
        }
    } while (expr_parse_at_sign(p, ","));
    expr_scan_next(&p->scan); /* The } */
    expr_parse_leave(p);
    node->parts = all.parts;
    node->n_parts = all.n;
    return node;
}
