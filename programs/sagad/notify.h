/*
 * notify.h - telling systemd how we are (sd_notify's protocol, without the library).
 *
 * A datagram to the socket named by NOTIFY_SOCKET; without one nothing is done. Any
 * thread. Failures are not reported: nobody could act on them.
 */
#ifndef SAGAD_NOTIFY_H
#define SAGAD_NOTIFY_H

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
void notify_send(const char *state);

#endif /* SAGAD_NOTIFY_H */
