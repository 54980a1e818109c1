/*
 * manual.h - `sagad manual`: the manual page sagad(8), made from the option tables.
 */
#ifndef SAGAD_MANUAL_H
#define SAGAD_MANUAL_H

/* To stdout. The exit code. */
int manual_run(void);

#endif /* SAGAD_MANUAL_H */
