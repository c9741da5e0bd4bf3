/*
 * test_policy_disclose.c: what one system may be told of another's users and
 * send to another's KMS.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/policy_compile.h"
#include "support/tanswer.h"
#include "support/tworld.h"

enum { A = TPOLICY_ALPHA, B = TPOLICY_BRAVO, C = TPOLICY_CHARLIE };
#define NO_ONE GW_SYSTEM_NONE

#define WORLDS	 300
#define TEXT_LEN 4096

#define HEAD                                                                   \
	"<agreement id='ab' serial='1' valid-from='2026-01-01T00:00:00Z'"      \
	" valid-until='2028-01-01T00:00:00Z'"
#define PARTIES                                                                \
	"><party system='alpha'><domain name='mcptt.alpha.example'/>"          \
	"<security-domain kms='kms.a0'/><security-domain kms='kms.a1'/>"       \
	"<security-domain kms='kms.a2'/></party>"                              \
	"<party system='bravo'><domain name='mcptt.bravo.example'/>"           \
	"<security-domain kms='kms.b0'/><security-domain kms='kms.b1'/>"       \
	"<security-domain kms='kms.b2'/><security-domain kms='kms.b3'/>"       \
	"</party>"
#define RULE(id, from, to, pairs)                                              \
	"<permit id='" id "' from='" from "' to='" to "'>"                     \
	"<communication service='mcptt' kind='private'/>"                      \
	"<initiator><any/></initiator><target><any/></target>" pairs           \
	"<key-message presence='optional' signature='off'/></permit>"
/* Nobody pairs b3 and a2; b2 may only call. */
#define RULES                                                                  \
	RULE("calls", "alpha", "bravo",                                        \
	    "<domains initiator='kms.a0' receiver='kms.b1 kms.b0'/>")          \
	RULE("back", "bravo", "alpha",                                         \
	    "<domains initiator='kms.b2' receiver='kms.a1'/>")
#define TELL "<lookup from='alpha' to='bravo' disclose='permitted'/>"
#define END  "</agreement>"

static const char plain[] = HEAD PARTIES RULES TELL END;

static const char *
tell(const struct policy *p, uint16_t asker, uint16_t system,
    const char *answer, int64_t wall_us)
{
	static char text[TEXT_LEN];
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct gw_lookup_answer in = tanswer_read(a, answer), out;

	memset(&out, 0xa5, sizeof(out));
	policy_disclose(p, asker, system, &in, wall_us, a, &out);
	/* Where nothing is told to anybody, nothing is told. */
	if (!policy_discloses(p, asker, system, wall_us))
		assert_int_equal(out.n_domains, 0);
	assert_int_equal(out.ttl_ms, out.n_domains > 0 ? in.ttl_ms : 0);
	tanswer_text(&out, text, sizeof(text));
	gw_arena_free(a);
	return text;
}

static void
only_what_a_rule_pairs_is_told(void **state)
{
	static const char *const cases[][2] = {
		{ "", "" },
		{ "kms.b0", "kms.b0" },
		{ "KMS.B0", "KMS.B0" },
		{ "kms.b0; kms.b1", "kms.b0; kms.b1" },
		{ "kms.b1; kms.b0", "kms.b1; kms.b0" },
		/* It is met reversed. */
		{ "kms.b2", "kms.b2" },
		/* No rule pairs it. */
		{ "kms.b3", "" },
		{ "kms.b3; kms.b0", "kms.b0" },
		/* Of no agreement; of the wrong side. */
		{ "kms.x", "" },
		{ "kms.x; kms.b0; kms.y", "kms.b0" },
		{ "kms.a0", "" },
		/* External domains: only the asker's that may be paired. */
		{ "kms.b0: kms.a0", "kms.b0: kms.a0" },
		{ "kms.b0: kms.c0 kms.A0 kms.z", "kms.b0: kms.A0" },
		{ "kms.b0: kms.a1 kms.a2 kms.b1", "kms.b0:" },
		{ "kms.b0:; kms.b2: kms.a1 kms.a0", "kms.b0:; kms.b2: kms.a1" },
		{ "kms.b3: kms.a0", "" },
	};
	struct policy *p = tpolicy_need(NULL, plain);
	(void)state;

	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_string_equal(tell(p, TPOLICY_ALPHA, TPOLICY_BRAVO,
					cases[i][0], TPOLICY_NOW),
		    cases[i][1]);
	policy_free(p);
}

static void
local_policy_hides(void **state)
{
	static const char *const cases[][3] = {
		{ "<revoked kms='kms.b1'/>", "kms.b1; kms.b0", "kms.b0" },
		{ "<revoked kms='kms.a0'/>", "kms.b0; kms.b2", "kms.b2" },
		{ "<revoked kms='kms.a0'/>", "kms.b2: kms.a0", "kms.b2:" },
		{ "<refuse id='r' kms='kms.b0'/>", "kms.b1; kms.b0", "kms.b1" },
		/* It may fit a request of somebody. */
		{ "<refuse id='r' kms='kms.b0'"
		  " initiator='sip:x@mcptt.alpha.example'/>",
		    "kms.b0", "" },
		/* It fits no request under the rule. */
		{ "<refuse id='r' kms='kms.b0' kind='group'/>", "kms.b0",
		    "kms.b0" },
		{ "<refuse id='r' kms='kms.b0' from='bravo'/>", "kms.b0",
		    "kms.b0" },
	};
	(void)state;

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		char text[TEXT_LEN];
		snprintf(
		    text, sizeof(text), "<policy>%s</policy>", cases[i][0]);
		struct policy *p = tpolicy_need(text, plain);
		assert_string_equal(tell(p, TPOLICY_ALPHA, TPOLICY_BRAVO,
					cases[i][1], TPOLICY_NOW),
		    cases[i][2]);
		policy_free(p);
	}
}

static void
without_leave_nothing_is_told(void **state)
{
	static const char *const agreements[] = {
		HEAD PARTIES RULES END,
		HEAD PARTIES RULES
		"<lookup from='alpha' to='bravo' disclose='none'/>" END,
		HEAD PARTIES RULES
		"<lookup from='bravo' to='alpha' disclose='permitted'/>" END,
		HEAD " suspended='yes'" PARTIES RULES TELL END,
		HEAD PARTIES TELL END,
	};
	static const uint16_t others[][2] = {
		{ TPOLICY_BRAVO, TPOLICY_ALPHA },
		{ TPOLICY_ALPHA, TPOLICY_CHARLIE },
		{ TPOLICY_CHARLIE, TPOLICY_BRAVO },
		{ GW_SYSTEM_NONE, TPOLICY_BRAVO },
		{ TPOLICY_ALPHA, GW_SYSTEM_NONE },
		{ GW_SYSTEM_NONE, GW_SYSTEM_NONE },
	};
	const char all[] = "kms.b0; kms.a0: kms.b0; kms.b2";
	(void)state;

	for (size_t i = 0; i < GW_COUNT(agreements); i++) {
		struct policy *p = tpolicy_need(NULL, agreements[i]);
		assert_string_equal(
		    tell(p, TPOLICY_ALPHA, TPOLICY_BRAVO, all, TPOLICY_NOW),
		    "");
		policy_free(p);
	}
	struct policy *p = tpolicy_need(NULL, plain);
	for (size_t i = 0; i < GW_COUNT(others); i++)
		assert_string_equal(
		    tell(p, others[i][0], others[i][1], all, TPOLICY_NOW), "");
	assert_string_equal(tell(p, TPOLICY_ALPHA, TPOLICY_BRAVO, all,
				TPOLICY_NOW + INT64_C(50025600000000)),
	    "");
	assert_string_equal(tell(p, TPOLICY_ALPHA, TPOLICY_BRAVO, all,
				TPOLICY_NOW + INT64_C(50025599999999)),
	    "kms.b0; kms.b2");
	assert_string_equal(tell(p, TPOLICY_ALPHA, TPOLICY_BRAVO, all,
				TPOLICY_NOW - INT64_C(13046400000001)),
	    "");
	policy_free(p);
}

/* Alpha and bravo are both local; with that agreement, or none. */
static struct policy *
make_local_pair(const char *agreement)
{
	static struct gw_system systems[2];
	struct policy_source src = { .systems = systems, .n_systems = 2 };
	struct gw_diag *d = gw_diag_new();

	memcpy(systems, tpolicy_systems, sizeof(systems));
	systems[1].local = true;
	struct policy *p = policy_compile_begin(&src, 1, d);
	if (agreement != NULL) {
		xmlDoc *doc =
		    gw_xml_parse(gw_span_of(agreement), "a0.xml", NULL, d);
		policy_compile_add(p, gw_xml_root(doc), "a0.xml", d);
		gw_xml_free(doc);
	}
	assert_true(policy_compile_end(p, TPOLICY_NOW, d));
	gw_diag_free(d);
	return p;
}

static void
at_home_all_is_told(void **state)
{
	const char all[] = "kms.b0: kms.z; kms.x; kms.b3:";
	struct policy *p = tpolicy_need(NULL, plain);
	struct policy *free_pair = make_local_pair(NULL);
	struct policy *bound_pair = make_local_pair(plain);
	(void)state;

	assert_string_equal(
	    tell(p, TPOLICY_BRAVO, TPOLICY_BRAVO, all, TPOLICY_NOW), all);
	assert_string_equal(
	    tell(free_pair, TPOLICY_ALPHA, TPOLICY_BRAVO, all, TPOLICY_NOW),
	    all);
	/* With an agreement between them it holds, and where it lapsed. */
	assert_string_equal(
	    tell(bound_pair, TPOLICY_ALPHA, TPOLICY_BRAVO, all, TPOLICY_NOW),
	    "kms.b0:");
	assert_string_equal(
	    tell(bound_pair, TPOLICY_ALPHA, TPOLICY_BRAVO, all, INT64_MAX), "");
	policy_free(bound_pair);
	policy_free(free_pair);
	policy_free(p);
}

static void
without_memory_nothing_is_told(void **state)
{
	struct policy *p = tpolicy_need(NULL, plain);
	struct gw_arena *a = gw_arena_new(1 << 20), *none = gw_arena_new(1);
	struct gw_lookup_answer in =
	    tanswer_read(a, "kms.b0; kms.b1: kms.a0 kms.a1");
	struct gw_lookup_answer out;
	(void)state;

	policy_disclose(
	    p, TPOLICY_ALPHA, TPOLICY_BRAVO, &in, TPOLICY_NOW, none, &out);
	assert_int_equal(out.n_domains, 0);
	assert_int_equal(out.ttl_ms, 0);
	gw_arena_free(none);
	gw_arena_free(a);
	policy_free(p);
}

/* Some of all names there are, with or without external ones. */
static struct gw_lookup_answer
draw_answer(uint32_t *seed, struct gw_span (*external)[4])
{
	struct gw_lookup_answer out = { .ttl_ms = 1000,
		.n_domains = (uint16_t)tworld_draw(seed, 5) };

	for (size_t i = 0; i < out.n_domains; i++) {
		struct gw_lookup_domain *d = &out.domains[i];
		*d = (struct gw_lookup_domain){
			.kms = gw_span_of(tworld_names[tworld_draw(seed, 8)]),
			.lists_external = tworld_draw(seed, 2) == 0,
			.external = external[i]
		};
		if (d->lists_external)
			d->n_external = (uint16_t)tworld_draw(seed, 5);
		for (size_t k = 0; k < d->n_external; k++)
			external[i][k] =
			    gw_span_of(tworld_names[tworld_draw(seed, 8)]);
	}
	return out;
}

static bool
has_external(const struct gw_lookup_domain *d, struct gw_span kms)
{
	for (size_t i = 0; i < d->n_external; i++)
		if (gw_span_eq(d->external[i], kms))
			return true;
	return false;
}

/* May kms of the other system be paired with `own` of the asker's, in any way
 * that a rule is met? */
static bool
is_paired(
    const struct policy *p, bool back, struct gw_span own, struct gw_span kms)
{
	for (size_t i = 0; i < TWORLD_WAYS; i++)
		if (tworld_ways[i].back == back &&
		    tworld_permits(p, &tworld_ways[i], own, kms))
			return true;
	return false;
}

static bool
is_paired_at_all(const struct policy *p, bool back, struct gw_span kms)
{
	for (size_t i = 0; i < TWORLD_NAMES; i++)
		if (is_paired(p, back, gw_span_of(tworld_names[i]), kms))
			return true;
	return false;
}

/* What is told of d, or nothing, is what may be. */
static void
check_told(const struct policy *p, bool back, const struct gw_lookup_domain *in,
    const struct gw_lookup_domain *out)
{
	if (!is_paired_at_all(p, back, in->kms))
		assert_null(out);
	if (out == NULL)
		return;
	assert_int_equal(out->lists_external, in->lists_external);
	assert_true(out->n_external <= in->n_external);
	for (size_t i = 0; i < out->n_external; i++)
		assert_true(has_external(in, out->external[i]) &&
			    is_paired(p, back, out->external[i], in->kms));
	for (size_t i = 0; i < in->n_external; i++)
		if (is_paired(p, back, in->external[i], in->kms))
			assert_true(has_external(out, in->external[i]));
}

static bool
tells_something(const struct policy *p, uint16_t asker, uint16_t system)
{
	return tell(p, asker, system,
		   "kms.a0; kms.a1; kms.a2; kms.b0; kms.b1; kms.b2",
		   TPOLICY_NOW)[0] != '\0';
}

static void
what_is_told_is_said_and_permitted(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 26);
	size_t n_told = 0, n_hidden = 0;
	(void)state;

	for (uint32_t world = 0; world < WORLDS; world++) {
		uint32_t seed = world * 7919 + 3;
		struct policy *p =
		    tworld_make(seed, TWORLD_LOOKUPS | TWORLD_NARROW);
		for (size_t n = 0; n < 64; n++) {
			struct gw_span external[4][4];
			struct gw_lookup_answer out,
			    in = draw_answer(&seed, external);
			bool back = n % 2 != 0;
			uint16_t asker = back ? TPOLICY_BRAVO : TPOLICY_ALPHA;
			uint16_t system = back ? TPOLICY_ALPHA : TPOLICY_BRAVO;
			bool open = tells_something(p, asker, system);
			gw_arena_reset(a);
			policy_disclose(
			    p, asker, system, &in, TPOLICY_NOW, a, &out);
			size_t k = 0;
			for (size_t i = 0; i < in.n_domains; i++) {
				bool told =
				    k < out.n_domains &&
				    out.domains[k].kms.p == in.domains[i].kms.p;
				check_told(p, back, &in.domains[i],
				    told ? &out.domains[k] : NULL);
				if (open)
					assert_int_equal(
					    told, is_paired_at_all(p, back,
						      in.domains[i].kms));
				k += told;
				n_told += told;
				n_hidden += !told;
			}
			/* Nothing else, and in the same order. */
			assert_int_equal(k, out.n_domains);
		}
		policy_free(p);
	}
	assert_true(n_told > WORLDS && n_hidden > WORLDS);
	gw_arena_free(a);
}

static struct gw_verdict
decide(const struct policy *p, const struct tworld_way *way, const char *i,
    const char *r, const struct gw_lookup_answer *answer)
{
	struct gw_facts f = tworld_facts(way, i, r);
	struct gw_verdict v;

	f.lookup_state =
	    answer == NULL ? GW_LOOKUP_NO_ANSWER : GW_LOOKUP_ANSWERED;
	f.lookup = answer;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	return v;
}

/* Would a call with that receiver domain, and some domain of the caller's,
 * be permitted on the same word of the lookup service? */
static bool
would_pass(const struct policy *p, const struct tworld_way *way,
    const char *receiver, const struct gw_lookup_answer *answer)
{
	for (size_t i = 0; i < TWORLD_NAMES; i++)
		if (decide(p, way, tworld_names[i], receiver, answer).outcome ==
		    GW_PERMIT)
			return true;
	return false;
}

static void
check_listed(const struct policy *p, const struct tworld_way *way,
    const char *kms, const struct gw_lookup_answer *answer, bool listed)
{
	struct gw_facts f = tworld_facts(way, "", kms);
	struct policy_match m;
	bool passes = would_pass(p, way, kms, answer);

	if (listed)
		assert_true(passes);
	/* Of domains that the agreement lists, such a rule asks nobody. */
	else if (policy_match(p, &f, TPOLICY_NOW, &m) &&
		 m.lookup != POLICY_LOOKUP_WHEN_UNKNOWN)
		assert_false(passes);
}

static void
what_a_redirect_lists_would_be_permitted(void **state)
{
	size_t n_listed = 0, n_not = 0;
	(void)state;

	for (uint32_t world = 0; world < WORLDS / 4; world++) {
		uint32_t seed = world * 104729 + 11;
		struct policy *p = tworld_make(seed, TWORLD_LOOKUPS);
		for (size_t n = 0; n < 32; n++) {
			const struct tworld_way *way =
			    &tworld_ways[n % TWORLD_WAYS];
			struct gw_span external[4][4];
			struct gw_lookup_answer answer =
			    draw_answer(&seed, external);
			struct gw_verdict v = decide(p, way,
			    tworld_names[tworld_draw(&seed, TWORLD_NAMES)],
			    tworld_names[tworld_draw(&seed, TWORLD_NAMES)],
			    &answer);
			if (v.outcome != GW_REDIRECT)
				continue;
			size_t k = 0;
			for (size_t i = 0; i < TWORLD_NAMES; i++) {
				const char *kms = tworld_names[i];
				bool listed = false;
				for (size_t m = 0; m < v.n_domains; m++)
					listed =
					    listed || gw_span_eq(v.domains[m],
							  gw_span_of(kms));
				k += listed;
				n_not += !listed;
				check_listed(p, way, kms, &answer, listed);
			}
			assert_int_equal(k, v.n_domains);
			n_listed += k;
		}
		policy_free(p);
	}
	assert_true(n_listed > WORLDS && n_not > WORLDS);
}

#define KMS_ALL                                                                \
	"<kms from='alpha' to='bravo' cert='yes' certcache='yes'"              \
	" redirect='yes'/>"

static const struct {
	const char *kms; /* element of the agreement */
	uint16_t from, to;
	enum policy_kms_request what;
	const char *about; /* a KMS or a user */
	enum gw_check check; /* that settled it */
	bool may;
} requests[] = {
	{ KMS_ALL, A, B, POLICY_KMS_CERT, "kms.b0", GW_CHECK_RULE, true },
	{ KMS_ALL, A, B, POLICY_KMS_CERT, "KMS.B2", GW_CHECK_RULE, true },
	{ KMS_ALL, A, B, POLICY_KMS_CERT, "", GW_CHECK_RULE, true },
	{ KMS_ALL, A, B, POLICY_KMS_CERT, "kms.b3", GW_CHECK_RECEIVER_DOMAIN,
	    false },
	{ KMS_ALL, A, B, POLICY_KMS_CERT, "kms.x", GW_CHECK_RECEIVER_DOMAIN,
	    false },
	{ KMS_ALL, A, B, POLICY_KMS_CERT, "kms.a0", GW_CHECK_RECEIVER_DOMAIN,
	    false },
	{ KMS_ALL, A, B, POLICY_KMS_CERTCACHE, "", GW_CHECK_RULE, true },
	{ KMS_ALL, A, B, POLICY_KMS_REDIRECT, "", GW_CHECK_RULE, true },
	{ KMS_ALL, A, B, POLICY_KMS_N, "", GW_CHECK_RULE, false },
	/* Each by its own word, and in its direction. */
	{ "<kms from='alpha' to='bravo' cert='yes'/>", A, B, POLICY_KMS_CERT,
	    "kms.b0", GW_CHECK_RULE, true },
	{ "<kms from='alpha' to='bravo' cert='yes'/>", A, B,
	    POLICY_KMS_CERTCACHE, "", GW_CHECK_RULE, false },
	{ "<kms from='alpha' to='bravo' cert='yes'/>", A, B,
	    POLICY_KMS_REDIRECT, "", GW_CHECK_RULE, false },
	{ "<kms from='alpha' to='bravo' redirect='yes'/>", A, B,
	    POLICY_KMS_CERT, "kms.b0", GW_CHECK_RULE, false },
	{ "<kms from='alpha' to='bravo'/>", A, B, POLICY_KMS_CERT, "kms.b0",
	    GW_CHECK_RULE, false },
	{ "", A, B, POLICY_KMS_CERT, "kms.b0", GW_CHECK_RULE, false },
	{ KMS_ALL, B, A, POLICY_KMS_CERT, "kms.a0", GW_CHECK_RULE, false },
	{ KMS_ALL, A, C, POLICY_KMS_CERT, "", GW_CHECK_AGREEMENT, false },
	{ KMS_ALL, A, A, POLICY_KMS_CERT, "kms.a0", GW_CHECK_TARGET, false },
	{ KMS_ALL, A, NO_ONE, POLICY_KMS_CERT, "", GW_CHECK_TARGET, false },
	{ KMS_ALL, NO_ONE, B, POLICY_KMS_CERT, "kms.b0", GW_CHECK_PEER, false },
	/* Keys: only of those who moved to the asking system. */
	{ KMS_ALL, A, B, POLICY_KMS_INIT, "sip:x@mcptt.bravo.example",
	    GW_CHECK_SOURCE, false },
	{ KMS_ALL, A, B, POLICY_KMS_KEYPROV, "sip:anna@mcptt.alpha.example",
	    GW_CHECK_SOURCE, false },
	{ KMS_ALL, A, B, POLICY_KMS_INIT, "", GW_CHECK_SOURCE, false },
	{ KMS_ALL, A, B, POLICY_KMS_INIT, "junk", GW_CHECK_SOURCE, false },
};

static void
kms_requests_cross_as_agreed(void **state)
{
	(void)state;

	for (size_t i = 0; i < GW_COUNT(requests); i++) {
		char text[TEXT_LEN];
		snprintf(text, sizeof(text), "%s%s%s", HEAD PARTIES RULES,
		    requests[i].kms, END);
		struct policy *p = tpolicy_need(NULL, text);
		bool keys = requests[i].what == POLICY_KMS_INIT ||
			    requests[i].what == POLICY_KMS_KEYPROV;
		struct gw_span about = gw_span_of(requests[i].about);
		struct gw_span none = { NULL, 0 };
		struct gw_step step;
		bool may = policy_kms_may(p, requests[i].from, requests[i].to,
		    requests[i].what, keys ? none : about, keys ? about : none,
		    TPOLICY_NOW, &step);
		if (may != requests[i].may || step.check != requests[i].check)
			fail_msg("row %zu: %d at %s: %s", i, may,
			    gw_check_name(step.check), step.because);
		assert_int_equal(
		    step.outcome, may ? GW_STEP_PASS : GW_STEP_FAIL);
		assert_non_null(step.because);
		policy_free(p);
	}
}

/* Bravo speaks for roam, who is one of charlie's. */
static void
keys_cross_for_users_who_migrated(void **state)
{
	static const char text[] =
	    HEAD "><party system='bravo'><domain name='mcptt.bravo.example'/>"
		 "</party><party system='charlie'>"
		 "<domain name='mcptt.charlie.example'/></party>"
		 "<kms from='charlie' to='bravo' cert='yes'/>" END;
	static const struct {
		const char *user;
		uint16_t from, to;
		bool may;
	} cases[] = {
		{ "sip:roam@mcptt.charlie.example", B, C, true },
		{ "sips:r%6fam@MCPTT.charlie.example;x=y", B, C, true },
		{ "sip:home@mcptt.charlie.example", B, C, false },
		{ "sip:roam@mcptt.bravo.example", B, C, false },
		{ "sip:roam@mcptt.charlie.example", C, B, false },
		{ "sip:roam@mcptt.charlie.example", A, C, false },
		{ "", B, C, false },
	};
	struct policy *p = tpolicy_need(NULL, text);
	struct gw_span none = { NULL, 0 };
	struct gw_step step;
	(void)state;

	for (size_t i = 0; i < GW_COUNT(cases); i++)
		for (int what = POLICY_KMS_INIT; what <= POLICY_KMS_KEYPROV;
		     what++)
			assert_int_equal(
			    policy_kms_may(p, cases[i].from, cases[i].to,
				(enum policy_kms_request)what, none,
				gw_span_of(cases[i].user), TPOLICY_NOW, &step),
			    cases[i].may);
	/* An agreement is needed all the same. */
	assert_false(policy_kms_may(p, B, C, POLICY_KMS_INIT, none,
	    gw_span_of(cases[0].user), INT64_MAX, &step));
	assert_int_equal(step.check, GW_CHECK_AGREEMENT);
	policy_free(p);
}

static void
certificates_are_seen_where_a_rule_pairs(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(NULL, plain);

	assert_true(
	    policy_kms_visible(p, A, B, GW_SPAN("kms.b0"), TPOLICY_NOW));
	assert_true(
	    policy_kms_visible(p, B, A, GW_SPAN("kms.a1"), TPOLICY_NOW));
	assert_true(
	    policy_kms_visible(p, B, B, GW_SPAN("kms.b3"), TPOLICY_NOW));
	assert_false(
	    policy_kms_visible(p, A, B, GW_SPAN("kms.b3"), TPOLICY_NOW));
	assert_false(
	    policy_kms_visible(p, A, B, GW_SPAN("kms.a0"), TPOLICY_NOW));
	assert_false(
	    policy_kms_visible(p, B, B, GW_SPAN("kms.a0"), TPOLICY_NOW));
	assert_false(policy_kms_visible(p, A, B, GW_SPAN(""), TPOLICY_NOW));
	assert_false(
	    policy_kms_visible(p, C, B, GW_SPAN("kms.b0"), TPOLICY_NOW));
	assert_false(policy_kms_visible(p, A, B, GW_SPAN("kms.b0"), INT64_MAX));
	assert_false(
	    policy_kms_visible(p, NO_ONE, B, GW_SPAN("kms.b0"), TPOLICY_NOW));
	policy_free(p);

	for (uint32_t world = 0; world < WORLDS; world++) {
		p = tworld_make(world * 31 + 1, TWORLD_NARROW);
		for (size_t i = 0; i < TWORLD_OF_PARTIES; i++) {
			struct gw_span kms = gw_span_of(tworld_names[i]);
			assert_int_equal(
			    policy_kms_visible(p, A, B, kms, TPOLICY_NOW),
			    is_paired_at_all(p, false, kms));
			assert_int_equal(
			    policy_kms_visible(p, B, A, kms, TPOLICY_NOW),
			    is_paired_at_all(p, true, kms));
		}
		policy_free(p);
	}
}

static void
requests_have_names(void **state)
{
	static const char *const names[] = { "init", "keyprov", "cert",
		"certcache", "redirect", "unknown" };
	(void)state;

	for (int i = 0; i <= POLICY_KMS_N; i++)
		assert_string_equal(
		    policy_kms_request_name((enum policy_kms_request)i),
		    names[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_what_a_rule_pairs_is_told),
		cmocka_unit_test(local_policy_hides),
		cmocka_unit_test(without_leave_nothing_is_told),
		cmocka_unit_test(at_home_all_is_told),
		cmocka_unit_test(without_memory_nothing_is_told),
		cmocka_unit_test(what_is_told_is_said_and_permitted),
		cmocka_unit_test(what_a_redirect_lists_would_be_permitted),
		cmocka_unit_test(kms_requests_cross_as_agreed),
		cmocka_unit_test(keys_cross_for_users_who_migrated),
		cmocka_unit_test(certificates_are_seen_where_a_rule_pairs),
		cmocka_unit_test(requests_have_names),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
