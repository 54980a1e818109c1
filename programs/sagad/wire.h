/*
 * wire.h - the parts of the daemon, put together from a configuration.
 *
 * The only place that names a store's backend. Started in order: store, services and
 * their secrets, egress, engine, API; stopped the other way round. The world that the
 * definition checker asks about (services, vars, secrets, hosts) is the configuration as
 * it stands, so a reload shows at once.
 *
 * All functions are for the thread that started it, except wire_drain().
 */
#ifndef SAGAD_WIRE_H
#define SAGAD_WIRE_H

#include "base/err.h"
#include "programs/sagad/config.h"
#include "programs/sagad/secrets.h"

struct wire;

/* config and secrets are moved in, also on failure. */
MUST_CHECK enum err wire_start(struct config *config, struct secrets *secrets,
                               struct wire **out, struct err_info *info);

/* Take over what may change while running: services, secrets, tokens,
 * limits, the PEM files of `tls`, log. Both are moved in,
 * also on failure. ERR_CONFLICT: it is refused, and the old one stays. */
MUST_CHECK enum err wire_reload(struct wire *w, struct config *config,
                                struct secrets *secrets, struct err_info *info);

/* The API's port; the first listener's. */
unsigned wire_port(const struct wire *w);

/* One line about the sagas, to the log. */
void wire_log_summary(struct wire *w);

/* Refuse starts, let calls in flight end, up to drainTimeout. Blocks; any thread. */
void wire_drain(struct wire *w);

void wire_stop(struct wire *w); /* NULL and half-started ones are fine. */

#endif /* SAGAD_WIRE_H */
