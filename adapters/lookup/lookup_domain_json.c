/*
 * lookup_domain_json.c: the answer as JSON.
 *
 *   {"user":"...","ttl":300,
 *    "domains":[{"kms":"...","external":["..."]}]}
 */
#include "adapters/lookup/lookup_build.h"
#include "adapters/lookup/lookup_domain.h"
#include "adapters/lookup/lookup_json.h"

struct reader {
	struct lookup_build build;
	struct gw_span user;
};

static enum gw_err
refuse_if(struct lookup_json *j, enum gw_err err, const char *why)
{
	if (err != GW_OK)
		*j->fault = (struct gw_fault){ j->pos, why };
	return err;
}

static enum gw_err
read_user(struct lookup_json *j, void *arg)
{
	struct reader *r = arg;

	return lookup_json_string(j, &r->user);
}

static enum gw_err
read_ttl(struct lookup_json *j, void *arg)
{
	struct reader *r = arg;
	uint64_t s;
	enum gw_err err = lookup_json_number(j, LOOKUP_DOMAIN_TTL_MAX, &s);

	if (err == GW_OK)
		r->build.answer.ttl_ms = (uint32_t)s * 1000;
	return err;
}

static enum gw_err
read_kms(struct lookup_json *j, void *arg)
{
	struct reader *r = arg;
	struct gw_span kms;
	const char *why;
	enum gw_err err = lookup_json_string(j, &kms);

	if (err != GW_OK)
		return err;
	err = lookup_build_kms(&r->build, kms, &why);
	return refuse_if(j, err, why);
}

static enum gw_err
read_external(struct lookup_json *j, void *arg)
{
	struct reader *r = arg;
	struct gw_span kms;
	const char *why;
	enum gw_err err = lookup_json_string(j, &kms);

	if (err != GW_OK)
		return err;
	err = lookup_build_external(&r->build, kms, &why);
	return refuse_if(j, err, why);
}

static enum gw_err
read_externals(struct lookup_json *j, void *arg)
{
	struct reader *r = arg;

	r->build.domain.lists_external = true;
	return lookup_json_array(j, read_external, r);
}

/* A domain that stands twice has two lists, and one of them is wrong. */
static enum gw_err
read_domain(struct lookup_json *j, void *arg)
{
	static const struct lookup_json_member members[] = {
		{ GW_LIT("kms"), read_kms, true },
		{ GW_LIT("external"), read_externals, false },
	};
	struct reader *r = arg;
	const char *why;
	bool twice;
	enum gw_err err;

	lookup_build_begin(&r->build);
	err = lookup_json_object(j, members, GW_COUNT(members), r);
	if (err != GW_OK)
		return err;
	err = lookup_build_end(&r->build, &twice, &why);
	if (err == GW_OK && twice)
		err = lookup_json_refuse(j, why = "a domain stands twice");
	return refuse_if(j, err, why);
}

static enum gw_err
read_domains(struct lookup_json *j, void *arg)
{
	return lookup_json_array(j, read_domain, arg);
}

static enum gw_err
read_answer(struct gw_arena *a, struct gw_span body, struct gw_span *user,
    struct gw_lookup_answer *out, struct gw_fault *fault)
{
	static const struct lookup_json_member members[] = {
		{ GW_LIT("user"), read_user, true },
		{ GW_LIT("ttl"), read_ttl, false },
		{ GW_LIT("domains"), read_domains, true },
	};
	struct lookup_json j = { body, 0, a, fault };
	struct reader r = { 0 };
	enum gw_err err;

	lookup_build_init(&r.build, a);
	err = lookup_json_object(&j, members, GW_COUNT(members), &r);
	if (err == GW_OK)
		err = lookup_json_end(&j);
	if (err != GW_OK)
		return err;
	*user = r.user;
	*out = r.build.answer;
	return GW_OK;
}

static void
put_strings(struct gw_buf *b, const struct gw_span *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		lookup_put(b, i == 0 ? GW_SPAN("\"") : GW_SPAN(",\""));
		lookup_write_json(b, list[i]);
		lookup_put(b, GW_SPAN("\""));
	}
}

static void
put_domain(struct gw_buf *b, const struct gw_lookup_domain *d)
{
	lookup_put(b, GW_SPAN("{\"kms\":"));
	put_strings(b, &d->kms, 1);
	if (d->lists_external) {
		lookup_put(b, GW_SPAN(",\"external\":["));
		put_strings(b, d->external, d->n_external);
		lookup_put(b, GW_SPAN("]"));
	}
	lookup_put(b, GW_SPAN("}"));
}

static void
write_answer(struct gw_buf *b, const struct lookup_domain_answer *w)
{
	uint32_t ttl_s = lookup_domain_ttl(w->answer);

	lookup_put(b, GW_SPAN("{\"user\":"));
	put_strings(b, &w->q->user, 1);
	if (ttl_s != 0) {
		lookup_put(b, GW_SPAN(",\"ttl\":"));
		gw_buf_num(b, ttl_s);
	}
	lookup_put(b, GW_SPAN(",\"domains\":["));
	for (size_t i = 0; i < w->answer->n_domains; i++) {
		lookup_put(b, i == 0 ? GW_SPAN("") : GW_SPAN(","));
		put_domain(b, &w->answer->domains[i]);
	}
	lookup_put(b, GW_SPAN("]}"));
}

const struct lookup_domain_form lookup_domain_json = {
	.media = LOOKUP_JSON,
	.type = GW_LIT(LOOKUP_MEDIA_JSON),
	.frame = 64,
	.tags = 16,
	.is_type = lookup_media_is_json,
	.write = write_answer,
	.read = read_answer,
};
