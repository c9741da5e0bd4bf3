/*
 * meter.c: rates as one atomic time, numbers as one atomic counter.
 */
#include "core/meter.h"

#include <stdlib.h>

#include "mcxgw/siphash.h"

static struct meter *
meter_new(void)
{
	struct meter *m = calloc(1, sizeof(*m));

	if (m != NULL)
		atomic_init(&m->refs, 1);
	return m;
}

struct meter *
meter_ref(struct meter *m)
{
	atomic_fetch_add_explicit(&m->refs, 1, memory_order_relaxed);
	return m;
}

void
meter_unref(struct meter *m)
{
	if (m != NULL &&
	    atomic_fetch_sub_explicit(&m->refs, 1, memory_order_acq_rel) == 1)
		free(m);
}

/* Names of the old rules, to find their meters again. */
struct index {
	size_t mask;
	uint32_t *slots; /* rule index + 1; 0: empty */
};

static uint64_t
name_hash(const char *name)
{
	static const uint8_t key[GW_SIPHASH_KEY_LEN];

	return gw_siphash(key, gw_span_of(name)); /* names of our own files */
}

static bool
index_init(struct index *x, const struct policy *p)
{
	size_t n = 16;

	while (n < 2 * policy_rules(p))
		n *= 2;
	x->mask = n - 1;
	if ((x->slots = calloc(n, sizeof(*x->slots))) == NULL)
		return false;
	for (uint32_t i = 0; i < policy_rules(p); i++) {
		size_t at = name_hash(policy_rule_name(p, i)) & x->mask;
		while (x->slots[at] != 0)
			at = (at + 1) & x->mask;
		x->slots[at] = i + 1;
	}
	return true;
}

static struct meter *
index_find(const struct index *x, const struct policy *p,
    const struct meters *old, const char *name)
{
	size_t at = name_hash(name) & x->mask;

	for (; x->slots[at] != 0; at = (at + 1) & x->mask) {
		uint32_t rule = x->slots[at] - 1;
		if (strcmp(policy_rule_name(p, rule), name) == 0)
			return meter_ref(old->rules[rule]);
	}
	return NULL;
}

static bool
fill_rules(struct meters *m, const struct policy *p,
    const struct policy *old_policy, const struct meters *old)
{
	struct index x = { 0, NULL };
	bool ok = old == NULL || index_init(&x, old_policy);

	for (uint32_t i = 0; ok && i < m->n_rules; i++) {
		if (old != NULL)
			m->rules[i] = index_find(
			    &x, old_policy, old, policy_rule_name(p, i));
		if (m->rules[i] == NULL)
			m->rules[i] = meter_new();
		ok = m->rules[i] != NULL;
	}
	free(x.slots);
	return ok;
}

static bool
fill_systems(struct meters *m, const struct conf *c,
    const struct conf *old_conf, const struct meters *old)
{
	for (size_t i = 0; i < m->n_systems; i++) {
		uint16_t was = GW_SYSTEM_NONE;
		if (old != NULL)
			was = conf_system_by_id(
			    old_conf, gw_span_of(c->systems[i].base.id));
		m->systems[i] = was != GW_SYSTEM_NONE ?
				    meter_ref(old->systems[was]) :
				    meter_new();
		if (m->systems[i] == NULL)
			return false;
	}
	return true;
}

/* n_domains: it is none of the policy. */
static size_t
domain_index(const struct policy *p, size_t n_domains, struct gw_span kms)
{
	const struct policy_domain *d = policy_domain_find(p, kms);

	return d == NULL ? n_domains : (size_t)(d - policy_domain_at(p, 0));
}

struct meter *
meters_domain(
    const struct meters *m, const struct policy *p, struct gw_span kms)
{
	return m->domains[domain_index(p, m->n_domains, kms)];
}

static bool
fill_domains(struct meters *m, const struct policy *p,
    const struct policy *old_policy, const struct meters *old)
{
	for (size_t i = 0; i <= m->n_domains; i++) {
		size_t was = old == NULL ? 0 : old->n_domains;
		if (old != NULL && i < m->n_domains)
			was = domain_index(old_policy, was,
			    gw_span_of(policy_domain_at(p, i)->kms));
		bool kept =
		    old != NULL && (was < old->n_domains || i == m->n_domains);
		m->domains[i] =
		    kept ? meter_ref(old->domains[was]) : meter_new();
		if (m->domains[i] == NULL)
			return false;
	}
	return true;
}

struct meters *
meters_new(const struct policy *p, const struct conf *c,
    const struct policy *old_policy, const struct conf *old_conf,
    const struct meters *old)
{
	struct meters *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->n_rules = policy_rules(p);
	m->n_systems = c->n_systems;
	m->n_domains = policy_domains(p);
	m->rules = calloc(m->n_rules + 1, sizeof(struct meter *));
	m->systems = calloc(m->n_systems + 1, sizeof(struct meter *));
	m->domains = calloc(m->n_domains + 1, sizeof(struct meter *));
	if (m->rules == NULL || m->systems == NULL || m->domains == NULL ||
	    !fill_rules(m, p, old_policy, old) ||
	    !fill_systems(m, c, old_conf, old) ||
	    !fill_domains(m, p, old_policy, old)) {
		meters_free(m);
		return NULL;
	}
	return m;
}

void
meters_free(struct meters *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; m->rules != NULL && i < m->n_rules; i++)
		meter_unref(m->rules[i]);
	for (size_t i = 0; m->systems != NULL && i < m->n_systems; i++)
		meter_unref(m->systems[i]);
	for (size_t i = 0; m->domains != NULL && i <= m->n_domains; i++)
		meter_unref(m->domains[i]);
	free(m->domains);
	free(m->rules);
	free(m->systems);
	free(m);
}

bool
meter_rate(struct meter *m, const struct policy_limit *limit, uint64_t mono_us,
    uint32_t *retry_after_s)
{
	if (limit->rate == 0)
		return true;
	uint64_t window = (uint64_t)limit->window_s * 1000000;
	uint64_t step = window / limit->rate;
	uint64_t tat = atomic_load_explicit(&m->tat_us, memory_order_relaxed);
	uint64_t next;

	do {
		uint64_t base = tat > mono_us ? tat : mono_us;
		/* A burst of one window's worth may come at once. */
		if (base + step > mono_us + window) {
			*retry_after_s =
			    (uint32_t)((base + step - mono_us - window) /
				       1000000) +
			    1;
			return false;
		}
		next = base + step;
	} while (!atomic_compare_exchange_weak_explicit(&m->tat_us, &tat, next,
	    memory_order_relaxed, memory_order_relaxed));
	return true;
}

bool
meter_enter(struct meter *m, uint32_t max)
{
	uint32_t n =
	    atomic_fetch_add_explicit(&m->open, 1, memory_order_relaxed);

	if (max == 0 || n < max)
		return true;
	atomic_fetch_sub_explicit(&m->open, 1, memory_order_relaxed);
	return false;
}

void
meter_leave(struct meter *m)
{
	atomic_fetch_sub_explicit(&m->open, 1, memory_order_relaxed);
}

void
meter_redirect(struct meter *m, char trigger)
{
	if (trigger >= 'A' && trigger < 'A' + METER_TRIGGERS)
		atomic_fetch_add_explicit(
		    &m->redirects[trigger - 'A'], 1, memory_order_relaxed);
}
