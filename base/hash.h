/*
 * hash.h - hashes. The inline ones are pure and may be used by the core; their
 * values are on disk (jitter, request hashes) and never change.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
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

/* BLAKE2b-256, in hex, of n texts, each as its length in bytes, ':', itself, ',' (a
 * netstring); NULL is "-,". So no two lists of texts are hashed alike. */
void hash_texts(const char *const *texts, size_t n, char out[static HASH_HEX]);

#define HASH_KEY_BYTES 32
#define HASH_MAC_HEX 33 /* 16 bytes in hex and the NUL. */

/* Keyed BLAKE2b-128, in hex: proof that the bytes were made by whoever has the key. */
void hash_keyed(const unsigned char key[static HASH_KEY_BYTES], const void *bytes,
                size_t n, char out[static HASH_MAC_HEX]);

/* Equal? Takes the same time wherever they differ. */
bool hash_is_same(const void *a, const void *b, size_t n);

/* A fresh random key, in hex (64 digits and a NUL), and reading it back; false: no key.
 */
void hash_make_key(char out[static HASH_HEX]);
bool hash_read_key(const char *hex, unsigned char out[static HASH_KEY_BYTES]);

#endif /* BASE_HASH_H */
