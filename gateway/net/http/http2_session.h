/*
 * http2_session.h: the streams of one HTTP/2 connection, and what nghttp2
 * tells of them.  Private to http2.c.
 *
 * nghttp2 frames, compresses and keeps the rules of the protocol; here are
 * messages, limits, and what is done about those who pass them.  Callbacks
 * free nothing: streams that have closed are put aside until all that could
 * point to them has been written.
 */
#ifndef HTTP2_SESSION_H
#define HTTP2_SESSION_H

#include <nghttp2/nghttp2.h>

#include "net/http/http2_stream.h"

/* Octets of unfinished messages that one connection may hold. */
#define HTTP2_HELD_MAX (1u << 20)
/* Messages in a row that we refuse before the connection ends. */
#define HTTP2_STRIKES_MAX 100
/* Frames that carry nothing of a message, between two lapses. */
#define HTTP2_NOISE_MAX 4096
/* Streams that end by a reset, the peer's or one that it brought about, between
 * two lapses. */
#define HTTP2_RESETS_MAX 512

struct http_proto {
	nghttp2_session *session;
	bool server;
	struct http_limits limits;
	const struct http_events *ev;
	void *arg;

	struct http2_stream *open, *closed, *unused;
	uint32_t n_open;
	size_t held; /* octets of messages that are not whole */
	unsigned strikes, noise, resets;

	bool ending; /* by end() */
	bool final; /* our last GOAWAY is on its way */
	bool peer_ends;
	bool broken; /* nothing more is read or taken */
	bool quiet; /* all was pulled */
	bool nomem;
	const char *why; /* it is broken */
};

/** What nghttp2 calls; NULL: no memory. */
nghttp2_session_callbacks *http2_session_callbacks(void);

struct http2_stream *http2_session_find(const struct http_proto *p, int32_t id);
/** A stream that is open from now on; NULL: no memory. */
struct http2_stream *http2_session_open(struct http_proto *p, int32_t id);
void http2_session_close(struct http_proto *p, struct http2_stream *s);
/** What came of s is not needed any more. */
void http2_session_forget(struct http_proto *p, struct http2_stream *s);
/** All has been written: closed streams may be used again. */
void http2_session_reap(struct http_proto *p);
/** Free those that are not used. */
void http2_session_shrink(struct http_proto *p);
void http2_session_clear(struct http_proto *p);

/** What nghttp2 said to a submission. */
void http2_session_submitted(struct http_proto *p, int rv);
void http2_session_reset(
    struct http_proto *p, const struct http2_stream *s, uint32_t code);
/** Nothing more is read or taken: every stream has its last event. */
void http2_session_cut(struct http_proto *p, const char *why);
/** The same, and tell the peer.  why is static. */
void http2_session_break(struct http_proto *p, uint32_t code, const char *why);
/** The last GOAWAY, once: no stream after those that have begun is looked at
 * any more. */
void http2_session_last_word(struct http_proto *p);
/** The peer sent what we do not take.  One mistake is a stream's, many in a
 * row are the connection's. */
void http2_session_strike(struct http_proto *p);

#endif
