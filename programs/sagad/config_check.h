/*
 * config_check.h - what a table cannot say: do the settings make sense together?
 */
#ifndef SAGAD_CONFIG_CHECK_H
#define SAGAD_CONFIG_CHECK_H

#include "programs/sagad/config.h"

/* Notes every problem in c. */
void config_check(struct config *c);

#endif /* SAGAD_CONFIG_CHECK_H */
