/*
 * log.h - one line per thing worth saying, to stderr.
 *
 * JSON lines when stderr is not a terminal, text when it is (or as told). A line
 * is a time, a level, a sentence and fields. Never bodies, never secrets.
 * Control characters are escaped. Any thread; one mutex, one write() a line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };
enum log_format { LOG_AUTO, LOG_JSON, LOG_PLAIN };

struct log_field {
    const char *name;
    const char *text; /* NULL: the number counts. */
    int64_t number;
};

#define LOG_TEXT(name, value) \
    ((struct log_field){(name), (value) != NULL ? (value) : "", 0})
#define LOG_NUMBER(name, value) ((struct log_field){(name), NULL, (int64_t)(value)})

void log_init(enum log_format format, enum log_level least);
void log_line(enum log_level level, const char *msg, const struct log_field *fields,
              size_t n);

/* log_say(LOG_INFO, "saga started", LOG_TEXT("sagaId", id)); */
#define log_say(level, msg, ...)                                      \
    log_line((level), (msg), (const struct log_field[]){__VA_ARGS__}, \
             sizeof((const struct log_field[]){__VA_ARGS__}) / sizeof(struct log_field))
#define log_plain(level, msg) log_line((level), (msg), NULL, 0)

#endif /* BASE_LOG_H */
