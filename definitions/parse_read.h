/*
 * parse_read.h - reading JSON into C structs by tables.
 *
 * Inside of the parse files only. A shape lists the members an object may have: name,
 * how it is read, where it goes. One walker reads every object of the language, so
 * unknown members, missing ones and wrong types are said in one place and in one way.
 *
 * A reader gets the value's place, its own table or bounds (`how`) and where to put
 * what it read. It reports what is wrong and leaves `into` as it was: reading goes on.
 */
#ifndef DEFINITIONS_PARSE_READ_H
#define DEFINITIONS_PARSE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "definitions/draft.h"
#include "definitions/report.h"

struct parse {
    struct report *report;
    struct arena *keep;    /* The definition's. */
    struct arena *scratch; /* The draft's. */
    size_t n_steps;
    unsigned depth; /* Of steps around the one being read. */
};

struct member {
    const char *name;
    void (*read)(struct parse *p, const struct place *at, const void *how, void *into);
    const void *how;
    size_t offset;
    bool is_required;
};

struct shape {
    const char *what; /* "a call": for sentences. */
    const struct member *members;
    size_t n;
};

#define SHAPE(what, members)                                  \
    {                                                         \
        what, members, sizeof(members) / sizeof((members)[0]) \
    }

/* Read an object; members that start with // are comments. False: it is no object. */
bool parse_object(struct parse *p, const struct place *at, const struct shape *shape,
                  void *into);

/* True if the value is of that kind; else reports wrong-type: "… must be <a string>". */
bool parse_is_kind(struct parse *p, const struct place *at, enum json_kind kind);

/* The string's characters, NUL-ended, in the arena; NULL and reported if it is none. */
const char *parse_string(struct parse *p, const struct place *at, struct arena *a,
                         size_t *n_out);

/* Compile "${ … }" or a text with some; NULL and reported when it does not. */
const struct expr *parse_expression_text(struct parse *p, const struct place *at,
                                         const char *text, size_t n);
const struct template *parse_url_text(struct parse *p, const struct place *at,
                                      const char *text, size_t n);

/* ---- readers: (how) -> into ----------------------------------------------- */

void parse_shape(struct parse *p, const struct place *at, const void *how,
                 void *into); /* struct shape -> that struct */
void parse_text(struct parse *p, const struct place *at, const void *how,
                void *into); /* - -> const char * */
void parse_anything(struct parse *p, const struct place *at, const void *how,
                    void *into); /* - -> nothing */
void parse_name(struct parse *p, const struct place *at, const void *how,
                void *into); /* struct parse_names -> const char * */
void parse_flag(struct parse *p, const struct place *at, const void *how,
                void *into); /* - -> bool */
void parse_whole(struct parse *p, const struct place *at, const void *how,
                 void *into); /* struct parse_range -> uint32_t */
void parse_permille(struct parse *p, const struct place *at, const void *how,
                    void *into); /* struct parse_range of thousandths -> uint64_t */
void parse_duration(struct parse *p, const struct place *at, const void *how,
                    void *into); /* struct parse_range of ms -> uint64_t */
void parse_word(struct parse *p, const struct place *at, const void *how,
                void *into); /* struct parse_words -> unsigned, from 1 */
void parse_expression(struct parse *p, const struct place *at, const void *how,
                      void *into); /* - -> const struct expr * */
void parse_template(struct parse *p, const struct place *at, const void *how,
                    void *into); /* - -> const struct template * (a text) */
void parse_url(struct parse *p, const struct place *at, const void *how,
               void *into); /* - -> const struct template * (a URL) */
void parse_json(struct parse *p, const struct place *at, const void *how,
                void *into); /* - -> const struct template * (a JSON tree) */
void parse_object_span(struct parse *p, const struct place *at, const void *how,
                       void *into); /* - -> struct json_span of an object */
void parse_span(struct parse *p, const struct place *at, const void *how,
                void *into); /* - -> struct json_span */

struct parse_range {
    uint64_t least;
    uint64_t most;
};

struct parse_names {
    bool has_capitals;
    const char *marks; /* Allowed besides letters and digits. */
    const char *says;  /* The pattern, for the sentence. */
};

struct parse_words {
    const char *const *words; /* NULL-ended. */
};

/* Milliseconds of a duration's text; false: it is none, or beyond uint64. */
bool parse_duration_text(const char *text, uint64_t *ms);

/* ---- the parts of the language --------------------------------------------- */

/* "METHOD url" or an object -> struct draft_call *, made here. how: unused. */
void parse_call(struct parse *p, const struct place *at, const void *how, void *into);
void parse_confirm(struct parse *p, const struct place *at, const void *how, void *into);
/* A call or null -> struct draft_undo. */
void parse_undo(struct parse *p, const struct place *at, const void *how, void *into);
/* timeout, retry, headers, statuses -> struct draft_call (embedded). */
void parse_defaults(struct parse *p, const struct place *at, const void *how, void *into);
/* An array of steps; how: struct parse_range of its length -> struct draft_steps. */
void parse_steps(struct parse *p, const struct place *at, const void *how, void *into);

/* What is not a value but nothing said. */
void parse_call_init(struct draft_call *call, const struct place *at);

extern const struct parse_names parse_id_names;
extern const struct parse_range parse_time_range; /* Anything a saga may wait for. */
extern const struct parse_range parse_call_range; /* What a call's uint32 holds. */

#endif /* DEFINITIONS_PARSE_READ_H */
