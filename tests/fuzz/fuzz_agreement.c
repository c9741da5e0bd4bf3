/*
 * fuzz_agreement.c: for any document, taken as an agreement or, by its root,
 * as the local policy beside a good agreement, the loader must
 *   1. give a policy or at least one error, never both or neither
 *   2. say for each report where, what, and what should be
 *   3. find no more with the schema's blessing than without
 *   4. give the same answer twice
 * and whatever it gives decides: bounded steps, permit only by a rule, and
 * nothing that the local policy alone would add; of a lookup it tells nothing
 * that was not said and that the other side may not see.
 */
#include <stdlib.h>

#include "policy/policy_compile.h"

#define SCHEMA(name) GW_SOURCE_DIR "/conf/schema/" name ".xsd"
#define NAME	     "fuzz/agreement.xml"
/* In 2026, when the seeds are in force. */
#define NOW_US INT64_C(1780272000000000)

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const alpha_domains[] = { "mcptt.alpha.example" };
static const char *const bravo_domains[] = { "mcptt.bravo.example" };
static const struct gw_system systems[] = {
	{ .id = "alpha",
	    .local = true,
	    .n_domains = 1,
	    .domains = alpha_domains },
	{ .id = "bravo", .n_domains = 1, .domains = bravo_domains },
};

/* The agreement that a local policy narrows. */
static const char beside[] =
    "<agreement xmlns='urn:mcxgw:agreement:1' id='ab' serial='1'"
    " valid-from='2026-01-01T00:00:00Z' valid-until='2028-01-01T00:00:00Z'>"
    "<party system='alpha'><domain name='mcptt.alpha.example'/>"
    "<security-domain kms='kms.alpha.example'/></party>"
    "<party system='bravo'><domain name='mcptt.bravo.example'/>"
    "<security-domain kms='kms.bravo.example'/></party>"
    "<permit from='alpha' to='bravo' id='calls'>"
    "<communication service='mcptt'><any/></communication>"
    "<initiator><any/></initiator><target><any/></target>"
    "<domains><any/></domains>"
    "<key-message presence='optional' signature='off'/></permit>"
    "</agreement>";

static void
take(struct policy *p, struct gw_span text, const char *xsd, bool local,
    struct gw_diag *d)
{
	xmlDoc *doc = gw_xml_parse(text, NAME, xsd, d);

	if (doc != NULL && local)
		policy_compile_local(p, gw_xml_root(doc), NAME, d);
	else if (doc != NULL)
		policy_compile_add(p, gw_xml_root(doc), NAME, d);
	gw_xml_free(doc);
}

static struct gw_facts
make_facts(uint16_t from, enum gw_kind kind, size_t n_keys)
{
	bool alpha = from == 0;
	struct gw_facts f = { .from = from,
		.to = GW_SYSTEM_NONE,
		.service = GW_MCPTT,
		.kind = kind,
		.n_keys = (uint8_t)n_keys,
		.info_present = true,
		.priority_p = 15,
		.priority_q = 15 };

	f.initiator = alpha ? GW_SPAN("sip:a@mcptt.alpha.example") :
			      GW_SPAN("sip:b@mcptt.bravo.example");
	f.request_uri = alpha ? GW_SPAN("sip:b@mcptt.bravo.example") :
				GW_SPAN("sip:a@mcptt.alpha.example");
	f.keys[0] = (struct gw_key_fact){ .purpose = "PCK",
		.initiator = f.initiator,
		.initiator_kms = GW_SPAN("kms.alpha.example"),
		.receiver_kms = GW_SPAN("kms.bravo.example"),
		.made_wall_us = NOW_US,
		.state = GW_KEY_VALID };
	return f;
}

static void
check_one(const struct policy *p, struct gw_facts *f)
{
	static const struct gw_lookup_answer none;
	struct gw_verdict v;
	struct policy_match m;

	policy_decide(p, f, NOW_US, &v);
	CHECK(v.n_steps > 0 && v.n_steps <= GW_STEPS_MAX);
	CHECK(v.n_domains <= GW_DOMAINS_MAX);
	CHECK((v.outcome == GW_PERMIT) == (v.reason == GW_REASON_NONE));
	CHECK((v.outcome == GW_PERMIT) == (v.status == 0));
	CHECK(v.outcome == GW_REFUSE || v.rule != NULL);
	CHECK(policy_match(p, f, NOW_US, &m) == (v.rule != NULL));
	CHECK(!m.matched || m.rule < policy_rules(p));
	for (size_t i = 0; i < v.n_domains; i++)
		CHECK(policy_domain_find(p, v.domains[i]) != NULL);
	f->lookup_state = GW_LOOKUP_ANSWERED;
	f->lookup = &none;
	policy_decide(p, f, NOW_US, &v);
	CHECK(
	    v.n_steps <= GW_STEPS_MAX && v.reason != GW_REASON_LOOKUP_PENDING);
	policy_decide(p, f, INT64_MIN / 2, &v);
	policy_decide(p, f, INT64_MAX / 2, &v);
}

/* Each system tells the other of its domains, and of two that are of none. */
static void
check_told(const struct policy *p, uint16_t asker, struct gw_arena *a)
{
	static const struct gw_span external[] = { GW_SPAN("kms.alpha.example"),
		GW_SPAN("kms.bravo.example"), GW_SPAN("") };
	struct gw_lookup_answer in = { .n_domains = 4 }, out;
	uint16_t system = (uint16_t)(1 - asker);
	size_t k = 0;

	for (size_t i = 0; i < in.n_domains; i++)
		in.domains[i] = (struct gw_lookup_domain){ external[i % 3],
			i % 2 == 0, GW_COUNT(external), external };
	policy_disclose(p, asker, system, &in, NOW_US, a, &out);
	CHECK(out.n_domains <= in.n_domains);
	for (size_t i = 0; i < in.n_domains && k < out.n_domains; i++)
		k += out.domains[k].kms.p == in.domains[i].kms.p;
	CHECK(k == out.n_domains);
	for (size_t i = 0; i < out.n_domains; i++)
		CHECK(policy_kms_visible(
			  p, asker, system, out.domains[i].kms, NOW_US) &&
		      out.domains[i].n_external <= GW_COUNT(external));
}

/* What goes out to a service comes back. */
static void
check_maps(const struct policy *p, struct gw_arena *a)
{
	struct gw_span out, back;

	for (size_t i = 0; i < policy_domains(p); i++) {
		const struct policy_domain *k = policy_domain_at(p, i);
		struct gw_span kms = gw_span_of(k->kms);
		CHECK(
		    policy_map_kms(
			p, k->system, POLICY_MAP_OUT, kms, a, &out) &&
		    policy_map_kms(p, k->system, POLICY_MAP_IN, out, a, &back));
		CHECK(gw_span_ieq(kms, back));
	}
	for (uint16_t s = 0; s < GW_COUNT(systems); s++)
		CHECK(policy_map_user(p, s, POLICY_MAP_IN,
		    GW_SPAN("sip:b@mcptt.bravo.example"), a, &out));
}

static void
check_lookups(const struct policy *p)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct gw_step step;

	CHECK(a != NULL);
	check_told(p, 0, a);
	check_told(p, 1, a);
	check_maps(p, a);
	for (int what = 0; what <= POLICY_KMS_N; what++) {
		bool may = policy_kms_may(p, 0, 1,
		    (enum policy_kms_request)what, GW_SPAN("kms.bravo.example"),
		    GW_SPAN("sip:b@mcptt.bravo.example"), NOW_US, &step);
		CHECK(may == (step.outcome == GW_STEP_PASS));
		CHECK(!may || (what >= POLICY_KMS_CERT && what < POLICY_KMS_N));
	}
	gw_arena_free(a);
}

static void
check_policy(const struct policy *p)
{
	for (uint16_t from = 0; from < 3; from++)
		for (int kind = 0; kind < GW_KIND_N; kind++)
			for (size_t n = 0; n < 2; n++) {
				struct gw_facts f =
				    make_facts(from, (enum gw_kind)kind, n);
				check_one(p, &f);
			}
	check_lookups(p);
	for (uint32_t i = 0; i < policy_rules(p); i++)
		CHECK(policy_rule_name(p, i) != NULL &&
		      policy_rule_limit(p, i)->window_s > 0);
	CHECK(policy_handling(p, 0, 1, INT64_C(1790000000000000)) != NULL);
	CHECK(policy_replay_window_us(p) / 2 >= policy_clock_tolerance_us(p));
	for (size_t i = 0; i < policy_domains(p); i++) {
		const struct policy_domain *k = policy_domain_at(p, i);
		CHECK(policy_domain_find(p, gw_span_of(k->kms)) == k);
		CHECK(k->system < GW_COUNT(systems));
	}
}

struct result {
	size_t errors, warnings;
};

static struct result
load(struct gw_span text, bool schema, bool local)
{
	struct policy_source src = { .systems = systems,
		.n_systems = GW_COUNT(systems) };
	struct gw_diag *d = gw_diag_new();
	struct policy *p = policy_compile_begin(&src, 1, d);

	CHECK(d != NULL && p != NULL);
	take(p, text,
	    !schema ? NULL :
	    local   ? SCHEMA("policy") :
		      SCHEMA("agreement"),
	    local, d);
	if (local)
		take(p, gw_span_of(beside), SCHEMA("agreement"), false, d);
	bool good = policy_compile_end(p, NOW_US, d);
	CHECK(good == (gw_diag_errors(d) == 0));
	if (good)
		check_policy(p);
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		CHECK(e->text[0] != '\0' && e->code != NULL && e->want != NULL);
	struct result r = { gw_diag_errors(d), gw_diag_warnings(d) };
	policy_free(p);
	gw_diag_free(d);
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */

	if (size > 0 && copy != NULL) {
		struct gw_span in = { memcpy(copy, data, size), size };
		bool local = gw_span_search(in, GW_SPAN("<policy")) < in.len;
		struct result strict = load(in, true, local);
		struct result free_form = load(in, false, local);
		struct result again = load(in, false, local);
		CHECK(strict.errors > 0 || free_form.errors == 0);
		CHECK(again.errors == free_form.errors &&
		      again.warnings == free_form.warnings);
	}
	free(copy);
	return 0;
}
