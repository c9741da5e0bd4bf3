/*
 * tadapter.c: the contract of include/mcxgw/lookup.h as checks.
 */
#include "support/tadapter.h"

#include <stdlib.h>

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

const struct gw_lookup_ends tadapter_ends = {
	.self = GW_LIT("sip:gw.example"),
	.kms = GW_LIT("kms.b.example"),
	.authority = GW_LIT("kms.b.example"),
	.names = &gw_lookup_names_3gpp,
	.wall_us = INT64_C(1893553445000000),
};
const struct gw_lookup_question tadapter_bob = {
	.user = GW_LIT("sip:bob@b.example"),
};

static void
check_kms(
    struct gw_span kms, const struct gw_span *before, size_t step, size_t n)
{
	CHECK(kms.len > 0 && kms.len <= GW_LOOKUP_KMS_MAX);
	for (size_t i = 0; i < kms.len; i++)
		CHECK(kms.p[i] > 0x20 && kms.p[i] < 0x7f &&
		      strchr("\"<>\\^`{|}", kms.p[i]) == NULL);
	for (size_t i = 0; i < n; i++, before += step)
		CHECK(!gw_span_ieq(*before, kms));
}

static void
check_answer(const struct gw_lookup_answer *a)
{
	CHECK(a->n_domains <= GW_LOOKUP_DOMAINS_MAX);
	for (size_t i = 0; i < a->n_domains; i++) {
		const struct gw_lookup_domain *d = &a->domains[i];
		check_kms(d->kms, NULL, 0, 0);
		for (size_t k = 0; k < i; k++)
			CHECK(!gw_span_ieq(a->domains[k].kms, d->kms));
		CHECK(d->n_external <= GW_LOOKUP_EXTERNAL_MAX);
		CHECK(d->lists_external || d->n_external == 0);
		for (size_t k = 0; k < d->n_external; k++)
			check_kms(d->external[k], d->external, 1, k);
	}
}

/* whole: the dialect between them carries external domains and times. */
static void
check_same(const struct gw_lookup_answer *a, const struct gw_lookup_answer *b,
    bool whole)
{
	CHECK(a->n_domains == b->n_domains);
	if (whole && a->n_domains != 0)
		CHECK(a->ttl_ms == b->ttl_ms);
	for (size_t i = 0; i < a->n_domains; i++) {
		const struct gw_lookup_domain *x = &a->domains[i];
		const struct gw_lookup_domain *y = &b->domains[i];
		CHECK(gw_span_eq(x->kms, y->kms));
		if (!whole)
			continue;
		CHECK(x->lists_external == y->lists_external);
		CHECK(x->n_external == y->n_external);
		for (size_t k = 0; k < x->n_external; k++)
			CHECK(gw_span_eq(x->external[k], y->external[k]));
	}
}

static void
check_crossing(struct gw_arena *a, const struct gw_lookup_answer *answer)
{
	const struct gw_lookup_question *q = &tadapter_bob;
	size_t n;
	const struct gw_lookup_adapter *const *all = gw_lookup_adapters(&n);

	for (size_t i = 0; i < n; i++) {
		struct gw_http_response r;
		struct gw_lookup_answer back;
		struct gw_fault fault;
		CHECK(
		    all[i]->answer(a, &tadapter_ends, q, answer, &r) == GW_OK);
		CHECK(all[i]->take(a, &tadapter_ends, q, &r, &back, &fault) ==
		      GW_OK);
		check_same(answer, &back, strcmp(all[i]->name, "kms") != 0);
	}
}

bool
tadapter_take(struct gw_arena *a, const struct gw_lookup_adapter *ad,
    unsigned status, struct gw_span body, struct gw_lookup_answer *out)
{
	const struct gw_http_response in = { .status = status, .body = body };
	struct gw_lookup_answer first = { .n_domains = 99 }, second;
	struct gw_fault fault = { 0, NULL };
	enum gw_err err =
	    ad->take(a, &tadapter_ends, &tadapter_bob, &in, &first, &fault);

	CHECK(ad->take(a, &tadapter_ends, &tadapter_bob, &in, &second,
		  &fault) == err);
	if (err != GW_OK) {
		CHECK(err == GW_EMALFORMED || err == GW_ELIMIT ||
		      err == GW_EREMOTE);
		CHECK(first.n_domains == 99);
		CHECK(fault.why != NULL && fault.at <= body.len);
		return false;
	}
	check_same(&first, &second, true);
	check_answer(&first);
	check_crossing(a, &first);
	*out = first;
	return true;
}

static void
check_question(struct gw_arena *a, const struct gw_lookup_adapter *ad,
    const struct gw_lookup_question *q)
{
	struct gw_lookup_question again;
	struct gw_http_request r;
	struct gw_fault fault;

	CHECK(q->user.len > 0 && q->user.len <= GW_LOOKUP_USER_MAX);
	CHECK(ad->ask(a, &tadapter_ends, q, &r) == GW_OK);
	CHECK(ad->hear(a, &tadapter_ends, &r, &again, &fault) == GW_OK);
	CHECK(gw_span_eq(q->user, again.user));
}

void
tadapter_hear(struct gw_arena *a, const struct gw_http_request *in)
{
	size_t n, claims = 0;
	const struct gw_lookup_adapter *const *all = gw_lookup_adapters(&n);

	for (size_t i = 0; i < n; i++) {
		struct gw_lookup_question q;
		struct gw_fault fault = { 0, NULL };
		struct gw_http_response r;
		enum gw_err err =
		    all[i]->hear(a, &tadapter_ends, in, &q, &fault);
		if (err == GW_OK)
			check_question(a, all[i], &q);
		else
			CHECK(fault.why != NULL);
		CHECK(err == GW_OK || err == GW_ENOTFOUND ||
		      err == GW_EMALFORMED || err == GW_EUNSUPPORTED);
		claims += err != GW_ENOTFOUND;
		CHECK(all[i]->refuse(a, &tadapter_ends, in, GW_LOOKUP_E_REQUEST,
			  &r) == GW_OK);
	}
	CHECK(claims <= 1);
}
