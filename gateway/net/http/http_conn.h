/*
 * http_conn.h: one TCP or TLS connection that carries HTTP, either way.
 *
 * Over TLS the peer chooses by ALPN: "h2", else "http/1.1" (also without
 * ALPN).  On a plain link the client's first octets tell which of the two it
 * speaks (RFC 9113, 3.3); we speak HTTP/1.1 on those that we open.
 *
 * States and identity are those of every stream (stream.h).  Deadlines:
 * handshake_s until the first octet of a request, request_s for a whole
 * request or answer, idle_s without any; a peer that says nothing while
 * something is open is asked for a sign of life first.
 *
 * Events come out of the loop of the worker, never from within a call of the
 * functions below, but for what http_conn_close() brings.
 */
#ifndef HTTP_CONN_H
#define HTTP_CONN_H

#include "conf/conf.h"
#include "mcxgw/http.h"

/* Octets that one connection may have to write. */
#define HTTP_CONN_OUT_MAX (2u << 20)
/* The peer says nothing while something is open: ask for a sign of life. */
#define HTTP_CONN_SILENT_S 10

struct http_conn;
struct http_events;
struct stream;
struct stream_setup;
struct worker;

/* What the user of a connection that we opened hears. */
struct http_conn_user {
	/* It can be asked. */
	void (*open)(void *arg, struct http_conn *c);
	/* One of these for each ticket that http_conn_ask() took, at the
	 * latest before closed(); see http_events. */
	void (*response)(void *arg, struct http_conn *c, uint64_t ticket,
	    const struct gw_http_response *r);
	void (*failed)(void *arg, struct http_conn *c, uint64_t ticket,
	    bool untouched, const char *why);
	/* It takes no more questions: the peer or the settings end it.  What
	 * is open goes on; closed() follows. */
	void (*ending)(void *arg, struct http_conn *c);
	/* It is no more; c must not be used after this.  opened: open() had
	 * been called.  why is valid for the call. */
	void (*closed)(
	    void *arg, struct http_conn *c, bool opened, const char *why);
};

/**
 * Connect to e, an endpoint of the snapshot in force.  NULL: it could not even
 * be begun, logged; no event comes.  The connection finds its endpoint again
 * under each new snapshot, and ends where that is gone or its certificate
 * does not hold any more.
 */
struct http_conn *
http_conn_dial(struct worker *w, const struct conf_endpoint *e,
    const struct http_conn_user *user, void *arg);

/** Questions that could be asked now; 0 unless it is open. */
uint32_t http_conn_room(const struct http_conn *c);
/** As ask() of http_proto_class; GW_EUNSUPPORTED if it is not open. */
enum gw_err http_conn_ask(struct http_conn *c, uint64_t ticket,
    const struct gw_http_request *r) GW_NODISCARD;
/** Nobody waits for ticket; no event comes for it. */
void http_conn_drop(struct http_conn *c, uint64_t ticket);

/** Ask nothing more, finish what is open, then close; ending() does not come
 * for it. */
void http_conn_end(struct http_conn *c);
/** Close it now: each ticket fails, then closed(). */
void http_conn_close(struct http_conn *c, const char *why);

/*
 * The other way: for http_server.c.
 */

/** A connection that was accepted; events are those of a server, with the
 * connection as their argument.  NULL: no room. */
struct http_conn *http_conn_accept(struct worker *w,
    const struct stream_setup *setup, const struct http_events *ev);
struct stream *http_conn_stream(struct http_conn *c);
struct http_conn *http_conn_of(struct stream *s);
/** "h2" or "http/1.1"; "-": not known yet. */
const char *http_conn_protocol(const struct http_conn *c);
/** As answer() of http_proto_class.  Closes nothing. */
enum gw_err http_conn_answer(struct http_conn *c, uint64_t stream,
    const struct gw_http_response *r) GW_NODISCARD;

#endif
