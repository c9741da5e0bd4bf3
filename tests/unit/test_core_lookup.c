/*
 * test_core_lookup.c: calls that are decided by what the lookup service of the
 * called user says, or does not say; and `explain` says the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include "support/tlookup.h"

#define SERVICE(attributes)                                                    \
	"<lookup " attributes "><endpoint address=\"127.0.0.1:8444\"/>"        \
	"</lookup>\n"

static struct tlookup t;
static struct talk *talk = &t.talk;

static int
set_up(void **state)
{
	(void)state;
	tlookup_open(&t, &(struct tlookup_settings){ 0 });
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	tlookup_close(&t);
	return 0;
}

static void
settings(const struct tlookup_settings *s)
{
	tlookup_close(&t);
	tlookup_open(&t, s);
}

static const struct tcall plain = { 0 };

/* A call waits, and the service says that. */
static void
decide(const struct tcall *c, const char *body)
{
	tlookup_call(&t, c);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, body);
}

/* ---- what the answer says ---- */

static void
one_domain_that_the_call_uses(void **state)
{
	const char *body = TLOOKUP_BODY(0, TLOOKUP_BRAVO);

	(void)state;
	decide(&plain, body);
	talk_crossed(talk, 5090);
	tlookup_explains(&t, "file", body);
	talk_lacks(talk->sent, "lookup");
}

static void
answers_of_all_kinds(void **state)
{
	static const struct {
		const char *kmsr; /* of the call; NULL: kms.bravo */
		const char *body[3];
		unsigned status; /* 0: it crosses */
		const char *says;
	} rows[] = {
		/* in several domains, and in one of them */
		{ TLOOKUP_TAC, { TLOOKUP_BRAVO, TLOOKUP_TAC }, 0, "" },
		{ TLOOKUP_TAC, { TLOOKUP_BRAVO }, 488,
		    "receiver domains: " TLOOKUP_BRAVO "\"" },
		/* the agreement's order of preference, not the answer's */
		{ "kms.other.example", { TLOOKUP_BRAVO, TLOOKUP_TAC }, 488,
		    "receiver domains: " TLOOKUP_TAC " " TLOOKUP_BRAVO "\"" },
		/* in none */
		{ NULL, { NULL }, 488, "receiver domains:\"" },
		/* in one that the rule does not permit */
		{ TLOOKUP_OLD, { TLOOKUP_OLD }, 488, "receiver domains:\"" },
		/* external domains: not given, given, none, others */
		{ NULL, { TLOOKUP_BRAVO ">" TLOOKUP_ALPHA }, 0, "" },
		{ NULL, { TLOOKUP_BRAVO ">kms.c," TLOOKUP_ALPHA }, 0, "" },
		{ NULL, { TLOOKUP_BRAVO ">" }, 488, "receiver domains:\"" },
		{ NULL, { TLOOKUP_BRAVO ">kms.c", TLOOKUP_TAC }, 488,
		    "receiver domains: " TLOOKUP_TAC "\"" },
		/* it lies: no domain of bravo's in the agreement */
		{ "kms.liar.example", { "kms.liar.example" }, 488,
		    "receiver domains:\"" },
		{ NULL, { "kms.liar.example", TLOOKUP_BRAVO }, 0, "" },
		{ TLOOKUP_ALPHA, { TLOOKUP_ALPHA }, 488,
		    "receiver domains:\"" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		char user[64], text[8192];
		struct tcall c = { .kmsr = rows[i].kmsr, .target = user };
		size_t n = 0;

		snprintf(user, sizeof(user), "sip:u%zu@mcptt.bravo.example", i);
		c.idrr = c.uri = user;
		while (n < 3 && rows[i].body[n] != NULL)
			n++;
		snprintf(text, sizeof(text), "%s",
		    tlookup_body(user, 0, n, rows[i].body));
		decide(&c, text);
		tlookup_explains(&t, "file", text);
		if (rows[i].status == 0) {
			talk_crossed(talk, 5090);
			continue;
		}
		talk_back(talk, rows[i].status);
		talk_has(talk->rig.sent, rows[i].says);
		if (n == 0)
			tlookup_explains(&t, "unknown", NULL);
	}
}

static void
a_redirect_tells_what_the_answer_leaves(void **state)
{
	const char *body = TLOOKUP_BODY(0, TLOOKUP_TAC);

	(void)state;
	decide(&plain, body);
	talk_back(talk, 488);
	talk_has(talk->rig.sent, "KmsRedirectResponse");
	talk_has(talk->rig.sent, "receiver-domain; decision");
	tlookup_explains(&t, "file", body);
}

/* ---- no answer ---- */

static void
without_an_answer_the_rule_refuses(void **state)
{
	static const struct {
		unsigned status;
		const char *body;
	} rows[] = {
		{ 500, "" },
		{ 200, "<html>It works</html>" },
		{ 200, "" },
		{ 200, "<domain-lookup xmlns=\"urn:mcxgw:domain-lookup:1\""
		       " user=\"sip:other@mcptt.bravo.example\">"
		       "<domain kms=\"" TLOOKUP_BRAVO "\"/></domain-lookup>" },
	};

	(void)state;
	settings(&(struct tlookup_settings){ .lookups = "failures=\"1000\"" });
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		tlookup_call(&t, &plain);
		tlookup_waits(&t);
		tlookup_answer(&t, rows[i].status, rows[i].body);
		talk_back(talk, 503);
		talk_has(talk->rig.sent, "lookup-unsettled; decision");
		talk_has(talk->rig.sent, "Retry-After: ");
		tlookup_explains(&t, "down", NULL);
		if (rows[i].status == 200)
			tlookup_explains(&t, "file", rows[i].body);
	}
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_silence(&t, "no endpoint can be reached");
	talk_back(talk, 503);
	tlookup_explains(&t, "down", NULL);
}

static void
the_agreement_serves_where_the_rule_says_so(void **state)
{
	const struct tcall other = { .kmsr = "kms.other.example" };

	(void)state;
	settings(&(struct tlookup_settings){
	    .rule = "lookup=\"always\" lookup-failure=\"agreement\"" });
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_silence(&t, "no endpoint can be reached");
	talk_crossed(talk, 5090);
	tlookup_explains(&t, "down", NULL);
	tlookup_call(&t, &other);
	tlookup_waits(&t);
	tlookup_silence(&t, "no endpoint can be reached");
	talk_back(talk, 488);
	talk_has(talk->rig.sent,
	    "receiver domains: " TLOOKUP_TAC " " TLOOKUP_BRAVO "\"");
	tlookup_explains(&t, "down", NULL);
}

static void
a_slow_service_answers_in_time_or_not_at_all(void **state)
{
	const char *body = TLOOKUP_BODY(0, TLOOKUP_BRAVO);
	size_t sent;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	rig_wait(&talk->rig, 1900, &sent);
	assert_int_equal(sent, 0);
	tlookup_answer(&t, 200, body);
	talk_crossed(talk, 5090);

	rig_wait(&talk->rig, 400000, &sent);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	rig_wait(&talk->rig, 1990, &sent);
	assert_int_equal(sent, 0);
	assert_true(rig_next(&talk->rig, 20));
	assert_int_equal(rig_count(&talk->rig), 1);
	assert_int_equal(
	    core_actions(talk->rig.core)->at[0].kind, CORE_ASK_DROP);
	assert_int_equal(core_actions(talk->rig.core)->at[0].ticket, t.ticket);
	assert_true(rig_next(&talk->rig, 1));
	talk_back(talk, 503);
	tlookup_explains(&t, "down", NULL);
	/* It comes late: nobody waits, nothing is learnt. */
	tlookup_answer(&t, 200, body);
	talk_nothing(talk);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
}

static void
no_service_no_answer(void **state)
{
	(void)state;
	settings(&(struct tlookup_settings){ .service = "" });
	tlookup_call(&t, &plain);
	talk_back(talk, 503);
	talk_has(talk->rig.sent, "lookup-unsettled; ");
	tlookup_explains(&t, NULL, NULL);
	settings(&(struct tlookup_settings){ .service = "",
	    .rule = "lookup=\"always\" lookup-failure=\"agreement\"" });
	tlookup_call(&t, &plain);
	talk_crossed(talk, 5090);
	tlookup_explains(&t, NULL, NULL);
}

static void
explain_without_an_answer_says_that_one_is_needed(void **state)
{
	const struct gw_verdict *v;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	v = tlookup_explain(&t, NULL, NULL);
	assert_int_equal(v->outcome, GW_REFUSE);
	assert_int_equal(v->reason, GW_REASON_LOOKUP_PENDING);
}

/* ---- when it is asked ---- */

static void
known_domains_are_not_looked_up_when_unknown(void **state)
{
	const struct tcall other = { .kmsr = "kms.other.example" };
	const char *body = TLOOKUP_BODY(0, TLOOKUP_TAC);

	(void)state;
	settings(
	    &(struct tlookup_settings){ .rule = "lookup=\"when-unknown\"" });
	tlookup_call(&t, &plain);
	talk_crossed(talk, 5090);
	tlookup_explains(&t, NULL, NULL);
	decide(&other, body);
	talk_back(talk, 488);
	talk_has(talk->rig.sent, "receiver domains: " TLOOKUP_TAC "\"");
	tlookup_explains(&t, "file", body);
}

static void
what_is_refused_anyway_is_not_looked_up(void **state)
{
	const struct tcall forged = { .damage = TCALL_TAMPERED };
	const struct tcall bare = { .damage = TCALL_NO_KEY };
	const struct tcall nowhere = { .target = "sip:x@mcptt.nowhere.example",
		.uri = "sip:x@mcptt.nowhere.example" };
	const struct tcall *const all[] = { &forged, &bare, &nowhere };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(all); i++) {
		tlookup_call(&t, all[i]);
		assert_int_equal(rig_count(&talk->rig), 1);
		assert_int_equal(tlookup_count(&t), 0);
		tlookup_explains(&t, NULL, NULL);
	}
}

static void
names_are_mapped_on_the_way_out_and_in(void **state)
{
	const char *body = tlookup_body("sip:0815@intern.bravo.example", 0, 1,
	    (const char *const[]){ "kms1.intern>" TLOOKUP_ALPHA });

	(void)state;
	settings(&(struct tlookup_settings){
	    .maps = "<map user=\"sip:0815@intern.bravo.example\""
		    " as=\"" TCALL_BOB "\"/>"
		    "<map kms=\"kms1.intern\" as=\"" TLOOKUP_BRAVO "\"/>" });
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	talk_has(t.path, "0815");
	talk_lacks(t.path, "bob");
	tlookup_answer(&t, 200, body);
	talk_crossed(talk, 5090);
	tlookup_explains(&t, "file", body);
}

static void
other_dialects_are_spoken(void **state)
{
	static const char json[] =
	    "{\"user\":\"" TCALL_BOB "\",\"domains\":[{\"kms\":\"" TLOOKUP_TAC
	    "\"}]}";

	(void)state;
	settings(&(struct tlookup_settings){
	    .service = SERVICE("adapter=\"domain-lookup-json\"") });
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	struct gw_http_response r = { .status = 200,
		.content_type = GW_SPAN("application/json"),
		.body = gw_span_of(json) };
	core_heard(talk->rig.core, t.ticket, &r, talk->rig.now);
	talk_back(talk, 488);
	talk_has(talk->rig.sent, "receiver domains: " TLOOKUP_TAC "\"");
	tlookup_explains(&t, "file", json);
	/* explain reads any dialect. */
	tlookup_explains(&t, "file", TLOOKUP_BODY(0, TLOOKUP_TAC));

	settings(&(struct tlookup_settings){
	    .service = SERVICE("adapter=\"kms\" kms=\"kms.bravo.example\""
			       " prefix=\"/a/b\"") });
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	talk_has(t.path, "/a/b/keymanagement/identity/v1/lookup");
}

/* ---- what is remembered ---- */

static void
an_answer_is_remembered_for_its_time(void **state)
{
	const char *body = TLOOKUP_BODY(60, TLOOKUP_BRAVO);
	size_t sent;

	(void)state;
	decide(&plain, body);
	talk_crossed(talk, 5090);
	tlookup_call(&t, &plain);
	talk_crossed(talk, 5090);
	tlookup_call(&t, &(struct tcall){ .kmsr = TLOOKUP_TAC });
	talk_back(talk, 488);
	tlookup_explains(&t, "file", body);
	rig_wait(&talk->rig, 61000, &sent);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
}

static void
nobody_is_remembered_shorter(void **state)
{
	size_t sent;

	(void)state;
	settings(&(struct tlookup_settings){ .lookups = "negative=\"5s\"" });
	decide(&plain, tlookup_nobody());
	talk_back(talk, 488);
	tlookup_call(&t, &plain);
	talk_back(talk, 488);
	rig_wait(&talk->rig, 5100, &sent);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
}

static void
a_time_to_live_is_believed_up_to_a_limit(void **state)
{
	size_t sent;

	(void)state;
	settings(&(struct tlookup_settings){
	    .lookups = "ttl=\"10s\" ttl-max=\"20s\" negative=\"1s\"" });
	decide(&plain, TLOOKUP_BODY(1000, TLOOKUP_BRAVO));
	talk_crossed(talk, 5090);
	rig_wait(&talk->rig, 20100, &sent);
	decide(&plain, TLOOKUP_BODY(0, TLOOKUP_BRAVO));
	talk_crossed(talk, 5090);
	rig_wait(&talk->rig, 10100, &sent);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
}

static void
spellings_of_one_user_are_one(void **state)
{
	(void)state;
	decide(&plain, TLOOKUP_BODY(0, TLOOKUP_BRAVO));
	talk_crossed(talk, 5090);
	tlookup_call(&t,
	    &(struct tcall){ .target = "sip:%62ob@MCPTT.Bravo.example;x=y" });
	talk_crossed(talk, 5090);
}

static void
it_is_asked_again_before_it_lapses(void **state)
{
	size_t sent;

	(void)state;
	decide(&plain, TLOOKUP_BODY(100, TLOOKUP_BRAVO));
	rig_wait(&talk->rig, 79000, &sent);
	tlookup_call(&t, &plain);
	talk_crossed(talk, 5090);
	rig_wait(&talk->rig, 2000, &sent);
	/* One question beside the call, which does not wait. */
	tlookup_call(&t, &plain);
	assert_int_equal(rig_count(&talk->rig), 2);
	tlookup_asks(&t, 0);
	talk_has(rig_sent(&talk->rig, 1, NULL), "INVITE ");
	tlookup_call(&t, &plain);
	talk_crossed(talk, 5090);
	tlookup_answer(&t, 200, TLOOKUP_BODY(100, TLOOKUP_TAC));
	talk_nothing(talk);
	tlookup_call(&t, &plain);
	talk_back(talk, 488);
	/* That one holds as long again. */
	rig_wait(&talk->rig, 70000, &sent);
	tlookup_call(&t, &plain);
	talk_back(talk, 488);
}

static void
a_refresh_that_fails_is_not_repeated(void **state)
{
	size_t sent;

	(void)state;
	decide(&plain, TLOOKUP_BODY(100, TLOOKUP_BRAVO));
	rig_wait(&talk->rig, 85000, &sent);
	tlookup_call(&t, &plain);
	tlookup_asks(&t, 0);
	tlookup_silence(&t, "no endpoint can be reached");
	talk_nothing(talk);
	for (unsigned i = 0; i < 10; i++) {
		tlookup_call(&t, &plain);
		talk_crossed(talk, 5090);
	}
	/* To its end, and no longer. */
	rig_wait(&talk->rig, 15100, &sent);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
}

static void
nobody_uses_it_nobody_asks_again(void **state)
{
	size_t sent;

	(void)state;
	decide(&plain, TLOOKUP_BODY(100, TLOOKUP_BRAVO));
	talk_crossed(talk, 5090);
	talk_answer(talk, RIG_BRAVO, 486, NULL, NULL);
	rig_wait(&talk->rig, 200000, &sent);
	assert_int_equal(
	    atomic_load(
		&core_metrics(talk->rig.core)->at[METRIC_LOOKUP_QUESTIONS]),
	    1);
}

static void
a_static_service_answers_at_once(void **state)
{
	char path[128];
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "/tmp/mcxgw-lookup-%d.xml", (int)getpid());
	f = fopen(path, "w");
	assert_non_null(f);
	fprintf(f, "<lookup xmlns=\"urn:mcxgw:lookup:1\">"
		   "<user uri=\"" TCALL_BOB "\"><domain kms=\"" TLOOKUP_TAC
		   "\"/></user></lookup>\n");
	assert_int_equal(fclose(f), 0);
	char service[256];
	snprintf(service, sizeof(service),
	    "<lookup adapter=\"static\" file=\"%s\"/>", path);
	settings(&(struct tlookup_settings){ .service = service });
	tlookup_call(&t, &plain);
	talk_back(talk, 488);
	talk_has(talk->rig.sent, "receiver domains: " TLOOKUP_TAC "\"");
	tlookup_explains(&t, NULL, NULL);
	tlookup_call(&t, &(struct tcall){ .kmsr = TLOOKUP_TAC });
	talk_crossed(talk, 5090);
	tlookup_explains(&t, NULL, NULL);
	tlookup_call(
	    &t, &(struct tcall){ .target = "sip:no@mcptt.bravo.example",
		    .idrr = "sip:no@mcptt.bravo.example" });
	talk_back(talk, 488);
	talk_has(talk->rig.sent, "receiver domains:\"");
	tlookup_explains(&t, NULL, NULL);
	unlink(path);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(one_domain_that_the_call_uses),
		TEST(answers_of_all_kinds),
		TEST(a_redirect_tells_what_the_answer_leaves),
		TEST(without_an_answer_the_rule_refuses),
		TEST(the_agreement_serves_where_the_rule_says_so),
		TEST(a_slow_service_answers_in_time_or_not_at_all),
		TEST(no_service_no_answer),
		TEST(explain_without_an_answer_says_that_one_is_needed),
		TEST(known_domains_are_not_looked_up_when_unknown),
		TEST(what_is_refused_anyway_is_not_looked_up),
		TEST(names_are_mapped_on_the_way_out_and_in),
		TEST(other_dialects_are_spoken),
		TEST(an_answer_is_remembered_for_its_time),
		TEST(nobody_is_remembered_shorter),
		TEST(a_time_to_live_is_believed_up_to_a_limit),
		TEST(spellings_of_one_user_are_one),
		TEST(it_is_asked_again_before_it_lapses),
		TEST(a_refresh_that_fails_is_not_repeated),
		TEST(nobody_uses_it_nobody_asks_again),
		TEST(a_static_service_answers_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
