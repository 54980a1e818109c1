/* test_auth.c - tokens and roles. */
#include <stdio.h>
#include <string.h>

#include "adminapi/auth.h"
#include "base/hash.h"
#include "tests/support/suite.h"

#define SECRET "sgd_00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define OTHER "sgd_ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static char secret_hash[HASH_HEX];
static char other_hash[HASH_HEX];
static struct api_token tokens[2];
static const struct auth_tokens all = {tokens, 2};

static void set_up(void)
{
    hash_content(SECRET, strlen(SECRET), secret_hash);
    hash_content(OTHER, strlen(OTHER), other_hash);
    tokens[0] = (struct api_token){
        .name = "shop", .hash = secret_hash, .roles = AUTH_STARTER, .expires_ms = 1000};
    tokens[1] =
        (struct api_token){.name = "ops", .hash = other_hash, .roles = AUTH_ADMIN};
}

static enum auth_answer check(const char *header, uint64_t now_ms)
{
    const struct api_token *token = NULL;

    return auth_check(&all, header, true, now_ms, &token);
}

START_TEST(test_a_rate_lets_a_seconds_worth_through_and_then_one_at_a_time)
{
    atomic_uint_fast64_t paid_us = 0;
    const struct api_token token = {.rate_per_s = 4, .paid_us = &paid_us};
    const uint64_t now_us = 5000000;

    for (int i = 0; i < 4; i++) {
        ck_assert(auth_is_within_rate(&token, now_us));
    }
    ck_assert(!auth_is_within_rate(&token, now_us));
    ck_assert(!auth_is_within_rate(&token, now_us + 249999));
    ck_assert(auth_is_within_rate(&token, now_us + 250000));
    ck_assert(!auth_is_within_rate(&token, now_us + 250000));
}
END_TEST

START_TEST(test_without_a_rate_everything_is_let_through)
{
    const struct api_token token = {.rate_per_s = 0};

    for (int i = 0; i < 100; i++) {
        ck_assert(auth_is_within_rate(&token, 1));
        ck_assert(auth_is_within_rate(NULL, 1));
    }
}
END_TEST

START_TEST(test_known_token_names_the_actor)
{
    const struct api_token *token = NULL;

    set_up();
    ck_assert_int_eq(auth_check(&all, "Bearer " OTHER, false, 5, &token), AUTH_KNOWN);
    ck_assert_str_eq(token->name, "ops");
    ck_assert_int_eq(check("bearer  " SECRET, 5), AUTH_KNOWN);
}
END_TEST

START_TEST(test_other_tokens_are_wrong)
{
    set_up();
    ck_assert_int_eq(check(NULL, 5), AUTH_MISSING);
    ck_assert_int_eq(check("Basic abc", 5), AUTH_WRONG);
    ck_assert_int_eq(check("Bearer ", 5), AUTH_WRONG);
    ck_assert_int_eq(check("Bearer sgd_unknown", 5), AUTH_WRONG);
    ck_assert_int_eq(check("Bearer " SECRET "0", 5), AUTH_WRONG);
    ck_assert_int_eq(check("Bearer x" SECRET, 5), AUTH_WRONG);
}
END_TEST

START_TEST(test_hash_itself_is_no_token)
{
    char header[128];

    set_up();
    (void)snprintf(header, sizeof(header), "Bearer %s", secret_hash);
    ck_assert_int_eq(check(header, 5), AUTH_WRONG);
}
END_TEST

START_TEST(test_token_ends_when_it_expires)
{
    set_up();
    ck_assert_int_eq(check("Bearer " SECRET, 999), AUTH_KNOWN);
    ck_assert_int_eq(check("Bearer " SECRET, 1000), AUTH_WRONG);
}
END_TEST

START_TEST(test_without_tokens_only_this_machine_may_ask)
{
    const struct auth_tokens none = {NULL, 0};
    const struct api_token *token = NULL;

    ck_assert_int_eq(auth_check(&none, NULL, true, 5, &token), AUTH_ANONYMOUS);
    ck_assert_int_eq(auth_check(&none, NULL, false, 5, &token), AUTH_MISSING);
    ck_assert_ptr_null(token);
}
END_TEST

START_TEST(test_roles_do_not_include_each_other_but_admin_all)
{
    static const enum auth_role roles[] = {AUTH_STARTER, AUTH_READER, AUTH_OPERATOR,
                                           AUTH_AUTHOR, AUTH_ADMIN};

    for (size_t have = 0; have < 5; have++) {
        const struct api_token token = {.roles = (uint32_t)roles[have]};

        ck_assert(auth_may(&token, AUTH_NONE));
        for (size_t need = 0; need < 5; need++) {
            ck_assert_int_eq(auth_may(&token, roles[need]),
                             have == need || roles[have] == AUTH_ADMIN);
        }
    }
    ck_assert(auth_may(NULL, AUTH_ADMIN));
}
END_TEST

START_TEST(test_token_may_start_only_its_definitions)
{
    static const char *const names[] = {"order", "trip"};
    const struct api_token some = {.definitions = names, .n_definitions = 2};
    const struct api_token every = {.definitions = NULL};

    ck_assert(auth_may_start(&some, "trip"));
    ck_assert(!auth_may_start(&some, "tri"));
    ck_assert(auth_may_start(&every, "tri"));
    ck_assert(auth_may_start(NULL, "tri"));
}
END_TEST

START_TEST(test_role_has_one_name)
{
    ck_assert_int_eq(auth_role_of("operator"), AUTH_OPERATOR);
    ck_assert_str_eq(auth_role_name(AUTH_OPERATOR), "operator");
    ck_assert_int_eq(auth_role_of("root"), AUTH_NONE);
}
END_TEST

int main(void)
{
    return suite_main("auth", test_known_token_names_the_actor,
                      test_other_tokens_are_wrong, test_hash_itself_is_no_token,
                      test_token_ends_when_it_expires,
                      test_without_tokens_only_this_machine_may_ask,
                      test_roles_do_not_include_each_other_but_admin_all,
                      test_token_may_start_only_its_definitions, test_role_has_one_name,
                      test_a_rate_lets_a_seconds_worth_through_and_then_one_at_a_time,
                      test_without_a_rate_everything_is_let_through);
}
