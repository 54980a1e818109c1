/*
 * preview.h - what an action would bring about, shown before it is done.
 */
#ifndef SAGACTL_PREVIEW_H
#define SAGACTL_PREVIEW_H

#include <stdio.h>

#include "base/buf.h"
#include "programs/sagactl/exits.h"

struct ctl;

/* Print the API's preview for people: each request on a line, its body under it, then
 * where it ends. token, if not NULL, gets the preview's token appended. */
enum exit_code preview_show(const struct buf *answer, FILE *to, struct buf *token);

#endif /* SAGACTL_PREVIEW_H */
