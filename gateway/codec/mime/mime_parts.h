/*
 * mime_parts.h: the parts of a multipart body, in place (RFC 2046, 5.1).
 *
 * A delimiter stands at the start of a line, that is, at the start of the
 * body or behind CRLF; that CRLF belongs to it and not to the part, so a
 * binary part may end in any octets.  What two readers could cut differently
 * is malformed: a line that begins with the boundary and goes on, a delimiter
 * behind a bare LF, a missing closing delimiter, no part at all.  Preamble
 * and epilogue are passed over.
 */
#ifndef MIME_PARTS_H
#define MIME_PARTS_H

#include "mcxgw/span.h"

struct mime_part {
	struct gw_span head; /* its fields, without the empty line */
	struct gw_span body;
};

struct mime_parts {
	struct gw_span in, boundary;
	size_t pos; /* behind the delimiter line of the next part */
	bool opened, closed;
};

/** Begin to cut `in`; boundary is that of its media type, not empty. */
void mime_parts_init(
    struct mime_parts *w, struct gw_span in, struct gw_span boundary);

/**
 * Cut the next part.
 *
 * GW_ENOTFOUND   the closing delimiter stands behind the last one
 * GW_EMALFORMED  fault says where in `in` and why; do not call again
 */
enum gw_err mime_parts_next(struct mime_parts *w, struct mime_part *out,
    struct gw_fault *fault) GW_NODISCARD;

#endif
