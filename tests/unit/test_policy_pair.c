/*
 * test_policy_pair.c: the pair test is the decision's, and what a rule says
 * of redirects.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/tworld.h"

#define WORLDS	 200
#define NAMES	 TWORLD_NAMES
#define TEXT_LEN 8192

/* Did the decision get past step 10? */
static bool
passed_pair(const struct gw_verdict *v)
{
	for (size_t i = 0; i < v->n_steps; i++)
		if (v->steps[i].check == GW_CHECK_PAIR)
			return v->steps[i].outcome == GW_STEP_PASS;
	return false;
}

static bool
permits(const struct policy *p, const struct tworld_way *way, const char *i,
    const char *r)
{
	return tworld_permits(p, way, gw_span_of(i), gw_span_of(r));
}

/* The step of the pair is the one where the decision ended. */
static void
check_step(const struct policy *p, const struct tworld_way *way,
    const struct gw_facts *f, const struct gw_verdict *v)
{
	const struct gw_step *last = &v->steps[v->n_steps - 1];
	struct gw_step s;
	bool passes = policy_pair_step(p, way->index, way->answering,
	    f->keys[0].initiator_kms, f->keys[0].receiver_kms, TPOLICY_NOW, &s);

	assert_int_equal(s.outcome, passes ? GW_STEP_PASS : GW_STEP_FAIL);
	assert_non_null(s.because);
	if (passes || last->check == GW_CHECK_LOCAL) {
		assert_int_equal(s.check, passes ? GW_CHECK_PAIR : last->check);
		return;
	}
	assert_int_equal(s.check, last->check);
	assert_true(gw_span_eq(s.fact, last->fact));
	assert_int_equal(s.at.line, last->at.line);
	/* No name at all has a clause of its own in a decision. */
	if (f->keys[0].initiator_kms.len > 0 && f->keys[0].receiver_kms.len > 0)
		assert_string_equal(s.because, last->because);
}

/* A redirect lists what may be paired with a domain of the sender's. */
static void
check_list(const struct policy *p, const struct tworld_way *way,
    const struct gw_verdict *v)
{
	size_t n = 0;

	for (size_t r = 0; r < NAMES; r++) {
		size_t i = 0;
		while (i < NAMES &&
		       !permits(p, way, tworld_names[i], tworld_names[r]))
			i++;
		n += i < NAMES;
	}
	assert_int_equal(v->n_domains, n);
	for (size_t k = 0; k < v->n_domains; k++) {
		size_t i = 0;
		while (i < NAMES &&
		       !policy_permits_pair(p, way->index, way->answering,
			   gw_span_of(tworld_names[i]), v->domains[k],
			   TPOLICY_NOW))
			i++;
		assert_true(i < NAMES);
	}
}

static void
a_pair_is_permitted_if_the_decision_permits_it(void **state)
{
	unsigned n_good = 0, n_bad = 0, n_lists = 0;
	(void)state;

	for (uint32_t world = 0; world < WORLDS; world++) {
		struct policy *p = tworld_make(world * 7919 + 1, 0);
		for (size_t n = 0; n < TWORLD_WAYS * NAMES * NAMES; n++) {
			const struct tworld_way *way =
			    &tworld_ways[n / (NAMES * NAMES)];
			const char *i = tworld_names[n / NAMES % NAMES];
			const char *r = tworld_names[n % NAMES];
			struct gw_facts f = tworld_facts(way, i, r);
			struct gw_verdict v;
			policy_decide(p, &f, TPOLICY_NOW, &v);
			bool good = permits(p, way, i, r);
			if (passed_pair(&v) != good)
				fail_msg("world %u, %s%s: (%s, %s) is %d",
				    world, way->rule,
				    way->answering ? " reversed" : "", i, r,
				    good);
			check_step(p, way, &f, &v);
			/* It is the same for all pairs. */
			if (v.outcome == GW_REDIRECT && n % 16 == 1) {
				check_list(p, way, &v);
				n_lists += v.n_domains > 0;
			}
			if (v.rule != NULL)
				assert_string_equal(v.rule, way->rule);
			n_good += good;
			n_bad += !good;
		}
		policy_free(p);
	}
	assert_true(n_good > WORLDS && n_bad > WORLDS && n_lists > WORLDS);
}

/* Refusals that name users or kinds: never more than the decision permits,
 * for whomever. */
static void
no_pair_goes_further_than_the_decision(void **state)
{
	unsigned stricter = 0;
	(void)state;

	for (uint32_t world = 0; world < WORLDS; world++) {
		struct policy *p =
		    tworld_make(world * 104729 + 5, TWORLD_NARROW);
		for (size_t n = 0; n < TWORLD_WAYS * NAMES * NAMES; n++) {
			const struct tworld_way *way =
			    &tworld_ways[n / (NAMES * NAMES)];
			const char *i = tworld_names[n / NAMES % NAMES];
			const char *r = tworld_names[n % NAMES];
			struct gw_facts f = tworld_facts(way, i, r);
			struct gw_verdict v;
			policy_decide(p, &f, TPOLICY_NOW, &v);
			bool good = permits(p, way, i, r);
			assert_true(passed_pair(&v) || !good);
			stricter += passed_pair(&v) && !good;
			f.in_dialog = true;
			f.kind = GW_KIND_OTHER;
			f.service = GW_SERVICE_NONE;
			policy_decide(p, &f, TPOLICY_NOW, &v);
			assert_true(passed_pair(&v) || !good);
		}
		policy_free(p);
	}
	assert_true(stricter > 0);
}

#define HEAD                                                                   \
	"<agreement id='ab' serial='1' valid-from='2026-01-01T00:00:00Z'"      \
	" valid-until='2028-01-01T00:00:00Z'>"                                 \
	"<party system='alpha'><domain name='mcptt.alpha.example'/>"           \
	"<security-domain kms='kms.a0'/><security-domain kms='kms.a1'/>"       \
	"</party><party system='bravo'><domain name='mcptt.bravo.example'/>"   \
	"<security-domain kms='kms.b0'/><security-domain kms='kms.b1'/>"       \
	"</party>\n<permit id='calls' from='alpha' to='bravo'>"                \
	"<communication service='mcptt' kind='private'/>"                      \
	"<initiator><any/></initiator><target><any/></target>"                 \
	"<domains initiator='kms.a0' receiver='kms.b0 kms.b1'/>"               \
	"<key-message presence='required' signature='off'/>\n"
#define TAIL "</permit></agreement>"

static void
a_pair_needs_its_agreement_in_force(void **state)
{
	static const struct {
		int64_t off_us;
		bool permitted;
	} times[] = {
		{ 0, true },
		{ INT64_C(-13046400000000), true }, /* 2026-01-01 */
		{ INT64_C(-13046400000001), false },
		{ INT64_C(50025599999999), true },
		{ INT64_C(50025600000000), false }, /* 2028-01-01 */
	};
	(void)state;
	struct policy *p = tpolicy_need(NULL, HEAD TAIL);
	struct gw_span a = GW_SPAN("KMS.a0"), b = GW_SPAN("kms.B1");

	for (size_t i = 0; i < GW_COUNT(times); i++)
		assert_int_equal(policy_permits_pair(p, 0, false, a, b,
				     TPOLICY_NOW + times[i].off_us),
		    times[i].permitted);
	assert_true(policy_permits_pair(p, 0, true, b, a, TPOLICY_NOW));
	assert_false(policy_permits_pair(p, 0, true, a, b, TPOLICY_NOW));
	assert_false(policy_permits_pair(p, 0, false, b, a, TPOLICY_NOW));
	assert_false(policy_permits_pair(p, 1, false, a, b, TPOLICY_NOW));
	assert_false(
	    policy_permits_pair(p, UINT32_MAX, false, a, b, TPOLICY_NOW));
	policy_free(p);
}

static void
a_redirect_names_the_key_message(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(NULL, HEAD TAIL);
	struct gw_facts f = tworld_facts(&tworld_ways[0], "kms.a0", "kms.b0");
	struct gw_verdict v;

	f.n_keys = 3;
	f.keys[2] = f.keys[1] = f.keys[0];
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	assert_int_equal(v.key, 0);
	f.keys[2].receiver_kms = GW_SPAN("kms.x");
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.trigger, 'A');
	assert_int_equal(v.key, 2);
	/* Each step is taken for all of them before the next one. */
	f.keys[1].initiator_kms = GW_SPAN("kms.a1");
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.trigger, 'C');
	assert_int_equal(v.key, 1);
	f.keys[1].state = GW_KEY_MALFORMED;
	memset(&v, 0xa5, sizeof(v));
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.outcome, GW_REFUSE);
	assert_int_equal(v.key, 0);
	policy_free(p);
}

static void
a_rule_says_what_becomes_of_redirects(void **state)
{
	static const struct {
		const char *text;
		enum policy_krr_signature signature;
		bool embed, exit, entry, refuse;
		unsigned line;
	} rows[] = {
		{ "", POLICY_KRR_OFF, true, true, true, false, 2 },
		{ "<redirect/>", POLICY_KRR_OFF, true, true, true, false, 3 },
		{ "<redirect signature='off' author='entry exit'/>",
		    POLICY_KRR_OFF, true, true, true, false, 3 },
		{ "<redirect signature='sign' author='exit'/>", POLICY_KRR_SIGN,
		    true, true, false, false, 3 },
		{ "<redirect signature='require' author=' entry '/>",
		    POLICY_KRR_REQUIRE, true, false, true, false, 3 },
		{ "<redirect embed='no' empty='refuse'/>", POLICY_KRR_OFF,
		    false, true, true, true, 3 },
	};
	(void)state;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		char text[TEXT_LEN];
		snprintf(
		    text, sizeof(text), "%s%s%s", HEAD, rows[i].text, TAIL);
		struct policy *p = tpolicy_need(NULL, text);
		const struct policy_redirect *r = policy_rule_redirect(p, 0);
		assert_int_equal(r->signature, rows[i].signature);
		assert_int_equal(r->embed, rows[i].embed);
		assert_int_equal(r->author_exit, rows[i].exit);
		assert_int_equal(r->author_entry, rows[i].entry);
		assert_int_equal(r->empty_refuse, rows[i].refuse);
		assert_int_equal(r->at.line, rows[i].line);
		policy_free(p);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_pair_is_permitted_if_the_decision_permits_it),
		cmocka_unit_test(no_pair_goes_further_than_the_decision),
		cmocka_unit_test(a_pair_needs_its_agreement_in_force),
		cmocka_unit_test(a_redirect_names_the_key_message),
		cmocka_unit_test(a_rule_says_what_becomes_of_redirects),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
