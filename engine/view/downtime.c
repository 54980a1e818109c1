/* downtime.c - see downtime.h. */
#include "engine/view/downtime.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

/* "from-to,from-to" */
void downtimes_parse(struct downtimes *d, const char *text)
{
    while (*text != '\0') {
        char *end;
        const unsigned long long from = strtoull(text, &end, 10);
        const unsigned long long to = *end == '-' ? strtoull(end + 1, &end, 10) : 0;

        if (to <= from) {
            return;
        }
        downtimes_add(d, from, to);
        text = *end == ',' ? end + 1 : end;
    }
}

char *downtimes_text(const struct downtimes *d)
{
    struct buf text;

    buf_init(&text, 8192);
    for (size_t i = 0; i < d->n; i++) {
        buf_printf(&text, "%s%" PRIu64 "-%" PRIu64, i > 0 ? "," : "", d->all[i].from_ms,
                   d->all[i].to_ms);
    }
    return buf_take(&text, NULL);
}

void downtimes_add(struct downtimes *d, uint64_t from_ms, uint64_t to_ms)
{
    if (to_ms <= from_ms) {
        return;
    }
    if (d->n == DOWNTIMES_MAX) {
        d->n--;
        memmove(&d->all[0], &d->all[1], d->n * sizeof(d->all[0]));
    }
    d->all[d->n].from_ms = from_ms;
    d->all[d->n].to_ms = to_ms;
    d->n++;
}

uint64_t downtimes_since(const struct downtimes *d, uint64_t began_ms)
{
    uint64_t sum_ms = 0;

    for (size_t i = 0; i < d->n; i++) {
        const uint64_t from_ms =
            d->all[i].from_ms > began_ms ? d->all[i].from_ms : began_ms;

        sum_ms += d->all[i].to_ms > from_ms ? d->all[i].to_ms - from_ms : 0;
    }
    return sum_ms;
}
