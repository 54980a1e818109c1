/*
 * thread.h - a thread's name, so that profiles, `top -H` and core files speak.
 *
 * Linux shows 15 characters of it. Whoever starts a thread with pthread_create() lets the
 * thread name itself first of all; libmicrohttpd names its own.
 */
#ifndef BASE_THREAD_H
#define BASE_THREAD_H

/* Of the calling thread; name is copied. */
void thread_set_name(const char *name);

#endif /* BASE_THREAD_H */
