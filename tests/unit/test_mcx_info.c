/*
 * test_mcx_info.c: info documents and resource lists.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/mcx/mcx_info.h"
#include "codec/mcx/mcx_list.h"

#define NS    " xmlns=\"urn:3gpp:ns:mcpttInfo:1.0\""
#define OPEN  "<mcpttinfo" NS "><mcptt-Params>"
#define CLOSE "</mcptt-Params></mcpttinfo>"

static struct gw_arena *arena;
static struct gw_fault fault;
static struct mcx_info info;

static int
set_up(void **state)
{
	(void)state;
	arena = gw_arena_new(65536);
	return arena == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static void
read_ok(const char *doc, enum mcx_service service)
{
	gw_arena_reset(arena);
	if (mcx_info_read(gw_span_of(doc), service, arena, &info, &fault) !=
	    GW_OK)
		fail_msg("%s: at %zu: %s", doc, fault.at, fault.why);
}

static void
the_media_type_names_the_service(void **state)
{
	static const struct {
		const char *type;
		enum mcx_service service;
		const char *name;
	} rows[] = {
		{ "application/vnd.3gpp.mcptt-info+xml", MCX_MCPTT, "mcptt" },
		{ "Application/vnd.3GPP.MCVideo-info+xml", MCX_MCVIDEO,
		    "mcvideo" },
		{ "application/vnd.3gpp.mcdata-info+xml", MCX_MCDATA,
		    "mcdata" },
		{ "application/vnd.3gpp.mcptt-info", MCX_NONE, "none" },
		{ "application/vnd.3gpp.mcptt-location-info+xml", MCX_NONE,
		    "none" },
		{ "", MCX_NONE, "none" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		enum mcx_service s = mcx_info_type(gw_span_of(rows[i].type));
		assert_int_equal(s, rows[i].service);
		assert_string_equal(mcx_service_name(s), rows[i].name);
	}
}

static void
every_fact_of_each_service_is_read(void **state)
{
	static const struct {
		const char *word, *type;
		enum mcx_service service;
	} rows[] = {
		{ "mcptt", "session-type", MCX_MCPTT },
		{ "mcvideo", "session-type", MCX_MCVIDEO },
		{ "mcdata", "request-type", MCX_MCDATA },
	};
	static const char form[] =
	    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"
	    "<!-- a comment -->"
	    "<x:%1$sinfo xmlns:x=\"urn:3gpp:ns:%1$sInfo:1.0\">\n"
	    " <x:%1$s-Params>\n"
	    "  <x:%2$s> one </x:%2$s>\n"
	    "  <x:%1$s-request-uri type=\"Normal\">\n"
	    "   <x:%1$sURI> sip:a&amp;b@c </x:%1$sURI></x:%1$s-request-uri>"
	    "<x:%1$s-calling-user-id>sip:u</x:%1$s-calling-user-id>"
	    "<x:%1$s-called-party-id><x:%1$sURI><![CDATA[sip:p&amp;]]>"
	    "</x:%1$sURI></x:%1$s-called-party-id>"
	    "<x:%1$s-calling-group-id><x:%1$sURI>sip:g</x:%1$sURI>"
	    "</x:%1$s-calling-group-id>"
	    "<x:emergency-ind><x:%1$sBoolean>true</x:%1$sBoolean>"
	    "</x:emergency-ind>"
	    "<x:alert-ind>1</x:alert-ind>"
	    "<x:mc-org>o</x:mc-org>"
	    "<x:anyExt><x:imminentperil-ind><x:%1$sBoolean>1</x:%1$sBoolean>"
	    "</x:imminentperil-ind></x:anyExt>"
	    "<x:broadcast-ind>false</x:broadcast-ind>\n"
	    " </x:%1$s-Params>\n</x:%1$sinfo>\n";
	char doc[4096];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		snprintf(doc, sizeof(doc), form, rows[i].word, rows[i].type);
		read_ok(doc, rows[i].service);
		assert_int_equal(info.service, rows[i].service);
		assert_span(info.session_type, "one");
		assert_span(info.request_uri, "sip:a&b@c");
		assert_span(info.calling_user, "sip:u");
		assert_span(info.called_party, "sip:p&amp;");
		assert_span(info.calling_group, "sip:g");
		assert_true(info.emergency && info.alert);
		assert_true(info.imminent_peril && !info.broadcast);
		assert_false(info.any_encrypted);
		assert_int_equal(info.n_unknown, 0);
		assert_int_equal(info.n_cuts, 0);
	}
}

static void
an_empty_document_has_no_facts(void **state)
{
	(void)state;
	read_ok("<mcpttinfo" NS "/>", MCX_MCPTT);
	read_ok(OPEN "<mcptt-request-uri/><emergency-ind/>" CLOSE, MCX_MCPTT);
	assert_int_equal(info.request_uri.len, 0);
	assert_false(info.emergency);
	assert_int_equal(info.service, MCX_MCPTT);
}

#define ENC                                                                    \
	"<e:EncryptedData xmlns:e=\"http://www.w3.org/2001/04/xmlenc#\">"      \
	"<e:CipherData><e:CipherValue>AAAA</e:CipherValue></e:CipherData>"     \
	"</e:EncryptedData>"

static void
what_is_encrypted_is_marked_and_empty(void **state)
{
	(void)state;
	read_ok(OPEN "<mcptt-request-uri type=\"Encrypted\">" ENC
		     "</mcptt-request-uri>" CLOSE,
	    MCX_MCPTT);
	assert_true(info.request_uri_encrypted && info.any_encrypted);
	assert_false(info.calling_user_encrypted);
	assert_int_equal(info.request_uri.len, 0);

	/* The attribute is missing, or a value stands there all the same. */
	read_ok(OPEN "<mcptt-calling-user-id>" ENC
		     "</mcptt-calling-user-id>" CLOSE,
	    MCX_MCPTT);
	assert_true(info.calling_user_encrypted);
	read_ok(OPEN "<mcptt-calling-group-id type=\"Encrypted\"><mcpttURI>"
		     "sip:x</mcpttURI></mcptt-calling-group-id>" CLOSE,
	    MCX_MCPTT);
	assert_true(info.calling_group_encrypted);
	assert_int_equal(info.calling_group.len, 0);

	read_ok(OPEN "<emergency-ind type=\"Encrypted\">" ENC
		     "</emergency-ind>" CLOSE,
	    MCX_MCPTT);
	assert_true(info.any_encrypted && !info.emergency);
	read_ok(OPEN "<mcptt-client-id type=\"Encrypted\">" ENC
		     "</mcptt-client-id>" CLOSE,
	    MCX_MCPTT);
	assert_false(info.any_encrypted);
}

#define TOKEN                                                                  \
	"<mcptt-access-token type=\"Normal\"><mcpttString>ey&amp;J"            \
	"</mcpttString><!-- > --></mcptt-access-token>"

static void
an_access_token_is_cut_whole_wherever_it_stands(void **state)
{
	static const struct {
		const char *doc;
		const char *cut[2];
	} rows[] = {
		{ OPEN TOKEN CLOSE, { TOKEN, NULL } },
		{ OPEN "<session-type>private</session-type>" TOKEN CLOSE,
		    { TOKEN, NULL } },
		{ OPEN "<mcptt-access-token/>" CLOSE,
		    { "<mcptt-access-token/>", NULL } },
		{ OPEN "<anyExt>" TOKEN "</anyExt>" TOKEN CLOSE,
		    { TOKEN, TOKEN } },
		{ OPEN "<anyExt><x:y xmlns:x=\"urn:x\">"
		       "<x:mcdata-access-token >t</x:mcdata-access-token\n>"
		       "</x:y></anyExt>" CLOSE,
		    { "<x:mcdata-access-token >t</x:mcdata-access-token\n>",
			NULL } },
		{ OPEN "<mcptt-client-id><anyExt>" TOKEN
		       "</anyExt></mcptt-client-id>" CLOSE,
		    { TOKEN, NULL } },
		{ OPEN "<mcptt-request-uri>" TOKEN
		       "sip:x</mcptt-request-uri>" CLOSE,
		    { TOKEN, NULL } },
		{ "<mcpttinfo" NS ">" TOKEN "<mcptt-Params/></mcpttinfo>",
		    { TOKEN, NULL } },
		{ OPEN "<mcptt-access-token><mcptt-access-token/>"
		       "</mcptt-access-token>" CLOSE,
		    { "<mcptt-access-token><mcptt-access-token/>"
		      "</mcptt-access-token>",
			NULL } },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		read_ok(rows[i].doc, MCX_MCPTT);
		assert_int_equal(info.n_cuts, rows[i].cut[1] == NULL ? 1 : 2);
		for (size_t k = 0; k < info.n_cuts; k++)
			assert_span(info.cuts[k], rows[i].cut[k]);
	}
}

static void
elements_that_nobody_knows_are_counted(void **state)
{
	(void)state;
	read_ok(OPEN "<what/><x:session-type xmlns:x=\"urn:x\">y"
		     "</x:session-type><mcvideo-request-uri/><mcptt-mc-org/>"
		     "<anyExt><PrivateCallKMSURI/><who><mcpttURI/></who>"
		     "<mcptt-request-uri>sip:x</mcptt-request-uri>"
		     "</anyExt></mcptt-Params><anyExt/></mcpttinfo>",
	    MCX_MCPTT);
	assert_int_equal(info.n_unknown, 6);
	assert_int_equal(info.session_type.len, 0);
	assert_int_equal(info.request_uri.len, 0);
}

static void
what_readers_could_take_differently_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *doc, *from; /* the fault is at from */
		enum gw_err err;
		const char *why;
	} rows[] = {
		{ OPEN "<session-type>a</session-type>"
		       "<session-type >b</session-type>" CLOSE,
		    "<session-type >", GW_EMALFORMED, "element twice" },
		{ OPEN "<session-type>a</session-type>"
		       "<request-type>b</request-type>" CLOSE,
		    "<request-type>", GW_EMALFORMED, "element twice" },
		{ OPEN "<emergency-ind>1</emergency-ind><anyExt>"
		       "<emergency-ind/></anyExt>" CLOSE,
		    "<emergency-ind/>", GW_EMALFORMED, "element twice" },
		{ OPEN "<anyExt/><anyExt></anyExt>" CLOSE, "<anyExt></",
		    GW_EMALFORMED, "element twice" },
		{ OPEN "</mcptt-Params><mcptt-Params/></mcpttinfo>",
		    "<mcptt-Params/>", GW_EMALFORMED, "element twice" },
		{ OPEN "<mcptt-request-uri>sip:a<!-- -->.b"
		       "</mcptt-request-uri>" CLOSE,
		    ".b", GW_EMALFORMED, "more than one piece" },
		{ OPEN "<mcptt-request-uri><mcpttURI>sip:a<![CDATA[.b]]>"
		       "</mcpttURI></mcptt-request-uri>" CLOSE,
		    ".b", GW_EMALFORMED, "more than one piece" },
		{ OPEN "<mcptt-request-uri><mcpttURI>sip:a</mcpttURI>"
		       "<mcpttURI>sip:b</mcpttURI></mcptt-request-uri>" CLOSE,
		    "<mcpttURI>sip:b", GW_EMALFORMED, "two values" },
		{ OPEN "<mcptt-request-uri><mcpttURI/>"
		       "<mcpttURI>sip:b</mcpttURI></mcptt-request-uri>" CLOSE,
		    "<mcpttURI>sip:b", GW_EMALFORMED, "two values" },
		{ OPEN "<mcptt-request-uri>sip:a<mcpttURI>sip:b</mcpttURI>"
		       "</mcptt-request-uri>" CLOSE,
		    "<mcpttURI>", GW_EMALFORMED, "two values" },
		{ OPEN "<mcptt-request-uri><mcpttURI>sip:a</mcpttURI>sip:b"
		       "</mcptt-request-uri>" CLOSE,
		    "sip:b", GW_EMALFORMED, "more than one piece" },
		{ OPEN "<mcptt-request-uri><mcpttString>sip:a</mcpttString>"
		       "</mcptt-request-uri>" CLOSE,
		    "<mcpttString>", GW_EMALFORMED, "wrong kind" },
		{ OPEN "<mcptt-request-uri><mcpttURI><b>sip:a</b></mcpttURI>"
		       "</mcptt-request-uri>" CLOSE,
		    "<b>", GW_EMALFORMED, "an element in a value" },
		{ OPEN "<mcptt-request-uri type=\"encrypted\">x"
		       "</mcptt-request-uri>" CLOSE,
		    "encrypted", GW_EMALFORMED, "neither Normal" },
		{ OPEN "<alert-ind>yes</alert-ind>" CLOSE, "yes", GW_EMALFORMED,
		    "not a boolean" },
		{ "<mcvideoinfo xmlns=\"urn:3gpp:ns:mcvideoInfo:1.0\"/>",
		    "<mcvideoinfo", GW_EMALFORMED, "root" },
		{ "<mcpttinfo/>", "<mcpttinfo", GW_EMALFORMED, "namespace" },
		{ "<mcpttinfo xmlns=\"urn:3gpp:ns:mcpttInfo:2.0\"/>",
		    "<mcpttinfo", GW_EMALFORMED, "namespace" },
		{ OPEN TOKEN TOKEN TOKEN TOKEN "<mcdata-access-token/>" CLOSE,
		    "<mcdata-access-token", GW_ELIMIT, "access tokens" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		const char *doc = rows[i].doc;
		fault = (struct gw_fault){ SIZE_MAX, "" };
		enum gw_err err = mcx_info_read(
		    gw_span_of(doc), MCX_MCPTT, arena, &info, &fault);
		if (err != rows[i].err ||
		    fault.at != (size_t)(strstr(doc, rows[i].from) - doc) ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", doc, (int)err, fault.at,
			    fault.why);
	}
}

static void
what_is_no_document_is_refused(void **state)
{
	static const char *const rows[] = { "", " ", "x", "<", "<mcpttinfo" NS,
		"<mcpttinfo" NS ">", OPEN, OPEN "</mcptt-Params>",
		OPEN CLOSE "x", OPEN CLOSE "<a/>",
		OPEN "<mcptt-access-token>" CLOSE,
		OPEN "<mcptt-access-token>" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		fault = (struct gw_fault){ SIZE_MAX, NULL };
		if (mcx_info_read(gw_span_of(rows[i]), MCX_MCPTT, arena, &info,
			&fault) != GW_EMALFORMED)
			fail_msg("\"%s\" was read", rows[i]);
		assert_true(fault.at <= strlen(rows[i]) && fault.why != NULL);
	}
	assert_int_equal(
	    mcx_info_read(GW_SPAN(OPEN CLOSE), MCX_NONE, arena, &info, &fault),
	    GW_EMALFORMED);
}

static void
deep_nesting_is_refused_and_does_not_recurse(void **state)
{
	static char doc[200000];
	size_t n = 0;

	(void)state;
	n += (size_t)snprintf(doc, sizeof(doc), "%s<anyExt>", OPEN);
	while (n + 4 < sizeof(doc)) {
		memcpy(doc + n, "<a>", 4);
		n += 3;
	}
	assert_int_equal(mcx_info_read((struct gw_span){ (uint8_t *)doc, n },
			     MCX_MCPTT, arena, &info, &fault),
	    GW_ELIMIT);
}

#define LISTS "<resource-lists xmlns=\"urn:ietf:params:xml:ns:resource-lists\">"

static void
the_first_entry_of_a_list_is_the_target(void **state)
{
	static const struct {
		const char *doc, *target;
		unsigned entries;
		bool encrypted;
	} rows[] = {
		{ LISTS "</resource-lists>", "", 0, false },
		{ LISTS "<list><entry uri=\"sip:a&amp;b@c\" x=\"y\"/></list>"
			"</resource-lists>",
		    "sip:a&b@c", 1, false },
		{ LISTS "<list><list><entry uri=\"sip:a\"><display-name>entry"
			"</display-name></entry></list>"
			"<entry uri=\"sip:b\"/></list></resource-lists>",
		    "sip:a", 2, false },
		{ LISTS "<list><external anchor=\"x\"/><entry-ref ref=\"y\"/>"
			"<entry uri=\"sip:b\"/></list></resource-lists>",
		    "sip:b", 3, false },
		{ LISTS "<x:entry xmlns:x=\"urn:x\" uri=\"sip:b\"/>"
			"</resource-lists>",
		    "", 0, false },
		{ LISTS "<list><entry uri=\"sip:QUJD;iv=x;key-id=y;"
			"alg=128-aes-gcm@b.example\"/></list></resource-lists>",
		    "sip:QUJD;iv=x;key-id=y;alg=128-aes-gcm@b.example", 1,
		    true },
	};
	struct mcx_list l;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		if (mcx_list_read(gw_span_of(rows[i].doc), arena, &l, &fault) !=
		    GW_OK)
			fail_msg("%s: %s", rows[i].doc, fault.why);
		assert_span(l.target, rows[i].target);
		assert_int_equal(l.entries, rows[i].entries);
		assert_int_equal(l.target_encrypted, rows[i].encrypted);
	}
}

static void
a_wrong_list_is_refused(void **state)
{
	static const struct {
		const char *doc;
		size_t at;
		const char *why;
	} rows[] = {
		{ "<resource-lists/>", 0, "not a resource list" },
		{ "<list xmlns=\"urn:ietf:params:xml:ns:resource-lists\"/>", 0,
		    "not a resource list" },
		{ LISTS "<entry/></resource-lists>", sizeof(LISTS) - 1,
		    "without a URI" },
		{ LISTS "<entry uri=\"\"/></resource-lists>", sizeof(LISTS) - 1,
		    "without a URI" },
	};
	struct mcx_list l;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		fault = (struct gw_fault){ SIZE_MAX, "" };
		enum gw_err err =
		    mcx_list_read(gw_span_of(rows[i].doc), arena, &l, &fault);
		if (err != GW_EMALFORMED || fault.at != rows[i].at ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].doc, (int)err,
			    fault.at, fault.why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_media_type_names_the_service),
		cmocka_unit_test(every_fact_of_each_service_is_read),
		cmocka_unit_test(an_empty_document_has_no_facts),
		cmocka_unit_test(what_is_encrypted_is_marked_and_empty),
		cmocka_unit_test(
		    an_access_token_is_cut_whole_wherever_it_stands),
		cmocka_unit_test(elements_that_nobody_knows_are_counted),
		cmocka_unit_test(
		    what_readers_could_take_differently_is_refused_with_its_place),
		cmocka_unit_test(what_is_no_document_is_refused),
		cmocka_unit_test(deep_nesting_is_refused_and_does_not_recurse),
		cmocka_unit_test(the_first_entry_of_a_list_is_the_target),
		cmocka_unit_test(a_wrong_list_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
