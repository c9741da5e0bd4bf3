/*
 * policy_refusal.c: what local policy refuses.
 */
#include "policy/policy_walk.h"

/* What a refusal is held against; in a dialog, its own direction. */
struct asked {
	const struct policy_walk *w;
	const struct policy_end *initiator, *target;
	uint16_t from, to;
	const struct gw_span *kms;
	size_t n_kms;
	const struct policy_refusal *found;
};

static bool
names_kms(const struct asked *a, const char *kms)
{
	struct gw_span s = gw_span_of(kms);

	for (size_t i = 0; i < a->n_kms; i++)
		if (gw_span_ieq(a->kms[i], s))
			return true;
	return false;
}

static bool
end_fits(const struct policy_pattern *x, const struct policy_end *end)
{
	return end->told && policy_pattern_matches(x, &end->uri);
}

static bool
fits(const struct asked *a, const struct policy_refusal *r)
{
	const struct gw_facts *f = a->w->f;

	return (r->from == GW_SYSTEM_NONE || r->from == a->from) &&
	       (r->to == GW_SYSTEM_NONE || r->to == a->to) &&
	       (r->comm.services & POLICY_BIT(f->service)) != 0 &&
	       (r->comm.kinds & POLICY_BIT(f->kind)) != 0 &&
	       (r->comm.urgencies & POLICY_BIT(f->urgency)) != 0 &&
	       (!r->by_initiator || end_fits(&r->initiator, a->initiator)) &&
	       (!r->by_target || end_fits(&r->target, a->target)) &&
	       (r->kms == NULL || names_kms(a, r->kms));
}

/* Document order decides which one is told. */
static void
consider(struct asked *a, const struct policy_refusal *r)
{
	if ((a->found == NULL || r < a->found) && fits(a, r))
		a->found = r;
}

static void
consider_table(struct asked *a, const struct policy_table *t, uint64_t hash)
{
	uint32_t at = 0, i;

	while (policy_table_next(t, hash, &at, &i))
		consider(a, &a->w->p->local.refusals[i]);
}

static void
consider_end(
    struct asked *a, const struct policy_table *t, const struct policy_end *end)
{
	if (t->n > 0 && end->told)
		consider_table(a, t, policy_uri_hash(&end->uri));
}

static struct asked
ask(const struct policy_walk *w)
{
	bool rev = w->reversed;

	return (struct asked){ .w = w,
		.initiator = rev ? &w->target : &w->initiator,
		.target = rev ? &w->initiator : &w->target,
		.from = rev ? w->to : w->f->from,
		.to = rev ? w->f->from : w->to };
}

const struct policy_refusal *
policy_refusal_find(
    const struct policy_walk *w, const struct gw_span *kms, size_t n)
{
	const struct policy *p = w->p;
	struct asked a = ask(w);

	a.kms = kms;
	a.n_kms = n;
	consider_end(&a, &p->by_initiator, a.initiator);
	consider_end(&a, &p->by_target, a.target);
	for (size_t i = 0; i < n && p->by_refused_kms.n > 0; i++)
		if (kms[i].len != 0)
			consider_table(
			    &a, &p->by_refused_kms, policy_hash_name(kms[i]));
	for (size_t i = 0; i < w->direction->n_refusals; i++)
		consider(&a, &p->local.refusals[w->direction->refusals[i]]);
	for (size_t i = 0; i < p->n_general; i++)
		consider(&a, &p->local.refusals[p->general[i]]);
	return a.found;
}

static bool
may_fit(const struct policy_pair *x, const struct policy_refusal *r)
{
	const struct policy_rule *rule = x->rule;
	/* As the rule means them, also where the request is reversed. */
	uint16_t from = x->reversed ? x->to : x->from;
	uint16_t to = x->reversed ? x->from : x->to;

	if ((r->from != GW_SYSTEM_NONE && r->from != from) ||
	    (r->to != GW_SYSTEM_NONE && r->to != to))
		return false;
	for (size_t i = 0; i < rule->n_comms; i++) {
		const struct policy_comm *c = &rule->comms[i];
		/* In a dialog, a kind that is not told fits every rule. */
		uint32_t kinds = c->kinds | POLICY_BIT(GW_KIND_OTHER);
		if ((r->comm.services & c->services) != 0 &&
		    (r->comm.kinds & kinds) != 0 &&
		    (r->comm.urgencies & c->urgencies) != 0)
			return true;
	}
	return false;
}

const struct policy_refusal *
policy_refusal_of_pair(
    const struct policy_pair *x, const struct gw_span *kms, size_t n)
{
	const struct policy_table *t = &x->p->by_pair_kms;
	const struct policy_refusal *found = NULL;

	for (size_t k = 0; k < n && t->n > 0; k++) {
		uint64_t hash = policy_hash_name(kms[k]);
		uint32_t at = 0, i;
		while (policy_table_next(t, hash, &at, &i)) {
			const struct policy_refusal *r =
			    &x->p->local.refusals[i];
			if ((found == NULL || r < found) &&
			    gw_span_ieq(gw_span_of(r->kms), kms[k]) &&
			    may_fit(x, r))
				found = r;
		}
	}
	return found;
}

/*
 * An identity that we cannot read may be one that is refused.  A system that
 * speaks for migrated users may mean anybody.
 */
const struct policy_refusal *
policy_refusal_hidden(const struct policy_walk *w)
{
	const struct policy *p = w->p;
	struct asked a = ask(w);
	const struct policy_hidden *any = &p->hidden[p->n_systems + 1];
	const struct policy_hidden *none = &p->hidden[p->n_systems];

	if (a.initiator->hidden && p->systems[a.from].n_migrated > 0)
		return any->initiator;
	if (a.initiator->hidden && none->initiator != NULL)
		return none->initiator;
	if (a.initiator->hidden && p->hidden[a.from].initiator != NULL)
		return p->hidden[a.from].initiator;
	if (a.target->hidden && p->systems[a.to].n_migrated > 0)
		return any->target;
	if (a.target->hidden && none->target != NULL)
		return none->target;
	return a.target->hidden ? p->hidden[a.to].target : NULL;
}
