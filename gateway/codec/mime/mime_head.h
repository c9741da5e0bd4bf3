/*
 * mime_head.h: what a body or a part says of itself (RFC 2045, RFC 3261 20).
 *
 * Values are spans of the input, trimmed; a fold stays in them as it came.
 * Nothing is copied.
 */
#ifndef MIME_HEAD_H
#define MIME_HEAD_H

#include "mcxgw/span.h"

#define MIME_BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */

/* The fields that change how a body is read; empty when absent. */
struct mime_head {
	struct gw_span type; /* Content-Type, with its parameters */
	struct gw_span transfer; /* Content-Transfer-Encoding */
	struct gw_span coding; /* Content-Encoding */
	struct gw_span id; /* Content-ID */
	struct gw_span disposition; /* Content-Disposition, with parameters */
};

struct mime_type {
	struct gw_span main, sub; /* "multipart", "mixed" */
	struct gw_span boundary; /* unquoted; empty when absent */
};

/**
 * Read the header fields of a part: head is all of them with their CRLFs,
 * without the empty line.
 *
 * GW_EMALFORMED  a bare CR or LF, a control character, no colon, a fold
 *                before the first field, one of the fields above twice
 */
enum gw_err mime_head_read(struct gw_span head, struct mime_head *out,
    struct gw_fault *fault) GW_NODISCARD;

/**
 * Read a Content-Type value.
 *
 * GW_EMALFORMED  not type/subtype with parameters, two boundaries, one that
 *                is empty, too long, ends in a blank or holds an escape
 */
enum gw_err mime_type_read(struct gw_span value, struct mime_type *out,
    struct gw_fault *fault) GW_NODISCARD;

/** A value without its parameters: "recipient-list" of "recipient-list;x". */
struct gw_span mime_value(struct gw_span value);

#endif
