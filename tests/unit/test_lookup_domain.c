/*
 * test_lookup_domain.c: domain-lookup as XML and as JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "adapters/lookup/lookup_media.h"
#include "mcxgw/lookup.h"
#include "mcxgw/xml.h"

#define SCHEMA GW_SOURCE_DIR "/conf/schema/domain-lookup.xsd"
#define NS     "urn:mcxgw:domain-lookup:1"
#define HEAD   "<domain-lookup xmlns='" NS "' user='sip:bob@b.example'"
#define TAIL   "</domain-lookup>"
#define BOB    "\"user\":\"sip:bob@b.example\""

static struct gw_arena *arena;
static const struct gw_lookup_adapter *xml, *json;
static struct gw_lookup_answer out;
static struct gw_fault fault;

static const struct gw_lookup_ends ends = {
	.authority = GW_LIT("lookup.b.example"),
	.names = &gw_lookup_names_3gpp,
};
static const struct gw_lookup_question bob = {
	.user = GW_LIT("sip:bob@b.example"),
};

static int
start(void **state)
{
	(void)state;
	gw_xml_init();
	arena = gw_arena_new(1 << 20);
	xml = gw_lookup_adapter(GW_SPAN("domain-lookup"));
	json = gw_lookup_adapter(GW_SPAN("domain-lookup-json"));
	return arena == NULL || xml == NULL || json == NULL;
}

static int
stop(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static enum gw_err
take(const struct gw_lookup_adapter *ad, unsigned status, const char *body)
{
	struct gw_http_response in = { .status = status,
		.body = gw_span_of(body) };

	gw_arena_reset(arena);
	fault = (struct gw_fault){ 0, NULL };
	out = (struct gw_lookup_answer){ .n_domains = 99 };
	enum gw_err err = ad->take(arena, &ends, &bob, &in, &out, &fault);
	assert_int_equal(out.n_domains == 99, err != GW_OK);
	if (err != GW_OK) {
		assert_non_null(fault.why);
		assert_true(fault.at <= in.body.len);
	}
	return err;
}

static void
assert_text(struct gw_span is, const char *want)
{
	assert_string_equal(gw_arena_str(arena, is), want);
}

/* Does the shipped schema agree that this is an answer? */
static bool
is_valid(struct gw_span text)
{
	struct gw_diag *d = gw_diag_new();
	xmlDoc *doc = gw_xml_parse(text, "answer.xml", SCHEMA, d);
	bool valid = doc != NULL && gw_diag_errors(d) == 0;

	gw_xml_free(doc);
	gw_diag_free(d);
	return valid;
}

static struct gw_lookup_answer
two_domains(void)
{
	static const struct gw_span list[] = { GW_LIT("kms.a"),
		GW_LIT("k?c&d\"\\\x01") };

	return (struct gw_lookup_answer){
		.n_domains = 3,
		.ttl_ms = 300999,
		.domains = {
			{ GW_LIT("kms.b"), true, 2, list },
			{ GW_LIT("kms.tac"), false, 0, NULL },
			{ GW_LIT("kms.none"), true, 0, NULL },
		},
	};
}

static void
an_answer_is_written_as_the_manual_has_it(void **state)
{
	struct gw_lookup_answer three = two_domains();
	struct gw_http_response r;

	(void)state;
	gw_arena_reset(arena);
	assert_int_equal(xml->answer(arena, &ends, &bob, &three, &r), GW_OK);
	assert_text(r.content_type, "application/xml");
	assert_text(r.body,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<domain-lookup xmlns=\"" NS "\" user=\"sip:bob@b.example\""
	    " ttl=\"300\"><domain kms=\"kms.b\"><external>"
	    "<domain kms=\"kms.a\"/><domain kms=\"k?c&amp;d%22%5C%01\"/>"
	    "</external></domain><domain kms=\"kms.tac\"/>"
	    "<domain kms=\"kms.none\"><external></external></domain>"
	    "</domain-lookup>");
	assert_true(is_valid(r.body));
	assert_int_equal(json->answer(arena, &ends, &bob, &three, &r), GW_OK);
	assert_text(r.content_type, "application/json");
	assert_text(r.body,
	    "{" BOB ",\"ttl\":300,\"domains\":[{\"kms\":\"kms.b\","
	    "\"external\":[\"kms.a\",\"k?c&d%22%5C%01\"]},"
	    "{\"kms\":\"kms.tac\"},{\"kms\":\"kms.none\",\"external\":[]}]}");
}

static void
how_long_to_keep_is_told_in_whole_seconds(void **state)
{
	static const struct {
		uint32_t ms, back;
	} rows[] = { { 0, 0 }, { 1, 1000 }, { 999, 1000 }, { 1000, 1000 },
		{ 1999, 1000 }, { UINT32_MAX, 4294967000 } };
	struct gw_lookup_answer one = two_domains();
	struct gw_http_response r;

	(void)state;
	for (size_t i = 0; i < 2 * GW_COUNT(rows); i++) {
		const struct gw_lookup_adapter *ad = i % 2 == 0 ? xml : json;
		one.n_domains = 1;
		one.domains[0].n_external = 1;
		one.ttl_ms = rows[i / 2].ms;
		gw_arena_reset(arena);
		assert_int_equal(
		    ad->answer(arena, &ends, &bob, &one, &r), GW_OK);
		assert_int_equal(
		    ad->take(arena, &ends, &bob, &r, &out, &fault), GW_OK);
		assert_int_equal(out.ttl_ms, rows[i / 2].back);
		one.n_domains = 0; /* why there is none, ttl would tell */
		assert_int_equal(
		    ad->answer(arena, &ends, &bob, &one, &r), GW_OK);
		assert_int_equal(
		    gw_span_search(r.body, GW_SPAN("ttl")), r.body.len);
	}
}

/* What the reader takes, the schema takes too. */
static void
xml_of_others_is_read(void **state)
{
	static const struct {
		const char *text;
		unsigned n_domains, n_external;
	} rows[] = {
		{ HEAD "/>", 0, 0 },
		{ HEAD " ttl='1'> <!-- none -->\n" TAIL, 0, 0 },
		{ HEAD "><domain kms='k1'/><domain kms='k2'/>" TAIL, 2, 0 },
		{ "<x:domain-lookup xmlns:x='" NS
		  "' user='sip:&#x62;ob@B.example'><x:domain kms='k&#49;'>"
		  "<x:external><x:domain kms='e'/><x:domain kms='E'/>"
		  "</x:external></x:domain></x:domain-lookup>",
		    1, 1 },
		{ HEAD " xmlns:y='urn:y' y:a='b'><y:domain kms='k9'/>"
		       "<domain y:a='' kms='k1'><y:z/><external y:a=''>"
		       "<y:z>text</y:z><domain kms='e'><y:z/></domain>"
		       "</external></domain>" TAIL,
		    1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (take(xml, 200, rows[i].text) != GW_OK)
			fail_msg("%s: %s", rows[i].text, fault.why);
		assert_int_equal(out.n_domains, rows[i].n_domains);
		assert_int_equal(
		    out.n_domains == 0 ? 0 : out.domains[0].n_external,
		    rows[i].n_external);
		assert_true(is_valid(gw_span_of(rows[i].text)));
	}
}

static void
wrong_xml_is_refused(void **state)
{
	static const struct {
		const char *text;
		bool schema_too; /* does the schema refuse it? */
	} rows[] = {
		{ "", true },
		{ "<domain-lookup user='sip:bob@b.example'/>", true },
		{ "<domains xmlns='" NS "' user='sip:bob@b.example'/>", true },
		{ "<domain-lookup xmlns='" NS "'/>", true },
		{ "<domain-lookup xmlns='" NS "' user='sip:eve@b.example'/>",
		    false },
		{ HEAD " ttl='0'/>", true },
		{ HEAD " ttl=''/>", true },
		{ HEAD " ttl='-1'/>", true },
		{ HEAD " ttl='4294968'/>", true },
		{ HEAD " TTL='1'/>", true },
		{ HEAD " xmlns:x='" NS "' x:ttl='1'/>", true },
		{ HEAD ">text" TAIL, true },
		{ HEAD "><domain/>" TAIL, true },
		{ HEAD "><domain kms=''/>" TAIL, true },
		{ HEAD "><domain kms='a b'/>" TAIL, false },
		{ HEAD "><domain kms='a&#9;'/>" TAIL, false },
		{ HEAD "><domain kms='k' external='none'/>" TAIL, true },
		{ HEAD "><domain kms='k'><externals/></domain>" TAIL, true },
		{ HEAD "><domain kms='k'><external>e</external></domain>" TAIL,
		    true },
		{ HEAD "><domain "
		       "kms='k'><external><kms/></external></domain>" TAIL,
		    true },
		{ HEAD "><domain kms='k'><external kms='e'/></domain>" TAIL,
		    true },
		{ HEAD "><domain kms='k'><external><domain kms='e'><external/>"
		       "</domain></external></domain>" TAIL,
		    true },
		{ HEAD "><domain kms='k'><external/><external/></domain>" TAIL,
		    false },
		{ HEAD "><domain kms='k'/><domain kms='k'/>" TAIL, true },
		{ HEAD "><domain kms='k'/><domain kms='K'/>" TAIL, false },
		{ HEAD "><external/>" TAIL, true },
		{ "<x:domain-lookup xmlns:x='" NS
		  "' user='sip:bob@b.example'><x:domain kms='k'><external/>"
		  "</x:domain></x:domain-lookup>",
		    true },
		{ HEAD "/><x/>", true },
		{ HEAD ">", true },
		{ "{" BOB ",\"domains\":[]}", true },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (take(xml, 200, rows[i].text) != GW_EMALFORMED)
			fail_msg("taken: %s", rows[i].text);
		if (is_valid(gw_span_of(rows[i].text)) == rows[i].schema_too)
			fail_msg("by the schema: %s", rows[i].text);
	}
}

static void
json_of_others_is_read(void **state)
{
	static const struct {
		const char *text;
		unsigned n_domains, n_external;
	} rows[] = {
		{ "{" BOB ",\"domains\":[]}", 0, 0 },
		{ " { \"domains\" : [ ] ,\r\n\t\"ttl\" : 1 ,\n " BOB " } ", 0,
		    0 },
		{ "{" BOB ",\"domains\":[{\"kms\":\"k1\"},{\"kms\":\"k2\"}]}",
		    2, 0 },
		{ "{\"\\u0075ser\":\"sip:\\u0062ob@B.example\","
		  "\"domains\":[{\"external\":[\"http:\\/\\/e\\u002F\","
		  "\"HTTP://e/\"],\"kms\":\"k\\u0031\"}]}",
		    1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (take(json, 200, rows[i].text) != GW_OK)
			fail_msg("%s: %s", rows[i].text, fault.why);
		assert_int_equal(out.n_domains, rows[i].n_domains);
		assert_int_equal(
		    out.n_domains == 0 ? 0 : out.domains[0].n_external,
		    rows[i].n_external);
	}
	assert_text(out.domains[0].kms, "k1");
	assert_text(out.domains[0].external[0], "http://e/");
}

static void
wrong_json_is_refused(void **state)
{
#define DOMAIN(members) "{" BOB ",\"domains\":[{" members "}]}"
	static const char *const rows[] = { "", "{", "{}", "[]", "null",
		"{" BOB "}", "{\"domains\":[]}",
		"{\"user\":\"sip:eve@b.example\",\"domains\":[]}",
		"{" BOB "," BOB ",\"domains\":[]}",
		"{" BOB ",\"domains\":[],\"domains\":[]}",
		"{" BOB ",\"\\u0075ser\":\"sip:bob@b.example\",\"domains\":[]}",
		"{" BOB ",\"domains\":[],\"more\":1}",
		"{" BOB ",\"domains\":[],}", "{" BOB ",\"domains\":[]}x",
		"{" BOB ",\"domains\":[]}{}", "{" BOB ",\"domains\":{}}",
		"{" BOB ",\"domains\":null}", "{" BOB " \"domains\":[]}",
		"{" BOB ",\"domains\" []}", "{user:\"a\"}", "{'user':\"a\"}",
		"{" BOB ",\"ttl\":0,\"domains\":[]}",
		"{" BOB ",\"ttl\":-1,\"domains\":[]}",
		"{" BOB ",\"ttl\":01,\"domains\":[]}",
		"{" BOB ",\"ttl\":1.5,\"domains\":[]}",
		"{" BOB ",\"ttl\":1e3,\"domains\":[]}",
		"{" BOB ",\"ttl\":\"1\",\"domains\":[]}",
		"{" BOB ",\"ttl\":4294968,\"domains\":[]}",
		"{" BOB ",\"ttl\":18446744073709551617,\"domains\":[]}",
		DOMAIN(""), DOMAIN("\"kms\":\"\""), DOMAIN("\"kms\":1"),
		DOMAIN("\"kms\":\"a b\""), DOMAIN("\"kms\":\"a\\n\""),
		DOMAIN("\"kms\":\"a\\u0000\""), DOMAIN("\"kms\":\"a\\u00e9\""),
		DOMAIN("\"kms\":\"a\xc3\xa9\""), DOMAIN("\"kms\":\"a\\x\""),
		DOMAIN("\"kms\":\"a\\u12\""), DOMAIN("\"kms\":\"a\x01\""),
		DOMAIN("\"kms\":\"a"), DOMAIN("\"kms\":\"a\\"),
		DOMAIN("\"kms\":\"k\",\"kms\":\"k\""),
		DOMAIN("\"kms\":\"k\",\"externals\":[]"),
		DOMAIN("\"kms\":\"k\",\"external\":null"),
		DOMAIN("\"kms\":\"k\",\"external\":[1]"),
		DOMAIN("\"kms\":\"k\",\"external\":[[]]"),
		DOMAIN("\"kms\":\"k\",\"external\":[\"e\",]"),
		DOMAIN("\"kms\":\"k\",\"external\":[\"e\" \"f\"]"),
		DOMAIN("\"kms\":\"k\"},{\"kms\":\"K\""),
		DOMAIN("\"kms\":\"k\"},"), "\xef\xbb\xbf{}", HEAD "/>" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (take(json, 200, rows[i]) != GW_EMALFORMED)
			fail_msg("taken: %s", rows[i]);
}

static void
no_prefix_of_an_answer_is_one(void **state)
{
	struct gw_lookup_answer three = two_domains();
	struct gw_http_response r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct gw_lookup_adapter *ad = i == 0 ? xml : json;
		gw_arena_reset(arena);
		assert_int_equal(
		    ad->answer(arena, &ends, &bob, &three, &r), GW_OK);
		for (size_t len = r.body.len; r.body.len > 0;) {
			assert_int_equal(
			    ad->take(arena, &ends, &bob, &r, &out, &fault),
			    r.body.len == len ? GW_OK : GW_EMALFORMED);
			r.body.len--;
		}
	}
}

static void
too_many_domains_are_refused(void **state)
{
	static const struct {
		const char *head, *one, *tail;
		unsigned most;
		bool is_json;
	} rows[] = {
		{ HEAD ">", "<domain kms='k%u'/>", TAIL, GW_LOOKUP_DOMAINS_MAX,
		    false },
		{ HEAD "><domain kms='k'><external>", "<domain kms='k%u'/>",
		    "</external></domain>" TAIL, GW_LOOKUP_EXTERNAL_MAX,
		    false },
		{ "{" BOB ",\"domains\":[{\"kms\":\"k\"}", ",{\"kms\":\"k%u\"}",
		    "]}", GW_LOOKUP_DOMAINS_MAX - 1, true },
		{ DOMAIN("\"kms\":\"k\",\"external\":[\"k\""), ",\"k%u\"",
		    "]}]}", GW_LOOKUP_EXTERNAL_MAX - 1, true },
	};
	static char text[16384];

	(void)state;
	for (size_t i = 0; i < 2 * GW_COUNT(rows); i++) {
		unsigned extra = i % 2;
		size_t n = strlen(rows[i / 2].head);
		if (i / 2 == 3)
			n -= strlen("}]}");
		memcpy(text, rows[i / 2].head, n);
		for (unsigned k = 0; k < rows[i / 2].most + extra; k++) {
			char number[16];
			const char *one = rows[i / 2].one;
			const char *mark = strstr(one, "%u");
			snprintf(number, sizeof(number), "%u", k);
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "%.*s%s%s", (int)(mark - one), one, number,
			    mark + 2);
		}
		snprintf(text + n, sizeof(text) - n, "%s", rows[i / 2].tail);
		assert_int_equal(
		    take(rows[i / 2].is_json ? json : xml, 200, text),
		    extra == 0 ? GW_OK : GW_ELIMIT);
	}
}

static void
a_status_is_an_answer_or_a_failure(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct gw_lookup_adapter *ad = i == 0 ? xml : json;
		assert_int_equal(take(ad, 404, "whatever"), GW_OK);
		assert_int_equal(out.n_domains, 0);
		assert_int_equal(take(ad, 204, ""), GW_EREMOTE);
		assert_int_equal(take(ad, 301, ""), GW_EREMOTE);
		assert_int_equal(take(ad, 403, ""), GW_EREMOTE);
		assert_int_equal(take(ad, 503, ""), GW_EREMOTE);
	}
}

static void
a_response_of_another_type_is_refused(void **state)
{
	struct gw_http_response in = { .status = 200 };

	(void)state;
	in.body = GW_SPAN(HEAD "/>");
	in.content_type = GW_SPAN("text/html");
	assert_int_equal(
	    xml->take(arena, &ends, &bob, &in, &out, &fault), GW_EMALFORMED);
	in.content_type = GW_SPAN("Text/XML;charset=utf-8");
	assert_int_equal(
	    xml->take(arena, &ends, &bob, &in, &out, &fault), GW_OK);
	in.body = GW_SPAN("{" BOB ",\"domains\":[]}");
	assert_int_equal(
	    json->take(arena, &ends, &bob, &in, &out, &fault), GW_EMALFORMED);
	in.content_type = GW_SPAN("application/vnd.x+json");
	assert_int_equal(
	    json->take(arena, &ends, &bob, &in, &out, &fault), GW_OK);
}

static void
accept_chooses_the_form(void **state)
{
	static const struct {
		const char *accept;
		enum lookup_media media;
	} rows[] = {
		{ "", LOOKUP_XML },
		{ " ", LOOKUP_XML },
		{ "*/*", LOOKUP_XML },
		{ "application/*", LOOKUP_XML },
		{ "application/xml", LOOKUP_XML },
		{ "application/json", LOOKUP_JSON },
		{ "APPLICATION/JSON;charset=utf-8", LOOKUP_JSON },
		{ "application/json, text/plain, */*", LOOKUP_JSON },
		{ "application/xml, application/json", LOOKUP_XML },
		{ "application/json, application/xml", LOOKUP_XML },
		{ "application/xml;q=0.8,application/json;q=0.9", LOOKUP_JSON },
		{ "application/xml ; q=0.81 , application/json;q=0.8",
		    LOOKUP_XML },
		{ "application/xml;q=0, */*", LOOKUP_JSON },
		{ "application/json;q=0, */*;q=0.001", LOOKUP_XML },
		{ "application/xml;q=0", LOOKUP_NEITHER },
		{ "application/xml;q=2", LOOKUP_NEITHER },
		{ "application/xml;q=x", LOOKUP_NEITHER },
		{ "application/xml;q=0.0001", LOOKUP_NEITHER },
		{ "text/html", LOOKUP_NEITHER },
		{ "application/xhtml+xml", LOOKUP_NEITHER },
		{ ",,;,", LOOKUP_NEITHER },
		{ "application/json;q=1.000", LOOKUP_JSON },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (lookup_media_pick(gw_span_of(rows[i].accept)) !=
		    rows[i].media)
			fail_msg("%s", rows[i].accept);
}

static void
questions_are_heard_or_refused(void **state)
{
#define ROOT "/domain-lookup/v1/users/"
	static const struct {
		enum gw_http_method method;
		const char *path, *accept;
		enum gw_err xml, json;
	} rows[] = {
		{ GW_HTTP_GET, ROOT "sip:bob@b", "", GW_OK, GW_ENOTFOUND },
		{ GW_HTTP_GET, ROOT "tel:%2B358", "application/json",
		    GW_ENOTFOUND, GW_OK },
		{ GW_HTTP_GET, ROOT "sip:bob@b", "text/html", GW_ENOTFOUND,
		    GW_ENOTFOUND },
		{ GW_HTTP_POST, ROOT "sip:bob@b", "", GW_EUNSUPPORTED,
		    GW_ENOTFOUND },
		{ GW_HTTP_OTHER, ROOT "x", "application/json", GW_ENOTFOUND,
		    GW_EUNSUPPORTED },
		{ GW_HTTP_GET, ROOT "x", "", GW_EMALFORMED, GW_ENOTFOUND },
		{ GW_HTTP_GET, ROOT "sip:bob@b?a=b", "", GW_EMALFORMED,
		    GW_ENOTFOUND },
		{ GW_HTTP_GET, ROOT "sip:bob@b/x", "", GW_ENOTFOUND,
		    GW_ENOTFOUND },
		{ GW_HTTP_GET, "/domain-lookup/v2/users/sip:bob@b", "",
		    GW_ENOTFOUND, GW_ENOTFOUND },
		{ GW_HTTP_GET, "", "", GW_ENOTFOUND, GW_ENOTFOUND },
	};
	struct gw_lookup_question q;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_http_request in = { .method = rows[i].method,
			.path = gw_span_of(rows[i].path),
			.accept = gw_span_of(rows[i].accept) };
		assert_int_equal(
		    xml->hear(arena, &ends, &in, &q, &fault), rows[i].xml);
		assert_int_equal(
		    json->hear(arena, &ends, &in, &q, &fault), rows[i].json);
	}
}

static void
an_error_is_a_problem_in_both_forms(void **state)
{
	struct gw_http_request in = { .method = GW_HTTP_POST };
	struct gw_http_response r;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		const struct gw_lookup_adapter *ad = i == 0 ? xml : json;
		assert_int_equal(
		    ad->refuse(arena, &ends, &in, GW_LOOKUP_E_RATE, &r), GW_OK);
		assert_text(r.content_type, "application/problem+json");
		assert_text(r.body,
		    "{\"type\":\"about:blank\",\"title\":\"Too Many Requests\""
		    ",\"status\":429,\"detail\":\"ask less often\"}");
		assert_int_equal(
		    ad->refuse(arena, &ends, &in, GW_LOOKUP_E_METHOD, &r),
		    GW_OK);
		assert_text(r.allow, "GET");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_is_written_as_the_manual_has_it),
		cmocka_unit_test(how_long_to_keep_is_told_in_whole_seconds),
		cmocka_unit_test(xml_of_others_is_read),
		cmocka_unit_test(wrong_xml_is_refused),
		cmocka_unit_test(json_of_others_is_read),
		cmocka_unit_test(wrong_json_is_refused),
		cmocka_unit_test(no_prefix_of_an_answer_is_one),
		cmocka_unit_test(too_many_domains_are_refused),
		cmocka_unit_test(a_status_is_an_answer_or_a_failure),
		cmocka_unit_test(a_response_of_another_type_is_refused),
		cmocka_unit_test(accept_chooses_the_form),
		cmocka_unit_test(questions_are_heard_or_refused),
		cmocka_unit_test(an_error_is_a_problem_in_both_forms),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
