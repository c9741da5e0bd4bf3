/*
 * test_core.c: scenarios of the engine under a fake clock.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/rig.h"

/* Any message between the two is permitted, without keys. */
static const char permits[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"out\">"
    "<communication service=\"mcptt\" kind=\"private message other\"/>"
    "<initiator match=\"sip:*@alpha.example\"/>"
    "<target match=\"sip:*@bravo.example\"/>"
    "<domains initiator=\"kms.alpha.example\""
    " receiver=\"kms.bravo.example\"/>"
    "<key-message presence=\"optional\" signature=\"off\"/>"
    "<limit concurrent=\"20\"/>"
    "</permit>\n";

#define ICSI "P-Asserted-Service: urn:urn-7:3gpp-service.ims.icsi.mcptt\n"

static const char invite[] =
    "INVITE sip:bob@bravo.example SIP/2.0\n"
    "Via: SIP/2.0/UDP pcscf.inner.alpha:5080;branch=z9hG4bKaaa;rport\n"
    "Via: SIP/2.0/UDP ue.inner.alpha;branch=z9hG4bKzzz\n"
    "Record-Route: <sip:proxy1.inner.alpha;lr>\n"
    "Max-Forwards: 70\n"
    "From: <sip:alice@alpha.example>;tag=a1\n"
    "To: <sip:bob@bravo.example>\n"
    "Call-ID: call-1\n"
    "CSeq: 1 INVITE\n"
    "Contact: <sip:alice@10.1.2.3:5062>;+g.3gpp.mcptt\n"
    "P-Asserted-Identity: <sip:alice@alpha.example>\n" ICSI
    "Content-Type: application/vnd.3gpp.mcptt-info+xml\n"
    "Content-Length: 122\n"
    "\n"
    "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>"
    "<session-type>private</session-type></mcptt-Params>"
    "</mcpttinfo>";

static const char message[] =
    "MESSAGE sip:bob@bravo.example SIP/2.0\n"
    "Via: SIP/2.0/UDP pcscf.inner.alpha:5080;branch=z9hG4bKm1;rport\n"
    "Max-Forwards: 70\n"
    "From: <sip:alice@alpha.example>;tag=m1\n"
    "To: <sip:bob@bravo.example>\n"
    "Call-ID: msg-1\n"
    "CSeq: 1 MESSAGE\n"
    "P-Asserted-Identity: <sip:alice@alpha.example>\n" ICSI
    "Content-Length: 0\n\n";

static struct rig rig;
static char sent[RIG_TEXT_MAX]; /* the request as it left */
static char text[RIG_TEXT_MAX];

static int
set_up(void **state)
{
	(void)state;
	rig_open(&rig, permits);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&rig);
	return 0;
}

static void
assert_holds(const char *haystack, const char *needle)
{
	if (strstr(haystack, needle) == NULL)
		fail_msg("no \"%s\" in:\n%s", needle, haystack);
}

static void
assert_lacks(const char *haystack, const char *needle)
{
	if (strstr(haystack, needle) != NULL)
		fail_msg("\"%s\" in:\n%s", needle, haystack);
}

/* A request goes in at alpha and out to the hop at port; kept in sent. */
static void
crosses(const char *request, unsigned port)
{
	unsigned hop;

	rig_in(&rig, RIG_ALPHA, request);
	assert_int_equal(rig_count(&rig), 1);
	snprintf(sent, sizeof(sent), "%s", rig_sent(&rig, 0, &hop));
	assert_int_equal(hop, port);
}

/* bravo answers `sent`. */
static void
answer(unsigned status, const char *more)
{
	char via[4096], from[256], to[256], call_id[256], cseq[64], rr[4096];
	bool routed = strstr(sent, "Record-Route:") != NULL;

	rig_field(sent, "Via", via, sizeof(via));
	rig_field(sent, "From", from, sizeof(from));
	rig_field(sent, "To", to, sizeof(to));
	rig_field(sent, "Call-ID", call_id, sizeof(call_id));
	rig_field(sent, "CSeq", cseq, sizeof(cseq));
	if (routed)
		rig_field(sent, "Record-Route", rr, sizeof(rr));
	snprintf(text, sizeof(text),
	    "SIP/2.0 %u Said\nVia: %s\n%s%s%s%sFrom: %s\nTo: %s%s\nCall-ID: "
	    "%s\nCSeq: %s\n%sContent-Length: 0\n\n",
	    status, via,
	    routed ? "Record-Route: <sip:as.inner.bravo;lr>\n" : "",
	    routed ? "Record-Route: " : "", routed ? rr : "",
	    routed ? "\n" : "", from, to,
	    strstr(to, "tag=") == NULL ? ";tag=b1" : "", call_id, cseq, more);
	rig_in(&rig, RIG_BRAVO, text);
}

#define BOB_CONTACT "Contact: <sip:bob@192.168.7.7:5063>\n"

/* Only one message, it goes back, and its status is that. */
static void
goes_back(unsigned status)
{
	char line[32];
	unsigned hop;

	assert_int_equal(rig_count(&rig), 1);
	snprintf(line, sizeof(line), "SIP/2.0 %u ", status);
	const char *out = rig_sent(&rig, 0, &hop);
	assert_int_equal(hop, 0);
	if (strncmp(out, line, strlen(line)) != 0)
		fail_msg("not %u:\n%s", status, out);
}

static void
a_call_crosses_and_hides_both_insides(void **state)
{
	(void)state;
	crosses(invite, 5090);
	assert_lacks(sent, "inner.alpha");
	assert_lacks(sent, "10.1.2.3");
	assert_holds(sent, "Via: SIP/2.0/UDP out.gw.example:5070;branch=");
	assert_holds(sent, "Max-Forwards: 69\r\n");
	assert_holds(sent, "+g.3gpp.mcptt");

	answer(180, BOB_CONTACT);
	goes_back(180);
	answer(200, BOB_CONTACT);
	goes_back(200);
	const char *out = rig.sent;
	assert_lacks(out, "inner.bravo");
	assert_lacks(out, "192.168.7.7");
	assert_holds(out, "Via: SIP/2.0/UDP pcscf.inner.alpha:5080;"
			  "branch=z9hG4bKaaa;");
	assert_holds(out, "received=127.0.0.1");
	assert_holds(out, "rport=5080");
	assert_holds(out, "Via: SIP/2.0/UDP ue.inner.alpha;branch=z9hG4bKzzz");
	assert_holds(out, "<sip:proxy1.inner.alpha;lr>");
}

/* A request inside the dialog that `dialog` (a 200, or the INVITE as it
 * left) established, from its receiver. */
static void
in_dialog(const char *dialog, const char *method, const char *from,
    const char *to, bool caller)
{
	char contact[4096], rr[4096], uri[4096], *end;

	rig_field(dialog, "Contact", contact, sizeof(contact));
	rig_field(dialog, "Record-Route", rr, sizeof(rr));
	snprintf(uri, sizeof(uri), "%s", strchr(contact, '<') + 1);
	end = strchr(uri, '>');
	*end = '\0';
	snprintf(text, sizeof(text),
	    "%s %s SIP/2.0\nVia: SIP/2.0/UDP peer.inner:5099;branch="
	    "z9hG4bK%s%s\nMax-Forwards: 70\nRoute: %s\nFrom: %s\nTo: "
	    "%s\nCall-ID: call-1\nCSeq: 7 %s\nContent-Length: 0\n\n",
	    method, uri, method, caller ? "c" : "d", rr, from, to, method);
	rig_in(&rig, caller ? RIG_ALPHA : RIG_BRAVO, text);
}

#define ALICE "<sip:alice@alpha.example>;tag=a1"
#define BOB   "<sip:bob@bravo.example>;tag=b1"

static void
establish(char ok[RIG_TEXT_MAX])
{
	crosses(invite, 5090);
	answer(200, BOB_CONTACT);
	goes_back(200);
	snprintf(ok, RIG_TEXT_MAX, "%s", rig.sent);
}

static void
check_bye_from_both_sides(const char *ok)
{
	unsigned hop;

	in_dialog(ok, "BYE", ALICE, BOB, true);
	assert_int_equal(rig_count(&rig), 1);
	const char *out = rig_sent(&rig, 0, &hop);
	assert_int_equal(hop, 5090);
	assert_holds(out, "BYE sip:bob@192.168.7.7:5063 SIP/2.0\r\n");
	assert_holds(out, "Route: <sip:as.inner.bravo;lr>\r\n");
	assert_lacks(out, "peer.inner");

	in_dialog(sent, "BYE", BOB, ALICE, false);
	assert_int_equal(rig_count(&rig), 1);
	out = rig_sent(&rig, 0, &hop);
	assert_int_equal(hop, 5080);
	assert_holds(out, "BYE sip:alice@10.1.2.3:5062 SIP/2.0\r\n");
	assert_holds(out, "Route: <sip:proxy1.inner.alpha;lr>\r\n");
}

static void
a_dialog_goes_on_from_both_sides(void **state)
{
	static char ok[RIG_TEXT_MAX];

	(void)state;
	establish(ok);
	check_bye_from_both_sides(ok);
}

static void
a_dialog_survives_a_restart(void **state)
{
	static char ok[RIG_TEXT_MAX];

	(void)state;
	establish(ok);
	rig_restart(&rig);
	check_bye_from_both_sides(ok);
}

static void
a_response_finds_its_way_after_a_restart(void **state)
{
	(void)state;
	crosses(invite, 5090);
	rig_restart(&rig);
	answer(200, BOB_CONTACT);
	goes_back(200);
	assert_holds(rig.sent, "ue.inner.alpha;branch=z9hG4bKzzz");
}

static void
the_ack_of_a_200_passes_without_a_transaction(void **state)
{
	static char ok[RIG_TEXT_MAX];
	unsigned hop;

	(void)state;
	establish(ok);
	size_t open = core_open(rig.core);
	in_dialog(ok, "ACK", ALICE, BOB, true);
	assert_int_equal(rig_count(&rig), 1);
	assert_holds(rig_sent(&rig, 0, &hop),
	    "ACK sip:bob@192.168.7.7:5063 SIP/2.0\r\n");
	assert_int_equal(hop, 5090);
	assert_int_equal(core_open(rig.core), open);
}

static void
a_retransmission_ends_here(void **state)
{
	(void)state;
	crosses(message, 5090);
	rig_in(&rig, RIG_ALPHA, message);
	assert_int_equal(rig_count(&rig), 0);
	answer(200, "");
	goes_back(200);
	rig_in(&rig, RIG_ALPHA, message);
	goes_back(200); /* from memory */
	rig_in(&rig, RIG_BRAVO, text);
	assert_int_equal(rig_count(&rig), 0); /* its 200 again: known */
}

static void
everything_is_gone_after_the_longest_timer(void **state)
{
	size_t n;

	(void)state;
	crosses(message, 5090);
	answer(200, "");
	crosses(invite, 5090);
	answer(200, BOB_CONTACT);
	assert_int_equal(core_open(rig.core), 2);
	rig_wait(&rig, 32300, &n);
	assert_int_equal(core_open(rig.core), 0);
	assert_true(core_next_us(rig.core) == UINT64_MAX);
}

static void
an_unanswered_invite_is_repeated_then_given_to_the_next_hop(void **state)
{
	size_t n;

	(void)state;
	crosses(invite, 5090);
	/* timer A: 0.5, 1.5, 3.5 s; the 100 at 0.2 s */
	rig_wait(&rig, 250, &n);
	assert_int_equal(n, 1);
	assert_true(strncmp(rig_sent(&rig, 0, NULL), "SIP/2.0 100 ", 12) == 0);
	rig_wait(&rig, 300, &n);
	assert_int_equal(n, 1);
	assert_true(strncmp(rig_sent(&rig, 0, NULL), "INVITE", 6) == 0);
	uint32_t patience = rig.snap->conf->limits.failover_ms;
	assert_true(patience < 32000);
	unsigned hop = 0;
	for (unsigned ms = 550; ms < patience + 100 && hop != 5091; ms += 10) {
		rig_wait(&rig, 10, &n);
		if (n > 0)
			rig_sent(&rig, 0, &hop);
	}
	assert_int_equal(hop, 5091);
	/* and when that says nothing either, the caller learns it */
	rig_wait(&rig, 31900, &n);
	bool said = false;
	while (!said && rig_next(&rig, 400))
		said = strncmp(rig_sent(&rig, rig_count(&rig) - 1, NULL),
			   "SIP/2.0 408 ", 12) == 0;
	assert_true(said);
}

static void
a_hop_that_cannot_be_reached_costs_no_time(void **state)
{
	unsigned hop;

	(void)state;
	crosses(message, 5090);
	uint64_t id = core_actions(rig.core)->at[0].send_id;
	core_send_failed(rig.core, id, rig.now);
	assert_int_equal(rig_count(&rig), 1);
	rig_sent(&rig, 0, &hop);
	assert_int_equal(hop, 5091);
	core_send_failed(
	    rig.core, core_actions(rig.core)->at[0].send_id, rig.now);
	goes_back(500);
}

static void
a_503_is_tried_elsewhere_and_never_passed_on(void **state)
{
	unsigned hop;

	(void)state;
	crosses(invite, 5090);
	answer(503, "");
	assert_int_equal(rig_count(&rig), 2); /* ACK, and the next hop */
	assert_true(strncmp(rig_sent(&rig, 0, &hop), "ACK ", 4) == 0);
	assert_int_equal(hop, 5090);
	snprintf(sent, sizeof(sent), "%s", rig_sent(&rig, 1, &hop));
	assert_int_equal(hop, 5091);
	assert_true(strncmp(sent, "INVITE", 6) == 0);
	answer(503, "");
	assert_int_equal(rig_count(&rig), 2);
	assert_true(strncmp(rig_sent(&rig, 1, &hop), "SIP/2.0 500 ", 12) == 0);
}

static const char cancel[] =
    "CANCEL sip:bob@bravo.example SIP/2.0\n"
    "Via: SIP/2.0/UDP pcscf.inner.alpha:5080;branch=z9hG4bKaaa;rport\n"
    "Max-Forwards: 70\n"
    "From: <sip:alice@alpha.example>;tag=a1\n"
    "To: <sip:bob@bravo.example>\n"
    "Call-ID: call-1\n"
    "CSeq: 1 CANCEL\n"
    "Content-Length: 0\n\n";

static void
a_cancel_waits_for_the_first_provisional(void **state)
{
	unsigned hop;
	char via[4096], via2[4096];

	(void)state;
	crosses(invite, 5090);
	rig_in(&rig, RIG_ALPHA, cancel);
	goes_back(200);
	answer(100, "");
	assert_int_equal(rig_count(&rig), 1);
	const char *out = rig_sent(&rig, 0, &hop);
	assert_true(strncmp(out, "CANCEL ", 7) == 0);
	assert_int_equal(hop, 5090);
	rig_field(out, "Via", via, sizeof(via));
	rig_field(sent, "Via", via2, sizeof(via2));
	assert_string_equal(via, via2); /* RFC 3261, 9.1 */
	answer(487, "");
	assert_int_equal(rig_count(&rig), 2);
	assert_true(strncmp(rig_sent(&rig, 0, &hop), "ACK ", 4) == 0);
	assert_true(strncmp(rig_sent(&rig, 1, &hop), "SIP/2.0 487 ", 12) == 0);
}

static void
a_cancel_without_context_follows_its_invite(void **state)
{
	char via[4096], via2[4096];
	unsigned hop;

	(void)state;
	crosses(invite, 5090);
	rig_restart(&rig);
	rig_in(&rig, RIG_ALPHA, cancel);
	assert_int_equal(rig_count(&rig), 1);
	rig_field(rig_sent(&rig, 0, &hop), "Via", via, sizeof(via));
	rig_field(sent, "Via", via2, sizeof(via2));
	*strstr(via, ";gw=") = *strstr(via2, ";gw=") = '\0';
	assert_string_equal(via, via2);
	assert_int_equal(hop, 5090);
}

static void
refused(const char *change, const char *to, unsigned status)
{
	static char request[RIG_TEXT_MAX];
	const char *at = strstr(invite, change);

	assert_non_null(at);
	snprintf(request, sizeof(request), "%.*s%s%s", (int)(at - invite),
	    invite, to, at + strlen(change));
	rig_in(&rig, RIG_ALPHA, request);
	goes_back(status);
}

static void
a_proxy_refuses_what_it_must(void **state)
{
	(void)state;
	refused("Max-Forwards: 70\n", "Max-Forwards: 0\n", 483);
	refused("Max-Forwards: 70\n", "Max-Forwards: 70\nProxy-Require: foo\n",
	    420);
	assert_holds(rig.sent, "Unsupported: foo\r\n");
	refused(
	    "INVITE sip:bob@bravo.example", "INVITE http://bravo.example", 416);
	refused("To: <sip:bob@bravo.example>\n",
	    "To: <sip:bob@bravo.example>;tag=x\n", 481);
	assert_int_equal(core_open(rig.core), 0);
}

static void
policy_refuses_with_its_reason(void **state)
{
	(void)state;
	refused("INVITE sip:bob@bravo.example",
	    "INVITE sip:bob@nowhere.example", 404);
	rig_restart(&rig);
	refused("P-Asserted-Identity: <sip:alice@alpha.example>",
	    "P-Asserted-Identity: <sip:alice@bravo.example>", 403);
	assert_holds(rig.sent, "Warning: 399 gw.example \"source-not-of-peer");
	rig_restart(&rig);
	refused("<session-type>private", "<session-type>chat   ", 403);
	assert_holds(rig.sent, "\"179 service not authorized with the "
			       "interconnected system\"");
}

static void
a_refusal_is_repeated_until_it_is_acknowledged(void **state)
{
	static const char ack[] =
	    "ACK sip:bob@nowhere.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP pcscf.inner.alpha:5080;branch=z9hG4bKaaa;rport\n"
	    "Max-Forwards: 70\n"
	    "From: <sip:alice@alpha.example>;tag=a1\n"
	    "To: <sip:bob@bravo.example>;tag=xyz\n"
	    "Call-ID: call-1\n"
	    "CSeq: 1 ACK\n"
	    "Content-Length: 0\n\n";
	size_t n;

	(void)state;
	refused("INVITE sip:bob@bravo.example",
	    "INVITE sip:bob@nowhere.example", 404);
	rig_wait(&rig, 550, &n);
	assert_int_equal(n, 1);
	rig_in(&rig, RIG_ALPHA, ack);
	assert_int_equal(rig_count(&rig), 0);
	rig_wait(&rig, 31000, &n);
	assert_int_equal(n, 0);
}

static void
a_message_without_an_answer_gets_none(void **state)
{
	uint64_t begun = rig.now.mono_us;
	size_t all = 0;
	unsigned hop;

	(void)state;
	crosses(message, 5090);
	/* RFC 4320: the 100 at 3.5 s, no 408 ever */
	while (rig_next(&rig, 70000))
		for (size_t i = 0; i < rig_count(&rig); i++) {
			const char *out = rig_sent(&rig, i, &hop);
			if (hop != 0)
				continue;
			all++;
			assert_true(strncmp(out, "SIP/2.0 100", 11) == 0);
			assert_in_range(
			    (rig.now.mono_us - begun) / 1000, 3500, 3520);
		}
	assert_int_equal(all, 1);
	assert_int_equal(core_open(rig.core), 0);
}

static void
one_peer_cannot_touch_anothers_transaction(void **state)
{
	(void)state;
	crosses(message, 5090);
	rig_in(&rig, RIG_BRAVO, message); /* same branch, other side */
	goes_back(403);
	/* and a response from the wrong side is none */
	char via[4096];
	rig_field(sent, "Via", via, sizeof(via));
	snprintf(text, sizeof(text),
	    "SIP/2.0 200 OK\nVia: %s\nFrom: <sip:a@alpha.example>;tag=m1\n"
	    "To: <sip:b@bravo.example>;tag=q\nCall-ID: msg-1\n"
	    "CSeq: 1 MESSAGE\nContent-Length: 0\n\n",
	    via);
	rig_in(&rig, RIG_ALPHA, text);
	assert_int_equal(rig_count(&rig), 0);
	answer(200, "");
	goes_back(200);
}

static void
a_changed_via_token_leads_nowhere(void **state)
{
	(void)state;
	crosses(message, 5090);
	char *token = strstr(sent, ";gw=");
	assert_non_null(token);
	token[20] = token[20] == 'A' ? 'B' : 'A';
	rig_restart(&rig);
	answer(200, "");
	assert_int_equal(rig_count(&rig), 0);
}

static void
draining_takes_no_new_dialog(void **state)
{
	static char ok[RIG_TEXT_MAX];

	(void)state;
	establish(ok);
	core_drain(rig.core);
	rig_in(&rig, RIG_ALPHA, message);
	goes_back(503);
	assert_holds(rig.sent, "Retry-After: ");
	check_bye_from_both_sides(ok);
}

static void
a_limit_answers_503(void **state)
{
	static char request[RIG_TEXT_MAX];
	const char *at = strstr(message, "z9hG4bKm1");

	(void)state;
	for (unsigned i = 0; i < 21; i++) {
		snprintf(request, sizeof(request), "%.*sz9hG4bKn%u%s",
		    (int)(at - message), message, i, at + 9);
		rig_in(&rig, RIG_ALPHA, request);
		assert_int_equal(rig_count(&rig), 1);
	}
	goes_back(503);
	assert_holds(rig.sent, "Retry-After: ");
}

static void
options_to_the_gateway_itself_are_answered(void **state)
{
	(void)state;
	rig_in(&rig, RIG_ALPHA,
	    "OPTIONS sip:in.gw.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP pcscf.inner.alpha:5080;branch=z9hG4bKo1;rport\n"
	    "Max-Forwards: 0\nFrom: <sip:x@alpha.example>;tag=1\n"
	    "To: <sip:in.gw.example>\nCall-ID: o1\nCSeq: 1 OPTIONS\n"
	    "Content-Length: 0\n\n");
	goes_back(200);
}

static void
garbage_is_answered_or_dropped(void **state)
{
	(void)state;
	rig_in(&rig, RIG_ALPHA, "garbage");
	assert_int_equal(rig_count(&rig), 0);
	rig_in(&rig, RIG_ALPHA,
	    "INVITE sip:bob@bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP h;branch=z9hG4bKg1\nFrom: <sip:a@b>;tag=1\n"
	    "To: <sip:c@d>\nCall-ID: g\nCSeq: 1 INVITE\nCSeq: 2 INVITE\n"
	    "Content-Length: 0\n\n");
	goes_back(400);
	assert_holds(rig.sent, "Warning: 399 gw.example \"octet ");
}

static void
a_loop_is_seen(void **state)
{
	char via[4096];

	(void)state;
	crosses(message, 5090);
	rig_field(sent, "Via", via, sizeof(via));
	snprintf(text, sizeof(text), "%.*sVia: %s\n%s",
	    (int)(strstr(message, "Max-") - message), message, via,
	    strstr(message, "Max-"));
	char *branch = strstr(text, "z9hG4bKm1");
	memcpy(branch, "z9hG4bKm2", 9);
	rig_in(&rig, RIG_ALPHA, text);
	goes_back(482);
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(a_call_crosses_and_hides_both_insides),
		SCENARIO(a_dialog_goes_on_from_both_sides),
		SCENARIO(a_dialog_survives_a_restart),
		SCENARIO(a_response_finds_its_way_after_a_restart),
		SCENARIO(the_ack_of_a_200_passes_without_a_transaction),
		SCENARIO(a_retransmission_ends_here),
		SCENARIO(everything_is_gone_after_the_longest_timer),
		SCENARIO(
		    an_unanswered_invite_is_repeated_then_given_to_the_next_hop),
		SCENARIO(a_hop_that_cannot_be_reached_costs_no_time),
		SCENARIO(a_503_is_tried_elsewhere_and_never_passed_on),
		SCENARIO(a_cancel_waits_for_the_first_provisional),
		SCENARIO(a_cancel_without_context_follows_its_invite),
		SCENARIO(a_proxy_refuses_what_it_must),
		SCENARIO(policy_refuses_with_its_reason),
		SCENARIO(a_refusal_is_repeated_until_it_is_acknowledged),
		SCENARIO(a_message_without_an_answer_gets_none),
		SCENARIO(one_peer_cannot_touch_anothers_transaction),
		SCENARIO(a_changed_via_token_leads_nowhere),
		SCENARIO(draining_takes_no_new_dialog),
		SCENARIO(a_limit_answers_503),
		SCENARIO(options_to_the_gateway_itself_are_answered),
		SCENARIO(garbage_is_answered_or_dropped),
		SCENARIO(a_loop_is_seen),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
