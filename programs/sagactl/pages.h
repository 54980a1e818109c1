/*
 * pages.h - the API's lists, page by page, as they are asked for.
 *
 * -o json prints the first page's object unchanged (with --all: each page's), jsonl and
 * name a line per item, tables everything in one table.
 */
#ifndef SAGACTL_PAGES_H
#define SAGACTL_PAGES_H

#include <stddef.h>

#include "base/buf.h"
#include "programs/sagactl/exits.h"
#include "programs/sagactl/output.h"

struct ctl;

struct pages {
    const char *path; /* With its query, without limit and cursor. */
    const struct output_column *columns;
    size_t n_columns;
    const char *name; /* The member that -o name prints. */
};

enum exit_code pages_print(const struct ctl *ctl, const struct pages *pages);

#endif /* SAGACTL_PAGES_H */
