/*
 * test_topo_route.c: later requests find their way both ways, and nobody but the
 * bearer of a token gets anywhere with it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "support/ttopo.h"

static struct ttopo *x;
static struct ttopo_msg invite, out, reply, back, in, far;

static int
set_up(void **state)
{
	(void)state;
	x = ttopo_new();
	ttopo_read(&invite, ttopo_invite);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	ttopo_free(x);
	return 0;
}

static void
the_caller_reaches_the_called_side(void **state)
{
	struct topo_target t;
	char route[8192];

	(void)state;
	x->memo = 0x1122334455667788;
	ttopo_call(x, &invite, &out, &reply, &back);
	/* A UAC's route set is Record-Route turned round, so ours is last;
	 * its own proxies have taken themselves off. */
	(void)snprintf(route, sizeof(route), "<%s>",
	    ttopo_uri(ttopo_value(&back, SIP_HDR_RECORD_ROUTE, 0)));
	ttopo_in_dialog(&in, "BYE",
	    ttopo_uri(ttopo_value(&back, SIP_HDR_CONTACT, 0)), route,
	    TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_OK);
	assert_true(t.ours && t.has_token && !t.bad_token);
	assert_int_equal(t.to, BRAVO);
	assert_false(t.answering);
	assert_int_equal(t.key_id, 1);
	assert_true(t.memo == x->memo);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_true(
	    gw_span_eq(out.m.uri, GW_SPAN("sips:bob@canary-b3.bravo.lan")));
	assert_string_equal(ttopo_value(&out, SIP_HDR_ROUTE, 0),
	    "<sip:canary-b2.bravo.lan;lr>,<sip:canary-b1.bravo.lan;lr>");
	assert_string_equal(ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0), "");
	assert_false(ttopo_has(&out, "10.66."));
	assert_false(ttopo_has(&out, "alpha.lan;"));
}

static void
the_called_side_reaches_the_caller(void **state)
{
	struct topo_target t;
	const char *contact, *route;

	(void)state;
	x->memo = 0x1122334455667788;
	x->handling.hide_call_id = true;
	ttopo_call(x, &invite, &out, &reply, &back);
	contact = ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0));
	route = ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0);
	ttopo_in_dialog(&in, "INVITE", contact, route, TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_true(t.ours && t.has_token && t.answering && !t.bad_token);
	assert_int_equal(t.to, ALPHA);
	assert_true(t.memo == x->memo);
	assert_int_equal(ttopo_request(x, BRAVO, ALPHA, &in, &far), GW_OK);
	assert_true(gw_span_eq(
	    far.m.uri, GW_SPAN("sip:alice@10.66.0.3:5071;transport=udp")));
	assert_string_equal(ttopo_value(&far, SIP_HDR_ROUTE, 0),
	    "<sip:canary3.alpha.lan;lr>,<sip:10.66.0.2;lr>,"
	    "<sip:canary4.alpha.lan;lr;x=1>;y=2");
	assert_string_equal(ttopo_value(&far, SIP_HDR_ROUTE, 1), "");
	assert_false(ttopo_has(&far, "10.66.7."));

	/* The Contact of the re-INVITE is brought back by the caller; that of
	 * the response by the called side. */
	const char *new = ttopo_uri(ttopo_value(&far, SIP_HDR_CONTACT, 0));
	ttopo_reply(&far, 200, "Contact: <sip:alice@10.66.0.33>\n", &reply);
	assert_int_equal(ttopo_response(x, ALPHA, &reply, &back), GW_OK);
	const char *answer = ttopo_uri(ttopo_value(&back, SIP_HDR_CONTACT, 0));
	ttopo_in_dialog(&in, "BYE", new, "<sip:gw.alpha.example:5060;lr>",
	    TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_OK);
	assert_true(t.has_token && !t.answering && t.to == BRAVO);
	ttopo_in_dialog(
	    &in, "BYE", answer, "<sip:gw.border.example;lr>", TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_true(t.has_token && t.answering && t.to == ALPHA);
	assert_true(t.memo == x->memo);
	assert_true(gw_span_eq(t.uri, GW_SPAN("sip:alice@10.66.0.33")));
}

static void
strict_routing_is_undone(void **state)
{
	struct topo_target t;
	char route[8192];
	const char *rr;

	(void)state;
	ttopo_call(x, &invite, &out, &reply, &back);
	rr = ttopo_uri(ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0));
	(void)snprintf(route, sizeof(route), "<sip:x@y.example>, <%s>",
	    ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0)));
	ttopo_in_dialog(&in, "BYE", rr, route, TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_request(x, BRAVO, ALPHA, &in, &far), GW_OK);
	assert_true(gw_span_eq(
	    far.m.uri, GW_SPAN("sip:alice@10.66.0.3:5071;transport=udp")));
	assert_non_null(strstr(
	    ttopo_value(&far, SIP_HDR_ROUTE, 0), "<sip:canary3.alpha.lan;lr>"));

	ttopo_in_dialog(&in, "BYE", rr, "<sip:alice@mcptt.alpha.example>",
	    TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_true(t.has_token && t.to == ALPHA);
	assert_true(
	    gw_span_eq(t.uri, GW_SPAN("sip:alice@mcptt.alpha.example")));

	ttopo_in_dialog(
	    &in, "BYE", rr, "<sip:gw.border.example;lr>", TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_true(t.bad_token && !t.has_token);
}

/* The first entry of what is restored is a strict router's. */
static void
a_strict_router_gets_what_it_wants(void **state)
{
	static char text[TTOPO_MAX];
	static struct ttopo_msg strict;
	const char *lr = strstr(ttopo_invite, "canary3.alpha.lan;lr") + 17;

	(void)state;
	(void)snprintf(text, sizeof(text), "%.*s%s", (int)(lr - ttopo_invite),
	    ttopo_invite, lr + 3);
	ttopo_read(&strict, text);
	ttopo_call(x, &strict, &out, &reply, &back);
	ttopo_in_dialog(&in, "BYE",
	    ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0)),
	    ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0), TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_request(x, BRAVO, ALPHA, &in, &far), GW_OK);
	assert_true(gw_span_eq(far.m.uri, GW_SPAN("sip:canary3.alpha.lan")));
	assert_string_equal(ttopo_value(&far, SIP_HDR_ROUTE, 0),
	    "<sip:10.66.0.2;lr>,<sip:canary4.alpha.lan;lr;x=1>;y=2,"
	    "<sip:alice@10.66.0.3:5071;transport=udp>");
}

static void
a_route_of_the_message_leads_nowhere(void **state)
{
	struct topo_target t;

	(void)state;
	ttopo_in_dialog(&in, "MESSAGE", "sip:bob@mcptt.bravo.example",
	    "<sip:gw.alpha.example;lr>, <sip:gw.alpha.example:5060;lr>, "
	    "<sip:elsewhere.example;lr>",
	    TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_OK);
	assert_false(t.ours || t.has_token || t.bad_token);
	assert_int_equal(t.to, GW_SYSTEM_NONE);
	assert_int_equal(t.uri.len + t.routes.len, 0);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_string_equal(ttopo_value(&out, SIP_HDR_ROUTE, 0), "");
	assert_false(ttopo_has(&out, "elsewhere"));

	ttopo_in_dialog(&in, "OPTIONS", "sip:gw.alpha.example",
	    "<sip:elsewhere.example;lr>", TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_OK);
	assert_true(t.ours && !t.has_token && !t.bad_token);
}

static void
a_token_in_other_hands_leads_nowhere(void **state)
{
	struct topo_target t;
	const char *contact, *route;

	(void)state;
	ttopo_call(x, &invite, &out, &reply, &back);
	contact = ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0));
	route = ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0);
	for (uint16_t from = ALPHA; from <= CHARLIE; from++) {
		ttopo_in_dialog(&in, "BYE", contact,
		    "<sip:gw.border.example;lr>", TTOPO_FROM_BRAVO);
		assert_int_equal(ttopo_target(x, from, &in, &t), GW_OK);
		assert_int_equal(t.has_token, from == BRAVO);
		assert_int_equal(t.bad_token, from != BRAVO);
		ttopo_in_dialog(&in, "BYE", "sip:alice@mcptt.alpha.example",
		    route, TTOPO_FROM_BRAVO);
		assert_int_equal(ttopo_target(x, from, &in, &t), GW_OK);
		assert_int_equal(t.has_token, from == BRAVO);
		assert_int_equal(t.bad_token, from != BRAVO);
		assert_int_equal(t.routes.len > 0, from == BRAVO);
	}
	/* The Via of the request, brought by another. */
	ttopo_reply(&out, 200, "", &reply);
	assert_int_equal(ttopo_response(x, CHARLIE, &reply, &back), GW_EAUTH);
	assert_int_equal(ttopo_response(x, ALPHA, &reply, &back), GW_EAUTH);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
}

static void
a_changed_token_leads_nowhere(void **state)
{
	struct topo_target t;
	char contact[8192];

	(void)state;
	ttopo_call(x, &invite, &out, &reply, &back);
	(void)snprintf(contact, sizeof(contact), "%s",
	    ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0)));
	size_t end = strcspn(contact, "@");
	for (size_t i = 4; i < end; i++) {
		char was = contact[i];
		contact[i] = was == 'x' ? 'y' : 'x';
		ttopo_in_dialog(&in, "BYE", contact,
		    "<sip:gw.border.example;lr>", TTOPO_FROM_BRAVO);
		assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
		assert_true(t.ours && !t.has_token);
		contact[i] = was;
		/* Only in the version it has no more the form of a token. */
		assert_true(t.bad_token || i < 6);
	}
}

static void
tokens_that_do_not_go_together_lead_nowhere(void **state)
{
	struct topo_target t;
	char route[8192];

	(void)state;
	/* bravo holds a route to charlie and a target in alpha. */
	assert_int_equal(
	    ttopo_request(x, CHARLIE, BRAVO, &invite, &out), GW_OK);
	(void)snprintf(route, sizeof(route), "%s",
	    ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0));
	ttopo_call(x, &invite, &out, &reply, &back);
	ttopo_in_dialog(&in, "BYE",
	    ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0)), route,
	    TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_true(t.bad_token && !t.has_token);
	assert_int_equal(t.to, GW_SYSTEM_NONE);
	assert_int_equal(t.routes.len + t.uri.len, 0);
}

static void
a_registration_keeps_its_path(void **state)
{
	static const char text[] =
	    "REGISTER sip:mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
	    "Call-ID: 1\nCSeq: 3 REGISTER\n"
	    "Path: <sip:canary-p1.lan;lr>,<sip:10.66.0.2;lr>\n"
	    "Contact: <sip:alice@10.66.0.3>;expires=60, <sip:b@canary.lan>\n"
	    "Record-Route: <sip:canary.lan;lr>\n\n";
	static char more[16384];
	struct topo_target t;

	(void)state;
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_assert_clean(&out);
	assert_string_equal(ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0), "");
	(void)snprintf(more, sizeof(more),
	    "Service-Route: <sip:canary-s1.lan;lr>\n"
	    "Service-Route: <sip:canary-s2.lan;lr>\nContact: %s\n",
	    ttopo_value(&out, SIP_HDR_CONTACT, 0));
	ttopo_reply(&out, 200, more, &reply);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	ttopo_assert_same(&back, &in, SIP_HDR_PATH);
	ttopo_assert_same(&back, &in, SIP_HDR_CONTACT);
	assert_false(ttopo_has(&back, "canary-s"));
	/* Later requests of the user take the Service-Route ... */
	ttopo_in_dialog(&in, "MESSAGE", "sip:bob@mcptt.bravo.example",
	    ttopo_value(&back, SIP_HDR_SERVICE_ROUTE, 0), TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_OK);
	assert_int_equal(t.to, BRAVO);
	assert_true(gw_span_eq(t.routes,
	    GW_SPAN("<sip:canary-s1.lan;lr>,<sip:canary-s2.lan;lr>")));
	/* ... and those to him the Path. */
	ttopo_in_dialog(&in, "MESSAGE", "sip:alice@mcptt.alpha.example",
	    ttopo_value(&out, SIP_HDR_PATH, 0), TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_int_equal(t.to, ALPHA);
	assert_true(gw_span_eq(
	    t.routes, GW_SPAN("<sip:canary-p1.lan;lr>,<sip:10.66.0.2;lr>")));
}

static void
which_requests_record_a_route(void **state)
{
	static const struct {
		const char *method, *to;
		bool records;
	} cases[] = {
		{ "INVITE", "", true },
		{ "INVITE", ";tag=1", false },
		{ "SUBSCRIBE", "", true },
		{ "NOTIFY", "", true },
		{ "NOTIFY", ";tag=1", true },
		{ "REFER", "", true },
		{ "FROBNICATE", "", true },
		{ "BYE", ";tag=1", false },
		{ "MESSAGE", "", false },
		{ "OPTIONS", "", false },
		{ "REGISTER", "", false },
		{ "PUBLISH", "", false },
	};
	static char text[1024];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "%s sip:bob@mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP 10.66.8.8\n"
		    "From: <sip:a@mcptt.alpha.example>;tag=2\n"
		    "To: <sip:bob@mcptt.bravo.example>%s\n"
		    "Record-Route: <sip:canary.lan;lr>\n"
		    "Call-ID: 1\nCSeq: 3 %s\n\n",
		    cases[i].method, cases[i].to, cases[i].method);
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
		ttopo_assert_clean(&out);
		assert_int_equal(
		    ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0)[0] != '\0',
		    cases[i].records);
	}
}

static void
a_response_that_lost_our_route_has_none(void **state)
{
	(void)state;
	ttopo_read(&in, ttopo_invite);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_reply(&out, 404, "Record-Route: <sip:canary-b.lan;lr>\n", &reply);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	assert_string_equal(ttopo_value(&back, SIP_HDR_RECORD_ROUTE, 0), "");
	/* MESSAGE records none; a response with one is wrong. */
	ttopo_in_dialog(&in, "MESSAGE", "sip:bob@mcptt.bravo.example",
	    "<sip:gw.alpha.example;lr>", TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_reply(&out, 200, "Record-Route: <sip:canary-b.lan;lr>\n", &reply);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	assert_string_equal(ttopo_value(&back, SIP_HDR_RECORD_ROUTE, 0), "");
}

static void
a_call_through_the_gateway_twice_keeps_its_way(void **state)
{
	struct topo_target t;
	static char route[16384];

	(void)state;
	x->handling.hide_call_id = true;
	/* alpha -> bravo, which proxies -> charlie. */
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	assert_int_equal(ttopo_request(x, BRAVO, CHARLIE, &out, &far), GW_OK);
	ttopo_assert_clean(&far);
	ttopo_reply(&far, 200, "Contact: <sip:c@10.77.0.1>\n", &reply);
	assert_int_equal(ttopo_response(x, CHARLIE, &reply, &back), GW_OK);
	assert_int_equal(ttopo_response(x, BRAVO, &back, &reply), GW_OK);
	assert_non_null(strstr(ttopo_value(&reply, SIP_HDR_RECORD_ROUTE, 0),
	    ",<sip:canary3.alpha.lan;lr>"));
	/* BYE from charlie: to bravo, whence to alpha. */
	ttopo_in_dialog(&in, "BYE",
	    ttopo_uri(ttopo_value(&far, SIP_HDR_CONTACT, 0)),
	    ttopo_value(&far, SIP_HDR_RECORD_ROUTE, 0), TTOPO_FROM_BRAVO);
	assert_int_equal(ttopo_target(x, CHARLIE, &in, &t), GW_OK);
	assert_int_equal(t.to, BRAVO);
	assert_int_equal(ttopo_request(x, CHARLIE, BRAVO, &in, &out), GW_OK);
	assert_int_equal(ttopo_target(x, BRAVO, &out, &t), GW_OK);
	assert_true(t.has_token && t.answering && t.to == ALPHA);
	assert_true(gw_span_eq(
	    t.uri, GW_SPAN("sip:alice@10.66.0.3:5071;transport=udp")));
	/* BYE from alpha: the other way. */
	(void)snprintf(route, sizeof(route), "<%s>",
	    ttopo_uri(ttopo_value(&reply, SIP_HDR_RECORD_ROUTE, 0)));
	ttopo_in_dialog(&in, "BYE",
	    ttopo_uri(ttopo_value(&reply, SIP_HDR_CONTACT, 0)), route,
	    TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_OK);
	assert_int_equal(t.to, BRAVO);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_int_equal(ttopo_target(x, BRAVO, &out, &t), GW_OK);
	assert_true(t.has_token && !t.answering && t.to == CHARLIE);
	assert_true(gw_span_eq(t.uri, GW_SPAN("sip:c@10.77.0.1")));
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_caller_reaches_the_called_side),
		TEST(the_called_side_reaches_the_caller),
		TEST(strict_routing_is_undone),
		TEST(a_strict_router_gets_what_it_wants),
		TEST(a_route_of_the_message_leads_nowhere),
		TEST(a_token_in_other_hands_leads_nowhere),
		TEST(a_changed_token_leads_nowhere),
		TEST(tokens_that_do_not_go_together_lead_nowhere),
		TEST(a_registration_keeps_its_path),
		TEST(which_requests_record_a_route),
		TEST(a_response_that_lost_our_route_has_none),
		TEST(a_call_through_the_gateway_twice_keeps_its_way),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
