/* telemetry.c - see telemetry.h. */
#include "programs/sagad/telemetry.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/log.h"
#include "base/units.h"

#define TRACES_PATH "/v1/traces"
#define RESOURCE_BYTES (64 * 1024)
#define ARENA_CHUNK 4096
#define HEADERS_MAX 32

/* Defaults of OpenTelemetry's batch processor, but for the delay: a saga is looked for
 * when it has just ended. */
#define DELAY_MS 1000
#define TIMEOUT_MS 10000
#define QUEUE_MAX 16384
#define BATCH_MAX 512

/* Unset and empty are the same to OpenTelemetry. */
static const char *variable(const char *name)
{
    const char *value = getenv(name);

    return value != NULL && value[0] != '\0' ? value : NULL;
}

/* The one for traces beats the one for all signals. */
static const char *variable_of(const char *for_traces, const char *for_all)
{
    const char *value = variable(for_traces);

    return value != NULL ? value : variable(for_all);
}

static void say_ignored(const char *name, const char *why)
{
    log_say(LOG_WARNING, "telemetry: a variable is not honoured",
            LOG_TEXT("variable", name), LOG_TEXT("detail", why));
}

const char *telemetry_variable(bool *is_whole, const char **name)
{
    const char *value = variable("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");

    *is_whole = value != NULL;
    *name = value != NULL ? "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
                          : "OTEL_EXPORTER_OTLP_ENDPOINT";
    return value != NULL ? value : variable("OTEL_EXPORTER_OTLP_ENDPOINT");
}

static uint32_t number_of(const char *name, const char *text, uint32_t otherwise)
{
    uint64_t value;

    if (text == NULL) {
        return otherwise;
    }
    if (!units_read_count(text, &value) || value < 1 || value > 10000000) {
        say_ignored(name, "not a number above 0");
        return otherwise;
    }
    return (uint32_t)value;
}

/* ---- lists: k=v,k=v, percent-encoded -------------------------------------------------
 */

static int hex_of(char c)
{
    const char *digits = "0123456789abcdef";
    const char *at = c != '\0' ? strchr(digits, c | 0x20) : NULL;

    return at != NULL ? (int)(at - digits) : -1;
}

/* n bytes, decoded and without the blanks around them; in the arena. */
static char *decode(struct arena *a, const char *text, size_t n)
{
    char *out;
    size_t to = 0;

    while (n > 0 && *text == ' ') {
        text++;
        n--;
    }
    while (n > 0 && text[n - 1] == ' ') {
        n--;
    }
    out = arena_copy(a, text, n);
    for (size_t i = 0; i < n; i++, to++) {
        const int high = text[i] == '%' && i + 2 < n ? hex_of(text[i + 1]) : -1;
        const int low = high >= 0 ? hex_of(text[i + 2]) : -1;

        out[to] = low >= 0 ? (char)(high * 16 + low) : text[i];
        i += low >= 0 ? 2 : 0;
    }
    out[to] = '\0';
    return out;
}

/* The next pair of a list; false: there is none. What has no `=` is passed over. */
static bool next_pair(struct arena *a, const char **list, struct service_header *out)
{
    while (*list != NULL && **list != '\0') {
        const char *pair = *list;
        const size_t n = strcspn(pair, ",");
        const char *equals = memchr(pair, '=', n);

        *list = pair + n + (pair[n] == ',' ? 1 : 0);
        if (equals != NULL && equals > pair) {
            out->name = decode(a, pair, (size_t)(equals - pair));
            out->value = decode(a, equals + 1, (size_t)(pair + n - equals) - 1);
            return true;
        }
    }
    return false;
}

/* ---- the resource --------------------------------------------------------------------
 */

static void put_attribute(struct json_out *o, const char *name, const char *value)
{
    json_open_object(o);
    json_put(o, "key", name);
    json_key(o, "value");
    json_open_object(o);
    json_put(o, "stringValue", value);
    json_close_object(o);
    json_close_object(o);
}

static const char *resource_of(struct arena *a)
{
    const char *list = variable("OTEL_RESOURCE_ATTRIBUTES");
    const char *name = variable("OTEL_SERVICE_NAME");
    struct service_header pair;
    struct json_out o;
    struct buf text;
    const char *made;

    buf_init(&text, RESOURCE_BYTES);
    json_out_init(&o, &text);
    json_open_array(&o);
    while (next_pair(a, &list, &pair)) {
        if (strcmp(pair.name, "service.name") == 0) {
            name = name != NULL ? name : pair.value;
        } else if (strcmp(pair.name, "service.version") != 0) {
            put_attribute(&o, pair.name, pair.value);
        }
    }
    put_attribute(&o, "service.name", name != NULL ? name : "sagad");
    put_attribute(&o, "service.version", SAGAD_VERSION);
    json_close_array(&o);
    made = text.is_over ? "[]" : arena_text(a, buf_text(&text));
    buf_done(&text);
    return made;
}

/* ---- the sampler ---------------------------------------------------------------------
 */

static void set_ratio(struct trace_sampler *s)
{
    const char *text = variable("OTEL_TRACES_SAMPLER_ARG");
    char *end = NULL;

    s->root = TRACE_ROOT_RATIO;
    s->ratio = text != NULL ? strtod(text, &end) : 1;
    if (text != NULL &&
        (end == text || *end != '\0' || !(s->ratio >= 0) || !(s->ratio <= 1))) {
        say_ignored("OTEL_TRACES_SAMPLER_ARG", "not a number from 0 to 1");
        s->ratio = 1;
    }
}

static struct trace_sampler sampler_of(void)
{
    static const char parent_based[] = "parentbased_";
    const char *name = variable("OTEL_TRACES_SAMPLER");
    struct trace_sampler s = {.root = TRACE_ROOT_ON};

    if (name == NULL) {
        return s;
    }
    s.ignores_parent = strncmp(name, parent_based, strlen(parent_based)) != 0;
    name += s.ignores_parent ? 0 : strlen(parent_based);
    if (strcmp(name, "traceidratio") == 0) {
        set_ratio(&s);
    } else if (strcmp(name, "always_off") == 0) {
        s.root = TRACE_ROOT_OFF;
    } else if (strcmp(name, "always_on") != 0) {
        say_ignored("OTEL_TRACES_SAMPLER", "no sampler that sagad has");
        s.ignores_parent = false;
    }
    return s;
}

/* ---- starting ------------------------------------------------------------------------
 */

static bool is_off(void)
{
    const char *disabled = variable("OTEL_SDK_DISABLED");
    const char *exporter = variable("OTEL_TRACES_EXPORTER");

    return (disabled != NULL && strcasecmp(disabled, "true") == 0) ||
           (exporter != NULL && strcmp(exporter, "none") == 0);
}

static void look_at_protocol(void)
{
    const char *protocol =
        variable_of("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL");

    if (protocol != NULL && strcmp(protocol, "http/json") != 0) {
        say_ignored("OTEL_EXPORTER_OTLP_PROTOCOL", "spans go out as http/json");
    }
}

/* The collector's address, to which the path of traces is added unless it is there. */
static const char *url_of(struct arena *a, const struct config *c)
{
    const char *url = c->telemetry.otlp;
    size_t n = strlen(url);

    if (c->telemetry.is_whole) {
        return url;
    }
    while (n > 0 && url[n - 1] == '/') {
        n--;
    }
    if (n >= strlen(TRACES_PATH) &&
        strncmp(url + n - strlen(TRACES_PATH), TRACES_PATH, strlen(TRACES_PATH)) == 0) {
        return url;
    }
    return arena_join(a, arena_copy(a, url, n), TRACES_PATH, NULL);
}

static size_t headers_of(struct arena *a, struct service_header out[static HEADERS_MAX])
{
    const char *list =
        variable_of("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "OTEL_EXPORTER_OTLP_HEADERS");
    size_t n = 0;

    while (n < HEADERS_MAX && next_pair(a, &list, &out[n])) {
        if (strpbrk(out[n].name, "\r\n: ") != NULL ||
            strpbrk(out[n].value, "\r\n") != NULL) {
            say_ignored("OTEL_EXPORTER_OTLP_HEADERS", "one is no header");
        } else {
            n++;
        }
    }
    return n;
}

enum err telemetry_start(const struct config *c, struct otlp **out,
                         struct trace_sampler *sampler, struct err_info *info)
{
    struct service_header headers[HEADERS_MAX];
    struct otlp_config config = {.headers = headers,
                                 .version = SAGAD_VERSION,
                                 .user_agent = "sagad/" SAGAD_VERSION};
    struct arena *a;
    enum err e;

    if (c->telemetry.otlp == NULL || is_off()) {
        return ERR_OK;
    }
    a = arena_create(ARENA_CHUNK);
    look_at_protocol();
    config.url = url_of(a, c);
    config.n_headers = headers_of(a, headers);
    config.ca_file = variable_of("OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE",
                                 "OTEL_EXPORTER_OTLP_CERTIFICATE");
    config.resource = resource_of(a);
    config.delay_ms = number_of("OTEL_BSP_SCHEDULE_DELAY",
                                variable("OTEL_BSP_SCHEDULE_DELAY"), DELAY_MS);
    config.timeout_ms = number_of(
        "OTEL_EXPORTER_OTLP_TIMEOUT",
        variable_of("OTEL_EXPORTER_OTLP_TRACES_TIMEOUT", "OTEL_EXPORTER_OTLP_TIMEOUT"),
        TIMEOUT_MS);
    config.queue_max = number_of("OTEL_BSP_MAX_QUEUE_SIZE",
                                 variable("OTEL_BSP_MAX_QUEUE_SIZE"), QUEUE_MAX);
    config.batch_max = number_of("OTEL_BSP_MAX_EXPORT_BATCH_SIZE",
                                 variable("OTEL_BSP_MAX_EXPORT_BATCH_SIZE"), BATCH_MAX);
    *sampler = sampler_of();
    e = otlp_start(&config, out, info);
    for (size_t i = 0; i < config.n_headers; i++) { /* A collector's key may be there. */
        sodium_memzero((char *)(uintptr_t)headers[i].value, strlen(headers[i].value));
    }
    arena_destroy(a);
    return e;
}
