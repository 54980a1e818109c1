/*
 * lease.pml - the same step, driven by two nodes that take over from each other (S80, S81).
 *
 * A node may sleep for as long as it likes while its lease ends and the other takes over;
 * then it goes on with what it believed. Commits are conditional on the epoch. What it had
 * committed and not sent it may still send: that is an attempt like any other, since the
 * new owner holds it in doubt.
 *
 * Mutants, each of which must fail:
 *   NO_FENCE        a commit does not ask for the epoch                   (S80)
 *   KEEPS_VIEW      a new owner does not read the state again             (S80)
 *   IGNORES_LOST    it takes a due attempt for never sent                 (S81, S9)
 *   SENDS_FIRST     an attempt is sent before its turn is committed       (S4)
 *   NO_TOMBSTONE    the participant does what comes after its compensation (S29 c)
 */
#define ATTEMPTS 2
#define EPOCHS 3

mtype = { PENDING, DUE, DOUBT, SUCCEEDED, REJECTED, UNDOING, COMPENSATED, COMPLETED };
mtype = { ACTION, UNDO };

/* On disk. */
mtype status = PENDING;
bool in_doubt = false;
byte attempts = 0;
byte epoch = 0;

/* The world; the participant keeps S29. */
chan requests = [4] of { mtype, byte };
chan answers = [4] of { mtype, byte, bit };
bool done = false;
bool undone = false;
short effect = 0;

#define IS_FINAL(s) (s == COMPENSATED || s == COMPLETED)
#define ANSWER(what, attempt, yes) \
    if :: nfull(answers) -> answers!what, attempt, yes :: full(answers) -> skip fi

active proctype participant()
{
    byte attempt;

end:
    do
    :: atomic {
        if
        :: requests??ACTION, 1 -> attempt = 1
        :: requests??ACTION, 2 -> attempt = 2
        fi;
        if
#ifndef NO_TOMBSTONE
        :: undone -> ANSWER(ACTION, attempt, 0)
#endif
        :: else ->
            if
            :: !done -> if :: done = true; effect++; ANSWER(ACTION, attempt, 1)
                           :: ANSWER(ACTION, attempt, 0) fi
            :: done -> ANSWER(ACTION, attempt, 1)
            fi
        fi }
    :: atomic { requests??UNDO, attempt ->
        if
        :: undone -> skip
        :: !undone -> undone = true; if :: done -> effect-- :: else -> skip fi
        fi;
        ANSWER(UNDO, 0, 1) }
    od
}

/* `change` happens if the commit is accepted; a refused one means: drop the saga. */
#ifdef NO_FENCE
#define COMMIT(change) change
#else
#define COMMIT(change) if :: mine == epoch -> change :: mine != epoch -> goto idle fi
#endif

active [2] proctype node()
{
    byte mine;
    byte attempt;
    bit yes;
    mtype view = PENDING; /* What it believes is on disk. */
    bool doubt = false;
    byte sent = 0;
    bool armed = false;
    byte undos = 0;

idle:
    armed = false;
    atomic {
        if
        :: IS_FINAL(status) -> goto out
        :: !IS_FINAL(status) && epoch == EPOCHS -> goto out
        :: !IS_FINAL(status) && epoch < EPOCHS -> /* The other's lease has ended. */
            epoch++; mine = epoch;
#ifdef KEEPS_VIEW
            if :: mine == 1 -> view = status; doubt = in_doubt; sent = attempts
               :: else -> skip fi;
#else
            view = status; doubt = in_doubt; sent = attempts;
#endif
            if
            :: view == DUE ->
#ifdef IGNORES_LOST
                view = PENDING
#else
                view = DOUBT; doubt = true; status = DOUBT; in_doubt = true
#endif
            :: else -> skip
            fi
        fi
    }
end: /* Epochs and attempts are bounded: it may end anywhere. */
    do
    :: atomic { (view == PENDING || view == DOUBT) && sent < ATTEMPTS && !armed ->
#ifdef SENDS_FIRST
        if :: nfull(requests) -> requests!ACTION, sent + 1 :: full(requests) -> skip fi;
        armed = true }
    :: atomic { armed && (view == PENDING || view == DOUBT) ->
        COMMIT(sent++; attempts = sent; view = DUE; status = DUE; armed = false) }
#else
        COMMIT(sent++; attempts = sent; view = DUE; status = DUE; armed = true) }
    :: atomic { view == DUE && armed && nfull(requests) ->
        armed = false; requests!ACTION, sent }
#endif
    :: atomic { view == PENDING && !armed ->
        COMMIT(view = COMPENSATED; status = COMPENSATED) ; break }
    :: atomic { answers??ACTION, attempt, yes ->
        if
        :: view == DUE && !armed && attempt == sent && yes == 1 ->
            COMMIT(doubt = false; in_doubt = false; view = SUCCEEDED; status = SUCCEEDED)
        :: view == DUE && !armed && attempt == sent && yes == 0 && doubt ->
            COMMIT(view = UNDOING; status = UNDOING)
        :: view == DUE && !armed && attempt == sent && yes == 0 && !doubt ->
            COMMIT(view = REJECTED; status = REJECTED)
        :: else -> skip
        fi }
    :: atomic { view == DUE && !armed ->
        COMMIT(doubt = true; in_doubt = true; view = DOUBT; status = DOUBT) }
    :: atomic { view == SUCCEEDED -> COMMIT(view = COMPLETED; status = COMPLETED) ; break }
    :: atomic { view == SUCCEEDED -> COMMIT(view = UNDOING; status = UNDOING) }
    :: atomic { view == REJECTED -> COMMIT(view = COMPENSATED; status = COMPENSATED) ; break }
    :: atomic { view == DOUBT && !armed -> COMMIT(view = UNDOING; status = UNDOING) }
    :: atomic { view == UNDOING && undos < ATTEMPTS && nfull(requests) ->
        undos++; requests!UNDO, 0 }
    :: atomic { answers??UNDO, attempt, yes ->
        if
        :: view == UNDOING -> COMMIT(view = COMPENSATED; status = COMPENSATED) ; break
        :: else -> skip
        fi }
    :: atomic { IS_FINAL(status) && !armed -> break }
    /* Notices that it is not the owner any more, or dies and comes back. */
    :: atomic { epoch < EPOCHS && !armed -> goto idle }
    :: atomic { mine != epoch && !armed -> goto idle }
    od;
out:
    skip
}

active proctype network()
{
end:
    do
    :: atomic { requests??ACTION, _ }
    :: atomic { requests??UNDO, _ }
    :: atomic { answers??ACTION, _, _ }
    :: atomic { answers??UNDO, _, _ }
    od
}

active proctype judge()
{
end:
    if
    :: atomic { IS_FINAL(status) && empty(requests) ->
        assert(status != COMPENSATED || effect == 0);
        assert(status != COMPLETED || effect == 1) }
    :: atomic { effect < 0 || effect > 1 -> assert(false) }
    fi
}
