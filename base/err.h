/*
 * err.h - how a function says no.
 *
 * A function that can fail returns enum err and nothing else; results leave
 * through out parameters, which stay untouched on failure. Where a person will
 * read the failure (API reply, log line, console), the function also takes a
 * struct err_info and writes one sentence there.
 *
 * The codes are few on purpose: a code exists only if some caller branches on
 * it. Detail belongs in the sentence. Bugs are not errors: they assert.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#define ERR_MAP(X)                             \
    X(OK, "ok")                                \
    X(NOMEM, "out of memory")                  \
    X(INVALID, "invalid input")                \
    X(NOT_FOUND, "not found")                  \
    X(CONFLICT, "changed by someone else")     \
    X(BUSY, "busy, try again")                 \
    X(LIMIT, "a configured limit was reached") \
    X(IO, "input/output error")

enum err {
#define X(name, text) ERR_##name,
    ERR_MAP(X)
#undef X
};

#define ERR_TEXT_MAX 512

struct err_info {
    char text[ERR_TEXT_MAX]; /* One sentence, no full stop, no newline. */
};

/* Every result must be looked at; (void) it, with a reason, to ignore it. */
#define MUST_CHECK __attribute__((warn_unused_result))

/* Static text for a code. Never NULL. */
const char *err_name(enum err e);

/* Write one sentence to info (which may be NULL) and hand e back, so that a
 * failure is one line: return err_set(info, ERR_IO, "read %s: %s", ...); */
enum err err_set(struct err_info *info, enum err e, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif /* BASE_ERR_H */
