/*
 * policy_disclose.c: which security domains of one system another may know.
 *
 * What may be paired with what is worked out when the policy is compiled, by
 * the pair test of the decision; then telling costs a look at each domain.
 */
#include "policy/policy_disclose.h"

#include "policy/policy_compile.h"
#include "policy/policy_pair.h"

_Static_assert(POLICY_KMS_MAX <= 32, "a party's security domains are bits");

/* The place of a domain in the party's list, or n_kms; likely: where to look
 * first. */
static size_t
place_of(const struct policy_party *party, uint32_t domain, size_t likely)
{
	size_t i = 0;

	if (domain == UINT32_MAX)
		return party->n_kms;
	if (likely < party->n_kms && party->kms[likely].domain == domain)
		return likely;
	while (i < party->n_kms && party->kms[i].domain != domain)
		i++;
	return i;
}

static uint32_t
reach_of(
    const struct policy_agreement *a, int dir, uint32_t domain, size_t likely)
{
	const struct policy_party *party = &a->party[1 - dir];
	size_t i = place_of(party, domain, likely);

	return i < party->n_kms ? a->direction[dir].reach[i] : 0;
}

uint32_t
policy_reach_of(const struct policy_agreement *a, int dir, uint32_t domain)
{
	return reach_of(a, dir, domain, 0);
}

/* May the two be paired, by what does not change with time? */
static bool
is_permitted(const struct policy_pair *x, uint32_t initiator, uint32_t receiver)
{
	const struct gw_span kms[] = { policy_kms_name(x->p, initiator),
		policy_kms_name(x->p, receiver) };
	enum policy_pair_part part;
	const struct gw_where *at;
	const char *why;

	return policy_refusal_of_pair(x, kms, 2) == NULL &&
	       policy_pair_passes(x, initiator, receiver, &part, &why, &at);
}

/* Add what one <domains> of a rule of either direction permits. */
static void
add_pairs(const struct policy_pair *x, const struct policy_pairs *pairs,
    int dir, uint32_t *reach)
{
	const struct policy_party *from = &x->agreement->party[dir];
	const struct policy_party *to = &x->agreement->party[1 - dir];
	struct policy_ends e = policy_pair_ends(pairs, x->reversed);

	for (size_t k = 0; k < e.n_receiver; k++) {
		size_t r = place_of(to, e.receiver[k], k);
		for (size_t i = 0; r < to->n_kms && i < e.n_initiator; i++) {
			size_t n = place_of(from, e.initiator[i], i);
			if (n < from->n_kms && !(reach[r] & 1u << n) &&
			    is_permitted(x, e.initiator[i], e.receiver[k]))
				reach[r] |= 1u << n;
		}
	}
}

static bool
link_direction(struct policy *p, struct policy_agreement *a, int dir)
{
	const struct policy_party *to = &a->party[1 - dir];
	uint32_t *reach =
	    gw_arena_alloc(p->arena, to->n_kms + 1, sizeof(*reach));

	if (reach == NULL)
		return false;
	for (size_t i = 0; i < a->n_rules; i++) {
		const struct policy_rule *r = &a->rules[i];
		const struct policy_pair x = { p, a, r, a->party[dir].system,
			to->system, r->direction != dir, NULL };
		for (size_t k = 0; k < r->n_pairs; k++)
			add_pairs(&x, &r->pairs[k], dir, reach);
	}
	a->direction[dir].reach = reach;
	return true;
}

bool
policy_reach_link(struct policy *p)
{
	for (size_t i = 0; i < p->n_agreements; i++)
		if (!link_direction(p, p->agreements[i], 0) ||
		    !link_direction(p, p->agreements[i], 1))
			return false;
	return true;
}

/* An answer that is being told. */
struct telling {
	const struct policy *p;
	const struct policy_agreement *a;
	int dir;
	struct gw_span *names; /* room for the external domains to come */
	/* The same few stand beside many domains: the one that was looked for
	 * last, and its place in the asker's list. */
	struct gw_span external;
	size_t place;
};

static size_t
place_of_external(struct telling *t, struct gw_span kms)
{
	if (t->external.len == 0 || !gw_span_eq(t->external, kms)) {
		t->external = kms;
		t->place = place_of(
		    &t->a->party[t->dir], policy_domain_number(t->p, kms), 0);
	}
	return t->place;
}

/* Of external domains only those of the asker that may be paired. */
static void
tell_external(struct telling *t, uint32_t reach,
    const struct gw_lookup_domain *in, struct gw_lookup_domain *out)
{
	out->external = t->names;
	for (size_t i = 0; i < in->n_external && i < GW_LOOKUP_EXTERNAL_MAX;
	     i++) {
		size_t n = place_of_external(t, in->external[i]);
		if (n < t->a->party[t->dir].n_kms && (reach & 1u << n) != 0)
			t->names[out->n_external++] = in->external[i];
	}
	t->names += out->n_external;
}

static void
tell_domain(struct telling *t, const struct gw_lookup_domain *in,
    struct gw_lookup_answer *out)
{
	/* Both lists begin with what is preferred. */
	uint32_t reach = reach_of(
	    t->a, t->dir, policy_domain_number(t->p, in->kms), out->n_domains);
	struct gw_lookup_domain *d = &out->domains[out->n_domains];

	if (reach == 0)
		return;
	*d = (struct gw_lookup_domain){ .kms = in->kms,
		.lists_external = in->lists_external };
	if (in->lists_external)
		tell_external(t, reach, in, d);
	out->n_domains++;
}

static void
tell(const struct policy *p, const struct policy_agreement *a, int dir,
    const struct gw_lookup_answer *in, struct gw_arena *arena,
    struct gw_lookup_answer *out)
{
	struct telling t = { .p = p, .a = a, .dir = dir };
	size_t domains = in->n_domains < GW_LOOKUP_DOMAINS_MAX ?
			     in->n_domains :
			     GW_LOOKUP_DOMAINS_MAX;
	size_t n = 0;

	for (size_t i = 0; i < domains; i++)
		n += in->domains[i].n_external;
	t.names = gw_arena_alloc(arena, n + 1, sizeof(*t.names));
	for (size_t i = 0; i < domains && t.names != NULL; i++)
		tell_domain(&t, &in->domains[i], out);
	/* Nothing to be told looks like nothing known, for as long. */
	out->ttl_ms = out->n_domains > 0 ? in->ttl_ms : 0;
}

static bool
is_among_friends(const struct policy *p, uint16_t asker, uint16_t system)
{
	return asker == system ||
	       (p->systems[asker].local && p->systems[system].local &&
		   policy_relation_of(p, asker, system) == NULL);
}

/* The agreement by which something may be told, or NULL. */
static const struct policy_agreement *
agreement_of(
    const struct policy *p, uint16_t asker, uint16_t system, int64_t wall_us)
{
	struct gw_step step;
	const struct policy_agreement *g =
	    policy_agreement_step(p, asker, system, wall_us, &step);

	if (g == NULL)
		return NULL;
	int dir = policy_direction_from(g, asker);
	return g->direction[dir].disclose == POLICY_DISCLOSE_PERMITTED ? g :
									 NULL;
}

bool
policy_discloses(
    const struct policy *p, uint16_t asker, uint16_t system, int64_t wall_us)
{
	return asker < p->n_systems && system < p->n_systems &&
	       (is_among_friends(p, asker, system) ||
		   agreement_of(p, asker, system, wall_us) != NULL);
}

void
policy_disclose(const struct policy *p, uint16_t asker, uint16_t system,
    const struct gw_lookup_answer *in, int64_t wall_us, struct gw_arena *a,
    struct gw_lookup_answer *out)
{
	out->n_domains = 0;
	out->ttl_ms = 0;
	if (asker >= p->n_systems || system >= p->n_systems)
		return;
	if (is_among_friends(p, asker, system)) {
		*out = *in;
		return;
	}
	const struct policy_agreement *g =
	    agreement_of(p, asker, system, wall_us);
	if (g != NULL)
		tell(p, g, policy_direction_from(g, asker), in, a, out);
}
