/*
 * test_sip_uri.c: URIs, addresses, Via and their parameters.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/sip/sip_addr.h"
#include "codec/sip/sip_via.h"

static struct gw_fault fault;

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static void
a_uri_is_cut_into_its_parts(void **state)
{
	static const struct {
		const char *text;
		enum sip_scheme scheme;
		const char *user, *host;
		uint16_t port;
		const char *params, *headers;
	} rows[] = {
		{ "sip:a@b", SIP_SCHEME_SIP, "a", "b", 0, "", "" },
		{ "SIPS:a:pw@b.c:5061;lr?x=y", SIP_SCHEME_SIPS, "a", "b.c",
		    5061, ";lr", "x=y" },
		{ "sip:b;transport=tcp", SIP_SCHEME_SIP, "", "b", 0,
		    ";transport=tcp", "" },
		{ "sip:a;b?c,d=e@h?Route=%3Csip:x%3E", SIP_SCHEME_SIP,
		    "a;b?c,d=e", "h", 0, "", "Route=%3Csip:x%3E" },
		{ "sip:[::1]", SIP_SCHEME_SIP, "", "::1", 0, "", "" },
		{ "sip:a@[2001:db8::1]:65535;a=[::2]", SIP_SCHEME_SIP, "a",
		    "2001:db8::1", 65535, ";a=[::2]", "" },
		{ "tel:+49-30-1234;ext=5", SIP_SCHEME_TEL, "+49-30-1234", "", 0,
		    ";ext=5", "" },
		{ "tel:*#06#;phone-context=b.example", SIP_SCHEME_TEL, "*#06#",
		    "", 0, ";phone-context=b.example", "" },
		{ "urn:service:sos", SIP_SCHEME_OTHER, "", "", 0, "", "" },
		{ "http://a/b?c#d", SIP_SCHEME_OTHER, "", "", 0, "", "" },
	};
	struct sip_uri u;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (sip_uri_parse(gw_span_of(rows[i].text), &u, &fault) !=
		    GW_OK)
			fail_msg("%s: %s", rows[i].text, fault.why);
		assert_int_equal(u.scheme, rows[i].scheme);
		assert_int_equal(u.port, rows[i].port);
		assert_span(u.all, rows[i].text);
		assert_span(u.user, rows[i].user);
		assert_span(u.host, rows[i].host);
		assert_span(u.params, rows[i].params);
		assert_span(u.headers, rows[i].headers);
	}
}

static void
a_wrong_uri_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} rows[] = {
		{ "", 0, "scheme" },
		{ "b", 0, "scheme" },
		{ ":b", 0, "scheme" },
		{ "1sip:b", 0, "scheme" },
		{ "s p:b", 1, "not a scheme" },
		{ "sip:", 3, "content" },
		{ "sip:a b", 5, "not allowed in a URI" },
		{ "sip:a\r\n b", 5, "not allowed in a URI" },
		{ "sip:a@b>", 7, "not allowed in a URI" },
		{ "sip:\xc3\xa4@b", 4, "not allowed in a URI" },
		{ "sip:a#b@c", 5, "not allowed in a URI" },
		{ "urn:a#\n", 6, "not allowed in a URI" },
		{ "sip:a%4@b", 5, "escape" },
		{ "sip:a%", 5, "escape" },
		{ "sip:@b", 4, "empty user" },
		{ "sip::pw@b", 4, "empty user" },
		{ "sip:a@b@c", 7, "behind a host" },
		{ "sip:a@", 6, "without a host" },
		{ "sip:a@:5060", 6, "without a host" },
		{ "sip:a@b:", 7, "not a port" },
		{ "sip:a@b:0", 7, "not a port" },
		{ "sip:a@b:65536", 7, "not a port" },
		{ "sip:a@b:5060x", 12, "behind a host" },
		{ "sip:a@[::1", 6, "closing bracket" },
		{ "sip:a@[]", 6, "IPv6" },
		{ "sip:a@[1.2.3.4]", 6, "IPv6" },
		{ "sip:a@b;", 7, "parameter" },
		{ "sip:a@b;;lr", 7, "parameter" },
		{ "sip:a@b;x=;lr", 7, "parameter" },
		{ "sip:a@b?", 7, "headers" },
		{ "tel:", 3, "content" },
		{ "tel:+", 4, "empty" },
		{ "tel:12x4", 6, "telephone" },
		{ "tel:12+4", 6, "telephone" },
	};
	struct sip_uri u;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		fault = (struct gw_fault){ 99, "" };
		enum gw_err err =
		    sip_uri_parse(gw_span_of(rows[i].text), &u, &fault);
		if (err != GW_EMALFORMED || fault.at != rows[i].at ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].text, (int)err,
			    fault.at, fault.why);
	}
}

static void
an_address_literal_is_told_from_a_name(void **state)
{
	static const char *const yes[] = { "0.0.0.0", "255.255.255.255",
		"::", "::1", "1::", "1:2:3:4:5:6:7:8", "1::8",
		"2001:DB8::10:5070", "::ffff:192.0.2.1",
		"1:2:3:4:5:6:192.0.2.1", "1:2:3:4:5:6:7::" };
	static const char *const no[] = { "", "a", "1.2.3", "1.2.3.4.5",
		"256.1.1.1", "1.2.3.4.", ".1.2.3", "1..2.3", "0001.1.1.1", ":",
		":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7",
		"g::", "1:2:3:4:5:6:7:8:9", "12345::", "::1::", "1:::2",
		"1:2:3:4:5:6:7:192.0.2.1", "::1.2.3",
		"1.2.3.4::", "2001:db8:::192.0.2.1", "1::2:3:4:5:6:7:8" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(yes); i++)
		if (!sip_host_is_address(gw_span_of(yes[i])))
			fail_msg("%s is an address", yes[i]);
	for (size_t i = 0; i < GW_COUNT(no); i++)
		if (sip_host_is_address(gw_span_of(no[i])))
			fail_msg("%s is no address", no[i]);
}

static void
users_are_compared_as_identities(void **state)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{ "sip:a@b.c", "SIPS:a@B.C:5061;x=y", true },
		{ "sip:a@b.c:5060", "sip:%61@b.c?x=y", true },
		{ "sip:a%2f@b", "sip:a%2F@b", true },
		{ "sip:a@b", "sip:A@b", false },
		{ "sip:a@b", "sip:a@b:5062", false },
		{ "sip:a@b", "sip:aa@b", false },
		{ "sip:a@b", "sip:b", false },
		{ "sip:a@b", "sip:a@c", false },
		{ "tel:+49-30.1(2)", "tel:+493012;ext=1", true },
		{ "tel:+4930", "tel:4930;phone-context=x", false },
		{ "tel:112;phone-context=a", "tel:1-12;phone-context=A", true },
		{ "tel:112;phone-context=a", "tel:112;phone-context=b", false },
		{ "tel:+1", "sip:+1@b", false },
		{ "urn:x", "urn:x", true },
		{ "urn:x", "urn:X", false },
	};
	struct sip_uri a, b;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_int_equal(
		    sip_uri_parse(gw_span_of(rows[i].a), &a, &fault), GW_OK);
		assert_int_equal(
		    sip_uri_parse(gw_span_of(rows[i].b), &b, &fault), GW_OK);
		if (sip_uri_same_user(&a, &b) != rows[i].same ||
		    sip_uri_same_user(&b, &a) != rows[i].same)
			fail_msg("%s and %s", rows[i].a, rows[i].b);
	}
}

static void
parameters_are_found_without_case(void **state)
{
	struct gw_span params = GW_LIT(
	    ";lr ; Tag = x1;q=\"a;b\\\"\r\n c\" ;empty=\"\";host=[::1]:5");
	struct gw_span v = GW_LIT("?");

	(void)state;
	assert_true(sip_param_find(params, "LR", &v));
	assert_int_equal(v.len, 0);
	assert_true(sip_param_find(params, "tag", &v));
	assert_span(v, "x1");
	assert_true(sip_param_find(params, "q", &v));
	assert_span(v, "a;b\\\"\r\n c");
	assert_true(sip_param_find(params, "empty", NULL));
	assert_true(sip_param_find(params, "host", &v));
	assert_span(v, "[::1]:5");
	assert_false(sip_param_find(params, "b", &v));
	assert_false(sip_param_find(GW_SPAN(""), "b", &v));
	assert_false(sip_param_find(GW_SPAN(";a=\"open;tag=1"), "tag", &v));
}

static void
stepping_stops_at_the_end_or_before_what_is_wrong(void **state)
{
	static const struct {
		const char *text;
		size_t pos;
		unsigned n;
	} rows[] = {
		{ "", 0, 0 },
		{ ";a", 2, 1 },
		{ ";a=b ;c ", 8, 2 },
		{ ";a;", 2, 1 },
		{ ";a;=b", 2, 1 },
		{ ";a;b=", 2, 1 },
		{ ";a;b=\"c", 2, 1 },
		{ ";a,b", 2, 1 },
		{ "a", 0, 0 },
	};
	struct gw_span name, value;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		size_t pos = 0;
		unsigned n = 0;
		while (sip_param_next(
		    gw_span_of(rows[i].text), &pos, &name, &value))
			n++;
		assert_int_equal(n, rows[i].n);
		assert_int_equal(pos, rows[i].pos);
	}
}

static void
a_list_of_addresses_is_read_element_by_element(void **state)
{
	static const char text[] =
	    "\"A, \\\"B\\\"\" <sip:a,b@c;x?y=z> ;q=1;r=\"<,>\" ,\r\n "
	    "Two Words<tel:+1>, sip:d@e ; tag = 5,<urn:x:y#z>";
	struct gw_span in = gw_span_of(text);
	struct sip_addr a;
	size_t pos = 0;

	(void)state;
	assert_int_equal(sip_addr_next(in, &pos, &a, &fault), GW_OK);
	assert_span(a.display, "\"A, \\\"B\\\"\"");
	assert_span(a.uri, "sip:a,b@c;x?y=z");
	assert_span(a.params, ";q=1;r=\"<,>\"");
	assert_span(a.all, "\"A, \\\"B\\\"\" <sip:a,b@c;x?y=z> ;q=1;r=\"<,>\"");
	assert_true(a.has_brackets && !a.is_star);
	assert_int_equal(sip_addr_next(in, &pos, &a, &fault), GW_OK);
	assert_span(a.display, "Two Words");
	assert_span(a.all, "Two Words<tel:+1>");
	assert_int_equal(sip_addr_next(in, &pos, &a, &fault), GW_OK);
	assert_false(a.has_brackets);
	assert_span(a.uri, "sip:d@e");
	assert_span(a.params, "; tag = 5");
	assert_int_equal(sip_addr_next(in, &pos, &a, &fault), GW_OK);
	assert_span(a.uri, "urn:x:y#z");
	assert_int_equal(sip_addr_next(in, &pos, &a, &fault), GW_ENOTFOUND);
	assert_int_equal(pos, in.len);

	pos = 0;
	assert_int_equal(
	    sip_addr_next(GW_SPAN(" * "), &pos, &a, &fault), GW_OK);
	assert_true(a.is_star);
	pos = 0;
	assert_int_equal(
	    sip_addr_next(GW_SPAN("*** <sip:a>"), &pos, &a, &fault), GW_OK);
	assert_false(a.is_star);
	pos = 0;
	assert_int_equal(
	    sip_addr_next(GW_SPAN("  "), &pos, &a, &fault), GW_ENOTFOUND);
}

static void
a_wrong_address_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} rows[] = {
		{ "a", 0, "neither" },
		{ "sip:", 0, "neither" },
		{ ",<sip:a>", 0, "neither" },
		{ "Bell, A <sip:a>", 0, "neither" },
		{ "* , sip:a", 0, "neither" },
		{ "\"a <sip:a>", 0, "quoted string" },
		{ "\"a\" sip:a", 4, "name without" },
		{ "\"a\"", 3, "name without" },
		{ "<sip:a", 6, "closing bracket" },
		{ "< sip:a>", 1, "not allowed" },
		{ "<sip:a >", 6, "not allowed" },
		{ "<<sip:a>>", 1, "not allowed" },
		{ "<>", 1, "scheme" },
		{ "<a>", 1, "scheme" },
		{ "sip:a?b=c", 5, "without brackets" },
		{ "<sip:a>x", 7, "parameter" },
		{ "<sip:a>;", 7, "parameter" },
		{ "<sip:a>;a==", 0, NULL },
		{ "<sip:a>;a=\"b", 7, "parameter" },
		{ "<sip:a>,", 7, "comma" },
		{ "<sip:a>, \r\n ", 7, "comma" },
		{ "J\xc3\xb6 <sip:a>", 0, "neither" },
	};
	struct sip_addr a;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		size_t pos = 0;
		fault = (struct gw_fault){ 99, "" };
		enum gw_err err =
		    sip_addr_next(gw_span_of(rows[i].text), &pos, &a, &fault);
		if (rows[i].why == NULL) {
			assert_int_equal(err, GW_OK);
			continue;
		}
		if (err != GW_EMALFORMED || fault.at != rows[i].at ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].text, (int)err,
			    fault.at, fault.why);
		assert_int_equal(pos, 0);
	}
}

static void
a_via_is_cut_into_its_parts(void **state)
{
	struct gw_span in =
	    GW_LIT("SIP /2.0/ TLS\r\n [2001:db8::1] : 5061 ; branch = z9hG4bKa"
		   ";received=[::1];rport=7;x , SIP/2.0/UDP h_1;rport");
	struct sip_via v;
	size_t pos = 0;

	(void)state;
	assert_int_equal(sip_via_next(in, &pos, &v, &fault), GW_OK);
	assert_span(v.transport, "TLS");
	assert_span(v.host, "2001:db8::1");
	assert_int_equal(v.port, 5061);
	assert_span(v.branch, "z9hG4bKa");
	assert_span(v.received, "::1");
	assert_true(v.has_rport);
	assert_int_equal(v.rport, 7);
	assert_span(v.params, "; branch = z9hG4bKa;received=[::1];rport=7;x");
	assert_int_equal(v.all.p - in.p, 0);
	assert_int_equal(v.all.p[v.all.len - 1], 'x');
	assert_int_equal(sip_via_next(in, &pos, &v, &fault), GW_OK);
	assert_span(v.all, "SIP/2.0/UDP h_1;rport");
	assert_int_equal(v.port, 0);
	assert_true(v.has_rport && v.rport == 0);
	assert_int_equal(v.branch.len + v.received.len, 0);
	assert_int_equal(sip_via_next(in, &pos, &v, &fault), GW_ENOTFOUND);
}

static void
a_wrong_via_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} rows[] = {
		{ "a", 1, "protocol" },
		{ "SIP/2.0 UDP a", 8, "protocol" },
		{ "SIP/2.0/ ;", 9, "transport" },
		{ "SIP/2.0/UDP", 11, "no blank" },
		{ "SIP/2.0/UDP[::1]", 11, "no blank" },
		{ "SIP/2.0/UDP ;branch=a", 12, "host" },
		{ "SIP/2.0/UDP [::1;x", 12, "IPv6" },
		{ "SIP/2.0/UDP [1.2.3.4]", 12, "IPv6" },
		{ "SIP/2.0/UDP a:", 14, "port" },
		{ "SIP/2.0/UDP a:0", 14, "port" },
		{ "SIP/2.0/UDP a:70000", 14, "port" },
		{ "SIP/2.0/UDP a;;", 13, "parameter" },
		{ "SIP/2.0/UDP a b", 14, "parameter" },
		{ "SIP/2.0/UDP a;branch=x;branch=y", 13, "branch" },
		{ "SIP/2.0/UDP a;branch", 13, "branch" },
		{ "SIP/2.0/UDP a;rport;rport", 13, "rport" },
		{ "SIP/2.0/UDP a;rport=0", 13, "port" },
		{ "SIP/2.0/UDP a;rport=x", 13, "port" },
		{ "SIP/2.0/UDP a;received=1;received=2", 13, "received" },
		{ "SIP/2.0/UDP a,", 13, "comma" },
	};
	struct sip_via v;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		size_t pos = 0;
		fault = (struct gw_fault){ 99, "" };
		enum gw_err err =
		    sip_via_next(gw_span_of(rows[i].text), &pos, &v, &fault);
		if (err != GW_EMALFORMED || fault.at != rows[i].at ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].text, (int)err,
			    fault.at, fault.why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_uri_is_cut_into_its_parts),
		cmocka_unit_test(a_wrong_uri_is_refused_with_its_place),
		cmocka_unit_test(an_address_literal_is_told_from_a_name),
		cmocka_unit_test(users_are_compared_as_identities),
		cmocka_unit_test(parameters_are_found_without_case),
		cmocka_unit_test(
		    stepping_stops_at_the_end_or_before_what_is_wrong),
		cmocka_unit_test(
		    a_list_of_addresses_is_read_element_by_element),
		cmocka_unit_test(a_wrong_address_is_refused_with_its_place),
		cmocka_unit_test(a_via_is_cut_into_its_parts),
		cmocka_unit_test(a_wrong_via_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
