/* main.c - sagactl: which command, and what every command needs. */
#include <curl/curl.h>
#include <sodium.h>

#include "base/json.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/options.h"

int main(int argc, char **argv)
{
    struct ctl ctl = {.client = NULL};
    struct err_info info = {.text = ""};

    json_init();
    if (sodium_init() < 0 || curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        ctl_say("a library does not start");
        return EXIT_FAILED;
    }
    if (options_read(argc, (const char *const *)argv, &ctl.args, &ctl.command, &ctl.word,
                     &info) != ERR_OK) {
        ctl_say("%s", info.text);
        ctl_say("see: sagactl help");
        return EXIT_USAGE;
    }
    return ctl_run(&ctl);
}
