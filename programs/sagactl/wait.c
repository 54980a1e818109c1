/* wait.c - see wait.h. */
#include "programs/sagactl/wait.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/json.h"
#include "base/units.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/fault.h"

#define WAIT_DEFAULT "10s"
#define POLL_MAX_S 20 /* One long poll; below what proxies cut. */

enum exit_code wait_option(const struct ctl *ctl, bool *is_asked, uint64_t *ms_out)
{
    const char *text = ctl_value(ctl, "wait");

    *is_asked = text != NULL;
    if (text == NULL) {
        return EXIT_OK;
    }
    if (!units_read_duration(text[0] != '\0' ? text : WAIT_DEFAULT, ms_out)) {
        ctl_say("--wait=%s is not an amount of time like 10s", text);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

static void copy(char *out, size_t room, const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    (void)snprintf(out, room, "%s", text != NULL ? text : ""); /* Cut, not fail. */
}

bool wait_read_standing(const struct client_answer *a, struct wait_standing *out)
{
    json_t *saga = NULL;

    if (json_read(buf_text(&a->body), a->body.n, &saga, NULL) != ERR_OK) {
        return false;
    }
    copy(out->id, sizeof(out->id), saga, "id");
    copy(out->status, sizeof(out->status), saga, "status");
    copy(out->why, sizeof(out->why), saga, "why");
    json_decref(saga);
    return out->id[0] != '\0';
}

bool wait_is_over(const struct wait_standing *s, enum exit_code *code)
{
    static const struct {
        const char *status;
        enum exit_code code;
    } ends[] = {
        {"completed", EXIT_OK},
        {"compensated", EXIT_COMPENSATED},
        {"stuck", EXIT_STUCK},
        {"resolved", EXIT_FAILED},
    };

    for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
        if (strcmp(ends[i].status, s->status) == 0) {
            *code = ends[i].code;
            return true;
        }
    }
    return false;
}

/* On a terminal: what it is doing, when that changes. */
static void tell_progress(const struct wait_standing *s, char last[static WAIT_WHY_MAX])
{
    if (isatty(STDERR_FILENO) != 0 && strcmp(s->why, last) != 0) {
        ctl_say("%s: %s", s->status, s->why);
        memcpy(last, s->why, WAIT_WHY_MAX);
    }
}

enum exit_code wait_poll(const struct ctl *ctl, const char *id, struct client_answer *a,
                         uint64_t left_ms)
{
    uint64_t s = left_ms / 1000 + 1;
    struct client_answer next;
    struct err_info info;
    struct buf path;
    char prefer[32];
    enum exit_code code = EXIT_OK;
    enum err e;

    (void)snprintf(prefer, sizeof(prefer), "wait=%u",
                   (unsigned)(s < POLL_MAX_S ? s : POLL_MAX_S));
    buf_init(&path, 4096);
    buf_add_text(&path, "/v1/sagas/");
    client_escape(id, &path);
    client_answer_init(&next);
    e = client_send(
        ctl->client,
        &(struct client_request){.method = "GET",
                                 .path = buf_text(&path),
                                 .prefer = prefer,
                                 .if_none_match = a->etag[0] != '\0' ? a->etag : NULL,
                                 .timeout_ms = left_ms},
        &next, &info);
    if (e == ERR_OK && next.status == 200) {
        struct buf old = a->body;

        a->body = next.body;
        next.body = old;
        memcpy(a->etag, next.etag, sizeof(a->etag));
    } else if (e != ERR_OK && e != ERR_LIMIT) {
        code = fault_of_sending(ctl, e, &info);
    } else if (e == ERR_OK && next.status != 304) {
        ctl_say("the server answered %ld to the question how saga %s stands", next.status,
                id);
        code = EXIT_FAILED;
    }
    client_answer_done(&next);
    buf_done(&path);
    return code;
}

enum exit_code wait_for_end(const struct ctl *ctl, struct client_answer *a, uint64_t ms)
{
    uint64_t end_ms = clk_mono_ms() + ms;
    char last[WAIT_WHY_MAX] = "";
    struct wait_standing s;
    enum exit_code code;

    for (;;) {
        uint64_t now_ms = clk_mono_ms();

        if (!wait_read_standing(a, &s)) {
            ctl_say("the server's answer is not a saga");
            return EXIT_FAILED;
        }
        if (wait_is_over(&s, &code)) {
            return code;
        }
        if (now_ms >= end_ms) {
            ctl_say("the wait ran out; saga %s goes on: %s", s.id, s.why);
            return EXIT_WAIT_RAN_OUT;
        }
        tell_progress(&s, last);
        code = wait_poll(ctl, s.id, a, end_ms - now_ms);
        if (code == EXIT_INTERRUPTED) {
            ctl_say("saga %s goes on; see: sagactl get %s", s.id, s.id);
        }
        if (code != EXIT_OK) {
            return code;
        }
    }
}
