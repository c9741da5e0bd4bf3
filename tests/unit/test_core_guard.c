/*
 * test_core_guard.c: what must not pass the engine, though it looks as if it
 * belonged to something that was permitted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/talk.h"

#define ENDS                                                                   \
	"<initiator match=\"sip:*@alpha.example\"/>"                           \
	"<target match=\"sip:*@bravo.example\"/>"                              \
	"<domains initiator=\"kms.alpha.example\""                             \
	" receiver=\"kms.bravo.example\"/>"

/* Calls need keys, the rest does not; bravo may do nothing of its own. */
static const char permits[] =
    "<permit from=\"alpha\" to=\"bravo\" id=\"calls\">"
    "<communication service=\"mcptt\" kind=\"private\"/>" ENDS
    "<key-message presence=\"required\" signature=\"off\"/></permit>\n"
    "<permit from=\"alpha\" to=\"bravo\" id=\"open\">"
    "<communication service=\"mcptt\""
    " kind=\"chat message subscribe other emergency\"/>" ENDS
    "<key-message presence=\"optional\" signature=\"off\"/>"
    "<cap mcpttp=\"5\"/></permit>\n";

#define INFO_TYPE "application/vnd.3gpp.mcptt-info+xml"
#define INFO(content)                                                          \
	"<mcpttinfo "                                                          \
	"xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\"><mcptt-Params>" content           \
	"</mcptt-Params></mcpttinfo>"
#define CHAT	"<session-type>chat</session-type>"
#define PRIVATE "<session-type>private</session-type>"
#define TO_BOB                                                                 \
	"<mcptt-request-uri><mcpttURI>sip:bob@bravo.example</mcpttURI>"        \
	"</mcptt-request-uri>"
#define TOKEN                                                                  \
	"<mcptt-access-token type=\"Normal\"><mcpttString>secret"              \
	"</mcpttString></mcptt-access-token>"

#define ALICE_IS "P-Asserted-Identity: <sip:alice@alpha.example>\n" TALK_ICSI
#define CONTACT	 "Contact: <sip:me@10.9.8.7:5062>\n"

static const struct talk_request chat = {
	.more = CONTACT ALICE_IS, .type = INFO_TYPE, .body = INFO(CHAT)
};

static struct talk t;
static char began[RIG_TEXT_MAX]; /* what began a dialog, as it left */

static int
set_up(void **state)
{
	(void)state;
	rig_open(&t.rig, permits);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	rig_close(&t.rig);
	return 0;
}

/* A call that needs no key is answered; what the caller got. */
static const char *
establish(const struct talk_request *r)
{
	static char ok[RIG_TEXT_MAX];

	talk_in(&t, RIG_ALPHA, r);
	talk_crossed(&t, 5090);
	snprintf(began, sizeof(began), "%s", t.sent);
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, NULL);
	talk_back(&t, 200);
	snprintf(ok, sizeof(ok), "%s", t.rig.sent);
	return ok;
}

/* ---- who nobody knows ---- */

static void
a_stranger_moves_nothing(void **state)
{
	static const char *const methods[] = { "ACK", "CANCEL" };
	struct core_flow flow = rig_flow(&t.rig, RIG_ALPHA);
	const char *ok = establish(&chat);

	(void)state;
	flow.system = GW_SYSTEM_NONE;
	for (size_t i = 0; i < GW_COUNT(methods); i++) {
		talk_inside(&t, RIG_ALPHA, ok,
		    &(struct talk_request){
			.method = methods[i], .branch = "x" });
		talk_crossed(&t, 5090); /* alpha may */
		rig_on(&t.rig, &flow, t.text);
		talk_nothing(&t);
		talk_in(&t, RIG_ALPHA,
		    &(struct talk_request){
			.method = methods[i], .branch = "y" });
		rig_on(&t.rig, &flow, t.text);
		talk_nothing(&t);
	}
	talk_inside(&t, RIG_ALPHA, ok, &(struct talk_request){ .branch = "z" });
	rig_on(&t.rig, &flow, t.text);
	/* the same branch as that of alpha's own request */
	talk_back(&t, 403);
	talk_answer(&t, RIG_BRAVO, 200, NULL, NULL);
	rig_on(&t.rig, &flow, t.text);
	talk_nothing(&t);
}

/* Branches may be easy to guess, and two peers may have the same addresses of
 * the inside. */
static void
a_peer_that_guesses_a_branch_takes_nothing(void **state)
{
	const struct talk_request cancel = { .method = "CANCEL",
		.branch = "INVITE" };

	(void)state;
	talk_in(&t, RIG_BRAVO, &chat);
	talk_back(&t, 403); /* no rule lets bravo begin; it is kept */
	talk_in(&t, RIG_ALPHA, &chat);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 180, NULL, NULL);
	talk_back(&t, 180);
	talk_in(&t, RIG_BRAVO, &cancel);
	talk_back(&t, 200); /* its own */
	talk_answer(&t, RIG_BRAVO, 200, NULL, NULL);
	talk_back(&t, 200);
}

/* ---- CANCEL and ACK ---- */

static void
a_cancel_without_context_needs_an_agreement(void **state)
{
	const struct talk_request cancel = { .method = "CANCEL" };

	(void)state;
	talk_in(&t, RIG_ALPHA, &cancel);
	talk_crossed(&t, 5090);
	talk_in(&t, RIG_BRAVO, &cancel); /* no rule lets bravo begin */
	talk_back(&t, 481);
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){
		.method = "CANCEL", .uri = "sip:x@alpha.example" });
	talk_back(&t, 481);
}

static void
nothing_goes_on_without_hops_left(void **state)
{
	static const char *const methods[] = { "ACK", "CANCEL" };
	const char *ok = establish(&chat);

	(void)state;
	for (size_t i = 0; i < GW_COUNT(methods); i++) {
		talk_inside(&t, RIG_ALPHA, ok,
		    &(struct talk_request){
			.method = methods[i], .branch = "mf" });
		talk_crossed(&t, 5090);
		memcpy(strstr(t.text, "Max-Forwards: 70") + 14, "00", 2);
		rig_in(&t.rig, RIG_ALPHA, t.text);
		if (rig_count(&t.rig) > 0)
			talk_back(&t, 483);
	}
}

/* ---- access tokens ---- */

static void
an_access_token_crosses_in_no_message(void **state)
{
	const char *ok = establish(&chat);

	(void)state;
	talk_inside(&t, RIG_ALPHA, ok,
	    &(struct talk_request){
		.method = "ACK", .type = INFO_TYPE, .body = INFO(CHAT TOKEN) });
	talk_crossed(&t, 5090);
	talk_lacks(t.sent, "secret");
	talk_has(t.sent, "<session-type>chat");

	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .method = "MESSAGE",
		.branch = "m",
		.more = ALICE_IS,
		.type = INFO_TYPE,
		.body = INFO(CHAT TOKEN) });
	talk_crossed(&t, 5090);
	talk_lacks(t.sent, "secret");
	talk_answer(&t, RIG_BRAVO, 200, NULL, INFO(PRIVATE TOKEN));
	talk_back(&t, 200);
	talk_lacks(t.rig.sent, "secret");
	talk_has(t.rig.sent, "<session-type>private");
}

static void
a_response_that_cannot_be_read_does_not_cross(void **state)
{
	(void)state;
	talk_in(&t, RIG_ALPHA, &chat);
	talk_crossed(&t, 5090);
	talk_answer(&t, RIG_BRAVO, 183, CONTACT, "<mcpttinfo><" TOKEN);
	talk_nothing(&t);
	talk_answer(&t, RIG_BRAVO, 200, CONTACT, "<mcpttinfo><" TOKEN);
	talk_back(&t, 502);
	talk_lacks(t.rig.sent, "secret");
}

/* ---- dialogs that were never judged ---- */

static void
a_token_of_an_identity_is_no_dialog(void **state)
{
	char from[4096];

	(void)state;
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .method = "MESSAGE",
		.more = ALICE_IS "Referred-By: <sip:alice@inner.alpha>\n" });
	talk_crossed(&t, 5090);
	rig_field(t.sent, "Referred-By", from, sizeof(from));
	*strchr(from, '>') = '\0';
	talk_in(&t, RIG_BRAVO,
	    &(struct talk_request){
		.uri = from + 1, .branch = "i", .more = CONTACT TALK_ICSI });
	talk_back(&t, 403); /* judged: bravo may not begin */
	talk_inside(&t, RIG_BRAVO, "\r\nContact: <sip:x>\r\n",
	    &(struct talk_request){ .method = "INVITE",
		.uri = from + 1,
		.branch = "j",
		.more = CONTACT });
	talk_back(&t, 481);
	talk_inside(&t, RIG_BRAVO, "\r\nContact: <sip:x>\r\n",
	    &(struct talk_request){
		.method = "INFO", .uri = from + 1, .branch = "k" });
	talk_back(&t, 481);
}

static void
a_call_in_a_subscription_is_judged_as_one(void **state)
{
	const char *ok = establish(&(struct talk_request){
	    .method = "SUBSCRIBE", .more = CONTACT ALICE_IS "Event: x\n" });

	(void)state;
	talk_inside(&t, RIG_ALPHA, ok,
	    &(struct talk_request){ .method = "SUBSCRIBE", .branch = "s2" });
	talk_crossed(&t, 5090);
	talk_inside(&t, RIG_ALPHA, ok,
	    &(struct talk_request){ .method = "INVITE",
		.branch = "i1",
		.more = CONTACT ALICE_IS,
		.type = INFO_TYPE,
		.body = INFO(PRIVATE TO_BOB) });
	talk_back(&t, 403);
	talk_has(t.rig.sent, "key-missing");
	talk_inside(&t, RIG_BRAVO, began,
	    &(struct talk_request){
		.method = "INVITE", .branch = "i2", .more = CONTACT });
	talk_back(&t, 403);
}

/* ---- who says to be somebody else ---- */

static void
an_asserted_identity_is_of_its_own_system(void **state)
{
	static const char *const others[] = {
		"P-Asserted-Identity: <sip:chief@bravo.example>\n",
		"P-Asserted-Identity: <tel:+4912345>, "
		"<sips:chief@bravo.example>\n",
		"P-Asserted-Identity: <sip:alice@alpha.example>\n"
		"P-Asserted-Identity: \"x\" <sip:chief@BRAVO.example:5060>\n",
	};
	char more[512];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(others); i++) {
		snprintf(more, sizeof(more), CONTACT TALK_ICSI "%s", others[i]);
		talk_in(&t, RIG_ALPHA,
		    &(struct talk_request){ .branch = &"abc"[i],
			.more = more,
			.type = INFO_TYPE,
			.body = INFO(CHAT "<mcptt-calling-user-id><mcpttURI>"
					  "sip:alice@alpha.example</mcpttURI>"
					  "</mcptt-calling-user-id>") });
		talk_back(&t, 403);
		talk_has(t.rig.sent, "source-not-of-peer");
	}
	/* One that is of no system (a function's name in IMS) says nothing. */
	talk_in(&t, RIG_ALPHA,
	    &(struct talk_request){ .branch = "d",
		.more = CONTACT TALK_ICSI
		"P-Asserted-Identity: <sip:mcptt.ims.example>\n",
		.type = INFO_TYPE,
		.body = INFO(CHAT "<mcptt-calling-user-id><mcpttURI>"
				  "sip:alice@alpha.example</mcpttURI>"
				  "</mcptt-calling-user-id>") });
	talk_crossed(&t, 5090);
}

/* ---- priorities ---- */

static void
no_level_is_too_high_for_a_cap(void **state)
{
	static const struct {
		const char *said, *left;
	} rows[] = {
		{ "mcpttp.3", "Resource-Priority: mcpttp.3\r\n" },
		{ "mcpttp.15", "Resource-Priority: mcpttp.5\r\n" },
		{ "mcpttp.99", "Resource-Priority: mcpttp.5\r\n" },
		{ "mcpttp.100", "Resource-Priority: mcpttp.5\r\n" },
		{ "MCPTTP.0000000015", "Resource-Priority: MCPTTP.5\r\n" },
		{ "mcpttp.99999999999999999999999",
		    "Resource-Priority: mcpttp.5\r\n" },
		{ "mcpttp.2, mcpttp.255",
		    "Resource-Priority: mcpttp.2, mcpttp.5\r\n" },
	};
	char more[256], branch[8];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		snprintf(more, sizeof(more), ALICE_IS "Resource-Priority: %s\n",
		    rows[i].said);
		snprintf(branch, sizeof(branch), "p%zu", i);
		talk_in(&t, RIG_ALPHA,
		    &(struct talk_request){
			.method = "MESSAGE", .branch = branch, .more = more });
		talk_crossed(&t, 5090);
		talk_has(t.sent, rows[i].left);
	}
}

#define SCENARIO(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		SCENARIO(a_stranger_moves_nothing),
		SCENARIO(a_peer_that_guesses_a_branch_takes_nothing),
		SCENARIO(a_cancel_without_context_needs_an_agreement),
		SCENARIO(nothing_goes_on_without_hops_left),
		SCENARIO(an_access_token_crosses_in_no_message),
		SCENARIO(a_response_that_cannot_be_read_does_not_cross),
		SCENARIO(a_token_of_an_identity_is_no_dialog),
		SCENARIO(a_call_in_a_subscription_is_judged_as_one),
		SCENARIO(an_asserted_identity_is_of_its_own_system),
		SCENARIO(no_level_is_too_high_for_a_cap),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
