/*
 * dial.h: the only place where the gateway opens a connection.
 *
 * Where to is looked up in the snapshot: a next hop, or an address within the
 * reach of the system that an answer belongs to.  Anything else is refused
 * here, whatever a message said.  Services over HTTP are endpoints of it.
 */
#ifndef DIAL_H
#define DIAL_H

#include "net/sip_stream.h"

/** The open connection that action a (CORE_SEND_HOP over a stream) may use,
 * or a new one.  NULL: there is none and none may be opened. */
struct sip_stream *dial_hop(struct worker *w, const struct core_action *a);

/** The same for CORE_SEND_BACK whose own stream is gone. */
struct sip_stream *dial_back(struct worker *w, const struct core_action *a);

/** A socket that is being connected to e, of the snapshot in force; -1, with
 * the reason in the log, if that may not be. */
int dial_endpoint(struct worker *w, const struct conf_endpoint *e);

#endif
