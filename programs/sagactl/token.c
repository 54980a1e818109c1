/* token.c - `sagactl token create`: offline; the token is shown once. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/clk.h"
#include "base/hash.h"
#include "base/ids.h"
#include "base/json.h"
#include "definitions/suggest.h"
#include "programs/sagactl/ctl.h"

#define TOKEN_BYTES 32 /* 256 bits (security.md). */
#define TOKEN_PREFIX "sgd_"
#define TEXT_MAX 65536

static enum exit_code check_role(const char *role)
{
    static const char *const roles[] = {"starter", "reader", "operator", "author",
                                        "admin"};
    char hint[SUGGEST_HINT_MAX];
    struct suggest s;

    suggest_begin(&s, role);
    for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
        if (strcmp(roles[i], role) == 0) {
            return EXIT_OK;
        }
        suggest_offer(&s, roles[i]);
    }
    ctl_say("there is no role '%s'%s", role, suggest_hint(&s, hint));
    return EXIT_USAGE;
}

static enum exit_code check_options(const struct ctl *ctl)
{
    const char *expires = ctl_value(ctl, "expires");
    const char *roles[ARGS_MAX];
    size_t n = args_values(&ctl->args, "role", roles, ARGS_MAX);
    uint64_t ms;

    if (ctl_value(ctl, "name") == NULL || ctl_value(ctl, "name")[0] == '\0' || n == 0) {
        ctl_say("token create needs --name NAME and --role ROLE");
        return EXIT_USAGE;
    }
    for (size_t i = 0; i < n; i++) {
        if (check_role(roles[i]) != EXIT_OK) {
            return EXIT_USAGE;
        }
    }
    if (expires != NULL && !clk_from_text(expires, &ms)) {
        ctl_say("--expires %s is not a time like 2027-01-01T00:00:00Z", expires);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static void put_texts(const struct ctl *ctl, const char *option, const char *name,
                      struct json_out *o)
{
    const char *values[ARGS_MAX];
    size_t n = args_values(&ctl->args, option, values, ARGS_MAX);

    if (n == 0) {
        return;
    }
    json_key(o, name);
    json_open_array(o);
    for (size_t i = 0; i < n; i++) {
        json_text(o, values[i]);
    }
    json_close_array(o);
}

static void put_entry(const struct ctl *ctl, const char *hash, struct json_out *o)
{
    json_open_object(o);
    json_put(o, "name", ctl_value(ctl, "name"));
    json_put(o, "hash", hash);
    put_texts(ctl, "role", "roles", o);
    put_texts(ctl, "definition", "definitions", o);
    if (ctl_value(ctl, "expires") != NULL) {
        json_put(o, "expires", ctl_value(ctl, "expires"));
    }
    json_close_object(o);
}

static void print_token(const struct ctl *ctl, const char *token, const char *hash)
{
    bool is_json =
        ctl->output.format == OUTPUT_JSON || ctl->output.format == OUTPUT_JSONL;
    struct json_out o;
    struct buf out;

    buf_init(&out, TEXT_MAX);
    json_out_init(&o, &out);
    if (is_json) {
        json_open_object(&o);
        json_put(&o, "token", token);
        json_key(&o, "config");
        put_entry(ctl, hash, &o);
        json_close_object(&o);
    } else {
        put_entry(ctl, hash, &o);
        printf("%s\n", token);
        if (ctl->output.format != OUTPUT_NAME) {
            ctl_say("this is the only time it is shown; its entry for \"tokens\" in the "
                    "configuration:");
        }
    }
    if (ctl->output.format != OUTPUT_NAME) {
        printf("%s\n", buf_text(&out));
    }
    if (out.bytes != NULL) {
        sodium_memzero(out.bytes, out.room);
    }
    buf_done(&out);
}

int token_create(struct ctl *ctl)
{
    char token[sizeof(TOKEN_PREFIX) + 2 * TOKEN_BYTES] = TOKEN_PREFIX;
    char hash[HASH_HEX];
    enum exit_code code = check_options(ctl);

    if (code != EXIT_OK) {
        return (int)code;
    }
    ids_random_hex(token + strlen(TOKEN_PREFIX), TOKEN_BYTES);
    hash_content(token, strlen(token), hash);
    print_token(ctl, token, hash);
    sodium_memzero(token, sizeof(token));
    return EXIT_OK;
}
