/*
 * stream_peer.h: who is at the other end of a stream connection.
 *
 * A plain connection that was accepted belongs to its listener's system, one
 * that we opened to the system of its next hop.  Over TLS the certificate
 * decides: exactly one system if the peer came to us, the next hop's if we
 * went to it.
 */
#ifndef STREAM_PEER_H
#define STREAM_PEER_H

#include "net/sip_stream.h"

/**
 * The handshake is done, or the plain connection stands: settle the system,
 * count it.  False: it was refused, logged, and must be closed.
 */
bool stream_peer_admit(struct sip_stream *s);

/**
 * New settings are in force (w->snap): what is cheap to look at is looked at
 * now, and what is out closes; certificates are looked at again when a
 * connection is next used, and in the turns that follow.
 */
void stream_peer_use(struct worker *w);
/** Look at some more certificates.  True while there are others. */
bool stream_peer_more(struct worker *w);

/** Call before every use.  False: the certificate does not hold under the
 * settings in force, and the connection has been closed. */
bool stream_peer_check(struct sip_stream *s);

/** One line for a connection that was not admitted, and a counter. */
void stream_peer_refused(struct sip_stream *s, const char *why);

#endif
