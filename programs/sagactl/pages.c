/* pages.c - see pages.h. */
#include "programs/sagactl/pages.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "base/units.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define PATH_MAX_BYTES 65536
#define CURSOR_MAX 1024
#define ARENA_CHUNK 4096
#define ALL_LIMIT "500" /* Fewer round trips. */

static void make_path(const struct ctl *ctl, const struct pages *p, const char *cursor,
                      struct buf *out)
{
    const char *limit = ctl_value(ctl, "limit");
    char mark = strchr(p->path, '?') != NULL ? '&' : '?';

    if (limit == NULL && args_has(&ctl->args, "all")) {
        limit = ALL_LIMIT;
    }
    buf_clear(out);
    buf_add_text(out, p->path);
    if (limit != NULL) {
        buf_printf(out, "%climit=", mark);
        client_escape(limit, out);
        mark = '&';
    }
    if (cursor[0] != '\0') {
        buf_printf(out, "%ccursor=", mark);
        client_escape(cursor, out);
    }
}

static void print_names(const struct pages *p, const json_t *items)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    const json_t *item;
    size_t i;

    json_array_foreach(items, i, item)
    {
        printf("%s\n", output_value(item, p->name, a));
    }
    arena_destroy(a);
}

/* What can be printed page by page is; tables are kept for the end in all. */
static void take_page(const struct ctl *ctl, const struct pages *p,
                      const struct buf *body, const json_t *page, json_t *all)
{
    json_t *items = json_object_get(page, "items");
    struct json_span text = json_span_of(buf_text(body), body->n);
    struct json_walk w = json_walk_of(json_span_member(text, "items", strlen("items")));
    struct json_span item;

    switch (ctl->output.format) {
    case OUTPUT_JSON:
        output_json(text, false);
        break;
    case OUTPUT_JSONL:
        while (json_walk_next(&w, NULL, &item)) {
            output_json(item, true);
        }
        break;
    case OUTPUT_NAME:
        print_names(p, items);
        break;
    case OUTPUT_TABLE:
    case OUTPUT_WIDE:
        (void)json_array_extend(all, items); /* Fails only without memory. */
        break;
    }
}

/* cursor: "" when there is no next page. */
static enum exit_code ask_page(const struct ctl *ctl, const struct pages *p,
                               const char *path, char cursor[static CURSOR_MAX],
                               json_t *all)
{
    struct client_answer a;
    json_t *page = NULL;
    const char *next;
    enum exit_code code;

    client_answer_init(&a);
    code =
        fault_ask(ctl, &(struct client_request){.method = "GET", .path = path}, &a, NULL);
    if (code == EXIT_OK &&
        json_read(buf_text(&a.body), a.body.n, &page, NULL) != ERR_OK) {
        ctl_say("the server's answer is not JSON");
        code = EXIT_FAILED;
    }
    if (code == EXIT_OK) {
        next = json_string_value(json_object_get(page, "next"));
        (void)snprintf(cursor, CURSOR_MAX, "%s", next != NULL ? next : "");
        take_page(ctl, p, &a.body, page, all);
    }
    json_decref(page);
    client_answer_done(&a);
    return code;
}

enum exit_code pages_print(const struct ctl *ctl, const struct pages *p)
{
    const char *from = ctl_value(ctl, "cursor");
    const char *limit = ctl_value(ctl, "limit");
    bool is_table =
        ctl->output.format == OUTPUT_TABLE || ctl->output.format == OUTPUT_WIDE;
    char cursor[CURSOR_MAX];
    json_t *all = json_array();
    struct buf path;
    uint64_t number;
    enum exit_code code = EXIT_OK;

    if (limit != NULL && !units_read_count(limit, &number)) {
        ctl_say("--limit %s is not a number", limit);
        code = EXIT_USAGE;
    }
    (void)snprintf(cursor, sizeof(cursor), "%s", from != NULL ? from : "");
    buf_init(&path, PATH_MAX_BYTES);
    while (code == EXIT_OK) {
        make_path(ctl, p, cursor, &path);
        code = ask_page(ctl, p, buf_text(&path), cursor, all);
        if (cursor[0] == '\0' || !args_has(&ctl->args, "all")) {
            break;
        }
    }
    if (code == EXIT_OK && is_table) {
        output_table(&ctl->output, p->columns, p->n_columns, all);
    }
    if (code == EXIT_OK && cursor[0] != '\0' && ctl->output.format != OUTPUT_JSON) {
        ctl_say("there is more: --all, or --cursor %s", cursor);
    }
    buf_done(&path);
    json_decref(all);
    return code;
}
