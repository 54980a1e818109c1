/*
 * scope.h - what a token that is limited to definitions sees and touches.
 *
 * It starts, sees and touches sagas of its definitions, whatever its roles. What names
 * another definition is refused, 403; another definition's saga is as if there were none,
 * 404; lists and streams leave out what is not its own. What is of the whole engine
 * (services, restored backups, the audit trail as a whole) is not for it. The route
 * table says which of these a route is, so that no route can forget to.
 *
 * What a saga does itself is its definition's doing: it may start children of others, and
 * whoever sees the parent sees the child's id there, no more.
 *
 * Door threads: reads the request's store reader.
 */
#ifndef ADMINAPI_SCOPE_H
#define ADMINAPI_SCOPE_H

#include <stdbool.h>

#include "adminapi/request.h"
#include "engine/store/store.h"

bool scope_is_limited(const struct request *r);

/* Is the definition the token's? */
bool scope_has(const struct request *r, const char *definition);

/* Before the handler, by the route's reach. False: answered. */
bool scope_admits(struct request *r);

/* The filter, with the token's definitions only. */
void scope_narrow(struct request *r, struct store_filter *filter);

#endif /* ADMINAPI_SCOPE_H */
