/*
 * http_server.h: askers over HTTP: between connections and core.
 *
 * An asker is one request of one connection.  Core knows it by a handle of 64
 * bits: slot and generation of the connection, and the stream.  A handle that
 * outlives its connection finds nothing.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include "core/core.h"

struct stream_setup;
struct worker;

/** A connection was accepted.  False: no room. */
bool http_server_accept(struct worker *w, const struct stream_setup *setup);
/** Carry out a CORE_ANSWER. */
void http_server_answer(struct worker *w, const struct core_action *a);
/** Take no new requests; finish what is open. */
void http_server_drain(struct worker *w);

/**
 * Is authority (host[:port] of a request) the listener's, or the name that
 * the client asked for in its handshake?  Otherwise it is meant for somebody
 * else (RFC 9110, 7.4).
 */
bool
http_server_is_ours(const struct conf *c, const struct conf_http_listener *l,
    struct gw_span sni, struct gw_span authority);

#endif
