/*
 * notify.h: tell the service manager how we are (sd_notify(3) protocol).
 */
#ifndef NOTIFY_H
#define NOTIFY_H

/** Send state ("READY=1") to $NOTIFY_SOCKET if there is one. */
void notify_send(const char *state);

#endif
