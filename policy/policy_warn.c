/*
 * policy_warn.c: what works, but should be looked at.
 */
#include "policy/policy_code.h"
#include "policy/policy_compile.h"

#define DAY_US	(INT64_C(86400) * 1000000)
#define SOON_US (30 * DAY_US)

static void
warn_validity(
    const struct policy_agreement *a, int64_t wall_us, struct gw_diag *d)
{
	int64_t left = a->until_us - wall_us;

	if (a->id == NULL || left > SOON_US)
		return;
	if (left <= 0)
		POLICY_WARNING(
		    d, &a->at, LAPSED, "agreement \"%s\" has lapsed", a->id);
	else
		POLICY_WARNING(d, &a->at, LAPSES,
		    "agreement \"%s\" lapses in %lld days", a->id,
		    (long long)(left / DAY_US));
}

static bool
patterns_cover(const struct policy_patterns *a, const struct policy_patterns *b)
{
	if (a->any)
		return true;
	if (b->any)
		return false;
	for (size_t i = 0; i < b->n; i++) {
		size_t k = 0;
		while (k < a->n && !policy_pattern_covers(&a->at[k], &b->at[i]))
			k++;
		if (k == a->n)
			return false;
	}
	return true;
}

static bool
is_within(uint32_t small, uint32_t large)
{
	return (small & ~large) == 0;
}

static bool
comms_cover(const struct policy_rule *a, const struct policy_rule *b)
{
	for (size_t i = 0; i < b->n_comms; i++) {
		const struct policy_comm *x = &b->comms[i], *y = a->comms;
		size_t k = 0;
		for (; k < a->n_comms; k++, y++)
			if (is_within(x->services, y->services) &&
			    is_within(x->kinds, y->kinds) &&
			    is_within(x->urgencies, y->urgencies))
				break;
		if (k == a->n_comms)
			return false;
	}
	return true;
}

static void
warn_unreachable(const struct policy_direction *dir, struct gw_diag *d)
{
	for (size_t i = 1; i < dir->n_rules && i < POLICY_RULES_MAX; i++)
		for (size_t k = 0; k < i; k++) {
			const struct policy_rule *a = dir->rules[k];
			const struct policy_rule *b = dir->rules[i];
			if (!comms_cover(a, b) ||
			    !patterns_cover(&a->initiator, &b->initiator) ||
			    !patterns_cover(&a->target, &b->target))
				continue;
			POLICY_WARNING(d, &b->at, UNREACHABLE,
			    "rule \"%s\" never applies: \"%s\" in line %u "
			    "fits whatever it fits",
			    b->id == NULL ? "" : b->id,
			    a->id == NULL ? "" : a->id, a->at.line);
			break;
		}
}

/* Signatures are required of users whose KMS certificate we lack. */
static void
warn_certificates(
    const struct policy *p, const struct policy_rule *r, struct gw_diag *d)
{
	if (r->signature != POLICY_REQUIRE ||
	    r->presence == POLICY_PRESENCE_FORBIDDEN)
		return;
	for (size_t i = 0; i < r->n_pairs; i++)
		for (size_t k = 0; k < r->pairs[i].n_initiator; k++) {
			uint32_t n = r->pairs[i].initiator[k];
			if (n == UINT32_MAX ||
			    p->domains[n].certificate != NULL)
				continue;
			POLICY_WARNING(d, &r->pairs[i].at, NO_CERTIFICATE,
			    "rule \"%s\" requires signatures, but \"%s\" has "
			    "no certificate",
			    r->id == NULL ? "" : r->id, p->domains[n].kms);
		}
}

static void
warn_outside(const struct policy *p, const struct policy_patterns *x,
    uint16_t system, const struct policy_rule *r, struct gw_diag *d)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct policy_pattern *t = &x->at[i];
		if (t->scheme != POLICY_SIP || t->sub_domains ||
		    system == GW_SYSTEM_NONE ||
		    policy_system_of_host(p, t->host) == system ||
		    p->systems[system].n_migrated > 0)
			continue;
		POLICY_WARNING(d, &r->at, OUTSIDE,
		    "rule \"%s\": \"%s\" is in no domain of \"%s\"",
		    r->id == NULL ? "" : r->id, t->text, p->systems[system].id);
	}
}

void
policy_warn(const struct policy *p, int64_t wall_us, struct gw_diag *d)
{
	for (size_t i = 0; i < p->n_agreements; i++) {
		const struct policy_agreement *a = p->agreements[i];
		warn_validity(a, wall_us, d);
		for (int dir = 0; dir < 2; dir++)
			warn_unreachable(&a->direction[dir], d);
		for (size_t k = 0; k < a->n_rules; k++) {
			const struct policy_rule *r = &a->rules[k];
			uint16_t from = a->party[r->direction].system;
			uint16_t to = a->party[1 - r->direction].system;
			warn_certificates(p, r, d);
			warn_outside(p, &r->initiator, from, r, d);
			warn_outside(p, &r->target, to, r, d);
		}
	}
}
