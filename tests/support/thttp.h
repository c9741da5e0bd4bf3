/*
 * thttp.h: what one HTTP protocol makes of octets, as text.
 *
 * Each event is a line: "request 1 POST host /path type|body", "gone 1",
 * "response 7 200 type|body", "failed 7 untouched why".
 */
#ifndef THTTP_H
#define THTTP_H

#include "net/http/http_proto.h"

struct thttp {
	const struct http_proto_class *class;
	struct http_proto *p;
	struct gw_buf log; /* the events */
	struct gw_buf out; /* what thttp_pull() got */
	enum gw_err err; /* of the last feed */
	const char *why;
	unsigned n_requests, n_responses, n_failed, n_gone;
	uint64_t stream; /* of the last request */
	bool answers; /* each request at once, with its own body */
};

/** A protocol with its events; body is the longest that is taken. */
void thttp_init(struct thttp *t, const struct http_proto_class *class,
    bool server, uint32_t body);
void thttp_clear(struct thttp *t);

/** Feed octets in pieces of step, or at once (0), while it takes them. */
void thttp_feed(struct thttp *t, struct gw_span octets, size_t step);
/** The same for a string. */
void thttp_say(struct thttp *t, const char *text);
/** The peer ends its side. */
void thttp_eof(struct thttp *t);
/** Append what is to be written to t->out. */
void thttp_pull(struct thttp *t);

/** t->log, or t->out, as a string; valid until the next call. */
const char *thttp_events(struct thttp *t);
const char *thttp_wrote(struct thttp *t);

#endif
