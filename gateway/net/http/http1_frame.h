/*
 * http1_frame.h: where a message of HTTP/1.1 ends, by the strict reading.
 *
 * The library's parser lets pass what two readers may understand differently:
 * a bare LF, folds, a space before the colon, any octet for the line end of a
 * chunk.  So each octet passes here first (RFC 9112 2.2, 5, 7.1), and both
 * readings must find the same end.
 */
#ifndef HTTP1_FRAME_H
#define HTTP1_FRAME_H

#include "net/http/http_proto.h"

#define HTTP1_HEAD_MAX	  (HTTP_FIELDS_OCTETS + GW_HTTP_PATH_MAX + 512)
#define HTTP1_CHUNK_MAX	  256 /* octets of the line before a chunk */
#define HTTP1_TRAILER_MAX 4096 /* octets of all trailer fields */

enum http1_body { HTTP1_EMPTY, HTTP1_LENGTH, HTTP1_CHUNKED, HTTP1_CLOSE };

enum http1_at {
	HTTP1_AT_START, /* nothing has come */
	HTTP1_AT_FIRST, /* the start line */
	HTTP1_AT_FIELD, /* where a field line or the end may begin */
	HTTP1_AT_NAME,
	HTTP1_AT_VALUE,
	HTTP1_AT_LINE_LF, /* after the CR of a line */
	HTTP1_AT_HEAD_LF, /* after the CR of the empty line */
	HTTP1_AT_SIZE, /* of a chunk: its first digit */
	HTTP1_AT_DIGITS,
	HTTP1_AT_EXTENSION,
	HTTP1_AT_SIZE_LF,
	HTTP1_AT_DATA,
	HTTP1_AT_DATA_CR,
	HTTP1_AT_DATA_LF,
	HTTP1_AT_CLOSE, /* data until the peer ends its side */
	HTTP1_AT_END
};

struct http1_frame {
	enum http1_at at;
	bool trailer; /* field lines are those after the last chunk */
	uint32_t n_fields;
	size_t octets; /* of the head, the chunk line or the trailer */
	uint64_t left; /* octets of the body or chunk that are to come */
	uint64_t room; /* that the body may still have */
};

/** Begin with the first octet of a message. */
static inline void
http1_frame_init(struct http1_frame *f)
{
	*f = (struct http1_frame){ .at = HTTP1_AT_START };
}

/** The head was read: its body is of that kind, and of len octets if that is
 * HTTP1_LENGTH; at most max octets of data. */
void http1_frame_body(
    struct http1_frame *f, enum http1_body kind, uint64_t len, uint64_t max);

/**
 * Take octets from in up to the end of the head, or of the body.
 *
 * GW_OK          that end was reached, after *used octets
 * GW_EMORE       it was not; *used is in.len
 * GW_EMALFORMED, GW_ELIMIT  *why is a static clause
 */
enum gw_err http1_frame_take(struct http1_frame *f, struct gw_span in,
    size_t *used, const char **why) GW_NODISCARD;

/** May this octet stand in a token (RFC 9110 5.6.2)? */
bool http1_frame_is_token(uint8_t c);

#endif
