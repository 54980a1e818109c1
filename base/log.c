/* log.c - see log.h. */
#include "base/log.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clk.h"
#include "base/json.h"

#define FIELDS_MAX 16
#define TEXT_MAX 2048         /* Bytes of one text; the rest is cut. */
#define LINE_MAX (256 * 1024) /* FIELDS_MAX texts fit, each byte escaped to six. */

/* Set at start, read by any thread. */
static _Atomic bool is_json = true;
static _Atomic int least_level = LOG_INFO;

/* Keeps lines whole when a write is cut short. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void log_init(enum log_format format, enum log_level least)
{
    bool json = format == LOG_JSON || (format == LOG_AUTO && isatty(STDERR_FILENO) == 0);

    atomic_store(&is_json, json);
    atomic_store(&least_level, (int)least);
}

static const char *level_name(enum log_level level)
{
    switch (level) {
    case LOG_DEBUG:
        return "debug";
    case LOG_INFO:
        return "info";
    case LOG_WARNING:
        return "warning";
    case LOG_ERROR:
        return "error";
    }
    return "error";
}

static size_t cut_length(const char *text)
{
    return strnlen(text, TEXT_MAX);
}

/* What a terminal would obey: C0, DEL, and C1, which is C2 80 to C2 9F. */
static bool is_control(const char *at, size_t n, unsigned *code)
{
    unsigned char c = (unsigned char)at[0];

    *code = c;
    if (c < 0x20 || c == 0x7f) {
        return true;
    }
    if (c == 0xc2 && n > 1 && (unsigned char)at[1] >= 0x80 &&
        (unsigned char)at[1] < 0xa0) {
        *code = (unsigned char)at[1];
        return true;
    }
    return false;
}

/* Right inside a JSON string and readable outside one. */
static void add_escaped(struct buf *out, const char *text, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        unsigned code;

        if (!is_control(text + i, n - i, &code)) {
            buf_add_char(out, text[i]);
            continue;
        }
        buf_printf(out, "\\u%04x", code);
        i += code >= 0x80 ? 1 : 0;
    }
}

static void make_json(struct buf *line, enum log_level level, const char *msg,
                      const struct log_field *fields, size_t n)
{
    struct json_out o;

    json_out_init(&o, line);
    json_open_object(&o);
    json_put_time(&o, "ts", clk_wall_ms());
    json_put(&o, "level", level_name(level));
    json_key(&o, "msg");
    json_text_n(&o, msg, cut_length(msg));
    for (size_t i = 0; i < n; i++) {
        json_key(&o, fields[i].name);
        if (fields[i].text != NULL) {
            json_text_n(&o, fields[i].text, cut_length(fields[i].text));
        } else {
            json_number(&o, fields[i].number);
        }
    }
    json_close_object(&o);
}

/* Bytes beyond ASCII are quoted too: json_put_text() sorts out what is not UTF-8. */
static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text >= 0x80) {
            return false;
        }
    }
    return true;
}

static void add_plain(struct buf *line, const char *text, bool is_bare)
{
    if (is_bare && is_ascii(text)) {
        buf_add(line, text, cut_length(text));
    } else {
        json_put_text(line, text, cut_length(text));
    }
}

static void make_plain(struct buf *line, enum log_level level, const char *msg,
                       const struct log_field *fields, size_t n)
{
    char now[CLK_TEXT_MAX];

    clk_to_text(clk_wall_ms(), now);
    buf_printf(line, "%s %-7s ", now, level_name(level));
    add_plain(line, msg, true);
    for (size_t i = 0; i < n; i++) {
        const char *text = fields[i].text;

        buf_printf(line, " %s=", fields[i].name);
        if (text == NULL) {
            buf_printf(line, "%" PRId64, fields[i].number);
        } else {
            add_plain(line, text, text[0] != '\0' && strpbrk(text, " \"=\\") == NULL);
        }
    }
}

/* One write(); more only after an interruption or a full pipe's short write. A
 * stderr that takes nothing is given up: there is no other place to say so. */
static void write_line(const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(STDERR_FILENO, bytes, n);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            return;
        }
        bytes += written;
        n -= (size_t)written;
    }
}

void log_line(enum log_level level, const char *msg, const struct log_field *fields,
              size_t n)
{
    struct buf made;
    struct buf line;
    int result;

    assert(n <= FIELDS_MAX);
    if ((int)level < atomic_load(&least_level)) {
        return;
    }
    buf_init(&made, LINE_MAX);
    buf_init(&line, LINE_MAX);
    if (atomic_load(&is_json)) {
        make_json(&made, level, msg, fields, n);
    } else {
        make_plain(&made, level, msg, fields, n);
    }
    add_escaped(&line, buf_text(&made), made.n);
    buf_add_char(&line, '\n');
    assert(!line.is_over);
    result = pthread_mutex_lock(&lock);
    assert(result == 0);
    write_line(buf_text(&line), line.n);
    result = pthread_mutex_unlock(&lock);
    assert(result == 0);
    buf_done(&line);
    buf_done(&made);
}
