/*
 * sip_addr.h: name-addr and addr-spec lists (RFC 3261 20, 25.1): Contact,
 * From, To, Route, Record-Route, P-Asserted-Identity, Refer-To ...
 */
#ifndef SIP_ADDR_H
#define SIP_ADDR_H

#include "codec/sip/sip_uri.h"

struct sip_addr {
	struct gw_span all; /* this element, trimmed, without the comma */
	struct gw_span display; /* verbatim, quotes included; may be empty */
	struct gw_span uri; /* without angle brackets */
	struct gw_span params; /* header parameters, from ';' on */
	bool is_star; /* Contact: * */
	bool has_brackets;
};

/**
 * Read the next element of a comma separated list.  *pos starts at 0 and is
 * moved behind the element and its comma.
 *
 * GW_ENOTFOUND   no more elements
 * GW_EMALFORMED  with place (in value) and reason
 */
enum gw_err sip_addr_next(struct gw_span value, size_t *pos,
    struct sip_addr *out, struct gw_fault *fault) GW_NODISCARD;

#endif
