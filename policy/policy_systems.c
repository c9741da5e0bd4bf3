/*
 * policy_systems.c: whose a domain, an identity or an id is.
 */
#include "policy/policy_code.h"
#include "policy/policy_compile.h"

static const struct gw_where nowhere = { NULL, 0 };

static struct policy_host *
find_host(const struct policy *p, struct gw_span host)
{
	uint32_t at = 0, i;

	while (
	    policy_table_next(&p->by_domain, policy_hash_name(host), &at, &i))
		if (gw_span_ieq(p->hosts[i].name, host))
			return &p->hosts[i];
	return NULL;
}

static void
link_domains_of(struct policy *p, uint16_t i, struct gw_diag *d)
{
	const struct gw_system *s = &p->systems[i];

	for (size_t k = 0; k < s->n_domains; k++) {
		struct gw_span name = gw_span_of(s->domains[k]);
		struct policy_host *h = find_host(p, name);
		if (h == NULL) {
			p->hosts[p->n_hosts] = (struct policy_host){ name, i };
			policy_table_add(&p->by_domain, policy_hash_name(name),
			    (uint32_t)p->n_hosts++);
		} else if (h->system != i) {
			POLICY_WARNING(d, &nowhere, DOMAIN_TWICE,
			    "domain \"%s\" of system \"%s\" is listed by "
			    "another system too",
			    s->domains[k], s->id);
			h->system = GW_SYSTEM_NONE;
		}
	}
}

static bool
link_migrated_of(struct policy *p, uint16_t i, struct gw_diag *d)
{
	const struct gw_system *s = &p->systems[i];

	for (size_t k = 0; k < s->n_migrated; k++) {
		struct policy_migrated *m = &p->migrated[p->n_migrated];
		const char *why;
		enum gw_err err = policy_pattern_parse(
		    p->arena, s->migrated[k], &m->pattern, &why);
		if (err == GW_ENOMEM)
			return false;
		if (err != GW_OK || !policy_pattern_is_exact(&m->pattern)) {
			POLICY_ERROR(d, &nowhere, MIGRATED,
			    "\"%s\" of system \"%s\" is no identity",
			    s->migrated[k], s->id);
			continue;
		}
		m->system = i;
		policy_table_add(&p->by_migrated,
		    policy_hash_mix(m->pattern.hash, i),
		    (uint32_t)p->n_migrated++);
	}
	return true;
}

bool
policy_systems_link(struct policy *p, struct gw_diag *d)
{
	size_t domains = 0, migrated = 0;

	for (size_t i = 0; i < p->n_systems; i++) {
		domains += p->systems[i].n_domains;
		migrated += p->systems[i].n_migrated;
	}
	p->migrated =
	    gw_arena_alloc(p->arena, migrated + 1, sizeof(*p->migrated));
	p->hosts = gw_arena_alloc(p->arena, domains + 1, sizeof(*p->hosts));
	p->hidden =
	    gw_arena_alloc(p->arena, p->n_systems + 2, sizeof(*p->hidden));
	if (p->migrated == NULL || p->hidden == NULL || p->hosts == NULL ||
	    !policy_table_init(&p->by_id, p->arena, p->n_systems) ||
	    !policy_table_init(&p->by_domain, p->arena, domains) ||
	    !policy_table_init(&p->by_migrated, p->arena, migrated))
		return false;
	for (uint16_t i = 0; i < p->n_systems; i++) {
		policy_table_add(&p->by_id,
		    policy_hash_name(gw_span_of(p->systems[i].id)), i);
		link_domains_of(p, i, d);
		if (!link_migrated_of(p, i, d))
			return false;
	}
	return true;
}

uint16_t
policy_system_of_id(const struct policy *p, const char *id)
{
	struct gw_span s = gw_span_of(id);
	uint32_t at = 0, i;

	while (policy_table_next(&p->by_id, policy_hash_name(s), &at, &i))
		if (gw_span_eq(gw_span_of(p->systems[i].id), s))
			return (uint16_t)i;
	return GW_SYSTEM_NONE;
}

uint16_t
policy_system_of_host(const struct policy *p, struct gw_span host)
{
	const struct policy_host *h = find_host(p, host);

	return h == NULL ? GW_SYSTEM_NONE : h->system;
}

uint16_t
policy_system_of_uri(const struct policy *p, const struct policy_uri *uri)
{
	return uri->scheme == POLICY_SIP ? policy_system_of_host(p, uri->host) :
					   GW_SYSTEM_NONE;
}

uint16_t
policy_system_of(const struct policy *p, struct gw_span uri)
{
	struct policy_uri u;

	return policy_uri_parse(uri, &u) ? policy_system_of_uri(p, &u) :
					   GW_SYSTEM_NONE;
}

bool
policy_is_migrated(
    const struct policy *p, uint16_t system, const struct policy_uri *uri)
{
	uint64_t h = policy_hash_mix(policy_uri_hash(uri), system);
	uint32_t at = 0, i;

	while (policy_table_next(&p->by_migrated, h, &at, &i))
		if (p->migrated[i].system == system &&
		    policy_pattern_matches(&p->migrated[i].pattern, uri))
			return true;
	return false;
}

bool
policy_may_assert(const struct policy *p, uint16_t from, struct gw_span uri)
{
	struct policy_uri u;

	if (!policy_uri_parse(uri, &u))
		return false; /* others may read it otherwise */
	uint16_t system = policy_system_of_uri(p, &u);
	return system == GW_SYSTEM_NONE || system == from ||
	       policy_is_migrated(p, from, &u);
}
