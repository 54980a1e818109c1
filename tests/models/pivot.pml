/*
 * pivot.pml - a cancel or the deadline against a pivot that is under way (S17, S27).
 *
 * Before the pivot stands a step that is done and can be taken back. At the end the saga
 * is `completed` with the pivot in the world, or `compensated` without it and with nothing
 * left of the first step, or stuck, where a person decides.
 *
 * Mutants, each of which must fail:
 *   CUTS            a cancel or deadline turns back while the pivot is due   (S27)
 *   CUTS_LATE       so does one that comes after the pivot was applied       (S27)
 *   DOUBT_IS_NO     attempts that ran out in doubt count as not applied      (S15, S27)
 *   CONFIRMS_ONCE   the first "not applied" is believed                      (S17)
 *   REFUSAL_IS_NO   a refusal of a repeated attempt counts as not applied    (S15)
 *   FORGETS_NOTE    a noted cancel is lost when the pivot was not applied    (S27)
 */
#define ATTEMPTS 2

mtype = { READY, DUE, DOUBT, CONFIRMING, CONFIRMING_AGAIN, REJECTED, APPLIED, UNDOING,
          COMPENSATED, COMPLETED, STUCK };

mtype status = READY;
bool noted = false;      /* A cancel or the deadline, while the pivot is unsettled. */
bool must_return = false; /* It was noted, and the pivot settled not applied. */
bool in_doubt = false;
byte attempts = 0;
bool first_step = true;  /* Its effect is in the world. */

chan requests = [2] of { byte };
chan answers = [2] of { byte, bit };
bool done = false;       /* The pivot's effect is in the world. */

active proctype participant()
{
    byte attempt;

end:
    do
    :: atomic {
        if :: requests??1 -> attempt = 1 :: requests??2 -> attempt = 2 fi;
        if
        :: done = true; answers!attempt, 1
        :: !done -> answers!attempt, 0 /* Refused on the way; it does not remember. */
        :: done = true /* And the answer is lost. */
        :: skip        /* The request is lost. */
        fi }
    od
}

active proctype client() /* One cancel or deadline, at any moment or never. */
{
    if
    :: atomic { status == READY -> status = UNDOING }
    :: atomic { status == DUE || status == DOUBT || status == CONFIRMING ||
                status == CONFIRMING_AGAIN ->
#ifdef CUTS
        status = UNDOING
#else
        noted = true
#endif
        }
    :: atomic { status == APPLIED ->
#ifdef CUTS_LATE
        status = UNDOING
#else
        skip /* 409. */
#endif
        }
    :: skip
    fi
}

active proctype engine()
{
    byte attempt;
    bit yes;

    do
    :: atomic { (status == READY || status == DOUBT) && attempts < ATTEMPTS ->
        attempts++; status = DUE; requests!attempts }
    :: atomic { answers??attempt, yes ->
        if
        :: status == DUE && attempt == attempts && yes == 1 ->
            in_doubt = false; status = APPLIED
        :: status == DUE && attempt == attempts && yes == 0 ->
#ifdef REFUSAL_IS_NO
            status = REJECTED
#else
            if :: in_doubt -> status = CONFIRMING :: !in_doubt -> status = REJECTED fi
#endif
        :: else -> skip
        fi }
    :: atomic { status == DUE -> in_doubt = true; status = DOUBT } /* Time-out. */
    :: atomic { status == DOUBT && attempts == ATTEMPTS ->
#ifdef DOUBT_IS_NO
        status = REJECTED }
#else
        status = CONFIRMING }
#endif
    /* `confirm` sees the world as it is; it may also get no answer. */
    :: atomic { status == CONFIRMING ->
        if
        :: done -> status = APPLIED
#ifdef CONFIRMS_ONCE
        :: !done -> status = REJECTED
#else
        :: !done -> status = CONFIRMING_AGAIN
#endif
        :: status = STUCK; break
        fi }
    /* One call time-out later: what was under way has arrived or never will. */
    :: atomic { status == CONFIRMING_AGAIN && empty(requests) ->
        if
        :: done -> status = APPLIED
        :: !done -> status = REJECTED
        :: status = STUCK; break
        fi }
    :: atomic { status == REJECTED ->
        must_return = must_return || noted;
#ifdef FORGETS_NOTE
        if
        :: noted -> noted = false; in_doubt = false; status = DUE; requests!attempts
        :: !noted -> status = UNDOING
        fi }
#else
        status = UNDOING }
#endif
    :: atomic { status == APPLIED -> status = COMPLETED; break }
    :: atomic { status == UNDOING -> first_step = false; status = COMPENSATED; break }
    od
}

active proctype judge()
{
end:
    atomic { (status == COMPENSATED || status == COMPLETED) && empty(requests) ->
        assert(status != COMPENSATED || (!done && !first_step));
        assert(status != COMPLETED || (done && first_step));
        assert(!must_return || status == COMPENSATED) }
}
