/* main.c - sagad: which command, and the small ones. */
#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <sodium.h>
#include <sqlite3.h>
#include <stdio.h>

#include "base/json.h"
#include "base/log.h"
#include "engine/calls/calls.h"
#include "engine/store/store_open.h"
#include "programs/sagad/backup.h"
#include "programs/sagad/config.h"
#include "programs/sagad/demo.h"
#include "programs/sagad/manual.h"
#include "programs/sagad/options.h"
#include "programs/sagad/secrets.h"
#include "programs/sagad/serve.h"
#include "programs/sagad/verify.h"

#define HELP_MAX 16384
#define SHOW_MAX (16 * 1024 * 1024)

static int run_help(const struct args *args)
{
    struct buf text;
    const char *of = NULL;

    if (args->n_words == 2) {
        of = args->words[1]; /* sagad help serve */
    } else if (args->n_words == 1 && args_has(args, "help")) {
        of = args->words[0]; /* sagad serve --help */
    }
    buf_init(&text, HELP_MAX);
    options_help(of, &text);
    (void)fputs(buf_text(&text), stdout);
    buf_done(&text);
    return 0;
}

static int run_version(const struct args *args)
{
    printf("sagad %s\n", SAGAD_VERSION);
    if (args_has(args, "verbose")) {
        printf("libcurl %s\n", curl_version_info(CURLVERSION_NOW)->version);
        printf("jansson %s\n", jansson_version_str());
        printf("libmicrohttpd %s\n", MHD_get_version());
        printf("libsodium %s\n", sodium_version_string());
        printf("SQLite %s\n", sqlite3_libversion());
    }
    return 0;
}

static int run_check_config(const struct args *args)
{
    struct config *c = config_load(args);
    struct secrets *secrets = secrets_read(c);
    int code = c->n_problems > 0 ? 1 : 0;
    struct buf text;

    buf_init(&text, SHOW_MAX);
    if (code == 0) {
        config_show(c, &text);
        (void)fputs(buf_text(&text), stdout);
    } else {
        config_print_problems(c);
    }
    buf_done(&text);
    secrets_destroy(secrets);
    config_destroy(c);
    return code;
}

static int run_migrate(const struct args *args)
{
    struct config *c = config_load(args);
    struct err_info info = {.text = ""};
    int from = 0;
    int to = 0;
    int code = 1;

    if (c->n_problems > 0) {
        config_print_problems(c);
    } else if (store_migrate_sqlite(config_store_path(c), &from, &to, &info) != ERR_OK) {
        fprintf(stderr, "sagad: migrate: %s\n", info.text);
    } else {
        code = 0;
        if (from == to) {
            printf("%s is at version %d already\n", config_store_path(c), to);
        } else {
            printf("%s went from version %d to %d\n", config_store_path(c), from, to);
        }
    }
    config_destroy(c);
    return code;
}

static int run(enum options_command command, const struct args *args)
{
    switch (command) {
    case OPTIONS_SERVE:
        return serve_run(args);
    case OPTIONS_CHECK_CONFIG:
        return run_check_config(args);
    case OPTIONS_MIGRATE:
        return run_migrate(args);
    case OPTIONS_BACKUP:
        return backup_run(args);
    case OPTIONS_RESTORE:
        return restore_run(args);
    case OPTIONS_VERIFY:
        return verify_run(args);
    case OPTIONS_DEMO:
        return demo_run();
    case OPTIONS_MANUAL:
        return manual_run();
    case OPTIONS_VERSION:
        return run_version(args);
    case OPTIONS_HELP:
        return run_help(args);
    }
    return 2;
}

int main(int argc, char **argv)
{
    enum options_command command;
    struct err_info info;
    struct args args;

    json_init();
    if (sodium_init() < 0 || !calls_init_library()) {
        fprintf(stderr, "sagad: a library does not start\n");
        return 1;
    }
    if (options_read(argc, (const char *const *)argv, &args, &command, &info) != ERR_OK) {
        fprintf(stderr, "sagad: %s\nTry: sagad help\n", info.text);
        return 2;
    }
    return run(command, &args);
}
