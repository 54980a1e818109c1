/* stats.c - `sagactl stats [--watch]`: how many, how fast, and how that went. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clk.h"
#include "base/units.h"
#include "programs/sagactl/ask.h"
#include "programs/sagactl/ctl.h"
#include "programs/sagactl/filters.h"

#define PATH_MAX_BYTES 1024
#define ARENA_CHUNK 16384
#define WATCH_MS 2000
#define SPARK_WIDTH 40

static const struct {
    const char *title, *member;
} rates[] = {
    {"started", "started"},
    {"completed", "completed"},
    {"compensated", "compensated"},
    {"resolved", "resolved"},
    {"stuck", "stuck"},
    {"turns", "turns"},
    {"calls", "calls"},
    {"  succeeded", "callsSucceeded"},
    {"  rejected", "callsRejected"},
    {"  unsent", "callsUnsent"},
    {"  unknown", "callsUnknown"},
};

static double number_of(const json_t *point, const char *member)
{
    return json_number_value(json_object_get(point, member));
}

/* The points in SPARK_WIDTH columns, each the mean of some, as high as its share of the
 * highest. */
static void put_spark(const json_t *points, const char *member, struct buf *out)
{
    static const char *const bars[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const size_t n = json_array_size(points);
    const size_t width = n < SPARK_WIDTH ? n : SPARK_WIDTH;
    double columns[SPARK_WIDTH] = {0};
    double highest = 0;

    for (size_t i = 0; i < width; i++) {
        const size_t from = i * n / width;
        const size_t to = (i + 1) * n / width;

        for (size_t at = from; at < to; at++) {
            columns[i] += number_of(json_array_get(points, at), member);
        }
        columns[i] /= (double)(to - from);
        highest = columns[i] > highest ? columns[i] : highest;
    }
    for (size_t i = 0; i < width; i++) {
        const size_t bar = highest > 0 ? (size_t)(columns[i] / highest * 7.0 + 0.5) : 0;

        buf_add_text(out, bars[bar < 8 ? bar : 7]);
    }
}

static uint64_t time_of(const json_t *stats, const char *name)
{
    const char *text = json_string_value(json_object_get(stats, name));
    uint64_t ms = 0;

    return text != NULL && clk_from_text(text, &ms) ? ms : 0;
}

static double step_s_of(const json_t *stats)
{
    const char *text = json_string_value(json_object_get(stats, "step"));
    uint64_t ms;

    return text != NULL && units_read_duration(text, &ms) && ms > 0 ? (double)ms / 1000.0
                                                                    : 1.0;
}

/* The last point is not over: the one before it says how fast it is now. */
static void print_rates(const struct ctl *ctl, const json_t *stats)
{
    const json_t *points = json_object_get(stats, "points");
    const double step_s = step_s_of(stats);
    const uint64_t from_ms = time_of(stats, "from");
    const uint64_t to_ms = time_of(stats, "to");
    const double window_s = to_ms > from_ms ? (double)(to_ms - from_ms) / 1000.0 : step_s;
    const size_t n = json_array_size(points);
    const bool is_wide = ctl->output.is_coloured || isatty(STDOUT_FILENO) != 0;
    struct buf spark;

    printf("\n%-13s %12s %10s %10s\n", "", "IN ALL", "PER S", "LAST PER S");
    for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
        const double last =
            number_of(json_array_get(points, n > 1 ? n - 2 : 0), rates[i].member);
        double sum = 0;

        for (size_t at = 0; at < n; at++) {
            sum += number_of(json_array_get(points, at), rates[i].member);
        }
        buf_init(&spark, 1024);
        if (is_wide) {
            buf_add_text(&spark, "  ");
            put_spark(points, rates[i].member, &spark);
        }
        printf("%-13s %12.0f %10.2f %10.2f%s\n", rates[i].title, sum, sum / window_s,
               last / step_s, buf_text(&spark));
        buf_done(&spark);
    }
}

static void print_now(const json_t *stats)
{
    struct arena *a = arena_create(ARENA_CHUNK);
    const json_t *now = json_object_get(stats, "now");
    const char *status;
    json_t *count;

    json_object_foreach(json_object_get(now, "sagas"), status, count)
    {
        struct buf title;

        buf_init(&title, 1024);
        output_escape(status, &title);
        printf("%-13s %12" JSON_INTEGER_FORMAT "\n", buf_text(&title),
               json_integer_value(count));
        buf_done(&title);
    }
    printf("active %s, calls in flight %s, queued %s; %s to %s in steps of %s\n",
           output_value(now, "active", a), output_value(now, "callsInFlight", a),
           output_value(now, "callsQueued", a), output_value(stats, "from", a),
           output_value(stats, "to", a), output_value(stats, "step", a));
    arena_destroy(a);
}

static enum exit_code show_once(const struct ctl *ctl, const char *path, bool is_clearing)
{
    struct client_answer a;
    json_t *stats = NULL;
    enum exit_code code;

    client_answer_init(&a);
    code = ask_get(ctl, path, &a);
    if (code == EXIT_OK) {
        code = ask_tree(&a, &stats);
    }
    if (code == EXIT_OK && is_clearing) {
        printf("\033[H\033[2J");
    }
    if (code == EXIT_OK && !ask_print_json(ctl, &a)) {
        print_now(stats);
        print_rates(ctl, stats);
    }
    (void)fflush(stdout);
    json_decref(stats);
    client_answer_done(&a);
    return code;
}

static enum exit_code check_time(const struct ctl *ctl, const char *option)
{
    const char *value = ctl_value(ctl, option);
    uint64_t ms;

    if (value != NULL && !units_read_duration(value, &ms)) {
        ctl_say("--%s %s is not an amount of time like 10s", option, value);
        return EXIT_USAGE;
    }
    return EXIT_OK;
}

int stats_show(struct ctl *ctl)
{
    const bool is_watching = args_has(&ctl->args, "watch");
    const bool is_clearing =
        is_watching && isatty(STDOUT_FILENO) != 0 &&
        (ctl->output.format == OUTPUT_TABLE || ctl->output.format == OUTPUT_WIDE);
    enum exit_code code = check_time(ctl, "window");
    struct buf path;

    code = code == EXIT_OK ? check_time(ctl, "every") : code;
    if (code != EXIT_OK) {
        return (int)code;
    }
    buf_init(&path, PATH_MAX_BYTES);
    buf_add_text(&path, "/v1/stats");
    filters_put(&path, "window", ctl_value(ctl, "window"));
    filters_put(&path, "step", ctl_value(ctl, "every"));
    do {
        code = show_once(ctl, buf_text(&path), is_clearing);
        if (is_watching && code == EXIT_OK) {
            client_pause(WATCH_MS);
        }
    } while (is_watching && code == EXIT_OK && !client_is_interrupted());
    buf_done(&path);
    return (int)(code == EXIT_OK && client_is_interrupted() ? EXIT_INTERRUPTED : code);
}
