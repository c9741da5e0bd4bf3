/*
 * test_lookup_kms.c: the lookup of the KMS interface.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/buf.h"
#include "mcxgw/lookup.h"
#include "support/tfile.h"

#define SAMPLES	 GW_TESTS_DIR "/corpus/lookup/"
#define FILE_MAX 8192

#define NS   "urn:3gpp:ns:mcsecKMSInterface:1.0"
#define ROOT "/keymanagement/identity/v1/lookup/"
#define BOB  "sip%3Abob%40mc-b.example.org"
#define HOST "kms.mc-a.example.org"
#define URL  "<ClientReqUrl>https://" HOST ROOT BOB "</ClientReqUrl>"
#define USER "<UserUri>sip:bob@mc-b.example.org</UserUri>"

static struct gw_arena *arena;
static const struct gw_lookup_adapter *kms;
static struct gw_lookup_answer out;
static struct gw_fault fault;

static struct gw_lookup_ends ends = {
	.self = GW_LIT("sip:mcgw@mc-a.example.org"),
	.kms = GW_LIT("kms.mc-a.example.org"),
	.authority = GW_LIT(HOST),
	.names = &gw_lookup_names_3gpp,
	.wall_us = INT64_C(1893553445999999),
};
static const struct gw_lookup_question bob = {
	.user = GW_LIT("sip:bob@mc-b.example.org"),
};

static int
start(void **state)
{
	(void)state;
	arena = gw_arena_new(1 << 20);
	kms = gw_lookup_adapter(GW_SPAN("kms"));
	return arena == NULL || kms == NULL;
}

static int
stop(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static struct gw_span
sample(const char *name)
{
	static uint8_t text[FILE_MAX];
	char path[512];

	snprintf(path, sizeof(path), SAMPLES "%s", name);
	return (struct gw_span){ text, tfile_read(path, text, sizeof(text)) };
}

static enum gw_err
take_span(unsigned status, struct gw_span body)
{
	struct gw_http_response in = { .status = status,
		.content_type = GW_LIT("application/xml; charset=utf-8"),
		.body = body };

	gw_arena_reset(arena);
	fault = (struct gw_fault){ 0, NULL };
	out = (struct gw_lookup_answer){ .n_domains = 99 };
	enum gw_err err = kms->take(arena, &ends, &bob, &in, &out, &fault);
	assert_int_equal(out.n_domains == 99, err != GW_OK);
	if (err != GW_OK) {
		assert_non_null(fault.why);
		assert_true(fault.at <= body.len);
	}
	return err;
}

/* A response with these children. */
static enum gw_err
take(unsigned status, const char *children)
{
	static char text[65536];

	snprintf(text, sizeof(text),
	    "<KmsResponse xmlns='" NS "'>%s</KmsResponse>", children);
	return take_span(status, gw_span_of(text));
}

static enum gw_err
hear(enum gw_http_method method, const char *path, struct gw_span body,
    struct gw_lookup_question *q)
{
	struct gw_http_request in = {
		.method = method, .path = gw_span_of(path), .body = body
	};

	fault = (struct gw_fault){ 0, NULL };
	return kms->hear(arena, &ends, &in, q, &fault);
}

static void
assert_text(struct gw_span is, const char *want)
{
	assert_string_equal(gw_arena_str(arena, is), want);
}

static void
the_samples_are_read(void **state)
{
	struct gw_lookup_question q;

	(void)state;
	assert_int_equal(
	    take_span(200, sample("kms-response-lookup.xml")), GW_OK);
	assert_int_equal(out.n_domains, 1);
	assert_text(out.domains[0].kms, "kms.mc-b.example.org");
	assert_false(out.domains[0].lists_external);
	assert_int_equal(out.ttl_ms, 0);

	assert_int_equal(
	    hear(GW_HTTP_POST, ROOT BOB, sample("kms-request-lookup.xml"), &q),
	    GW_OK);
	assert_text(q.user, "sip:bob@mc-b.example.org");
	assert_text(q.asker, "sip:mcgw@mc-a.example.org");

	/* An error in answer to something else. */
	assert_int_equal(
	    take_span(404, sample("kms-response-error.xml")), GW_EMALFORMED);
}

static void
a_question_is_written_as_the_sample_has_it(void **state)
{
	struct gw_http_request r;

	(void)state;
	gw_arena_reset(arena);
	assert_int_equal(kms->ask(arena, &ends, &bob, &r), GW_OK);
	assert_int_equal(r.method, GW_HTTP_POST);
	assert_text(r.path, ROOT BOB);
	assert_text(r.content_type, "application/xml");
	assert_text(r.body,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<KmsRequest xmlns=\"" NS "\" Id=\"xmldoc\" Version=\"1.1.0\">"
	    "<UserUri>sip:mcgw@mc-a.example.org</UserUri>"
	    "<KmsUri>kms.mc-a.example.org</KmsUri>"
	    "<Time>2030-01-02T03:04:05Z</Time>" URL "</KmsRequest>");
}

static void
an_answer_is_written_as_the_sample_has_it(void **state)
{
	struct gw_lookup_answer two = { .n_domains = 2,
		.ttl_ms = 5000,
		.domains = { { .kms = GW_LIT("kms.b") },
		    { .kms = GW_LIT("k?a&b\"<\xc3") } } };
	struct gw_lookup_question q = { bob.user, GW_LIT("sip:x@y") };
	struct gw_http_response r;

	(void)state;
	gw_arena_reset(arena);
	assert_int_equal(kms->answer(arena, &ends, &q, &two, &r), GW_OK);
	assert_text(r.body,
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
	    "<KmsResponse xmlns=\"" NS "\" Id=\"xmldoc\" Version=\"1.0.0\">"
	    "<UserUri>sip:x@y</UserUri><KmsUri>kms.mc-a.example.org</KmsUri>"
	    "<Time>2030-01-02T03:04:05Z</Time>" URL "<KmsMessage>"
	    "<KmsLookup Version=\"1.0.0\">" USER "<KmsUri>kms.b</KmsUri>"
	    "<KmsUri>k?a&amp;b%22%3C%C3</KmsUri></KmsLookup></KmsMessage>"
	    "</KmsResponse>");
}

/* Who answers is told only with something to tell. */
static void
an_empty_answer_names_no_kms_but_the_asked_host(void **state)
{
	struct gw_lookup_ends e = ends;
	struct gw_lookup_answer none = { 0 };
	struct gw_http_response r;

	(void)state;
	e.authority = GW_SPAN("gw.example:8443");
	gw_arena_reset(arena);
	assert_int_equal(kms->answer(arena, &e, &bob, &none, &r), GW_OK);
	assert_int_equal(r.status, 200);
	assert_true(
	    gw_span_search(r.body,
		GW_SPAN("<KmsUri>gw.example</KmsUri><Time>")) != r.body.len);
	assert_int_equal(gw_span_search(r.body, GW_SPAN(HOST)), r.body.len);
	e.authority = GW_SPAN("[::1]:8443");
	assert_int_equal(kms->answer(arena, &e, &bob, &none, &r), GW_OK);
	assert_true(gw_span_search(r.body, GW_SPAN("<KmsUri>[::1]</KmsUri>")) !=
		    r.body.len);
}

static void
what_real_ones_do_differently_is_read(void **state)
{
	static const char *const rows[] = {
		/* no Version, no Time, another order */
		"<KmsMessage><KmsLookup><KmsUri>k1</KmsUri>" USER
		"</KmsLookup></KmsMessage>" URL,
		/* a Time without zone, KmsUri with a port, more elements */
		"<Time>2030-01-02T03:04:05</Time><KmsUri>k:8443</KmsUri>"
		"<TrK-ID>1</TrK-ID><Signature-ID/>" URL
		"<KmsMessage><KmsLookup Version='2'><KmsUri> k1\n</KmsUri>"
		"</KmsLookup></KmsMessage>",
		/* foreign elements, with names that mean something here */
		"<x:KmsError xmlns:x='urn:x'><ErrorCode>500</ErrorCode>"
		"</x:KmsError><KmsMessage xmlns:x='urn:x'><x:KmsLookup/>"
		"<KmsLookup><x:KmsUri>k9</x:KmsUri>" USER
		"<KmsUri><![CDATA[k1]]></KmsUri></KmsLookup><!-- c -->"
		"</KmsMessage>",
		/* other spellings of URL and user */
		"<ClientReqUrl>HTTP://KMS.mc-a.example.org:443" ROOT
		"sip:%62ob@MC-B.example.org</ClientReqUrl><KmsMessage>"
		"<KmsLookup><UserUri>sips:bob@mc-b.example.org:5061</UserUri>"
		"<KmsUri>k1</KmsUri><KmsUri>K1</KmsUri></KmsLookup>"
		"</KmsMessage>",
		"<ClientReqUrl>" ROOT BOB "</ClientReqUrl><KmsMessage>"
		"<KmsLookup><KmsUri>k1</KmsUri></KmsLookup></KmsMessage>",
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (take(200, rows[i]) != GW_OK)
			fail_msg("%s: %s", rows[i], fault.why);
		assert_int_equal(out.n_domains, 1);
		assert_text(out.domains[0].kms, "k1");
	}
}

static void
a_document_may_be_wrapped_for_a_signature(void **state)
{
#define WRAP(what, children)                                                   \
	"<s:SignedKms" what " xmlns:s='" NS "'>" children                      \
	"<ds:Signature xmlns:ds='urn:ds'><ds:SignedInfo/></ds:Signature>"      \
	"</s:SignedKms" what ">"
#define PLAIN                                                                  \
	"<s:KmsResponse><s:KmsMessage><s:KmsLookup><s:UserUri>"                \
	"sip:bob@mc-b.example.org</s:UserUri><s:KmsUri>k</s:KmsUri>"           \
	"</s:KmsLookup></s:KmsMessage></s:KmsResponse>"
	struct gw_lookup_question q;

	(void)state;
	assert_int_equal(
	    take_span(200, GW_SPAN(WRAP("Response", PLAIN))), GW_OK);
	assert_int_equal(out.n_domains, 1);
	assert_int_equal(take_span(200, GW_SPAN(WRAP("Response", PLAIN PLAIN))),
	    GW_EMALFORMED);
	assert_int_equal(
	    take_span(200, GW_SPAN(WRAP("Response", ""))), GW_EMALFORMED);
	assert_int_equal(
	    take_span(200, GW_SPAN(WRAP("Request", PLAIN))), GW_EMALFORMED);
	assert_int_equal(
	    hear(GW_HTTP_POST, ROOT BOB,
		GW_SPAN(WRAP("Request",
		    "<s:KmsRequest><s:UserUri>a:b</s:UserUri></s:KmsRequest>")),
		&q),
	    GW_OK);
	assert_text(q.asker, "a:b");
}

static void
no_such_user_is_an_answer_and_other_errors_are_none(void **state)
{
#define ERROR(code) "<KmsError><ErrorCode>" code "</ErrorCode></KmsError>"
	static const struct {
		unsigned status;
		const char *children;
		enum gw_err err;
	} rows[] = {
		{ 404, ERROR("404"), GW_OK },
		{ 200, URL ERROR(" 404 "), GW_OK },
		{ 200, URL "<KmsMessage><KmsLookup/></KmsMessage>", GW_OK },
		{ 200, ERROR("500"), GW_EREMOTE },
		{ 404, ERROR("403"), GW_EREMOTE },
		{ 500, ERROR("404"), GW_EREMOTE },
		{ 401, "", GW_EREMOTE },
		{ 302, ERROR("404"), GW_EREMOTE },
		/* a web server that is no KMS */
		{ 404, "", GW_EMALFORMED },
		{ 404, "<br></p>", GW_EREMOTE },
		{ 200, ERROR("x"), GW_EMALFORMED },
		{ 200, "<KmsError/>", GW_EMALFORMED },
		{ 200, ERROR("404") ERROR("404"), GW_EMALFORMED },
		{ 200,
		    "<ClientReqUrl>https://" HOST ROOT
		    "sip%3Aeve%40b</ClientReqUrl>" ERROR("404"),
		    GW_EMALFORMED },
		{ 404, URL "<KmsMessage><KmsLookup/></KmsMessage>",
		    GW_EMALFORMED },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		enum gw_err err = take(rows[i].status, rows[i].children);
		if (err != rows[i].err)
			fail_msg("row %zu: %s", i, gw_strerror(err));
		if (err == GW_OK)
			assert_int_equal(out.n_domains, 0);
	}
}

static void
what_could_mislead_is_refused(void **state)
{
#define LOOKUP(c) "<KmsMessage><KmsLookup>" c "</KmsLookup></KmsMessage>"
	static const char *const rows[] = { "", "<KmsMessage/>",
		/* about nobody, about another */
		LOOKUP("<KmsUri>k</KmsUri>"),
		LOOKUP("<UserUri>sip:eve@b</UserUri><KmsUri>k</KmsUri>"),
		URL LOOKUP("<UserUri>sip:eve@b</UserUri>"),
		LOOKUP("<UserUri/><KmsUri>k</KmsUri>") URL,
		"<ClientReqUrl/>" LOOKUP(USER),
		"<ClientReqUrl>https://other.example" ROOT BOB
		"</ClientReqUrl>" LOOKUP(USER),
		"<ClientReqUrl>https://" HOST ":8443" ROOT BOB
		"</ClientReqUrl>" LOOKUP(USER),
		"<ClientReqUrl>https://" HOST "/x" ROOT BOB
		"</ClientReqUrl>" LOOKUP(USER),
		"<ClientReqUrl>https://" HOST ROOT BOB
		"/x</ClientReqUrl>" LOOKUP(USER),
		"<ClientReqUrl>https://" HOST "</ClientReqUrl>" LOOKUP(USER),
		"<ClientReqUrl>ftp://" HOST ROOT BOB
		"</ClientReqUrl>" LOOKUP(USER),
		/* twice */
		URL URL LOOKUP(USER), LOOKUP(USER USER),
		LOOKUP(USER) LOOKUP(USER), LOOKUP(USER) ERROR("404"),
		/* unknown where domains stand */
		LOOKUP(USER "<KmsUriList/>"), LOOKUP(USER "<x xmlns=''/>"),
		"<KmsMessage><KmsInit/></KmsMessage>" URL, LOOKUP(USER "text"),
		/* no KMS URI */
		LOOKUP(USER "<KmsUri/>"), LOOKUP(USER "<KmsUri>a b</KmsUri>"),
		LOOKUP(USER "<KmsUri>a<b/></KmsUri>"),
		LOOKUP(USER "<KmsUri>a<!-- -->b</KmsUri>"),
		LOOKUP(USER "<KmsUri>a&#xe9;</KmsUri>"),
		LOOKUP(USER "<KmsUri>a&#10;</KmsUri>"),
		LOOKUP(USER "<KmsUri>a&lt;</KmsUri>"),
		LOOKUP(USER "<KmsUri>a&nbsp;</KmsUri>") };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		if (take(200, rows[i]) != GW_EMALFORMED)
			fail_msg("taken: %s", rows[i]);
}

static void
other_documents_are_refused(void **state)
{
	static const char *const rows[] = { "", "<", "<html/>",
		"<KmsResponse/>", "<KmsResponse xmlns='urn:x'/>",
		"<KmsRequest xmlns='" NS "'/>", "<KmsLookup xmlns='" NS "'/>",
		"<KmsResponse xmlns='" NS "'/><x/>",
		"<!DOCTYPE x><KmsResponse xmlns='" NS "'/>", "{\"user\":1}" };
	struct gw_http_response in = { .status = 200,
		.content_type = GW_LIT("application/json") };
	struct gw_span good = sample("kms-response-lookup.xml");

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_int_equal(
		    take_span(200, gw_span_of(rows[i])), GW_EMALFORMED);
	for (size_t n = 0; n < good.len - 1; n++)
		assert_int_equal(
		    take_span(200, gw_span_sub(good, 0, n)), GW_EMALFORMED);
	in.body = good;
	assert_int_equal(
	    kms->take(arena, &ends, &bob, &in, &out, &fault), GW_EMALFORMED);
	in.content_type = GW_SPAN("");
	assert_int_equal(
	    kms->take(arena, &ends, &bob, &in, &out, &fault), GW_OK);
}

static void
too_many_domains_are_refused(void **state)
{
	static char text[8192];

	(void)state;
	for (unsigned extra = 0; extra < 2; extra++) {
		size_t n = (size_t)snprintf(
		    text, sizeof(text), "<KmsMessage><KmsLookup>" USER);
		for (unsigned i = 0; i < GW_LOOKUP_DOMAINS_MAX + extra; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n,
			    "<KmsUri>k%u</KmsUri><KmsUri>k0</KmsUri>", i);
		snprintf(
		    text + n, sizeof(text) - n, "</KmsLookup></KmsMessage>");
		assert_int_equal(
		    take(200, text), extra == 0 ? GW_OK : GW_ELIMIT);
	}
	memset(text, 'k', sizeof(text));
	memcpy(text, "<KmsMessage><KmsLookup>" USER "<KmsUri>", 74);
	memcpy(text + 74 + GW_LOOKUP_KMS_MAX + 1,
	    "</KmsUri></KmsLookup></KmsMessage>", 35);
	assert_int_equal(take(200, text), GW_EMALFORMED);
	assert_string_equal(fault.why, "a KMS URI is empty or too long");
}

static void
questions_are_heard_or_refused(void **state)
{
#define ASK(children) "<KmsRequest xmlns='" NS "'>" children "</KmsRequest>"
	static const struct {
		enum gw_http_method method;
		const char *path, *body;
		enum gw_err err;
	} rows[] = {
		{ GW_HTTP_POST, ROOT BOB, "", GW_OK },
		{ GW_HTTP_POST, ROOT BOB, ASK(""), GW_OK },
		{ GW_HTTP_POST, ROOT BOB,
		    ASK("<KmsUri>any:1</KmsUri><ClientId/><Time>x</Time>" URL
			"<CertificateList/><KrrList/><ClientError/>"),
		    GW_OK },
		{ GW_HTTP_GET, ROOT BOB, "", GW_EUNSUPPORTED },
		{ GW_HTTP_OTHER, ROOT BOB, "", GW_EUNSUPPORTED },
		{ GW_HTTP_GET, "/keymanagement/identity/v1/init", "",
		    GW_ENOTFOUND },
		{ GW_HTTP_POST, "/keymanagement/identity/v1/lookup", "",
		    GW_ENOTFOUND },
		{ GW_HTTP_POST, "/p" ROOT BOB, "", GW_ENOTFOUND },
		{ GW_HTTP_POST, ROOT BOB "/", "", GW_ENOTFOUND },
		{ GW_HTTP_POST, ROOT, "", GW_EMALFORMED },
		{ GW_HTTP_POST, ROOT BOB "?x", "", GW_EMALFORMED },
		{ GW_HTTP_POST, ROOT BOB, "x", GW_EMALFORMED },
		{ GW_HTTP_POST, ROOT BOB, ASK("<UserUri/><UserUri/>"),
		    GW_EMALFORMED },
		{ GW_HTTP_POST, ROOT "sip%3Aeve%40b", ASK(URL), GW_EMALFORMED },
		{ GW_HTTP_POST, ROOT BOB,
		    "<KmsResponse xmlns='" NS "'></KmsResponse>",
		    GW_EMALFORMED },
	};

	(void)state;
	gw_arena_reset(arena);
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_lookup_question q = { GW_LIT("before"), { NULL, 0 } };
		enum gw_err err = hear(
		    rows[i].method, rows[i].path, gw_span_of(rows[i].body), &q);
		if (err != rows[i].err)
			fail_msg("row %zu: %s", i, gw_strerror(err));
		assert_int_equal(
		    gw_span_eq(q.user, GW_SPAN("before")), err != GW_OK);
		assert_int_equal(fault.why == NULL, 0);
	}
}

static void
names_can_be_those_of_another_dialect(void **state)
{
	static const struct gw_lookup_names names = {
		.ns = GW_LIT("urn:kms:2"),
		.root = GW_LIT("Found"),
		.user = GW_LIT("Who"),
		.domain = GW_LIT("Where"),
	};
	struct gw_lookup_answer one = { .n_domains = 1,
		.domains = { { .kms = GW_LIT("kms.b") } } };
	struct gw_lookup_ends e = ends;
	struct gw_http_response r;

	(void)state;
	e.names = &names;
	gw_arena_reset(arena);
	assert_int_equal(kms->answer(arena, &e, &bob, &one, &r), GW_OK);
	assert_true(
	    gw_span_search(r.body,
		GW_SPAN("<Found Version=\"1.0.0\"><Who>sip:bob@mc-b.example.org"
			"</Who><Where>kms.b</Where></Found>")) != r.body.len);
	assert_int_equal(kms->take(arena, &e, &bob, &r, &out, &fault), GW_OK);
	assert_int_equal(out.n_domains, 1);
	assert_int_equal(
	    kms->take(arena, &ends, &bob, &r, &out, &fault), GW_EMALFORMED);
}

static void
an_error_is_a_kms_error(void **state)
{
	struct gw_http_request in = { .method = GW_HTTP_POST,
		.path = GW_LIT(ROOT "<\x80") };
	struct gw_http_response r;

	(void)state;
	gw_arena_reset(arena);
	assert_int_equal(
	    kms->refuse(arena, &ends, &in, GW_LOOKUP_E_REQUEST, &r), GW_OK);
	assert_int_equal(r.status, 400);
	assert_text(r.content_type, "application/xml");
	assert_true(
	    gw_span_search(r.body,
		GW_SPAN(ROOT "%3C%80</ClientReqUrl><KmsError><ErrorCode>400"
			     "</ErrorCode><ErrorMsg>the question cannot be read"
			     "</ErrorMsg></KmsError></KmsResponse>")) !=
	    r.body.len);
	assert_int_equal(
	    kms->refuse(arena, &ends, &in, GW_LOOKUP_E_METHOD, &r), GW_OK);
	assert_text(r.allow, "POST");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_samples_are_read),
		cmocka_unit_test(a_question_is_written_as_the_sample_has_it),
		cmocka_unit_test(an_answer_is_written_as_the_sample_has_it),
		cmocka_unit_test(
		    an_empty_answer_names_no_kms_but_the_asked_host),
		cmocka_unit_test(what_real_ones_do_differently_is_read),
		cmocka_unit_test(a_document_may_be_wrapped_for_a_signature),
		cmocka_unit_test(
		    no_such_user_is_an_answer_and_other_errors_are_none),
		cmocka_unit_test(what_could_mislead_is_refused),
		cmocka_unit_test(other_documents_are_refused),
		cmocka_unit_test(too_many_domains_are_refused),
		cmocka_unit_test(questions_are_heard_or_refused),
		cmocka_unit_test(names_can_be_those_of_another_dialect),
		cmocka_unit_test(an_error_is_a_kms_error),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
