/*
 * thttpd.h: a small HTTP service for tests, in the loop of the test itself.
 *
 * Over TLS it offers what it is told to, as the gateway does; plain it speaks
 * HTTP/1.1.  It echoes bodies, unless it is told otherwise.
 */
#ifndef THTTPD_H
#define THTTPD_H

#include "net/http/http_proto.h"
#include "net/io.h"

enum thttpd_mood {
	THTTPD_ECHO,
	THTTPD_SILENT, /* takes requests, answers none */
	THTTPD_HANGS_UP, /* closes when a request has come */
	THTTPD_ONE_EACH, /* the first request is the last of its connection */
	THTTPD_GREETS, /* speaks first, and no HTTP, then closes */
	THTTPD_GARBAGE, /* what comes back is no HTTP */
	/* The answer ends with the connection (RFC 9112, 6.3): over TLS with a
	 * goodbye, or without. */
	THTTPD_ENDS,
	THTTPD_BREAKS_OFF
};

#define THTTPD_CONNS_MAX 256

struct thttpd_conn {
	struct thttpd *d;
	struct io io;
	const struct http_proto_class *class;
	struct http_proto *p;
	bool open, used, dead;
};

struct thttpd {
	struct event_base *base;
	const struct tls_ctx *tls; /* NULL: plain */
	bool h2; /* over TLS: HTTP/2 is offered */
	enum thttpd_mood mood;
	uint16_t port;
	int fd;
	struct event *on_accept;
	unsigned n_conns, n_requests;
	char authorization[64], path[64]; /* of the last request */
	struct thttpd_conn conns[THTTPD_CONNS_MAX];
};

/** Listen on a port of 127.0.0.1 that the system chooses. */
void thttpd_open(struct thttpd *d, struct event_base *base,
    const struct tls_ctx *tls, bool h2);
/** Go on in another loop; nothing is open yet. */
void thttpd_move(struct thttpd *d, struct event_base *base);
/** Listen no more: who comes is refused. */
void thttpd_deafen(struct thttpd *d);
/** Close what it has open; it goes on listening. */
void thttpd_hang_up(struct thttpd *d);
void thttpd_close(struct thttpd *d);

#endif
