/*
 * tests/fuzz/fuzz_xml.c: for any input the door for XML files must
 *   1. give a document or at least one error, never both or neither
 *   2. say what is wrong and what should be, at a line that exists
 *   3. let no DTD and no entity through
 */
#include <stdlib.h>

#include <libxml/tree.h>

#include "mcxgw/xml.h"

#define XSD GW_SOURCE_DIR "/tests/unit/test_xml.xsd"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_entry(const struct gw_diag_entry *e, unsigned lines)
{
	CHECK(e->code != NULL && strncmp(e->code, "xml.", 4) == 0);
	CHECK(strcmp(e->code, "xml.schema-unusable") != 0);
	CHECK(e->text != NULL && e->text[0] != '\0');
	CHECK(e->want != NULL && e->want[0] != '\0');
	CHECK(strcmp(e->where.file, "x.xml") == 0);
	CHECK(e->where.line <= lines);
}

static void
check_tree(const xmlNode *node, struct gw_arena *a, unsigned depth)
{
	CHECK(depth <= GW_XML_DEPTH_MAX);
	for (; node != NULL; node = gw_xml_next(node, NULL)) {
		CHECK(gw_xml_where(node).file != NULL);
		CHECK(gw_xml_text(node, a) != NULL);
		check_tree(gw_xml_child(node, NULL), a, depth + 1);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gw_span in = { data, size };
	struct gw_diag *d = gw_diag_new();
	struct gw_arena *a = gw_arena_new((size_t)1 << 24);
	unsigned lines = 1;

	CHECK(d != NULL && a != NULL);
	gw_xml_init();
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	for (int pass = 0; pass < 2; pass++) {
		size_t before = gw_diag_errors(d);
		xmlDoc *doc =
		    gw_xml_parse(in, "x.xml", pass == 0 ? NULL : XSD, d);
		CHECK((doc == NULL) == (gw_diag_errors(d) > before));
		if (doc != NULL) {
			CHECK(xmlGetIntSubset(doc) == NULL);
			check_tree(gw_xml_root(doc), a, 1);
		}
		gw_xml_free(doc);
	}
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		check_entry(e, lines);
	gw_arena_free(a);
	gw_diag_free(d);
	return 0;
}
