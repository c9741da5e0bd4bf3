/*
 * test_policy_decide.c: every row of the decision, passed and refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/tpolicy.h"

#define HEAD                                                                   \
	"<agreement xmlns='urn:mcxgw:agreement:1' id='ab' serial='1'"          \
	" valid-from='2026-01-01T00:00:00Z'"                                   \
	" valid-until='2028-01-01T00:00:00Z'"
#define PARTIES                                                                \
	"<party system='alpha'><domain name='mcptt.alpha.example'/>\n"         \
	"<security-domain kms='kms.alpha.example'/>\n"                         \
	"<security-domain kms='kms.alpha-old.example'/></party>\n"             \
	"<party system='bravo'><domain name='mcptt.bravo.example'/>\n"         \
	"<security-domain kms='kms.bravo.example'/>\n"                         \
	"<security-domain kms='kms.bravo-tac.example'/>\n"                     \
	"<security-domain kms='kms.bravo-sec.example'/></party>\n"
#define PERMIT(id, from, to) "<permit id='" id "' from='" from "' to='" to "'>"
#define USERS                                                                  \
	"<initiator match='sip:*@mcptt.alpha.example'/>"                       \
	"<target match='sip:*@mcptt.bravo.example'/>"
#define ANY_USERS "<initiator><any/></initiator><target><any/></target>"
#define CALLS	  "<communication service='mcptt' kind='private emergency'/>"
#define PAIRS                                                                  \
	"<domains initiator='kms.alpha.example'"                               \
	" receiver='kms.bravo-tac.example kms.bravo.example'/>"                \
	"<domains initiator='kms.alpha-old.example'"                           \
	" receiver='kms.bravo.example'/>"

/* Lines: 1 to 8 the head and the parties, then calls, messages, opaque and
 * back. */
static const char agreement[] =
    HEAD ">\n" PARTIES PERMIT("calls", "alpha", "bravo") CALLS USERS PAIRS
    "<key-message presence='required'/><redirect empty='answer'/>"
    "<limit rate='5/min' concurrent='7'/>"
    "<cap mcpttp='9' mcpttq='3'/></permit>\n" PERMIT("messages", "alpha",
	"bravo") "<communication service='mcdata' kind='message'/>" ANY_USERS
		 "<domains initiator='kms.alpha-old.example'"
		 " receiver='kms.bravo-tac.example'/>"
		 "<key-message presence='optional' signature='check'/>"
		 "<redirect empty='refuse'/></permit>\n" PERMIT("opaque",
		     "alpha",
		     "bravo") "<communication "
			      "service='mcvideo'><any/></"
			      "communication>" ANY_USERS
			      "<key-message presence='forbidden'/><info "
			      "opaque='allow'/></permit>\n" PERMIT("back",
				  "bravo",
				  "alpha") "<communication service='mcptt' "
					   "kind='private'/>" ANY_USERS
					   "<domains><any/></domains>"
					   "<key-message presence='required' "
					   "signature='off'/></permit>\n"
					   "</agreement>";

static const char local[] =
    "<policy xmlns='urn:mcxgw:policy:1'>\n"
    "<refuse id='mallory' initiator='sip:mallory@mcptt.alpha.example'/>\n"
    "<refuse id='nobody' target='sip:no*@mcptt.bravo.example'/>\n"
    "<refuse id='ambient' kind='ambient'/>\n"
    "<refuse id='secret' kms='kms.bravo-sec.example'/>\n"
    "<refuse id='from-bravo' from='bravo' urgency='emergency'/>\n"
    "<revoked kms='kms.alpha-old.example'/>\n"
    "<cap from='alpha' urgency='routine' mcpttp='4'/>\n"
    "<key-messages clock-tolerance='60s' replay-window='120s'/>\n"
    "</policy>";

struct row {
	const char *name;
	void (*change)(struct gw_facts *f);
	enum gw_outcome outcome;
	enum gw_reason reason;
	enum gw_check check; /* of the last step */
	const char *at; /* file:line of the last step, NULL: none */
};

#define CHANGE(name, ...)                                                      \
	static void name(struct gw_facts *f)                                   \
	{                                                                      \
		__VA_ARGS__                                                    \
	}

CHANGE(nothing, (void)f;)
CHANGE(no_peer, f->from = GW_SYSTEM_NONE;)
CHANGE(odd_peer, f->from = TPOLICY_SYSTEMS;)
CHANGE(foreign_source, f->initiator = GW_SPAN("sip:eve@mcptt.bravo.example");)
CHANGE(unknown_source, f->initiator = GW_SPAN("sip:eve@evil.example");)
CHANGE(
    sub_domain_source, f->initiator = GW_SPAN("sip:eve@x.mcptt.alpha.example");)
CHANGE(no_source, f->initiator = GW_SPAN("");)
CHANGE(junk_source, f->initiator = GW_SPAN("sip:anna@@mcptt.alpha.example");)
CHANGE(sips_source, f->initiator = GW_SPAN("sips:anna@MCPTT.alpha.example");)
CHANGE(no_target, f->request_uri = f->info_request_uri = GW_SPAN("");)
CHANGE(foreign_target, f->request_uri = GW_SPAN("sip:b@nowhere.example");
       f->info_request_uri = GW_SPAN("tel:+1234");)
CHANGE(target_back, f->request_uri = GW_SPAN("sip:x@mcptt.alpha.example");
       f->info_request_uri = GW_SPAN("");)
CHANGE(target_by_info, f->request_uri = GW_SPAN("sip:gw.border.example");)
CHANGE(target_by_group, f->request_uri = f->info_request_uri = GW_SPAN("");
       f->group = GW_SPAN("sip:team@mcptt.bravo.example");)
CHANGE(no_agreement, f->request_uri = GW_SPAN("sip:c@mcptt.charlie.example");)
CHANGE(refused_initiator,
       f->initiator = GW_SPAN("sip:mallory@mcptt.alpha.example");)
CHANGE(
    escaped_initiator,
    f->initiator = GW_SPAN("sips:m%61llory:pw@MCPTT.ALPHA.example:5061;x=y");)
CHANGE(refused_target,
       f->info_request_uri = GW_SPAN("sip:nobody@mcptt.bravo.example");)
CHANGE(refused_kind, f->kind = GW_KIND_AMBIENT;)
CHANGE(refused_kms, f->keys[0].receiver_kms = GW_SPAN("Kms.bravo-sec.example");)
CHANGE(other_service, f->service = GW_MCDATA;)
CHANGE(no_service, f->service = GW_SERVICE_NONE;)
CHANGE(other_kind, f->kind = GW_KIND_GROUP;)
CHANGE(emergency, f->urgency = GW_EMERGENCY;)
CHANGE(imminent_peril, f->urgency = GW_IMMINENT_PERIL;)
CHANGE(other_initiator, f->initiator = GW_SPAN("sip:mcptt.alpha.example");)
CHANGE(target_elsewhere,
       f->info_request_uri = GW_SPAN("sip:bert@mcdata.bravo.example");)
CHANGE(no_key, f->n_keys = 0;)
CHANGE(message, f->service = GW_MCDATA; f->kind = GW_KIND_MESSAGE;
       f->n_keys = 0;)
CHANGE(video, f->service = GW_MCVIDEO; f->kind = GW_KIND_OTHER; f->n_keys = 0;)
CHANGE(video_with_key, f->service = GW_MCVIDEO;)
CHANGE(opaque_call, f->target_encrypted = true;)
CHANGE(opaque_video, video(f); f->target_encrypted = true;)
CHANGE(opaque_initiator, video(f); f->initiator_encrypted = true;)
CHANGE(malformed, f->keys[0].state = GW_KEY_MALFORMED;)
CHANGE(stale, f->keys[0].made_wall_us -= 60000001;)
CHANGE(nearly_stale, f->keys[0].made_wall_us -= 60000000;)
CHANGE(from_the_future, f->keys[0].made_wall_us += 60000001;)
CHANGE(no_time, f->keys[0].made_wall_us = 0;)
CHANGE(replayed, f->keys[0].replayed = true;)
CHANGE(invalid, f->keys[0].state = GW_KEY_INVALID;)
CHANGE(unchecked, f->keys[0].state = GW_KEY_UNCHECKED;)
CHANGE(unverifiable, f->keys[0].state = GW_KEY_UNVERIFIABLE;)
CHANGE(
    others_key, f->keys[0].initiator = GW_SPAN("sip:carl@mcptt.alpha.example");)
CHANGE(others_gmk, f->keys[0].purpose = "GMK";
       f->keys[0].initiator = GW_SPAN("sip:gms@mcptt.alpha.example");)
CHANGE(foreign_gmk, f->keys[0].purpose = "GMK";
       f->keys[0].initiator = GW_SPAN("sip:gms@mcptt.bravo.example");)
CHANGE(hidden_initiator, f->keys[0].initiator = GW_SPAN("");
       f->keys[0].initiator_hidden = true;)
CHANGE(second_key_bad, f->n_keys = 2; f->keys[1] = f->keys[0];
       f->keys[1].state = GW_KEY_INVALID;)
CHANGE(unknown_kmsi, f->keys[0].initiator_kms = GW_SPAN("kms.x.example");)
CHANGE(no_kmsi, f->keys[0].initiator_kms = GW_SPAN("");)
CHANGE(others_kmsi, f->keys[0].initiator_kms = GW_SPAN("kms.bravo.example");)
CHANGE(
    revoked_kmsi, f->keys[0].initiator_kms = GW_SPAN("kms.alpha-old.example");)
CHANGE(unknown_kmsr, f->keys[0].receiver_kms = GW_SPAN("kms.x.example");)
CHANGE(no_kmsr, f->keys[0].receiver_kms = GW_SPAN("");)
CHANGE(own_kmsr, f->keys[0].receiver_kms = GW_SPAN("kms.alpha.example");)
CHANGE(message_with_key, f->service = GW_MCDATA; f->kind = GW_KIND_MESSAGE;
       f->keys[0].receiver_kms = GW_SPAN("kms.bravo-tac.example");)
CHANGE(over_rate, f->over_rate = true; f->retry_after_s = 17;)
CHANGE(over_concurrent, f->over_concurrent = true;)

#define REFUSED(name, reason, check, at)                                       \
	{                                                                      \
#name, name, GW_REFUSE, GW_REASON_##reason, GW_CHECK_##check,  \
		    at                                                         \
	}
#define REDIRECTED(name, reason, check, at)                                    \
	{                                                                      \
#name, name, GW_REDIRECT, GW_REASON_##reason,                  \
		    GW_CHECK_##check, at                                       \
	}
#define PERMITTED(name, at)                                                    \
	{                                                                      \
#name, name, GW_PERMIT, GW_REASON_NONE, GW_CHECK_PRIORITY, at  \
	}

static const struct row rows[] = {
	PERMITTED(nothing, "a0.xml:9"),
	REFUSED(no_peer, PEER_UNKNOWN, PEER, NULL),
	REFUSED(odd_peer, PEER_UNKNOWN, PEER, NULL),
	REFUSED(foreign_source, SOURCE_NOT_OF_PEER, SOURCE, NULL),
	REFUSED(unknown_source, SOURCE_NOT_OF_PEER, SOURCE, NULL),
	REFUSED(sub_domain_source, SOURCE_NOT_OF_PEER, SOURCE, NULL),
	REFUSED(no_source, SOURCE_NOT_OF_PEER, SOURCE, NULL),
	REFUSED(junk_source, SOURCE_NOT_OF_PEER, SOURCE, NULL),
	PERMITTED(sips_source, "a0.xml:9"),
	REFUSED(no_target, NO_ROUTE, TARGET, NULL),
	REFUSED(foreign_target, NO_ROUTE, TARGET, NULL),
	REFUSED(target_back, NO_ROUTE, TARGET, NULL),
	PERMITTED(target_by_info, "a0.xml:9"),
	PERMITTED(target_by_group, "a0.xml:9"),
	REFUSED(no_agreement, NO_AGREEMENT, AGREEMENT, NULL),
	REFUSED(refused_initiator, NOT_PERMITTED, LOCAL, "policy.xml:2"),
	REFUSED(escaped_initiator, NOT_PERMITTED, LOCAL, "policy.xml:2"),
	REFUSED(refused_target, NOT_PERMITTED, LOCAL, "policy.xml:3"),
	REFUSED(refused_kind, NOT_PERMITTED, LOCAL, "policy.xml:4"),
	REFUSED(refused_kms, NOT_PERMITTED, LOCAL, "policy.xml:5"),
	REFUSED(other_service, NOT_PERMITTED, RULE, "a0.xml:1"),
	REFUSED(no_service, NOT_PERMITTED, RULE, "a0.xml:1"),
	REFUSED(other_kind, NOT_PERMITTED, RULE, "a0.xml:1"),
	PERMITTED(emergency, "a0.xml:9"),
	REFUSED(imminent_peril, NOT_PERMITTED, RULE, "a0.xml:1"),
	/* '*' also means no user part; but a PCK comes from the caller. */
	REFUSED(other_initiator, KEY_NOT_OF_SOURCE, KEY, "a0.xml:9"),
	REFUSED(target_elsewhere, NOT_PERMITTED, RULE, "a0.xml:9"),
	REFUSED(no_key, KEY_MISSING, KEY_PRESENT, "a0.xml:9"),
	PERMITTED(message, "policy.xml:8"),
	PERMITTED(video, "policy.xml:8"),
	REFUSED(video_with_key, NOT_PERMITTED, KEY_PRESENT, "a0.xml:11"),
	/* The target is what the Request-URI says; then the rule objects. */
	REFUSED(opaque_call, NOT_PERMITTED, LOCAL, "policy.xml:3"),
	REFUSED(opaque_video, NOT_PERMITTED, LOCAL, "policy.xml:3"),
	REFUSED(opaque_initiator, NOT_PERMITTED, LOCAL, "policy.xml:2"),
	REFUSED(malformed, KEY_MALFORMED, KEY, "a0.xml:9"),
	REFUSED(stale, KEY_STALE, KEY, "policy.xml:1"),
	PERMITTED(nearly_stale, "a0.xml:9"),
	REFUSED(from_the_future, KEY_STALE, KEY, "policy.xml:1"),
	REFUSED(no_time, KEY_STALE, KEY, "policy.xml:1"),
	REFUSED(replayed, KEY_REPLAYED, KEY, "policy.xml:1"),
	REFUSED(invalid, KEY_SIGNATURE, KEY, "a0.xml:9"),
	REFUSED(unchecked, KEY_SIGNATURE, KEY, "a0.xml:9"),
	REFUSED(unverifiable, KEY_SIGNATURE, KEY, "a0.xml:9"),
	REFUSED(others_key, KEY_NOT_OF_SOURCE, KEY, "a0.xml:9"),
	PERMITTED(others_gmk, "a0.xml:9"),
	REFUSED(foreign_gmk, KEY_NOT_OF_SOURCE, KEY, "a0.xml:9"),
	PERMITTED(hidden_initiator, "a0.xml:9"),
	REFUSED(second_key_bad, KEY_SIGNATURE, KEY, "a0.xml:9"),
	REDIRECTED(
	    unknown_kmsi, INITIATOR_DOMAIN, INITIATOR_DOMAIN, "a0.xml:9"),
	REDIRECTED(no_kmsi, INITIATOR_DOMAIN, INITIATOR_DOMAIN, "a0.xml:9"),
	REDIRECTED(others_kmsi, INITIATOR_DOMAIN, INITIATOR_DOMAIN, "a0.xml:9"),
	REDIRECTED(
	    revoked_kmsi, INITIATOR_DOMAIN, INITIATOR_DOMAIN, "policy.xml:7"),
	REDIRECTED(unknown_kmsr, RECEIVER_DOMAIN, RECEIVER_DOMAIN, "a0.xml:5"),
	REDIRECTED(no_kmsr, RECEIVER_DOMAIN, RECEIVER_DOMAIN, "a0.xml:5"),
	REDIRECTED(own_kmsr, RECEIVER_DOMAIN, RECEIVER_DOMAIN, "a0.xml:5"),
	/* Its only initiator domain is revoked: nothing is left to offer. */
	REFUSED(
	    message_with_key, NO_DOMAIN_LEFT, INITIATOR_DOMAIN, "a0.xml:10"),
	REFUSED(over_rate, OVER_RATE, LIMIT, "a0.xml:9"),
	REFUSED(over_concurrent, OVER_CONCURRENT, LIMIT, "a0.xml:9"),
};

static void
check_at(const struct row *row, const struct gw_where *at)
{
	char text[64] = "";

	if (at->file != NULL)
		snprintf(text, sizeof(text), "%s:%u", at->file, at->line);
	if (strcmp(text, row->at == NULL ? "" : row->at) != 0)
		fail_msg("%s: decided at \"%s\", not at \"%s\"", row->name,
		    text, row->at);
}

/* What holds for every verdict. */
static void
check_verdict(const char *name, const struct gw_verdict *v)
{
	assert_true(v->n_steps > 0 && v->n_steps <= GW_STEPS_MAX);
	for (size_t i = 0; i < v->n_steps; i++) {
		const struct gw_step *s = &v->steps[i];
		assert_non_null(s->because);
		if (i > 0 && s->check <= v->steps[i - 1].check)
			fail_msg("%s: steps out of order", name);
		if ((s->outcome == GW_STEP_FAIL) !=
		    (i + 1 == v->n_steps && v->outcome != GW_PERMIT))
			fail_msg("%s: a step that fails is the last", name);
	}
	assert_int_equal(v->status == 0, v->outcome == GW_PERMIT);
	assert_int_equal(v->status == 488, v->outcome == GW_REDIRECT);
	assert_int_equal(v->status == 503, v->retry_after_s > 0);
	assert_int_equal(v->trigger != 0, v->outcome == GW_REDIRECT);
	assert_int_equal(v->reason == GW_REASON_NONE, v->outcome == GW_PERMIT);
	assert_true(v->key == 0 || v->outcome == GW_REDIRECT);
}

static void
find_costly(void *arg)
{
	struct gw_facts *f = arg;

	f[0] = f[1];
}

/* What is found on the way is what would have been told before. */
static void
judge(const struct policy *p, const struct gw_facts *told,
    const struct policy_match *match, const struct gw_verdict *v)
{
	struct gw_facts f[] = { *told, *told };
	struct policy_match m;
	struct gw_verdict w;

	for (size_t i = 0; i < GW_FACT_KEYS_MAX; i++)
		f[0].keys[i].state = GW_KEY_UNCHECKED;
	policy_judge(p, f, TPOLICY_NOW,
	    &(struct policy_finder){ &m, find_costly, f }, &w);
	assert_int_equal(m.matched, match->matched);
	assert_int_equal(w.outcome, v->outcome);
	assert_int_equal(w.reason, v->reason);
	assert_int_equal(w.n_steps, v->n_steps);
	for (size_t i = 0; i < w.n_steps; i++)
		assert_ptr_equal(w.steps[i].because, v->steps[i].because);
}

static void
decide(const struct policy *p, const char *name, const struct gw_facts *f,
    struct gw_verdict *v)
{
	struct policy_match m;
	bool matched = policy_match(p, f, TPOLICY_NOW, &m);

	memset(v, 0xa5, sizeof(*v));
	policy_decide(p, f, TPOLICY_NOW, v);
	check_verdict(name, v);
	assert_int_equal(matched, m.matched);
	assert_int_equal(matched, v->rule != NULL);
	if (matched) {
		assert_string_equal(policy_rule_name(p, m.rule), v->rule);
		assert_int_equal(m.to, v->to);
	}
	judge(p, f, &m, v);
}

static void
each_row_passes_or_refuses(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(local, agreement);

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const struct row *row = &rows[i];
		struct gw_facts f = tpolicy_call();
		struct gw_verdict v;
		row->change(&f);
		decide(p, row->name, &f, &v);
		if (v.outcome != row->outcome || v.reason != row->reason ||
		    v.steps[v.n_steps - 1].check != row->check)
			fail_msg("%s: %s, %s, at %s: %s", row->name,
			    gw_outcome_name(v.outcome),
			    gw_reason_name(v.reason),
			    gw_check_name(v.steps[v.n_steps - 1].check),
			    v.steps[v.n_steps - 1].because);
		check_at(row, &v.steps[v.n_steps - 1].at);
	}
	policy_free(p);
}

static void
opaque_info_is_for_the_rule_to_allow(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(NULL, agreement);
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;

	f.target_encrypted = true;
	decide(p, "call", &f, &v);
	assert_int_equal(v.reason, GW_REASON_OPAQUE_INFO);
	video(&f);
	decide(p, "video", &f, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.initiator_encrypted = true;
	decide(p, "video", &f, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.initiator = GW_SPAN("");
	decide(p, "video", &f, &v);
	assert_int_equal(v.reason, GW_REASON_SOURCE_NOT_OF_PEER);
	policy_free(p);
}

static void
a_redirect_lists_what_is_acceptable(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(NULL, agreement);
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;

	f.keys[0].receiver_kms = GW_SPAN("kms.x.example");
	decide(p, "A", &f, &v);
	assert_int_equal(v.trigger, 'A');
	assert_int_equal(v.n_domains, 2);
	assert_true(gw_span_eq(v.domains[0], GW_SPAN("kms.bravo-tac.example")));
	assert_true(gw_span_eq(v.domains[1], GW_SPAN("kms.bravo.example")));

	f.keys[0].receiver_kms = GW_SPAN("kms.bravo-sec.example");
	decide(p, "B", &f, &v);
	assert_int_equal(v.trigger, 'B');
	assert_int_equal(v.reason, GW_REASON_PAIR);
	assert_int_equal(v.n_domains, 2);

	f.keys[0].receiver_kms = GW_SPAN("kms.bravo-tac.example");
	f.keys[0].initiator_kms = GW_SPAN("kms.alpha-old.example");
	decide(p, "B", &f, &v);
	assert_int_equal(v.trigger, 'B');
	f.keys[0].initiator_kms = GW_SPAN("kms.bravo.example");
	decide(p, "C", &f, &v);
	assert_int_equal(v.trigger, 'C');
	policy_free(p);
}

static void
revoked_and_refused_domains_are_not_offered(void **state)
{
	static const char text[] =
	    "<policy xmlns='urn:mcxgw:policy:1'>"
	    "<revoked kms='KMS.bravo-tac.example'/>"
	    "<refuse id='x' kms='kms.bravo.example' service='mcptt'"
	    " initiator='sip:anna@mcptt.alpha.example'/></policy>";
	(void)state;
	struct policy *p = tpolicy_need(text, agreement);
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;

	f.keys[0].receiver_kms = GW_SPAN("kms.bravo-tac.example");
	decide(p, "revoked", &f, &v);
	assert_int_equal(v.outcome, GW_REDIRECT);
	assert_int_equal(v.trigger, 'B');
	assert_int_equal(v.n_domains, 0);
	policy_free(p);
}

static void
priorities_are_capped(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(local, agreement);
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;

	f.priority_p = 15;
	f.priority_q = 3;
	decide(p, "routine", &f, &v);
	assert_int_equal(v.cap_p, 4);
	assert_int_equal(v.cap_q, -1);
	f.urgency = GW_EMERGENCY;
	f.priority_q = 4;
	decide(p, "emergency", &f, &v);
	assert_int_equal(v.cap_p, 9);
	assert_int_equal(v.cap_q, 3);
	f.priority_p = -1;
	decide(p, "none", &f, &v);
	assert_int_equal(v.cap_p, -1);
	policy_free(p);
}

static void
a_refusal_tells_when_to_retry(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(local, agreement);
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;

	over_rate(&f);
	decide(p, "rate", &f, &v);
	assert_int_equal(v.status, 503);
	assert_int_equal(v.retry_after_s, 17);
	f.retry_after_s = 0;
	decide(p, "rate", &f, &v);
	assert_int_equal(v.retry_after_s, 1);
	policy_free(p);
}

/* bert, who was called, sends a re-INVITE. */
static struct gw_facts
answer(void)
{
	struct gw_facts f = tpolicy_call();

	f.from = TPOLICY_BRAVO;
	f.to = TPOLICY_ALPHA;
	f.in_dialog = f.answering = true;
	f.initiator = GW_SPAN("sip:bert@mcptt.bravo.example");
	f.request_uri = GW_SPAN("");
	f.info_request_uri = GW_SPAN("sip:anna@mcptt.alpha.example");
	f.keys[0].initiator = f.initiator;
	f.keys[0].initiator_kms = GW_SPAN("kms.bravo-tac.example");
	f.keys[0].receiver_kms = GW_SPAN("kms.alpha.example");
	return f;
}

static void
the_called_side_is_under_the_callers_rule(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(NULL, agreement);
	struct gw_facts f = answer();
	struct gw_verdict v;
	struct policy_match m;

	decide(p, "answer", &f, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	assert_string_equal(v.rule, "ab/calls");
	assert_true(policy_match(p, &f, TPOLICY_NOW, &m));
	assert_true(m.reversed);
	assert_int_equal(m.signature, POLICY_REQUIRE);

	/* Ends exchanged: the pair is judged the other way round. */
	f.keys[0].receiver_kms = GW_SPAN("kms.alpha-old.example");
	decide(p, "pair", &f, &v);
	assert_int_equal(v.trigger, 'B');
	assert_int_equal(v.n_domains, 2);
	assert_true(gw_span_eq(v.domains[0], GW_SPAN("kms.alpha.example")));
	f = answer();
	f.initiator = GW_SPAN("sip:anna@mcptt.alpha.example");
	decide(p, "source", &f, &v);
	assert_int_equal(v.reason, GW_REASON_SOURCE_NOT_OF_PEER);
	f = answer();
	f.answering = false;
	decide(p, "own", &f, &v);
	assert_string_equal(v.rule, "ab/back");
	policy_free(p);
}

static void
a_dialog_stands_for_what_is_not_told(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(local, agreement);
	struct gw_facts f = { .from = TPOLICY_ALPHA,
		.to = TPOLICY_BRAVO,
		.in_dialog = true,
		.priority_p = -1,
		.priority_q = -1 };
	struct gw_verdict v;

	decide(p, "dialog", &f, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.in_dialog = false;
	decide(p, "no dialog", &f, &v);
	assert_int_equal(v.outcome, GW_REFUSE);
	f.in_dialog = true;
	f.to = TPOLICY_ALPHA;
	decide(p, "itself", &f, &v);
	assert_int_equal(v.reason, GW_REASON_NO_ROUTE);
	f.to = TPOLICY_CHARLIE;
	decide(p, "charlie", &f, &v);
	assert_int_equal(v.reason, GW_REASON_NO_AGREEMENT);
	policy_free(p);
}

static void
migrated_users_are_spoken_for(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(NULL, agreement);
	struct gw_facts f = answer();
	struct gw_verdict v;

	f.in_dialog = f.answering = false;
	f.to = GW_SYSTEM_NONE;
	f.request_uri = GW_SPAN("sip:pf@mcptt.alpha.example");
	f.initiator = GW_SPAN("sip:roam@mcptt.charlie.example");
	f.keys[0].initiator = f.initiator;
	decide(p, "migrated", &f, &v);
	assert_int_equal(v.outcome, GW_PERMIT);
	f.initiator = GW_SPAN("sip:home@mcptt.charlie.example");
	decide(p, "not migrated", &f, &v);
	assert_int_equal(v.reason, GW_REASON_SOURCE_NOT_OF_PEER);
	policy_free(p);
}

static void
an_agreement_is_in_force_or_not(void **state)
{
	static const struct {
		int64_t off_us;
		bool permitted;
	} times[] = {
		{ 0, true },
		{ INT64_C(-13046400000000), true }, /* 2026-01-01 */
		{ INT64_C(-13046400000001), false },
		{ INT64_C(50025600000000), false }, /* 2028-01-01 */
		{ INT64_C(50025599999999), true },
	};
	(void)state;
	struct policy *p = tpolicy_need(local, agreement);

	for (size_t i = 0; i < GW_COUNT(times); i++) {
		struct gw_facts f = tpolicy_call();
		struct gw_verdict v;
		f.keys[0].made_wall_us += times[i].off_us;
		policy_decide(p, &f, TPOLICY_NOW + times[i].off_us, &v);
		assert_int_equal(v.outcome == GW_PERMIT, times[i].permitted);
		if (!times[i].permitted)
			assert_int_equal(v.reason, GW_REASON_NO_AGREEMENT);
	}
	policy_free(p);
	p = tpolicy_need(NULL, HEAD " suspended='yes'>" PARTIES "</agreement>");
	struct gw_facts f = tpolicy_call();
	struct gw_verdict v;
	decide(p, "suspended", &f, &v);
	assert_int_equal(v.reason, GW_REASON_NO_AGREEMENT);
	assert_non_null(strstr(v.steps[v.n_steps - 1].because, "suspended"));
	policy_free(p);
}

static void
an_empty_policy_refuses_everything(void **state)
{
	(void)state;
	struct policy *none = tpolicy_need(NULL, NULL);
	struct policy *silent =
	    tpolicy_need(NULL, HEAD ">" PARTIES "</agreement>");

	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_facts f = tpolicy_call();
		struct gw_verdict v;
		rows[i].change(&f);
		decide(none, rows[i].name, &f, &v);
		assert_int_equal(v.outcome, GW_REFUSE);
		decide(silent, rows[i].name, &f, &v);
		assert_int_equal(v.outcome, GW_REFUSE);
	}
	policy_free(silent);
	policy_free(none);
}

/* The n-th refusal: what it names follows from the bits of n. */
static void
make_refusal(unsigned n, char *out, size_t size)
{
	snprintf(out, size,
	    "<policy xmlns='urn:mcxgw:policy:1'><refuse id='r'%s%s%s%s%s%s%s>%s"
	    "</refuse></policy>",
	    n & 1 ? " from='alpha'" : "", n & 2 ? " to='bravo'" : "",
	    n & 4 ? " service='mcptt mcdata'" : "",
	    n & 8 ? " kind='private other'" : "",
	    n & 16 ? " initiator='sip:anna@mcptt.alpha.example'" : "",
	    n & 32 ? " target='sip:b*@mcptt.bravo.example'" : "",
	    n & 64 ? " kms='kms.bravo.example'" : "", n == 0 ? "<any/>" : "");
}

static void
a_refusal_never_widens(void **state)
{
	(void)state;
	struct policy *open = tpolicy_need(NULL, agreement);
	unsigned refused = 0;

	for (unsigned n = 0; n < 128; n++) {
		char text[1024];
		make_refusal(n, text, sizeof(text));
		struct policy *p = tpolicy_need(text, agreement);
		for (size_t i = 0; i < GW_COUNT(rows); i++) {
			struct gw_facts f = tpolicy_call();
			struct gw_verdict v, w;
			rows[i].change(&f);
			decide(open, rows[i].name, &f, &v);
			decide(p, rows[i].name, &f, &w);
			assert_true(w.outcome <= v.outcome);
			assert_true(w.n_domains <= v.n_domains);
			refused += w.outcome < v.outcome;
		}
		/* The plain call fits every one of them. */
		struct gw_facts f = tpolicy_call();
		struct gw_verdict v;
		decide(p, "call", &f, &v);
		assert_int_equal(v.steps[v.n_steps - 1].check, GW_CHECK_LOCAL);
		policy_free(p);
	}
	assert_true(refused > 128);
	policy_free(open);
}

static void
handling_follows_the_direction(void **state)
{
	static const char text[] = HEAD
	    ">" PARTIES "<handling from='alpha' to='bravo' hide-call-id='yes'"
	    " unknown-headers='pass' access-token='pass'>"
	    "<allow headers='Subject X-One'/><drop headers='Server'/>"
	    "<asserted-identity uri='sip:gw@border.example'/>"
	    "<request-uri uri='sip:mcptt.bravo.example'/></handling>"
	    "</agreement>";
	(void)state;
	struct policy *p = tpolicy_need(NULL, text);
	const struct policy_handling *h =
	    policy_handling(p, TPOLICY_ALPHA, TPOLICY_BRAVO, TPOLICY_NOW);

	assert_true(h->hide_call_id && !h->drop_unknown);
	assert_false(h->access_token_drop);
	assert_int_equal(h->n_allow, 2);
	assert_string_equal(h->allow[0], "subject");
	assert_string_equal(h->allow[1], "x-one");
	assert_int_equal(h->n_drop, 1);
	assert_string_equal(h->asserted_identity, "sip:gw@border.example");
	assert_string_equal(h->request_uri, "sip:mcptt.bravo.example");
	static const uint16_t others[][2] = {
		{ TPOLICY_BRAVO, TPOLICY_ALPHA },
		{ TPOLICY_ALPHA, TPOLICY_CHARLIE },
		{ GW_SYSTEM_NONE, GW_SYSTEM_NONE },
	};
	for (size_t i = 0; i < GW_COUNT(others); i++) {
		h = policy_handling(p, others[i][0], others[i][1], TPOLICY_NOW);
		assert_true(h->drop_unknown && h->access_token_drop);
		assert_true(!h->hide_call_id && h->n_allow == 0);
		assert_null(h->asserted_identity);
	}
	policy_free(p);
}

/* A successor's handling holds from its first moment, without a reload. */
static void
handling_follows_the_agreement_in_force(void **state)
{
	static const char *const texts[] = {
		"<agreement xmlns='urn:mcxgw:agreement:1' id='new' serial='1'"
		" valid-from='2026-07-01T00:00:00Z'"
		" valid-until='2027-01-01T00:00:00Z'>" PARTIES "</agreement>",
		"<agreement xmlns='urn:mcxgw:agreement:1' id='old' serial='1'"
		" valid-from='2026-01-01T00:00:00Z'"
		" valid-until='2026-07-01T00:00:00Z'>" PARTIES
		"<handling from='alpha' to='bravo' access-token='pass'/>"
		"</agreement>",
	};
	const int64_t turn = INT64_C(1782864000000000);
	struct gw_diag *d = gw_diag_new();
	struct policy *p = tpolicy_make(NULL, texts, 2, d);

	(void)state;
	if (p == NULL)
		tpolicy_print(d);
	assert_non_null(p);
	for (int back = 0; back < 2; back++) {
		uint16_t from = back ? TPOLICY_BRAVO : TPOLICY_ALPHA;
		uint16_t to = back ? TPOLICY_ALPHA : TPOLICY_BRAVO;
		assert_int_equal(
		    policy_handling(p, from, to, turn - 1)->access_token_drop,
		    back);
		assert_true(
		    policy_handling(p, from, to, turn)->access_token_drop);
	}
	policy_free(p);
	gw_diag_free(d);
}

static void
limits_and_domains_are_told(void **state)
{
	(void)state;
	struct policy *p = tpolicy_need(local, agreement);

	assert_int_equal(policy_rules(p), 4);
	assert_string_equal(policy_rule_name(p, 0), "ab/calls");
	const struct policy_limit *l = policy_rule_limit(p, 0);
	assert_int_equal(l->rate, 5);
	assert_int_equal(l->window_s, 60);
	assert_int_equal(l->concurrent, 7);
	assert_int_equal(policy_domains(p), 5);
	const struct policy_domain *d =
	    policy_domain_find(p, GW_SPAN("KMS.Bravo.example"));
	assert_non_null(d);
	assert_int_equal(d->system, TPOLICY_BRAVO);
	assert_null(policy_domain_find(p, GW_SPAN("kms.x.example")));
	assert_int_equal(policy_clock_tolerance_us(p), 60000000);
	assert_int_equal(policy_replay_window_us(p), 120000000);
	assert_int_equal(policy_record(p)->decisions, POLICY_RECORD_EXTERNAL);
	assert_int_equal(
	    policy_system_of(p, GW_SPAN("sip:x@MCDATA.bravo.example;a=b")),
	    TPOLICY_BRAVO);
	assert_int_equal(
	    policy_system_of(p, GW_SPAN("tel:+1")), GW_SYSTEM_NONE);
	policy_free(p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_passes_or_refuses),
		cmocka_unit_test(opaque_info_is_for_the_rule_to_allow),
		cmocka_unit_test(a_redirect_lists_what_is_acceptable),
		cmocka_unit_test(revoked_and_refused_domains_are_not_offered),
		cmocka_unit_test(priorities_are_capped),
		cmocka_unit_test(a_refusal_tells_when_to_retry),
		cmocka_unit_test(the_called_side_is_under_the_callers_rule),
		cmocka_unit_test(a_dialog_stands_for_what_is_not_told),
		cmocka_unit_test(migrated_users_are_spoken_for),
		cmocka_unit_test(an_agreement_is_in_force_or_not),
		cmocka_unit_test(an_empty_policy_refuses_everything),
		cmocka_unit_test(a_refusal_never_widens),
		cmocka_unit_test(handling_follows_the_direction),
		cmocka_unit_test(handling_follows_the_agreement_in_force),
		cmocka_unit_test(limits_and_domains_are_told),
	};
	gw_xml_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
