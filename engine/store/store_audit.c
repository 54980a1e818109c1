/* store_audit.c - see store_audit.h. */
#include "engine/store/store_audit.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/clk.h"

enum { NUMBER_MAX = 24 };

void store_audit_hash(const struct store_audit *a, char out[static HASH_HEX])
{
    char seq[NUMBER_MAX];
    char turn[NUMBER_MAX];
    char time[CLK_TEXT_MAX];
    const char *const texts[] = {
        "sagad-audit-1", a->previous,  seq,        time,
        a->actor,        a->action,    a->subject, a->turn != 0 ? turn : NULL,
        a->reason,       a->request_id};

    (void)snprintf(seq, sizeof(seq), "%" PRIu64, a->seq);
    (void)snprintf(turn, sizeof(turn), "%" PRIu64, a->turn);
    clk_to_text(a->at_ms, time);
    hash_texts(texts, sizeof(texts) / sizeof(texts[0]), out);
}
