/* audit_chain.c - see audit_chain.h. */
#include "programs/sagad/audit_chain.h"

#include <string.h>

#include "engine/store/store_audit.h"

enum { PAGE = 500 };

struct walk {
    struct audit_chain *found;
    uint64_t expected; /* The next entry's number; 0: the first one read tells. */
    uint64_t last;     /* The number of the last one read; 0: none. */
    size_t n_page;
};

static void note_bad(struct walk *w, uint64_t seq)
{
    w->found->n_bad++;
    w->found->first_bad = seq; /* They come with falling numbers. */
}

static bool check_entry(void *user, const struct store_audit *a)
{
    struct walk *w = user;
    char hash[HASH_HEX];

    store_audit_hash(a, hash);
    if (w->expected != 0 && a->seq != w->expected) {
        note_bad(w, a->seq + 1); /* The first that is missing. */
    }
    if (strcmp(hash, a->hash) != 0 || (a->previous == NULL) != (a->seq == 1)) {
        note_bad(w, a->seq);
    }
    w->found->n++;
    w->expected = a->seq - 1;
    w->last = a->seq;
    w->n_page++;
    return true;
}

enum err audit_chain_check(struct store_reader *r, const atomic_bool *is_unwanted,
                           struct audit_chain *out, struct err_info *info)
{
    struct walk w = {.found = out};
    struct store_audit_query q = {.most = PAGE};
    enum err e;

    *out = (struct audit_chain){.n = 0};
    do {
        if (is_unwanted != NULL && atomic_load(is_unwanted)) {
            return err_set(info, ERR_BUSY, "it was given up");
        }
        w.n_page = 0;
        e = store_scan_audit(r, &q, check_entry, &w, info);
        q.before_seq = w.last;
    } while (e == ERR_OK && w.n_page == PAGE && w.last > 1);
    if (e == ERR_OK && w.last > 1) {
        note_bad(&w, 1); /* Cut off at the beginning. */
    }
    return e;
}
