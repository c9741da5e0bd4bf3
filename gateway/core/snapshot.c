/*
 * snapshot.c: everything is loaded, every mistake is reported, and only what
 * is without one comes into force.
 */
#include "core/snapshot.h"

#include <stdlib.h>

static void
load_kms(struct snapshot *s, struct gw_now now, struct gw_diag *d)
{
	for (size_t i = 0; i < policy_domains(s->policy); i++) {
		const struct policy_domain *p = policy_domain_at(s->policy, i);
		if (p->certificate == NULL)
			continue;
		(void)kms_certs_load(s->kms, p->certificate,
		    p->pinned ? p->sha256 : NULL, now, d);
	}
}

/* A file that serves one domain must be that domain's. */
static void
check_kms(const struct snapshot *s, struct gw_diag *d)
{
	for (size_t i = 0; i < policy_domains(s->policy); i++) {
		const struct policy_domain *p = policy_domain_at(s->policy, i);
		if (p->certificate == NULL ||
		    kms_certs_find(s->kms, gw_span_of(p->kms)) != NULL)
			continue;
		gw_diag_error(d, &p->at, "agreement.certificate-of-other-kms",
		    "a KmsCertificate whose KmsUri is that of the domain",
		    "certificate \"%s\" is not one of kms \"%s\"",
		    p->certificate, p->kms);
	}
}

static void
load_parts(struct snapshot *s, const char *schema_dir, struct gw_now now,
    struct gw_diag *d)
{
	struct policy_source source = { .policy_file = s->conf->policy_file,
		.agreements_dir = s->conf->agreements_dir,
		.schema_dir = schema_dir,
		.systems = s->conf->policy_systems,
		.n_systems = s->conf->n_systems,
		.wall_us = now.wall_us };

	s->redirects = redirects_load(s->conf, schema_dir, d);
	s->tokens = token_ring_load(s->conf->token_keys, now, d);
	s->policy = policy_load(&source, d);
	s->services =
	    services_load(s->conf, s->policy, s->redirects, schema_dir, d);
	if (s->policy == NULL)
		return;
	s->kms = kms_certs_new();
	if (s->kms == NULL)
		return;
	load_kms(s, now, d);
	if (gw_diag_errors(d) == 0)
		check_kms(s, d);
}

static bool
make_state(struct snapshot *s, const struct snapshot *old)
{
	s->health = health_new(s->conf, old == NULL ? NULL : old->conf,
	    old == NULL ? NULL : old->health);
	s->meters = meters_new(s->policy, s->conf,
	    old == NULL ? NULL : old->policy, old == NULL ? NULL : old->conf,
	    old == NULL ? NULL : old->meters);
	s->names = names_new(s->conf);
	s->kms_index = kms_index_new(s->conf);
	s->kms_watch = kms_watch_new(s, old);
	token_ring_derive(s->tokens, "branch", s->branch_key);
	return s->health != NULL && s->meters != NULL && s->names != NULL &&
	       s->kms_index != NULL && s->kms_watch != NULL;
}

struct snapshot *
snapshot_load(const char *path, const char *schema_dir, struct gw_now now,
    const struct snapshot *old, struct gw_diag *d)
{
	struct snapshot *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return NULL;
	atomic_init(&s->refs, 1);
	s->generation = old == NULL ? 1 : old->generation + 1;
	s->conf = conf_load_at(path, schema_dir, now, d);
	if (s->conf != NULL)
		load_parts(s, schema_dir, now, d);
	if (gw_diag_errors(d) > 0 || s->conf == NULL || s->tokens == NULL ||
	    s->redirects == NULL || s->policy == NULL || s->services == NULL ||
	    s->kms == NULL || !make_state(s, old)) {
		if (gw_diag_errors(d) == 0)
			gw_diag_error(d, &(struct gw_where){ path, 0 },
			    "snapshot.memory", "more memory",
			    "the settings could not be put together");
		snapshot_unref(s);
		return NULL;
	}
	return s;
}

struct snapshot *
snapshot_ref(struct snapshot *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
snapshot_unref(struct snapshot *s)
{
	if (s == NULL ||
	    atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	if (s->net_free != NULL)
		s->net_free(s->net);
	meters_free(s->meters);
	health_free(s->health);
	names_free(s->names);
	services_free(s->services);
	kms_watch_free(s->kms_watch);
	kms_index_free(s->kms_index);
	redirects_free(s->redirects);
	token_ring_free(s->tokens);
	kms_certs_free(s->kms);
	policy_free(s->policy);
	conf_free(s->conf);
	free(s);
}
