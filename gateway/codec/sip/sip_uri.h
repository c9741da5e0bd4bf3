/*
 * sip_uri.h: URIs (RFC 3261 19.1, RFC 3966) and header parameters.
 */
#ifndef SIP_URI_H
#define SIP_URI_H

#include "mcxgw/span.h"

enum sip_scheme {
	SIP_SCHEME_SIP,
	SIP_SCHEME_SIPS,
	SIP_SCHEME_TEL,
	SIP_SCHEME_OTHER
};

struct sip_uri {
	struct gw_span all;
	enum sip_scheme scheme;
	struct gw_span user; /* without password; the number of a tel URI */
	struct gw_span host; /* without brackets; empty for tel and others */
	uint16_t port; /* 0: not given */
	struct gw_span params; /* from the first ';' on, empty if none */
	struct gw_span headers; /* behind '?', empty if none */
};

/**
 * Read a URI that fills `in` (no angle brackets, no blanks).  Other schemes
 * than sip, sips and tel are accepted as SIP_SCHEME_OTHER if their form is
 * that of an absolute URI.  '_' is tolerated in host names.
 *
 * GW_EMALFORMED  with place and reason
 */
enum gw_err sip_uri_parse(struct gw_span in, struct sip_uri *out,
    struct gw_fault *fault) GW_NODISCARD;

/** Is host an IPv4 or IPv6 literal (no brackets)? */
bool sip_host_is_address(struct gw_span host);

/**
 * Equal as identities of users: scheme sip and sips alike, user part
 * compared with escapes resolved and case, host without case, default port
 * and parameters left aside; tel numbers without visual separators, local
 * ones with their phone-context.
 */
bool sip_uri_same_user(const struct sip_uri *a, const struct sip_uri *b);

/**
 * The value of parameter name (without case) in params, which has the form
 * ";a=b;c;d=\"e\"".  True when it is there; *value (may be NULL) is empty for
 * a flag, and without quotes for a quoted string.
 */
bool
sip_param_find(struct gw_span params, const char *name, struct gw_span *value);

/**
 * Step through parameters.  *pos starts at 0.  False at the end, or when the
 * rest is not well formed (then *pos is not params.len).
 */
bool sip_param_next(struct gw_span params, size_t *pos, struct gw_span *name,
    struct gw_span *value);

/**
 * Step over all parameters that are well formed.  True when *pos then stands
 * at the end or at a comma; false, with *pos at the one that is not, else.
 */
bool sip_param_skip(struct gw_span params, size_t *pos);

#endif
