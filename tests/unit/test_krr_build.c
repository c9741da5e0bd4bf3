/*
 * test_krr_build.c: writing redirect responses, canonically, and reducing
 * them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>
#include <libxml/c14n.h>
#include <libxml/parser.h>

#include "codec/krr/krr_c14n.h"
#include "codec/krr/krr_reduce.h"
#include "support/tkrr.h"

static struct gw_arena *arena;
static struct gw_buf out, again;
static struct krr_fault no;

static int
set_up(void **state)
{
	(void)state;
	gw_buf_init(&out, 1u << 20);
	gw_buf_init(&again, 1u << 20);
	return 0;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_buf_clear(&out);
	gw_buf_clear(&again);
	return 0;
}

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static void
build_ok(const struct krr *k)
{
	if (krr_build(k, &out, &no) != GW_OK)
		fail_msg("not written: %s", no.fault.why);
}

static void
read_ok(struct gw_span doc, struct krr *k)
{
	if (krr_read(doc, tkrr_dialects(), arena, k, &no) != GW_OK)
		fail_msg(
		    "%.*s: at %zu: %s", GW_FMT(doc), no.fault.at, no.fault.why);
}

static void
assert_canonical(struct gw_span doc)
{
	xmlDoc *d = xmlReadMemory(
	    (const char *)doc.p, (int)doc.len, NULL, NULL, XML_PARSE_NONET);
	xmlChar *text = NULL;

	assert_non_null(d);
	int len = xmlC14NDocDumpMemory(d, NULL, XML_C14N_1_0, NULL, 0, &text);
	assert_true(len >= 0);
	if (!gw_span_eq(doc, (struct gw_span){ text, (size_t)len }))
		fail_msg("%.*s\nis not canonical:\n%s", GW_FMT(doc), text);
	xmlFree(text);
	xmlFreeDoc(d);
}

static void
what_is_written_is_this(void **state)
{
	struct krr k = tkrr_example();

	(void)state;
	build_ok(&k);
	assert_span(gw_buf_span(&out),
	    "<KmsRedirectResponse xmlns=\"urn:3gpp:ns:mcsecKMSKRR:1.0\" "
	    "Id=\"krr-1\" Version=\"1.0.0\">"
	    "<ProcessorUri>sip:gw.bravo.example</ProcessorUri>"
	    "<Time>2030-01-02T03:04:05.000Z</Time>"
	    "<InitiatorUri>sip:alice@mcptt.alpha.example</InitiatorUri>"
	    "<InitiatorKmsUri>kms.alpha.example</InitiatorKmsUri>"
	    "<ReceiverUri>sip:bob@mcptt.bravo.example</ReceiverUri>"
	    "<RejectedReceiverKmsUri>kms.old-bravo.example"
	    "</RejectedReceiverKmsUri>"
	    "<ReceiverKmsUriList><KmsUri>" TKRR_ONE "</KmsUri>"
	    "<KmsUri>" TKRR_TWO "</KmsUri></ReceiverKmsUriList>"
	    "</KmsRedirectResponse>");
	assert_canonical(gw_buf_span(&out));
}

static void
what_is_not_known_is_left_out_but_the_list(void **state)
{
	struct krr k = { .dialect = tkrr_dialect("3gpp") };

	(void)state;
	build_ok(&k);
	assert_span(gw_buf_span(&out),
	    "<KmsRedirectResponse xmlns=\"urn:3gpp:ns:mcsecKMSKRR:1.0\" "
	    "Version=\"1.0.0\"><ReceiverKmsUriList></ReceiverKmsUriList>"
	    "</KmsRedirectResponse>");
}

static void
a_vendors_dialect_is_written(void **state)
{
	struct krr k = tkrr_example(), got;

	(void)state;
	k.dialect = tkrr_dialect("vendor");
	k.prefix = GW_SPAN("v");
	build_ok(&k);
	assert_span(gw_buf_span(&out),
	    "<v:Redirect xmlns:v=\"urn:example:vendor:redirect:2\" "
	    "format=\"2\" id=\"krr-1\">"
	    "<v:refusedKms>kms.old-bravo.example</v:refusedKms>"
	    "<v:useKms>" TKRR_ONE "</v:useKms><v:useKms>" TKRR_TWO "</v:useKms>"
	    "<v:from>sip:alice@mcptt.alpha.example</v:from>"
	    "<v:fromKms>kms.alpha.example</v:fromKms>"
	    "<v:to>sip:bob@mcptt.bravo.example</v:to>"
	    "<v:by>sip:gw.bravo.example</v:by>"
	    "<v:at>2030-01-02T03:04:05.000Z</v:at></v:Redirect>");
	assert_canonical(gw_buf_span(&out));
	read_ok(gw_buf_span(&out), &got);
	assert_ptr_equal(got.dialect, k.dialect);
	assert_int_equal(got.n_domains, 2);
	assert_true(gw_span_eq(got.refused, k.refused));
}

static void
markup_in_values_is_escaped(void **state)
{
	struct krr k = tkrr_example(), got;

	(void)state;
	k.author = GW_SPAN("sip:\"<a>&amp;\"@b");
	k.domains[0] = GW_SPAN("]]><KmsUri>&");
	build_ok(&k);
	assert_canonical(gw_buf_span(&out));
	read_ok(gw_buf_span(&out), &got);
	assert_true(gw_span_eq(got.author, k.author));
	assert_true(gw_span_eq(got.domains[0], k.domains[0]));
	assert_int_equal(got.n_domains, 2);
}

static void
what_could_not_be_read_is_not_written(void **state)
{
	static const struct {
		size_t at; /* in struct krr */
		const char *value;
		enum krr_why why;
	} rows[] = {
		{ offsetof(struct krr, author), "a b", KRR_CHARACTER },
		{ offsetof(struct krr, initiator), "a\nb", KRR_CHARACTER },
		{ offsetof(struct krr, receiver), "\xff", KRR_CHARACTER },
		{ offsetof(struct krr, refused), "\x01", KRR_CHARACTER },
		{ offsetof(struct krr, domains[1]), "", KRR_EMPTY },
		{ offsetof(struct krr, domains[1]), "a\tb", KRR_CHARACTER },
		{ offsetof(struct krr, id), "1", KRR_ID },
		{ offsetof(struct krr, id), "a\"b", KRR_ID },
	};

	(void)state;
	gw_buf_text(&out, "before");
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct krr k = tkrr_example();
		*(struct gw_span *)(void *)((char *)&k + rows[i].at) =
		    gw_span_of(rows[i].value);
		assert_int_equal(krr_build(&k, &out, &no), GW_EMALFORMED);
		assert_int_equal(no.why, rows[i].why);
		assert_span(gw_buf_span(&out), "before");
	}
}

static void
what_is_required_must_be_there_to_be_written(void **state)
{
	struct krr k = tkrr_example();

	(void)state;
	k.dialect = tkrr_dialect("vendor");
	k.initiator_domain.len = 0;
	assert_int_equal(krr_build(&k, &out, &no), GW_EMALFORMED);
	assert_int_equal(no.why, KRR_MISSING);
}

/* Wrap k as often as it goes; how often that was. */
static unsigned
wrap_all(struct krr k)
{
	static char ids[KRR_NESTED_MAX + 2][16];
	struct krr_reduced r = { .n = 0 };
	unsigned n = 0;

	build_ok(&k);
	for (;;) {
		read_ok(gw_buf_span(&out), &k);
		struct krr outer;
		krr_rewrap(&k, &r, &outer);
		snprintf(ids[n], sizeof(ids[n]), "outer-%u", n);
		outer.id = gw_span_of(ids[n]);
		gw_buf_reset(&again);
		if (krr_build(&outer, &again, &no) != GW_OK)
			return n;
		n++;
		gw_buf_reset(&out);
		gw_buf_add(&out, gw_buf_span(&again));
	}
}

static void
as_many_are_embedded_as_are_read(void **state)
{
	(void)state;
	assert_int_equal(wrap_all(tkrr_example()), KRR_NESTED_MAX);
	assert_int_equal(no.why, KRR_NESTED);
}

static void
what_is_too_large_is_not_written(void **state)
{
	static char filler[KRR_OCTETS_MAX];
	struct krr k = tkrr_example();

	(void)state;
	memset(filler, ' ', sizeof(filler));
	memcpy(filler, "<a>", 3);
	memcpy(filler + sizeof(filler) - 4, "</a>", 4);
	k.embedded =
	    (struct gw_span){ (const uint8_t *)filler, sizeof(filler) };
	assert_int_equal(krr_build(&k, &out, &no), GW_ELIMIT);
	assert_int_equal(no.why, KRR_SIZE);
	assert_int_equal(out.len, 0);
}

static void
a_full_buffer_is_told(void **state)
{
	struct krr k = tkrr_example();
	struct gw_buf small;

	(void)state;
	gw_buf_init(&small, 100);
	assert_int_equal(krr_build(&k, &small, &no), GW_ENOMEM);
	gw_buf_clear(&small);
}

static void
an_id_of_the_embedded_one_is_not_used_again(void **state)
{
	struct krr k = tkrr_example(), got, outer;
	struct krr_reduced r = { .n = 0 };

	(void)state;
	build_ok(&k);
	read_ok(gw_buf_span(&out), &got);
	krr_rewrap(&got, &r, &outer);
	outer.id = k.id;
	assert_int_equal(krr_build(&outer, &again, &no), GW_EMALFORMED);
	assert_int_equal(no.why, KRR_DUPLICATE_ID);
}

/* Permit what is named in the text. */
static bool
is_named(void *arg, struct gw_span domain)
{
	struct gw_span text = gw_span_of(arg);

	return gw_span_search(text, domain) < text.len;
}

static void
a_list_is_reduced_to_what_is_permitted(void **state)
{
	static char all[] = TKRR_ONE " " TKRR_TWO, one[] = TKRR_TWO,
		    none[] = "kms.alpha.example";
	static const struct {
		char *permitted;
		enum krr_kept kept;
		size_t n;
		const char *first;
	} rows[] = {
		{ all, KRR_KEPT_ALL, 2, TKRR_ONE },
		{ one, KRR_KEPT_SOME, 1, TKRR_TWO },
		{ none, KRR_KEPT_NONE, 0, NULL },
	};
	struct krr k = tkrr_example();

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct krr_reduced r;
		krr_reduce(&k, is_named, rows[i].permitted, &r);
		assert_int_equal(r.kept, rows[i].kept);
		assert_int_equal(r.n, rows[i].n);
		if (r.n > 0)
			assert_span(r.domains[0], rows[i].first);
	}
}

static void
nothing_is_dropped_from_an_empty_list(void **state)
{
	static char none[] = "";
	struct krr k = tkrr_example();
	struct krr_reduced r;

	(void)state;
	k.n_domains = 0;
	krr_reduce(&k, is_named, none, &r);
	assert_int_equal(r.kept, KRR_KEPT_ALL);
	assert_int_equal(r.n, 0);
}

/* What a partner may send, whole; what of it is embedded begins at its
 * root. */
static const char *const received[] = {
	"<KmsRedirectResponse xmlns=\"urn:3gpp:ns:mcsecKMSKRR:1.0\" Id=\"r\">"
	"<ReceiverKmsUriList><KmsUri>a</KmsUri><KmsUri>b</KmsUri>"
	"</ReceiverKmsUriList></KmsRedirectResponse>",
	"\xef\xbb\xbf<?xml version='1.0' encoding='utf-8'?>\r\n<!-- c -->"
	"<KmsRedirectResponse  Version='1'\r\n\tId='r' xmlns:z='urn:z' "
	"xmlns='urn:3gpp:ns:mcsecKMSKRR:1.0' z:b='&#10;&quot;' >\r\n"
	"<ReceiverKmsUriList ><KmsUri>a</KmsUri><!-- -->\n<KmsUri\n>"
	"<![CDATA[b]]></KmsUri></ReceiverKmsUriList><z:e/><e xmlns=''/>"
	"</KmsRedirectResponse ><!-- end -->\n",
	"<k:KmsRedirectResponse xmlns:k='urn:3gpp:ns:mcsecKMSKRR:1.0' "
	"Id='r'><k:ReceiverKmsUriList><k:KmsUri>a</k:KmsUri><k:KmsUri>b"
	"</k:KmsUri></k:ReceiverKmsUriList></k:KmsRedirectResponse>",
	"<k:KmsRedirectResponse xmlns='' xmlns:k="
	"'urn:3gpp:ns:mcsecKMSKRR:1.0' Id='r'><k:ReceiverKmsUriList>"
	"<k:KmsUri>a</k:KmsUri><k:KmsUri>b</k:KmsUri>"
	"</k:ReceiverKmsUriList><e/></k:KmsRedirectResponse>",
	"<v:SignedRedirect xmlns:v='urn:example:vendor:redirect:2'>"
	"<v:Redirect id='r'><v:fromKms>f</v:fromKms><v:useKms>a</v:useKms>"
	"<v:useKms>b</v:useKms></v:Redirect></v:SignedRedirect>",
};

/* C14N of the root, or of what is embedded as it stands there. */
static xmlChar *
canonical_of(struct gw_span doc, bool is_embedded)
{
	xmlDoc *d = xmlReadMemory(
	    (const char *)doc.p, (int)doc.len, NULL, NULL, XML_PARSE_NONET);
	xmlNode *n = xmlDocGetRootElement(d);
	xmlDoc *copy = xmlNewDoc((const xmlChar *)"1.0");
	xmlChar *text;

	if (is_embedded) { /* the element in the last child */
		for (n = n->last; n->type != XML_ELEMENT_NODE; n = n->prev)
			;
		for (n = n->children; n->type != XML_ELEMENT_NODE; n = n->next)
			;
	}
	/* In place: with all namespaces in scope, as inclusive C14N of a
	 * subset has them. */
	xmlNode *moved = xmlDocCopyNode(n, copy, 1);
	xmlNs **scope = xmlGetNsList(d, n);
	for (size_t i = 0; scope != NULL && scope[i] != NULL; i++)
		(void)xmlNewNs(moved, scope[i]->href, scope[i]->prefix);
	xmlFree(scope);
	xmlDocSetRootElement(copy, moved);
	assert_true(xmlC14NDocDumpMemory(
			copy, NULL, XML_C14N_1_0, NULL, 0, &text) >= 0);
	xmlFreeDoc(copy);
	xmlFreeDoc(d);
	return text;
}

static void
what_is_embedded_stays_as_it_came_and_canonically_the_same(void **state)
{
	static char one[] = "b";

	(void)state;
	for (size_t i = 0; i < GW_COUNT(received); i++) {
		struct krr k, got, outer;
		struct krr_reduced r;
		struct gw_span doc = gw_span_of(received[i]);
		gw_buf_reset(&out);
		read_ok(doc, &k);
		krr_reduce(&k, is_named, one, &r);
		assert_int_equal(r.kept, KRR_KEPT_SOME);
		krr_rewrap(&k, &r, &outer);
		outer.id = GW_SPAN("outer");
		outer.initiator_domain = GW_SPAN("f");
		build_ok(&outer);
		read_ok(gw_buf_span(&out), &got);
		assert_int_equal(got.n_domains, 1);
		assert_span(got.domains[0], "b");
		assert_int_equal(got.nested, 1);
		assert_true(gw_span_eq(got.embedded, k.element));
		xmlChar *alone = canonical_of(doc, false);
		xmlChar *in_place = canonical_of(gw_buf_span(&out), true);
		assert_string_equal(
		    (const char *)alone, (const char *)in_place);
		xmlFree(alone);
		xmlFree(in_place);
	}
}

static void
canonical_form_is_that_of_libxml2(void **state)
{
	static const char *const more[] = {
		"<a/>",
		"<a  c='1'   b='2'\n/>",
		"<a xmlns:b='urn:b' xmlns:a='urn:a' a:z='1' b:a='2' z='0'/>",
		"<a xmlns='urn:1'><b xmlns='urn:1'><c xmlns=''><d "
		"xmlns='urn:1'/></c></b></a>",
		"<a xmlns:x='urn:1'><b xmlns:x='urn:1'/><x:c "
		"xmlns:x='urn:2'><x:d xmlns:x='urn:1'/></x:c></a>",
		"<a>\r\n\r \t]]&gt;&#13;&#xd;&amp;&lt;&gt;&quot;\"'</a>",
		"<a b='\r\n\t &#9;&#10;&#13;&lt;&gt;&amp;&quot;&apos;'/>",
		"<a><![CDATA[\r\n<&>\"]]><!-- - --><b></b></a>",
		"<a xml:lang='en' xml:space='preserve' id='1'/>",
		"<a>\xc3\xa4&#228;&#x10348;</a>",
		"<a xmlns:p='urn:p'><p:b p:c='1' c='2'/></a>\n<!-- c -->\n",
	};
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(more) + GW_COUNT(received); i++) {
		const char *text =
		    i < GW_COUNT(more) ? more[i] : received[i - GW_COUNT(more)];
		xmlDoc *d = xmlReadMemory(
		    text, (int)strlen(text), NULL, NULL, XML_PARSE_NONET);
		xmlChar *want = NULL;
		assert_true(xmlC14NDocDumpMemory(
				d, NULL, XML_C14N_1_0, NULL, 0, &want) >= 0);
		gw_buf_reset(&out);
		assert_int_equal(
		    krr_c14n(gw_span_of(text), &out, &fault), GW_OK);
		assert_span(gw_buf_span(&out), (const char *)want);
		xmlFree(want);
		xmlFreeDoc(d);
	}
}

static void
canonical_form_of_a_full_buffer_is_told(void **state)
{
	struct gw_buf small;
	struct gw_fault fault;

	(void)state;
	gw_buf_init(&small, 8);
	assert_int_equal(
	    krr_c14n(GW_SPAN("<a>123456</a>"), &small, &fault), GW_ENOMEM);
	gw_buf_clear(&small);
	assert_int_equal(krr_c14n(GW_SPAN("<a>"), &out, &fault), GW_EMALFORMED);
}

int
main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	static const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_this),
		TEST(what_is_not_known_is_left_out_but_the_list),
		TEST(a_vendors_dialect_is_written),
		TEST(markup_in_values_is_escaped),
		TEST(what_could_not_be_read_is_not_written),
		TEST(what_is_required_must_be_there_to_be_written),
		TEST(as_many_are_embedded_as_are_read),
		TEST(what_is_too_large_is_not_written),
		TEST(a_full_buffer_is_told),
		TEST(an_id_of_the_embedded_one_is_not_used_again),
		TEST(a_list_is_reduced_to_what_is_permitted),
		TEST(nothing_is_dropped_from_an_empty_list),
		TEST(
		    what_is_embedded_stays_as_it_came_and_canonically_the_same),
		TEST(canonical_form_is_that_of_libxml2),
		TEST(canonical_form_of_a_full_buffer_is_told),
	};

	arena = gw_arena_new(1u << 20);
	return arena == NULL ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
