/* audit.c - `sagactl audit` and `sagactl audit verify`. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/filters.h"
#include "programs/sagactl/pages.h"

#define PATH_MAX_BYTES 65536
#define CURSOR_MAX 1024
#define ARENA_CHUNK 4096
#define FAULTS_SHOWN 20
#define KNOWN_MAX ARGS_MAX

static const struct output_column columns[] = {
    {"TIME", "time", false},     {"ACTOR", "actor", false},
    {"ACTION", "action", false}, {"SUBJECT", "subject", false},
    {"REASON", "reason", false}, {"SEQ", "seq", true},
    {"TURN", "turn", true},      {"REQUEST", "requestId", true},
    {"HASH", "hash", true},
};

int audit_list(struct ctl *ctl)
{
    struct pages pages = {.columns = columns,
                          .n_columns = sizeof(columns) / sizeof(columns[0]),
                          .name = "seq"};
    enum exit_code code;
    struct buf path;

    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/audit");
    filters_put(&path, "actor", ctl_value(ctl, "actor"));
    filters_put(&path, "action", ctl_value(ctl, "action"));
    filters_put(&path, "subject", ctl_value(ctl, "subject"));
    pages.path = buf_text(&path);
    code = pages_print(ctl, &pages);
    buf_done(&path);
    return (int)code;
}

/* ---- the chain, newest entry first (docs/manual/audit.md) ------------------------- */

struct known { /* What --known says must be there. */
    uint64_t seq;
    const char *hash;
    bool is_seen;
};

struct chain {
    uint64_t n;
    uint64_t n_faults;
    uint64_t newest; /* seq */
    char newest_hash[HASH_HEX];
    uint64_t next;         /* seq that comes next going back; 0: none yet. */
    char wanted[HASH_HEX]; /* The hash that the newer entry names; "" none. */
    struct known known[KNOWN_MAX];
    size_t n_known;
};

static void put_fault(struct chain *c, uint64_t seq, const char *what)
{
    c->n_faults++;
    if (c->n_faults <= FAULTS_SHOWN) {
        printf("entry %" PRIu64 ": %s\n", seq, what);
    }
}

/* The text of a member as it is hashed; NULL: it is null or not there. */
static const char *text_of(const json_t *entry, const char *name, struct arena *a)
{
    const json_t *value = json_object_get(entry, name);

    if (json_is_integer(value)) {
        return arena_printf(a, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    }
    return json_string_value(value);
}

static void hash_of(const json_t *entry, char out[static HASH_HEX])
{
    static const char *const members[] = {"previous", "seq",    "time",
                                          "actor",    "action", "subject",
                                          "turn",     "reason", "requestId"};
    enum { N_MEMBERS = sizeof(members) / sizeof(members[0]) };
    struct arena *a = arena_create(ARENA_CHUNK);
    const char *texts[N_MEMBERS + 1] = {"sagad-audit-1"};

    for (size_t i = 0; i < N_MEMBERS; i++) {
        texts[i + 1] = text_of(entry, members[i], a);
    }
    hash_texts(texts, N_MEMBERS + 1, out);
    arena_destroy(a);
}

static void check_known(struct chain *c, uint64_t seq, const char *hash)
{
    for (size_t i = 0; i < c->n_known; i++) {
        if (c->known[i].seq == seq) {
            c->known[i].is_seen = true;
            if (strcmp(c->known[i].hash, hash) != 0) {
                put_fault(c, seq, "it has another hash than the one that was known");
            }
        }
    }
}

static void check_entry(struct chain *c, const json_t *entry)
{
    const uint64_t seq = (uint64_t)json_integer_value(json_object_get(entry, "seq"));
    const char *hash = json_string_value(json_object_get(entry, "hash"));
    const char *previous = json_string_value(json_object_get(entry, "previous"));
    char own[HASH_HEX];

    hash = hash != NULL ? hash : "";
    hash_of(entry, own);
    if (strcmp(own, hash) != 0) {
        put_fault(c, seq, "its hash is not that of what it says: it was changed");
    }
    if (c->n == 0) {
        c->newest = seq;
        (void)snprintf(c->newest_hash, sizeof(c->newest_hash), "%s", hash);
    } else if (seq != c->next) {
        put_fault(c, seq,
                  "the numbers have a gap in front of it: one was left out or put in");
    } else if (strcmp(c->wanted, hash) != 0) {
        put_fault(c, seq, "the entry behind it names another hash");
    }
    check_known(c, seq, hash);
    c->n++;
    c->next = seq - 1;
    (void)snprintf(c->wanted, sizeof(c->wanted), "%s", previous != NULL ? previous : "");
}

static enum exit_code check_page(const struct ctl *ctl, struct chain *c,
                                 char cursor[static CURSOR_MAX])
{
    struct client_answer a;
    json_t *page = NULL;
    const json_t *entry;
    const char *next = NULL;
    enum exit_code code;
    struct buf path;
    size_t i;

    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/audit?limit=500");
    filters_put(&path, "cursor", cursor[0] != '\0' ? cursor : NULL);
    client_answer_init(&a);
    code = ask_get(ctl, buf_text(&path), &a);
    if (code == EXIT_OK) {
        code = ask_tree(&a, &page);
    }
    json_array_foreach(json_object_get(page, "items"), i, entry)
    {
        check_entry(c, entry);
    }
    next = json_string_value(json_object_get(page, "next"));
    (void)snprintf(cursor, CURSOR_MAX, "%s", next != NULL ? next : "");
    json_decref(page);
    client_answer_done(&a);
    buf_done(&path);
    return code;
}

static enum exit_code read_known(const struct ctl *ctl, struct chain *c)
{
    const char *given[KNOWN_MAX];

    c->n_known = args_values(&ctl->args, "known", given, KNOWN_MAX);
    for (size_t i = 0; i < c->n_known; i++) {
        const char *equals = strchr(given[i], '=');
        char seq[32];

        (void)snprintf(seq, sizeof(seq), "%.*s",
                       (int)(equals != NULL ? equals - given[i] : 0), given[i]);
        if (equals == NULL || !units_read_count(seq, &c->known[i].seq)) {
            ctl_say("--known %s is not SEQ=HASH", given[i]);
            return EXIT_USAGE;
        }
        c->known[i].hash = equals + 1;
    }
    return EXIT_OK;
}

static enum exit_code conclude(struct chain *c)
{
    if (c->n > 0 && c->next != 0) {
        put_fault(c, c->next, "the entries up to this one are not there");
    }
    for (size_t i = 0; i < c->n_known; i++) {
        if (!c->known[i].is_seen) {
            put_fault(c, c->known[i].seq, "it was known, and is not there");
        }
    }
    if (c->n_faults > FAULTS_SHOWN) {
        printf("and %" PRIu64 " more\n", c->n_faults - FAULTS_SHOWN);
    }
    if (c->n_faults > 0) {
        ctl_say("the audit is not as it was written: %" PRIu64 " faults in %" PRIu64
                " entries",
                c->n_faults, c->n);
        return EXIT_FAILED;
    }
    if (c->n == 0) {
        printf("the audit is empty\n");
        return EXIT_OK;
    }
    printf("%" PRIu64 " entries, the chain is whole; newest: %" PRIu64 "=%s\n", c->n,
           c->newest, c->newest_hash);
    return EXIT_OK;
}

static enum exit_code verify(const struct ctl *ctl, struct chain *c)
{
    char cursor[CURSOR_MAX] = "";
    enum exit_code code = read_known(ctl, c);

    if (code != EXIT_OK) {
        return code;
    }
    do {
        code = check_page(ctl, c, cursor);
    } while (code == EXIT_OK && cursor[0] != '\0');
    return code == EXIT_OK ? conclude(c) : code;
}

int audit_verify(struct ctl *ctl)
{
    struct chain chain = {.n = 0};

    return (int)verify(ctl, &chain);
}
