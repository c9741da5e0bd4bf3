/*
 * test_policy_many.c: ten thousand partners decide like one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "policy/policy_compile.h"
#include "support/tpolicy.h"

#define MANY	 10000
#define STEP	 97 /* of the partners looked at */
#define REFUSALS 5000

/* System 0 is the hub, the others its partners. */
struct world {
	size_t n; /* partners */
	struct gw_system *systems;
	char (*ids)[16], (*domains)[48];
	const char **domain_at;
};

static struct world
make_world(size_t n)
{
	struct world w = { .n = n };

	w.systems = calloc(n + 1, sizeof(*w.systems));
	w.ids = calloc(n + 1, sizeof(*w.ids));
	w.domains = calloc(n + 1, sizeof(*w.domains));
	w.domain_at = calloc(n + 1, sizeof(*w.domain_at));
	for (size_t i = 0; i <= n; i++) {
		snprintf(w.ids[i], sizeof(w.ids[i]), "s%zu", i);
		snprintf(
		    w.domains[i], sizeof(w.domains[i]), "mc.s%zu.example", i);
		w.domain_at[i] = w.domains[i];
		w.systems[i] = (struct gw_system){ .id = w.ids[i],
			.n_domains = 1,
			.domains = &w.domain_at[i] };
	}
	return w;
}

static void
free_world(struct world *w)
{
	free(w->systems);
	free(w->ids);
	free(w->domains);
	free(w->domain_at);
}

static void
add(struct policy *p, const char *text, const char *name, struct gw_diag *d,
    void (*take)(struct policy *p, const xmlNode *root, const char *file,
	struct gw_diag *d))
{
	xmlDoc *doc = gw_xml_parse(gw_span_of(text), name, NULL, d);

	assert_non_null(doc);
	take(p, gw_xml_root(doc), name, d);
	gw_xml_free(doc);
}

static void
add_agreement(struct policy *p, size_t i, struct gw_diag *d)
{
	char text[2048], name[32];

	snprintf(name, sizeof(name), "a%zu.xml", i);
	snprintf(text, sizeof(text),
	    "<agreement id='a%zu' serial='1' valid-from='2026-01-01T00:00:00Z'"
	    " valid-until='2028-01-01T00:00:00Z'>"
	    "<party system='s0'><domain name='mc.s0.example'/>"
	    "<security-domain kms='kms.s0.example'/></party>"
	    "<party system='s%zu'><domain name='mc.s%zu.example'/>"
	    "<security-domain kms='kms.s%zu.example'/></party>"
	    "<permit from='s0' to='s%zu' id='calls'>"
	    "<communication service='mcptt' kind='private'/>"
	    "<initiator match='sip:*@mc.s0.example'/>"
	    "<target match='sip:*@mc.s%zu.example'/>"
	    "<domains><any/></domains>"
	    "<key-message presence='required' signature='check'/></permit>"
	    "</agreement>",
	    i, i, i, i, i, i);
	add(p, text, name, d, policy_compile_add);
}

static void
add_local(struct policy *p, size_t partners, struct gw_diag *d)
{
	size_t size = (size_t)REFUSALS * 2 * 96 + 64, len = 0;
	char *text = malloc(size);

	len += (size_t)snprintf(text, size, "<policy>");
	for (size_t i = 0; i < REFUSALS; i++) {
		len += (size_t)snprintf(text + len, size - len,
		    "<refuse id='u%zu' initiator='sip:u%zu@mc.s0.example'/>", i,
		    i);
		if (i < partners)
			len += (size_t)snprintf(text + len, size - len,
			    "<refuse id='s%zu' to='s%zu' kind='ambient'/>", i,
			    i + 1);
	}
	snprintf(text + len, size - len, "</policy>");
	add(p, text, "policy.xml", d, policy_compile_local);
	free(text);
}

static struct policy *
make_policy(const struct world *w)
{
	struct policy_source src = { .systems = w->systems,
		.n_systems = w->n + 1 };
	struct gw_diag *d = gw_diag_new();
	struct policy *p = policy_compile_begin(&src, w->n, d);

	assert_non_null(p);
	add_local(p, w->n, d);
	for (size_t i = 1; i <= w->n; i++)
		add_agreement(p, i, d);
	bool good = policy_compile_end(p, TPOLICY_NOW, d);
	tpolicy_print(d);
	assert_true(good);
	gw_diag_free(d);
	return p;
}

struct texts {
	char target[64], kms[64];
};

/* A call of user to partner i; the n-th variation of it. */
static struct gw_facts
make_call(size_t i, unsigned n, struct texts *t)
{
	struct gw_facts f = tpolicy_call();

	snprintf(t->target, sizeof(t->target), "sip:b@mc.s%zu.example", i);
	snprintf(t->kms, sizeof(t->kms), "kms.s%zu.example", i);
	f.from = 0;
	f.initiator = n == 1 ? GW_SPAN("sip:u4999@mc.s0.example") :
			       GW_SPAN("sip:u5000@mc.s0.example");
	f.request_uri = f.info_request_uri = gw_span_of(t->target);
	f.keys[0].initiator = f.initiator;
	f.keys[0].initiator_kms = GW_SPAN("kms.s0.example");
	f.keys[0].receiver_kms =
	    n == 2 ? f.keys[0].initiator_kms : gw_span_of(t->kms);
	if (n == 3)
		f.kind = GW_KIND_AMBIENT;
	if (n == 4)
		f.n_keys = 0;
	return f;
}

static void
check_same(const struct gw_verdict *one, const struct gw_verdict *many)
{
	assert_int_equal(one->outcome, many->outcome);
	assert_int_equal(one->reason, many->reason);
	assert_int_equal(one->n_domains, many->n_domains);
	assert_int_equal(one->n_steps, many->n_steps);
	for (size_t i = 0; i < one->n_steps; i++) {
		assert_int_equal(one->steps[i].check, many->steps[i].check);
		assert_string_equal(
		    one->steps[i].because, many->steps[i].because);
	}
}

static void
ten_thousand_decide_like_one(void **state)
{
	static const enum gw_outcome outcomes[] = { GW_PERMIT, GW_REFUSE,
		GW_REDIRECT, GW_REFUSE, GW_REFUSE };
	(void)state;
	struct world w1 = make_world(1), w = make_world(MANY);
	struct policy *one = make_policy(&w1), *many = make_policy(&w);

	for (unsigned n = 0; n < GW_COUNT(outcomes); n++) {
		struct texts t;
		struct gw_facts f = make_call(1, n, &t);
		struct gw_verdict v, x;
		policy_decide(one, &f, TPOLICY_NOW, &v);
		assert_int_equal(v.outcome, outcomes[n]);
		for (size_t i = 1; i <= MANY; i += STEP) {
			/* Refusals of systems are for the first few. */
			if (n == 3 && i > REFUSALS)
				continue;
			f = make_call(i, n, &t);
			policy_decide(many, &f, TPOLICY_NOW, &x);
			check_same(&v, &x);
			assert_int_equal(x.to, i);
		}
	}
	assert_int_equal(policy_rules(many), MANY);
	assert_int_equal(policy_domains(many), MANY + 1);
	policy_free(many);
	policy_free(one);
	free_world(&w);
	free_world(&w1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ten_thousand_decide_like_one),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
