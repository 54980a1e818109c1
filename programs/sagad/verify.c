/* verify.c - see verify.h. */
#include "programs/sagad/verify.h"

#include <stdio.h>

#include "base/log.h"
#include "engine/store/store_open.h"
#include "programs/sagad/config.h"
#include "programs/sagad/control_ask.h"
#include "programs/sagad/fold.h"

/* A live file is verified by its daemon, and told here. */
static enum err verify(const char *path, struct err_info *info)
{
    struct control_talk *talk = NULL;
    enum err e = control_ask(path, "verify", &talk, info);

    if (e == ERR_NOT_FOUND) {
        return store_look_sqlite(path, fold_check, stdout, info);
    }
    if (e == ERR_OK) {
        e = control_hear(talk, stdout, info);
    }
    control_hang_up(talk);
    return e;
}

int verify_run(const struct args *args)
{
    struct config *c = config_load(args);
    struct err_info info = {.text = ""};
    int code = 1;

    if (c->n_problems > 0) {
        config_print_problems(c);
    } else {
        log_init((enum log_format)c->log_format, (enum log_level)c->log_level);
        if (verify(config_store_path(c), &info) == ERR_OK) {
            code = 0;
        } else {
            fprintf(stderr, "sagad: verify: %s\n", info.text);
        }
    }
    config_destroy(c);
    return code;
}
