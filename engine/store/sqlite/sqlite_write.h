/*
 * sqlite_write.h - what the files that write share; for engine/store/sqlite only.
 *
 * Everything here runs on the writer thread, between BEGIN and COMMIT of
 * sqlite_commit.c. ERR_CONFLICT: the batch breaks a rule and is taken back whole;
 * any other failure is the end of the store.
 */
#ifndef STORE_SQLITE_WRITE_H
#define STORE_SQLITE_WRITE_H

#include "engine/store/sqlite/sqlite_store.h"

/* How the sentence of a refusal begins. */
extern const char sqlite_refused[];

/* Run a bound statement that gives no rows. */
enum err sqlite_run(struct sqlite_store *st, enum sqlite_write which,
                    struct err_info *info);
/* The same, where anything but one changed row is a conflict: `what` says which. */
enum err sqlite_run_one(struct sqlite_store *st, enum sqlite_write which,
                        const char *what, struct err_info *info);

/* ---- sqlite_saga.c ---- */

enum err sqlite_insert_saga(struct sqlite_store *st, const struct store_op *op,
                            struct err_info *info);
enum err sqlite_update_saga(struct sqlite_store *st, const struct store_saga *s,
                            struct err_info *info);
enum err sqlite_purge_saga(struct sqlite_store *st, const struct store_saga *s,
                           struct err_info *info);
/* The counts that wait for the end of the batch. */
enum err sqlite_write_counts(struct sqlite_store *st, struct err_info *info);

/* ---- sqlite_notify.c ---- */

enum err sqlite_insert_notify(struct sqlite_store *st, const struct store_notify *n,
                              struct err_info *info);
enum err sqlite_note_notify_tried(struct sqlite_store *st, const struct store_notify *n,
                                  struct err_info *info);
enum err sqlite_queue_notify_again(struct sqlite_store *st, const struct store_notify *n,
                                   struct err_info *info);
/* Those of a saga that is purged: settled ones go, the others are nobody's. */
enum err sqlite_purge_notify(struct sqlite_store *st, uint64_t saga,
                             struct err_info *info);

/* ---- sqlite_bulk.c ---- */

enum err sqlite_insert_bulk(struct sqlite_store *st, const struct store_bulk *b,
                            struct err_info *info);
enum err sqlite_update_bulk(struct sqlite_store *st, const struct store_bulk *b,
                            struct err_info *info);
enum err sqlite_insert_bulk_item(struct sqlite_store *st,
                                 const struct store_bulk_item *item,
                                 struct err_info *info);

#endif /* STORE_SQLITE_WRITE_H */
