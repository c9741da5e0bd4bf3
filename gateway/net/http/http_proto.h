/*
 * http_proto.h: one HTTP protocol over one connection, octets in and out.
 *
 * HTTP/2 (http2.c) and HTTP/1.1 (http1.c) look the same to those who use
 * them, as server and as client.  A protocol opens no socket and reads no
 * clock: its connection (http_conn) feeds what was read, pulls what is to be
 * written, and asks which deadline holds.
 *
 * Memory   what an event hands over is borrowed for the call.  An event must
 *          not free the protocol; it may ask, answer and drop.
 * Thread   that of its connection.
 */
#ifndef HTTP_PROTO_H
#define HTTP_PROTO_H

#include "mcxgw/buf.h"
#include "mcxgw/err.h"
#include "mcxgw/http.h"

/* Caps that hold for every connection, whatever is configured. */
#define HTTP_STREAMS_MAX   1024 /* at once on one connection */
#define HTTP_FIELDS_MAX	   64 /* of one message */
#define HTTP_FIELDS_OCTETS 16384 /* of all of them */
#define HTTP_OUT_HIGH                                                          \
	(256u << 10) /* octets that wait to be written:
                                              nothing is read beyond */

#define HTTP_LAPSES 4

struct http_limits {
	uint32_t streams; /* that the peer may have open at once */
	uint32_t body; /* octets of one body, at most GW_HTTP_BODY_MAX */
};

struct http_events {
	/* server: a whole request.  An answer is owed for stream. */
	void (*request)(
	    void *arg, uint64_t stream, const struct gw_http_request *r);
	/* server: the asker has gone, or lost patience; owes nothing */
	void (*gone)(void *arg, uint64_t stream);
	/* client: one of these for each ticket that ask() took */
	void (*response)(
	    void *arg, uint64_t ticket, const struct gw_http_response *r);
	/* untouched: the peer has not begun to act on it (RFC 9113 8.7,
	 * RFC 9110 9.2.2): it may be asked elsewhere */
	void (*failed)(
	    void *arg, uint64_t ticket, bool untouched, const char *why);
};

enum http_phase {
	HTTP_IDLE, /* nothing is open */
	HTTP_READING, /* a message of the peer has begun and is not whole */
	HTTP_WORKING /* the rest: something is open */
};

struct http_proto;

struct http_proto_class {
	const char *alpn; /* "h2", "http/1.1" */

	/** authority and scheme of requests come with each.  NULL: no memory. */
	struct http_proto *(*make)(bool server, const struct http_limits *l,
	    const struct http_events *ev, void *arg);
	/** No event comes any more. */
	void (*free)(struct http_proto *p);
	/** The connection is gone: failed() for each ticket, gone() for each
	 * stream that is owed an answer.  Nothing but free() follows. */
	void (*cut)(struct http_proto *p, const char *why);

	/**
	 * Octets of the peer; none: it has ended its side in good order (FIN,
	 * close_notify), after which only done() matters.  GW_EMALFORMED,
	 * GW_ELIMIT (it breaks the protocol or our limits), GW_ENOMEM: what is
	 * to be written is still worth writing (GOAWAY, 400), then the
	 * connection ends; *why is a static clause.  What was open has had its
	 * gone() or failed() then.
	 */
	enum gw_err (*feed)(struct http_proto *p, struct gw_span octets,
	    const char **why) GW_NODISCARD;
	/** Append to out what is to be written, while out holds fewer than
	 * HTTP_OUT_HIGH.  GW_ENOMEM. */
	enum gw_err (*pull)(
	    struct http_proto *p, struct gw_buf *out) GW_NODISCARD;

	/**
	 * client: send r, of which a copy is kept; ticket is not in use.
	 * GW_ELIMIT: no stream is free now.  GW_EUNSUPPORTED: the connection
	 * ends, ask elsewhere.  GW_EMALFORMED: r cannot be written.
	 * GW_ENOMEM.
	 */
	enum gw_err (*ask)(struct http_proto *p, uint64_t ticket,
	    const struct gw_http_request *r, bool secure) GW_NODISCARD;
	/** client: nobody waits for ticket; no event comes for it.  HTTP/1.1
	 * can take nothing back: it is done() then. */
	void (*drop)(struct http_proto *p, uint64_t ticket);
	/** server: answer stream; a copy is kept.  Unknown streams are
	 * ignored.  GW_ENOMEM: the stream was reset instead. */
	enum gw_err (*answer)(struct http_proto *p, uint64_t stream,
	    const struct gw_http_response *r) GW_NODISCARD;

	/** Take nothing new, finish what is open (GOAWAY, Connection: close). */
	void (*end)(struct http_proto *p);
	/** Ask for a sign of life; true: one is on its way (PING).  A protocol
	 * that has none returns false. */
	bool (*ping)(struct http_proto *p);

	/**
	 * Called at even times, HTTP_LAPSES of them in the time that a message
	 * may take: what of the peer's has begun and is not whole after so
	 * many, or is answered and not taken, is given up alone.  NULL: it
	 * has one message at a time; its connection looks at phase().
	 */
	void (*lapse)(struct http_proto *p);
	enum http_phase (*phase)(const struct http_proto *p);
	/** client: streams that could be asked on now. */
	uint32_t (*room)(const struct http_proto *p);
	/** After end(), or because the peer ends: nothing is open, and all was
	 * pulled: the connection may close. */
	bool (*done)(const struct http_proto *p);
};

extern const struct http_proto_class http2_class, http1_class;

#endif
