/*
 * mcxgw/http.h: an HTTP request and a response as values.
 *
 * HTTP/1.1 and HTTP/2 look the same from here.  Only those fields are kept
 * that lookups and the KMS interface (TS 33.180 Annex D) need; no other field
 * crosses the gateway.
 *
 * Memory   spans are borrowed; whoever hands one over says for how long.
 */
#ifndef MCXGW_HTTP_H
#define MCXGW_HTTP_H

#include "mcxgw/span.h"

#define GW_HTTP_PATH_MAX  2048
#define GW_HTTP_BODY_MAX  (64u << 10) /* of a request or a response */
#define GW_HTTP_TOKEN_MAX 8192 /* of an Authorization field */
#define GW_HTTP_FIELD_MAX 256 /* of each other field */

enum gw_http_method { GW_HTTP_GET, GW_HTTP_POST, GW_HTTP_OTHER };

struct gw_http_request {
	enum gw_http_method method;
	struct gw_span path; /* as on the wire: '/', percent-encoded, with the
	                        query if there is one */
	struct gw_span authority; /* host[:port] that was asked for */
	struct gw_span content_type, accept; /* empty: not told */
	struct gw_span authorization; /* secret: appears in no log */
	struct gw_span body;
};

struct gw_http_response {
	unsigned status; /* 200 to 599 */
	struct gw_span content_type;
	struct gw_span allow; /* of a 405, else empty */
	uint32_t retry_after_s; /* 0: not told */
	struct gw_span body;
};

#endif
