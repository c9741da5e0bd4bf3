/*
 * policy_domains.c: security domains of all agreements, by their KMS URI.
 *
 * A KMS may stand in many agreements; it is one domain, of one system, with
 * one certificate.
 */
#include "policy/policy_code.h"
#include "policy/policy_compile.h"

uint32_t
policy_domain_number(const struct policy *p, struct gw_span kms)
{
	uint32_t at = 0, i;

	while (policy_table_next(&p->by_kms, policy_hash_name(kms), &at, &i))
		if (gw_span_ieq(gw_span_of(p->domains[i].kms), kms))
			return i;
	return UINT32_MAX;
}

struct gw_span
policy_kms_name(const struct policy *p, uint32_t domain)
{
	return gw_span_of(p->domains[domain].kms);
}

const struct policy_domain *
policy_domain_find(const struct policy *p, struct gw_span kms)
{
	uint32_t i = policy_domain_number(p, kms);

	return i == UINT32_MAX ? NULL : &p->domains[i];
}

size_t
policy_domains(const struct policy *p)
{
	return p->n_domains;
}

const struct policy_domain *
policy_domain_at(const struct policy *p, size_t i)
{
	return &p->domains[i];
}

static bool
is_same_text(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

/* What keeps two descriptions from being one domain, or NULL. */
static const char *
find_conflict(
    const struct policy_domain *d, const struct policy_kms *k, uint16_t system)
{
	bool pins = d->pinned && k->pinned;

	if (d->system != system)
		return "another system";
	if (d->compat != k->compat)
		return "another compat";
	if (pins && memcmp(d->sha256, k->sha256, sizeof(d->sha256)) != 0)
		return "another certificate-sha256";
	if (!pins && d->certificate != NULL && k->certificate != NULL &&
	    !is_same_text(d->certificate, k->certificate))
		return "another certificate";
	return NULL;
}

static void
merge(struct policy_domain *d, const struct policy_kms *k)
{
	if (d->certificate == NULL)
		d->certificate = k->certificate;
	if (!d->pinned && k->pinned) {
		d->pinned = true;
		memcpy(d->sha256, k->sha256, sizeof(d->sha256));
	}
}

static void
add_kms(struct policy *p, struct policy_kms *k, uint16_t system,
    struct gw_diag *diag)
{
	struct gw_span name = gw_span_of(k->kms);
	const char *conflict;

	k->domain = policy_domain_number(p, name);
	if (k->domain == UINT32_MAX) {
		struct policy_domain *d = &p->domains[p->n_domains];
		d->kms = k->kms;
		d->system = system;
		d->compat = k->compat;
		d->at = k->at;
		merge(d, k);
		k->domain = (uint32_t)p->n_domains++;
		policy_table_add(&p->by_kms, policy_hash_name(name), k->domain);
		return;
	}
	struct policy_domain *d = &p->domains[k->domain];
	if ((conflict = find_conflict(d, k, system)) != NULL)
		POLICY_ERROR(diag, &k->at, KMS_CONFLICT,
		    "\"%s\" has %s in %s:%u", k->kms, conflict, d->at.file,
		    d->at.line);
	merge(d, k);
}

/* Does the KMS stand in the agreement before k? */
static bool
is_repeated(const struct policy_agreement *a, const struct policy_kms *k)
{
	for (int side = 0; side < 2; side++)
		for (size_t i = 0; i < a->party[side].n_kms; i++) {
			const struct policy_kms *o = &a->party[side].kms[i];
			if (o == k)
				return false;
			if (strcmp(o->kms, k->kms) == 0)
				return true;
		}
	return false;
}

static void
add_party(struct policy *p, const struct policy_agreement *a, int side,
    struct gw_diag *d)
{
	const struct policy_party *party = &a->party[side];

	for (size_t i = 0; i < party->n_kms; i++) {
		if (is_repeated(a, &party->kms[i]))
			POLICY_ERROR(d, &party->kms[i].at, KMS_TWICE,
			    "\"%s\" stands twice", party->kms[i].kms);
		else
			add_kms(p, &party->kms[i], party->system, d);
	}
}

/* The number of a KMS in a party, or UINT32_MAX. */
static uint32_t
find_in_party(const struct policy_party *party, const char *kms)
{
	for (size_t i = 0; i < party->n_kms; i++)
		if (strcmp(party->kms[i].kms, kms) == 0)
			return party->kms[i].domain;
	return UINT32_MAX;
}

/* Numbers for names; all of the party where any is meant. */
static uint32_t *
link_list(struct policy *p, const struct policy_party *party,
    const struct policy_pairs *pairs, const char *const *names, size_t *n,
    struct gw_diag *d)
{
	size_t all = pairs->any ? party->n_kms : *n;
	uint32_t *out = gw_arena_alloc(p->arena, all + 1, sizeof(*out));

	if (out == NULL)
		return NULL;
	for (size_t i = 0; i < all; i++) {
		const char *name = pairs->any ? party->kms[i].kms : names[i];
		out[i] = find_in_party(party, name);
		if (out[i] == UINT32_MAX)
			POLICY_ERROR(d, &pairs->at, KMS_UNLISTED,
			    "\"%s\" is no security domain of party \"%s\"",
			    name, party->id);
	}
	*n = all;
	return out;
}

static bool
link_rule(struct policy *p, struct policy_agreement *a,
    struct policy_rule *rule, struct gw_diag *d)
{
	const struct policy_party *from = &a->party[rule->direction];
	const struct policy_party *to = &a->party[1 - rule->direction];

	for (size_t i = 0; i < rule->n_pairs; i++) {
		struct policy_pairs *x = &rule->pairs[i];
		x->initiator =
		    link_list(p, from, x, x->initiator_kms, &x->n_initiator, d);
		x->receiver =
		    link_list(p, to, x, x->receiver_kms, &x->n_receiver, d);
		if (x->initiator == NULL || x->receiver == NULL)
			return false;
	}
	return true;
}

bool
policy_domains_link(struct policy *p, struct gw_diag *d)
{
	size_t n = 0;

	for (size_t i = 0; i < p->n_agreements; i++)
		n += p->agreements[i]->party[0].n_kms +
		     p->agreements[i]->party[1].n_kms;
	p->domains = gw_arena_alloc(p->arena, n + 1, sizeof(*p->domains));
	if (p->domains == NULL || !policy_table_init(&p->by_kms, p->arena, n))
		return false;
	for (size_t i = 0; i < p->n_agreements; i++) {
		struct policy_agreement *a = p->agreements[i];
		add_party(p, a, 0, d);
		add_party(p, a, 1, d);
		for (size_t k = 0; k < a->n_rules; k++)
			if (!link_rule(p, a, &a->rules[k], d))
				return false;
	}
	return true;
}
