/*
 * notify.h - systemd and we: telling it how we are (sd_notify's protocol, without the
 * library), and what it gives us: sockets that listen, and how often it wants to hear.
 *
 * A datagram to the socket named by NOTIFY_SOCKET; without one nothing is done. Any
 * thread. Failures are not reported: nobody could act on them.
 */
#ifndef SAGAD_NOTIFY_H
#define SAGAD_NOTIFY_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=..." */
void notify_send(const char *state);

/* Sockets that systemd opened for this process, from NOTIFY_FIRST_FD on; 0: none. Once:
 * the variables are taken away, so that no child believes them. */
#define NOTIFY_FIRST_FD 3
unsigned notify_sockets(void);

/* How long systemd waits for WATCHDOG=1, in ms; 0: it does not. */
uint32_t notify_watchdog_ms(void);

#endif /* SAGAD_NOTIFY_H */
