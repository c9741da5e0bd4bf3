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

#include "net/stream.h"

/**
 * The handshake is done, or the plain connection stands: settle the system,
 * count it.  False: it was refused, logged, and must be closed.
 */
bool stream_peer_admit(struct stream *s);

/**
 * Settings `to` are in force: what is cheap to look at is looked at now, and
 * what is out closes; certificates are looked at again when a connection is
 * next used, and in the turns that follow.
 */
void stream_peer_use(struct conns *c, struct snapshot *to);
/** Look at some more certificates; c->check says whether there are others. */
void stream_peer_more(struct conns *c);

/** Call before every use.  False: the certificate does not hold under the
 * settings in force, and the connection has been closed. */
bool stream_peer_check(struct stream *s);

/** One line for a connection that was not admitted, and a counter. */
void stream_peer_refused(
    struct stream *s, enum stream_refusal reason, const char *why);

/** Two names that a peer must show, or NULL. */
bool stream_peer_same_name(const char *a, const char *b);
/** Are the TLS settings of s still those with index tls in `to`?  Under others
 * the peer might not have been let in. */
bool stream_peer_same_tls(
    const struct stream *s, const struct conf *to, uint16_t tls);

#endif
