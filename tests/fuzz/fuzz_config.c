/* A configuration file is read whole, with all its problems, each with a place in the
 * text; whatever it says, showing it is possible. */
#include "programs/sagad/config_read.h"

#include <assert.h>
#include <stdint.h>

#include "base/json.h"
#include "base/mem.h"
#include "programs/sagad/config_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct config *c;

    if (!json_is_valid((const char *)bytes, n)) {
        return 0;
    }
    c = mem_alloc(sizeof(*c));
    c->arena = arena_create(4096);
    c->vars = JSON_SPAN_TEXT("{}");
    c->store = "sqlite:sagad.db"; /* What the defaults would say. */
    c->text = json_span_of(arena_copy(c->arena, bytes, n), n);
    c->file = "sagad.json";
    config_read(c);
    config_check(c);
    config_destroy(c);
    return 0;
}
