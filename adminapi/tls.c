/* tls.c - see tls.h. */
#include "adminapi/tls.h"

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define CHAIN_MAX 16

struct pair {
    gnutls_pcert_st chain[CHAIN_MAX];
    unsigned n;
    gnutls_privkey_t key;
    struct pair *before; /* In force until this one was. */
};

static _Atomic(struct pair *) in_force; /* NULL: plain HTTP. */

static void destroy(struct pair *p)
{
    for (unsigned i = 0; i < p->n; i++) {
        gnutls_pcert_deinit(&p->chain[i]);
    }
    if (p->key != NULL) {
        gnutls_privkey_deinit(p->key);
    }
    free(p);
}

static gnutls_datum_t datum_of(const char *text)
{
    return (gnutls_datum_t){.data = (unsigned char *)(uintptr_t)text,
                            .size = (unsigned)strlen(text)};
}

static int read_pair(struct pair *p, const char *cert, const char *key)
{
    const gnutls_datum_t cert_text = datum_of(cert);
    const gnutls_datum_t key_text = datum_of(key);
    unsigned n = CHAIN_MAX;
    int result =
        gnutls_pcert_list_import_x509_raw(p->chain, &n, &cert_text, GNUTLS_X509_FMT_PEM,
                                          GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);

    if (result < 0) {
        return result;
    }
    p->n = n;
    result = gnutls_privkey_init(&p->key);
    if (result < 0) {
        p->key = NULL;
        return result;
    }
    return gnutls_privkey_import_x509_raw(p->key, &key_text, GNUTLS_X509_FMT_PEM, NULL,
                                          0);
}

/* A certificate is of no use with another's key. */
static bool belong_together(const struct pair *p)
{
    unsigned char of_cert[64];
    unsigned char of_key[64];
    size_t cert_n = sizeof(of_cert);
    size_t key_n = sizeof(of_key);
    gnutls_pubkey_t public;
    bool is_same;

    if (gnutls_pubkey_init(&public) < 0) {
        return false;
    }
    is_same =
        gnutls_pubkey_import_privkey(public, p->key, 0, 0) >= 0 &&
        gnutls_pubkey_get_key_id(public, GNUTLS_KEYID_USE_SHA256, of_key, &key_n) >= 0 &&
        gnutls_pubkey_get_key_id(p->chain[0].pubkey, GNUTLS_KEYID_USE_SHA256, of_cert,
                                 &cert_n) >= 0 &&
        key_n == cert_n && memcmp(of_key, of_cert, key_n) == 0;
    gnutls_pubkey_deinit(public);
    return is_same;
}

enum err tls_set(const char *cert, const char *key, struct err_info *info)
{
    struct pair *p = mem_alloc(sizeof(*p));
    const int result = read_pair(p, cert, key);

    if (result < 0) {
        destroy(p);
        return err_set(info, ERR_INVALID, "tls: the certificate or its key: %s",
                       gnutls_strerror(result));
    }
    if (!belong_together(p)) {
        destroy(p);
        return err_set(info, ERR_INVALID,
                       "tls: the key is not the certificate's: they do not belong "
                       "together");
    }
    p->before = atomic_load(&in_force);
    atomic_store(&in_force, p);
    return ERR_OK;
}

void tls_forget(void)
{
    struct pair *p = atomic_exchange(&in_force, NULL);

    while (p != NULL) {
        struct pair *before = p->before;

        destroy(p);
        p = before;
    }
}

static int retrieve(gnutls_session_t session, const gnutls_datum_t *authorities, int n,
                    const gnutls_pk_algorithm_t *algorithms, int n_algorithms,
                    gnutls_pcert_st **chain, unsigned *chain_n, gnutls_privkey_t *key)
{
    struct pair *p = atomic_load(&in_force);

    (void)session;
    (void)authorities;
    (void)n;
    (void)algorithms;
    (void)n_algorithms; /* There is one certificate: GnuTLS ends the handshake. */
    if (p == NULL) {
        return -1;
    }
    *chain = p->chain;
    *chain_n = p->n;
    *key = p->key;
    return 0;
}

void *tls_callback(void)
{
    gnutls_certificate_retrieve_function2 *const function = retrieve;
    void *callback;

    /* Its way through MHD_OptionItem; POSIX has functions and pointers of one size. */
    memcpy(&callback, &function, sizeof(callback));
    return callback;
}
