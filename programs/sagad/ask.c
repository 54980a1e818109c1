/* ask.c - see ask.h. */
#include "programs/sagad/ask.h"

#include <curl/curl.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"

#define ANSWER_MAX (8 * 1024 * 1024)
#define ASK_TIMEOUT_S 70L /* Longer than the longest Prefer: wait. */

static size_t take(char *bytes, size_t size, size_t n, void *user)
{
    buf_add(user, bytes, size * n);
    return size * n;
}

static struct curl_slist *headers_of(const struct ask *a)
{
    struct curl_slist *headers =
        curl_slist_append(NULL, "Content-Type: application/json");
    char line[80];

    if (a->prefer != NULL) {
        (void)snprintf(line, sizeof(line), "Prefer: %s", a->prefer);
        headers = curl_slist_append(headers, line);
    }
    return headers;
}

static CURLcode perform(CURL *curl, const struct ask *a, struct buf *answer)
{
    struct curl_slist *headers = headers_of(a);
    CURLcode result;

    (void)curl_easy_setopt(curl, CURLOPT_URL, a->url);
    (void)curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, a->method);
    (void)curl_easy_setopt(curl, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, ASK_TIMEOUT_S);
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    (void)curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    if (a->body != NULL) {
        (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, a->body);
    }
    result = curl_easy_perform(curl);
    curl_slist_free_all(headers);
    return result;
}

enum err ask_api(const struct ask *a, json_t **out, struct err_info *info)
{
    CURL *curl = curl_easy_init();
    struct buf answer;
    CURLcode result;
    long status = 0;
    enum err e;

    if (curl == NULL) {
        return err_set(info, ERR_IO, "curl does not start");
    }
    buf_init(&answer, ANSWER_MAX);
    result = perform(curl, a, &answer);
    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (result != CURLE_OK) {
        e = err_set(info, ERR_IO, "%s %s: %s", a->method, a->url,
                    curl_easy_strerror(result));
    } else if (status < 200 || status > 299) {
        e = err_set(info, ERR_INVALID, "%s %s answered %ld: %.300s", a->method, a->url,
                    status, buf_text(&answer));
    } else {
        e = json_read(buf_text(&answer), answer.n, out, info);
    }
    buf_done(&answer);
    curl_easy_cleanup(curl);
    return e;
}
