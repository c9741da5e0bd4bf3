/*
 * sdp_keymgmt.h: the key-mgmt lines of a session description, in place
 * (RFC 4567, 3.1: a=key-mgmt:<protocol> <data>), at session and media level.
 *
 * Lines end in CRLF or LF (RFC 8866, 5); a CR elsewhere is malformed, as some
 * readers end a line there.  The name of the attribute is compared exactly;
 * one in another case is malformed, because readers differ on it.
 */
#ifndef SDP_KEYMGMT_H
#define SDP_KEYMGMT_H

#include "mcxgw/span.h"

struct sdp_keymgmt {
	struct gw_span line; /* without its line end */
	struct gw_span media; /* "audio"; empty at session level */
	bool in_media;
	struct gw_span protocol; /* "mikey", in any case */
	struct gw_span data; /* base64 text; empty when there is none */
};

struct sdp_scan {
	struct gw_span in;
	size_t pos;
	struct gw_span media;
	bool in_media;
};

void sdp_scan_init(struct sdp_scan *s, struct gw_span sdp);

/**
 * Step to the next key-mgmt line, of any protocol.
 *
 * GW_ENOTFOUND   there is none any more
 * GW_EMALFORMED  fault says where and why; do not call again
 */
enum gw_err sdp_keymgmt_next(struct sdp_scan *s, struct sdp_keymgmt *out,
    struct gw_fault *fault) GW_NODISCARD;

#endif
