/* bulk_confirm.c - see bulk_confirm.h: "<id>.<upto>.<total>.<hash>". */
#include "adminapi/bulk_confirm.h"

#include <inttypes.h>
#include <string.h>

#include "adminapi/page.h"
#include "base/hash.h"
#include "base/ids.h"
#include "engine/view/preview_token.h"
#include "engine/view/saga_text.h"

const char *bulk_confirm_write(const struct command_bulk *b, struct arena *a)
{
    const struct act_asked *act = &b->act;
    const char *const texts[] = {
        b->id,
        arena_number(a, b->upto),
        arena_number(a, b->total),
        saga_event_name(act->action),
        act->step,
        act->is_applied ? "applied" : NULL,
        act->body.at != NULL ? arena_copy(a, act->body.at, act->body.n) : NULL,
        b->filter};
    char hash[HASH_HEX];
    char mac[HASH_MAC_HEX];

    hash_texts(texts, sizeof(texts) / sizeof(texts[0]), hash);
    preview_token_sign(hash, strlen(hash), mac);
    return arena_printf(a, "%s.%s.%s.%s", texts[0], texts[1], texts[2], mac);
}

bool bulk_confirm_read(const char *token, struct arena *a, struct command_bulk *b)
{
    const char *parts[4];
    size_t n = 0;

    while (n < 4) {
        const size_t part_n = strcspn(token, ".");

        parts[n++] = arena_copy(a, token, part_n);
        token += part_n;
        if (*token != '.') {
            break;
        }
        token++;
    }
    if (n != 4 || *token != '\0' || strlen(parts[0]) != IDS_UUID_TEXT - 1 ||
        !page_number(parts[1], &b->upto) || !page_number(parts[2], &b->total)) {
        return false;
    }
    b->id = parts[0];
    return true;
}

bool bulk_confirm_fits(const char *token, const struct command_bulk *b, struct arena *a)
{
    const char *want = bulk_confirm_write(b, a);

    return strlen(token) == strlen(want) && hash_is_same(token, want, strlen(want));
}
