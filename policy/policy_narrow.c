/*
 * policy_narrow.c: local policy worked into what the agreements permit.
 *
 * Refusals that name one identity or a KMS are found by hash; those that name
 * systems are listed at the directions of these systems; what remains is a
 * short list that every decision walks.
 */
#include "policy/policy_code.h"
#include "policy/policy_compile.h"

#define MEANS_ANY(a, b) ((a) == GW_SYSTEM_NONE || (a) == (b))

enum place { BY_INITIATOR, BY_TARGET, BY_KMS, BY_SYSTEM, GENERAL, PLACE_N };

static enum place
place_of(const struct policy_refusal *f)
{
	if (f->by_initiator && policy_pattern_is_exact(&f->initiator))
		return BY_INITIATOR;
	if (f->by_target && policy_pattern_is_exact(&f->target))
		return BY_TARGET;
	if (f->kms != NULL)
		return BY_KMS;
	if (f->from != GW_SYSTEM_NONE || f->to != GW_SYSTEM_NONE)
		return BY_SYSTEM;
	return GENERAL;
}

/* Identities that this pattern may mean belong to which row of hidden. */
static size_t
hidden_row(const struct policy *p, const struct policy_pattern *x)
{
	uint16_t s = x->sub_domains || x->scheme != POLICY_SIP ?
			 GW_SYSTEM_NONE :
			 policy_system_of_host(p, x->host);

	return s == GW_SYSTEM_NONE ? p->n_systems : s;
}

static void
note(const struct policy_refusal **slot, const struct policy_refusal *f)
{
	if (*slot == NULL)
		*slot = f;
}

static void
note_hidden(struct policy *p, const struct policy_refusal *f)
{
	size_t any = p->n_systems + 1;

	if (f->by_initiator) {
		note(&p->hidden[hidden_row(p, &f->initiator)].initiator, f);
		note(&p->hidden[any].initiator, f);
	}
	if (f->by_target) {
		note(&p->hidden[hidden_row(p, &f->target)].target, f);
		note(&p->hidden[any].target, f);
	}
}

static void
index_refusal(struct policy *p, uint32_t i, enum place place, uint32_t *general)
{
	const struct policy_refusal *f = &p->local.refusals[i];

	switch (place) {
	case BY_INITIATOR:
		policy_table_add(&p->by_initiator, f->initiator.hash, i);
		break;
	case BY_TARGET:
		policy_table_add(&p->by_target, f->target.hash, i);
		break;
	case BY_KMS:
		policy_table_add(&p->by_refused_kms,
		    policy_hash_name(gw_span_of(f->kms)), i);
		break;
	case GENERAL: general[p->n_general++] = i; break;
	case BY_SYSTEM:
	case PLACE_N: break;
	}
	note_hidden(p, f);
}

static bool
index_refusals(struct policy *p, struct gw_diag *d)
{
	size_t n[PLACE_N] = { 0 };
	const struct policy_local *l = &p->local;

	for (size_t i = 0; i < l->n_refusals; i++)
		n[place_of(&l->refusals[i])]++;
	uint32_t *general =
	    gw_arena_alloc(p->arena, n[GENERAL] + 1, sizeof(*general));
	if (general == NULL ||
	    !policy_table_init(&p->by_initiator, p->arena, n[BY_INITIATOR]) ||
	    !policy_table_init(&p->by_target, p->arena, n[BY_TARGET]) ||
	    !policy_table_init(&p->by_refused_kms, p->arena, n[BY_KMS]))
		return false;
	p->general = general;
	for (uint32_t i = 0; i < l->n_refusals; i++)
		index_refusal(p, i, place_of(&l->refusals[i]), general);
	if (n[GENERAL] > POLICY_GENERAL_REFUSALS_MAX) {
		uint32_t over = general[POLICY_GENERAL_REFUSALS_MAX];
		POLICY_ERROR(d, &l->refusals[over].at, TOO_MANY,
		    "more than %d <refuse> that name neither an identity, nor "
		    "a system, nor a KMS",
		    POLICY_GENERAL_REFUSALS_MAX);
	}
	return true;
}

static bool
is_alike(const struct policy_refusal *a, const struct policy_refusal *b)
{
	return a->from == b->from && a->to == b->to &&
	       a->comm.services == b->comm.services &&
	       a->comm.kinds == b->comm.kinds &&
	       a->comm.urgencies == b->comm.urgencies &&
	       strcmp(a->kms, b->kms) == 0;
}

static bool
has_alike(const struct policy *p, const struct policy_refusal *f, uint64_t hash)
{
	uint32_t at = 0, i;

	while (policy_table_next(&p->by_pair_kms, hash, &at, &i))
		if (is_alike(&p->local.refusals[i], f))
			return true;
	return false;
}

static bool
index_pairs(struct policy *p)
{
	const struct policy_local *l = &p->local;
	size_t n = 0;

	for (size_t i = 0; i < l->n_refusals; i++)
		n += l->refusals[i].kms != NULL;
	if (!policy_table_init(&p->by_pair_kms, p->arena, n))
		return false;
	for (uint32_t i = 0; n > 0 && i < l->n_refusals; i++) {
		const struct policy_refusal *f = &l->refusals[i];
		if (f->kms == NULL)
			continue;
		uint64_t hash = policy_hash_name(gw_span_of(f->kms));
		if (!has_alike(p, f, hash))
			policy_table_add(&p->by_pair_kms, hash, i);
	}
	return true;
}

/* The refusals of local policy that name one of a direction's systems. */
static bool
link_refusals(struct policy *p, const uint32_t *named, size_t n_named,
    struct policy_direction *dir, uint16_t from, uint16_t to)
{
	const struct policy_refusal *all = p->local.refusals;
	size_t n = 0, k = 0;

	for (size_t i = 0; i < n_named; i++)
		n += MEANS_ANY(all[named[i]].from, from) &&
		     MEANS_ANY(all[named[i]].to, to);
	if (n == 0)
		return true;
	uint32_t *out = gw_arena_alloc(p->arena, n, sizeof(*out));
	if (out == NULL)
		return false;
	for (size_t i = 0; i < n_named; i++)
		if (MEANS_ANY(all[named[i]].from, from) &&
		    MEANS_ANY(all[named[i]].to, to))
			out[k++] = named[i];
	dir->refusals = out;
	dir->n_refusals = n;
	return true;
}

static void
lower(int8_t *level, int8_t cap)
{
	if (cap >= 0 && (*level < 0 || cap < *level))
		*level = cap;
}

static void
link_caps(const struct policy *p, struct policy_direction *dir, uint16_t from,
    uint16_t to)
{
	for (size_t u = 0; u < GW_URGENCY_N; u++)
		dir->cap[u] = (struct policy_level){ .p = -1, .q = -1 };
	for (size_t i = 0; i < p->local.n_caps; i++) {
		const struct policy_cap *c = &p->local.caps[i];
		if (!MEANS_ANY(c->from, from) || !MEANS_ANY(c->to, to))
			continue;
		for (size_t u = 0; u < GW_URGENCY_N; u++) {
			if ((c->urgencies & POLICY_BIT(u)) == 0)
				continue;
			lower(&dir->cap[u].p, c->p);
			lower(&dir->cap[u].q, c->q);
			dir->cap[u].at = c->at;
		}
	}
}

static bool
link_directions(struct policy *p)
{
	const struct policy_local *l = &p->local;
	uint32_t *named =
	    gw_arena_alloc(p->arena, l->n_refusals + 1, sizeof(*named));
	size_t n = 0;

	if (named == NULL)
		return false;
	for (uint32_t i = 0; i < l->n_refusals; i++)
		if (place_of(&l->refusals[i]) == BY_SYSTEM)
			named[n++] = i;
	for (size_t i = 0; i < p->n_agreements; i++) {
		struct policy_agreement *a = p->agreements[i];
		for (int dir = 0; dir < 2; dir++) {
			uint16_t from = a->party[dir].system;
			uint16_t to = a->party[1 - dir].system;
			link_caps(p, &a->direction[dir], from, to);
			if (!link_refusals(
				p, named, n, &a->direction[dir], from, to))
				return false;
		}
	}
	return true;
}

static bool
link_revoked(struct policy *p, struct gw_diag *d)
{
	p->revoked =
	    gw_arena_alloc(p->arena, p->n_domains + 1, sizeof(*p->revoked));
	if (p->revoked == NULL)
		return false;
	for (size_t i = 0; i < p->local.n_revoked; i++) {
		const struct policy_revoked *r = &p->local.revoked[i];
		uint32_t k = policy_domain_number(p, gw_span_of(r->kms));
		if (k != UINT32_MAX)
			p->revoked[k] = r;
		else
			POLICY_WARNING(d, &r->at, REVOKED,
			    "\"%s\" is revoked, but no agreement names it",
			    r->kms);
	}
	return true;
}

static const struct policy_agreement *
find_agreement(const struct policy *p, const char *id)
{
	struct gw_span s = gw_span_of(id);
	uint32_t at = 0, i;

	while (
	    policy_table_next(&p->by_agreement, policy_hash_name(s), &at, &i))
		if (gw_span_eq(gw_span_of(p->agreements[i]->id), s))
			return p->agreements[i];
	return NULL;
}

static void
refuse_unsigned(const struct policy_agreement *a, struct gw_diag *d)
{
	POLICY_ERROR(d, &a->at, UNSIGNED,
	    "agreement \"%s\" needs the signatures of its parties",
	    a->id == NULL ? "" : a->id);
}

/* Signatures of agreements cannot be verified yet: fail closed. */
static void
check_signed(const struct policy *p, struct gw_diag *d)
{
	const struct policy_local *l = &p->local;

	for (size_t i = 0; l->all_signed && i < p->n_agreements; i++)
		refuse_unsigned(p->agreements[i], d);
	for (size_t i = 0; i < l->n_signed; i++) {
		const struct policy_agreement *a =
		    find_agreement(p, l->signed_ids[i]);
		if (a == NULL)
			POLICY_WARNING(d, &l->signed_at[i], SIGNED,
			    "there is no agreement \"%s\"", l->signed_ids[i]);
		else if (!l->all_signed)
			refuse_unsigned(a, d);
	}
}

bool
policy_narrow_link(struct policy *p, struct gw_diag *d)
{
	check_signed(p, d);
	return index_refusals(p, d) && index_pairs(p) && link_directions(p) &&
	       link_revoked(p, d);
}
