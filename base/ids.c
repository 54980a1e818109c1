/* ids.c - see ids.h. */
#include "base/ids.h"

#include <assert.h>
#include <sodium.h>
#include <stdatomic.h>
#include <stdint.h>

#include "base/clk.h"

#define UUID_BYTES 16
#define COUNTER_BITS 12 /* rand_a of RFC 9562; here a counter (its method 1). */

static void random_fill(void *out, size_t n)
{
    int result = sodium_init(); /* Cheap and safe from any thread after the first. */

    assert(result >= 0);
    randombytes_buf(out, n);
}

/* Milliseconds and counter in one number that only grows: it is the clock when
 * the clock is ahead, else the last one plus one. A burst of over 4,096 ids in a
 * millisecond, or a clock set back, borrows from the milliseconds to come. */
static uint64_t next_tick(void)
{
    static _Atomic uint64_t last;
    uint64_t now = clk_wall_ms() << COUNTER_BITS;
    uint64_t seen = atomic_load_explicit(&last, memory_order_relaxed);
    uint64_t next;

    do {
        next = now > seen ? now : seen + 1;
    } while (!atomic_compare_exchange_weak_explicit(
        &last, &seen, next, memory_order_relaxed, memory_order_relaxed));
    return next;
}

static void hex_write(char *out, const uint8_t *bytes, size_t n)
{
    static const char hex[] = "0123456789abcdef";

    for (size_t i = 0; i < n; i++) {
        out[2 * i] = hex[bytes[i] >> 4];
        out[2 * i + 1] = hex[bytes[i] & 0xfU];
    }
}

static void uuid_to_text(const uint8_t id[static UUID_BYTES],
                         char out[static IDS_UUID_TEXT])
{
    static const size_t groups[] = {4, 2, 2, 2, 6};
    size_t at = 0;

    for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
        if (i > 0) {
            *out++ = '-';
        }
        hex_write(out, id + at, groups[i]);
        out += 2 * groups[i];
        at += groups[i];
    }
    assert(at == UUID_BYTES);
    *out = '\0';
}

void ids_make(char out[static IDS_UUID_TEXT])
{
    uint64_t tick = next_tick();
    uint64_t ms = tick >> COUNTER_BITS;
    uint8_t id[UUID_BYTES];

    for (size_t i = 0; i < 6; i++) {
        id[i] = (uint8_t)(ms >> (40 - 8 * i));
    }
    id[6] = (uint8_t)(0x70U | ((tick >> 8) & 0xfU));
    id[7] = (uint8_t)tick;
    random_fill(id + 8, 8);
    id[8] = (uint8_t)(0x80U | (id[8] & 0x3fU));
    uuid_to_text(id, out);
}

static bool is_id_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           c == '.' || c == '_' || c == '~' || c == '-';
}

bool ids_is_valid(const char *id)
{
    size_t n = 0;

    for (; id[n] != '\0'; n++) {
        if (n == IDS_ID_MAX || !is_id_char(id[n])) {
            return false;
        }
    }
    return n > 0;
}

void ids_random_hex(char *out, size_t n_bytes)
{
    uint8_t bytes[64];

    assert(n_bytes <= sizeof(bytes));
    random_fill(bytes, n_bytes);
    hex_write(out, bytes, n_bytes);
    out[2 * n_bytes] = '\0';
}
