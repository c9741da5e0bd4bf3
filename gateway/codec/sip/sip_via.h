/*
 * sip_via.h: Via (RFC 3261 20.42, RFC 3581).
 */
#ifndef SIP_VIA_H
#define SIP_VIA_H

#include "codec/sip/sip_uri.h"

struct sip_via {
	struct gw_span all; /* this element, trimmed */
	struct gw_span transport; /* "TLS" */
	struct gw_span host; /* sent-by, without brackets */
	uint16_t port; /* 0: not given */
	struct gw_span params; /* from ';' on */
	struct gw_span branch; /* empty if absent */
	struct gw_span received; /* without brackets; empty if absent */
	bool has_rport; /* with or without a value */
	uint16_t rport; /* 0: no value */
	struct gw_span other, other_value; /* the first parameter that is none
	                                      of these; empty if absent */
};

#define SIP_BRANCH_COOKIE "z9hG4bK"

/** Next element of a Via value; as sip_addr_next().  branch, received and
 * rport may stand only once. */
enum gw_err sip_via_next(struct gw_span value, size_t *pos, struct sip_via *out,
    struct gw_fault *fault) GW_NODISCARD;

#endif
