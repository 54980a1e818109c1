/*
 * signals.h - signals as answers to a question, not as interruptions.
 *
 * Blocked in every thread (call signals_block() before the first one starts) and taken
 * one at a time by the main thread.
 */
#ifndef SAGAD_SIGNALS_H
#define SAGAD_SIGNALS_H

enum signal_kind {
    SIGNAL_STOP,    /* TERM, INT */
    SIGNAL_RELOAD,  /* HUP */
    SIGNAL_SUMMARY, /* USR1 */
    SIGNAL_TOLD,    /* signals_tell() by one of our threads. */
};

/* Also ignores PIPE. The calling thread is the one that signals_tell() reaches. */
void signals_block(void);

enum signal_kind signals_wait(void);

/* Wake the main thread's signals_wait(). Any thread. */
void signals_tell(void);

#endif /* SAGAD_SIGNALS_H */
