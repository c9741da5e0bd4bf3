/*
 * policy_lookup.h: what the target's lookup service says, as far as it counts.
 *
 * The service is that of the system that is to receive the key message,
 * whichever rule applies: in a dialog's other direction the caller's.  Of its
 * answer only domains count that the agreement lists for that system.
 */
#ifndef POLICY_LOOKUP_H
#define POLICY_LOOKUP_H

#include "policy/policy_pair.h"

/* An answer, in the numbers of policy->domains. */
struct policy_answer {
	size_t n;
	uint32_t domain[GW_LOOKUP_DOMAINS_MAX];
	const struct gw_lookup_domain *said[GW_LOOKUP_DOMAINS_MAX];
	/* The first domain of it that the agreement does not list; empty:
	 * there is none. */
	struct gw_span unlisted;
};

/* What steps 9 and 10 go by. */
enum policy_lookup_use {
	POLICY_USE_RULE, /* the agreement's list: the rule never asks */
	POLICY_USE_KNOWN, /* the same: all domains are in it */
	POLICY_USE_FALLBACK, /* the same: there is no answer */
	POLICY_USE_ANSWER,
	POLICY_USE_PENDING, /* nothing: it is to be asked */
	POLICY_USE_UNSETTLED, /* nothing: there is no answer */
	POLICY_USE_N
};

/** For a request whose key messages name these receivers, by number. */
enum policy_lookup_use policy_lookup_use(const struct policy_pair *x,
    const struct gw_facts *f, const uint32_t *receivers, size_t n);

/** Read an answer of the service of x->to. */
void policy_answer_read(const struct policy_pair *x,
    const struct gw_lookup_answer *in, struct policy_answer *out);

/** Does the answer name that domain? */
bool policy_answer_has(const struct policy_answer *a, uint32_t domain);
/** May users of that domain be called from the domain `initiator`?  An
 * answer that lists no external domains leaves it to the agreement. */
bool policy_answer_permits(
    const struct policy_answer *a, uint32_t domain, struct gw_span initiator);

#endif
