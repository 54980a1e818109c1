/*
 * parallel.pml - a failure beside calls in flight: who waits for whom (S20, S23, S24).
 *
 *     first, then left and right side by side, then last
 *
 * Any action may be refused or get lost; the engine may die at any moment. Judged are the
 * order in which actions and compensations go out, and what is left in the world.
 *
 * Mutants, each of which must fail:
 *   NO_WAIT         a compensation goes out while an action is in flight   (S23, S24)
 *   STARTS_MORE     an action begins after another has failed              (S23)
 *   NO_MIRROR       what stands earlier goes back without waiting          (S24)
 *   FORGETS_BRANCH  only the branch that failed goes back                  (S20)
 *   WAITS_SIBLING   a branch waits until the other is back, and it for it  (S24)
 */
#define STEPS 4
#define FIRST 0
#define LEFT 1
#define RIGHT 2
#define LAST 3

mtype = { PENDING, DUE, SUCCEEDED, REJECTED, DOUBT, UNDOING, UNDONE };

/* On disk. */
mtype step[STEPS] = PENDING;
bool back = false;
bool over = false;

/* The world. */
bool in_flight[STEPS]; /* An action's request or its answer. */
bool effect[STEPS];
bool answered[STEPS];
bool yes[STEPS];
bool undo_sent = false; /* Any compensation at all. */
byte crashes = 0;

#define NEEDS_UNDO(s) (step[s] == SUCCEEDED || step[s] == DOUBT || step[s] == UNDOING)
#define IS_DUE (step[FIRST] == DUE || step[LEFT] == DUE || step[RIGHT] == DUE || step[LAST] == DUE)

#ifdef STARTS_MORE
#define GOES_ON true
#else
#define GOES_ON (!back)
#endif
#ifdef NO_WAIT
#define MAY_UNDO true
#else
#define MAY_UNDO (!IS_DUE)
#endif

inline begin(s)
{
    assert(!undo_sent); /* No action after the first compensation. */
    step[s] = DUE; in_flight[s] = true; answered[s] = false
}

inline undo(s)
{
    assert(!in_flight[FIRST] || step[FIRST] != DUE);
    assert(step[LEFT] != DUE && step[RIGHT] != DUE && step[LAST] != DUE);
    undo_sent = true; step[s] = UNDOING
}

inline settle(s)
{
    if
    :: answered[s] && yes[s] -> step[s] = SUCCEEDED
    :: answered[s] && !yes[s] -> step[s] = REJECTED; back = true
    :: step[s] = DOUBT; back = true /* Time-out: in doubt, and not tried again here. */
    fi;
    in_flight[s] = false
}

active proctype participant()
{
end:
    do
    :: atomic { in_flight[FIRST] && !answered[FIRST] ->
        answered[FIRST] = true; if :: yes[FIRST] = true; effect[FIRST] = true :: yes[FIRST] = false fi }
    :: atomic { in_flight[LEFT] && !answered[LEFT] ->
        answered[LEFT] = true; if :: yes[LEFT] = true; effect[LEFT] = true :: yes[LEFT] = false fi }
    :: atomic { in_flight[RIGHT] && !answered[RIGHT] ->
        answered[RIGHT] = true; if :: yes[RIGHT] = true; effect[RIGHT] = true :: yes[RIGHT] = false fi }
    :: atomic { in_flight[LAST] && !answered[LAST] ->
        answered[LAST] = true; if :: yes[LAST] = true; effect[LAST] = true :: yes[LAST] = false fi }
    od
}

/* A compensation is accepted whatever came before it (S29 b), and takes effect. */
inline undo_done(s)
{
    effect[s] = false; step[s] = UNDONE
}

#ifdef NO_MIRROR
#define BRANCHES_ARE_BACK true
#else
#define BRANCHES_ARE_BACK (!NEEDS_UNDO(LEFT) && !NEEDS_UNDO(RIGHT))
#endif
#ifdef FORGETS_BRANCH
#define LEFT_GOES (step[RIGHT] == SUCCEEDED || step[RIGHT] == PENDING)
#else
#define LEFT_GOES true
#endif
#ifdef WAITS_SIBLING
#define OTHER_IS_BACK(s) (!NEEDS_UNDO(s))
#else
#define OTHER_IS_BACK(s) true
#endif

active proctype engine()
{
    do
    /* Forward. */
    :: atomic { GOES_ON && step[FIRST] == PENDING -> begin(FIRST) }
    :: atomic { GOES_ON && step[FIRST] == SUCCEEDED && step[LEFT] == PENDING -> begin(LEFT) }
    :: atomic { GOES_ON && step[FIRST] == SUCCEEDED && step[RIGHT] == PENDING -> begin(RIGHT) }
    :: atomic { GOES_ON && step[LEFT] == SUCCEEDED && step[RIGHT] == SUCCEEDED &&
                step[LAST] == PENDING -> begin(LAST) }
    :: atomic { step[FIRST] == DUE -> settle(FIRST) }
    :: atomic { step[LEFT] == DUE -> settle(LEFT) }
    :: atomic { step[RIGHT] == DUE -> settle(RIGHT) }
    :: atomic { step[LAST] == DUE -> settle(LAST) }
    :: atomic { !back && step[LAST] == SUCCEEDED -> over = true; break }
    :: atomic { !back -> back = true } /* A cancel. */

    /* Back. */
    :: atomic { back && MAY_UNDO && (step[LAST] == SUCCEEDED || step[LAST] == DOUBT) -> undo(LAST) }
    :: atomic { back && MAY_UNDO && !NEEDS_UNDO(LAST) && OTHER_IS_BACK(RIGHT) && LEFT_GOES &&
                (step[LEFT] == SUCCEEDED || step[LEFT] == DOUBT) -> undo(LEFT) }
    :: atomic { back && MAY_UNDO && !NEEDS_UNDO(LAST) && OTHER_IS_BACK(LEFT) &&
                (step[RIGHT] == SUCCEEDED || step[RIGHT] == DOUBT) -> undo(RIGHT) }
    :: atomic { back && MAY_UNDO && !NEEDS_UNDO(LAST) && BRANCHES_ARE_BACK &&
                (step[FIRST] == SUCCEEDED || step[FIRST] == DOUBT) ->
        assert(!effect[LEFT] && !effect[RIGHT] && !effect[LAST]); undo(FIRST) }
    :: atomic { step[LAST] == UNDOING -> undo_done(LAST) }
    :: atomic { step[LEFT] == UNDOING -> undo_done(LEFT) }
    :: atomic { step[RIGHT] == UNDOING -> undo_done(RIGHT) }
    :: atomic { step[FIRST] == UNDOING -> undo_done(FIRST) }
    :: atomic { back && !IS_DUE && !NEEDS_UNDO(FIRST) && !NEEDS_UNDO(LEFT) &&
                !NEEDS_UNDO(RIGHT) && !NEEDS_UNDO(LAST) -> over = true; break }

    /* Dies: what was due is in doubt (S9). */
    :: atomic { crashes < 1 && IS_DUE ->
        crashes++;
        if :: step[FIRST] == DUE -> step[FIRST] = DOUBT; in_flight[FIRST] = false; back = true :: else -> skip fi;
        if :: step[LEFT] == DUE -> step[LEFT] = DOUBT; in_flight[LEFT] = false; back = true :: else -> skip fi;
        if :: step[RIGHT] == DUE -> step[RIGHT] = DOUBT; in_flight[RIGHT] = false; back = true :: else -> skip fi;
        if :: step[LAST] == DUE -> step[LAST] = DOUBT; in_flight[LAST] = false; back = true :: else -> skip fi }
    od;
    if
    :: back -> assert(!effect[FIRST] && !effect[LEFT] && !effect[RIGHT] && !effect[LAST])
    :: else -> assert(effect[FIRST] && effect[LEFT] && effect[RIGHT] && effect[LAST])
    fi
}
