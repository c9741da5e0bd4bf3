/*
 * test_topo.c: what leaves a side says nothing of its inside, and what comes
 * back is what it was.  Vias, fields, bodies, bounds.
 *
 * "canary" stands for every host name of an inside, 10.66 for every address.
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
an_invite_says_nothing_of_the_inside(void **state)
{
	(void)state;
	x->handling.hide_call_id = true;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	ttopo_assert_clean(&out);
	assert_false(ttopo_has(&out, "gw.alpha.example"));
	assert_string_equal(ttopo_value(&out, SIP_HDR_VIA, 1), "");
	assert_non_null(strstr(ttopo_value(&out, SIP_HDR_VIA, 0),
	    "SIP/2.0/TLS gw.border.example:5061;branch="
	    "z9hG4bK0123456789abcdef00c0ffee;rport;gw=03"));
	assert_string_equal(ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 1), "");
	assert_non_null(strstr(ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0),
	    "@gw.border.example:5061;transport=tls;lr>"));
	assert_string_equal(ttopo_value(&out, SIP_HDR_ROUTE, 0), "");
	assert_string_equal(ttopo_value(&out, SIP_HDR_MAX_FORWARDS, 0), "68");
	assert_non_null(strstr(ttopo_value(&out, SIP_HDR_CONTACT, 0),
	    "@gw.border.example:5061;transport=tls>;+g.3gpp.mcptt"));
	/* What says who speaks to whom is as it was. */
	ttopo_assert_same(&out, &invite, SIP_HDR_FROM);
	ttopo_assert_same(&out, &invite, SIP_HDR_TO);
	ttopo_assert_same(&out, &invite, SIP_HDR_CSEQ);
	assert_true(gw_span_eq(out.m.uri, invite.m.uri));
}

static void
a_retransmission_is_the_same_octet_for_octet(void **state)
{
	(void)state;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &far), GW_OK);
	assert_int_equal(out.len, far.len);
	assert_memory_equal(out.raw, far.raw, out.len);
}

static void
a_response_brings_back_what_the_request_had(void **state)
{
	(void)state;
	x->handling.hide_call_id = true;
	ttopo_call(x, &invite, &out, &reply, &back);
	assert_string_equal(ttopo_value(&back, SIP_HDR_VIA, 0),
	    "SIP/2.0/UDP canary1.alpha.lan:5070;branch=z9hG4bKa1;x=\"y\""
	    ";received=10.66.0.9;rport=5099");
	assert_string_equal(ttopo_value(&back, SIP_HDR_VIA, 1),
	    ttopo_value(&invite, SIP_HDR_VIA, 1));
	assert_string_equal(ttopo_value(&back, SIP_HDR_VIA, 2), "");
	ttopo_assert_same(&back, &invite, SIP_HDR_CALL_ID);
	ttopo_assert_same(&back, &invite, SIP_HDR_FROM);
	/* Ours, then the caller's own entries as they were. */
	const char *rr = ttopo_value(&back, SIP_HDR_RECORD_ROUTE, 0);
	const char *own = strchr(rr, ',');
	assert_non_null(own);
	assert_string_equal(own,
	    ",<sip:canary3.alpha.lan;lr>,<sip:10.66.0.2;lr>,"
	    "<sip:canary4.alpha.lan;lr;x=1>;y=2");
	assert_memory_equal(rr, "<sip:", 5);
	assert_non_null(strstr(rr, "@gw.alpha.example:5060;lr>,"));
	/* Nothing of the other side. */
	assert_false(ttopo_has(&back, "bravo.lan"));
	assert_false(ttopo_has(&back, "border"));
	assert_non_null(strstr(ttopo_value(&back, SIP_HDR_CONTACT, 0),
	    "@gw.alpha.example:5060>;isfocus"));
}

static void
received_is_added_only_where_it_must_be(void **state)
{
	static const struct {
		const char *via, *want;
	} cases[] = {
		{ "10.66.0.9:5099;branch=z9hG4bK1",
		    "10.66.0.9:5099;branch=z9hG4bK1" },
		{ "10.66.0.9:5099", "10.66.0.9:5099" },
		{ "10.66.0.8;branch=z9hG4bK1",
		    "10.66.0.8;branch=z9hG4bK1;received=10.66.0.9" },
		{ "canary.lan;branch=z9hG4bK1",
		    "canary.lan;branch=z9hG4bK1;received=10.66.0.9" },
		{ "10.66.0.9;rport;branch=z9hG4bK1",
		    "10.66.0.9;branch=z9hG4bK1;received=10.66.0.9;rport=5099" },
		{ "10.66.0.9;received=1.2.3.4;branch=z9hG4bK1;rport=7",
		    "10.66.0.9;branch=z9hG4bK1;received=10.66.0.9;rport=5099" },
		{ "10.66.0.9;received=1.2.3.4;a=b", "10.66.0.9;a=b" },
	};
	char text[1024], want[256];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "OPTIONS sip:mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP %s, SIP/2.0/UDP 10.66.1.1\n"
		    "From: <sip:a@mcptt.alpha.example>;tag=1\n"
		    "To: <sip:mcptt.bravo.example>\n"
		    "Call-ID: 1\nCSeq: 1 OPTIONS\n\n",
		    cases[i].via);
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
		ttopo_reply(&out, 200, "", &reply);
		assert_int_equal(
		    ttopo_response(x, BRAVO, &reply, &back), GW_OK);
		(void)snprintf(want, sizeof(want),
		    "SIP/2.0/UDP %s, SIP/2.0/UDP 10.66.1.1", cases[i].want);
		assert_string_equal(ttopo_value(&back, SIP_HDR_VIA, 0), want);
	}
}

static void
an_ipv6_source_is_told_without_brackets(void **state)
{
	(void)state;
	assert_true(conf_addr_parse(GW_SPAN("[2001:db8::9]:5099"), &x->source));
	ttopo_call(x, &invite, &out, &reply, &back);
	assert_non_null(strstr(ttopo_value(&back, SIP_HDR_VIA, 0),
	    ";received=2001:db8::9;rport=5099"));
}

/* A value of the right form with a host of the inside in it. */
static void
fields_cross_as_the_agreement_says(void **state)
{
	static const char *const allow[] = { "user-agent", "x-thing" };
	static const char *const drop[] = { "subject", "from", "call-id" };
	static const char text[] =
	    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.0.9\n" TTOPO_FROM_ALPHA
	    "i: 1\nCSeq: 1 MESSAGE\ns: hello\nUser-Agent: me\n"
	    "Server: me\nX-Thing: a\nX-Other: b\n\n";

	(void)state;
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_true(ttopo_has(&out, "s: hello"));
	assert_false(ttopo_has(&out, ": me"));
	assert_false(ttopo_has(&out, "X-Thing"));
	assert_false(ttopo_has(&out, "X-Other"));
	x->handling.allow = allow;
	x->handling.n_allow = GW_COUNT(allow);
	x->handling.drop = drop;
	x->handling.n_drop = GW_COUNT(drop);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_false(ttopo_has(&out, "hello"));
	assert_true(ttopo_has(&out, "User-Agent: me"));
	assert_false(ttopo_has(&out, "Server"));
	assert_true(ttopo_has(&out, "X-Thing"));
	assert_false(ttopo_has(&out, "X-Other"));
	ttopo_assert_same(&out, &in, SIP_HDR_FROM);
	x->handling.drop_unknown = false;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_true(ttopo_has(&out, "X-Other: b"));
}

static void
rows_dropped_around_the_first_via_do_not_matter(void **state)
{
	(void)state;
	ttopo_read(&in,
	    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "X-Unknown: 1\nX-Unknown: 2\nVia: SIP/2.0/UDP 10.66.0.9\n"
	    "X-Unknown: 3\nv: SIP/2.0/UDP 10.66.0.8\n" TTOPO_FROM_ALPHA
	    "Call-ID: 1\nCSeq: 1 MESSAGE\nX-Unknown: 4\n\n");
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_false(ttopo_has(&out, "X-Unknown"));
	assert_string_equal(ttopo_value(&out, SIP_HDR_VIA, 1), "");
}

static void
the_agreements_identities_are_put(void **state)
{
	static const char text[] =
	    "INVITE sip:psi@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.0.9\n" TTOPO_FROM_ALPHA
	    "Call-ID: 1\nCSeq: 1 INVITE\n"
	    "P-Asserted-Identity: <sip:a@mcptt.alpha.example>\n"
	    "P-Asserted-Identity: <tel:+1>\n\n";

	(void)state;
	x->handling.asserted_identity = "sip:gw@mcptt.alpha.example";
	x->handling.request_uri = "sip:entry@mcptt.bravo.example";
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_string_equal(ttopo_value(&out, SIP_HDR_P_ASSERTED_IDENTITY, 0),
	    "<sip:gw@mcptt.alpha.example>");
	assert_string_equal(
	    ttopo_value(&out, SIP_HDR_P_ASSERTED_IDENTITY, 1), "");
	assert_true(
	    gw_span_eq(out.m.uri, GW_SPAN("sip:entry@mcptt.bravo.example")));
	assert_string_equal(ttopo_value(&out, SIP_HDR_MAX_FORWARDS, 0), "70");
	/* In a dialog the token says where to. */
	ttopo_call(x, &invite, &out, &reply, &back);
	ttopo_in_dialog(&in, "BYE",
	    ttopo_uri(ttopo_value(&back, SIP_HDR_CONTACT, 0)),
	    "<sip:gw.alpha.example;lr>", TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_true(
	    gw_span_eq(out.m.uri, GW_SPAN("sips:bob@canary-b3.bravo.lan")));
}

static void
priorities_are_capped(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "mcpttp.7", "mcpttp.5" },
		{ "mcpttp.5, mcpttq.12", "mcpttp.5, mcpttq.0" },
		{ "MCPTTP.15 ,wps.0", "MCPTTP.5 ,wps.0" },
		{ "mcpttp.4", "mcpttp.4" },
		{ "mcpttp.x, dsn.flash", "mcpttp.x, dsn.flash" },
		{ "mcpttp.99999999999999999999", "mcpttp.5" },
	};
	static char text[1024];

	(void)state;
	x->cap_p = 5;
	x->cap_q = 0;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
		    "Call-ID: 1\nCSeq: 3 MESSAGE\nResource-Priority: %s\n\n",
		    cases[i].value);
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
		assert_string_equal(
		    ttopo_value(&out, SIP_HDR_RESOURCE_PRIORITY, 0),
		    cases[i].want);
	}
}

static void
the_access_token_is_cut_out(void **state)
{
	static struct mcx_body body;
	static const char text[] =
	    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
	    "Call-ID: 1\nCSeq: 3 MESSAGE\nContent-Length: 31\n\n"
	    "<a><token>SECRET</token></a>ABC";

	(void)state;
	ttopo_read(&in, text);
	body.info.n_cuts = 1;
	body.info.cuts[0] = gw_span_sub(in.m.body, 3, 21);
	x->body = &body;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_false(ttopo_has(&out, "SECRET"));
	assert_true(gw_span_eq(out.m.body, GW_SPAN("<a></a>ABC")));
	assert_string_equal(ttopo_value(&out, SIP_HDR_CONTENT_LENGTH, 0), "10");
	x->handling.access_token_drop = false;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_true(ttopo_has(&out, "SECRET"));
	/* One in a decoded copy cannot be cut: nothing crosses. */
	x->handling.access_token_drop = true;
	body.info.cuts[0] = GW_SPAN("<token>SECRET</token>");
	assert_int_equal(
	    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_EMALFORMED);
}

static void
a_loop_is_seen(void **state)
{
	(void)state;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	assert_true(topo_is_loop(&x->snap, &out.m, 0x00c0ffee));
	assert_false(topo_is_loop(&x->snap, &out.m, 0x00c0ffef));
	assert_false(topo_is_loop(&x->snap, &invite.m, 0x00c0ffee));
	/* The same branch in a Via of someone else is none of ours. */
	ttopo_read(&in,
	    "OPTIONS sip:mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.1.1;branch=z9hG4bK9\n"
	    "Via: SIP/2.0/UDP gw.alpha.example:5999;"
	    "branch=z9hG4bK0123456789abcdef00c0ffee\n" TTOPO_FROM_ALPHA
	    "Call-ID: 1\nCSeq: 1 OPTIONS\n\n");
	assert_false(topo_is_loop(&x->snap, &in.m, 0x00c0ffee));
	assert_true(topo_is_ours(&x->snap, GW_SPAN("GW.alpha.example")));
	assert_false(topo_is_ours(&x->snap, GW_SPAN("alpha.example")));
}

/* Nothing answers an ACK: its Via tells the loop, and keeps nothing. */
static void
the_via_of_an_ack_has_no_token(void **state)
{
	(void)state;
	x->handling.hide_call_id = true;
	ttopo_in_dialog(
	    &in, "ACK", "sip:bob@mcptt.bravo.example", "", TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	assert_string_equal(ttopo_value(&out, SIP_HDR_VIA, 0),
	    "SIP/2.0/TLS gw.border.example:5061;branch="
	    "z9hG4bK0123456789abcdef00c0ffee;rport;gw=03");
	assert_string_equal(ttopo_value(&out, SIP_HDR_VIA, 1), "");
	assert_true(topo_is_loop(&x->snap, &out.m, 0x00c0ffee));
	assert_false(ttopo_has(&out, "10.66."));
}

static void
a_via_of_someone_else_is_not_ours(void **state)
{
	static const char *const vias[] = {
		"gw.border.example:5061",
		"gw.border.example:5061;branch=z9hG4bK0123456789abcdef00c0ffee",
		"gw.border.example:5061;branch=z9hG4bK0123456789abcdef00c0ffee"
		";gw=0",
		"gw.border.example:5061;branch=z9hG4bK0123456789abcdef00c0ffee"
		";gw=zz",
		"gw.border.example:5061;branch=z9hG4bK0123456789abcdef00c0ff"
		";gw=03",
		"gw.border.example:5062;branch=z9hG4bK0123456789abcdef00c0ffee"
		";gw=03",
	};
	static char text[1024];
	struct topo_via via;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(vias); i++) {
		(void)snprintf(text, sizeof(text),
		    "SIP/2.0 200 OK\nVia: SIP/2.0/TLS %s\n" TTOPO_FROM_ALPHA
		    "Call-ID: 1\nCSeq: 1 OPTIONS\n\n",
		    vias[i]);
		ttopo_read(&in, text);
		assert_false(topo_read_via(&x->snap, &in.m, &via));
	}
}

/* An INVITE with n rows of that form; %d is the number of the row. */
static void
many(const char *row, int n)
{
	static char text[40000];
	int len = snprintf(text, sizeof(text),
	    "INVITE sip:bob@mcptt.bravo.example SIP/2.0\n" TTOPO_NEW_FROM_ALPHA
	    "Via: SIP/2.0/UDP 10.66.8.8\nCall-ID: 1\nCSeq: 3 INVITE\n");

	for (int i = 0; i < n; i++)
		len += snprintf(
		    text + len, sizeof(text) - (size_t)len, "%s%d>\n", row, i);
	(void)snprintf(text + len, sizeof(text) - (size_t)len, "\n");
	ttopo_read(&in, text);
}

static void
what_grows_too_much_is_refused(void **state)
{
	struct topo_target t;

	(void)state;
	many("Record-Route: <sip:canary.lan;lr;x=", TOPO_ROUTES_MAX);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	many("Record-Route: <sip:canary.lan;lr;x=", TOPO_ROUTES_MAX + 1);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_ELIMIT);
	many("Route: <sip:canary.lan;lr;x=", TOPO_ROUTES_MAX + 1);
	assert_int_equal(ttopo_target(x, ALPHA, &in, &t), GW_ELIMIT);
	/* Few entries, but long ones. */
	many("Record-Route: <sip:canary-0123456789-0123456789-0123456789-"
	     "0123456789-0123456789-0123456789-0123456789-0123456789-"
	     "0123456789-0123456789-0123456789.lan;lr;x=",
	    25);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_ELIMIT);
	/* Growth beyond the bound, and just below it. */
	many("Call-Info: <sip:u@canary.lan;x=", 175);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_ELIMIT);
	many("Call-Info: <sip:u@canary.lan;x=", 120);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_assert_clean(&out);
}

/* What a common INVITE costs, so that nobody makes it cost more unseen. */
static void
a_common_invite_grows_by_little(void **state)
{
	(void)state;
	x->handling.hide_call_id = true;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	assert_in_range(out.len - invite.len, 1, 900);
	assert_int_equal(TOPO_GROWTH_MAX, 16384);
}

static void
vias_too_long_for_a_token_are_refused(void **state)
{
	static char text[8192];

	(void)state;
	for (int n = 30; n <= 90; n += 60) {
		int len = snprintf(text, sizeof(text),
		    "INVITE sip:bob@mcptt.bravo.example "
		    "SIP/2.0\n" TTOPO_NEW_FROM_ALPHA
		    "Call-ID: 1\nCSeq: 3 INVITE\n");
		for (int i = 0; i < n; i++)
			len += snprintf(text + len, sizeof(text) - (size_t)len,
			    "Via: SIP/2.0/UDP canary.lan;branch=z9hG4bK%d\n",
			    i);
		(void)snprintf(text + len, sizeof(text) - (size_t)len, "\n");
		ttopo_read(&in, text);
		assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out),
		    n == 30 ? GW_OK : GW_ELIMIT);
	}
}

static void
what_cannot_be_read_does_not_cross(void **state)
{
	static const char *const rows[] = { "Record-Route: <sip:x",

		"Refer-To: <sip:a@b;?>", "P-Asserted-Identity: <>",
		"Refer-To: ,", "Record-Route: nonsense", "Reply-To: <sip:@@>" };
	static char text[1024];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		(void)snprintf(text, sizeof(text),
		    "INVITE sip:bob@mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_NEW_FROM_ALPHA
		    "Call-ID: 1\nCSeq: 3 INVITE\n%s\n\n",
		    rows[i]);
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_EMALFORMED);
	}
	/* A response goes on without what it could do without. */
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	ttopo_reply(&out, 183,
	    "Error-Info: <sip:canary\nWarning: canary\n"
	    "Alert-Info: <sip:a@canary.lan>, <sip:canary\n",
	    &reply);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	assert_string_equal(ttopo_value(&back, SIP_HDR_ERROR_INFO, 0), "");
	assert_string_equal(ttopo_value(&back, SIP_HDR_WARNING, 0), "");
	assert_string_equal(ttopo_value(&back, SIP_HDR_ALERT_INFO, 0), "");
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(an_invite_says_nothing_of_the_inside),
		TEST(a_retransmission_is_the_same_octet_for_octet),
		TEST(a_response_brings_back_what_the_request_had),
		TEST(received_is_added_only_where_it_must_be),
		TEST(an_ipv6_source_is_told_without_brackets),
		TEST(fields_cross_as_the_agreement_says),
		TEST(rows_dropped_around_the_first_via_do_not_matter),
		TEST(the_agreements_identities_are_put),
		TEST(priorities_are_capped),
		TEST(the_access_token_is_cut_out),
		TEST(a_loop_is_seen),
		TEST(the_via_of_an_ack_has_no_token),
		TEST(a_via_of_someone_else_is_not_ours),
		TEST(what_grows_too_much_is_refused),
		TEST(a_common_invite_grows_by_little),
		TEST(vias_too_long_for_a_token_are_refused),
		TEST(what_cannot_be_read_does_not_cross),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
