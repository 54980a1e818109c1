/* easy.c - see easy.h. */
#include "engine/calls/easy.h"

#include <string.h>

/* A macro, because curl_easy_setopt() checks types at compile time. */
#define SET(option, value) \
    (is_ok = is_ok && curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool set_policy(CURL *easy)
{
    bool is_ok = true;

    SET(CURLOPT_PROTOCOLS_STR, "https,http");
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_PROXY, ""); /* The environment's is not asked either. */
    SET(CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
    SET(CURLOPT_PATH_AS_IS, 1L);
    SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    SET(CURLOPT_HTTP09_ALLOWED, 0L);
    SET(CURLOPT_HTTP_CONTENT_DECODING, 0L);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROGRESS, 1L);
    SET(CURLOPT_TCP_NODELAY, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, 1L);
    SET(CURLOPT_SSL_VERIFYHOST, 2L);
    /* Cookies, HSTS, alt-svc and Accept-Encoding are off unless they are set. */
    return is_ok;
}

/* Borrowed: a service's texts may change while its call is out, so libcurl copies. */
static struct curl_blob blob_of(const char *pem)
{
    return (struct curl_blob){
        .data = (char *)(uintptr_t)pem, .len = strlen(pem), .flags = CURL_BLOB_COPY};
}

static bool set_service(CURL *easy, const struct service_config *config)
{
    bool is_ok = true;

    if (config->ca_pem != NULL) {
        const struct curl_blob blob = blob_of(config->ca_pem);

        SET(CURLOPT_CAINFO_BLOB, &blob);
        SET(CURLOPT_CAPATH, NULL); /* Those, not those and the system's. */
    }
    if (config->cert_pem != NULL && config->key_pem != NULL) {
        const struct curl_blob cert = blob_of(config->cert_pem);
        const struct curl_blob key = blob_of(config->key_pem);

        SET(CURLOPT_SSLCERT_BLOB, &cert);
        SET(CURLOPT_SSLKEY_BLOB, &key);
    }
    return is_ok;
}

static bool set_body(CURL *easy, const struct outgoing *o)
{
    bool is_ok = true;

    SET(CURLOPT_POST, 1L);
    SET(CURLOPT_POSTFIELDS, buf_text(&o->body));
    SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)o->body.n);
    return is_ok;
}

static bool set_request(CURL *easy, struct outgoing *o)
{
    bool is_ok = true;

    SET(CURLOPT_URL, buf_text(&o->url));
    SET(CURLOPT_HTTPHEADER, outgoing_lines(o));
    switch (o->method) {
    case OUTGOING_HEAD:
        SET(CURLOPT_NOBODY, 1L);
        break;
    case OUTGOING_GET:
    case OUTGOING_DELETE: /* Without a body, and without a Content-Length of 0. */
        is_ok = is_ok && (!o->has_body || set_body(easy, o));
        break;
    case OUTGOING_POST:
    case OUTGOING_PUT:
    case OUTGOING_PATCH:
        is_ok = is_ok && set_body(easy, o);
        break;
    }
    if (o->method != OUTGOING_HEAD && o->method != OUTGOING_POST &&
        (o->method != OUTGOING_GET || o->has_body)) {
        SET(CURLOPT_CUSTOMREQUEST, outgoing_method_text(o->method));
    }
    return is_ok;
}

static bool set_hooks(CURL *easy, const struct easy_hooks *hooks)
{
    bool is_ok = true;

    SET(CURLOPT_HEADERFUNCTION, hooks->header);
    SET(CURLOPT_HEADERDATA, hooks->user);
    SET(CURLOPT_WRITEFUNCTION, hooks->body);
    SET(CURLOPT_WRITEDATA, hooks->user);
    SET(CURLOPT_PREREQFUNCTION, hooks->before_request);
    SET(CURLOPT_PREREQDATA, hooks->user);
    SET(CURLOPT_OPENSOCKETFUNCTION, hooks->open_socket);
    SET(CURLOPT_OPENSOCKETDATA, hooks->user);
    SET(CURLOPT_CLOSESOCKETFUNCTION, hooks->close_socket);
    SET(CURLOPT_CLOSESOCKETDATA, hooks->sockets);
    SET(CURLOPT_PRIVATE, hooks->user);
    return is_ok;
}

bool easy_prepare(CURL *easy, struct outgoing *o, const struct service_config *config,
                  const struct easy_limits *limits, const struct easy_hooks *hooks)
{
    bool is_ok = set_policy(easy) && set_service(easy, config) && set_request(easy, o) &&
                 set_hooks(easy, hooks);

    SET(CURLOPT_TIMEOUT_MS, (long)limits->timeout_ms);
    SET(CURLOPT_CONNECTTIMEOUT_MS, (long)limits->connect_timeout_ms);
    return is_ok;
}
