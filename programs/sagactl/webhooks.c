/* webhooks.c - `sagactl webhook list|redeliver`. */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/filters.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 65536
#define BODY_MAX_BYTES 65536
#define PAGE "500" /* Fewer round trips. */

static const struct output_column columns[] = {
    {"SAGA", "saga", false},
    {"ID", "id", false},
    {"TYPE", "type", false},
    {"STATUS", "status", false},
    {"ATTEMPTS", "attempts", false},
    {"CREATED", "createdAt", false},
    {"LAST ERROR", "lastError.detail", false},
    {"DEFINITION", "definition", true},
    {"NEXT ATTEMPT", "nextAttemptAt", true},
    {"ENDED", "endedAt", true},
    {"URL", "url", true},
};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

/* ---- which ------------------------------------------------------------------------- */

/* "failed,waiting", as the flags say. */
static void put_status(const struct ctl *ctl, struct buf *path)
{
    static const char *const flags[] = {"waiting", "delivered", "failed"};
    struct buf joined;

    buf_init(&joined, PATH_MAX_BYTES);
    for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
        if (args_has(&ctl->args, flags[i])) {
            buf_printf(&joined, "%s%s", joined.n > 0 ? "," : "", flags[i]);
        }
    }
    filters_put(path, "status", joined.n > 0 ? buf_text(&joined) : NULL);
    buf_done(&joined);
}

/* The list's path: of the saga that was named, or of all that the filters find. */
static enum exit_code put_list(const struct ctl *ctl, struct buf *path)
{
    if (ctl->word != NULL && filters_are_given(ctl)) {
        ctl_say("a saga's own webhooks are found by --waiting, --delivered and --failed "
                "only");
        return EXIT_USAGE;
    }
    buf_add_text(path, "/v1/");
    if (ctl->word != NULL) {
        buf_add_text(path, "sagas/");
        client_escape(ctl->word, path);
        buf_add_text(path, "/");
    }
    buf_add_text(path, "webhooks");
    put_status(ctl, path);
    return filters_put_query(ctl, path);
}

int webhook_list(struct ctl *ctl)
{
    struct pages pages = {.columns = columns, .n_columns = N_COLUMNS, .name = "id"};
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    code = put_list(ctl, &path);
    pages.path = buf_text(&path);
    if (code == EXIT_OK) {
        code = pages_print(ctl, &pages);
    }
    buf_done(&path);
    return (int)code;
}

/* ---- again ------------------------------------------------------------------------- */

static enum exit_code post(const struct ctl *ctl, const char *saga, const char *webhook,
                           struct client_answer *a)
{
    enum exit_code code;
    struct json_out o;
    struct buf path;
    struct buf body;

    buf_init(&path, PATH_MAX_BYTES);
    buf_init(&body, BODY_MAX_BYTES);
    buf_add_text(&path, "/v1/sagas/");
    client_escape(saga, &path);
    buf_add_text(&path, "/webhooks/");
    client_escape(webhook, &path);
    buf_add_text(&path, "/redeliver");
    json_out_init(&o, &body);
    json_open_object(&o);
    if (ctl_value(ctl, "reason") != NULL) {
        json_put(&o, "reason", ctl_value(ctl, "reason"));
    }
    json_close_object(&o);
    code = ask_post(ctl, buf_text(&path), buf_text(&body), a);
    buf_done(&body);
    buf_done(&path);
    return code;
}

static enum exit_code redeliver(const struct ctl *ctl, const char *saga,
                                const char *webhook)
{
    struct client_answer a;
    enum exit_code code;

    client_answer_init(&a);
    code = post(ctl, saga, webhook, &a);
    if (code == EXIT_OK && !ask_print_json(ctl, &a) &&
        ctl->output.format == OUTPUT_NAME) {
        printf("%s\n", webhook);
    }
    client_answer_done(&a);
    return code;
}

struct tally {
    uint64_t done;
    uint64_t missed; /* Gone meanwhile. */
};

static enum exit_code redeliver_page(const struct ctl *ctl, const json_t *page,
                                     struct tally *tally)
{
    const json_t *items = json_object_get(page, "items");
    enum exit_code code = EXIT_OK;

    for (size_t i = 0; i < json_array_size(items) && code == EXIT_OK; i++) {
        const json_t *item = json_array_get(items, i);
        const char *saga = json_string_value(json_object_get(item, "saga"));
        const char *id = json_string_value(json_object_get(item, "id"));

        if (saga == NULL || id == NULL) {
            ctl_say("the server's list names a webhook without its saga or id");
            return EXIT_FAILED;
        }
        code = redeliver(ctl, saga, id);
        tally->done += code == EXIT_OK ? 1 : 0;
        if (code == EXIT_NOT_FOUND) {
            tally->missed++;
            code = EXIT_OK;
        }
    }
    return code;
}

/* list: its path without a cursor. The list goes from the newest down, so that what
 * fails again at once is not met a second time. */
static enum exit_code redeliver_listed(const struct ctl *ctl, const char *list,
                                       struct tally *tally)
{
    enum exit_code code = EXIT_OK;
    json_t *page = NULL;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    do {
        const char *cursor = json_string_value(json_object_get(page, "next"));
        struct client_answer a;

        buf_clear(&path);
        buf_add_text(&path, list);
        filters_put(&path, "limit", PAGE);
        filters_put(&path, "cursor", cursor);
        json_decref(page);
        page = NULL;
        client_answer_init(&a);
        code = ask_get(ctl, buf_text(&path), &a);
        if (code == EXIT_OK) {
            code = ask_tree(&a, &page);
        }
        client_answer_done(&a);
        if (code == EXIT_OK) {
            code = redeliver_page(ctl, page, tally);
        }
    } while (code == EXIT_OK && json_is_string(json_object_get(page, "next")));
    json_decref(page);
    buf_done(&path);
    return code;
}

static enum exit_code agree(const struct ctl *ctl)
{
    enum exit_code code = ask_ready(ctl);

    return code == EXIT_OK ? ask_person(ctl, "send all these webhooks again?") : code;
}

static enum exit_code redeliver_all(const struct ctl *ctl)
{
    struct tally tally = {.done = 0};
    enum exit_code code;
    struct buf list;

    buf_init(&list, PATH_MAX_BYTES);
    code = put_list(ctl, &list);
    if (code == EXIT_OK) {
        code = agree(ctl);
    }
    if (code == EXIT_OK) {
        code = redeliver_listed(ctl, buf_text(&list), &tally);
        ctl_say("%" PRIu64 " webhooks are sent again", tally.done);
    }
    buf_done(&list);
    return code == EXIT_OK && tally.missed > 0 ? EXIT_FAILED : code;
}

int webhook_redeliver(struct ctl *ctl)
{
    const bool has_status = args_has(&ctl->args, "waiting") ||
                            args_has(&ctl->args, "delivered") ||
                            args_has(&ctl->args, "failed");
    const char *webhook = ctl_word(ctl, 1);
    enum exit_code code;

    if (webhook == NULL && !has_status) {
        ctl_say("say which webhook of the saga, or which of all: --failed, --waiting or "
                "--delivered");
        return EXIT_USAGE;
    }
    if (webhook == NULL) {
        return (int)redeliver_all(ctl);
    }
    if (has_status || filters_are_given(ctl)) {
        ctl_say("one webhook is named: nothing is to be looked for");
        return EXIT_USAGE;
    }
    code = redeliver(ctl, ctl->word, webhook);
    if (code == EXIT_OK) {
        ctl_say("%s is sent again", webhook);
    }
    return (int)code;
}
