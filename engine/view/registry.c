/* registry.c - see registry.h. Two small hash tables: numbers never forgotten, names
 * forgotten whenever the stamp has moved. */
#include "engine/view/registry.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/mem.h"

#define BUCKETS 256 /* Numbers are dense, so entries spread evenly. */
#define SCRATCH_BYTES 4096

struct entry {
    struct entry *next;
    struct registry_entry pub;
    struct definition *definition; /* Owned. */
    char *hash;                    /* Owned. */
};

struct name {
    struct name *next;
    struct registry_name pub;
    char text[]; /* NUL-ended. */
};

struct registry {
    struct store_reader *reader;
    const atomic_uint_fast64_t *stamp;
    uint_fast64_t seen;    /* The stamp when `names` began to be filled. */
    struct arena *scratch; /* Rows, until they are taken over. */
    struct entry *entries[BUCKETS];
    struct name *names[BUCKETS];
};

struct registry *registry_create(struct store_reader *reader,
                                 const atomic_uint_fast64_t *stamp)
{
    struct registry *r = mem_alloc(sizeof(*r));

    r->reader = reader;
    r->stamp = stamp;
    r->seen = atomic_load(stamp);
    r->scratch = arena_create(SCRATCH_BYTES);
    return r;
}

static void forget_names(struct registry *r)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        while (r->names[i] != NULL) {
            struct name *gone = r->names[i];

            r->names[i] = gone->next;
            free(gone);
        }
    }
}

void registry_destroy(struct registry *r)
{
    if (r == NULL) {
        return;
    }
    forget_names(r);
    for (size_t i = 0; i < BUCKETS; i++) {
        while (r->entries[i] != NULL) {
            struct entry *gone = r->entries[i];

            r->entries[i] = gone->next;
            definition_destroy(gone->definition);
            free(gone->hash);
            free(gone);
        }
    }
    arena_destroy(r->scratch);
    free(r);
}

/* ---- by number ------------------------------------------------------------------------
 */

static const struct registry_entry *find_entry(const struct registry *r, uint64_t num)
{
    for (const struct entry *e = r->entries[num % BUCKETS]; e != NULL; e = e->next) {
        if (e->pub.num == num) {
            return &e->pub;
        }
    }
    return NULL;
}

/* Few are known at a time, and every one of them is met sooner than a row is read. */
static const struct registry_entry *find_version(const struct registry *r,
                                                 const char *name, uint32_t version)
{
    for (size_t i = 0; i < BUCKETS; i++) {
        for (const struct entry *e = r->entries[i]; e != NULL; e = e->next) {
            if (e->pub.version == version && strcmp(e->pub.definition->name, name) == 0) {
                return &e->pub;
            }
        }
    }
    return NULL;
}

static const char *first_error(const struct check_report *report)
{
    for (size_t i = 0; i < report->n && i < CHECK_ISSUES_MAX; i++) {
        if (report->issues[i].is_error) {
            return report->issues[i].detail;
        }
    }
    return "the checker refuses it";
}

/* It was accepted when it was stored: only its own text is looked at, not the services,
 * variables and children of today, nor what may be stored today. */
static enum err compile(const struct store_definition *row, struct definition **out,
                        struct err_info *info)
{
    const struct check_world nothing_known = {.is_dry_run = true};
    struct check_report *report = mem_alloc(sizeof(*report));
    enum err e = definition_compile(row->content, strlen(row->content), &nothing_known,
                                    report, out);

    if (e != ERR_OK) {
        e = err_set(info, e, "version %u of definition '%s' no longer compiles: %s",
                    row->version, row->name, first_error(report));
    }
    free(report);
    return e;
}

/* S33: which version a child without one is was settled when the row was stored. */
static void pin_children(struct definition *definition, const char *children)
{
    struct json_walk walk = json_walk_of(
        children != NULL ? json_span_of(children, strlen(children)) : JSON_SPAN_NONE);
    struct json_span name;
    struct json_span version;
    int64_t number;

    while (json_walk_next(&walk, &name, &version)) {
        if (json_span_int(version, &number) && number > 0 && number <= UINT32_MAX) {
            definition_pin_child(definition, name, (uint32_t)number);
        }
    }
}

/* Compile a row that is not known yet. */
static enum err add_entry(struct registry *r, const struct store_definition *row,
                          const struct registry_entry **out, struct err_info *info)
{
    struct definition *definition;
    struct entry *new;
    enum err e = compile(row, &definition, info);

    if (e != ERR_OK) {
        return e;
    }
    pin_children(definition, row->children);
    new = mem_alloc(sizeof(*new));
    new->definition = definition;
    new->hash = mem_text(row->hash);
    new->pub = (struct registry_entry){.num = row->num,
                                       .version = row->version,
                                       .definition = definition,
                                       .hash = new->hash,
                                       .created_ms = row->created_ms};
    new->next = r->entries[row->num % BUCKETS];
    r->entries[row->num % BUCKETS] = new;
    *out = &new->pub;
    return ERR_OK;
}

static enum err entry_of_row(struct registry *r, const struct store_definition *row,
                             const struct registry_entry **out, struct err_info *info)
{
    const struct registry_entry *known = find_entry(r, row->num);

    if (known != NULL) {
        *out = known;
        return ERR_OK;
    }
    return add_entry(r, row, out, info);
}

enum err registry_find(struct registry *r, uint64_t num,
                       const struct registry_entry **out, struct err_info *info)
{
    const struct registry_entry *known = find_entry(r, num);
    struct store_definition row;
    enum err e;

    if (known != NULL) {
        *out = known;
        return ERR_OK;
    }
    e = store_find_definition_num(r->reader, num, r->scratch, &row, info);
    if (e == ERR_OK) {
        e = add_entry(r, &row, out, info);
    }
    arena_reset(r->scratch);
    return e;
}

enum err registry_find_version(struct registry *r, const char *name, uint32_t version,
                               const struct registry_entry **out, struct err_info *info)
{
    const struct registry_entry *known = find_version(r, name, version);
    struct store_definition row;
    enum err e;

    assert(version > 0); /* 0 asks for the current one: registry_find_name(). */
    if (known != NULL) {
        *out = known;
        return ERR_OK;
    }
    e = store_find_definition(r->reader, name, version, r->scratch, &row, info);
    if (e == ERR_OK) {
        e = entry_of_row(r, &row, out, info);
    }
    arena_reset(r->scratch);
    return e;
}

/* ---- by name --------------------------------------------------------------------------
 */

static struct name **bucket_of(struct registry *r, const char *name)
{
    return &r->names[hash_bytes(name, strlen(name)) % BUCKETS];
}

static enum err read_name(struct registry *r, const char *name, struct registry_name *out,
                          struct err_info *info)
{
    struct store_definition row;
    enum err e = store_find_definition(r->reader, name, 0, r->scratch, &row, info);

    if (e != ERR_OK) {
        return e;
    }
    e = entry_of_row(r, &row, &out->current, info);
    out->is_paused = row.is_paused;
    out->is_archived = row.is_archived;
    return e;
}

static void keep_name(struct name **bucket, const char *name,
                      const struct registry_name *found)
{
    const size_t n = strlen(name);
    struct name *kept = mem_alloc(sizeof(*kept) + n + 1);

    memcpy(kept->text, name, n + 1);
    kept->pub = *found;
    kept->next = *bucket;
    *bucket = kept;
}

enum err registry_find_name(struct registry *r, const char *name,
                            struct registry_name *out, struct err_info *info)
{
    /* Before reading: a change that is committed meanwhile moves the stamp again. */
    const uint_fast64_t stamp = atomic_load(r->stamp);
    struct name **bucket = bucket_of(r, name);
    struct registry_name found;
    enum err e;

    if (stamp != r->seen) {
        forget_names(r);
        r->seen = stamp;
    }
    for (const struct name *kept = *bucket; kept != NULL; kept = kept->next) {
        if (strcmp(kept->text, name) == 0) {
            *out = kept->pub;
            return ERR_OK;
        }
    }
    e = read_name(r, name, &found, info);
    arena_reset(r->scratch);
    if (e == ERR_OK) {
        keep_name(bucket, name, &found);
        *out = found;
    }
    return e;
}
