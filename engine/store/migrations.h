/*
 * migrations.h - the steps that bring a database file up to date.
 *
 * The SQL stands in migrations/<backend>/0001_what_it_does.sql and travels inside
 * the binary; the build makes the table from the files, in order, without gaps
 * (cmake/embed_migrations.cmake). A migration that was released never changes.
 */
#ifndef ENGINE_STORE_MIGRATIONS_H
#define ENGINE_STORE_MIGRATIONS_H

struct migration {
    int version;      /* 1, 2, 3 … */
    const char *name; /* From the file's name; static. */
    const char *sql;  /* One or more statements; static. */
};

extern const struct migration migrations_sqlite[];
extern const int migrations_sqlite_n;

#endif /* ENGINE_STORE_MIGRATIONS_H */
