/*
 * policy_lookup.c: what the target's lookup service says, as far as it counts.
 */
#include "policy/policy_lookup.h"

static bool
are_listed(const struct policy_pair *x, const uint32_t *receivers, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!policy_pair_lists(x, receivers[i]))
			return false;
	return true;
}

enum policy_lookup_use
policy_lookup_use(const struct policy_pair *x, const struct gw_facts *f,
    const uint32_t *receivers, size_t n)
{
	const struct policy_rule *r = x->rule;

	if (r->lookup == POLICY_LOOKUP_NEVER)
		return POLICY_USE_RULE;
	if (r->lookup == POLICY_LOOKUP_WHEN_UNKNOWN &&
	    are_listed(x, receivers, n))
		return POLICY_USE_KNOWN;
	if (f->lookup_state == GW_LOOKUP_NOT_ASKED)
		return POLICY_USE_PENDING;
	if (f->lookup_state == GW_LOOKUP_ANSWERED && f->lookup != NULL)
		return POLICY_USE_ANSWER;
	return r->lookup_fallback ? POLICY_USE_FALLBACK : POLICY_USE_UNSETTLED;
}

void
policy_answer_read(const struct policy_pair *x,
    const struct gw_lookup_answer *in, struct policy_answer *out)
{
	out->n = 0;
	out->unlisted = (struct gw_span){ NULL, 0 };
	for (size_t i = 0; i < in->n_domains && i < GW_LOOKUP_DOMAINS_MAX;
	     i++) {
		const struct gw_lookup_domain *d = &in->domains[i];
		uint32_t number = policy_domain_number(x->p, d->kms);
		if (policy_pair_lists(x, number)) {
			out->domain[out->n] = number;
			out->said[out->n++] = d;
		} else if (out->unlisted.len == 0) {
			out->unlisted = d->kms;
		}
	}
}

static const struct gw_lookup_domain *
find(const struct policy_answer *a, uint32_t domain)
{
	for (size_t i = 0; i < a->n; i++)
		if (a->domain[i] == domain)
			return a->said[i];
	return NULL;
}

bool
policy_answer_has(const struct policy_answer *a, uint32_t domain)
{
	return find(a, domain) != NULL;
}

bool
policy_answer_permits(
    const struct policy_answer *a, uint32_t domain, struct gw_span initiator)
{
	const struct gw_lookup_domain *d = find(a, domain);

	if (d == NULL || !d->lists_external)
		return d != NULL;
	for (size_t i = 0; i < d->n_external && i < GW_LOOKUP_EXTERNAL_MAX; i++)
		if (gw_span_ieq(d->external[i], initiator))
			return true;
	return false;
}
