/*
 * lookup_domain_xml.c: the answer as XML, conf/schema/domain-lookup.xsd.
 *
 *   <domain-lookup xmlns="urn:mcxgw:domain-lookup:1" user="..." ttl="300">
 *     <domain kms="..."><external><domain kms="..."/></external></domain>
 *   </domain-lookup>
 */
#include "adapters/lookup/lookup_build.h"
#include "adapters/lookup/lookup_domain.h"
#include "adapters/lookup/lookup_pull.h"

struct reader {
	struct lookup_pull p;
	struct lookup_build build;
	struct gw_span user;
};

static enum gw_err
refuse_if(struct reader *r, enum gw_err err, size_t at, const char *why)
{
	if (err != GW_OK)
		*r->p.fault = (struct gw_fault){ at, why };
	return err;
}

/* The kms= of the element it stands at, which has nothing else. */
static enum gw_err
read_kms(struct reader *r, struct gw_span *kms)
{
	static const char *const names[] = { "kms" };
	enum gw_err err = lookup_pull_attrs(&r->p, names, GW_COUNT(names));

	if (err == GW_OK)
		err = lookup_pull_attr(&r->p, names[0], kms);
	return err;
}

/* An element that has no child of ours. */
static enum gw_err
read_empty(struct reader *r)
{
	bool more;
	enum gw_err err = lookup_pull_child(&r->p, &more);

	if (err == GW_OK && more)
		err = lookup_pull_refuse(&r->p, "an element in another place");
	return err;
}

static enum gw_err
read_external(struct reader *r)
{
	size_t at = r->p.xp.at;
	struct gw_span kms;
	const char *why;
	enum gw_err err;

	if (!lookup_pull_is(&r->p, GW_SPAN("domain")))
		return lookup_pull_refuse(&r->p, "an unknown element");
	if ((err = read_kms(r, &kms)) != GW_OK)
		return err;
	err = lookup_build_external(&r->build, kms, &why);
	if (err != GW_OK)
		return refuse_if(r, err, at, why);
	return read_empty(r);
}

static enum gw_err
read_externals(struct reader *r)
{
	bool more;
	enum gw_err err;

	if (!lookup_pull_is(&r->p, GW_SPAN("external")))
		return lookup_pull_refuse(&r->p, "an unknown element");
	if (r->build.domain.lists_external)
		return lookup_pull_refuse(&r->p, "a second list");
	r->build.domain.lists_external = true;
	if ((err = lookup_pull_attrs(&r->p, NULL, 0)) != GW_OK)
		return err;
	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more)
		if ((err = read_external(r)) != GW_OK)
			break;
	return err;
}

/* A domain that stands twice has two lists, and one of them is wrong. */
static enum gw_err
end_domain(struct reader *r, size_t at)
{
	const char *why;
	bool twice;
	enum gw_err err = lookup_build_end(&r->build, &twice, &why);

	if (err == GW_OK && twice) {
		err = GW_EMALFORMED;
		why = "a domain stands twice";
	}
	return refuse_if(r, err, at, why);
}

static enum gw_err
read_domain(struct reader *r)
{
	size_t at = r->p.xp.at;
	struct gw_span kms;
	const char *why;
	bool more;
	enum gw_err err;

	if (!lookup_pull_is(&r->p, GW_SPAN("domain")))
		return lookup_pull_refuse(&r->p, "an unknown element");
	lookup_build_begin(&r->build);
	if ((err = read_kms(r, &kms)) != GW_OK)
		return err;
	err = lookup_build_kms(&r->build, kms, &why);
	if (err != GW_OK)
		return refuse_if(r, err, at, why);
	while ((err = lookup_pull_child(&r->p, &more)) == GW_OK && more)
		if ((err = read_externals(r)) != GW_OK)
			break;
	return err != GW_OK ? err : end_domain(r, at);
}

static enum gw_err
read_root(struct reader *r)
{
	static const char *const names[] = { "user", "ttl" };
	struct gw_span ttl;
	uint64_t s = 0;
	enum gw_err err;

	if (!lookup_pull_is(&r->p, GW_SPAN("domain-lookup")))
		return lookup_pull_refuse(&r->p, "the root is of another kind");
	err = lookup_pull_attrs(&r->p, names, GW_COUNT(names));
	if (err == GW_OK)
		err = lookup_pull_attr(&r->p, names[0], &r->user);
	if (err == GW_OK)
		err = lookup_pull_attr(&r->p, names[1], &ttl);
	if (err != GW_OK)
		return err;
	if (gw_xp_attr(&r->p.xp, names[1]) != NULL &&
	    (gw_span_to_u64(ttl, LOOKUP_DOMAIN_TTL_MAX, &s) != GW_OK || s == 0))
		return lookup_pull_refuse(&r->p, "ttl is no time in seconds");
	r->build.answer.ttl_ms = (uint32_t)s * 1000;
	return GW_OK;
}

static enum gw_err
read_answer(struct gw_arena *a, struct gw_span body, struct gw_span *user,
    struct gw_lookup_answer *out, struct gw_fault *fault)
{
	struct reader r = { 0 };
	bool more;
	enum gw_err err;

	lookup_build_init(&r.build, a);
	err = lookup_pull_root(&r.p, a, GW_SPAN(LOOKUP_DOMAIN_NS), body, fault);
	if (err == GW_OK)
		err = read_root(&r);
	while (err == GW_OK &&
	       (err = lookup_pull_child(&r.p, &more)) == GW_OK && more)
		err = read_domain(&r);
	if (err == GW_OK)
		err = lookup_pull_end(&r.p);
	if (err != GW_OK)
		return err;
	*user = r.user;
	*out = r.build.answer;
	return GW_OK;
}

static void
put_kms(struct gw_buf *b, struct gw_span kms, struct gw_span end)
{
	lookup_put(b, GW_SPAN("<domain kms=\""));
	lookup_write_xml(b, kms);
	lookup_put(b, end);
}

static void
put_domain(struct gw_buf *b, const struct gw_lookup_domain *d)
{
	if (!d->lists_external) {
		put_kms(b, d->kms, GW_SPAN("\"/>"));
		return;
	}
	put_kms(b, d->kms, GW_SPAN("\"><external>"));
	for (size_t i = 0; i < d->n_external; i++)
		put_kms(b, d->external[i], GW_SPAN("\"/>"));
	lookup_put(b, GW_SPAN("</external></domain>"));
}

static void
write_answer(struct gw_buf *b, const struct lookup_domain_answer *w)
{
	uint32_t ttl_s = lookup_domain_ttl(w->answer);

	lookup_put(b,
	    GW_SPAN("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		    "<domain-lookup xmlns=\"" LOOKUP_DOMAIN_NS "\" user=\""));
	lookup_write_xml(b, w->q->user);
	if (ttl_s != 0) {
		lookup_put(b, GW_SPAN("\" ttl=\""));
		gw_buf_num(b, ttl_s);
	}
	lookup_put(b, GW_SPAN("\">"));
	for (size_t i = 0; i < w->answer->n_domains; i++)
		put_domain(b, &w->answer->domains[i]);
	lookup_put(b, GW_SPAN("</domain-lookup>"));
}

const struct lookup_domain_form lookup_domain_xml = {
	.media = LOOKUP_XML,
	.type = GW_LIT(LOOKUP_MEDIA_XML),
	.frame = 192,
	.tags = 24,
	.is_type = lookup_media_is_xml,
	.write = write_answer,
	.read = read_answer,
};
