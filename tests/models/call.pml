/*
 * call.pml - one step with a compensation, over a network that loses, delays and reorders.
 *
 * The engine may die at any moment and knows afterwards only what it committed (S4, S9).
 * The participant keeps S29. At the end: `compensated` leaves no effect in the world,
 * `completed` exactly one, and nothing is ever done twice.
 *
 * Mutants, each of which must fail:
 *   NO_DEDUP        the participant carries a repeated key out again      (S29 a)
 *   NO_NULL_UNDO    it undoes blindly what never came                     (S29 b)
 *   NO_TOMBSTONE    it does what comes after its compensation             (S29 c)
 *   SENDS_FIRST     an attempt is sent before its turn is committed       (S4)
 *   FORGETS_DOUBT   a refusal settles a call that is in doubt             (S15)
 *   IGNORES_DOUBT   only what succeeded is compensated                    (S20)
 *   IGNORES_LOST    a restart takes a due attempt for never sent          (S9)
 *   NEW_KEY         a repeated attempt has a key of its own               (S2)
 */
#define ATTEMPTS 2
#define CRASHES 2

mtype = { PENDING, DUE, DOUBT, SUCCEEDED, REJECTED, UNDOING, COMPENSATED, COMPLETED, STUCK };
mtype = { ACTION, UNDO };

/* On disk. */
mtype status = PENDING;
bool in_doubt = false;
byte attempts = 0;
byte undos = 0;

/* What a crash forgets. */
bool armed = false; /* The attempt is committed and not sent yet. */
byte crashes = 0;

/* The world. */
chan requests = [4] of { mtype, byte, byte }; /* What, key, attempt; in any order. */
chan answers = [4] of { mtype, byte, bit };   /* What, attempt, 1 done or 0 refused. */
bool done[ATTEMPTS + 1]; /* By key. */
bool undone = false;
short effect = 0;

#ifdef NEW_KEY
#define KEY attempts
#else
#define KEY 1
#endif

#define FINAL (status == COMPENSATED || status == COMPLETED || status == STUCK)
#define ANSWER(what, attempt, yes) \
    if :: nfull(answers) -> answers!what, attempt, yes :: full(answers) -> skip fi

active proctype participant()
{
    byte key;
    byte attempt;

end:
    do
    :: atomic {
        if /* Any of them, not the oldest. */
        :: requests??ACTION, key, 1 -> attempt = 1
        :: requests??ACTION, key, 2 -> attempt = 2
        fi;
        if
#ifndef NO_TOMBSTONE
        :: undone -> ANSWER(ACTION, attempt, 0)
#endif
        :: else ->
            if
            :: !done[key] -> /* Done; or refused on the way, and forgotten. */
                if
                :: done[key] = true; effect++; ANSWER(ACTION, attempt, 1)
                :: ANSWER(ACTION, attempt, 0)
                fi
            :: done[key] ->
#ifdef NO_DEDUP
                effect++;
#endif
                ANSWER(ACTION, attempt, 1)
            fi
        fi }
    :: atomic { requests??UNDO, key, attempt ->
        if
        :: undone -> skip /* A repeated key. */
        :: !undone ->
            undone = true;
            if
            :: done[1] -> effect--
            :: else ->
#ifdef NO_NULL_UNDO
                effect--
#else
                skip
#endif
            fi
        fi;
        ANSWER(UNDO, 0, 1) }
    od
}

active proctype engine()
{
    byte attempt;
    bit yes;

    do
    /* The turn that makes an attempt due. */
    :: atomic { (status == PENDING || status == DOUBT) && attempts < ATTEMPTS && !armed ->
#ifdef SENDS_FIRST
        if :: nfull(requests) -> requests!ACTION, KEY, attempts + 1 :: full(requests) -> skip fi;
        armed = true }
    :: atomic { armed && (status == PENDING || status == DOUBT) ->
        armed = false; attempts++; status = DUE }
#else
        attempts++; status = DUE; armed = true }
    :: atomic { status == DUE && armed && nfull(requests) ->
        armed = false; requests!ACTION, KEY, attempts }
#endif
    /* Cancelled before it began. */
    :: atomic { status == PENDING && !armed -> status = COMPENSATED; break }

    :: atomic { answers??ACTION, attempt, yes ->
        if
        :: status == DUE && !armed && attempt == attempts && yes == 1 ->
            in_doubt = false; status = SUCCEEDED
        :: status == DUE && !armed && attempt == attempts && yes == 0 ->
#ifdef FORGETS_DOUBT
            status = REJECTED
#else
            if :: in_doubt -> status = UNDOING :: !in_doubt -> status = REJECTED fi
#endif
        :: else -> skip /* Late (S16). */
        fi }
    /* Its time is out. */
    :: atomic { status == DUE && !armed -> in_doubt = true; status = DOUBT }

    :: atomic { status == SUCCEEDED ->
        if :: status = COMPLETED; break :: status = UNDOING fi }
    :: atomic { status == REJECTED -> status = COMPENSATED; break }
    :: atomic { status == DOUBT && !armed ->
#ifdef IGNORES_DOUBT
        status = COMPENSATED; break }
#else
        status = UNDOING }
#endif
    :: atomic { status == UNDOING && undos < ATTEMPTS && nfull(requests) ->
        undos++; requests!UNDO, 1, undos }
    :: atomic { answers??UNDO, attempt, yes ->
        if :: status == UNDOING -> status = COMPENSATED; break :: else -> skip fi }
    :: atomic { status == UNDOING && undos == ATTEMPTS && empty(requests) && empty(answers) ->
        status = STUCK; break }

    /* Dies, and begins again with what is on disk. */
    :: atomic { crashes < CRASHES && !FINAL ->
        crashes++; armed = false;
        if
        :: status == DUE ->
#ifdef IGNORES_LOST
            status = PENDING
#else
            in_doubt = true; status = DOUBT
#endif
        :: else -> skip
        fi }
    od
}

active proctype network() /* Loses; what it does not lose it delivers when it likes. */
{
end:
    do
    :: atomic { requests??ACTION, _, _ }
    :: atomic { requests??UNDO, _, _ }
    :: atomic { answers??ACTION, _, _ }
    :: atomic { answers??UNDO, _, _ }
    od
}

active proctype judge()
{
end:
    if
    :: atomic { FINAL && empty(requests) ->
        assert(status != COMPENSATED || effect == 0);
        assert(status != COMPLETED || effect == 1) }
    :: atomic { effect < 0 || effect > 1 -> assert(false) }
    fi
}
