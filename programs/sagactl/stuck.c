/* stuck.c - `sagactl stuck`: what is stuck, in groups. */
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/filters.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 4096

static const struct output_column columns[] = {
    {"DEFINITION", "definition", false}, {"STEP", "step", false},
    {"OPERATION", "operation", false},   {"OUTCOME", "outcome", false},
    {"COUNT", "count", false},           {"OLDEST", "oldest", false},
    {"ERROR", "error", false},           {"SAGAS", "sagas", true},
};

int stuck_list(struct ctl *ctl)
{
    struct pages pages = {.columns = columns,
                          .n_columns = sizeof(columns) / sizeof(columns[0]),
                          .name = "definition"};
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/stuck");
    filters_put(&path, "definition", ctl_value(ctl, "definition"));
    pages.path = buf_text(&path);
    code = pages_print(ctl, &pages);
    buf_done(&path);
    return (int)code;
}
