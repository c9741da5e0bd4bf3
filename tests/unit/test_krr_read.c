/*
 * test_krr_read.c: reading redirect responses.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/krr/krr_body.h"
#include "support/tfile.h"
#include "support/tkrr.h"

#define NS	"urn:3gpp:ns:mcsecKMSKRR:1.0"
#define OPEN	"<KmsRedirectResponse xmlns=\"" NS "\">"
#define CLOSE	"</KmsRedirectResponse>"
#define LIST	"<ReceiverKmsUriList><KmsUri>a</KmsUri></ReceiverKmsUriList>"
#define DSIG	"<Signature xmlns=\"http://www.w3.org/2000/09/xmldsig#\"/>"
#define DOC_MAX (12u << 20)

static struct gw_arena *arena;
static struct krr krr;
static struct krr_fault no;

static enum gw_err
read_text(struct gw_span doc)
{
	gw_arena_reset(arena);
	return krr_read(doc, tkrr_dialects(), arena, &krr, &no);
}

static void
read_ok(const char *doc)
{
	if (read_text(gw_span_of(doc)) != GW_OK)
		fail_msg("%s: at %zu: %s", doc, no.fault.at, no.fault.why);
}

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static void
a_partners_document_is_read(void **state)
{
	static uint8_t doc[65536];
	size_t len = tfile_read(
	    GW_TESTS_DIR "/fuzz/corpus/krr_read/sample.xml", doc, sizeof(doc));
	struct gw_span text = { doc, len };

	(void)state;
	assert_int_equal(read_text(text), GW_OK);
	assert_ptr_equal(krr.dialect, tkrr_dialect("3gpp"));
	assert_span(krr.id, "krr-outer");
	assert_span(krr.author, "sip:mcgw@mc-a.example.org");
	assert_span(krr.time, "2030-01-02T03:04:05Z");
	assert_int_equal(krr.time_us / 1000000, 1893553445);
	assert_span(krr.initiator, "sip:alice@mc-a.example.org");
	assert_span(krr.initiator_domain, "kms.mc-a.example.org");
	assert_span(krr.receiver, "sip:bob@mc-b.example.org");
	assert_span(krr.refused, "kms.old-b.example.org");
	assert_int_equal(krr.n_domains, 1);
	assert_span(krr.domains[0], "kms.mc-b1.example.org");
	assert_int_equal(krr.nested, 1);
	assert_int_equal(krr.signature.len, 0);
	assert_int_equal(krr.prefix.len, 0);
	assert_true(gw_span_istarts(
	    krr.embedded, GW_SPAN("<KmsRedirectResponse Id=\"krr-inner\"")));
	assert_span(gw_span_sub(krr.embedded, krr.embedded.len - strlen(CLOSE),
			strlen(CLOSE)),
	    CLOSE);
	assert_true(gw_span_istarts(
	    krr.element, GW_SPAN("<KmsRedirectResponse xmlns=")));
	assert_span(gw_span_sub(krr.element, krr.element.len - strlen(CLOSE),
			strlen(CLOSE)),
	    CLOSE);
	assert_true(gw_span_eq(krr.element, krr.body));
}

static void
what_is_embedded_is_read_with_the_namespaces_around_it(void **state)
{
	static uint8_t doc[65536];
	size_t len = tfile_read(
	    GW_TESTS_DIR "/fuzz/corpus/krr_read/sample.xml", doc, sizeof(doc));
	struct krr inner, none;

	(void)state;
	assert_int_equal(read_text((struct gw_span){ doc, len }), GW_OK);
	assert_int_equal(
	    krr_read_embedded(&krr, tkrr_dialects(), arena, &inner, &no),
	    GW_OK);
	assert_span(inner.id, "krr-inner");
	assert_span(inner.author, "sip:mcptt-cf@mc-b.example.org");
	assert_int_equal(inner.n_domains, 2);
	assert_span(inner.domains[1], "kms.mc-b2.example.org");
	assert_true(gw_span_eq(inner.element, krr.embedded));
	assert_int_equal(
	    krr_read_embedded(&inner, tkrr_dialects(), arena, &none, &no),
	    GW_ENOTFOUND);
	read_ok(
	    OPEN LIST "<EmbeddedKrr><x xmlns='urn:x'/></EmbeddedKrr>" CLOSE);
	assert_int_equal(
	    krr_read_embedded(&krr, tkrr_dialects(), arena, &inner, &no),
	    GW_EMALFORMED);
	assert_int_equal(no.why, KRR_ROOT);
}

static void
a_dialect_may_ignore_what_it_does_not_know(void **state)
{
	static const char text[] =
	    "<dialect xmlns='urn:mcxgw:dialect:1' id='x' namespace='urn:x' "
	    "root='R' unknown='ignore'><id name='I'/>"
	    "<element is='receiver-domains' name='L' item='D'/>"
	    "<element is='embedded' name='E'/></dialect>";
	struct gw_arena *a = gw_arena_new(65536);
	struct gw_diag *d = gw_diag_new();
	struct krr_dialect x;
	struct krr_dialects set = { NULL, 1, &x };

	(void)state;
	assert_true(krr_dialect_parse(
	    gw_span_of(text), "x", GW_SOURCE_DIR "/conf/schema", a, &x, d));
	assert_int_equal(
	    krr_read(gw_span_of("<R xmlns='urn:x'><U><D>a</D></U><L><V/><D>b"
				"</D></L></R>"),
		&set, arena, &krr, &no),
	    GW_OK);
	assert_int_equal(krr.n_domains, 1);
	assert_int_equal(krr.n_foreign, 2);
	/* A list must be there all the same. */
	assert_int_equal(krr_read(gw_span_of("<R xmlns='urn:x'><M/></R>"), &set,
			     arena, &krr, &no),
	    GW_EMALFORMED);
	assert_int_equal(no.why, KRR_MISSING);
	gw_diag_free(d);
	gw_arena_free(a);
}

static void
order_prefixes_and_foreign_elements_do_not_matter(void **state)
{
	(void)state;
	read_ok("<?xml version='1.0'?><!-- c --><k:KmsRedirectResponse "
		"xmlns:k='" NS "' xmlns:x='urn:x' x:a='1' Id='i'>\n"
		" <x:before><KmsUri>not.ours</KmsUri></x:before>\n"
		" <k:ReceiverKmsUriList x:b='2'>\n"
		"  <x:more/><k:KmsUri> one </k:KmsUri><!-- c -->"
		"<k:KmsUri>t&#119;o&amp;</k:KmsUri>"
		"<k:KmsUri><![CDATA[three]]></k:KmsUri>"
		"<k:KmsUri><!-- c -->four<!-- c --></k:KmsUri></k:Receiver"
		"KmsUriList>\n"
		" <k:ProcessorUri>sip:p</k:ProcessorUri>"
		"<k:Time>2030-01-02T03:04:05</k:Time><k:EmbeddedKrr> "
		"</k:EmbeddedKrr><k:InitiatorUri/></k:KmsRedirectResponse>\n");
	assert_int_equal(krr.n_domains, 4);
	assert_span(krr.domains[0], "one");
	assert_span(krr.domains[1], "two&");
	assert_span(krr.domains[2], "three");
	assert_span(krr.domains[3], "four");
	assert_span(krr.author, "sip:p");
	assert_span(krr.id, "i");
	assert_span(krr.prefix, "k");
	assert_int_equal(krr.time_us, 0); /* without a zone: not known */
	assert_int_equal(krr.embedded.len, 0);
	assert_int_equal(krr.n_foreign, 2);
}

static void
an_empty_list_is_an_answer(void **state)
{
	(void)state;
	read_ok(OPEN "<ReceiverKmsUriList/>" CLOSE);
	assert_int_equal(krr.n_domains, 0);
}

static void
a_vendors_dialect_is_read(void **state)
{
	static const char signed_form[] =
	    "<v:SignedRedirect xmlns:v='urn:example:vendor:redirect:2'>"
	    "<v:Redirect id='r'><v:useKms>a</v:useKms><v:fromKms>f</v:fromKms>"
	    "<v:comment>any</v:comment><v:comment/><v:useKms>b</v:useKms>"
	    "</v:Redirect>" DSIG "</v:SignedRedirect>";

	(void)state;
	read_ok(signed_form);
	assert_ptr_equal(krr.dialect, tkrr_dialect("vendor"));
	assert_int_equal(krr.n_domains, 2);
	assert_span(krr.domains[1], "b");
	assert_span(krr.initiator_domain, "f");
	assert_span(krr.id, "r");
	assert_span(krr.prefix, "v");
	assert_span(krr.signature, DSIG);
	assert_int_equal(krr.element.len, strlen(signed_form));
	assert_true(gw_span_istarts(krr.body, GW_SPAN("<v:Redirect id='r'>")));
	read_ok("<Redirect xmlns='urn:example:vendor:redirect:2'>"
		"<fromKms>f</fromKms></Redirect>");
	assert_int_equal(krr.n_domains, 0);
	assert_int_equal(krr.signature.len, 0);
}

#define VENDOR(body)                                                           \
	"<SignedRedirect xmlns='urn:example:vendor:redirect:2'>" body          \
	"</SignedRedirect>"
#define TEXT_OF(s) "<ProcessorUri>" s "</ProcessorUri>"
#define ITEM_OF(s)                                                             \
	"<ReceiverKmsUriList><KmsUri>" s "</KmsUri></ReceiverKmsUriList>"
#define NEST(s) "<EmbeddedKrr>" s "</EmbeddedKrr>"

static const struct {
	const char *doc;
	enum krr_why why;
	const char *at; /* the fault is where this begins; NULL: anywhere */
} refusals[] = {
	{ "", KRR_XML, NULL },
	{ "hello", KRR_XML, NULL },
	{ OPEN LIST, KRR_XML, NULL },
	{ OPEN LIST CLOSE "<a/>", KRR_XML, "<a/>" },
	{ "<!DOCTYPE k>" OPEN LIST CLOSE, KRR_XML, "<!DOCTYPE" },
	{ "<!DOCTYPE k [<!ENTITY e 'x'>]>" OPEN LIST CLOSE, KRR_XML, NULL },
	{ OPEN ITEM_OF("&e;") CLOSE, KRR_XML, "&e;" },
	{ "<?xml version='1.0' encoding='UTF-16'?>" OPEN LIST CLOSE, KRR_XML,
	    NULL },
	{ "<?xml-stylesheet href='x'?>" OPEN LIST CLOSE, KRR_XML, NULL },
	{ "<KmsRedirectResponse>" LIST CLOSE, KRR_ROOT, "<Kms" },
	{ "<Other xmlns='" NS "'/>", KRR_ROOT, "<Other" },
	{ "<w>" OPEN LIST CLOSE "</w>", KRR_ROOT, "<w>" },
	{ "<KmsRedirectResponse xmlns='" NS "x'>" LIST CLOSE, KRR_ROOT, NULL },
	{ OPEN "<KmsUriList/>" LIST CLOSE, KRR_UNKNOWN, "<KmsUriList" },
	{ OPEN "<ReceiverKmsUriList><Uri>a</Uri></ReceiverKmsUriList>" CLOSE,
	    KRR_UNKNOWN, "<Uri>" },
	{ OPEN "text" LIST CLOSE, KRR_TEXT, "text" },
	{ OPEN "<ReceiverKmsUriList>a</ReceiverKmsUriList>" CLOSE, KRR_TEXT,
	    "a</" },
	{ OPEN LIST "<![CDATA[ ]]>" CLOSE, KRR_TEXT, NULL },
	{ OPEN LIST LIST CLOSE, KRR_TWICE, NULL },
	{ OPEN TEXT_OF("a") LIST TEXT_OF("a") CLOSE, KRR_TWICE, NULL },
	{ OPEN LIST NEST("") NEST("") CLOSE, KRR_TWICE, NULL },
	{ OPEN CLOSE, KRR_MISSING, "<Kms" },
	{ OPEN TEXT_OF("a") CLOSE, KRR_MISSING, "<Kms" },
	{ OPEN ITEM_OF("kms.a<!-- -->.evil.example") CLOSE, KRR_PIECES,
	    ".evil" },
	{ OPEN ITEM_OF("kms.a<![CDATA[.evil]]>") CLOSE, KRR_PIECES, NULL },
	{ OPEN ITEM_OF("<![CDATA[kms.a]]>.evil") CLOSE, KRR_PIECES, NULL },
	{ OPEN ITEM_OF("kms.a<x/>") CLOSE, KRR_INNER, "<x/>" },
	{ OPEN TEXT_OF("<KmsUri>a</KmsUri>") LIST CLOSE, KRR_INNER, "<KmsUri" },
	{ OPEN ITEM_OF("") CLOSE, KRR_EMPTY, "<KmsUri" },
	{ OPEN ITEM_OF(" <!-- --> ") CLOSE, KRR_EMPTY, "<KmsUri" },
	{ OPEN ITEM_OF("kms.a kms.b") CLOSE, KRR_CHARACTER, "<KmsUri" },
	{ OPEN ITEM_OF("kms.a&#9;b") CLOSE, KRR_CHARACTER, "<KmsUri" },
	{ OPEN ITEM_OF("kms.\xc3\xa4") CLOSE, KRR_CHARACTER, "<KmsUri" },
	{ OPEN ITEM_OF("&#xA;") CLOSE, KRR_CHARACTER, "<KmsUri" },
	{ OPEN LIST NEST(OPEN CLOSE OPEN CLOSE) CLOSE, KRR_EMBEDDED, NULL },
	{ OPEN LIST NEST("<a/><b/>") CLOSE, KRR_EMBEDDED, "<b/>" },
	{ OPEN LIST NEST("text") CLOSE, KRR_TEXT, "text" },
	{ OPEN LIST NEST(OPEN NEST(OPEN NEST(OPEN NEST(OPEN NEST(
	      OPEN NEST(OPEN CLOSE) CLOSE) CLOSE) CLOSE) CLOSE) CLOSE) CLOSE,
	    KRR_NESTED, NULL },
	{ "<KmsRedirectResponse xmlns='" NS "' Id=''>" LIST CLOSE, KRR_ID,
	    NULL },
	{ "<KmsRedirectResponse xmlns='" NS "' Id='&#97;'>" LIST CLOSE, KRR_ID,
	    "&#97;" },
	{ "<KmsRedirectResponse xmlns='" NS
	  "' Id='a'><x xmlns='' id='a'/>" LIST CLOSE,
	    KRR_DUPLICATE_ID, "a'/>" },
	{ "<KmsRedirectResponse xmlns='" NS
	  "' Id='a'><x xmlns='' ID='a'/>" LIST CLOSE,
	    KRR_DUPLICATE_ID, NULL },
	{ "<KmsRedirectResponse xmlns='" NS
	  "' Id='a'><x xmlns='' xml:id=' a '/>" LIST CLOSE,
	    KRR_DUPLICATE_ID, NULL },
	{ "<KmsRedirectResponse xmlns='" NS
	  "' Id='a'>" LIST NEST("<KmsRedirectResponse Id='a'/>") CLOSE,
	    KRR_DUPLICATE_ID, NULL },
	{ OPEN LIST DSIG DSIG CLOSE, KRR_TWO_SIGNATURES, NULL },
	{ OPEN DSIG LIST DSIG CLOSE, KRR_TWO_SIGNATURES, NULL },
	{ OPEN LIST "<x xmlns='urn:x'>" DSIG "</x>" CLOSE, KRR_PLACE,
	    "<Signature" },
	{ OPEN "<ReceiverKmsUriList>" DSIG "</ReceiverKmsUriList>" CLOSE,
	    KRR_PLACE, "<Signature" },
	{ VENDOR("<Redirect><fromKms>f</fromKms>" DSIG "</Redirect>"),
	    KRR_PLACE, "<Signature" },
	{ VENDOR(DSIG), KRR_MISSING, NULL },
	{ VENDOR("<Redirect><fromKms>f</fromKms></Redirect>"
		 "<Redirect><fromKms>f</fromKms></Redirect>"),
	    KRR_TWICE, NULL },
	{ VENDOR("<Redirect/>"), KRR_MISSING, "<Redirect/>" },
	{ VENDOR("<useKms>a</useKms>"), KRR_UNKNOWN, "<useKms" },
};

static void
every_refusal_has_its_reason_and_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < GW_COUNT(refusals); i++) {
		struct gw_span doc = gw_span_of(refusals[i].doc);
		no = (struct krr_fault){ KRR_NONE, { 0, NULL } };
		if (read_text(doc) == GW_OK)
			fail_msg("%s: read", refusals[i].doc);
		if (no.why != refusals[i].why)
			fail_msg("%s: %s: %s", refusals[i].doc,
			    krr_why_word(no.why), no.fault.why);
		assert_non_null(no.fault.why);
		if (refusals[i].at != NULL &&
		    no.fault.at !=
			gw_span_search(doc, gw_span_of(refusals[i].at)))
			fail_msg("%s: at %zu", refusals[i].doc, no.fault.at);
	}
}

static char *big;

static size_t
put(size_t at, const char *text)
{
	memcpy(big + at, text, strlen(text));
	return at + strlen(text);
}

static enum gw_err
read_big(size_t len)
{
	return read_text((struct gw_span){ (const uint8_t *)big, len });
}

/* A list of n domains. */
static size_t
put_list(size_t n)
{
	size_t at = put(0, OPEN "<ReceiverKmsUriList>");

	for (size_t i = 0; i < n; i++)
		at = put(at, "<KmsUri>kms.example</KmsUri>");
	return put(at, "</ReceiverKmsUriList>" CLOSE);
}

static void
as_many_domains_are_read_as_are_allowed(void **state)
{
	(void)state;
	assert_int_equal(read_big(put_list(KRR_DOMAINS_MAX)), GW_OK);
	assert_int_equal(krr.n_domains, KRR_DOMAINS_MAX);
	assert_int_equal(read_big(put_list(KRR_DOMAINS_MAX + 1)), GW_ELIMIT);
	assert_int_equal(no.why, KRR_DOMAINS);
	assert_int_equal(read_big(put_list(2000)), GW_ELIMIT);
	assert_int_equal(no.why, KRR_DOMAINS);
}

static void
ten_thousand_domains_are_refused(void **state)
{
	(void)state;
	assert_int_equal(read_big(put_list(10000)), GW_ELIMIT);
	assert_int_equal(no.why, KRR_SIZE);
	assert_int_equal(gw_arena_used(arena), 0);
}

static void
ten_megabytes_are_refused(void **state)
{
	size_t at = put(0, OPEN);

	(void)state;
	memset(big + at, ' ', 10u << 20);
	at = put(at + (10u << 20), LIST CLOSE);
	assert_int_equal(read_big(at), GW_ELIMIT);
	assert_int_equal(no.why, KRR_SIZE);
	assert_int_equal(gw_arena_used(arena), 0);
}

static void
a_thousand_levels_are_refused(void **state)
{
	size_t at = 0;

	(void)state;
	for (int i = 0; i < 1000; i++)
		at = put(at, OPEN "<EmbeddedKrr>");
	assert_int_equal(read_big(at), GW_ELIMIT);
	/* Without the declarations it would fit in what is read at all. */
	at = put(0, OPEN);
	for (int i = 0; i < 1000; i++)
		at = put(at, "<EmbeddedKrr><KmsRedirectResponse>");
	assert_int_equal(read_big(at), GW_ELIMIT);
	assert_int_equal(no.why, KRR_NESTED);
	/* Wherever they hide, they count: embedded, all of it is inside. */
	at = put(0, OPEN LIST "<x xmlns='urn:x'>");
	for (int i = 0; i <= KRR_NESTED_MAX; i++)
		at = put(at, OPEN CLOSE);
	assert_int_equal(read_big(put(at, "</x>" CLOSE)), GW_ELIMIT);
	assert_int_equal(no.why, KRR_NESTED);
	at = put(0, OPEN "<EmbeddedKrr>");
	for (int i = 0; i < 1000; i++)
		at = put(at, "<x>");
	assert_int_equal(read_big(at), GW_ELIMIT);
	assert_int_equal(no.why, KRR_XML);
}

static void
as_many_levels_are_read_as_are_allowed(void **state)
{
	size_t at = 0;

	(void)state;
	for (int i = 0; i < KRR_NESTED_MAX; i++)
		at = put(at, OPEN LIST "<EmbeddedKrr>");
	at = put(at, OPEN LIST CLOSE);
	for (int i = 0; i < KRR_NESTED_MAX; i++)
		at = put(at, "</EmbeddedKrr>" CLOSE);
	assert_int_equal(read_big(at), GW_OK);
	assert_int_equal(krr.nested, KRR_NESTED_MAX);
}

static void
values_and_ids_have_a_length(void **state)
{
	size_t at = put(0, OPEN "<ReceiverKmsUriList><KmsUri>");

	(void)state;
	memset(big + at, 'a', KRR_DOMAIN_MAX + 1);
	put(at + KRR_DOMAIN_MAX,
	    "</KmsUri></ReceiverKmsUriList>" CLOSE "               ");
	assert_int_equal(
	    read_big(at + KRR_DOMAIN_MAX +
		     strlen("</KmsUri></ReceiverKmsUriList>" CLOSE)),
	    GW_OK);
	at = put(0, OPEN "<ReceiverKmsUriList><KmsUri>");
	memset(big + at, 'a', KRR_DOMAIN_MAX + 1);
	at = put(
	    at + KRR_DOMAIN_MAX + 1, "</KmsUri></ReceiverKmsUriList>" CLOSE);
	assert_int_equal(read_big(at), GW_ELIMIT);
	assert_int_equal(no.why, KRR_LENGTH);
	at = put(0, OPEN "<ProcessorUri>");
	memset(big + at, 'a', KRR_TEXT_MAX + 1);
	at = put(at + KRR_TEXT_MAX + 1, "</ProcessorUri>" LIST CLOSE);
	assert_int_equal(read_big(at), GW_ELIMIT);
	assert_int_equal(no.why, KRR_LENGTH);
	at = put(0, "<KmsRedirectResponse xmlns='" NS "' Id='");
	memset(big + at, 'a', KRR_ID_MAX + 1);
	at = put(at + KRR_ID_MAX + 1, "'>" LIST CLOSE);
	assert_int_equal(read_big(at), GW_EMALFORMED);
	assert_int_equal(no.why, KRR_ID);
}

static void
ids_are_counted(void **state)
{
	size_t at = put(0, OPEN LIST);
	char one[64];

	(void)state;
	for (int i = 0; i <= KRR_IDS_MAX; i++) {
		snprintf(one, sizeof(one), "<x xmlns='' id='i%d'/>", i);
		at = put(at, one);
	}
	assert_int_equal(read_big(put(at, CLOSE)), GW_ELIMIT);
	assert_int_equal(no.why, KRR_IDS);
}

static void
a_small_arena_is_a_refusal(void **state)
{
	struct gw_arena *small = gw_arena_new(16);

	(void)state;
	assert_int_equal(krr_read(gw_span_of(OPEN ITEM_OF(
				      "&amp;12345678901234567890") CLOSE),
			     tkrr_dialects(), small, &krr, &no),
	    GW_ENOMEM);
	assert_int_equal(no.why, KRR_MEMORY);
	gw_arena_free(small);
}

static void
every_reason_has_a_word_of_its_own(void **state)
{
	struct krr_fault fault;

	(void)state;
	for (int i = 0; i < KRR_WHY_N; i++) {
		for (int k = 0; k < i; k++)
			assert_string_not_equal(krr_why_word((enum krr_why)i),
			    krr_why_word((enum krr_why)k));
		assert_int_equal(
		    krr_refuse(&fault, GW_EAUTH, 7, (enum krr_why)i), GW_EAUTH);
		assert_non_null(fault.fault.why);
		assert_int_equal(fault.fault.at, 7);
	}
}

static enum gw_err
find_in(const char *message, struct gw_span *doc)
{
	static struct mcx_body body;
	struct sip_msg m;
	struct gw_fault fault;
	size_t part;

	gw_arena_reset(arena);
	assert_int_equal(sip_msg_parse(gw_span_of(message), &m, &fault), GW_OK);
	assert_int_equal(mcx_body_read(&m, arena, &body, &fault), GW_OK);
	return krr_body_find(&body, arena, doc, &part, &fault);
}

#define RESPONSE                                                               \
	"SIP/2.0 488 Not Acceptable Here\r\n"                                  \
	"Via: SIP/2.0/TLS a.example:5061;branch=z9hG4bK1\r\n"                  \
	"From: <sip:a@a.example>;tag=1\r\nTo: <sip:b@b.example>;tag=2\r\n"     \
	"Call-ID: 1\r\nCSeq: 1 INVITE\r\nContent-Type: "

static void
it_is_found_alone_and_in_a_multipart(void **state)
{
	struct gw_span doc;

	(void)state;
	assert_int_equal(
	    find_in(RESPONSE KRR_MEDIA_TYPE "\r\nContent-Length: 4\r\n\r\n<k/>",
		&doc),
	    GW_OK);
	assert_span(doc, "<k/>");
	assert_int_equal(
	    find_in(RESPONSE "multipart/mixed;boundary=b\r\n\r\n--b\r\n"
			     "Content-Type: application/x\r\n\r\nx\r\n--b\r\n"
			     "Content-Type: application/vnd.3gpp.KMS"
			     "RedirectResponse+xml; charset=utf-8\r\n"
			     "Content-Transfer-Encoding: base64\r\n\r\n"
			     "PGsvPg==\r\n--b--\r\n",
		&doc),
	    GW_OK);
	assert_span(doc, "<k/>");
	assert_int_equal(
	    find_in(RESPONSE "application/x\r\n\r\nx", &doc), GW_ENOTFOUND);
	assert_int_equal(
	    find_in(RESPONSE
		"multipart/mixed;boundary=b\r\n\r\n--b\r\n"
		"Content-Type: " KRR_MEDIA_TYPE "\r\n\r\n<k/>\r\n--b\r\n"
		"Content-Type: " KRR_MEDIA_TYPE "\r\n\r\n<k/>\r\n--b--\r\n",
		&doc),
	    GW_EMALFORMED);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_partners_document_is_read),
		cmocka_unit_test(
		    what_is_embedded_is_read_with_the_namespaces_around_it),
		cmocka_unit_test(a_dialect_may_ignore_what_it_does_not_know),
		cmocka_unit_test(
		    order_prefixes_and_foreign_elements_do_not_matter),
		cmocka_unit_test(an_empty_list_is_an_answer),
		cmocka_unit_test(a_vendors_dialect_is_read),
		cmocka_unit_test(every_refusal_has_its_reason_and_place),
		cmocka_unit_test(as_many_domains_are_read_as_are_allowed),
		cmocka_unit_test(ten_thousand_domains_are_refused),
		cmocka_unit_test(ten_megabytes_are_refused),
		cmocka_unit_test(a_thousand_levels_are_refused),
		cmocka_unit_test(as_many_levels_are_read_as_are_allowed),
		cmocka_unit_test(values_and_ids_have_a_length),
		cmocka_unit_test(ids_are_counted),
		cmocka_unit_test(a_small_arena_is_a_refusal),
		cmocka_unit_test(every_reason_has_a_word_of_its_own),
		cmocka_unit_test(it_is_found_alone_and_in_a_multipart),
	};

	arena = gw_arena_new(1u << 20);
	big = malloc(DOC_MAX);
	return arena == NULL || big == NULL ?
		   1 :
		   cmocka_run_group_tests(tests, NULL, NULL);
}
