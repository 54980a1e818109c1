/* test_route.c - the route table, and that openapi.json says the same. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>

#include "adminapi/embedded.h"
#include "adminapi/route.h"
#include "tests/support/suite.h"

static const struct route *find(const char *method, const char *text,
                                const char *parameters[ROUTE_PARAMETERS_MAX])
{
    static struct arena
        *a; /* Kept until the test's process ends: parameters lie in it. */
    struct target *t;

    if (a == NULL) {
        a = arena_create(4096);
    }
    t = arena_take(a, sizeof(*t));
    target_read(text, a, t);
    return route_find(method, t, parameters);
}

static void check_path(const char *method, const char *text, const char *path)
{
    const char *parameters[ROUTE_PARAMETERS_MAX];
    const struct route *route = find(method, text, parameters);

    if (path == NULL) {
        ck_assert_msg(route == NULL, "%s %s is a route", method, text);
    } else {
        ck_assert_msg(route != NULL, "%s %s is no route", method, text);
        ck_assert_str_eq(route->path, path);
    }
}

START_TEST(test_path_finds_its_route)
{
    check_path("POST", "/v1/sagas", "/v1/sagas");
    check_path("GET", "/v1/sagas?status=stuck", "/v1/sagas");
    check_path("GET", "/v1/sagas/x", "/v1/sagas/{id}");
    check_path("HEAD", "/v1/sagas/x/calls/7", "/v1/sagas/{id}/calls/{n}");
    check_path("GET", "/schemas/definition.json", "/schemas/definition.json");
}
END_TEST

START_TEST(test_other_paths_find_nothing)
{
    check_path("GET", "/", NULL);
    check_path("GET", "/v1", NULL);
    check_path("GET", "/v1/sagas/", NULL);
    check_path("GET", "/v1/sagas/x/", NULL);
    check_path("GET", "/v1/sagas//journal", NULL);
    check_path("GET", "/v1/sagas/x/journal/1", NULL);
    check_path("GET", "/V1/sagas", NULL);
    check_path("GET", "/v1/sagas/x/calls/7/1/2/3/4/5/6/7/8", NULL);
    check_path("POST", "/v1/sagas:many", NULL);
    check_path("get", "/v1/sagas", NULL);
    check_path("OPTIONS", "/v1/sagas", NULL);
}
END_TEST

START_TEST(test_path_parameters_are_decoded)
{
    const char *parameters[ROUTE_PARAMETERS_MAX];

    ck_assert_ptr_nonnull(find("GET", "/v1/sagas/a%7Eb+c/calls/%31", parameters));
    ck_assert_str_eq(parameters[0], "a~b+c");
    ck_assert_str_eq(parameters[1], "1");
}
END_TEST

START_TEST(test_allow_names_every_method_of_the_path)
{
    struct arena *a = arena_create(4096);
    struct target *t = arena_take(a, sizeof(*t));
    struct buf allow;

    buf_init(&allow, 256);
    target_read("/v1/definitions/x", a, t);
    route_allow(t, &allow);
    ck_assert_str_eq(buf_text(&allow), "GET, HEAD, PUT, DELETE");
    buf_clear(&allow);
    target_read("/v1/nothing", a, t);
    route_allow(t, &allow);
    ck_assert_str_eq(buf_text(&allow), "");
    buf_done(&allow);
    arena_destroy(a);
}
END_TEST

START_TEST(test_unknown_query_parameter_is_found)
{
    const char *parameters[ROUTE_PARAMETERS_MAX];
    struct arena *a = arena_create(4096);
    struct target *t = arena_take(a, sizeof(*t));
    const struct route *list;

    target_read("/v1/sagas?status=stuck&label.team=core&limit=1", a, t);
    list = route_find("GET", t, parameters);
    ck_assert_ptr_null(route_unknown_parameter(list, t));
    target_read("/v1/sagas?status=stuck&stat=1", a, t);
    ck_assert_str_eq(route_unknown_parameter(list, t), "stat");
    target_read("/v1/sagas?label.=1", a, t);
    ck_assert_str_eq(route_unknown_parameter(list, t), "label.");
    arena_destroy(a);
}
END_TEST

START_TEST(test_query_is_split_before_it_is_decoded)
{
    struct arena *a = arena_create(4096);
    struct target *t = arena_take(a, sizeof(*t));

    target_read("/x?a=b%26c=d&&e&f=1+2%2B3&g=h%2Ci,j", a, t);
    ck_assert_uint_eq(t->n_parameters, 4);
    ck_assert_str_eq(target_find(t, "a"), "b&c=d");
    ck_assert_str_eq(target_find(t, "e"), "");
    ck_assert_str_eq(target_find(t, "f"), "1 2+3");
    ck_assert_str_eq(t->parameters[3].raw, "h%2Ci,j");
    arena_destroy(a);
}
END_TEST

/* ---- openapi.json
 * ---------------------------------------------------------------------- */

static json_t *openapi(void)
{
    json_error_t error;
    json_t *made = json_loadb(embedded_openapi_json, embedded_openapi_json_bytes,
                              JSON_REJECT_DUPLICATES, &error);

    ck_assert_msg(made != NULL, "openapi.json:%d: %s", error.line, error.text);
    return made;
}

static json_t *operation_of(json_t *doc, const struct route *route)
{
    static const char *const names[][2] = {
        {"GET", "get"}, {"PUT", "put"}, {"POST", "post"}, {"DELETE", "delete"}};
    json_t *path = json_object_get(json_object_get(doc, "paths"), route->path);

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i][0], route->method) == 0) {
            return json_object_get(path, names[i][1]);
        }
    }
    return NULL;
}

START_TEST(test_every_route_is_in_openapi_with_role_and_summary)
{
    json_t *doc = openapi();

    for (size_t i = 0; i < n_routes; i++) {
        json_t *operation = operation_of(doc, &routes[i]);
        const char *role = json_string_value(json_object_get(operation, "x-role"));
        const char *name = auth_role_name(routes[i].role);

        ck_assert_msg(operation != NULL, "%s %s is missing", routes[i].method,
                      routes[i].path);
        ck_assert_str_eq(json_string_value(json_object_get(operation, "summary")),
                         routes[i].summary);
        ck_assert_str_eq(role != NULL ? role : "none", name != NULL ? name : "none");
    }
    json_decref(doc);
}
END_TEST

START_TEST(test_openapi_has_no_operation_beyond_the_routes)
{
    json_t *doc = openapi();
    size_t n = 0;
    const char *path;
    json_t *operations;

    json_object_foreach(json_object_get(doc, "paths"), path, operations)
    {
        n += json_object_size(operations);
    }
    ck_assert_uint_eq(n, n_routes);
    json_decref(doc);
}
END_TEST

/* The parameter itself, where it is a $ref into components. */
static json_t *resolved(json_t *doc, json_t *parameter)
{
    const char *ref = json_string_value(json_object_get(parameter, "$ref"));

    if (ref == NULL) {
        return parameter;
    }
    return json_object_get(
        json_object_get(json_object_get(doc, "components"), "parameters"),
        strrchr(ref, '/') + 1);
}

START_TEST(test_openapi_names_the_query_parameters_of_the_table)
{
    json_t *doc = openapi();

    for (size_t i = 0; i < n_routes; i++) {
        json_t *list = json_object_get(operation_of(doc, &routes[i]), "parameters");
        char names[512] = "";
        size_t n = 0;
        size_t at;
        json_t *item;

        json_array_foreach(list, at, item)
        {
            json_t *parameter = resolved(doc, item);

            ck_assert_ptr_nonnull(parameter);
            if (strcmp(json_string_value(json_object_get(parameter, "in")), "query") ==
                0) {
                n += (size_t)snprintf(
                    names + n, sizeof(names) - n, "%s%s", n > 0 ? " " : "",
                    json_string_value(json_object_get(parameter, "name")));
                ck_assert_uint_lt(n, sizeof(names));
            }
        }
        ck_assert_str_eq(names, routes[i].parameters);
    }
    json_decref(doc);
}
END_TEST

/* Every $ref leads somewhere. */
static void check_refs(json_t *doc, json_t *at)
{
    const char *ref = json_string_value(json_object_get(at, "$ref"));
    const char *name;
    size_t i;
    json_t *value;

    if (ref != NULL) {
        char part[64];
        json_t *to = doc;

        ck_assert_int_eq(strncmp(ref, "#/", 2), 0);
        for (const char *from = ref + 2; *from != '\0';) {
            const size_t n = strcspn(from, "/");

            ck_assert_uint_lt(n, sizeof(part));
            memcpy(part, from, n);
            part[n] = '\0';
            to = json_object_get(to, part);
            from += n + (from[n] == '/' ? 1 : 0);
        }
        ck_assert_msg(to != NULL, "%s leads nowhere", ref);
    }
    json_object_foreach(at, name, value)
    {
        check_refs(doc, value);
    }
    json_array_foreach(at, i, value)
    {
        check_refs(doc, value);
    }
}

START_TEST(test_openapi_refers_to_what_it_has)
{
    json_t *doc = openapi();

    check_refs(doc, doc);
    json_decref(doc);
}
END_TEST

int main(void)
{
    return suite_main(
        "route", test_path_finds_its_route, test_other_paths_find_nothing,
        test_path_parameters_are_decoded, test_allow_names_every_method_of_the_path,
        test_unknown_query_parameter_is_found, test_query_is_split_before_it_is_decoded,
        test_every_route_is_in_openapi_with_role_and_summary,
        test_openapi_has_no_operation_beyond_the_routes,
        test_openapi_names_the_query_parameters_of_the_table,
        test_openapi_refers_to_what_it_has);
}
