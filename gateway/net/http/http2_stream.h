/*
 * http2_stream.h: one exchange of HTTP/2: what has come of a message, and
 * what is to be sent.
 *
 * Fields that nobody needs are counted and forgotten; the others lie one
 * after another in a buffer of the stream, the body behind them.  Streams are
 * used again, with their buffers.
 */
#ifndef HTTP2_STREAM_H
#define HTTP2_STREAM_H

#include "mcxgw/buf.h"
#include "net/http/http_proto.h"

/* A used buffer that is larger is not kept for the next stream. */
#define HTTP2_STREAM_KEEP 4096

enum http2_field {
	HTTP2_METHOD,
	HTTP2_PATH,
	HTTP2_AUTHORITY,
	HTTP2_HOST,
	HTTP2_STATUS,
	HTTP2_CONTENT_TYPE,
	HTTP2_ACCEPT,
	HTTP2_AUTHORIZATION,
	HTTP2_ALLOW,
	HTTP2_RETRY_AFTER,
	HTTP2_FIELD_N
};

struct http2_stream {
	struct http2_stream *next, *prev;
	int32_t id;
	uint64_t ticket; /* client */
	bool headed; /* the peer's header has come, the body follows */
	bool whole; /* all of the peer's message has come */
	bool owed; /* server: an answer; client: an event */
	bool began; /* the header of ours has been sent */
	bool sent; /* all of ours has been sent, or is not to be */
	bool head; /* HEAD: the answer has no body */
	bool deaf; /* what else comes of it is ignored */
	uint8_t lapses;

	/* What came. */
	unsigned refuse; /* status that refuses it, 0: none */
	const char *why; /* of refuse */
	unsigned n_fields;
	size_t octets; /* as RFC 9113 6.5.2 counts them */
	struct {
		size_t at, len;
		bool is;
	} fields[HTTP2_FIELD_N];
	size_t body_at; /* once it is headed */
	struct gw_buf in;

	/* What goes: fields, then the body. */
	struct gw_buf out;
	size_t out_at;
};

/** NULL: no memory. */
struct http2_stream *http2_stream_new(void);
void http2_stream_free(struct http2_stream *s);
/** As new, for a body of at most body octets. */
void http2_stream_reset(struct http2_stream *s, uint32_t body);
/** What came is not needed any more. */
void http2_stream_forget(struct http2_stream *s);
/** Octets of the body that are held. */
size_t http2_stream_held(const struct http2_stream *s);

/** A header block begins: forget one that came before (1xx). */
void http2_stream_begin(struct http2_stream *s);
/** It is refused, unless it was before.  why is static. */
void
http2_stream_refuse(struct http2_stream *s, unsigned status, const char *why);
/** One field.  What cannot be taken sets refuse.  False: no memory. */
bool http2_stream_field(
    struct http2_stream *s, struct gw_span name, struct gw_span value);
/** Octets of the body; the cap was looked at.  False: no memory. */
bool http2_stream_body(struct http2_stream *s, struct gw_span octets);

struct gw_span
http2_stream_get(const struct http2_stream *s, enum http2_field f);
/** The header is whole: look at what only the whole can tell. */
void http2_stream_check(struct http2_stream *s, bool server);

/** Borrowed from s.  false: no status between 200 and 599. */
void
http2_stream_request(const struct http2_stream *s, struct gw_http_request *out);
bool http2_stream_response(
    const struct http2_stream *s, struct gw_http_response *out);

#endif
