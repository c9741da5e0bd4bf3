/*
 * listen.h: the listening stream sockets of one worker, for SIP and for HTTP.
 */
#ifndef LISTEN_H
#define LISTEN_H

#include "core/snapshot.h"

#define LISTEN_ACCEPTS_MAX 16 /* connections taken in one turn */
/* No file descriptor left: how long nothing is accepted. */
#define LISTEN_PAUSE_MS 100

struct listens;
struct worker;

struct listens *listens_new(struct worker *w);
void listens_free(struct listens *l);

/** New settings: take over the new sockets in fds (set to -1), close those
 * whose listener is gone. */
void listens_use(struct listens *l, const struct snapshot *s, int *fds);

#endif
