/*
 * address_text.h - where an attempt went, as it is kept.
 *
 * Base URL, header names with the values that are no secrets, whether there is a bearer,
 * user agent and how traces are sampled: one text, kept in the store once (among the
 * vars) and named by number in the record of each attempt. So an attempt costs a byte
 * and is shown as it went out whatever the configuration says today. Never a secret:
 * those are added at send time and shown to nobody.
 *
 * Any thread, with a reader of its own.
 */
#ifndef VIEW_ADDRESS_TEXT_H
#define VIEW_ADDRESS_TEXT_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "engine/calls/service.h"
#include "engine/store/store.h"
#include "engine/view/trace.h"

/* Shown instead of what a service's secrets are. */
#define ADDRESS_HIDDEN "[redacted]"

/* The store's meta row of where services are now: {"<service>": number}; "" for absolute
 * URLs. */
#define ADDRESS_META "addresses"

/* Appends the text; base_url is c's own but for a call in doubt (S3). */
void address_text_write(const struct service_config *c, const char *base_url,
                        const char *user_agent, const struct trace_sampler *sampler,
                        struct buf *out);

struct address_text {             /* In the arena. */
    struct service_config config; /* url, headers and bearer only; secrets hidden. */
    const char *user_agent;
    struct trace_sampler sampler;
};

/* ERR_NOT_FOUND: there is no such number. */
MUST_CHECK enum err address_text_read(struct store_reader *r, uint64_t num,
                                      struct arena *a, struct address_text *out,
                                      struct err_info *info);

/* Where calls of that service (NULL: absolute URLs) go now. ERR_NOT_FOUND: it is not
 * configured; ERR_INVALID: no engine has written any. */
MUST_CHECK enum err address_text_find(struct store_reader *r, const char *service,
                                      struct arena *a, uint64_t *out,
                                      struct err_info *info);

#endif /* VIEW_ADDRESS_TEXT_H */
