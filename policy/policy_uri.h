/*
 * policy_uri.h: identities of users, as far as policy looks at them.
 *
 * A small reader of its own: policy knows no SIP.  What it cannot read is
 * nobody's identity.  sip and sips are one scheme here; escapes in the user
 * part are resolved, a password, port, parameters and headers left aside, so
 * that no second spelling of an identity slips past a rule.
 */
#ifndef POLICY_URI_H
#define POLICY_URI_H

#include "mcxgw/span.h"

#define POLICY_USER_MAX 256 /* octets of a user part, escapes resolved */

enum policy_scheme { POLICY_SIP, POLICY_TEL };

struct policy_uri {
	enum policy_scheme scheme;
	/* tel: the phone-context, empty for global numbers.  As written. */
	struct gw_span host;
	size_t user_len; /* 0: no user part */
	uint8_t user[POLICY_USER_MAX];
};

/** Read a SIP, SIPS or TEL URI that fills in.  host borrows from in. */
bool policy_uri_parse(struct gw_span in, struct policy_uri *out);

/** One hash for all spellings of an identity. */
uint64_t policy_uri_hash(const struct policy_uri *u);

/** A hash of octets without case, and the same mixed with a number. */
uint64_t policy_hash_name(struct gw_span name);
uint64_t policy_hash_mix(uint64_t h, uint64_t n);

static inline struct gw_span
policy_uri_user(const struct policy_uri *u)
{
	return (struct gw_span){ u->user, u->user_len };
}

#endif
