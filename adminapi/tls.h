/*
 * tls.h - the API's certificate and key, which a reload may change.
 *
 * libmicrohttpd reads a certificate once. So it is asked for one at each handshake
 * instead, through a callback of GnuTLS that has no place for a pointer of ours: what is
 * in force is this module's one variable, and a process has one API. Connections that
 * stand keep what they began with. A pair that was in force stays until tls_forget(): a
 * handshake may still read it, and reloads are rare.
 *
 * tls_set() and tls_forget() are for the thread that starts and stops the API.
 */
#ifndef ADMINAPI_TLS_H
#define ADMINAPI_TLS_H

#include "base/err.h"

/* Texts of PEM files: the certificate with those between it and its root, and the key.
 * ERR_INVALID: one is none, or they do not belong together; what was in force stays. */
MUST_CHECK enum err tls_set(const char *cert, const char *key, struct err_info *info);

/* No handshake is going on any more. */
void tls_forget(void);

/* The gnutls_certificate_retrieve_function2 for MHD_OPTION_HTTPS_CERT_CALLBACK. */
void *tls_callback(void);

#endif /* ADMINAPI_TLS_H */
