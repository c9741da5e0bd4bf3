/*
 * sip_build.h: messages the gateway writes itself.
 */
#ifndef SIP_BUILD_H
#define SIP_BUILD_H

#include "codec/sip/sip_msg.h"
#include "mcxgw/buf.h"

struct sip_reply {
	unsigned status;
	const char *reason; /* NULL: the standard phrase of status */
	struct gw_span to_tag; /* added if To has none and status > 100 */
	/* Put into the top Via if not empty, in place of what it claims. */
	struct gw_span received;
	uint16_t rport; /* value for an rport flag in it; 0: none */
	struct gw_span headers; /* whole lines with CRLF, may be empty */
	struct gw_span content_type; /* with body */
	struct gw_span body;
};

/** Write a response to request (RFC 3261 8.2.6): Via set, From, To, Call-ID
 * and CSeq are copied octet by octet, Timestamp into a 100.  Failure shows in
 * out.  Writes something useful only if request->answerable. */
void sip_reply_build(struct gw_buf *out, const struct sip_msg *request,
    const struct sip_reply *r);

/** The standard reason phrase ("Forbidden"); "Unknown" if we know none. */
const char *sip_reason(unsigned status);

/**
 * Write the ACK for a non-2xx response (17.1.1.3) or the CANCEL (9.1) of an
 * INVITE that was sent as `sent`: same Request-URI, Call-ID, From, CSeq
 * number, top Via and Route; To from `to_value` (of the response for an ACK;
 * empty: of the request).
 */
void sip_ack_build(
    struct gw_buf *out, const struct sip_msg *sent, struct gw_span to_value);
void sip_cancel_build(struct gw_buf *out, const struct sip_msg *sent);

#endif
