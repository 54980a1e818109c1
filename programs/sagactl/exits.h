/*
 * exits.h - sagactl's exit codes; scripts branch on them, so they never change.
 */
#ifndef SAGACTL_EXITS_H
#define SAGACTL_EXITS_H

enum exit_code {
    EXIT_OK = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE = 2,
    EXIT_NOT_FOUND = 3,
    EXIT_CONFLICT = 4,
    EXIT_NOT_ALLOWED = 5,
    EXIT_UNREACHABLE = 6,
    EXIT_WAIT_RAN_OUT = 7,
    EXIT_COMPENSATED = 8,
    EXIT_STUCK = 9,
    EXIT_INVALID = 10, /* Definition or input. */
    EXIT_INTERRUPTED = 130,
};

#endif /* SAGACTL_EXITS_H */
