/*
 * test_core_lookup_wait.c: what happens while requests wait for a lookup:
 * retransmissions, CANCEL, other settings, a crowd, services that fail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/lookups.h"
#include "support/tlookup.h"

#define CROWD 10000
#define SDP                                                                    \
	"v=0\r\no=- 0 0 IN IP4 10.0.0.1\r\ns=-\r\nc=IN IP4 10.0.0.1\r\n"       \
	"t=0 0\r\n"

static struct tlookup t;
static struct talk *talk = &t.talk;
static const struct tcall plain = { 0 };

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

static uint64_t
metric(enum metric id)
{
	return atomic_load(&core_metrics(talk->rig.core)->at[id]);
}

static const char *
bravo(void)
{
	return TLOOKUP_BODY(0, TLOOKUP_BRAVO);
}

/* A call about a user of its own waits. */
static void
call_about(unsigned n)
{
	char user[64];
	const struct tcall c = { .target = user, .uri = user, .idrr = user };

	snprintf(user, sizeof(user), "sip:u%u@mcptt.bravo.example", n);
	tlookup_call(&t, &c);
}

static void
knows(bool yes)
{
	tlookup_call(&t, &plain);
	if (yes)
		talk_crossed(talk, 5090);
	else
		tlookup_waits(&t);
}

/* The request that came last, with another method. */
static void
follows(const char *method)
{
	static char text[RIG_TEXT_MAX];
	char via[256], to[256], id[64];

	rig_field(t.raw, "Via", via, sizeof(via));
	rig_field(t.raw, "To", to, sizeof(to));
	rig_field(t.raw, "Call-ID", id, sizeof(id));
	snprintf(text, sizeof(text),
	    "%s " TCALL_BOB " SIP/2.0\nVia: %s\nMax-Forwards: 70\n"
	    "From: " TALK_ALICE "\nTo: %s\nCall-ID: %s\nCSeq: 1 %s\n"
	    "Content-Length: 0\n\n",
	    method, via, to, id, method);
	rig_in(&talk->rig, RIG_ALPHA, text);
}

/* ---- the transaction ---- */

static void
a_retransmission_is_absorbed(void **state)
{
	size_t sent;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	rig_in(&talk->rig, RIG_ALPHA, t.raw);
	talk_back(talk, 100);
	rig_wait(&talk->rig, 600, &sent);
	assert_int_equal(sent, 0);
	rig_in(&talk->rig, RIG_ALPHA, t.raw);
	talk_back(talk, 100);
	assert_int_equal(metric(METRIC_LOOKUP_QUESTIONS), 1);
	assert_int_equal(metric(METRIC_REQUESTS), 1);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	rig_in(&talk->rig, RIG_ALPHA, t.raw);
	talk_back(talk, 100);
	talk_answer(talk, RIG_BRAVO, 200, NULL, NULL);
	talk_back(talk, 200);
}

static void
others_than_invite_get_no_100_at_once(void **state)
{
	const struct tcall message = { .method = "MESSAGE", .bare = true };

	(void)state;
	tlookup_call(&t, &message);
	assert_int_equal(rig_count(&talk->rig), 1);
	tlookup_asks(&t, 0);
	rig_in(&talk->rig, RIG_ALPHA, t.raw);
	talk_nothing(talk);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	talk_has(talk->sent, "MESSAGE ");
}

static void
cancel_ends_the_wait(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	follows("CANCEL");
	assert_int_equal(rig_count(&talk->rig), 2);
	talk_has(rig_sent(&talk->rig, 0, NULL), "SIP/2.0 200 ");
	talk_has(rig_sent(&talk->rig, 1, NULL), "SIP/2.0 487 ");
	assert_int_equal(metric(METRIC_LOOKUP_WAITING), 0);
	follows("ACK");
	talk_nothing(talk);
	follows("CANCEL");
	talk_back(talk, 200);
	/* The answer is worth knowing all the same. */
	tlookup_answer(&t, 200, bravo());
	talk_nothing(talk);
	knows(true);
}

static void
it_is_decided_and_counted_once(void **state)
{
	(void)state;
	settings(
	    &(struct tlookup_settings){ .limit = "<limit rate=\"2/min\"/>" });
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	assert_int_equal(metric(METRIC_PERMITTED), 0);
	assert_int_equal(metric(METRIC_REFUSED), 0);
	assert_int_equal(metric(METRIC_KEYS_VALID), 0);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	assert_int_equal(metric(METRIC_PERMITTED), 1);
	assert_int_equal(metric(METRIC_REFUSED), 0);
	assert_int_equal(metric(METRIC_KEYS_VALID), 1);
	/* The rate has room for one more, no less and no more. */
	knows(true);
	tlookup_call(&t, &plain);
	talk_back(talk, 503);
	talk_has(talk->rig.sent, "over-rate");
}

static void
what_was_decided_can_be_asked_for(void **state)
{
	char id[32];
	struct gw_buf out;
	uint64_t n = 0;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, TLOOKUP_BODY(0, TLOOKUP_TAC));
	talk_back(talk, 488);
	const char *at = strstr(talk->rig.sent, "decision ");
	assert_non_null(at);
	snprintf(id, sizeof(id), "%.16s", at + strlen("decision "));
	for (size_t i = 0; i < 16; i++)
		n = n * 16 +
		    (uint64_t)(id[i] <= '9' ? id[i] - '0' : id[i] - 'a' + 10);
	gw_buf_init(&out, 65536);
	assert_true(core_why(talk->rig.core, n, false, &out));
	gw_buf_text(&out, "");
	gw_buf_add(&out, (struct gw_span){ (const uint8_t *)"", 1 });
	talk_has((const char *)out.p, "lookup service says");
	talk_lacks((const char *)out.p, "pending");
	gw_buf_clear(&out);
}

static void
a_dialog_may_wait_too(void **state)
{
	static char ok[RIG_TEXT_MAX], body[65536];
	char key[TCALL_KEY_MAX];
	struct talk_request again = { .method = "INVITE",
		.branch = "again",
		.type = "application/sdp",
		.body = body,
		.more = "Contact: <sip:a@10.9.8.7>\n" };
	size_t sent;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, TLOOKUP_BODY(60, TLOOKUP_BRAVO));
	talk_crossed(talk, 5090);
	talk_answer(talk, RIG_BRAVO, 200, "Contact: <sip:b@10.9.8.7>\n", NULL);
	talk_back(talk, 200);
	snprintf(ok, sizeof(ok), "%s", talk->rig.sent);
	rig_wait(&talk->rig, 61000, &sent);
	tcall_key(&t.calls, &plain, 4711, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	talk_inside(talk, RIG_ALPHA, ok, &again);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	talk_has(talk->sent, "INVITE ");
}

static void
an_ack_with_keys_does_not_wait(void **state)
{
	static char ok[RIG_TEXT_MAX], body[65536];
	char key[TCALL_KEY_MAX];
	struct talk_request ack = {
		.method = "ACK", .type = "application/sdp", .body = body
	};
	size_t sent;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, TLOOKUP_BODY(60, TLOOKUP_BRAVO));
	talk_crossed(talk, 5090);
	talk_answer(talk, RIG_BRAVO, 200, "Contact: <sip:b@10.9.8.7>\n", NULL);
	snprintf(ok, sizeof(ok), "%s", rig_sent(&talk->rig, 0, NULL));
	rig_wait(&talk->rig, 61000, &sent);
	tcall_key(&t.calls, &plain, 4711, key);
	snprintf(body, sizeof(body), SDP "a=key-mgmt:mikey %s\r\n", key);
	talk_inside(talk, RIG_ALPHA, ok, &ack);
	assert_int_equal(rig_count(&talk->rig), 1);
	tlookup_asks(&t, 0);
	tlookup_answer(&t, 200, bravo());
	talk_nothing(talk);
	talk_inside(talk, RIG_ALPHA, ok, &ack);
	talk_crossed(talk, 5090);
}

static void
draining_lets_it_finish(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	core_drain(talk->rig.core);
	assert_int_equal(core_open(talk->rig.core), 1);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	talk_answer(talk, RIG_BRAVO, 486, NULL, NULL);
	assert_int_equal(tlookup_count(&t), 0);
}

/* ---- many ---- */

/* How many of what was sent, and before, crossed. */
static size_t
crossed_of(const struct core_actions *all, size_t *crossed)
{
	assert_true(all->n <= CORE_ACTIONS_MAX);
	for (size_t i = 0; i < all->n; i++)
		*crossed += all->at[i].kind == CORE_SEND_HOP;
	return *crossed;
}

static void
a_crowd_asks_once_and_is_released_in_steps(void **state)
{
	size_t crossed = 0, turns = 0;
	bool more;

	(void)state;
	tlookup_again(&t, &plain);
	tlookup_waits(&t);
	for (unsigned i = 1; i < CROWD; i++) {
		tlookup_again(&t, &plain);
		talk_back(talk, 100);
	}
	assert_int_equal(metric(METRIC_LOOKUP_QUESTIONS), 1);
	assert_int_equal(metric(METRIC_LOOKUP_WAITING), CROWD);
	tlookup_answer(&t, 200, bravo());
	do {
		const struct core_actions *all = core_actions(talk->rig.core);
		more = crossed_of(all, &crossed) < CROWD;
		assert_true(!more || core_next_us(talk->rig.core) <=
					 talk->rig.now.mono_us);
		(void)core_tick(talk->rig.core, talk->rig.now);
		assert_true(++turns < CROWD);
	} while (more);
	assert_int_equal(crossed, CROWD);
	assert_int_equal(metric(METRIC_LOOKUP_QUESTIONS), 1);
	assert_int_equal(metric(METRIC_LOOKUP_WAITING), 0);
	assert_int_equal(metric(METRIC_LOOKUP_ASKED), CROWD);
}

static void
some_of_a_crowd_may_leave_while_it_is_released(void **state)
{
	size_t sent;

	(void)state;
	tlookup_again(&t, &plain);
	tlookup_waits(&t);
	for (unsigned i = 1; i < 200; i++)
		tlookup_again(&t, &plain);
	tlookup_answer(&t, 500, "");
	assert_true(metric(METRIC_LOOKUP_WAITING) > 0);
	follows("CANCEL"); /* of the last one */
	talk_has(rig_sent(&talk->rig, 1, NULL), "SIP/2.0 487 ");
	rig_wait(&talk->rig, 10, &sent);
	assert_int_equal(metric(METRIC_LOOKUP_WAITING), 0);
	assert_int_equal(metric(METRIC_LOOKUP_FAILED), 199);
}

static void
who_waits_is_bounded(void **state)
{
	(void)state;
	settings(&(struct tlookup_settings){ .lookups = "waiting=\"4\"" });
	tlookup_again(&t, &plain);
	tlookup_waits(&t);
	uint64_t ticket = t.ticket;
	tlookup_again(&t, &plain);
	talk_back(talk, 100);
	tlookup_again(&t, &plain);
	talk_back(talk, 503);
	talk_has(talk->rig.sent, "lookup-unsettled");
	call_about(1);
	assert_int_equal(metric(METRIC_LOOKUP_WAITING), 2);
	t.ticket = ticket;
	tlookup_answer(&t, 200, bravo());
	assert_int_equal(rig_count(&talk->rig), 2);
	assert_int_equal(metric(METRIC_LOOKUP_WAITING), 0);
}

static void
questions_are_bounded_too(void **state)
{
	(void)state;
	settings(&(struct tlookup_settings){ .lookups = "waiting=\"6\"" });
	for (unsigned i = 0; i < 3; i++) {
		call_about(i);
		tlookup_waits(&t);
		follows("CANCEL");
	}
	call_about(3);
	talk_back(talk, 503);
	assert_int_equal(metric(METRIC_LOOKUP_QUESTIONS), 3);
	assert_int_equal(metric(METRIC_LOOKUP_FLIGHTS), 3);
}

static void
those_who_wait_go_with_the_core(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 100; i++)
		tlookup_again(&t, &plain);
	tlookup_answer(&t, 200, bravo()); /* some are told, some not yet */
	for (unsigned i = 0; i < 100; i++)
		call_about(i);
	rig_restart(&talk->rig);
	knows(false);
}

/* ---- a service that fails ---- */

static void
a_service_that_is_down_is_asked_now_and_then(void **state)
{
	size_t sent;

	(void)state;
	settings(&(struct tlookup_settings){
	    .lookups = "failures=\"3\" down=\"10s\"" });
	for (unsigned i = 0; i < 3; i++) {
		call_about(i);
		tlookup_waits(&t);
		tlookup_silence(&t, "no endpoint can be reached");
		talk_back(talk, 503);
	}
	assert_int_equal(metric(METRIC_LOOKUP_DOWN), 1);
	for (unsigned i = 0; i < 1000; i++) {
		call_about(i % 50);
		talk_back(talk, 503);
	}
	assert_int_equal(metric(METRIC_LOOKUP_QUESTIONS), 3);
	/* One tries it; nobody else asks meanwhile. */
	rig_wait(&talk->rig, 10100, &sent);
	call_about(7);
	tlookup_waits(&t);
	call_about(8);
	talk_back(talk, 503);
	call_about(7);
	talk_back(talk, 100);
	tlookup_silence(&t, "no endpoint can be reached");
	assert_int_equal(rig_count(&talk->rig), 2);
	call_about(7);
	talk_back(talk, 503);
	/* The next one finds it well. */
	rig_wait(&talk->rig, 10100, &sent);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	call_about(9);
	tlookup_waits(&t);
	assert_int_equal(metric(METRIC_LOOKUP_QUESTIONS), 6);
}

/* Otherwise anybody could take it from all by asking about odd users. */
static void
a_refused_question_is_not_the_service_s_failure(void **state)
{
	static const unsigned statuses[] = { 400, 414, 422, 400 };

	(void)state;
	settings(&(struct tlookup_settings){ .lookups = "failures=\"2\"" });
	for (unsigned i = 0; i < GW_COUNT(statuses); i++) {
		call_about(i);
		tlookup_waits(&t);
		tlookup_answer(&t, statuses[i], "");
		talk_back(talk, 503);
	}
	assert_int_equal(metric(METRIC_LOOKUP_DOWN), 0);
	for (unsigned i = 0; i < 2; i++) {
		call_about(i);
		tlookup_waits(&t);
		tlookup_answer(&t, 429, "");
		talk_back(talk, 503);
	}
	assert_int_equal(metric(METRIC_LOOKUP_DOWN), 1);
}

static void
what_is_remembered_serves_while_it_is_down(void **state)
{
	(void)state;
	settings(&(struct tlookup_settings){ .lookups = "failures=\"1\"" });
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, bravo());
	call_about(1);
	tlookup_waits(&t);
	tlookup_silence(&t, "no endpoint can be reached");
	call_about(2);
	talk_back(talk, 503);
	knows(true);
	assert_false(lookups_well(talk->rig.core, talk->rig.snap,
	    rig_flow(&talk->rig, RIG_BRAVO).system));
}

static void
answers_to_nobody_are_ignored(void **state)
{
	(void)state;
	t.ticket = 12345;
	tlookup_answer(&t, 200, bravo());
	talk_nothing(talk);
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	uint64_t ticket = t.ticket;
	t.ticket ^= 1;
	tlookup_answer(&t, 200, bravo());
	talk_nothing(talk);
	t.ticket = ticket;
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	tlookup_answer(&t, 200, bravo());
	talk_nothing(talk);
}

/* ---- other settings ---- */

static const char elsewhere[] =
    "<lookup adapter=\"domain-lookup\" authority=\"lookup.bravo.example\">"
    "<endpoint address=\"127.0.0.1:8555\"/></lookup>\n";

static void
a_reload_keeps_what_did_not_change(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_reload(&t, &(struct tlookup_settings){ 0 });
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	tlookup_reload(
	    &t, &(struct tlookup_settings){ .lookups = "cache=\"200\"" });
	knows(true);
}

static void
a_reload_forgets_what_another_service_said(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, bravo());
	knows(true);
	tlookup_reload(&t, &(struct tlookup_settings){ .service = elsewhere });
	assert_int_equal(metric(METRIC_LOOKUP_ENTRIES), 1);
	knows(false);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	assert_int_equal(metric(METRIC_LOOKUP_ENTRIES), 1);
	/* What names mean counts as well. */
	tlookup_reload(
	    &t, &(struct tlookup_settings){ .service = elsewhere,
		    .maps = "<map kms=\"kms.b\" as=\"" TLOOKUP_BRAVO "\"/>" });
	knows(false);
	tlookup_answer(&t, 200, TLOOKUP_BODY(0, "kms.b"));
	talk_crossed(talk, 5090);
}

static void
who_waits_is_decided_by_its_own_settings(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_reload(&t, &(struct tlookup_settings){ .service = elsewhere });
	/* Who comes now does not wait for the old service. */
	tlookup_call(&t, &plain);
	uint64_t old = t.ticket;
	tlookup_waits(&t);
	uint64_t young = t.ticket;
	assert_int_not_equal(old, young);
	t.ticket = old;
	tlookup_answer(&t, 200, TLOOKUP_BODY(0, TLOOKUP_TAC));
	talk_back(talk, 488);
	talk_has(talk->rig.sent, "receiver domains: " TLOOKUP_TAC "\"");
	/* The old answer is worth nothing to the new ones. */
	t.ticket = young;
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	knows(true);
}

static void
a_service_may_go_while_it_is_asked(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_reload(&t, &(struct tlookup_settings){ .service = "" });
	tlookup_call(&t, &plain);
	talk_back(talk, 503);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	tlookup_reload(&t, &(struct tlookup_settings){ 0 });
	knows(false);
}

/* ---- the operator ---- */

static size_t
flush(const char *user)
{
	return lookups_flush(talk->rig.core, gw_span_of(user), talk->rig.now);
}

static void
it_can_be_flushed(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 5; i++) {
		call_about(i);
		tlookup_asks(&t, 0);
		char user[64];
		snprintf(user, sizeof(user), "sip:u%u@mcptt.bravo.example", i);
		tlookup_answer(&t, 200,
		    tlookup_body(
			user, 0, 1, (const char *const[]){ TLOOKUP_BRAVO }));
	}
	assert_int_equal(flush("sip:nobody@mcptt.bravo.example"), 0);
	assert_int_equal(flush("sip:x@elsewhere.example"), 0);
	assert_int_equal(flush("sip:U3@mcptt.bravo.example"), 0);
	assert_int_equal(flush("sip:u3@MCPTT.bravo.example"), 1);
	call_about(3);
	tlookup_waits(&t);
	call_about(4);
	talk_crossed(talk, 5090);
	assert_int_equal(flush(""), 5);
	assert_int_equal(metric(METRIC_LOOKUP_ENTRIES), 0);
	call_about(4);
	tlookup_waits(&t);
}

static void
what_is_flushed_while_it_is_asked_is_not_learnt(void **state)
{
	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	assert_int_equal(flush(TCALL_BOB), 1);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	knows(false);
	assert_int_equal(flush(""), 1);
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	knows(false);
}

/* Nor is what was said before used until the answer is there. */
static void
what_is_flushed_is_asked_about_anew(void **state)
{
	size_t sent;

	(void)state;
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	tlookup_answer(&t, 200, TLOOKUP_BODY(100, TLOOKUP_BRAVO));
	rig_wait(&talk->rig, 81000, &sent);
	tlookup_call(&t, &plain); /* it is soon to lapse: a question beside */
	tlookup_asks(&t, 0);
	uint64_t old = t.ticket;
	assert_int_equal(flush(TCALL_BOB), 1);
	assert_int_equal(flush(TCALL_BOB), 0);
	assert_int_equal(flush(""), 0);
	assert_int_equal(metric(METRIC_LOOKUP_ENTRIES), 0);
	knows(false);
	uint64_t young = t.ticket;
	assert_int_not_equal(old, young);
	t.ticket = old;
	tlookup_answer(&t, 200, bravo());
	talk_nothing(talk);
	assert_int_equal(metric(METRIC_LOOKUP_ENTRIES), 1);
	t.ticket = young;
	tlookup_answer(&t, 200, bravo());
	talk_crossed(talk, 5090);
	knows(true);
}

static void
shows(const char *user, bool json, bool known, const char *part)
{
	struct gw_buf out;

	gw_buf_init(&out, 65536);
	assert_int_equal(lookups_show(talk->rig.core, gw_span_of(user), json,
			     talk->rig.now, &out),
	    known);
	gw_buf_add(&out, (struct gw_span){ (const uint8_t *)"", 1 });
	assert_true(gw_buf_ok(&out));
	talk_has((const char *)out.p, part);
	gw_buf_clear(&out);
}

static void
it_can_be_shown(void **state)
{
	size_t sent;

	(void)state;
	shows(TCALL_BOB, false, false, "nothing is remembered of the user\n");
	shows("sip:x@y.example", true, false, "the user is of no system");
	tlookup_call(&t, &plain);
	tlookup_waits(&t);
	shows(TCALL_BOB, true, true, "\"asking\":true");
	tlookup_answer(
	    &t, 200, TLOOKUP_BODY(60, TLOOKUP_BRAVO ">" TLOOKUP_ALPHA));
	rig_wait(&talk->rig, 1000, &sent);
	shows(TCALL_BOB, false, true,
	    "answered 1000 ms ago, holds for 59000 ms more\n"
	    "domain " TLOOKUP_BRAVO ", permits: " TLOOKUP_ALPHA "\n");
	shows("sip:bob@MCPTT.bravo.example;a=b", true, true,
	    "{\"user\":\"" TCALL_BOB "\",\"system\":\"bravo\",\"asking\":false,"
	    "\"age_ms\":1000,\"left_ms\":59000,\"domains\":[{\"domain\":"
	    "\"" TLOOKUP_BRAVO "\",\"external\":[\"" TLOOKUP_ALPHA "\"]}]}\n");
	shows("", false, true, "bravo: domain-lookup, up, 1 users, 0 failures");
	shows("", true, true,
	    "{\"services\":[{\"system\":\"bravo\",\"adapter\":"
	    "\"domain-lookup\",\"state\":\"up\",\"users\":1,\"failures\":0}]}");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_retransmission_is_absorbed),
		TEST(others_than_invite_get_no_100_at_once),
		TEST(cancel_ends_the_wait),
		TEST(it_is_decided_and_counted_once),
		TEST(what_was_decided_can_be_asked_for),
		TEST(a_dialog_may_wait_too),
		TEST(an_ack_with_keys_does_not_wait),
		TEST(draining_lets_it_finish),
		TEST(a_crowd_asks_once_and_is_released_in_steps),
		TEST(some_of_a_crowd_may_leave_while_it_is_released),
		TEST(who_waits_is_bounded),
		TEST(questions_are_bounded_too),
		TEST(those_who_wait_go_with_the_core),
		TEST(a_service_that_is_down_is_asked_now_and_then),
		TEST(a_refused_question_is_not_the_service_s_failure),
		TEST(what_is_remembered_serves_while_it_is_down),
		TEST(answers_to_nobody_are_ignored),
		TEST(a_reload_keeps_what_did_not_change),
		TEST(a_reload_forgets_what_another_service_said),
		TEST(who_waits_is_decided_by_its_own_settings),
		TEST(a_service_may_go_while_it_is_asked),
		TEST(it_can_be_flushed),
		TEST(what_is_flushed_while_it_is_asked_is_not_learnt),
		TEST(what_is_flushed_is_asked_about_anew),
		TEST(it_can_be_shown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
