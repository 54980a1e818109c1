/*
 * varint.h - whole numbers as 1 to 10 bytes, little end first (LEB128).
 *
 * Inline and pure: the core's encoded state and the journal's rows are made of
 * them. A reader carries its end and a sticky failure, so that code reads a
 * whole record and checks once.
 */
#ifndef BASE_VARINT_H
#define BASE_VARINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct varint_out {
    uint8_t *at;
    uint8_t *end;
    bool is_over; /* Something did not fit; what was written is useless. */
};

struct varint_in {
    const uint8_t *at;
    const uint8_t *end;
    bool is_bad; /* Read past the end or an overlong number; zeros since then. */
};

static inline void varint_put(struct varint_out *o, uint64_t v)
{
    do {
        uint8_t byte = (uint8_t)(v & 0x7fU);

        v >>= 7;
        if (o->at == o->end) {
            o->is_over = true;
            return;
        }
        *o->at++ = v != 0 ? (uint8_t)(byte | 0x80U) : byte;
    } while (v != 0);
}

static inline uint64_t varint_next(struct varint_in *in)
{
    uint64_t v = 0;

    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte;

        if (in->at == in->end) {
            break;
        }
        byte = *in->at++;
        v |= (uint64_t)(byte & 0x7fU) << shift;
        if ((byte & 0x80U) == 0) {
            return v;
        }
    }
    in->is_bad = true;
    in->at = in->end;
    return 0;
}

/* A length and that many bytes. */
static inline void varint_put_bytes(struct varint_out *o, const void *bytes, size_t n)
{
    varint_put(o, n);
    if (o->is_over || (size_t)(o->end - o->at) < n) {
        o->is_over = true;
        return;
    }
    if (n > 0) {
        memcpy(o->at, bytes, n);
    }
    o->at += n;
}

/* Borrowed from the input; NULL and 0 when bad. */
static inline const uint8_t *varint_next_bytes(struct varint_in *in, size_t *n_out)
{
    uint64_t n = varint_next(in);
    const uint8_t *bytes = in->at;

    if (in->is_bad || (uint64_t)(in->end - in->at) < n) {
        in->is_bad = true;
        in->at = in->end;
        *n_out = 0;
        return NULL;
    }
    in->at += n;
    *n_out = (size_t)n;
    return bytes;
}

#endif /* BASE_VARINT_H */
