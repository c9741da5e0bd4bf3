/*
 * lookup_ask.c: names of the agreements to names of a service, and back.
 */
#include "core/lookup_ask.h"

#define FULL "the memory of the request is full"

const struct service *
lookup_ask_service(const struct snapshot *s, uint16_t system)
{
	const struct conf_service *lookup =
	    system < s->conf->n_systems ? s->conf->systems[system].lookup :
					  NULL;

	return lookup == NULL ? NULL : &s->services->at[lookup->id];
}

static bool
name_for_service(const struct lookup_ask *q, struct gw_arena *arena,
    struct gw_lookup_question *out)
{
	out->asker = GW_SPAN("");
	return policy_map_user(q->snap->policy, q->service->conf->system,
	    POLICY_MAP_OUT, q->user, arena, &out->user);
}

/* From the names of a system's service, or to them. */
struct names_of {
	const struct policy *policy;
	uint16_t system;
	enum policy_map_way way;
	struct gw_arena *arena;
};

static bool
map_kms(const struct names_of *n, struct gw_span kms, struct gw_span *out)
{
	return policy_map_kms(n->policy, n->system, n->way, kms, n->arena, out);
}

static bool
map_domain(const struct names_of *n, const struct gw_lookup_domain *in,
    struct gw_lookup_domain *out)
{
	struct gw_span *external = NULL;

	*out = *in;
	if (!map_kms(n, in->kms, &out->kms))
		return false;
	if (in->n_external == 0)
		return true;
	external = gw_arena_alloc(n->arena, in->n_external, sizeof(*external));
	if (external == NULL)
		return false;
	for (size_t i = 0; i < in->n_external; i++)
		if (!map_kms(n, in->external[i], &external[i]))
			return false;
	out->external = external;
	return true;
}

static bool
has_domain(const struct gw_lookup_answer *a, struct gw_span kms)
{
	for (size_t i = 0; i < a->n_domains; i++)
		if (gw_span_ieq(a->domains[i].kms, kms))
			return true;
	return false;
}

/* Two names may be one on the other side: the first counts. */
static bool
map_answer(const struct names_of *n, const struct gw_lookup_answer *in,
    struct gw_lookup_answer *out)
{
	if (!policy_maps_kms(n->policy, n->system)) {
		*out = *in;
		return true;
	}
	out->n_domains = 0;
	out->ttl_ms = in->ttl_ms;
	for (size_t i = 0; i < in->n_domains; i++) {
		struct gw_lookup_domain *d = &out->domains[out->n_domains];
		if (!map_domain(n, &in->domains[i], d))
			return false;
		if (!has_domain(out, d->kms))
			out->n_domains++;
	}
	return true;
}

/* What the service said, in the names of the agreements. */
static bool
take_answer(const struct lookup_ask *q, struct gw_arena *arena,
    const struct gw_lookup_answer *in, struct gw_lookup_answer *out)
{
	const struct names_of n = { q->snap->policy, q->service->conf->system,
		POLICY_MAP_IN, arena };

	return map_answer(&n, in, out);
}

bool
lookup_ask_told(const struct snapshot *s, uint16_t asker, uint16_t of,
    const struct gw_lookup_answer *in, int64_t wall_us, struct gw_arena *arena,
    struct gw_lookup_answer *out)
{
	const struct names_of n = { s->policy, asker, POLICY_MAP_OUT, arena };
	struct gw_lookup_answer disclosed;

	policy_disclose(s->policy, asker, of, in, wall_us, arena, &disclosed);
	return map_answer(&n, &disclosed, out);
}

bool
lookup_ask_table(const struct lookup_ask *q, struct gw_arena *arena,
    struct gw_lookup_answer *out)
{
	static const struct gw_lookup_answer nobody = { .n_domains = 0 };
	const struct gw_lookup_answer *found;
	struct gw_lookup_question asked;

	if (!name_for_service(q, arena, &asked))
		return false;
	found = gw_lookup_table_find(q->service->table, asked.user);
	return take_answer(q, arena, found == NULL ? &nobody : found, out);
}

static struct gw_lookup_ends
ends(const struct lookup_ask *q)
{
	const struct conf_service *s = q->service->conf;

	return (struct gw_lookup_ends){ .self = gw_span_of(
					    q->snap->conf->redirect.author),
		.kms = gw_span_of(s->kms),
		.authority = gw_span_of(s->authority),
		.prefix = gw_span_of(s->prefix),
		.names = q->service->names,
		.wall_us = q->wall_us };
}

const char *
lookup_ask_write(const struct lookup_ask *q, struct gw_arena *arena,
    struct gw_http_request *out)
{
	struct gw_lookup_ends e = ends(q);
	struct gw_lookup_question asked;

	if (!name_for_service(q, arena, &asked))
		return FULL;
	enum gw_err err = q->service->adapter->ask(arena, &e, &asked, out);
	if (err == GW_EUNSUPPORTED)
		return "the service cannot be asked about such a user";
	if (err != GW_OK ||
	    !service_token(q->service->conf, arena, &out->authorization))
		return FULL;
	return NULL;
}

const char *
lookup_ask_read(const struct lookup_ask *q,
    const struct gw_lookup_adapter *adapter, struct gw_arena *arena,
    const struct gw_http_response *in, struct gw_lookup_answer *out)
{
	struct gw_fault fault = { 0, "the response cannot be read" };
	struct gw_lookup_ends e = ends(q);
	struct gw_lookup_question asked;
	struct gw_lookup_answer said;

	if (!name_for_service(q, arena, &asked))
		return FULL;
	enum gw_err err = adapter->take(arena, &e, &asked, in, &said, &fault);
	if (err == GW_ENOMEM)
		return FULL;
	if (err != GW_OK)
		return fault.why;
	return take_answer(q, arena, &said, out) ? NULL : FULL;
}
