/*
 * http1_head.h: the head of a message of HTTP/1.1, read by http-parser.
 *
 * Fields are spans into the head; those we do not know are not kept.  What
 * two readers could understand differently is refused with a status.
 */
#ifndef HTTP1_HEAD_H
#define HTTP1_HEAD_H

#include <http_parser.h>

#include "net/http/http1_frame.h"

enum http1_field {
#define HTTP1_FIELD(id, name, max, twice) HTTP1_##id##_FIELD,
#include "net/http/http1_field.def"
#undef HTTP1_FIELD
	HTTP1_FIELD_N
};

/* Why a message is refused: the status that its sender is told, and a static
 * clause; why is NULL while nothing is wrong. */
struct http1_refusal {
	unsigned status;
	const char *why;
};

struct http1_head {
	http_parser parser; /* goes on with the body */
	struct gw_span target; /* of a request */
	struct gw_span fields[HTTP1_FIELD_N]; /* trimmed; p NULL: not there */
	enum http1_field at; /* while it is read; HTTP1_FIELD_N: not known */
	enum http1_body kind;
	uint64_t length; /* HTTP1_LENGTH */
	bool keeps; /* the connection may go on after this message */
	struct gw_buf *body; /* where its octets go */
	bool complete; /* the parser has seen the end */
	struct http1_refusal refusal;
};

/** Read a whole head, which must stay in place; the body will go to body.
 * False: refused, see refusal. */
bool http1_head_read(struct http1_head *h, enum http_parser_type type,
    struct gw_span head, struct gw_buf *body);
/** Octets of its body, or none: the peer has ended its side.  False:
 * refused. */
bool http1_head_body(struct http1_head *h, struct gw_span octets);

/** What is asked, but for the body.  False: refused. */
bool http1_head_request(struct http1_head *h, struct gw_http_request *out);
/** What is answered, but for the body. */
void
http1_head_response(const struct http1_head *h, struct gw_http_response *out);

/** Is that a path, with its query, and a host[:port] without userinfo? */
bool http1_head_is_path(struct gw_span s);
bool http1_head_is_authority(struct gw_span s);
/** May that stand in a field, beginning and end included? */
bool http1_head_is_value(struct gw_span s);

#endif
