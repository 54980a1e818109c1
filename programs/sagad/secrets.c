/* secrets.c - see secrets.h. */
#include "programs/sagad/secrets.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"
#include "definitions/pointer.h"

#define SECRET_MAX 16384 /* Bytes; a long JSON web token fits. */

struct secret {
    char *name;
    char *value;
};

struct secrets {
    struct secret *items;
    size_t n;
};

static enum err read_value(const struct config_secret *s, struct buf *out,
                           struct err_info *info)
{
    const char *value;

    if (s->file != NULL) {
        return file_read(s->file, out, info);
    }
    value = getenv(s->env);
    if (value == NULL) {
        return err_set(info, ERR_NOT_FOUND, "the environment has no %s", s->env);
    }
    buf_add_text(out, value);
    return out->is_over ? err_set(info, ERR_LIMIT, "longer than %d bytes", SECRET_MAX)
                        : ERR_OK;
}

/* A value goes into a header line: what would break one is refused here. */
static enum err check_value(struct buf *value, struct err_info *info)
{
    if (value->n > 0 && value->bytes[value->n - 1] == '\n') {
        value->bytes[--value->n] = '\0';
    }
    if (value->n > 0 && value->bytes[value->n - 1] == '\r') {
        value->bytes[--value->n] = '\0';
    }
    if (value->n == 0) {
        return err_set(info, ERR_INVALID, "it is empty");
    }
    for (size_t i = 0; i < value->n; i++) {
        unsigned char c = (unsigned char)value->bytes[i];

        if (c < 0x20 || c == 0x7f) {
            return err_set(info, ERR_INVALID, "it has control characters");
        }
    }
    return ERR_OK;
}

static void read_one(struct config *c, const struct config_secret *s, struct secret *out)
{
    char path[POINTER_MAX] = "/secrets";
    struct err_info info = {.text = ""};
    struct buf value;
    enum err e;

    (void)pointer_push(path, s->name, strlen(s->name));
    buf_init(&value, SECRET_MAX);
    e = read_value(s, &value, &info);
    if (e == ERR_OK) {
        e = check_value(&value, &info);
    }
    if (e != ERR_OK) {
        config_problem(c, path, "the secret '%s': %s", s->name, info.text);
    }
    out->name = mem_text(s->name);
    out->value = mem_text(e == ERR_OK ? buf_text(&value) : "");
    if (value.bytes != NULL) {
        sodium_memzero(value.bytes, value.room);
    }
    buf_done(&value);
}

struct secrets *secrets_read(struct config *c)
{
    struct secrets *s = mem_alloc(sizeof(*s));

    s->items = mem_alloc((c->secrets.n + 1) * sizeof(s->items[0]));
    for (size_t i = 0; i < c->secrets.n; i++) {
        const struct config_secret *secret = config_secret_at(c, i);

        if ((secret->file == NULL) != (secret->env == NULL)) {
            read_one(c, secret, &s->items[s->n]);
            s->n++;
        }
    }
    return s;
}

void secrets_destroy(struct secrets *s)
{
    if (s == NULL) {
        return;
    }
    for (size_t i = 0; i < s->n; i++) {
        sodium_memzero(s->items[i].value, strlen(s->items[i].value));
        free(s->items[i].value);
        free(s->items[i].name);
    }
    free(s->items);
    free(s);
}

const char *secrets_value(const struct secrets *s, const char *name)
{
    for (size_t i = 0; i < s->n; i++) {
        if (strcmp(s->items[i].name, name) == 0) {
            return s->items[i].value;
        }
    }
    return NULL;
}
