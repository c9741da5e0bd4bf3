/*
 * test_policy_lookup.c: steps 8 to 10 where the target's lookup service has a
 * word: each way a rule asks, each state of the question, each kind of answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/tanswer.h"
#include "support/tpolicy.h"

#define TEXT_LEN 4096

static const char head[] =
    "<agreement id='ab' serial='1' valid-from='2026-01-01T00:00:00Z'"
    " valid-until='2028-01-01T00:00:00Z'>"
    "<party system='alpha'><domain name='mcptt.alpha.example'/>"
    "<security-domain kms='kms.a0'/><security-domain kms='kms.a1'/></party>\n"
    "<party system='bravo'><domain name='mcptt.bravo.example'/>"
    "<security-domain kms='kms.b0'/><security-domain kms='kms.b1'/>"
    "<security-domain kms='kms.b2'/></party>\n";

static const char body[] =
    "<communication service='mcptt' kind='private'/>"
    "<initiator><any/></initiator><target><any/></target>"
    "<domains initiator='kms.a0' receiver='kms.b1 kms.b0'/>"
    "<domains initiator='kms.a1' receiver='kms.b0 kms.b2'/>"
    "<key-message presence='optional' signature='off'/>";

static const char local[] = "<policy><revoked kms='kms.b1'/>"
			    "<refuse id='b2' kms='kms.b2'/></policy>";

/* A policy with one rule, with these attributes. */
static struct policy *
make(const char *narrow, const char *attrs, const char *more)
{
	char text[TEXT_LEN];

	snprintf(text, sizeof(text),
	    "%s<permit id='calls' from='alpha' to='bravo'%s>%s%s</permit>"
	    "</agreement>",
	    head, attrs, body, more);
	return tpolicy_need(narrow, text);
}

#define ALL_LISTED "kms.b1 kms.b0 kms.b2"
#define WHY	   "the service is down"

struct row {
	const char *attrs;
	const char *initiator, *receiver; /* KMS URIs of the key message */
	enum gw_lookup_state state;
	const char *answer; /* NULL: none */
	enum gw_outcome outcome;
	enum gw_reason reason;
	const char *list; /* of a redirect */
	int lookup; /* outcome of the step, -1: there is none */
	const char *fact; /* of that step */
};

#define NEVER	     ""
#define UNKNOWN	     " lookup='when-unknown'"
#define ALWAYS	     " lookup='always'"
#define OR_AGREEMENT " lookup-failure='agreement'"

#define ASKED(s)   GW_LOOKUP_ANSWERED, s
#define UNASKED	   GW_LOOKUP_NOT_ASKED, NULL
#define UNANSWERED GW_LOOKUP_NO_ANSWER, NULL

#define PERMIT(lookup, fact)                                                   \
	GW_PERMIT, GW_REASON_NONE, "", GW_STEP_##lookup, fact
#define TRIGGER_A(list, lookup, fact)                                          \
	GW_REDIRECT, GW_REASON_RECEIVER_DOMAIN, list, GW_STEP_##lookup, fact
#define TRIGGER_B(list, lookup, fact)                                          \
	GW_REDIRECT, GW_REASON_PAIR, list, GW_STEP_##lookup, fact
/* Step 8 ends it before the lookup's step. */
#define TRIGGER_C(list) GW_REDIRECT, GW_REASON_INITIATOR_DOMAIN, list, -1, ""
#define PENDING		GW_REFUSE, GW_REASON_LOOKUP_PENDING, "", GW_STEP_FAIL, ""
#define UNSETTLED	GW_REFUSE, GW_REASON_LOOKUP_UNSETTLED, "", GW_STEP_FAIL, WHY

static const struct row rows[] = {
	/* Never: nobody's word counts but the agreement's. */
	{ NEVER, "kms.a0", "kms.b0", UNASKED, PERMIT(SKIP, "") },
	{ NEVER, "kms.a0", "kms.b0", ASKED(""), PERMIT(SKIP, "") },
	{ NEVER, "kms.a0", "kms.b0", ASKED("kms.b1:"), PERMIT(SKIP, "") },
	{ NEVER, "kms.a0", "kms.b0", UNANSWERED, PERMIT(SKIP, "") },
	{ NEVER, "kms.a0", "kms.x", UNASKED, TRIGGER_A(ALL_LISTED, SKIP, "") },
	{ NEVER, "kms.a0", "kms.x", ASKED("kms.b0"),
	    TRIGGER_A(ALL_LISTED, SKIP, "") },

	/* When unknown: what the agreement lists needs no lookup. */
	{ UNKNOWN, "kms.a0", "kms.b0", UNASKED, PERMIT(SKIP, "") },
	{ UNKNOWN, "kms.a0", "KMS.b0", ASKED(""), PERMIT(SKIP, "") },
	{ UNKNOWN, "kms.a0", "kms.b0", UNANSWERED, PERMIT(SKIP, "") },
	{ UNKNOWN, "kms.a0", "kms.b2", UNASKED,
	    TRIGGER_B(ALL_LISTED, SKIP, "") },
	{ UNKNOWN, "kms.a0", "kms.x", UNASKED, PENDING },
	{ UNKNOWN, "kms.a0", "", UNASKED, PENDING },
	{ UNKNOWN, "kms.a0", "kms.a1", UNASKED, PENDING },
	{ UNKNOWN OR_AGREEMENT, "kms.a0", "kms.x", UNASKED, PENDING },
	{ UNKNOWN, "kms.a0", "kms.x", ASKED("kms.b0"),
	    TRIGGER_A("kms.b0", PASS, "kms.b0") },
	{ UNKNOWN, "kms.a0", "kms.x", ASKED("kms.x"),
	    TRIGGER_A("", PASS, "kms.x") },
	{ UNKNOWN, "kms.a0", "kms.x", ASKED(""), TRIGGER_A("", PASS, "") },
	{ UNKNOWN, "kms.a0", "kms.x", UNANSWERED, UNSETTLED },
	{ UNKNOWN OR_AGREEMENT, "kms.a0", "kms.x", UNANSWERED,
	    TRIGGER_A(ALL_LISTED, PASS, WHY) },

	/* Always: a user in one domain, in several, in none. */
	{ ALWAYS, "kms.a0", "kms.b0", UNASKED, PENDING },
	{ ALWAYS OR_AGREEMENT, "kms.a0", "kms.b0", UNASKED, PENDING },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0"), PERMIT(PASS, "kms.b0") },
	{ ALWAYS, "KMS.a0", "kms.B0", ASKED("Kms.b0"), PERMIT(PASS, "Kms.b0") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b1; kms.b0"),
	    PERMIT(PASS, "kms.b1") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b1"),
	    TRIGGER_A("kms.b1", PASS, "kms.b1") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED(""), TRIGGER_A("", PASS, "") },
	{ ALWAYS, "kms.a0", "kms.b2", ASKED("kms.b2"),
	    TRIGGER_B("kms.b2", PASS, "kms.b2") },
	/* In the agreement's order, not the service's. */
	{ ALWAYS, "kms.a0", "kms.x", ASKED("kms.b2; kms.b0; kms.b1"),
	    TRIGGER_A(ALL_LISTED, PASS, "kms.b2") },

	/* External domains: given, not given, without the initiator's. */
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0: kms.a0"),
	    PERMIT(PASS, "kms.b0") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0: kms.z KMS.A0"),
	    PERMIT(PASS, "kms.b0") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0:"),
	    TRIGGER_B("", PASS, "kms.b0") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0: kms.z kms.b1"),
	    TRIGGER_B("", PASS, "kms.b0") },
	/* a1 may reach it, so it is offered. */
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0: kms.a1"),
	    TRIGGER_B("kms.b0", PASS, "kms.b0") },
	/* b1 is for a0 only by the rule, for a1 only by its own word. */
	{ ALWAYS, "kms.a0", "kms.b1", ASKED("kms.b0; kms.b1: kms.a1"),
	    TRIGGER_B("kms.b0", PASS, "kms.b0") },
	/* Its word does not widen the rule. */
	{ ALWAYS, "kms.a0", "kms.b2", ASKED("kms.b2: kms.a0"),
	    TRIGGER_B("", PASS, "kms.b2") },
	/* External domains of another domain are of no matter. */
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b1:; kms.b0"),
	    PERMIT(PASS, "kms.b1") },

	/* A service that lies. */
	{ ALWAYS, "kms.a0", "kms.x", ASKED("kms.x"),
	    TRIGGER_A("", PASS, "kms.x") },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED("kms.b0; kms.x; kms.y"),
	    PERMIT(PASS, "kms.x") },
	{ ALWAYS, "kms.a0", "kms.a0", ASKED("kms.a0: kms.a0"),
	    TRIGGER_A("", PASS, "kms.a0") },
	{ ALWAYS, "kms.a0", "kms.b1", ASKED("kms.x: kms.a0; kms.b0"),
	    TRIGGER_A("kms.b0", PASS, "kms.x") },

	/* No answer. */
	{ ALWAYS, "kms.a0", "kms.b0", UNANSWERED, UNSETTLED },
	{ ALWAYS, "kms.a0", "kms.b0", ASKED(NULL), UNSETTLED },
	{ ALWAYS OR_AGREEMENT, "kms.a0", "kms.b0", UNANSWERED,
	    PERMIT(PASS, WHY) },
	{ ALWAYS OR_AGREEMENT, "kms.a0", "kms.b0", ASKED(NULL),
	    PERMIT(PASS, WHY) },
	{ ALWAYS OR_AGREEMENT, "kms.a0", "kms.x", UNANSWERED,
	    TRIGGER_A(ALL_LISTED, PASS, WHY) },
	{ ALWAYS OR_AGREEMENT, "kms.a0", "kms.b2", UNANSWERED,
	    TRIGGER_B(ALL_LISTED, PASS, WHY) },
	{ ALWAYS " lookup-failure='refuse'", "kms.a0", "kms.b0", UNANSWERED,
	    UNSETTLED },

	/* Step 8 decides, but what is offered is the target's. */
	{ NEVER, "kms.x", "kms.b0", UNASKED, TRIGGER_C(ALL_LISTED) },
	{ ALWAYS, "kms.x", "kms.b0", UNASKED, PENDING },
	{ ALWAYS, "kms.x", "kms.b0", ASKED("kms.b0"), TRIGGER_C("kms.b0") },
	{ ALWAYS, "kms.x", "kms.b0", ASKED(""), TRIGGER_C("") },
	{ ALWAYS, "kms.x", "kms.b0", UNANSWERED, TRIGGER_C(ALL_LISTED) },
	{ UNKNOWN, "kms.x", "kms.b0", UNASKED, TRIGGER_C(ALL_LISTED) },
	{ UNKNOWN, "kms.b0", "kms.y", UNASKED, PENDING },
};

static void
join(const struct gw_verdict *v, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	for (size_t i = 0; i < v->n_domains; i++)
		len += (size_t)snprintf(out + len, size - len, "%s%.*s",
		    i > 0 ? " " : "", GW_FMT(v->domains[i]));
}

static const struct gw_step *
find_step(const struct gw_verdict *v, enum gw_check check)
{
	for (size_t i = 0; i < v->n_steps; i++)
		if (v->steps[i].check == check)
			return &v->steps[i];
	return NULL;
}

/* What holds for every verdict. */
static void
check_verdict(const struct gw_verdict *v)
{
	assert_true(v->n_steps > 0 && v->n_steps <= GW_STEPS_MAX);
	for (size_t i = 0; i < v->n_steps; i++) {
		const struct gw_step *s = &v->steps[i];
		assert_non_null(s->because);
		assert_true(i == 0 || s->check > v->steps[i - 1].check);
		assert_int_equal(s->outcome == GW_STEP_FAIL,
		    i + 1 == v->n_steps && v->outcome != GW_PERMIT);
	}
	assert_int_equal(v->status == 503, v->retry_after_s > 0);
	assert_int_equal(v->status == 488, v->outcome == GW_REDIRECT);
}

static struct gw_facts
call(const char *initiator, const char *receiver)
{
	struct gw_facts f = tpolicy_call();

	f.keys[0].initiator_kms = gw_span_of(initiator);
	f.keys[0].receiver_kms = gw_span_of(receiver);
	return f;
}

static void
check_row(const struct row *row, size_t i, const struct gw_verdict *v)
{
	const struct gw_step *s = find_step(v, GW_CHECK_LOOKUP);
	char list[256];

	join(v, list, sizeof(list));
	if (v->outcome != row->outcome || v->reason != row->reason ||
	    strcmp(list, row->list) != 0 ||
	    (s == NULL ? -1 : (int)s->outcome) != row->lookup)
		fail_msg("row %zu: %s, %s, lists \"%s\", lookup %s", i,
		    gw_outcome_name(v->outcome), gw_reason_name(v->reason),
		    list, s == NULL ? "-" : gw_step_outcome_name(s->outcome));
	if (s == NULL)
		return;
	if (!gw_span_eq(s->fact, gw_span_of(row->fact)))
		fail_msg("row %zu: the fact is \"%.*s\"", i, GW_FMT(s->fact));
	/* What is no domain of bravo's is ignored, and said to be. */
	bool lie = strncmp(row->fact, "kms.", 4) == 0 && row->fact[4] != 'b';
	assert_int_equal(strstr(s->because, "ignored") != NULL, lie);
	assert_string_equal(s->at.file, "a0.xml");
	assert_int_equal(s->at.line, 3);
}

static void
each_word_counts_as_the_rule_says(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	(void)state;

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct policy *p = make(NULL, row->attrs, "");
		struct gw_facts f = call(row->initiator, row->receiver);
		struct gw_lookup_answer answer;
		struct gw_verdict v;
		f.lookup_state = row->state;
		f.lookup_why = WHY;
		if (row->answer != NULL) {
			answer = tanswer_read(a, row->answer);
			f.lookup = &answer;
		}
		memset(&v, 0xa5, sizeof(v));
		policy_decide(p, &f, TPOLICY_NOW, &v);
		check_verdict(&v);
		check_row(row, i, &v);
		policy_free(p);
	}
	gw_arena_free(a);
}

static struct gw_verdict
decide(const struct policy *p, struct gw_facts f,
    const struct gw_lookup_answer *answer)
{
	struct gw_verdict v;

	f.lookup_state = GW_LOOKUP_ANSWERED;
	f.lookup = answer;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	check_verdict(&v);
	return v;
}

static void
check_list(const struct gw_verdict *v, char trigger, const char *list)
{
	char text[256];

	join(v, text, sizeof(text));
	assert_int_equal(v->trigger, trigger);
	assert_string_equal(text, list);
}

static void
local_policy_stands_above_the_service(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(local, ALWAYS, "");
	struct gw_lookup_answer all = tanswer_read(a, "kms.b1; kms.b0; kms.b2");
	(void)state;

	struct gw_verdict v = decide(p, call("kms.a0", "kms.b1"), &all);
	check_list(&v, 'B', "kms.b0");
	assert_non_null(strstr(v.steps[v.n_steps - 1].because, "revoked"));
	v = decide(p, call("kms.a1", "kms.b2"), &all);
	assert_int_equal(v.reason, GW_REASON_NOT_PERMITTED);
	v = decide(p, call("kms.a1", "kms.b0"), &all);
	assert_int_equal(v.outcome, GW_PERMIT);
	policy_free(p);
	gw_arena_free(a);
}

static void
a_target_without_domain_may_be_refused(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(NULL, ALWAYS, "<redirect empty='refuse'/>");
	struct gw_lookup_answer none = tanswer_read(a, "");
	struct gw_lookup_answer one = tanswer_read(a, "kms.b1");
	(void)state;

	struct gw_verdict v = decide(p, call("kms.a0", "kms.b0"), &none);
	assert_int_equal(v.outcome, GW_REFUSE);
	assert_int_equal(v.reason, GW_REASON_NO_DOMAIN_LEFT);
	v = decide(p, call("kms.a0", "kms.b0"), &one);
	check_list(&v, 'A', "kms.b1");
	policy_free(p);
	gw_arena_free(a);
}

/* bert, who was called, sends anna a key: her system is asked about her. */
static void
in_the_other_direction_the_callers_system_is_asked(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(NULL, ALWAYS, "");
	struct gw_lookup_answer hers = tanswer_read(a, "kms.a0: kms.b1");
	struct gw_lookup_answer his = tanswer_read(a, "kms.b1");
	struct gw_facts f = call("kms.b1", "kms.a0");
	struct policy_match m;
	(void)state;

	f.from = TPOLICY_BRAVO;
	f.to = TPOLICY_ALPHA;
	f.in_dialog = f.answering = true;
	f.initiator = f.info_request_uri;
	f.info_request_uri = GW_SPAN("sip:anna@mcptt.alpha.example");
	f.keys[0].initiator = f.initiator;
	assert_true(policy_match(p, &f, TPOLICY_NOW, &m));
	assert_true(m.reversed);
	assert_int_equal(m.to, TPOLICY_ALPHA);
	assert_true(gw_span_eq(m.target, f.info_request_uri));

	struct gw_verdict v = decide(p, f, &hers);
	assert_int_equal(v.outcome, GW_PERMIT);
	v = decide(p, f, &his);
	check_list(&v, 'A', "");
	f.keys[0].initiator_kms = GW_SPAN("kms.b0");
	v = decide(p, f, &hers);
	check_list(&v, 'B', "kms.a0");
	policy_free(p);
	gw_arena_free(a);
}

static void
each_key_message_is_judged(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	struct policy *p = make(NULL, ALWAYS, "");
	struct policy *lazy = make(NULL, UNKNOWN, "");
	struct gw_lookup_answer b0 = tanswer_read(a, "kms.b0");
	struct gw_facts f = call("kms.a0", "kms.b0");
	struct gw_verdict v;
	(void)state;

	f.n_keys = 2;
	f.keys[1] = f.keys[0];
	v = decide(p, f, &b0);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.keys[1].receiver_kms = GW_SPAN("kms.b1");
	v = decide(p, f, &b0);
	check_list(&v, 'A', "kms.b0");
	assert_int_equal(v.key, 1);
	/* One that is unknown is enough to ask. */
	policy_decide(lazy, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.keys[1].receiver_kms = GW_SPAN("kms.x");
	policy_decide(lazy, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.reason, GW_REASON_LOOKUP_PENDING);
	policy_free(lazy);
	policy_free(p);
	gw_arena_free(a);
}

static void
without_a_key_message_nobody_is_asked(void **state)
{
	struct policy *p = make(NULL, ALWAYS, "");
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;
	(void)state;

	f.n_keys = 0;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	check_verdict(&v);
	assert_int_equal(v.outcome, GW_PERMIT);
	assert_int_equal(find_step(&v, GW_CHECK_LOOKUP)->outcome, GW_STEP_SKIP);
	policy_free(p);
}

static void
what_fails_before_asks_nobody(void **state)
{
	struct policy *p = make(NULL, ALWAYS, "");
	struct gw_facts f = call("kms.a0", "kms.b0");
	struct gw_verdict v;
	(void)state;

	f.keys[0].replayed = true;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.reason, GW_REASON_KEY_REPLAYED);
	assert_null(find_step(&v, GW_CHECK_LOOKUP));
	f = call("kms.a0", "kms.b0");
	f.initiator = GW_SPAN("sip:eve@mcptt.bravo.example");
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.reason, GW_REASON_SOURCE_NOT_OF_PEER);
	policy_free(p);
}

static void
a_match_says_whom_to_ask_about(void **state)
{
	static const struct {
		const char *attrs;
		enum policy_lookup lookup;
		bool fallback;
	} cases[] = {
		{ "", POLICY_LOOKUP_NEVER, false },
		{ " lookup='never'", POLICY_LOOKUP_NEVER, false },
		{ UNKNOWN, POLICY_LOOKUP_WHEN_UNKNOWN, false },
		{ UNKNOWN OR_AGREEMENT, POLICY_LOOKUP_WHEN_UNKNOWN, true },
		{ ALWAYS " lookup-failure='refuse'", POLICY_LOOKUP_ALWAYS,
		    false },
		{ ALWAYS OR_AGREEMENT, POLICY_LOOKUP_ALWAYS, true },
	};
	(void)state;

	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct policy *p = make(NULL, cases[i].attrs, "");
		struct gw_facts f = tpolicy_call();
		struct policy_match m;
		assert_true(policy_match(p, &f, TPOLICY_NOW, &m));
		assert_int_equal(m.lookup, cases[i].lookup);
		assert_int_equal(m.lookup_fallback, cases[i].fallback);
		assert_int_equal(m.to, TPOLICY_BRAVO);
		assert_true(gw_span_eq(
		    m.target, GW_SPAN("sip:bert@mcptt.bravo.example")));
		f.info_request_uri = GW_SPAN("");
		f.group = GW_SPAN("sip:team@mcptt.bravo.example");
		assert_true(policy_match(p, &f, TPOLICY_NOW, &m));
		assert_true(gw_span_eq(m.target, f.group));
		f.target_encrypted = true;
		assert_true(policy_match(p, &f, TPOLICY_NOW, &m));
		assert_int_equal(m.target.len, 0);
		f.target_encrypted = false;
		f.group = f.request_uri = GW_SPAN("");
		f.to = TPOLICY_BRAVO;
		f.in_dialog = true;
		assert_true(policy_match(p, &f, TPOLICY_NOW, &m));
		assert_int_equal(m.target.len, 0);
		policy_free(p);
	}
}

static void
a_service_that_fails_tells_when_to_come_again(void **state)
{
	struct policy *p = make(NULL, ALWAYS, "");
	struct gw_facts f = call("kms.a0", "kms.b0");
	struct gw_verdict v;
	(void)state;

	f.lookup_state = GW_LOOKUP_NO_ANSWER;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.status, 503);
	assert_int_equal(v.retry_after_s, 5);
	f.retry_after_s = 9;
	policy_decide(p, &f, TPOLICY_NOW, &v);
	assert_int_equal(v.retry_after_s, 9);
	policy_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_word_counts_as_the_rule_says),
		cmocka_unit_test(local_policy_stands_above_the_service),
		cmocka_unit_test(a_target_without_domain_may_be_refused),
		cmocka_unit_test(
		    in_the_other_direction_the_callers_system_is_asked),
		cmocka_unit_test(each_key_message_is_judged),
		cmocka_unit_test(without_a_key_message_nobody_is_asked),
		cmocka_unit_test(what_fails_before_asks_nobody),
		cmocka_unit_test(a_match_says_whom_to_ask_about),
		cmocka_unit_test(a_service_that_fails_tells_when_to_come_again),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
