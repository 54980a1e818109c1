/*
 * oracle.h - what the world answers when the core asks, recorded and replayed.
 */
#ifndef TESTS_SIM_ORACLE_H
#define TESTS_SIM_ORACLE_H

#include "tests/sim/world.h"

enum { ORACLE_ANSWERS = 512 };

struct oracle_rendered {
    uint64_t bytes;
    uint32_t item;
    uint16_t step;
    enum call_kind call;
};

struct oracle {
    struct sim_world *w;
    const struct sim_saga *s;
    uint32_t n, at;
    bool is_replay;
    int64_t answers[ORACLE_ANSWERS];
    uint32_t n_rendered; /* In this turn. */
    struct oracle_rendered rendered[ORACLE_ANSWERS];
};

void oracle_record(struct oracle *o, struct sim_world *w, const struct sim_saga *s);
void oracle_replay(struct oracle *o);
struct saga_oracle oracle_asks(struct oracle *o);

/* What a call that this turn sends was rendered to; 0: it was not. */
uint64_t oracle_bytes(const struct oracle *o, const struct saga_effect *fx);

/* One that always says yes; for what is only tried. */
struct saga_oracle oracle_yes(void);

#endif /* TESTS_SIM_ORACLE_H */
