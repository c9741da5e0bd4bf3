/*
 * xml.c: from a file to a document that follows its schema.
 *
 * What libxml2 could be talked into (entities, DTDs, other encodings) is
 * refused by a look at the octets, before it sees them.
 */
#include "mcxgw/xml.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

#include <libxml/parser.h>
#include <libxml/xmlIO.h>
#include <libxml/xmlschemastypes.h>

#include "mcxgw/buf.h"
#include "utf8.h"
#include "xml_schema.h"

#ifndef XML_PARSE_NO_XXE /* since libxml2 2.13 */
#define XML_PARSE_NO_XXE 0
#endif
/* Never NOENT, DTDLOAD, DTDATTR, DTDVALID, XINCLUDE, HUGE or RECOVER. */
#define OPTIONS (XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NO_XXE)

#define READ_STEP    65536
#define PATH_LEN_MAX 4096

static pthread_once_t once = PTHREAD_ONCE_INIT;
static char lossy; /* its address marks a document; see gw_xml_ok() */

static void __attribute__((format(printf, 2, 3)))
say_nothing(void *arg, const char *fmt, ...)
{
	(void)arg;
	(void)fmt;
}

static void
init(void)
{
	LIBXML_TEST_VERSION
	xmlInitParser();
	xmlSchemaInitTypes(); /* lazily it is not thread safe */
	xmlSetExternalEntityLoader(xmlNoNetExternalEntityLoader);
	xmlThrDefSetGenericErrorFunc(NULL, say_nothing);
	xmlSetGenericErrorFunc(NULL, say_nothing);
}

void
gw_xml_init(void)
{
	pthread_once(&once, init);
}

static unsigned
line_at(struct gw_span text, size_t at)
{
	unsigned line = 1;

	for (size_t i = gw_span_find(text, 0, '\n'); i < at && i < text.len;
	     i = gw_span_find(text, i + 1, '\n'))
		line++;
	return line;
}

/* The XML declaration may name no encoding but the one we read. */
static bool
is_declared_utf8(struct gw_span text)
{
	size_t bom = gw_span_istarts(text, GW_SPAN("\xef\xbb\xbf")) ? 3 : 0;
	text = gw_span_sub(text, bom, text.len);
	size_t end = gw_span_search(text, GW_SPAN("?>"));
	struct gw_span decl = gw_span_sub(text, 0, end);
	size_t at = gw_span_search(decl, GW_SPAN("encoding"));

	if (!gw_span_istarts(decl, GW_SPAN("<?xml")) || at == decl.len)
		return true;
	struct gw_span value = gw_span_trim(gw_span_sub(decl, at + 8, end));
	if (value.len == 0 || value.p[0] != '=')
		return false;
	value = gw_span_trim(gw_span_sub(value, 1, value.len));
	return gw_span_istarts(value, GW_SPAN("\"UTF-8\"")) ||
	       gw_span_istarts(value, GW_SPAN("'UTF-8'"));
}

static bool
is_clean(struct gw_span text, const char *name, struct gw_diag *d)
{
	static const struct gw_span never[] = { GW_LIT("<!DOCTYPE"),
		GW_LIT("<!ENTITY") };
	struct gw_where at = { name, 0 };
	size_t n;

	if (text.len > GW_XML_FILE_MAX) {
		gw_diag_error(d, &at, "xml.too-large",
		    "split it; a file is read up to this size",
		    "larger than %u octets", GW_XML_FILE_MAX);
		return false;
	}
	if ((n = utf8_find_bad(text)) < text.len) {
		at.line = line_at(text, n);
		gw_diag_error(d, &at, "xml.encoding",
		    "UTF-8 without control characters",
		    "octet 0x%02x at offset %zu", text.p[n], n);
		return false;
	}
	at.line = 1;
	if (!is_declared_utf8(text)) {
		gw_diag_error(d, &at, "xml.encoding", "encoding=\"UTF-8\"",
		    "another encoding is declared");
		return false;
	}
	for (size_t i = 0; i < GW_COUNT(never); i++)
		if ((n = gw_span_search(text, never[i])) < text.len) {
			at.line = line_at(text, n);
			gw_diag_error(d, &at, "xml.doctype",
			    "a document without DTD and entities; write the "
			    "text itself",
			    "%.*s is never read", GW_FMT(never[i]));
			return false;
		}
	return true;
}

/* What the parser's error handler needs. */
struct parsing {
	const char *name;
	struct gw_diag *d;
	bool fatal; /* what follows the first fatal error is noise */
};

static void
on_parse_error(void *arg, xmlErrorPtr err)
{
	const xmlParserCtxt *ctxt = arg;
	struct parsing *p = ctxt->_private;
	struct gw_where at = { p->name,
		(unsigned)(err->line > 0 ? err->line : 0) };
	struct gw_span text = gw_span_trim(gw_span_of(err->message));

	if (err->level < XML_ERR_ERROR || p->fatal)
		return;
	p->fatal = err->level == XML_ERR_FATAL;
	gw_diag_error(p->d, &at, "xml.not-well-formed",
	    "well-formed XML: each element closed, attributes quoted, & "
	    "written as &amp;",
	    "%.*s", GW_FMT(text));
}

static xmlDoc *
build_tree(struct gw_span text, const char *name, struct gw_diag *d)
{
	struct gw_where at = { name, 0 };
	struct parsing p = { name, d, false };
	size_t before = gw_diag_errors(d);
	xmlParserCtxt *ctxt = xmlNewParserCtxt();
	xmlDoc *doc = NULL;

	if (ctxt != NULL) {
		ctxt->_private = &p;
		ctxt->sax->serror = on_parse_error;
		doc = xmlCtxtReadMemory(ctxt, (const char *)text.p,
		    (int)text.len, name, "UTF-8", OPTIONS);
		xmlFreeParserCtxt(ctxt);
	}
	if (doc == NULL && gw_diag_errors(d) == before)
		gw_diag_error(d, &at, "xml.not-well-formed", "an XML document",
		    "cannot be read");
	if (doc != NULL && gw_diag_errors(d) != before) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	return doc;
}

/* The first node deeper than we read, or NULL. */
static const xmlNode *
find_too_deep(const xmlDoc *doc)
{
	const xmlNode *n = doc->children;
	unsigned depth = 1;

	while (n != NULL) {
		if (n->type == XML_ELEMENT_NODE && depth > GW_XML_DEPTH_MAX)
			return n;
		if (n->type == XML_ELEMENT_NODE && n->children != NULL) {
			n = n->children;
			depth++;
			continue;
		}
		while (n->next == NULL && --depth > 0)
			n = n->parent;
		n = depth == 0 ? NULL : n->next;
	}
	return NULL;
}

xmlDoc *
gw_xml_parse(
    struct gw_span text, const char *name, const char *xsd, struct gw_diag *d)
{
	size_t before = gw_diag_errors(d);
	const xmlNode *deep;
	xmlDoc *doc;

	gw_xml_init();
	if (!is_clean(text, name, d) ||
	    (doc = build_tree(text, name, d)) == NULL)
		return NULL;
	if ((deep = find_too_deep(doc)) != NULL) {
		struct gw_where at = gw_xml_where(deep);
		gw_diag_error(d, &at, "xml.too-deep", "fewer levels",
		    "elements nest deeper than %d", GW_XML_DEPTH_MAX);
	} else if (xsd != NULL) {
		xml_schema_check(doc, xsd, d);
	}
	if (gw_diag_errors(d) != before) {
		xmlFreeDoc(doc);
		doc = NULL;
	}
	return doc;
}

/* Read path into b, at most one octet more than we accept; else errno. */
static int
read_file(const char *path, struct gw_buf *b)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), saved = 0;
	ssize_t n = 1;

	if (fd < 0)
		return errno;
	while (n != 0 && saved == 0 && b->len <= GW_XML_FILE_MAX) {
		uint8_t *to = gw_buf_room(b, READ_STEP);
		if (to == NULL)
			saved = ENOMEM;
		else if ((n = read(fd, to, READ_STEP)) > 0)
			gw_buf_took(b, (size_t)n);
		else if (n < 0 && errno != EINTR)
			saved = errno;
	}
	close(fd);
	return saved;
}

xmlDoc *
gw_xml_load(const char *path, const char *xsd, struct gw_diag *d)
{
	struct gw_where at = { path, 0 };
	xmlDoc *doc = NULL;
	char why[128];
	struct gw_buf b;
	int err;

	gw_buf_init(&b, GW_XML_FILE_MAX + 2 * READ_STEP);
	if ((err = read_file(path, &b)) == 0) {
		doc = gw_xml_parse(gw_buf_span(&b), path, xsd, d);
	} else {
		if (strerror_r(err, why, sizeof(why)) != 0)
			why[0] = '\0';
		gw_diag_error(d, &at, "xml.unreadable",
		    "a file that the user of this program may read",
		    "cannot be read: %s", why);
	}
	gw_buf_clear(&b);
	return doc;
}

static xmlDoc *
read_source(const struct gw_xml_source *src, const char *xsd, struct gw_diag *d)
{
	return src->text == NULL ? gw_xml_load(src->path, xsd, d) :
				   gw_xml_parse(*src->text, src->path, xsd, d);
}

xmlDoc *
gw_xml_open(const struct gw_xml_source *src, const char *schema_dir,
    const char *schema, struct gw_diag *d)
{
	char xsd[PATH_LEN_MAX];
	struct gw_diag *unheard;

	snprintf(xsd, sizeof(xsd), "%s/%s", schema_dir, schema);
	xmlDoc *doc = read_source(src, xsd, d);
	if (doc != NULL || (unheard = gw_diag_new()) == NULL)
		return doc;
	doc = read_source(src, NULL, unheard);
	gw_diag_free(unheard);
	return doc;
}

void
gw_xml_free(xmlDoc *doc)
{
	xmlFreeDoc(doc);
}

bool
gw_xml_ok(const xmlDoc *doc)
{
	return doc->_private != &lossy;
}

struct gw_where
gw_xml_where(const xmlNode *node)
{
	long line = xmlGetLineNo(node);

	return (struct gw_where){ (const char *)node->doc->URL,
		line > 0 ? (unsigned)line : 0 };
}

xmlNode *
gw_xml_root(xmlDoc *doc)
{
	return xmlDocGetRootElement(doc);
}

/* The first element at or after n among its siblings. */
static xmlNode *
find_element(xmlNode *n, const char *name)
{
	while (n != NULL &&
	       (n->type != XML_ELEMENT_NODE ||
		   (name != NULL && strcmp((const char *)n->name, name) != 0)))
		n = n->next;
	return n;
}

xmlNode *
gw_xml_child(const xmlNode *node, const char *name)
{
	return find_element(node->children, name);
}

xmlNode *
gw_xml_next(const xmlNode *node, const char *name)
{
	return find_element(node->next, name);
}

const char *
gw_xml_name(const xmlNode *node)
{
	return (const char *)node->name;
}

/* Copy value to a and release it; mark the document when that fails. */
static const char *
keep(const xmlNode *node, xmlChar *value, bool trim, struct gw_arena *a)
{
	struct gw_span s = gw_span_of((const char *)value);
	const char *kept = NULL;

	if (value != NULL)
		kept = gw_arena_str(a, trim ? gw_span_trim(s) : s);
	if (kept == NULL)
		node->doc->_private = &lossy;
	xmlFree(value);
	return kept;
}

const char *
gw_xml_attr(const xmlNode *node, const char *name, struct gw_arena *a)
{
	const xmlAttr *attr = node->properties;

	while (attr != NULL && (attr->ns != NULL ||
				   strcmp((const char *)attr->name, name) != 0))
		attr = attr->next;
	if (attr == NULL)
		return NULL;
	if (attr->children == NULL)
		return "";
	return keep(
	    node, xmlNodeListGetString(node->doc, attr->children, 1), false, a);
}

const char *
gw_xml_text(const xmlNode *node, struct gw_arena *a)
{
	const char *text;

	if (node->children == NULL)
		return "";
	text = keep(node, xmlNodeGetContent(node), true, a);
	return text == NULL ? "" : text;
}
