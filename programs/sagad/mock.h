/*
 * mock.h - the participant of --dev: 200 {"ok":true} to everything, each call in the log.
 */
#ifndef SAGAD_MOCK_H
#define SAGAD_MOCK_H

#include "base/err.h"

struct mock;

/* On 127.0.0.1; when port is taken, on a free one. Where it is goes to the log. */
MUST_CHECK enum err mock_start(unsigned port, struct mock **out, struct err_info *info);
void mock_stop(struct mock *m); /* NULL is fine. */

#endif /* SAGAD_MOCK_H */
