/*
 * http1_write.h: requests and responses in the spelling of HTTP/1.1.
 *
 * All bodies have a length.
 */
#ifndef HTTP1_WRITE_H
#define HTTP1_WRITE_H

#include "net/http/http_proto.h"

#define HTTP1_WRITE_MAX                                                        \
	(GW_HTTP_BODY_MAX + HTTP_FIELDS_OCTETS + GW_HTTP_PATH_MAX)

struct http1_write_how {
	bool closes; /* it is the last of its connection */
	bool no_body; /* the answer to a HEAD */
};

/**
 * Append r.  On failure out is bad or unchanged.
 *
 * GW_EMALFORMED  a value holds what would end its line, or a method that we do
 *                not send
 * GW_ENOMEM
 */
enum gw_err http1_write_request(
    struct gw_buf *out, const struct gw_http_request *r) GW_NODISCARD;
enum gw_err http1_write_response(struct gw_buf *out,
    const struct gw_http_response *r, struct http1_write_how how) GW_NODISCARD;

#endif
