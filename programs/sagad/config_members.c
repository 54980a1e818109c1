/* config_members.c - see config_members.h. */
#include "programs/sagad/config_members.h"

#include <string.h>

#include "base/units.h"
#include "definitions/pointer.h"

#define ROWS(table)                                 \
    {                                               \
        (table), sizeof(table) / sizeof((table)[0]) \
    }

/* .kind and .offset of a field, so that a row reads as one line. */
#define TEXT_AT(type, field) .kind = CONFIG_TEXT, .offset = offsetof(struct type, field)
#define TEXTS_AT(type, field) .kind = CONFIG_TEXTS, .offset = offsetof(struct type, field)
#define SIZE_AT(type, field) .kind = CONFIG_SIZE, .offset = offsetof(struct type, field)
#define TIME_AT(type, field) \
    .kind = CONFIG_DURATION, .offset = offsetof(struct type, field)
#define COUNT_AT(type, field) .kind = CONFIG_COUNT, .offset = offsetof(struct type, field)

static const struct config_member limits_rows[] = {
    {.name = "maxBody", SIZE_AT(config, limits.body_max), .preset = "1MiB"},
    {.name = "maxCallsInFlight", COUNT_AT(config, limits.calls_max), .preset = "1000"},
    {.name = "maxActiveSagas", COUNT_AT(config, limits.active_max), .preset = "200000"},
};
static const struct config_members limits = ROWS(limits_rows);

static const struct config_member header_rows[] = {
    {.name = "value", TEXT_AT(config_header, value)},
    {.name = "secret", TEXT_AT(config_header, secret)},
};
static const struct config_members header = ROWS(header_rows);

static const struct config_member bearer_rows[] = {
    {.name = "secret", TEXT_AT(config_service, bearer_secret)},
};
static const struct config_members bearer = ROWS(bearer_rows);

static const struct config_member auth_rows[] = {
    {.name = "bearer", .kind = CONFIG_OBJECT, .inner = &bearer},
};
static const struct config_members auth = ROWS(auth_rows);

static const struct config_member breaker_rows[] = {
    {.name = "failures", COUNT_AT(config_service, breaker_failures)},
    {.name = "window", TIME_AT(config_service, breaker_window_ms), .preset = "30s"},
    {.name = "openFor", TIME_AT(config_service, breaker_open_ms), .preset = "15s"},
};
static const struct config_members breaker = ROWS(breaker_rows);

static const struct config_member service_tls_rows[] = {
    {.name = "ca", TEXT_AT(config_service, tls.ca)},
    {.name = "cert", TEXT_AT(config_service, tls.cert)},
    {.name = "key", TEXT_AT(config_service, tls.key)},
};
static const struct config_members service_tls = ROWS(service_tls_rows);

static const struct config_member service_rows[] = {
    {.name = "url", TEXT_AT(config_service, url)},
    {.name = "headers",
     .kind = CONFIG_NAMED,
     .offset = offsetof(struct config_service, headers),
     .inner = &header,
     .entry_bytes = sizeof(struct config_header),
     .plain = "value"},
    {.name = "auth", .kind = CONFIG_OBJECT, .inner = &auth},
    {.name = "maxConcurrent", COUNT_AT(config_service, concurrent_max), .preset = "100"},
    {.name = "rate",
     .kind = CONFIG_RATE,
     .offset = offsetof(struct config_service, rate_per_s)},
    {.name = "keysKept", TIME_AT(config_service, keys_kept_ms)},
    {.name = "breaker", .kind = CONFIG_OBJECT, .inner = &breaker},
    {.name = "tls", .kind = CONFIG_OBJECT, .inner = &service_tls},
};
static const struct config_members service = ROWS(service_rows);

static const struct config_member secret_rows[] = {
    {.name = "file", TEXT_AT(config_secret, file)},
    {.name = "env", TEXT_AT(config_secret, env)},
};
static const struct config_members secret = ROWS(secret_rows);

static const struct config_member egress_rows[] = {
    {.name = "allow", TEXTS_AT(config, egress_allow)},
};
static const struct config_members egress = ROWS(egress_rows);

static const struct config_member token_rows[] = {
    {.name = "name", TEXT_AT(config_token, name)},
    {.name = "hash", TEXT_AT(config_token, hash), .is_secret = true},
    {.name = "roles", TEXTS_AT(config_token, roles)},
    {.name = "definitions", TEXTS_AT(config_token, definitions)},
    {.name = "expires", TEXT_AT(config_token, expires)},
    {.name = "rate",
     .kind = CONFIG_RATE,
     .offset = offsetof(struct config_token, rate_per_s)},
};
static const struct config_members token = ROWS(token_rows);

static const struct config_member tls_rows[] = {
    {.name = "cert", TEXT_AT(config, tls.cert)},
    {.name = "key", TEXT_AT(config, tls.key)},
};
static const struct config_members tls = ROWS(tls_rows);

/* In the order of enum log_format and enum log_level. */
static const char *const formats[] = {"auto", "json", "text", NULL};
static const char *const levels[] = {"debug", "info", "warning", "error", NULL};

static const struct config_member log_rows[] = {
    {.name = "format",
     .kind = CONFIG_WORD,
     .offset = offsetof(struct config, log_format),
     .preset = "auto",
     .words = formats},
    {.name = "level",
     .kind = CONFIG_WORD,
     .offset = offsetof(struct config, log_level),
     .preset = "info",
     .words = levels},
};
static const struct config_members logs = ROWS(log_rows);

static const struct config_member telemetry_rows[] = {
    {.name = "otlp", TEXT_AT(config, telemetry.otlp)},
};
static const struct config_members telemetry = ROWS(telemetry_rows);

static const struct config_member retention_rows[] = {
    {.name = "completed", TIME_AT(config, retention.completed_ms)},
    {.name = "compensated", TIME_AT(config, retention.compensated_ms)},
    {.name = "resolved", TIME_AT(config, retention.resolved_ms)},
    {.name = "idempotency", TIME_AT(config, retention.idempotency_ms)},
};
static const struct config_members retention = ROWS(retention_rows);

static const struct config_member all_rows[] = {
    {.name = "listen", TEXTS_AT(config, listen), .preset = "127.0.0.1:8080"},
    {.name = "store", TEXT_AT(config, store), .preset = "sqlite:sagad.db"},
    {.name = "limits", .kind = CONFIG_OBJECT, .inner = &limits},
    {.name = "services",
     .kind = CONFIG_NAMED,
     .offset = offsetof(struct config, services),
     .inner = &service,
     .entry_bytes = sizeof(struct config_service)},
    {.name = "secrets",
     .kind = CONFIG_NAMED,
     .offset = offsetof(struct config, secrets),
     .inner = &secret,
     .entry_bytes = sizeof(struct config_secret)},
    {.name = "egress", .kind = CONFIG_OBJECT, .inner = &egress},
    {.name = "tokens",
     .kind = CONFIG_LIST,
     .offset = offsetof(struct config, tokens),
     .inner = &token,
     .entry_bytes = sizeof(struct config_token)},
    {.name = "vars", .kind = CONFIG_JSON, .offset = offsetof(struct config, vars)},
    {.name = "publicUrl", TEXT_AT(config, public_url)},
    {.name = "drainTimeout", TIME_AT(config, drain_ms), .preset = "30s"},
    {.name = "tls", .kind = CONFIG_OBJECT, .inner = &tls},
    {.name = "log", .kind = CONFIG_OBJECT, .inner = &logs},
    {.name = "retention", .kind = CONFIG_OBJECT, .inner = &retention},
    {.name = "telemetry", .kind = CONFIG_OBJECT, .inner = &telemetry},
};
const struct config_members config_members_all = ROWS(all_rows);

const struct config_member *config_member_of(const struct config_members *m,
                                             const char *name, size_t n)
{
    for (size_t i = 0; i < m->n; i++) {
        if (strlen(m->rows[i].name) == n && memcmp(m->rows[i].name, name, n) == 0) {
            return &m->rows[i];
        }
    }
    return NULL;
}

static bool set_word(const struct config_member *row, const char *text, uint64_t *out)
{
    for (size_t i = 0; row->words[i] != NULL; i++) {
        if (strcmp(row->words[i], text) == 0) {
            *out = i;
            return true;
        }
    }
    return false;
}

bool config_set(const struct config_member *row, void *target, const char *text)
{
    void *field = (char *)target + row->offset;

    switch (row->kind) {
    case CONFIG_TEXT:
        *(const char **)field = text;
        return true;
    case CONFIG_SIZE:
        return units_read_size(text, field);
    case CONFIG_DURATION:
        return units_read_duration(text, field);
    case CONFIG_RATE:
        return units_read_rate(text, field);
    case CONFIG_COUNT:
        return units_read_count(text, field);
    case CONFIG_WORD:
        return set_word(row, text, field);
    case CONFIG_TEXTS:
    case CONFIG_JSON:
    case CONFIG_OBJECT:
    case CONFIG_NAMED:
    case CONFIG_LIST:
        return false;
    }
    return false;
}

const char *config_wanted(const struct config_member *row)
{
    switch (row->kind) {
    case CONFIG_TEXT:
        return "a text";
    case CONFIG_TEXTS:
        return "a list of texts";
    case CONFIG_SIZE:
        return "a size like \"1MiB\"";
    case CONFIG_DURATION:
        return "an amount of time like \"30s\"";
    case CONFIG_RATE:
        return "a rate like \"200/s\"";
    case CONFIG_COUNT:
        return "a whole number";
    case CONFIG_WORD:
        return row->words == formats ? "one of auto, json, text"
                                     : "one of debug, info, warning, error";
    case CONFIG_LIST:
        return "a list of objects";
    case CONFIG_JSON:
    case CONFIG_OBJECT:
    case CONFIG_NAMED:
        return "an object";
    }
    return "something else";
}

struct leaves {
    void (*each)(void *user, const struct config_member *row, const char *pointer);
    void *user;
    char pointer[POINTER_MAX];
};

/* Calls itself for objects; the tables are two deep. */
static void each_leaf(struct leaves *l, const struct config_members *m)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct config_member *row = &m->rows[i];
        size_t before = pointer_push(l->pointer, row->name, strlen(row->name));

        if (row->kind == CONFIG_OBJECT) {
            each_leaf(l, row->inner);
        } else if (row->kind != CONFIG_NAMED && row->kind != CONFIG_LIST &&
                   row->kind != CONFIG_JSON) {
            l->each(l->user, row, l->pointer);
        }
        l->pointer[before] = '\0';
    }
}

void config_each_leaf(void (*each)(void *user, const struct config_member *row,
                                   const char *pointer),
                      void *user)
{
    struct leaves l = {.each = each, .user = user};

    each_leaf(&l, &config_members_all);
}
