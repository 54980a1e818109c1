/*
 * hash.h - hashes. The inline ones are pure and may be used by the core; their
 * values are on disk (jitter, request hashes) and never change.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* splitmix64's finalizer over two words. */
static inline uint64_t hash_mix(uint64_t a, uint64_t b)
{
    uint64_t z = a + b * 0x9e3779b97f4a7c15U;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

/* FNV-1a, finished with hash_mix. */
static inline uint64_t hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *at = bytes;
    uint64_t h = 0xcbf29ce484222325U;

    for (size_t i = 0; i < n; i++) {
        h = (h ^ at[i]) * 0x100000001b3U;
    }
    return hash_mix(h, n);
}

#define HASH_HEX 65 /* 32 bytes in hex and the NUL. */

/* BLAKE2b-256 of n bytes, in hex: content hashes, ETags, stored tokens. */
void hash_content(const void *bytes, size_t n, char out[static HASH_HEX]);

#endif /* BASE_HASH_H */
