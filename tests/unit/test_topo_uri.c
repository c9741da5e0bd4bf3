/*
 * test_topo_uri.c: URIs and Call-IDs of the inside, in any field that may hold
 * one, do not cross, and come back as they were.
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
a_call_id_survives_the_rotation_of_keys(void **state)
{
	static char text[32768];
	char id[2048], contact[8192], route[8192];

	(void)state;
	x->handling.hide_call_id = true;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	(void)snprintf(
	    id, sizeof(id), "%s", ttopo_value(&out, SIP_HDR_CALL_ID, 0));
	assert_null(strstr(id, "canary"));
	assert_non_null(strstr(id, "@gw.border.example"));
	ttopo_reply(&out, 200,
	    "Record-Route: <sip:canary-b1.bravo.lan;lr>\n"
	    "Contact: <sip:bob@canary-b3.bravo.lan>\n",
	    &reply);
	/* The key changes before the answer is there. */
	ttopo_keys(
	    x, TTOPO_KEY_2 "\n" TTOPO_KEY_1 " until=2027-01-01T00:00:00Z");
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	ttopo_assert_same(&back, &invite, SIP_HDR_CALL_ID);
	(void)snprintf(contact, sizeof(contact), "%s",
	    ttopo_uri(ttopo_value(&back, SIP_HDR_CONTACT, 0)));
	(void)snprintf(route, sizeof(route), "<%s>",
	    ttopo_uri(ttopo_value(&back, SIP_HDR_RECORD_ROUTE, 0)));
	/* From the caller: the same as in the INVITE. */
	ttopo_in_dialog(&in, "INFO", contact, route, TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &far), GW_OK);
	assert_string_equal(ttopo_value(&far, SIP_HDR_CALL_ID, 0), id);
	/* From the called side: restored, and hidden again in the answer. */
	(void)snprintf(contact, sizeof(contact), "%s",
	    ttopo_uri(ttopo_value(&out, SIP_HDR_CONTACT, 0)));
	(void)snprintf(route, sizeof(route), "%s",
	    ttopo_value(&out, SIP_HDR_RECORD_ROUTE, 0));
	(void)snprintf(text, sizeof(text),
	    "INFO %s SIP/2.0\nVia: SIP/2.0/TLS 10.66.8.8\n"
	    "Route: %s\n" TTOPO_FROM_BRAVO "Call-ID: %s\nCSeq: 3 INFO\n"
	    "Content-Length: 0\n\n",
	    contact, route, id);
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, BRAVO, ALPHA, &in, &far), GW_OK);
	ttopo_assert_same(&far, &invite, SIP_HDR_CALL_ID);
	ttopo_reply(&far, 200, "", &reply);
	assert_int_equal(ttopo_response(x, ALPHA, &reply, &back), GW_OK);
	assert_string_equal(ttopo_value(&back, SIP_HDR_CALL_ID, 0), id);
	/* A new call uses the new key. */
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	assert_string_not_equal(ttopo_value(&out, SIP_HDR_CALL_ID, 0), id);
}

static void
call_ids_elsewhere_are_hidden_alike(void **state)
{
	static const char rows[] =
	    "Replaces: abc@canary5.alpha.lan;to-tag=1;from-tag=2\n"
	    "Join: abc@canary5.alpha.lan ;to-tag=1;from-tag=2\n"
	    "Target-Dialog: abc@canary5.alpha.lan\n"
	    "In-Reply-To: abc@canary5.alpha.lan, other@10.66.0.1 ,third\n"
	    "Refer-To: <sip:c@mcptt.bravo.example?Replaces="
	    "abc%40canary5.alpha.lan%3Bto-tag%3D1&Subject=x"
	    "&Route=%3Csip%3Acanary9.lan%3E>\n";
	static char text[4096];
	const char *id, *row;

	(void)state;
	x->handling.hide_call_id = true;
	(void)snprintf(text, sizeof(text),
	    "REFER sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
	    "Call-ID: abc@canary5.alpha.lan\nCSeq: 3 REFER\n%s\n",
	    rows);
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_assert_clean(&out);
	id = ttopo_value(&out, SIP_HDR_CALL_ID, 0);
	size_t len = strlen(id);
	row = ttopo_value(&out, SIP_HDR_REPLACES, 0);
	assert_memory_equal(row, id, len);
	assert_string_equal(row + len, ";to-tag=1;from-tag=2");
	row = ttopo_value(&out, SIP_HDR_JOIN, 0);
	assert_memory_equal(row, id, len);
	assert_string_equal(row + len, " ;to-tag=1;from-tag=2");
	assert_string_equal(ttopo_value(&out, SIP_HDR_TARGET_DIALOG, 0), id);
	row = ttopo_value(&out, SIP_HDR_IN_REPLY_TO, 0);
	assert_memory_equal(row, id, len);
	row = ttopo_value(&out, SIP_HDR_REFER_TO, 0);
	size_t token = strcspn(id, "@");
	assert_memory_equal(row, "<sip:c@mcptt.bravo.example?Replaces=", 36);
	assert_memory_equal(row + 36, id, token);
	assert_string_equal(
	    row + 36 + token, "%40gw.border.example%3Bto-tag%3D1&Subject=x>");

	/* And back again. */
	(void)snprintf(text, sizeof(text),
	    "INVITE sip:alice@mcptt.alpha.example SIP/2.0\n"
	    "Via: SIP/2.0/TLS 10.66.8.8\n"
	    "From: <sip:c@mcptt.bravo.example>;tag=c\n"
	    "To: <sip:alice@mcptt.alpha.example>\n"
	    "Call-ID: new\nCSeq: 1 INVITE\nReplaces: %s;to-tag=1\n"
	    "Refer-To: <sip:c@mcptt.alpha.example?Replaces=%.*s"
	    "%%40gw.border.example%%3Bto-tag%%3D1>\n\n",
	    id, (int)token, id);
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, BRAVO, ALPHA, &in, &far), GW_OK);
	assert_string_equal(ttopo_value(&far, SIP_HDR_REPLACES, 0),
	    "abc@canary5.alpha.lan;to-tag=1");
	assert_string_equal(ttopo_value(&far, SIP_HDR_REFER_TO, 0),
	    "<sip:c@mcptt.alpha.example?Replaces="
	    "abc%40canary5.alpha.lan%3Bto-tag%3D1>");
}

static void
a_call_id_stays_if_nobody_hides_it(void **state)
{
	(void)state;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	ttopo_assert_same(&out, &invite, SIP_HDR_CALL_ID);
}

static void
canary_row(enum sip_hdr_id id, char *row, size_t max)
{
	struct gw_span name = sip_hdr_name(id);
	const char *value = "canary";

	switch (sip_hdr_border(id)) {
	case SIP_BORDER_URI:
		value =
		    "\"N\" <sip:u@canary.lan:5070;x=y>;p=\"sip:canary.lan\"";
		break;
	case SIP_BORDER_ROUTE:
		value = "<sip:canary.lan;lr>, <sip:10.66.0.1;lr>";
		break;
	case SIP_BORDER_CALL_ID:
		value = "id@canary.lan;to-tag=1;from-tag=2";
		break;
	case SIP_BORDER_AGENT:
		value = "399 canary.lan \"179 x\", 399 10.66.0.1:5060 \"y\"";
		break;
	case SIP_BORDER_PASS:
	case SIP_BORDER_DROP:
	case SIP_BORDER_UNKNOWN: break;
	}
	(void)snprintf(row, max, "%.*s: %s\n", GW_FMT(name), value);
}

static bool
is_in_the_frame(enum sip_hdr_id id)
{
	return id == SIP_HDR_VIA || id == SIP_HDR_FROM || id == SIP_HDR_TO ||
	       id == SIP_HDR_CALL_ID;
}

static void
no_field_of_the_table_tells_of_the_inside(void **state)
{
	static char text[65536];
	char row[512];
	int id, from = SIP_HDR_OTHER + 1;

	(void)state;
	x->handling.hide_call_id = true;
	/* In two messages: there is a cap on what one message may change. */
	for (int half = 0; half < 2; half++) {
		int n = snprintf(text, sizeof(text),
		    "INVITE sip:bob@mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP canary.lan\n"
		    "From: <sip:a@canary.lan>;tag=1\n"
		    "To: sip:b@10.66.0.1\n"
		    "X-Unknown: canary\nCall-ID: 1@canary\n"
		    "CSeq: 1 INVITE\n");
		for (id = from; id < (half == 0 ? SIP_HDR_N / 2 : SIP_HDR_N);
		     id++) {
			if (is_in_the_frame((enum sip_hdr_id)id) ||
			    sip_hdr_border((enum sip_hdr_id)id) ==
				SIP_BORDER_PASS)
				continue;
			canary_row((enum sip_hdr_id)id, row, sizeof(row));
			n += snprintf(
			    text + n, sizeof(text) - (size_t)n, "%s", row);
		}
		from = id;
		(void)snprintf(text + n, sizeof(text) - (size_t)n, "\n");
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
		ttopo_assert_clean(&out);
	}
}

static void
no_field_of_a_response_tells_of_the_inside(void **state)
{
	static char text[65536];
	size_t n = 0;
	char row[512];

	(void)state;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &invite, &out), GW_OK);
	for (int id = SIP_HDR_OTHER + 1; id < SIP_HDR_N; id++) {
		if (is_in_the_frame((enum sip_hdr_id)id) ||
		    sip_hdr_border((enum sip_hdr_id)id) == SIP_BORDER_PASS ||
		    sip_hdr_border((enum sip_hdr_id)id) == SIP_BORDER_CALL_ID)
			continue;
		canary_row((enum sip_hdr_id)id, row, sizeof(row));
		/* The other side's are told apart from the caller's own. */
		for (char *p = strstr(row, "canary"); p != NULL;
		     p = strstr(p, "canary"))
			memcpy(p, "farway", 6);
		for (char *p = strstr(row, "10.66"); p != NULL;
		     p = strstr(p, "10.66"))
			memcpy(p, "10.77", 5);
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", row);
	}
	ttopo_reply(&out, 200, text, &reply);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	assert_false(ttopo_has(&back, "farway"));
	assert_false(ttopo_has(&back, "10.77."));
	assert_string_equal(ttopo_value(&back, SIP_HDR_WARNING, 0),
	    "399 gw.example \"179 x\", 399 gw.example \"y\"");
}

static void
identities_hidden_on_the_way_come_back(void **state)
{
	static const char text[] =
	    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.0.9\n"
	    "From: \"A B\" <sip:alice@10.66.0.3;user=phone>;tag=1\n"
	    "To: sips:bob@canary.lan;x=y\n"
	    "Call-ID: 1\nCSeq: 1 MESSAGE\n\n";

	(void)state;
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_assert_clean(&out);
	/* No transport in an identity; a sips one stays one. */
	assert_null(strstr(ttopo_value(&out, SIP_HDR_FROM, 0), "transport"));
	assert_non_null(strstr(ttopo_value(&out, SIP_HDR_FROM, 0),
	    "@gw.border.example:5061>;tag=1"));
	assert_memory_equal(
	    ttopo_value(&out, SIP_HDR_FROM, 0), "\"A B\" <sip:", 11);
	assert_memory_equal(ttopo_value(&out, SIP_HDR_TO, 0), "<sips:", 6);
	ttopo_reply(&out, 200, "", &reply);
	/* Key messages and dialogs come and go, they stay. */
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	ttopo_assert_same(&back, &in, SIP_HDR_FROM);
	assert_string_equal(ttopo_value(&back, SIP_HDR_TO, 0),
	    "<sips:bob@canary.lan>;x=y;tag=called");
	x->memo = 99;
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &far), GW_OK);
	ttopo_assert_same(&far, &out, SIP_HDR_FROM);
}

static void
uris_that_need_not_be_hidden_stay(void **state)
{
	static const struct {
		const char *value, *want; /* "": dropped; NULL: hidden */
	} cases[] = {
		{ "<sip:c@mcptt.alpha.example>", "same" },
		{ "<sip:c@MCPTT.Alpha.Example:5060;user=phone>", "same" },
		{ "sip:c@mcptt.charlie.example", "same" },
		{ "<sip:anonymous@anonymous.invalid>", "same" },
		{ "<tel:+4912345>", "same" },
		{ "<urn:service:sos>", "same" },
		{ "<cid:x@canary.lan>", "same" },
		{ "<http://mcptt.alpha.example:80/x>", "same" },
		{ "<http://canary.lan/x>", "" },
		{ "<https://u@canary.lan:443/x@mcptt.alpha.example>", "" },
		{ "<https://[2001:db8::1]/>", "" },
		{ "<im:u@canary.lan>", "" },
		{ "<im:u@mcptt.alpha.example>", "same" },
		{ "<sip:c@mcptt.alpha.example;maddr=10.66.0.1>", NULL },
		{ "<sip:c@sub.mcptt.alpha.example>", NULL },
		{ "<sip:gw.alpha.example:5060>", NULL },
		{ "<sip:c@[2001:db8::66]>", NULL },
		{ "<sip:c@mcptt.alpha.example?Subject=x>", "same" },
		{ "<sip:c@mcptt.alpha.example?From=canary>",
		    "<sip:c@mcptt.alpha.example>" },
		{ "<sip:canary.lan?Subject=x&Via=canary>", NULL },
	};
	static char text[1024];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		const char *want = cases[i].want;
		(void)snprintf(text, sizeof(text),
		    "REFER sip:bob@mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
		    "Call-ID: 1\nCSeq: 3 REFER\nRefer-To: %s\n\n",
		    cases[i].value);
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
		const char *got = ttopo_value(&out, SIP_HDR_REFER_TO, 0);
		if (want == NULL) {
			assert_non_null(strstr(got, "@gw.border.example:5061"));
			assert_null(strstr(got, "canary"));
			assert_null(strstr(got, "10.66"));
		} else {
			assert_string_equal(got,
			    strcmp(want, "same") == 0 ? cases[i].value : want);
		}
	}
}

static void
a_party_of_another_scheme_is_hidden_not_dropped(void **state)
{
	(void)state;
	ttopo_read(&in,
	    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.0.9\n"
	    "From: <http://canary.lan/x?y>;tag=1\nTo: isbn:2983792873\n"
	    "Call-ID: 1\nCSeq: 1 MESSAGE\n\n");
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	ttopo_assert_clean(&out);
	ttopo_assert_same(&out, &in, SIP_HDR_TO);
	ttopo_reply(&out, 200, "", &reply);
	assert_int_equal(ttopo_response(x, BRAVO, &reply, &back), GW_OK);
	ttopo_assert_same(&back, &in, SIP_HDR_FROM);
}

static void
a_refer_to_leads_to_its_owner(void **state)
{
	static char text[8192];
	struct topo_target t;
	const char *uri;

	(void)state;
	ttopo_read(&in,
	    "REFER sip:bob@mcptt.bravo.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
	    "Call-ID: 1\nCSeq: 3 REFER\nRefer-To: sip:c@10.66.0.5\n\n");
	assert_int_equal(ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
	uri = ttopo_uri(ttopo_value(&out, SIP_HDR_REFER_TO, 0));
	/* bravo hands it on to charlie, who gets one of its own. */
	(void)snprintf(text, sizeof(text),
	    "REFER sip:c@mcptt.charlie.example SIP/2.0\n"
	    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_BRAVO
	    "Call-ID: 1\nCSeq: 3 REFER\nRefer-To: <%s>\n\n",
	    uri);
	ttopo_read(&in, text);
	assert_int_equal(ttopo_request(x, BRAVO, CHARLIE, &in, &far), GW_OK);
	uri = ttopo_uri(ttopo_value(&far, SIP_HDR_REFER_TO, 0));
	assert_non_null(strstr(uri, "@gw3.border.example;transport=tcp"));
	ttopo_in_dialog(&in, "INVITE", uri, "<sip:gw3.border.example;lr>",
	    TTOPO_FROM_ALPHA);
	assert_int_equal(ttopo_target(x, BRAVO, &in, &t), GW_OK);
	assert_true(t.bad_token);
	/* Its way back leads through bravo. */
	assert_int_equal(ttopo_target(x, CHARLIE, &in, &t), GW_OK);
	assert_int_equal(t.to, BRAVO);
	assert_int_equal(ttopo_request(x, CHARLIE, BRAVO, &in, &out), GW_OK);
	assert_int_equal(ttopo_target(x, BRAVO, &out, &t), GW_OK);
	assert_int_equal(t.to, ALPHA);
	assert_true(gw_span_eq(t.uri, GW_SPAN("sip:c@10.66.0.5")));
}

static void
capabilities_name_no_node_of_the_inside(void **state)
{
	static const struct {
		const char *value;
		bool stays, goes; /* neither: with a token */
	} cases[] = {
		{ "*;+g.3gpp.iut-focus", true, false },
		{ "*", true, false },
		{ "*;+a=\"<sip:x@mcptt.alpha.example>\", *;+b=\"1,2\"", true,
		    false },
		{ "*;+a=\"<sip:canary.lan>\"", false, false },
		{ "*;+x=\",;\";+a=\"<sips:10.66.1.1>\", "
		  "*;+b=\"sip:canary.lan\"",
		    false, false },
		{ "*;+a=\"<sip:canary.lan%>\"", false, true },
		{ "*;+a=\"1\" canary;+b=\"<sip:10.66.1.1>\"", false, true },
	};
	static char text[1024];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		(void)snprintf(text, sizeof(text),
		    "MESSAGE sip:bob@mcptt.bravo.example SIP/2.0\n"
		    "Via: SIP/2.0/UDP 10.66.8.8\n" TTOPO_FROM_ALPHA
		    "Call-ID: 1\nCSeq: 3 MESSAGE\nFeature-Caps: %s\n\n",
		    cases[i].value);
		ttopo_read(&in, text);
		assert_int_equal(
		    ttopo_request(x, ALPHA, BRAVO, &in, &out), GW_OK);
		ttopo_assert_clean(&out);
		const char *got = ttopo_value(&out, SIP_HDR_FEATURE_CAPS, 0);
		assert_int_equal(cases[i].goes, got[0] == '\0');
		assert_int_equal(
		    cases[i].stays, strcmp(got, cases[i].value) == 0);
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_call_id_survives_the_rotation_of_keys),
		TEST(call_ids_elsewhere_are_hidden_alike),
		TEST(a_call_id_stays_if_nobody_hides_it),
		TEST(no_field_of_the_table_tells_of_the_inside),
		TEST(no_field_of_a_response_tells_of_the_inside),
		TEST(identities_hidden_on_the_way_come_back),
		TEST(uris_that_need_not_be_hidden_stay),
		TEST(a_party_of_another_scheme_is_hidden_not_dropped),
		TEST(a_refer_to_leads_to_its_owner),
		TEST(capabilities_name_no_node_of_the_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
