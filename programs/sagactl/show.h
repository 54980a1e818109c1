/*
 * show.h - a saga on the screen, in the format asked for.
 */
#ifndef SAGACTL_SHOW_H
#define SAGACTL_SHOW_H

#include "base/buf.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* body: the API's saga object. EXIT_FAILED: it is none. */
enum exit_code show_saga(const struct ctl *ctl, const struct buf *body);

#endif /* SAGACTL_SHOW_H */
