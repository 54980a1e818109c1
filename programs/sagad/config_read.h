/*
 * config_read.h - from the file's text to the config, by the table.
 *
 * Walks the text itself, so every problem has its line and column.
 */
#ifndef SAGAD_CONFIG_READ_H
#define SAGAD_CONFIG_READ_H

#include "programs/sagad/config.h"

/* Read c->text (accepted by json_read()) into c; problems are noted. */
void config_read(struct config *c);

#endif /* SAGAD_CONFIG_READ_H */
