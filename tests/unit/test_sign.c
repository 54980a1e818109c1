#include "engine/calls/sign.h"

#include <check.h>
#include <string.h>

#include "tests/support/suite.h"

/* Of the reference implementations of Standard Webhooks. */
static const char secret[] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
static const char body[] = "{\"test\": 2432232314}";

static struct sign_message message(void)
{
    return (struct sign_message){.id = "msg_p5jXN8AQM9LWM0D4loKWxJek",
                                 .at_s = 1614265330,
                                 .body = body,
                                 .body_n = strlen(body)};
}

START_TEST(test_the_known_message_has_the_known_signature)
{
    struct sign_message m = message();
    char out[SIGN_TEXT_MAX];

    ck_assert(sign_webhook(secret, &m, out));
    ck_assert_str_eq(out, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}
END_TEST

START_TEST(test_id_time_and_body_are_each_signed)
{
    struct sign_message m[] = {message(), message(), message()};
    char known[SIGN_TEXT_MAX];
    char out[SIGN_TEXT_MAX];

    ck_assert(sign_webhook(secret, &m[0], known));
    m[0].id = "msg_other";
    m[1].at_s++;
    m[2].body_n--;
    for (size_t i = 0; i < 3; i++) {
        ck_assert(sign_webhook(secret, &m[i], out));
        ck_assert_str_ne(out, known);
    }
}
END_TEST

START_TEST(test_a_body_may_be_empty)
{
    struct sign_message m = {.id = "msg_1", .at_s = 1, .body = "", .body_n = 0};
    char out[SIGN_TEXT_MAX];

    ck_assert(sign_webhook(secret, &m, out));
    ck_assert_str_eq(out, "v1,fUIsxxTK5tKgKbC2AwzF7wnOr3WsI1RCNgGdkLxy5PY=");
}
END_TEST

START_TEST(test_keys_have_24_to_64_bytes_of_base64_behind_the_prefix)
{
    static const char *const bad[] = {
        "",
        "whsec_",
        "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "WHSEC_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw ",
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS",  /* No whole number of bytes. */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaS-", /* The other alphabet. */
        "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLQ==", /* 22 bytes. */
        ("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
         "AAAAAAAAAAAAAAAAAAAAAAAAAAA="), /* 65 bytes. */
    };
    struct sign_message m = message();
    char out[SIGN_TEXT_MAX] = "untouched";

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        ck_assert_msg(!sign_webhook(bad[i], &m, out), "%s", bad[i]);
        ck_assert_str_eq(out, "untouched");
    }
    ck_assert(sign_webhook("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
                           "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA==", /* 64 bytes. */
                           &m, out));
}
END_TEST

int main(void)
{
    return suite_main("sign", test_the_known_message_has_the_known_signature,
                      test_id_time_and_body_are_each_signed, test_a_body_may_be_empty,
                      test_keys_have_24_to_64_bytes_of_base64_behind_the_prefix);
}
