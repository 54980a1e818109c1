/*
 * sign.h - signatures of webhooks, as Standard Webhooks 1.0 says.
 *
 * A secret is written "whsec_" and base64 of 24 to 64 bytes. What is signed is
 * "<message id>.<seconds>.<body>", with HMAC-SHA256, so that a receiver can tell that a
 * message is ours, whole, and not an old one sent again. Pure; the key and what was made
 * of it are wiped.
 */
#ifndef CALLS_SIGN_H
#define CALLS_SIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIGN_TEXT_MAX 48 /* "v1,", 44 characters of base64 and the NUL. */

struct sign_message { /* Borrowed. */
    const char *id;   /* Without dots: a dot ends it in what is signed. */
    uint64_t at_s;    /* UTC seconds of this attempt. */
    const char *body;
    size_t body_n;
};

/* "v1,<base64>" of the message, the value of the header webhook-signature. False: the
 * secret is not one; out is untouched. */
bool sign_webhook(const char *secret, const struct sign_message *m,
                  char out[static SIGN_TEXT_MAX]);

#endif /* CALLS_SIGN_H */
