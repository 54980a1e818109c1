/* author.c - see author.h. */
#include "programs/sagactl/author.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"
#include "programs/sagactl/place.h"

void author_say_issues(const char *path, struct json_span text, const char *prefix,
                       const struct check_report *report, bool has_warnings)
{
    const size_t n = strlen(prefix);

    for (size_t i = 0; i < report->n; i++) {
        const struct check_issue *issue = &report->issues[i];
        const char *pointer = issue->pointer;
        struct file_place place;

        if (!issue->is_error && !has_warnings) {
            continue;
        }
        pointer += strncmp(pointer, prefix, n) == 0 ? n : 0;
        (void)place_find(text, pointer, &place); /* The nearest will do. */
        ctl_say("%s:%u:%u: %s: %s (%s)", path, place.line, place.column,
                issue->is_error ? "error" : "warning", issue->detail, pointer);
    }
}

static enum exit_code compile(struct author_file *file)
{
    /* Author's tools know the whole language, whatever the daemon of the day runs. */
    const struct check_world world = {.is_dry_run = true};
    struct check_report *report = mem_alloc(sizeof(*report));
    enum exit_code code = EXIT_OK;

    if (definition_compile(file->text.at, file->text.n, &world, report,
                           &file->definition) != ERR_OK) {
        author_say_issues(file->path, file->text, "", report, false);
        ctl_say("%s: %zu errors", file->path, report->n_errors);
        code = EXIT_INVALID;
    }
    free(report);
    return code;
}

enum exit_code author_open(const char *path, struct author_file *file)
{
    enum exit_code code;

    *file = (struct author_file){.path = path};
    buf_init(&file->bytes, LIMIT_DEFINITION_BYTES);
    code = fault_read_json(path, &file->bytes, &file->text);
    return code == EXIT_OK ? compile(file) : code;
}

void author_close(struct author_file *file)
{
    definition_destroy(file->definition);
    buf_done(&file->bytes);
}

enum exit_code author_read(const struct ctl *ctl, const char *option, struct buf *bytes,
                           struct json_span *text)
{
    const char *path = ctl_value(ctl, option);

    buf_init(bytes, LIMIT_BODY_BYTES);
    *text = JSON_SPAN_NONE;
    return path != NULL ? fault_read_json(path, bytes, text) : EXIT_OK;
}
