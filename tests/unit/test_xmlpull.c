/*
 * test_xmlpull.c: events, namespaces and refusals of the pull reader.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/buf.h"
#include "mcxgw/xmlpull.h"

static struct gw_fault fault;

/* Read in to its end, writing each event into out. */
static enum gw_err
trace(struct gw_span in, struct gw_buf *out)
{
	enum gw_xp_event event = GW_XP_EOF;
	enum gw_err err;
	struct gw_xp x;

	fault = (struct gw_fault){ 0, NULL };
	gw_xp_init(&x, in);
	while ((err = gw_xp_next(&x, &event, &fault)) == GW_OK &&
	       event != GW_XP_EOF) {
		if (event == GW_XP_TEXT)
			gw_buf_fmt(out, "%s%u=%.*s;", x.is_cdata ? "C" : "T",
			    x.depth, GW_FMT(x.text));
		else
			gw_buf_fmt(out, "%s%u{%.*s}%.*s",
			    event == GW_XP_START ? "+" : "-", x.depth,
			    GW_FMT(x.ns), GW_FMT(x.name));
		for (unsigned i = 0; i < x.n_attrs; i++)
			gw_buf_fmt(out, " {%.*s}%.*s=%.*s",
			    GW_FMT(x.attrs[i].ns), GW_FMT(x.attrs[i].name),
			    GW_FMT(x.attrs[i].value));
		if (event != GW_XP_TEXT)
			gw_buf_text(out, ";");
	}
	gw_buf_add(out, GW_SPAN("\0"));
	return err;
}

static void
events_come_in_order_with_names_and_namespaces(void **state)
{
	static const struct {
		struct gw_span in;
		const char *events;
	} cases[] = {
		{ GW_LIT("<a/>"), "+1{}a;-1{}a;" },
		{ GW_LIT("\xef\xbb\xbf<?xml version='1.0' encoding=\"utf-8\" "
			 "standalone='no' ?>\n<!-- c -->\n<a></a>\n<!---->"),
		    "+1{}a;-1{}a;" },
		{ GW_LIT("<a>x<b>y</b>z</a>"),
		    "+1{}a;T1=x;+2{}b;T2=y;-2{}b;T1=z;-1{}a;" },
		{ GW_LIT("<a>x<!-- - -->y<![CDATA[<]]>]]></a>"), NULL },
		{ GW_LIT("<a>x<!-- - -->y<![CDATA[<]]&]]>&lt;</a >"),
		    "+1{}a;T1=x;T1=y;C1=<]]&;T1=&lt;;-1{}a;" },
		{ GW_LIT("<a xmlns='u'><b xmlns=''/><c/></a>"),
		    "+1{u}a;+2{}b;-2{}b;+2{u}c;-2{u}c;-1{u}a;" },
		{ GW_LIT("<p:a p:x='1' x = \"2\"\txmlns:p='u' y='&quot;>'/>"),
		    "+1{u}a {u}x=1 {}x=2 {}y=&quot;>;-1{u}a;" },
		{ GW_LIT("<p:a xmlns:p='u'><p:a xmlns:p='v' p:b=''/><p:c/>"
			 "</p:a>"),
		    "+1{u}a;+2{v}a {v}b=;-2{v}a;+2{u}c;-2{u}c;-1{u}a;" },
		{ GW_LIT("<a xml:lang='de'/>"),
		    "+1{}a {http://www.w3.org/XML/1998/namespace}lang=de;"
		    "-1{}a;" },
		{ GW_LIT("<a b='&#65;&#x41;&#xd;&amp;'>\xc3\xa4</a>"),
		    "+1{}a {}b=&#65;&#x41;&#xd;&amp;;T1=\xc3\xa4;-1{}a;" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_buf b;
		gw_buf_init(&b, 4096);
		if (cases[i].events == NULL) {
			assert_int_equal(trace(cases[i].in, &b), GW_EMALFORMED);
		} else {
			assert_int_equal(trace(cases[i].in, &b), GW_OK);
			assert_string_equal((const char *)b.p, cases[i].events);
		}
		gw_buf_clear(&b);
	}
}

struct refusal {
	struct gw_span in;
	size_t at;
	const char *why;
};

static void
assert_refused(const struct refusal *cases, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct gw_buf b;
		gw_buf_init(&b, 4096);
		assert_int_equal(trace(cases[i].in, &b), GW_EMALFORMED);
		assert_int_equal(fault.at, cases[i].at);
		assert_non_null(strstr(fault.why, cases[i].why));
		gw_buf_clear(&b);
	}
}

static void
broken_elements_and_namespaces_say_where_and_why(void **state)
{
	static const struct refusal cases[] = {
		{ GW_LIT(""), 0, "ends too early" },
		{ GW_LIT(" "), 1, "ends too early" },
		{ GW_LIT("x<a/>"), 0, "outside the root" },
		{ GW_LIT("<a/>x"), 4, "outside the root" },
		{ GW_LIT("<![CDATA[x]]><a/>"), 0, "outside the root" },
		{ GW_LIT("<a/><b/>"), 4, "second root" },
		{ GW_LIT("</a>"), 0, "end of nothing" },
		{ GW_LIT("<a></b>"), 3, "match" },
		{ GW_LIT("<a></ab>"), 3, "match" },
		{ GW_LIT("<ab></a>"), 4, "match" },
		{ GW_LIT("<a></a x>"), 3, "match" },
		{ GW_LIT("<p:a xmlns:p='u' xmlns:q='u'></q:a>"), 29, "match" },
		{ GW_LIT("< a/>"), 1, "name" },
		{ GW_LIT("<1a/>"), 1, "name" },
		{ GW_LIT("<a:/>"), 1, "name" },
		{ GW_LIT("<:a/>"), 1, "name" },
		{ GW_LIT("<a:b:c xmlns:a='u'/>"), 1, "name" },
		{ GW_LIT("<a\xc3\xa4/>"), 2, "name" },
		{ GW_LIT("<a b=\"1\"c=\"2\"/>"), 8, "name" },
		{ GW_LIT("<a b/>"), 4, "without a value" },
		{ GW_LIT("<a b=1/>"), 5, "quotes" },
		{ GW_LIT("<a b='<'/>"), 6, "'<'" },
		{ GW_LIT("<a b='1' b='2'/>"), 9, "twice" },
		{ GW_LIT("<a xmlns:p='u' xmlns:q='u' p:b='' q:b=''/>"), 34,
		    "twice" },
		{ GW_LIT("<a xmlns='u' xmlns='v'/>"), 13, "twice" },
		{ GW_LIT("<a xmlns:p='u' xmlns:p='u'/>"), 15, "twice" },
		{ GW_LIT("<p:a/>"), 1, "undeclared" },
		{ GW_LIT("<a p:b=''/>"), 3, "undeclared" },
		{ GW_LIT("<a><b xmlns:p='u'/><p:c/></a>"), 20, "undeclared" },
		{ GW_LIT("<a xmlns:p=''/>"), 3, "nothing" },
		{ GW_LIT("<a xmlns:xmlns='u'/>"), 3, "reserved" },
		{ GW_LIT("<a xmlns:xml='u'/>"), 3, "reserved" },
		{ GW_LIT("<a xmlns='http://www.w3.org/2000/xmlns/'/>"), 3,
		    "reserved" },
		{ GW_LIT("<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>"),
		    3, "reserved" },
		{ GW_LIT("<a xmlns='&#117;'/>"), 3, "reference" },
		{ GW_LIT("<a xmlns='u '/>"), 3, "space" },
	};

	(void)state;
	assert_refused(cases, GW_COUNT(cases));
}

static void
bad_references_and_what_is_never_read_say_where_and_why(void **state)
{
	static const struct refusal cases[] = {
		{ GW_LIT("<a>&b;</a>"), 3, "reference" },
		{ GW_LIT("<a>x&</a>"), 4, "reference" },
		{ GW_LIT("<a>&#0;</a>"), 3, "reference" },
		{ GW_LIT("<a>&#x;</a>"), 3, "reference" },
		{ GW_LIT("<a>&#xD800;</a>"), 3, "reference" },
		{ GW_LIT("<a>&#x110000;</a>"), 3, "reference" },
		{ GW_LIT("<a>&#99999999999999999999;</a>"), 3, "reference" },
		{ GW_LIT("<a>&#X41;</a>"), 3, "reference" },
		{ GW_LIT("<a b='&lt'/>"), 6, "reference" },
		{ GW_LIT("<a>]]></a>"), 3, "]]>" },
		{ GW_LIT("<a><!-- -- --></a>"), 8, "--" },
		{ GW_LIT("<a><!-- --->"), 8, "--" },
		{ GW_LIT("<!DOCTYPE a><a/>"), 0, "DTD" },
		{ GW_LIT("<a><!ENTITY x ''></a>"), 3, "DTD" },
		{ GW_LIT("<a><?x y?></a>"), 3, "processing" },
		{ GW_LIT("<?x y?><a/>"), 0, "processing" },
		{ GW_LIT(" <?xml version='1.0'?><a/>"), 1, "processing" },
		{ GW_LIT("<?xml?><a/>"), 5, "version" },
		{ GW_LIT("<?xml version='1.1'?><a/>"), 5, "version" },
		{ GW_LIT("<?xml version='1.0' encoding='UTF-16'?><a/>"), 5,
		    "UTF-8" },
		{ GW_LIT("<?xml version='1.0' standalone='x'?><a/>"), 5,
		    "declaration" },
		{ GW_LIT("<?xml version='1.0' x='y'?><a/>"), 20,
		    "declaration" },
		{ GW_LIT("<a>\xc3(</a>"), 3, "UTF-8" },
		{ GW_LIT("<a>12345678\xed\xa0\x80</a>"), 11, "UTF-8" },
		{ GW_LIT("<a>\xef\xbf\xbe</a>"), 3, "UTF-8" },
		{ GW_LIT("<a>\0</a>"), 3, "control" },
		{ GW_LIT("<aaaaaaaa>\x1f</aaaaaaaa>"), 10, "control" },
	};

	(void)state;
	assert_refused(cases, GW_COUNT(cases));
}

static void
every_prefix_of_a_document_is_refused(void **state)
{
	static const char text[] =
	    "<?xml version=\"1.0\"?>\n<p:a xmlns:p='u' b=\"&lt;\"><c/>"
	    "t&#65;<!-- x --><![CDATA[y]]></p:a >";
	struct gw_buf b;

	(void)state;
	gw_buf_init(&b, 4096);
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		struct gw_span in = { (const uint8_t *)text, n };
		gw_buf_reset(&b);
		assert_int_equal(trace(in, &b), GW_EMALFORMED);
		assert_true(fault.at <= n);
	}
	gw_buf_reset(&b);
	assert_int_equal(trace(gw_span_of(text), &b), GW_OK);
	gw_buf_clear(&b);
}

static void
add_times(struct gw_buf *b, const char *text, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		gw_buf_text(b, text);
}

static void
limits_hold_to_the_last(void **state)
{
	struct gw_buf in, out;

	(void)state;
	gw_buf_init(&in, GW_XP_OCTETS_MAX + 100);
	gw_buf_init(&out, 1 << 20);
	for (unsigned over = 0; over <= 1; over++) {
		enum gw_err want = over == 0 ? GW_OK : GW_ELIMIT;
		gw_buf_reset(&in);
		add_times(&in, "<a>", GW_XP_DEPTH_MAX + over);
		add_times(&in, "</a>", GW_XP_DEPTH_MAX + over);
		assert_int_equal(trace(gw_buf_span(&in), &out), want);

		gw_buf_reset(&in);
		gw_buf_text(&in, "<a");
		for (unsigned i = 0; i < GW_XP_ATTRS_MAX + over; i++)
			gw_buf_fmt(&in, " a%u=''", i);
		gw_buf_text(&in, "/>");
		assert_int_equal(trace(gw_buf_span(&in), &out), want);

		gw_buf_reset(&in);
		gw_buf_text(&in, "<a");
		for (unsigned i = 0; i < GW_XP_NS_MAX + over; i++)
			gw_buf_fmt(&in, " xmlns:a%u='u'", i);
		gw_buf_text(&in, "/>");
		assert_int_equal(trace(gw_buf_span(&in), &out), want);

		gw_buf_reset(&in);
		gw_buf_text(&in, "<a/>");
		add_times(&in, " ", GW_XP_OCTETS_MAX - 4 + over);
		assert_int_equal(trace(gw_buf_span(&in), &out), want);
	}
	gw_buf_clear(&in);
	gw_buf_clear(&out);
}

static void
namespaces_leave_with_their_element(void **state)
{
	struct gw_buf in, out;

	(void)state;
	gw_buf_init(&in, 1 << 16);
	gw_buf_init(&out, 1 << 20);
	gw_buf_text(&in, "<a>");
	for (unsigned i = 0; i < 10 * GW_XP_NS_MAX; i++)
		gw_buf_fmt(&in, "<p:b xmlns:p='u%u'/><c xmlns='v'></c>", i);
	gw_buf_text(&in, "</a>");
	assert_int_equal(trace(gw_buf_span(&in), &out), GW_OK);
	gw_buf_clear(&in);
	gw_buf_clear(&out);
}

static void
places_are_those_of_the_markup(void **state)
{
	static const char text[] = "<a><b x='1'/> t </a>";
	static const struct {
		enum gw_xp_event event;
		size_t at, end;
	} want[] = {
		{ GW_XP_START, 0, 3 },
		{ GW_XP_START, 3, 13 },
		{ GW_XP_END, 3, 13 },
		{ GW_XP_TEXT, 13, 16 },
		{ GW_XP_END, 16, 20 },
		{ GW_XP_EOF, 20, 20 },
		{ GW_XP_EOF, 20, 20 },
	};
	enum gw_xp_event event;
	struct gw_xp x;

	(void)state;
	gw_xp_init(&x, gw_span_of(text));
	for (size_t i = 0; i < GW_COUNT(want); i++) {
		assert_int_equal(gw_xp_next(&x, &event, &fault), GW_OK);
		assert_int_equal(event, want[i].event);
		assert_int_equal(x.at, want[i].at);
		assert_int_equal(x.end, want[i].end);
		if (i == 1) {
			assert_non_null(gw_xp_attr(&x, "x"));
			assert_null(gw_xp_attr(&x, "y"));
		}
	}
}

static void
references_become_their_characters(void **state)
{
	static const struct {
		struct gw_span raw, out;
	} cases[] = {
		{ GW_LIT("&lt;&gt;&amp;&quot;&apos;"), GW_LIT("<>&\"'") },
		{ GW_LIT("a&#65;b&#x263a;c&#x1F600;"),
		    GW_LIT("aAb\xe2\x98\xba"
			   "c\xf0\x9f\x98\x80") },
		{ GW_LIT("&#228;&amp;lt;"), GW_LIT("\xc3\xa4&lt;") },
		{ GW_LIT("x"), GW_LIT("x") },
	};
	static const char *const bad[] = { "&", "&;", "&lt", "&x;", "a&#;b",
		"&#x;", "&#1;", "&#xffff;", "&LT;", "&lt;&" };
	struct gw_arena *a = gw_arena_new(1000), *small = gw_arena_new(3);
	struct gw_span out = { NULL, 42 };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_int_equal(
		    gw_xp_unescape(a, gw_span_of(bad[i]), &out), GW_EMALFORMED);
	assert_int_equal(
	    gw_xp_unescape(small, GW_SPAN("&lt;"), &out), GW_ENOMEM);
	assert_int_equal(out.len, 42);
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		assert_int_equal(gw_xp_unescape(a, cases[i].raw, &out), GW_OK);
		assert_true(gw_span_eq(out, cases[i].out));
	}
	assert_ptr_equal(out.p, cases[3].raw.p); /* nothing to replace */
	gw_arena_free(a);
	gw_arena_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    events_come_in_order_with_names_and_namespaces),
		cmocka_unit_test(
		    broken_elements_and_namespaces_say_where_and_why),
		cmocka_unit_test(
		    bad_references_and_what_is_never_read_say_where_and_why),
		cmocka_unit_test(every_prefix_of_a_document_is_refused),
		cmocka_unit_test(limits_hold_to_the_last),
		cmocka_unit_test(namespaces_leave_with_their_element),
		cmocka_unit_test(places_are_those_of_the_markup),
		cmocka_unit_test(references_become_their_characters),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
