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

#define PEM_MAX (1024 * 1024) /* Bytes; a system's whole bundle of CAs fits. */

struct secret {
    char *name;
    char *value;
};

struct secrets {
    struct secret *items;
    size_t n;
    struct secret *files; /* By path. */
    size_t n_files;
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

/* ---- PEM files ----------------------------------------------------------------------
 */

static void read_file(struct config *c, struct secrets *s, const char *path,
                      const char *pointer)
{
    struct err_info info = {.text = ""};
    struct buf text;

    if (path == NULL || secrets_file(s, path) != NULL) {
        return;
    }
    buf_init(&text, PEM_MAX);
    if (file_read(path, &text, &info) != ERR_OK) {
        config_problem(c, pointer, "%s", info.text);
    } else if (strstr(buf_text(&text), "-----BEGIN ") == NULL) {
        config_problem(c, pointer, "%s is no PEM file", path);
    }
    s->files[s->n_files++] =
        (struct secret){.name = mem_text(path), .value = mem_text(buf_text(&text))};
    if (text.bytes != NULL) {
        sodium_memzero(text.bytes, text.room);
    }
    buf_done(&text);
}

static void read_files(struct config *c, struct secrets *s)
{
    s->files = mem_alloc((c->services.n * 3 + 2) * sizeof(s->files[0]));
    read_file(c, s, c->tls.cert, "/tls/cert");
    read_file(c, s, c->tls.key, "/tls/key");
    for (size_t i = 0; i < c->services.n; i++) {
        const struct config_service *service = config_service_at(c, i);
        char path[POINTER_MAX] = "/services";

        (void)pointer_push(path, service->name, strlen(service->name));
        (void)pointer_push(path, "tls", 3);
        read_file(c, s, service->tls.ca, path);
        read_file(c, s, service->tls.cert, path);
        read_file(c, s, service->tls.key, path);
    }
}

/* ---- all of them --------------------------------------------------------------------
 */

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
    read_files(c, s);
    return s;
}

static void destroy_all(struct secret *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sodium_memzero(items[i].value, strlen(items[i].value));
        free(items[i].value);
        free(items[i].name);
    }
    free(items);
}

void secrets_destroy(struct secrets *s)
{
    if (s == NULL) {
        return;
    }
    destroy_all(s->items, s->n);
    destroy_all(s->files, s->n_files);
    free(s);
}

static const char *find(const struct secret *items, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(items[i].name, name) == 0) {
            return items[i].value;
        }
    }
    return NULL;
}

const char *secrets_value(const struct secrets *s, const char *name)
{
    return find(s->items, s->n, name);
}

const char *secrets_file(const struct secrets *s, const char *path)
{
    return path != NULL ? find(s->files, s->n_files, path) : NULL;
}
