/*
 * lookup_build.c: limits, names and repetitions, for every reader alike.
 */
#include "adapters/lookup/lookup_build.h"

#include "adapters/lookup/lookup_char.h"

void
lookup_build_init(struct lookup_build *b, struct gw_arena *a)
{
	b->a = a;
	b->answer.n_domains = 0;
	b->answer.ttl_ms = 0;
	lookup_build_begin(b);
}

void
lookup_build_begin(struct lookup_build *b)
{
	b->domain = (struct gw_lookup_domain){ 0 };
}

static bool
is_kms(struct gw_span kms, const char **why)
{
	*why = "a KMS URI is empty or too long";
	if (kms.len == 0 || kms.len > GW_LOOKUP_KMS_MAX)
		return false;
	*why = "not a character of a KMS URI";
	for (size_t i = lookup_char_run(kms, 0); i < kms.len;
	     i = lookup_char_run(kms, i + 1))
		if (!lookup_char_is_uri(kms.p[i]))
			return false;
	return true;
}

/* It only has to keep most comparisons away. */
static uint32_t
hash_of(struct gw_span s)
{
	return (uint32_t)gw_span_ihash(s);
}

enum gw_err
lookup_build_kms(struct lookup_build *b, struct gw_span kms, const char **why)
{
	if (!is_kms(kms, why))
		return GW_EMALFORMED;
	b->domain.kms = kms;
	return GW_OK;
}

enum gw_err
lookup_build_external(
    struct lookup_build *b, struct gw_span kms, const char **why)
{
	size_t n = b->domain.n_external;
	uint32_t hash;

	if (!is_kms(kms, why))
		return GW_EMALFORMED;
	hash = hash_of(kms);
	for (size_t i = 0; i < n; i++)
		if (b->external_hash[i] == hash &&
		    gw_span_ieq(b->external[i], kms))
			return GW_OK;
	if (n == GW_LOOKUP_EXTERNAL_MAX) {
		*why = "too many external domains";
		return GW_ELIMIT;
	}
	b->external[n] = kms;
	b->external_hash[n] = hash;
	b->domain.n_external++;
	return GW_OK;
}

static bool
is_there(const struct lookup_build *b, uint32_t hash)
{
	for (size_t i = 0; i < b->answer.n_domains; i++)
		if (b->domain_hash[i] == hash &&
		    gw_span_ieq(b->answer.domains[i].kms, b->domain.kms))
			return true;
	return false;
}

enum gw_err
lookup_build_end(struct lookup_build *b, bool *twice, const char **why)
{
	size_t n = b->answer.n_domains;
	struct gw_lookup_domain *d = &b->domain;
	uint32_t hash = hash_of(d->kms);

	*why = "a domain has no KMS URI";
	if (d->kms.len == 0)
		return GW_EMALFORMED;
	if ((*twice = is_there(b, hash)))
		return GW_OK;
	*why = "too many domains";
	if (n == GW_LOOKUP_DOMAINS_MAX)
		return GW_ELIMIT;
	*why = "the arena is full";
	if (d->n_external != 0) {
		struct gw_span *list =
		    gw_arena_alloc(b->a, d->n_external, sizeof(*list));
		if (list == NULL)
			return GW_ENOMEM;
		memcpy(list, b->external, d->n_external * sizeof(*list));
		d->external = list;
	}
	b->answer.domains[n] = *d;
	b->domain_hash[n] = hash;
	b->answer.n_domains++;
	return GW_OK;
}

enum gw_err
lookup_build_only(struct lookup_build *b, struct gw_span kms, const char **why)
{
	bool twice;
	enum gw_err err;

	lookup_build_begin(b);
	err = lookup_build_kms(b, kms, why);
	return err != GW_OK ? err : lookup_build_end(b, &twice, why);
}
