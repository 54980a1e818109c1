/* participants.c - see participants.h. */
#include "programs/sagad/participants.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/mem.h"
#include "programs/sagad/listener.h"

#define ENTRIES_MAX 64
#define KEY_MAX 160
#define ANSWER_MAX 160

struct entry {
    char key[KEY_MAX]; /* Idempotency-Key of the request. */
    bool is_undone;
    int64_t cents;
    unsigned status;
    char answer[ANSWER_MAX];
};

struct service {
    enum participant which;
    struct listener *listener;
    struct participant_book book; /* The listener's thread's until it is stopped. */
    struct entry entries[ENTRIES_MAX];
    size_t n;
};

struct participants {
    struct service services[PARTICIPANTS];
};

/* Keys come as quoted strings; what counts is inside. *n: its bytes. */
static const char *bare(const char *key, size_t *n)
{
    *n = strlen(key);
    if (*n >= 2 && key[0] == '"' && key[*n - 1] == '"') {
        *n -= 2;
        return key + 1;
    }
    return key;
}

static struct entry *find(struct service *s, const char *key)
{
    size_t n = 0;

    if (key == NULL) {
        return NULL;
    }
    key = bare(key, &n);
    for (size_t i = 0; i < s->n; i++) {
        if (strlen(s->entries[i].key) == n && memcmp(s->entries[i].key, key, n) == 0) {
            return &s->entries[i];
        }
    }
    return NULL;
}

/* NULL: the book is full, or the request has no key. */
static struct entry *add(struct service *s, const char *key)
{
    struct entry *e;
    size_t n;

    if (key == NULL || strlen(key) >= KEY_MAX || s->n == ENTRIES_MAX) {
        return NULL;
    }
    key = bare(key, &n);
    e = &s->entries[s->n];
    s->n++;
    memcpy(e->key, key, n);
    return e;
}

/* "49.90" -> 4990; what is not an amount is 0. */
static int64_t cents_of(struct json_span amount)
{
    int64_t cents = 0;
    int decimals = -1;

    for (size_t i = 0; i < amount.n && decimals < 2; i++) {
        if (amount.at[i] == '.') {
            decimals = 0;
        } else if (amount.at[i] >= '0' && amount.at[i] <= '9' &&
                   cents < INT64_MAX / 100) {
            cents = cents * 10 + (amount.at[i] - '0');
            decimals += decimals >= 0 ? 1 : 0;
        }
    }
    return decimals < 0 ? cents * 100 : decimals == 1 ? cents * 10 : cents;
}

static struct json_span member(const struct listener_request *r, const char *name)
{
    if (!json_is_valid(r->body, r->body_n)) {
        return JSON_SPAN_NONE;
    }
    return json_span_member(json_span_of(r->body, r->body_n), name, strlen(name));
}

static void settle(struct entry *e, unsigned status, const char *answer)
{
    e->status = status;
    (void)snprintf(e->answer, sizeof(e->answer), "%s", answer); /* Ours; they fit. */
}

static void act(struct service *s, const struct listener_request *r, struct entry *e)
{
    char text[ANSWER_MAX];

    if (s->which == PARTICIPANT_SHIPPING &&
        json_span_is_text(member(r, "to"), "the Moon", strlen("the Moon"))) {
        s->book.n_refused++;
        settle(e, 422, "{\"error\":\"no ships go to the Moon\"}");
        return;
    }
    e->cents = cents_of(member(r, "amount"));
    s->book.n_done++;
    s->book.cents_done += e->cents;
    (void)snprintf(text, sizeof(text), "{\"id\":\"%s-%zu\"}", participant_name(s->which),
                   s->n); /* Fits. */
    settle(e, 201, text);
}

/* Take back what action_key did; when it never came, remember that it must not. */
static void undo(struct service *s, const char *action_key, struct entry *e)
{
    struct entry *action = find(s, action_key);

    if (action == NULL) {
        action = add(s, action_key);
        if (action != NULL) {
            settle(action, 409, "{\"error\":\"compensated before it came\"}");
        }
    } else if (!action->is_undone && action->status < 300) {
        s->book.n_undone++;
        s->book.cents_undone += action->cents;
        action->is_undone = true;
    }
    settle(e, 200, "{\"ok\":true}");
}

static unsigned answer(void *user, const struct listener_request *r, struct buf *out)
{
    struct service *s = user;
    struct entry *e = find(s, r->key);

    if (e == NULL) {
        e = add(s, r->key);
        if (e == NULL) {
            buf_add_text(out, "{\"error\":\"no Idempotency-Key, or the book is full\"}");
            return 400;
        }
        if (r->action_key != NULL) {
            undo(s, r->action_key, e);
        } else {
            act(s, r, e);
        }
    }
    buf_add_text(out, e->answer);
    return e->status;
}

const char *participant_name(enum participant which)
{
    switch (which) {
    case PARTICIPANT_PAYMENTS:
        return "payments";
    case PARTICIPANT_INVENTORY:
        return "inventory";
    case PARTICIPANT_SHIPPING:
        return "shipping";
    case PARTICIPANT_MAIL:
        return "mail";
    case PARTICIPANTS:
        break;
    }
    return "";
}

enum err participants_start(struct participants **out, struct err_info *info)
{
    struct participants *p = mem_alloc(sizeof(*p));

    for (int i = 0; i < PARTICIPANTS; i++) {
        struct service *s = &p->services[i];
        enum err e;

        s->which = (enum participant)i;
        e = listener_start(0, answer, s, &s->listener, info);
        if (e != ERR_OK) {
            participants_destroy(p);
            return e;
        }
    }
    *out = p;
    return ERR_OK;
}

unsigned participants_port(const struct participants *p, enum participant which)
{
    return listener_port(p->services[which].listener);
}

void participants_stop(struct participants *p)
{
    for (int i = 0; i < PARTICIPANTS; i++) {
        listener_stop(p->services[i].listener);
        p->services[i].listener = NULL;
    }
}

struct participant_book participants_book(const struct participants *p,
                                          enum participant which)
{
    return p->services[which].book;
}

void participants_destroy(struct participants *p)
{
    if (p != NULL) {
        participants_stop(p);
        free(p);
    }
}
