/*
 * route.h - the one table of what can be asked.
 *
 * Method, path, role, reach, handler and a summary; openapi.json says the same and a test
 * compares them. HEAD is GET without a body. A path that exists for other methods only is
 * 405 with Allow; everything else is 404.
 */
#ifndef ADMINAPI_ROUTE_H
#define ADMINAPI_ROUTE_H

#include <stddef.h>

#include "adminapi/auth.h"
#include "adminapi/target.h"
#include "base/buf.h"

struct request;

#define ROUTE_PARAMETERS_MAX 2

/* What a token that is limited to definitions may do with it: scope.h. */
enum route_reach {
    REACH_NOBODYS, /* Says nothing of any one saga, the same to everybody. */
    REACH_OWN,     /* The handler leaves out what is not the token's. */
    REACH_SAGA,    /* {id} is a saga, which must be one of its definitions. */
    REACH_NAME,    /* {name} is a definition, which must be its. */
    REACH_SUBJECT, /* ?subject= is one of the two. */
    REACH_ENGINE,  /* Not for it. */
};

struct route {
    const char *method;  /* Never HEAD. */
    const char *path;    /* "/v1/sagas/{id}/calls/{n}" */
    enum auth_role role; /* AUTH_NONE: open to everybody. */
    enum route_reach reach;
    void (*handler)(struct request *r);
    /* Query parameters it knows, separated by blanks; one ending in '.' is a prefix.
     * Others are 400. */
    const char *parameters;
    const char *summary;
};

extern const struct route routes[];
extern const size_t n_routes;

/* The route, with its path parameters (borrowed from t), or NULL. */
const struct route *route_find(const char *method, const struct target *t,
                               const char *parameters[ROUTE_PARAMETERS_MAX]);

/* "GET, HEAD, PUT" for the path, appended to allow; nothing: there is no such path. */
void route_allow(const struct target *t, struct buf *allow);

/* The role that this request needs: looking at what an action would do is reading. */
enum auth_role route_role(const struct route *route, const struct target *t);

/* The first query parameter the route does not know, or NULL. */
const char *route_unknown_parameter(const struct route *route, const struct target *t);

#endif /* ADMINAPI_ROUTE_H */
