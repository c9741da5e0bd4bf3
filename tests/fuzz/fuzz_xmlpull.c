/*
 * tests/fuzz/fuzz_xmlpull.c: for any input the pull reader must
 *   1. stay inside the buffer            (ASan checks, hence the copy)
 *   2. end each element it started, with the same name and at the same depth
 *   3. move on: events follow each other without overlap
 *   4. accept nothing that libxml2 holds to be broken, and see the same
 *      elements, in the same namespaces
 *   5. on failure, point at the input or its end and say why
 *   6. give the same answer twice        (no hidden state)
 */
#include <stdlib.h>

#include <libxml/parser.h>
#include <libxml/tree.h>

#include "mcxgw/xmlpull.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What libxml2 dislikes but XML and its namespaces do not forbid. */
static void
on_error(void *arg, xmlErrorPtr err)
{
	xmlParserCtxt *ctxt = arg;
	bool *broken = ctxt->_private;

	if (err->level >= XML_ERR_ERROR && err->code != XML_WAR_NS_URI &&
	    err->code != XML_WAR_NS_URI_RELATIVE &&
	    err->domain != XML_FROM_VALID && err->code != XML_DTD_XMLID_VALUE)
		*broken = true;
}

static xmlDoc *
oracle(struct gw_span in, bool *broken)
{
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	xmlDoc *doc;

	CHECK(ctxt != NULL);
	*broken = false;
	ctxt->_private = broken;
	ctxt->sax->serror = on_error;
	doc = xmlCtxtReadMemory(ctxt, (const char *)in.p, (int)in.len, "x",
	    "UTF-8", XML_PARSE_NONET);
	xmlFreeParserCtxt(ctxt);
	return doc;
}

static xmlNode *
next_element(xmlNode *n)
{
	do {
		if (n->children != NULL && n->type == XML_ELEMENT_NODE) {
			n = n->children;
			continue;
		}
		while (n != NULL && n->next == NULL)
			n = n->parent;
		n = n == NULL ? NULL : n->next;
	} while (n != NULL && n->type != XML_ELEMENT_NODE);
	return n;
}

static void
check_same(struct gw_span name, struct gw_span ns, const xmlNode *n)
{
	struct gw_span uri = { NULL, 0 };

	CHECK(n != NULL);
	if (n->ns != NULL)
		uri = gw_span_of((const char *)n->ns->href);
	CHECK(gw_span_eq(name, gw_span_of((const char *)n->name)));
	CHECK(gw_span_eq(ns, uri));
}

static unsigned
count_attrs(const xmlNode *n)
{
	unsigned count = 0;

	for (const xmlAttr *a = n->properties; a != NULL; a = a->next)
		count++;
	return count;
}

/* Read in, comparing with doc where there is one; the events seen. */
static enum gw_err
read_all(struct gw_span in, xmlNode *node, size_t *events)
{
	struct gw_span names[GW_XP_DEPTH_MAX + 1], text;
	struct gw_fault fault = { 0, NULL };
	struct gw_arena *a = gw_arena_new(in.len + 64);
	enum gw_xp_event event = GW_XP_EOF;
	enum gw_err err;
	struct gw_xp x;
	size_t end = 0;

	CHECK(a != NULL);
	gw_xp_init(&x, in);
	for (*events = 0; (err = gw_xp_next(&x, &event, &fault)) == GW_OK;
	     ++*events) {
		bool empty = event == GW_XP_END && x.end == end;
		CHECK(empty || (x.at >= end && x.end >= x.at));
		CHECK(x.end <= in.len);
		end = x.end;
		if (event == GW_XP_EOF)
			break;
		CHECK(x.depth >= 1 && x.depth <= GW_XP_DEPTH_MAX);
		if (event == GW_XP_START) {
			names[x.depth] = x.name;
			if (node != NULL) {
				check_same(x.name, x.ns, node);
				CHECK(count_attrs(node) == x.n_attrs);
				node = next_element(node);
			}
		} else if (event == GW_XP_END) {
			CHECK(gw_span_eq(x.name, names[x.depth]));
		} else if (!x.is_cdata) {
			gw_arena_reset(a);
			CHECK(gw_xp_unescape(a, x.text, &text) == GW_OK);
			CHECK(text.len <= x.text.len);
		}
	}
	gw_arena_free(a);
	if (err != GW_OK)
		CHECK(fault.why != NULL && fault.at <= in.len);
	return err;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy = malloc(size + 1); /* ASan sees overreads */
	size_t first = 0, second = 0;
	bool broken = false;

	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	uint8_t *exact = realloc(copy, size != 0 ? size : 1);
	struct gw_span in = { exact, size };

	enum gw_err err = read_all(in, NULL, &first);
	if (err == GW_OK) {
		xmlDoc *doc = oracle(in, &broken);
		CHECK(doc != NULL && !broken);
		CHECK(
		    read_all(in, xmlDocGetRootElement(doc), &second) == GW_OK);
		xmlFreeDoc(doc);
	} else {
		CHECK(read_all(in, NULL, &second) == err);
	}
	CHECK(first == second);
	free(exact);
	return 0;
}
