/* bulk_follow.c - see bulk.h. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "programs/sagactl/ask.h"
#include "programs/sagactl/bulk.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/filters.h"

#define PATH_MAX_BYTES 4096
#define POLL_MS 300
#define CODES_MAX 16
#define CODE_TEXT_MAX 64
#define IDS_SHOWN 3
#define ID_MAX 136

static void path_of(const char *id, struct buf *path)
{
    buf_init(path, PATH_MAX_BYTES);
    buf_add_text(path, "/v1/bulk/");
    client_escape(id, path);
}

static json_int_t count_of(const json_t *bulk, const char *name)
{
    return json_integer_value(json_object_get(bulk, name));
}

static const char *status_of(const json_t *bulk)
{
    const char *status = json_string_value(json_object_get(bulk, "status"));

    return status != NULL ? status : "?";
}

static void tell_progress(const json_t *bulk)
{
    fprintf(stderr,
            "\r%" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
            ", %" JSON_INTEGER_FORMAT " failed ",
            count_of(bulk, "done") + count_of(bulk, "failed"), count_of(bulk, "total"),
            count_of(bulk, "failed"));
}

static enum exit_code look(const struct ctl *ctl, const char *path,
                           struct client_answer *a, bool *is_running)
{
    json_t *bulk = NULL;
    enum exit_code code = ask_get(ctl, path, a);

    if (code == EXIT_OK) {
        code = ask_tree(a, &bulk);
    }
    if (code != EXIT_OK) {
        return code;
    }
    *is_running = strcmp(status_of(bulk), "running") == 0;
    if (isatty(STDERR_FILENO) != 0) {
        tell_progress(bulk);
        fputs(*is_running ? "" : "\n", stderr);
    }
    json_decref(bulk);
    return EXIT_OK;
}

enum exit_code bulk_follow(const struct ctl *ctl, const char *id, struct client_answer *a)
{
    enum exit_code code = EXIT_OK;
    bool is_running = true;
    struct buf path;

    path_of(id, &path);
    while (code == EXIT_OK && is_running) {
        if (client_is_interrupted()) {
            code = EXIT_INTERRUPTED;
            break;
        }
        code = look(ctl, buf_text(&path), a, &is_running);
        if (code == EXIT_OK && is_running) {
            client_pause(POLL_MS);
        }
    }
    buf_done(&path);
    if (code == EXIT_INTERRUPTED) {
        ctl_say(
            "bulk action %s runs on in the server; see: sagactl bulk show %s, or stop "
            "it: sagactl bulk cancel %s",
            id, id, id);
    }
    return code;
}

/* ---- failures by code ------------------------------------------------------------ */

struct tally {
    struct {
        char code[CODE_TEXT_MAX];
        uint64_t n;
        char ids[IDS_SHOWN][ID_MAX];
    } codes[CODES_MAX]; /* The last one takes what has no place. */
    size_t n_codes;
};

static void count_failure(struct tally *t, const char *code, const char *id)
{
    size_t i = 0;

    while (i < t->n_codes && strcmp(t->codes[i].code, code) != 0) {
        i++;
    }
    if (i == t->n_codes && i < CODES_MAX) {
        (void)snprintf(t->codes[i].code, CODE_TEXT_MAX, "%s", code);
        t->n_codes++;
    }
    i = i < CODES_MAX ? i : CODES_MAX - 1;
    if (t->codes[i].n < IDS_SHOWN) {
        (void)snprintf(t->codes[i].ids[t->codes[i].n], ID_MAX, "%s", id);
    }
    t->codes[i].n++;
}

/* Counts the page's failures; next gets the cursor behind it, "" at the end. */
static void count_page(struct tally *t, const json_t *bulk, struct buf *next)
{
    const json_t *item;
    const char *cursor = json_string_value(json_object_get(bulk, "next"));
    size_t i;

    json_array_foreach(json_object_get(bulk, "items"), i, item)
    {
        const char *code = json_string_value(json_object_get(item, "code"));
        const char *id = json_string_value(json_object_get(item, "id"));

        if (code != NULL) {
            count_failure(t, code, id != NULL ? id : "?");
        }
    }
    buf_clear(next);
    buf_add_text(next, cursor != NULL ? cursor : "");
}

static enum exit_code count_failures(const struct ctl *ctl, const char *id,
                                     struct tally *t)
{
    enum exit_code code = EXIT_OK;
    struct buf next;

    buf_init(&next, PATH_MAX_BYTES);
    do {
        struct client_answer a;
        json_t *page = NULL;
        struct buf path;

        path_of(id, &path);
        filters_put(&path, "limit", "500");
        filters_put(&path, "cursor", next.n > 0 ? buf_text(&next) : NULL);
        client_answer_init(&a);
        code = ask_get(ctl, buf_text(&path), &a);
        if (code == EXIT_OK) {
            code = ask_tree(&a, &page);
        }
        if (code == EXIT_OK) {
            count_page(t, page, &next);
        }
        json_decref(page);
        client_answer_done(&a);
        buf_done(&path);
    } while (code == EXIT_OK && next.n > 0);
    buf_done(&next);
    return code;
}

static void print_failures(const struct tally *t)
{
    for (size_t i = 0; i < t->n_codes; i++) {
        struct buf line;

        buf_init(&line, PATH_MAX_BYTES);
        output_escape(t->codes[i].code, &line);
        printf("  %6" PRIu64 "  %-20s", t->codes[i].n, buf_text(&line));
        for (size_t k = 0; k < IDS_SHOWN && k < t->codes[i].n; k++) {
            buf_clear(&line);
            output_escape(t->codes[i].ids[k], &line);
            printf("%s%s", k > 0 ? ", " : " ", buf_text(&line));
        }
        printf("%s\n", t->codes[i].n > IDS_SHOWN ? ", ..." : "");
        buf_done(&line);
    }
}

static enum exit_code print_end(const struct ctl *ctl, const char *id, const json_t *bulk)
{
    struct tally tally = {.n_codes = 0};
    struct arena *a = arena_create(1024);
    enum exit_code code = EXIT_OK;

    printf("%s %s: %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
           " done, %" JSON_INTEGER_FORMAT " failed\n",
           output_value(bulk, "action", a), output_value(bulk, "status", a),
           count_of(bulk, "done"), count_of(bulk, "total"), count_of(bulk, "failed"));
    if (count_of(bulk, "failed") > 0) {
        code = count_failures(ctl, id, &tally);
        print_failures(&tally);
    }
    arena_destroy(a);
    return code;
}

enum exit_code bulk_conclude(const struct ctl *ctl, const char *id,
                             const struct client_answer *a)
{
    json_t *bulk = NULL;
    enum exit_code code = ask_tree(a, &bulk);

    if (code != EXIT_OK) {
        return code;
    }
    if (ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", id);
    } else if (!ask_print_json(ctl, a)) {
        code = print_end(ctl, id, bulk);
    }
    if (code == EXIT_OK &&
        (count_of(bulk, "failed") > 0 || strcmp(status_of(bulk), "completed") != 0)) {
        code = EXIT_FAILED;
    }
    json_decref(bulk);
    return code;
}
