/*
 * test_xml.c: the door for XML files: what comes in, what does not, and how
 * the refusal reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "mcxgw/buf.h"
#include "mcxgw/xml.h"

#define XSD  GW_TESTS_DIR "/unit/test_xml.xsd"
#define OPEN "<systems xmlns=\"urn:test:1\">"

static struct gw_diag *diag;
static struct gw_arena *arena;

static int
start(void **state)
{
	(void)state;
	gw_xml_init();
	diag = gw_diag_new();
	arena = gw_arena_new(1 << 16);
	return diag == NULL || arena == NULL;
}

static int
end(void **state)
{
	(void)state;
	gw_diag_free(diag);
	gw_arena_free(arena);
	return 0;
}

static xmlDoc *
parse(const char *text, const char *xsd)
{
	return gw_xml_parse(gw_span_of(text), "x.xml", xsd, diag);
}

static void
write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fputs(text, f) >= 0, 1);
	assert_int_equal(fclose(f), 0);
}

static void
a_valid_document_is_read(void **state)
{
	static const char text[] =
	    "<?xml version='1.0' encoding='utf-8'?>\n"
	    "<!-- comment -->\n" OPEN "\n"
	    "<system id='alpha' port='5060'>\n"
	    "  text-like comments <!-- x --> vanish\n"
	    "</system><other/><system id='b'/></systems>";
	xmlDoc *doc = parse(text, NULL);
	xmlNode *root, *system;

	(void)state;
	assert_non_null(doc);
	root = gw_xml_root(doc);
	assert_string_equal(gw_xml_name(root), "systems");
	system = gw_xml_child(root, "system");
	assert_string_equal(gw_xml_attr(system, "id", arena), "alpha");
	assert_string_equal(gw_xml_attr(system, "port", arena), "5060");
	assert_null(gw_xml_attr(system, "transport", arena));
	assert_string_equal(
	    gw_xml_text(system, arena), "text-like comments  vanish");
	assert_int_equal(gw_xml_where(system).line, 4);
	assert_string_equal(gw_xml_where(system).file, "x.xml");
	assert_string_equal(gw_xml_name(gw_xml_next(system, NULL)), "other");
	system = gw_xml_next(system, "system");
	assert_string_equal(gw_xml_attr(system, "id", arena), "b");
	assert_string_equal(gw_xml_text(system, arena), "");
	assert_null(gw_xml_next(system, NULL));
	assert_null(gw_xml_child(system, NULL));
	assert_true(gw_xml_ok(doc));
	gw_xml_free(doc);
	assert_int_equal(gw_diag_errors(diag), 0);
}

static void
references_in_values_are_replaced(void **state)
{
	xmlDoc *doc =
	    parse("<a b='&lt;&#65;&amp;&quot;' x:b='no' xmlns:x='urn:x'>"
		  " a<![CDATA[<&]]>&gt;&#x42; </a>",
		NULL);

	(void)state;
	assert_non_null(doc);
	assert_string_equal(gw_xml_attr(gw_xml_root(doc), "b", arena), "<A&\"");
	assert_string_equal(gw_xml_text(gw_xml_root(doc), arena), "a<&>B");
	gw_xml_free(doc);
}

static void
what_could_be_abused_is_refused_before_it_is_parsed(void **state)
{
	static const struct {
		struct gw_span text;
		const char *code;
		unsigned line;
	} cases[] = {
		{ GW_LIT("<!DOCTYPE a [<!ENTITY x 'y'>]>\n<a>&x;</a>"),
		    "xml.doctype", 1 },
		{ GW_LIT("\n\n<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>"),
		    "xml.doctype", 3 },
		{ GW_LIT("<a>\n<!ENTITY x 'y'></a>"), "xml.doctype", 2 },
		{ GW_LIT("<?xml version='1.0' encoding='ISO-8859-1'?><a/>"),
		    "xml.encoding", 1 },
		{ GW_LIT("\xef\xbb\xbf<?xml version='1.0' "
			 "encoding='UTF-7'?><a/>"),
		    "xml.encoding", 1 },
		{ GW_LIT("<?xml version='1.0' encoding?><a/>"), "xml.encoding",
		    1 },
		{ GW_LIT("<a>\n\xe4</a>"), "xml.encoding", 2 },
		{ GW_LIT("<a>\n\n\x01</a>"), "xml.encoding", 3 },
		{ GW_LIT("<a>\0</a>"), "xml.encoding", 1 },
		{ GW_LIT("\xff\xfe<\0a\0/\0>\0"), "xml.encoding", 1 },
		{ GW_LIT(""), "xml.not-well-formed", 0 },
		{ GW_LIT("<a>\n<b>\n</a>"), "xml.not-well-formed", 3 },
		{ GW_LIT("<a>\n&x;</a>"), "xml.not-well-formed", 2 },
		{ GW_LIT("<x:a/>"), "xml.not-well-formed", 1 },
		{ GW_LIT("<a b='1' b='2'/>"), "xml.not-well-formed", 1 },
		{ GW_LIT("<a/><b/>"), "xml.not-well-formed", 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_diag *d = gw_diag_new();
		const struct gw_diag_entry *e;
		assert_null(gw_xml_parse(cases[i].text, "x.xml", NULL, d));
		assert_true(gw_diag_errors(d) >= 1);
		e = gw_diag_first(d);
		assert_string_equal(e->code, cases[i].code);
		assert_string_equal(e->where.file, "x.xml");
		assert_non_null(e->want);
		if (cases[i].line != 0)
			assert_int_equal(e->where.line, cases[i].line);
		gw_diag_free(d);
	}
}

static void
every_rule_of_a_schema_is_explained(void **state)
{
	static const struct {
		const char *system, *text, *want;
	} cases[] = {
		{ "<system id='a' transport='x'><domain>d</domain></system>",
		    "attribute \"transport\" of <system> is \"x\"",
		    "one of: udp, tcp" },
		{ "<system id='a' port='0'><domain>d</domain></system>",
		    "attribute \"port\" of <system> is \"0\"", "at least 1" },
		{ "<system id='a' port='abc'><domain>d</domain></system>",
		    "attribute \"port\" of <system> is \"abc\"",
		    "a value of the type port of the schema" },
		{ "<system id='a' from='2026'><domain>d</domain></system>",
		    "attribute \"from\" of <system> is \"2026\"",
		    "date, time and zone, as in 2026-01-01T00:00:00Z" },
		{ "<system id='a' on='maybe'><domain>d</domain></system>",
		    "attribute \"on\" of <system> is \"maybe\"",
		    "true or false" },
		{ "<system id='a' foo='1'><domain>d</domain></system>",
		    "attribute \"foo\" of <system> is not known",
		    "only: transport, port, from, on, like, id" },
		{ "<system id='a'><domain>D</domain></system>",
		    "element <domain> is \"D\"", "text that matches [a-z]+" },
		{ "<system id='a'><domain>abcdefghi</domain></system>",
		    "element <domain> is \"abcdefghi\"",
		    "a length of at most 8" },
		{ "<system id='a'><hopp/></system>",
		    "element <hopp> is not expected here",
		    "one of <hop>, <domain>, in the order of the schema" },
		{ "<system id='a'><domain>d</domain><hop/></system>",
		    "element <hop> is not expected here", "no element here" },
		{ "<system id='a'/>", "element <system> ends too early",
		    "one of <hop>, <domain>, in the order of the schema" },
		{ "<system id='a'>x<domain>d</domain></system>", NULL,
		    "elements only, no text" },
		{ "<system id='a'><domain>d</domain></system>"
		  "<system id='a'><domain>d</domain></system>",
		    NULL, "a value that no other element has" },
		{ "<system id='a' like='b'><domain>d</domain></system>", NULL,
		    "the name of something that this file defines" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_diag *d = gw_diag_new();
		const struct gw_diag_entry *e;
		char text[400];
		snprintf(text, sizeof(text), "%s\n%s</systems>", OPEN,
		    cases[i].system);
		assert_null(gw_xml_parse(gw_span_of(text), "x.xml", XSD, d));
		assert_int_equal(gw_diag_errors(d), 1);
		e = gw_diag_first(d);
		assert_string_equal(e->code, "xml.schema");
		assert_int_equal(e->where.line, 2);
		assert_null(strchr(e->text, '{')); /* no namespaces */
		if (cases[i].text != NULL)
			assert_string_equal(e->text, cases[i].text);
		assert_string_equal(e->want, cases[i].want);
		gw_diag_free(d);
	}
}

static void
all_mistakes_come_in_one_run(void **state)
{
	(void)state;
	assert_null(
	    parse(OPEN "<system id='A' port='0'><domain>d</domain></system>\n"
		       "<system><domain>d</domain></system>\n"
		       "<system id='c' foo='1'><domain/></system></systems>",
		XSD));
	assert_true(gw_diag_errors(diag) >= 5);
}

static void
hints_to_other_schemas_are_ignored(void **state)
{
	xmlDoc *doc =
	    parse("<systems xmlns='urn:test:1' xmlns:xsi="
		  "'http://www.w3.org/2001/XMLSchema-instance' "
		  "xsi:schemaLocation='urn:test:1 file:///dev/zero'>"
		  "<system id='a'><domain>d</domain></system></systems>",
		XSD);

	(void)state;
	assert_non_null(doc);
	assert_int_equal(gw_diag_errors(diag), 0);
	gw_xml_free(doc);
	assert_null(parse("<other/>", XSD));
	assert_string_equal(gw_diag_first(diag)->want,
	    "the root element and namespace of the schema");
}

static void
depth_and_size_are_capped(void **state)
{
	static char text[GW_XML_FILE_MAX + 2];
	xmlDoc *doc;

	(void)state;
	for (size_t depth = GW_XML_DEPTH_MAX; depth <= GW_XML_DEPTH_MAX + 1;
	     depth++) {
		size_t n = 0;
		for (size_t i = 0; i < depth; i++)
			n += (size_t)snprintf(text + n, 8, "<a>");
		for (size_t i = 0; i < depth; i++)
			n += (size_t)snprintf(text + n, 8, "</a>");
		doc = parse(text, NULL);
		assert_int_equal(doc != NULL, depth == GW_XML_DEPTH_MAX);
		gw_xml_free(doc);
	}
	assert_string_equal(gw_diag_first(diag)->code, "xml.too-deep");

	memset(text, ' ', sizeof(text) - 1);
	memcpy(text, "<a/>", 4);
	doc = gw_xml_parse(
	    (struct gw_span){ (const uint8_t *)text, GW_XML_FILE_MAX }, "x.xml",
	    NULL, diag);
	assert_non_null(doc);
	gw_xml_free(doc);
	assert_null(parse(text, NULL));
	assert_string_equal(gw_diag_first(diag)->next->code, "xml.too-large");
}

static void
the_tallest_file_keeps_its_line_numbers(void **state)
{
	static char text[80000];
	xmlDoc *doc;

	(void)state;
	memset(text, '\n', sizeof(text) - 1);
	memcpy(text, "<a>", 3);
	memcpy(text + 70000, "<b/></a>", 8);
	doc = parse(text, NULL);
	assert_non_null(doc);
	assert_int_equal(
	    gw_xml_where(gw_xml_child(gw_xml_root(doc), "b")).line, 69998);
	gw_xml_free(doc);
}

static void
a_full_arena_does_not_pass_for_absence(void **state)
{
	struct gw_arena *small = gw_arena_new(4);
	xmlDoc *doc = parse("<a b='a longer value'/>", NULL);

	(void)state;
	assert_true(gw_xml_ok(doc));
	assert_null(gw_xml_attr(gw_xml_root(doc), "none", small));
	assert_true(gw_xml_ok(doc));
	assert_null(gw_xml_attr(gw_xml_root(doc), "b", small));
	assert_false(gw_xml_ok(doc));
	gw_xml_free(doc);
	gw_arena_free(small);
}

static void
files_are_read_and_schemas_follow_their_file(void **state)
{
	static const char schema[] =
	    "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema'>"
	    "<xs:element name='%s'/></xs:schema>";
	char dir[] = "/tmp/gw-xml-XXXXXX", xml[64], xsd[64], text[256];
	xmlDoc *doc;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(xml, sizeof(xml), "%s/a.xml", dir);
	snprintf(xsd, sizeof(xsd), "%s/a.xsd", dir);
	assert_null(gw_xml_load(xml, NULL, diag));
	assert_string_equal(gw_diag_first(diag)->code, "xml.unreadable");
	assert_null(gw_xml_load(dir, NULL, diag));

	write_file(xml, "<a>x</a>");
	assert_null(gw_xml_load(xml, xsd, diag));
	assert_string_equal(
	    gw_diag_first(diag)->next->next->code, "xml.schema-unusable");
	snprintf(text, sizeof(text), schema, "a");
	write_file(xsd, text);
	for (int i = 0; i < 3; i++) {
		doc = gw_xml_load(xml, xsd, diag);
		assert_non_null(doc);
		gw_xml_free(doc);
	}
	snprintf(text, sizeof(text), schema, "another");
	write_file(xsd, text);
	assert_null(gw_xml_load(xml, xsd, diag));
	write_file(xsd, "<not-a-schema/>");
	assert_null(gw_xml_load(xml, xsd, diag));
	assert_int_equal(gw_diag_errors(diag), 5);
	unlink(xml);
	unlink(xsd);
	rmdir(dir);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    a_valid_document_is_read, start, end),
		cmocka_unit_test_setup_teardown(
		    references_in_values_are_replaced, start, end),
		cmocka_unit_test_setup_teardown(
		    what_could_be_abused_is_refused_before_it_is_parsed, start,
		    end),
		cmocka_unit_test_setup_teardown(
		    every_rule_of_a_schema_is_explained, start, end),
		cmocka_unit_test_setup_teardown(
		    all_mistakes_come_in_one_run, start, end),
		cmocka_unit_test_setup_teardown(
		    hints_to_other_schemas_are_ignored, start, end),
		cmocka_unit_test_setup_teardown(
		    depth_and_size_are_capped, start, end),
		cmocka_unit_test_setup_teardown(
		    the_tallest_file_keeps_its_line_numbers, start, end),
		cmocka_unit_test_setup_teardown(
		    a_full_arena_does_not_pass_for_absence, start, end),
		cmocka_unit_test_setup_teardown(
		    files_are_read_and_schemas_follow_their_file, start, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
