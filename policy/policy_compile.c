/*
 * policy_compile.c: systems, parties, and the steps in their order.
 */
#include "policy/policy_compile.h"

#include "policy/policy_agreement.h"
#include "policy/policy_code.h"
#include "policy/policy_local.h"

/* Some 20 kB for each of 20000 agreements; a guard, not a target. */
#define ARENA_MAX ((size_t)1 << 30)

static const struct gw_where nowhere = { NULL, 0 };

static bool
report_memory(struct gw_diag *d)
{
	POLICY_ERROR(d, &nowhere, MEMORY, "out of memory");
	return false;
}

struct policy *
policy_compile_begin(
    const struct policy_source *src, size_t n, struct gw_diag *d)
{
	struct gw_arena *a = gw_arena_new(ARENA_MAX);
	struct policy *p = NULL;

	if (a == NULL || src->n_systems >= GW_SYSTEM_NONE ||
	    n > POLICY_AGREEMENTS_MAX ||
	    (p = gw_arena_alloc(a, 1, sizeof(*p))) == NULL)
		goto fail;
	p->arena = a;
	p->systems = src->systems;
	p->n_systems = src->n_systems;
	p->local = policy_local_default();
	p->agreements = gw_arena_alloc(a, n + 1, sizeof(*p->agreements));
	p->room = n;
	if (p->agreements == NULL || !policy_systems_link(p, d))
		goto fail;
	return p;
fail:
	report_memory(d);
	gw_arena_free(a);
	return NULL;
}

void
policy_compile_local(
    struct policy *p, const xmlNode *root, const char *file, struct gw_diag *d)
{
	struct policy_reader r = { .a = p->arena, .d = d };

	r.file = gw_arena_str(p->arena, gw_span_of(file));
	policy_local_read(&r, root, p, &p->local);
	if (r.no_memory || r.file == NULL)
		report_memory(d);
}

void
policy_compile_add(
    struct policy *p, const xmlNode *root, const char *file, struct gw_diag *d)
{
	struct policy_reader r = { .a = p->arena, .d = d };
	struct policy_agreement *a = gw_arena_alloc(p->arena, 1, sizeof(*a));

	r.file = gw_arena_str(p->arena, gw_span_of(file));
	if (a == NULL || r.file == NULL || p->n_agreements == p->room) {
		report_memory(d);
		return;
	}
	if (policy_agreement_read(&r, root, a))
		p->agreements[p->n_agreements++] = a;
	if (r.no_memory)
		report_memory(d);
}

static bool
has_domain(const struct gw_system *s, const char *domain)
{
	for (size_t i = 0; i < s->n_domains; i++)
		if (gw_span_ieq(gw_span_of(s->domains[i]), gw_span_of(domain)))
			return true;
	return false;
}

static bool
has_identity(const struct gw_system *s, const char *identity)
{
	for (size_t i = 0; i < s->n_identities; i++)
		if (gw_span_ieq(
			gw_span_of(s->identities[i]), gw_span_of(identity)))
			return true;
	return s->n_identities == 0;
}

static void
link_party(
    const struct policy *p, struct policy_party *party, struct gw_diag *d)
{
	if (party->id == NULL)
		return;
	party->system = policy_system_of_id(p, party->id);
	if (party->system == GW_SYSTEM_NONE) {
		POLICY_ERROR(d, &party->at, SYSTEM, "system \"%s\" is unknown",
		    party->id);
		return;
	}
	const struct gw_system *s = &p->systems[party->system];
	for (size_t i = 0; i < party->n_domains; i++)
		if (!has_domain(s, party->domains[i]))
			POLICY_ERROR(d, &party->domains_at[i], DOMAIN,
			    "\"%s\" is no domain of system \"%s\"",
			    party->domains[i], s->id);
	for (size_t i = 0; i < party->n_identities; i++)
		if (!has_identity(s, party->identities[i]))
			POLICY_WARNING(d, &party->at, IDENTITY,
			    "\"%s\" is no identity of system \"%s\"",
			    party->identities[i], s->id);
}

static bool
index_ids(struct policy *p, struct gw_diag *d)
{
	if (!policy_table_init(&p->by_agreement, p->arena, p->n_agreements))
		return false;
	for (uint32_t i = 0; i < p->n_agreements; i++) {
		struct policy_agreement *a = p->agreements[i];
		struct gw_span id = gw_span_of(a->id);
		uint64_t h = policy_hash_name(id);
		uint32_t at = 0, k;
		while (policy_table_next(&p->by_agreement, h, &at, &k)) {
			const struct policy_agreement *b = p->agreements[k];
			if (!gw_span_eq(gw_span_of(b->id), id))
				continue;
			POLICY_ERROR(d, &a->at, TWICE,
			    "agreement \"%s\" is also in %s:%u", a->id,
			    b->at.file, b->at.line);
			break;
		}
		if (a->id != NULL)
			policy_table_add(&p->by_agreement, h, i);
	}
	return true;
}

bool
policy_compile_end(struct policy *p, int64_t wall_us, struct gw_diag *d)
{
	for (size_t i = 0; i < p->n_agreements; i++) {
		link_party(p, &p->agreements[i]->party[0], d);
		link_party(p, &p->agreements[i]->party[1], d);
	}
	/* The relations put agreements in order; their ids come after. */
	if (!policy_domains_link(p, d) || !policy_maps_link(p, d) ||
	    !policy_relations_link(p, d) || !index_ids(p, d) ||
	    !policy_narrow_link(p, d) || !policy_reach_link(p))
		return report_memory(d);
	if (p->n_agreements == 0)
		POLICY_WARNING(
		    d, &nowhere, EMPTY, "there is no agreement at all");
	policy_warn(p, wall_us, d);
	return gw_diag_errors(d) == 0;
}
