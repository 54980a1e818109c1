/* preview_token.c - see preview_token.h. */
#include "engine/view/preview_token.h"

#include <assert.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "engine/view/saga_text.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static unsigned char key[HASH_KEY_BYTES]; /* Written once, before it is first read. */

static void make_key(void)
{
    char hex[HASH_HEX];
    bool is_key;

    hash_make_key(hex);
    is_key = hash_read_key(hex, key);
    assert(is_key);
}

void preview_token_sign(const void *bytes, size_t n, char out[static HASH_MAC_HEX])
{
    (void)pthread_once(&once, make_key);
    hash_keyed(key, bytes, n, out);
}

void preview_token_write(const struct act_asked *act, uint64_t revision,
                         char out[static HASH_MAC_HEX])
{
    struct buf text;

    buf_init(&text, LIMIT_BODY_BYTES + 4096);
    /* Neither an id nor a step's id holds a blank; the body is last. */
    buf_printf(&text, "%s %" PRIu64 " %s %s %" PRIu32 " %d ", act->id, revision,
               saga_event_name(act->action), act->step != NULL ? act->step : "-",
               act->item, act->is_applied ? 1 : 0);
    if (act->body.at != NULL) {
        buf_add(&text, act->body.at, act->body.n);
    }
    assert(!text.is_over);
    preview_token_sign(text.bytes, text.n, out);
    buf_done(&text);
}

bool preview_token_fits(const char *token, const struct act_asked *act, uint64_t revision)
{
    char want[HASH_MAC_HEX];

    preview_token_write(act, revision, want);
    return strlen(token) == strlen(want) && hash_is_same(token, want, strlen(want));
}
