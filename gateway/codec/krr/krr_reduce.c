/*
 * krr_reduce.c: see krr_reduce.h.
 */
#include "codec/krr/krr_reduce.h"

void
krr_reduce(
    const struct krr *k, krr_permit *permit, void *arg, struct krr_reduced *out)
{
	out->n = 0;
	for (size_t i = 0; i < k->n_domains; i++)
		if (permit(arg, k->domains[i]))
			out->domains[out->n++] = k->domains[i];
	if (out->n == k->n_domains)
		out->kept = KRR_KEPT_ALL;
	else
		out->kept = out->n == 0 ? KRR_KEPT_NONE : KRR_KEPT_SOME;
}

void
krr_rewrap(const struct krr *k, const struct krr_reduced *r, struct krr *out)
{
	*out = (struct krr){
		.dialect = k->dialect,
		.initiator = k->initiator,
		.initiator_domain = k->initiator_domain,
		.receiver = k->receiver,
		.refused = k->refused,
		.n_domains = r->n,
		.embedded = k->element,
		.nested = k->nested + 1,
		.prefix = k->prefix,
	};
	memcpy(out->domains, r->domains, r->n * sizeof(*r->domains));
}
