/* demo.c - see demo.h. */
#include "programs/sagad/demo.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/args.h"
#include "base/clk.h"
#include "programs/sagad/ask.h"
#include "programs/sagad/demo_texts.h"
#include "programs/sagad/options.h"
#include "programs/sagad/participants.h"
#include "programs/sagad/signals.h"
#include "programs/sagad/temporary.h"
#include "programs/sagad/wire.h"

#define PATH_ROOM (TEMPORARY_PATH_MAX + 32)
#define URL_ROOM 256

struct demo {
    char folder[TEMPORARY_PATH_MAX];
    struct participants *participants;
    struct wire *wire;
    unsigned port;
    bool is_right; /* So far. */
};

/* ---- the daemon ------------------------------------------------------------------- */

static enum err write_config(const struct demo *d, const char *path,
                             struct err_info *info)
{
    FILE *f = fopen(path, "w");
    bool is_written;

    if (f == NULL) {
        return err_set(info, ERR_IO, "cannot write %s", path);
    }
    fputs("{ \"services\": {", f);
    for (int i = 0; i < PARTICIPANTS; i++) {
        fprintf(f, "%s \"%s\": { \"url\": \"http://127.0.0.1:%u\" }", i > 0 ? "," : "",
                participant_name((enum participant)i),
                participants_port(d->participants, (enum participant)i));
    }
    fputs(" } }\n", f);
    is_written = ferror(f) == 0;
    is_written = fclose(f) == 0 && is_written;
    return is_written ? ERR_OK : err_set(info, ERR_IO, "cannot write %s", path);
}

/* The flags beat whatever the environment says. */
static enum err load_config(const struct demo *d, struct config **out,
                            struct err_info *info)
{
    char config_path[PATH_ROOM];
    char store[PATH_ROOM];
    const char *argv[] = {"sagad", "--config",     config_path,   "--store",
                          store,   "--listen",     "127.0.0.1:0", "--log-level",
                          "error", "--log-format", "text"};
    enum options_command command;
    struct args args;
    enum err e;

    (void)snprintf(config_path, sizeof(config_path), "%s/sagad.json", d->folder);
    (void)snprintf(store, sizeof(store), "sqlite:%s/sagad.db", d->folder);
    e = write_config(d, config_path, info);
    if (e == ERR_OK) {
        e = options_read((int)(sizeof(argv) / sizeof(argv[0])), argv, &args, &command,
                         info);
    }
    if (e != ERR_OK) {
        return e;
    }
    *out = config_load(&args);
    if ((*out)->n_problems > 0) {
        e = err_set(info, ERR_INVALID, "%s: %s", (*out)->problems[0].source,
                    (*out)->problems[0].detail);
        config_destroy(*out);
        return e;
    }
    /* It points into this function's path; the arena outlives that. */
    (*out)->store = arena_text((*out)->arena, (*out)->store);
    return ERR_OK;
}

static enum err start(struct demo *d, struct err_info *info)
{
    struct config *config = NULL;
    enum err e = temporary_make(d->folder, info);

    if (e == ERR_OK) {
        e = participants_start(&d->participants, info);
    }
    if (e == ERR_OK) {
        e = load_config(d, &config, info);
    }
    if (e == ERR_OK) {
        log_init((enum log_format)config->log_format, (enum log_level)config->log_level);
        e = wire_start(config, secrets_read(config), &d->wire, info);
    }
    if (e == ERR_OK) {
        d->port = wire_port(d->wire);
    }
    return e;
}

/* ---- asking it -------------------------------------------------------------------- */

static enum err ask(const struct demo *d, const char *method, const char *path,
                    const char *body, json_t **out, struct err_info *info)
{
    char url[URL_ROOM + 64];
    struct ask a = {.method = method, .url = url, .body = body, .prefer = "wait=30"};

    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", d->port, path);
    return ask_api(&a, out, info);
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

/* ---- telling ---------------------------------------------------------------------- */

static uint64_t time_of(const json_t *entry)
{
    uint64_t ms = 0;

    return clk_from_text(text_of(entry, "time"), &ms) ? ms : 0;
}

/* What the participant said to the call that this turn is about; "" if nothing. */
static const char *error_of(const json_t *calls, const json_t *turn)
{
    const json_t *call;
    const char *said = "";
    size_t i;

    json_array_foreach(json_object_get(calls, "items"), i, call)
    {
        const json_t *body = json_object_get(json_object_get(call, "response"), "body");

        if (strcmp(text_of(call, "step"), text_of(turn, "step")) == 0 &&
            strcmp(text_of(call, "operation"), text_of(turn, "operation")) == 0) {
            said = text_of(body, "error");
        }
    }
    return said;
}

/* One line a turn that somebody waits for; a saga's other turns are its own business. */
static void tell_turn(const json_t *turn, const json_t *calls, uint64_t began_ms)
{
    const char *event = text_of(turn, "event");
    const char *outcome = text_of(turn, "outcome");
    unsigned long long ms = (unsigned long long)(time_of(turn) - began_ms);

    if (strcmp(event, "started") == 0) {
        printf("  %6llu ms   accepted, on disk\n", ms);
    }
    if (strcmp(event, "answered") != 0) {
        return;
    }
    printf("  %6llu ms   %-24s", ms,
           demo_words(text_of(turn, "step"), text_of(turn, "operation")));
    if (strcmp(outcome, "succeeded") == 0) {
        printf("done\n");
    } else {
        printf("%s: \"%s\"\n", outcome, error_of(calls, turn));
    }
}

static void tell_turns(const json_t *saga, const json_t *turns, const json_t *calls)
{
    const json_t *turn;
    uint64_t began_ms = 0;
    uint64_t ended_ms = 0;
    size_t i;

    json_array_foreach(json_object_get(turns, "items"), i, turn)
    {
        began_ms = i == 0 ? time_of(turn) : began_ms;
        ended_ms = time_of(turn);
        tell_turn(turn, calls, began_ms);
    }
    printf("  %6llu ms   %s\n\n", (unsigned long long)(ended_ms - began_ms),
           text_of(saga, "status"));
}

static enum err tell_saga(const struct demo *d, const json_t *saga, struct err_info *info)
{
    char path[URL_ROOM];
    json_t *turns = NULL;
    json_t *calls = NULL;
    enum err e;

    (void)snprintf(path, sizeof(path), "/v1/sagas/%s/journal", text_of(saga, "id"));
    e = ask(d, "GET", path, NULL, &turns, info);
    if (e == ERR_OK) {
        (void)snprintf(path, sizeof(path), "/v1/sagas/%s/calls", text_of(saga, "id"));
        e = ask(d, "GET", path, NULL, &calls, info);
    }
    if (e == ERR_OK) {
        tell_turns(saga, turns, calls);
    }
    json_decref(turns);
    json_decref(calls);
    return e;
}

static enum err run_order(struct demo *d, const struct demo_order *order,
                          struct err_info *info)
{
    json_t *saga = NULL;
    enum err e;

    printf("%s\n", order->title);
    e = ask(d, "POST", "/v1/sagas", order->start, &saga, info);
    if (e != ERR_OK) {
        return e;
    }
    e = tell_saga(d, saga, info);
    if (strcmp(text_of(saga, "status"), order->ends) != 0) {
        printf("  this order should have ended %s\n\n", order->ends);
        d->is_right = false;
    }
    json_decref(saga);
    return e;
}

static void tell_book(struct demo *d, enum participant which)
{
    struct participant_book book = participants_book(d->participants, which);
    uint32_t kept = book.n_done - book.n_undone;
    /* One order stands. Money, goods, the parcel and the mail are there once. */
    bool is_right = kept == 1 && book.n_done == (which < PARTICIPANT_SHIPPING ? 2U : 1U);

    printf("  %-10s %u done, %u taken back, %u refused: %u stands",
           participant_name(which), book.n_done, book.n_undone, book.n_refused, kept);
    if (which == PARTICIPANT_PAYMENTS) {
        int64_t held = book.cents_done - book.cents_undone;

        printf(", %lld.%02lld held", (long long)(held / 100), (long long)(held % 100));
        is_right = is_right && held == DEMO_CENTS;
    }
    printf("%s\n", is_right ? "" : "   <- wrong");
    d->is_right = d->is_right && is_right;
}

static enum err run_orders(struct demo *d, struct err_info *info)
{
    json_t *stored = NULL;
    enum err e = ask(d, "PUT", "/v1/definitions/order", demo_definition, &stored, info);

    if (e != ERR_OK) {
        return e;
    }
    json_decref(stored);
    printf("sagad %s on 127.0.0.1:%u, its database in %s\n"
           "four services of other people: payments, inventory, shipping, mail\n\n",
           SAGAD_VERSION, d->port, d->folder);
    for (size_t i = 0; e == ERR_OK && i < demo_n_orders; i++) {
        e = run_order(d, &demo_orders[i], info);
    }
    return e;
}

int demo_run(void)
{
    struct demo d = {.is_right = true};
    struct err_info info = {.text = ""};
    enum err e;

    signals_block();
    e = start(&d, &info);
    if (e == ERR_OK) {
        e = run_orders(&d, &info);
    }
    wire_stop(d.wire);
    if (e == ERR_OK) {
        participants_stop(d.participants);
        printf("What the services have in their books\n");
        for (int i = 0; i < PARTICIPANTS; i++) {
            tell_book(&d, (enum participant)i);
        }
        printf("%s\n", d.is_right ? "The books balance." : "The books do not balance.");
    } else {
        fprintf(stderr, "sagad: demo: %s\n", info.text);
    }
    participants_destroy(d.participants);
    if (d.folder[0] != '\0') {
        temporary_remove(d.folder);
    }
    return e == ERR_OK && d.is_right ? 0 : 1;
}
