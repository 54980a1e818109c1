/*
 * sqlite_store.h - the inside of the SQLite store; for engine/store/sqlite only.
 *
 * struct sqlite_store belongs to the writer thread, a struct sqlite_reader to the
 * thread that opened it; they share nothing but the file. Reading order: sqlite_open.c
 * (life), sqlite_commit.c (writing), sqlite_read.c and sqlite_list.c (reading).
 */
#ifndef STORE_SQLITE_STORE_H
#define STORE_SQLITE_STORE_H

#include <sqlite3.h>
#include <stdint.h>

#include "base/hash.h"
#include "engine/store/sqlite/sqlite_place.h"
#include "engine/store/store_backend.h"

/* Statements of the writing connection, kept prepared. */
#define SQLITE_WRITE_MAP(X)                                                              \
    X(BEGIN, "BEGIN IMMEDIATE")                                                          \
    X(COMMIT, "COMMIT")                                                                  \
    X(ROLLBACK, "ROLLBACK")                                                              \
    X(SAGA,                                                                              \
      "INSERT INTO saga (num, id, definition, name, status, is_paused, is_asleep, "      \
      "wake_ms, started_ms, updated_ms, ended_ms, parent, parent_step, "                 \
      "parent_item, generation, vars, key, unique_key, ordering_key, labels, "           \
      "traceparent, tracestate) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "  \
      "?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)")                          \
    X(INPUT, "INSERT INTO saga_input (saga, input) VALUES (?1, ?2)")                     \
    X(LABEL, "INSERT OR IGNORE INTO saga_label (name, value, saga) VALUES (?1, ?2, ?3)") \
    X(SAGA_WAS, "SELECT name, status, stuck_ms FROM saga WHERE num = ?1")                \
    X(SAGA_UPDATE, "UPDATE saga SET status = ?2, is_paused = ?3, is_asleep = ?4, "       \
                   "wake_ms = ?5, updated_ms = ?6, ended_ms = ?7, unique_key = ?8 "      \
                   "WHERE num = ?1")                                                     \
    X(SAGA_STUCK, "UPDATE saga SET stuck_step = ?2, stuck_call = ?3, "                   \
                  "stuck_outcome = ?4, stuck_ms = ?5, stuck_error = ?6 WHERE num = ?1")  \
    X(COUNT, "INSERT INTO saga_count (name, status, n) VALUES (?1, ?2, ?3) "             \
             "ON CONFLICT (name, status) DO UPDATE SET n = n + excluded.n")              \
    X(TURN, "INSERT INTO journal (saga, turn, at_ms, event, data, state) "               \
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6)")                                           \
    X(ITEMS, "INSERT INTO item (saga, step, first, elements) VALUES (?1, ?2, ?3, ?4)")   \
    X(LATE, "INSERT INTO late_answer (saga, turn, step, item, call, at_ms, data) "       \
            "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                       \
    X(NAME, "INSERT INTO definition_name (name, current, is_paused, is_archived) "       \
            "VALUES (?1, 0, 0, 0) ON CONFLICT (name) DO NOTHING")                        \
    X(DEFINITION, "INSERT INTO definition (num, name, version, hash, content, "          \
                  "created_ms, children) SELECT ?1, num, ?3, ?4, ?5, ?6, ?7 "            \
                  "FROM definition_name WHERE name = ?2")                                \
    X(NAME_OF, "SELECT name FROM definition WHERE num = ?1")                             \
    X(USE, "INSERT INTO definition_name (name, current, is_paused, is_archived) "        \
           "VALUES (?1, ?2, 0, 0) ON CONFLICT (name) DO UPDATE SET "                     \
           "current = excluded.current")                                                 \
    X(FLAGS, "UPDATE definition_name SET is_paused = ?2, is_archived = ?3 "              \
             "WHERE name = ?1")                                                          \
    X(REPLAY, "INSERT INTO replay (scope, key, hash, saga, status, body, at_ms) "        \
              "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")                                     \
    X(REPLAY_PRUNE, "DELETE FROM replay WHERE at_ms < ?1 AND seq IN "                    \
                    "(SELECT seq FROM replay ORDER BY seq LIMIT ?2)")                    \
    X(AUDIT, "INSERT INTO audit (at_ms, actor, action, subject, turn, reason, "          \
             "request_id, hash, seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)")       \
    X(VARS, "INSERT INTO vars (num, hash, text) VALUES (?1, ?2, ?3)")                    \
    X(META, "INSERT INTO meta (name, text) VALUES (?1, ?2) "                             \
            "ON CONFLICT (name) DO UPDATE SET text = excluded.text")                     \
    X(NOTIFY, "INSERT INTO notify (num, saga, id, told, origin, url, secret, made_ms, "  \
              "since_ms, due_ms, attempts, attempts_before, status, ended_ms, "          \
              "http_status) VALUES "                                                     \
              "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 0, 0, 0, 0, 0)")                \
    X(NOTIFY_BODY, "INSERT INTO notify_body (num, body) VALUES (?1, ?2)")                \
    X(NOTIFY_TRIED, "UPDATE notify SET status = ?2, due_ms = ?3, attempts = ?4, "        \
                    "ended_ms = ?5, http_status = ?6, error = ?7 "                       \
                    "WHERE num = ?1 AND status = 0 AND (saga > 0 OR ?2 = 0)")            \
    X(NOTIFY_GONE, "DELETE FROM notify WHERE num = ?1 AND status = 0 AND saga = 0")      \
    X(NOTIFY_BODY_GONE, "DELETE FROM notify_body WHERE num = ?1")                        \
    X(NOTIFY_AGAIN,                                                                      \
      "UPDATE notify SET status = 0, since_ms = ?2, due_ms = ?2, "                       \
      "attempts_before = attempts, ended_ms = 0 WHERE num = ?1 AND saga > 0")            \
    X(BULK, "INSERT INTO bulk (num, id, action, filter, step, is_applied, body, actor, " \
            "reason, status, below, total, done, failed, started_ms, ended_ms) VALUES "  \
            "(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)")   \
    X(BULK_UPDATE, "UPDATE bulk SET status = ?2, below = ?3, done = ?4, failed = ?5, "   \
                   "ended_ms = ?6 WHERE num = ?1")                                       \
    X(BULK_ITEM, "INSERT INTO bulk_item (bulk, n, saga, status, code) "                  \
                 "VALUES (?1, ?2, ?3, ?4, ?5)")                                          \
    X(PURGED, "INSERT INTO purged (num, id, at_ms) "                                     \
              "SELECT num, id, ?2 FROM saga WHERE num = ?1 AND status >= 3")             \
    X(PURGE_LATE, "DELETE FROM late_answer WHERE saga = ?1")                             \
    X(PURGE_ITEM, "DELETE FROM item WHERE saga = ?1")                                    \
    X(PURGE_JOURNAL, "DELETE FROM journal WHERE saga = ?1")                              \
    X(PURGE_INPUT, "DELETE FROM saga_input WHERE saga = ?1")                             \
    X(NOTIFY_OF, "SELECT 1 FROM notify WHERE saga = ?1 AND saga > 0 LIMIT 1")            \
    X(PURGE_NOTIFY_LEFT, "UPDATE notify SET saga = 0 WHERE saga = ?1 AND saga > 0 "      \
                         "AND status = 0")                                               \
    X(PURGE_NOTIFY_BODY, "DELETE FROM notify_body WHERE num IN "                         \
                         "(SELECT num FROM notify WHERE saga = ?1 AND saga > 0)")        \
    X(PURGE_NOTIFY, "DELETE FROM notify WHERE saga = ?1 AND saga > 0")                   \
    X(PURGE_LABEL,                                                                       \
      "DELETE FROM saga_label WHERE name = ?1 AND value = ?2 AND saga = ?3")             \
    X(LABELS_WERE, "SELECT labels FROM saga WHERE num = ?1")                             \
    X(PURGE_SAGA, "DELETE FROM saga WHERE num = ?1")

#define SQLITE_SAGA_COLUMNS                                                            \
    "s.num, s.id, s.definition, s.status, s.is_paused, s.is_asleep, s.wake_ms, "       \
    "s.started_ms, s.updated_ms, s.ended_ms, s.parent, s.parent_step, s.parent_item, " \
    "s.generation, s.vars, s.key, s.unique_key, s.ordering_key, s.stuck_step, "        \
    "s.labels, s.traceparent, s.tracestate, n.name, d.version, s.stuck_call, "         \
    "s.stuck_outcome, s.stuck_ms, s.stuck_error "
#define SQLITE_SAGA_JOINS                           \
    "JOIN definition AS d ON d.num = s.definition " \
    "JOIN definition_name AS n ON n.num = s.name "
#define SQLITE_SAGA_SELECT \
    "SELECT " SQLITE_SAGA_COLUMNS "FROM saga AS s " SQLITE_SAGA_JOINS
#define SQLITE_SAGA_AWAKE(status)                                       \
    "SELECT num FROM saga INDEXED BY saga_open WHERE status = " #status \
    " AND is_asleep = 0 AND status < 3 AND num > ?1 "
#define SQLITE_STUCK_GROUPS                                               \
    "SELECT name, stuck_step, stuck_call, stuck_outcome, COUNT(*) AS n, " \
    "MIN(stuck_ms) AS oldest FROM saga INDEXED BY saga_stuck_group WHERE stuck_ms > 0 "
#define SQLITE_STUCK_GROUPED " GROUP BY name, stuck_step, stuck_call, stuck_outcome"
#define SQLITE_TURN_SELECT "SELECT saga, turn, at_ms, event, data, state FROM journal "
#define SQLITE_DEFINITION_SELECT                                                    \
    "SELECT d.num, n.name, d.version, d.hash, d.content, d.created_ms, n.current, " \
    "n.is_paused, n.is_archived, d.children FROM definition_name AS n "             \
    "CROSS JOIN definition AS d ON d.name = n.num "

#define SQLITE_AUDIT_SELECT                                                       \
    "SELECT seq, at_ms, actor, action, subject, turn, reason, request_id, hash, " \
    "(SELECT p.hash FROM audit AS p WHERE p.seq = audit.seq - 1) FROM audit "

#define SQLITE_NOTIFY_COLUMNS                                                         \
    "w.num, w.saga, w.id, w.told, w.origin, w.url, w.secret, w.made_ms, w.since_ms, " \
    "w.due_ms, w.attempts, w.attempts_before, w.status, w.ended_ms, w.http_status, "  \
    "w.error"
#define SQLITE_NOTIFY_SELECT "SELECT " SQLITE_NOTIFY_COLUMNS ", s.id, n.name FROM "
#define SQLITE_NOTIFY_JOINS                   \
    "CROSS JOIN saga AS s ON s.num = w.saga " \
    "CROSS JOIN definition_name AS n ON n.num = s.name "
#define SQLITE_NOTIFY_OPEN(of)                                          \
    "SELECT num FROM notify INDEXED BY notify_open WHERE status = " #of \
    " AND status <> 1 AND (1 << " #of ") & ?3 AND num < ?2 AND saga > 0 "

#define SQLITE_BULK_SELECT                                                            \
    "SELECT num, id, action, filter, step, is_applied, body, actor, reason, status, " \
    "below, total, done, failed, started_ms, ended_ms FROM bulk "

#define SQLITE_AUDIT_FILTER                                           \
    "AND (?2 IS NULL OR actor = ?2) AND (?3 IS NULL OR action = ?3) " \
    "ORDER BY seq DESC LIMIT ?4"

/* Statements of a reader, kept prepared. Lists by filter are prepared when asked. */
#define SQLITE_READ_MAP(X)                                                               \
    X(BEGIN, "BEGIN")                                                                    \
    X(TAKE, "SELECT 1 FROM meta LIMIT 1")                                                \
    X(END, "COMMIT")                                                                     \
    X(NUMBERS, "SELECT MAX(IFNULL((SELECT MAX(num) FROM saga), 0), "                     \
               "IFNULL((SELECT MAX(num) FROM purged), 0)), "                             \
               "(SELECT MAX(num) FROM definition), "                                     \
               "(SELECT MAX(num) FROM vars), (SELECT MAX(num) FROM notify), "            \
               "(SELECT MAX(num) FROM bulk)")                                            \
    X(SAGA_ID, SQLITE_SAGA_SELECT "WHERE s.id = ?1")                                     \
    X(SAGA_NUM, SQLITE_SAGA_SELECT "WHERE s.num = ?1")                                   \
    X(SAGA_UNIQUE, SQLITE_SAGA_SELECT                                                    \
      "WHERE s.name = (SELECT num FROM definition_name WHERE name = ?1) "                \
      "AND s.unique_key = ?2")                                                           \
    X(SAGA_CHILD,                                                                        \
      SQLITE_SAGA_SELECT "WHERE s.parent > 0 AND s.parent = ?1 AND s.parent_step = ?2 "  \
                         "AND s.parent_item = ?3 ORDER BY s.generation DESC LIMIT 1")    \
    X(SAGAS_CHILDREN,                                                                    \
      SQLITE_SAGA_SELECT "WHERE s.parent > 0 AND s.parent = ?1 ORDER BY s.num")          \
    X(PURGED, "SELECT id FROM purged WHERE id = ?1")                                     \
    X(SAGAS_LINE, SQLITE_SAGA_SELECT                                                     \
      "WHERE s.name = (SELECT num FROM definition_name WHERE name = ?1) "                \
      "AND s.ordering_key = ?2 AND s.status < 3 ORDER BY s.num LIMIT ?3")                \
    X(SAGAS_AWAKE, "SELECT " SQLITE_SAGA_COLUMNS "FROM (" /* One merge, no sort. */      \
      SQLITE_SAGA_AWAKE(0) "UNION ALL " SQLITE_SAGA_AWAKE(                               \
          1) "UNION ALL " SQLITE_SAGA_AWAKE(2) "ORDER BY num LIMIT ?2) AS hit "          \
                                               "CROSS JOIN saga AS s ON s.num = "        \
                                               "hit.num " SQLITE_SAGA_JOINS              \
                                               "ORDER BY hit.num")                       \
    X(SAGAS_DUE, SQLITE_SAGA_SELECT                                                      \
      "WHERE s.wake_ms > 0 AND s.wake_ms <= ?1 AND (s.wake_ms, s.num) > (?2, ?3) "       \
      "AND s.is_asleep = 1 AND s.status < 3 ORDER BY s.wake_ms, s.num LIMIT ?4")         \
    X(SAGAS_ENDED,                                                                       \
      "SELECT " SQLITE_SAGA_COLUMNS                                                      \
      "FROM saga AS s INDEXED BY saga_ended " SQLITE_SAGA_JOINS                          \
      "WHERE s.status = ?1 AND s.status >= 3 AND s.num > ?2 ORDER BY s.num LIMIT ?3")    \
    X(REPLAY_OLDEST, "SELECT at_ms FROM replay ORDER BY seq LIMIT 1")                    \
    X(SAGAS_ALIKE,                                                                       \
      "SELECT " SQLITE_SAGA_COLUMNS                                                      \
      "FROM saga AS s INDEXED BY saga_stuck_group " SQLITE_SAGA_JOINS                    \
      "WHERE s.name = (SELECT num FROM definition_name WHERE name = ?1) AND "            \
      "s.stuck_step IS ?2 AND s.stuck_call IS ?3 AND s.stuck_outcome IS ?4 AND "         \
      "s.stuck_ms > 0 ORDER BY s.num DESC LIMIT ?5")                                     \
    X(STUCK, "SELECT n.name, g.* FROM (" SQLITE_STUCK_GROUPS SQLITE_STUCK_GROUPED        \
             ") AS g JOIN definition_name AS n ON n.num = g.name "                       \
             "ORDER BY g.n DESC, n.name, g.stuck_step, g.stuck_call, g.stuck_outcome "   \
             "LIMIT ?1")                                                                 \
    X(STUCK_OF, "SELECT ?2, g.* FROM (" SQLITE_STUCK_GROUPS                              \
                "AND name = (SELECT num FROM definition_name WHERE name = "              \
                "?2)" SQLITE_STUCK_GROUPED ") AS g "                                     \
                "ORDER BY g.n DESC, g.stuck_step, g.stuck_call, g.stuck_outcome "        \
                "LIMIT ?1")                                                              \
    X(STUCK_OLDEST, "SELECT stuck_ms FROM saga WHERE stuck_ms > 0 "                      \
                    "ORDER BY stuck_ms LIMIT 1")                                         \
    X(INPUT, "SELECT input FROM saga_input WHERE saga = ?1")                             \
    X(ITEMS, "SELECT elements FROM item WHERE saga = ?1 AND step = ?2 AND first = ?3")   \
    X(VARS, "SELECT text FROM vars WHERE num = ?1")                                      \
    X(META, "SELECT text FROM meta WHERE name = ?1")                                     \
    X(NOTIFY_BODY, "SELECT body FROM notify_body WHERE num = ?1")                        \
    X(NOTIFY_ORIGIN, "SELECT origin FROM notify WHERE status = 0 AND origin > ?1 "       \
                     "ORDER BY origin LIMIT 1")                                          \
    X(NOTIFY_OLDEST, "SELECT made_ms FROM notify INDEXED BY notify_open "                \
                     "WHERE status = 0 AND status <> 1 ORDER BY num LIMIT 1")            \
    X(NOTIFY, "SELECT " SQLITE_NOTIFY_COLUMNS ", NULL, NULL FROM notify AS w "           \
              "WHERE w.status = 0 AND w.origin = ?1 ORDER BY w.due_ms, w.num LIMIT ?2")  \
    X(NOTIFY_ID,                                                                         \
      SQLITE_NOTIFY_SELECT "notify AS w INDEXED BY notify_saga " SQLITE_NOTIFY_JOINS     \
                           "WHERE w.saga = ?1 AND w.saga > 0 AND w.id = ?2")             \
    X(NOTIFY_SAGA,                                                                       \
      SQLITE_NOTIFY_SELECT "notify AS w INDEXED BY notify_saga " SQLITE_NOTIFY_JOINS     \
                           "WHERE w.saga = ?1 AND w.saga > 0 AND w.num < ?2 "            \
                           "AND (1 << w.status) & ?3 ORDER BY w.num DESC LIMIT ?4")      \
    X(NOTIFY_ALL, SQLITE_NOTIFY_SELECT                                                   \
      "notify AS w NOT INDEXED " SQLITE_NOTIFY_JOINS "WHERE w.saga > 0 AND w.num < ?2 "  \
      "AND (1 << w.status) & ?3 ORDER BY w.num DESC LIMIT ?4")                           \
    X(NOTIFY_OPEN, SQLITE_NOTIFY_SELECT "(" /* One merge, no sort. */                    \
      SQLITE_NOTIFY_OPEN(0) "UNION ALL " SQLITE_NOTIFY_OPEN(                             \
          2) "ORDER BY num DESC LIMIT ?4) AS hit CROSS JOIN notify AS w ON w.num = "     \
             "hit.num " SQLITE_NOTIFY_JOINS "ORDER BY hit.num DESC")                     \
    X(AUDIT, SQLITE_AUDIT_SELECT "WHERE seq < ?1 " SQLITE_AUDIT_FILTER)                  \
    X(AUDIT_SUBJECT,                                                                     \
      SQLITE_AUDIT_SELECT "WHERE subject = ?5 AND seq < ?1 " SQLITE_AUDIT_FILTER)        \
    X(BULK_ID, SQLITE_BULK_SELECT "WHERE id = ?1")                                       \
    X(BULKS, SQLITE_BULK_SELECT "WHERE num < ?1 ORDER BY num DESC LIMIT ?2")             \
    X(BULK_ITEMS, "SELECT bulk, n, saga, status, code FROM bulk_item "                   \
                  "WHERE bulk = ?1 AND n < ?2 ORDER BY n DESC LIMIT ?3")                 \
    X(VARS_FIND, "SELECT num FROM vars WHERE hash = ?1 AND text = ?2 ORDER BY num")      \
    X(TURN_LAST, SQLITE_TURN_SELECT "WHERE saga = ?1 ORDER BY turn DESC LIMIT 1")        \
    X(TURN_NUMBER, "SELECT saga, turn, 0, 0, NULL, NULL FROM journal WHERE saga = ?1 "   \
                   "ORDER BY turn DESC LIMIT 1")                                         \
    X(TURNS, SQLITE_TURN_SELECT "WHERE saga = ?1 AND turn >= ?2 ORDER BY turn LIMIT ?3") \
    X(LATE, "SELECT saga, turn, step, item, call, at_ms, data FROM late_answer "         \
            "WHERE saga = ?1 ORDER BY seq")                                              \
    X(REPLAY, "SELECT scope, key, hash, saga, status, body, at_ms FROM replay "          \
              "WHERE scope = ?1 AND key = ?2")                                           \
    X(COUNTS, "SELECT n.name, c.status, c.n FROM saga_count AS c "                       \
              "JOIN definition_name AS n ON n.num = c.name WHERE c.n > 0 "               \
              "ORDER BY n.name, c.status")                                               \
    X(DEFINITION, SQLITE_DEFINITION_SELECT "WHERE n.name = ?1 AND d.version = ?2")       \
    X(DEFINITION_CURRENT,                                                                \
      SQLITE_DEFINITION_SELECT "WHERE n.name = ?1 AND d.version = n.current")            \
    X(DEFINITION_NUM,                                                                    \
      "SELECT d.num, n.name, d.version, d.hash, d.content, "                             \
      "d.created_ms, n.current, n.is_paused, n.is_archived, d.children "                 \
      "FROM definition AS d JOIN definition_name AS n ON n.num = d.name "                \
      "WHERE d.num = ?1")                                                                \
    X(DEFINITION_HASH, SQLITE_DEFINITION_SELECT                                          \
      "WHERE n.name = ?1 AND d.hash = ?2 ORDER BY d.version DESC LIMIT 1")               \
    X(DEFINITIONS, SQLITE_DEFINITION_SELECT                                              \
      "WHERE n.name > ?1 AND d.version = n.current ORDER BY n.name LIMIT ?2")            \
    X(VERSIONS, SQLITE_DEFINITION_SELECT                                                 \
      "WHERE n.name = ?1 AND d.version < ?2 ORDER BY d.version DESC LIMIT ?3")

enum sqlite_write {
#define X(name, sql) SQLITE_WRITE_##name,
    SQLITE_WRITE_MAP(X)
#undef X
};
enum sqlite_read {
#define X(name, sql) SQLITE_READ_##name,
    SQLITE_READ_MAP(X)
#undef X
};
enum {
#define X(name, sql) +1
    SQLITE_WRITES = 0 SQLITE_WRITE_MAP(X),
    SQLITE_READS = 0 SQLITE_READ_MAP(X),
#undef X
};

/* How the counts of a batch wait for its end: a slot per (name, status), found by
 * hash; a slot taken by another pair is written out first. */
#define SQLITE_COUNT_SLOTS 256

struct sqlite_count {
    uint64_t name;
    enum saga_status status;
    int64_t change; /* 0: nothing to write. */
};

#define SQLITE_NAME_SLOTS 64

struct sqlite_name {     /* A definition version's name, both numbers. */
    uint64_t definition; /* 0: empty slot. */
    uint64_t name;
};

struct sqlite_audit_end { /* The last row of the audit. */
    uint64_t seq;         /* 0: there is none. */
    char hash[HASH_HEX];
};

struct sqlite_store {
    struct store base;
    bool is_copy; /* sqlite_open_copy() */
    struct sqlite_place place;
    sqlite3 *db;
    sqlite3_stmt *write[SQLITE_WRITES];
    struct sqlite_count counts[SQLITE_COUNT_SLOTS];
    struct sqlite_name names[SQLITE_NAME_SLOTS];
    struct sqlite_audit_end audit;
    unsigned commits; /* Since the last checkpoint. */
    int wal_pages;    /* In the WAL after the last commit. */
};

#define SQLITE_LISTS_KEPT 24 /* Statements of lists; one list may take a few. */

struct sqlite_reader {
    struct store_reader base;
    sqlite3 *db;
    sqlite3_stmt *read[SQLITE_READS];
    sqlite3_stmt *lists[SQLITE_LISTS_KEPT]; /* sqlite_listed.c; NULL: free. */
    size_t next_list;                       /* The next to be replaced. */
};

/* sqlite_open.c: a database that nobody writes to, to be read only; no lock, nothing
 * beside it. */
void sqlite_open_copy(const char *path, struct store **out);

/* sqlite_commit.c */
enum err sqlite_commit(struct store *s, const struct store_batch *batch,
                       struct err_info *info);

/* sqlite_copy.c: see struct store_backend. */
enum err sqlite_copy_begin(struct store *s, const char *path, struct store_copy **out,
                           struct err_info *info);
enum err sqlite_copy_step(struct store_copy *c, bool *is_done, struct err_info *info);
void sqlite_copy_end(struct store_copy *c);

/* sqlite_read.c, sqlite_definition.c: see struct store_backend. */
enum err sqlite_reader_begin(struct store_reader *r, struct err_info *info);
void sqlite_reader_end(struct store_reader *r);
enum err sqlite_read_numbers(struct store_reader *r, struct store_numbers *out,
                             struct err_info *info);
enum err sqlite_find_vars(struct store_reader *r, const char *text, uint64_t *num_out,
                          struct err_info *info);
enum err sqlite_read_bytes(struct store_reader *r, const struct store_bytes_query *q,
                           store_take_bytes take, void *user, struct err_info *info);
enum err sqlite_find_replay(struct store_reader *r, const char *scope, const char *key,
                            store_take_replay take, void *user, struct err_info *info);
enum err sqlite_scan_sagas(struct store_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info);
enum err sqlite_scan_turns(struct store_reader *r, const struct store_turn_query *q,
                           store_each_turn each, void *user, struct err_info *info);
enum err sqlite_scan_late(struct store_reader *r, uint64_t saga, store_each_late each,
                          void *user, struct err_info *info);
enum err sqlite_scan_audit(struct store_reader *r, const struct store_audit_query *q,
                           store_each_audit each, void *user, struct err_info *info);
enum err sqlite_scan_counts(struct store_reader *r, store_each_count each, void *user,
                            struct err_info *info);
enum err sqlite_scan_definitions(struct store_reader *r,
                                 const struct store_definition_query *q,
                                 store_each_definition each, void *user,
                                 struct err_info *info);

/* sqlite_listed.c */
enum err sqlite_count_sagas(struct store_reader *r, const struct store_filter *filter,
                            uint64_t before_num, uint64_t *out, struct err_info *info);
/* sqlite_notify.c */
enum err sqlite_scan_notify(struct store_reader *r, const struct store_notify_query *q,
                            store_each_notify each, void *user, struct err_info *info);
/* sqlite_bulk.c */
enum err sqlite_scan_bulks(struct store_reader *r, const struct store_bulk_query *q,
                           store_each_bulk each, void *user, struct err_info *info);
enum err sqlite_scan_bulk_items(struct store_reader *r,
                                const struct store_bulk_items_query *q,
                                store_each_bulk_item each, void *user,
                                struct err_info *info);

/* Inside reading: a kept statement, ready for its bindings. */
sqlite3_stmt *sqlite_read_statement(struct sqlite_reader *r, enum sqlite_read which);
/* The next row: 1 yes, 0 the end, -1 failed (info says). The statement is reset at the
 * end and on failure; who stops earlier resets it. */
int sqlite_read_row(struct sqlite_reader *r, sqlite3_stmt *st, struct err_info *info);
/* Rows of SQLITE_SAGA_COLUMNS until each() has enough. Resets st. */
enum err sqlite_read_sagas(struct sqlite_reader *r, sqlite3_stmt *st,
                           store_each_saga each, void *user, struct err_info *info);
/* sqlite_stuck.c */
enum err sqlite_scan_stuck(struct store_reader *r, const char *definition, size_t most,
                           store_each_stuck each, void *user, struct err_info *info);
enum err sqlite_oldest_stuck(struct store_reader *r, uint64_t *out_ms,
                             struct err_info *info);
enum err sqlite_oldest_replay(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info);
enum err sqlite_oldest_notify(struct store_reader *r, uint64_t *out_ms,
                              struct err_info *info);
/* Statement of the group's sagas, bound. */
sqlite3_stmt *sqlite_bind_alike(struct sqlite_reader *r,
                                const struct store_saga_query *q);
/* The list by filter: sqlite_listed.c. */
enum err sqlite_list_sagas(struct sqlite_reader *r, const struct store_saga_query *q,
                           store_each_saga each, void *user, struct err_info *info);

#endif /* STORE_SQLITE_STORE_H */
