/*
 * xml_schema.c: the table of compiled schemas, and validation.
 */
#include "xml_schema.h"

#include <pthread.h>
#include <sys/stat.h>

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>

#include "mcxgw/xml.h"
#include "xml_say.h"

/* Schemas kept at one time; a path more and the oldest is dropped. */
#define SCHEMAS_MAX 16

#define XSI "http://www.w3.org/2001/XMLSchema-instance"

struct schema {
	xmlChar *path;
	struct stat st; /* of the file when it was compiled */
	xmlDoc *doc;
	xmlSchema *compiled;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct schema table[SCHEMAS_MAX];
static size_t next_slot;

static void
clear(struct schema *s)
{
	xmlSchemaFree(s->compiled);
	xmlFreeDoc(s->doc);
	xmlFree(s->path);
	*s = (struct schema){ 0 };
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	       a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	       a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

/* While a schema is read: the first complaint is what we report. */
struct reading {
	const char *path;
	struct gw_diag *d;
	bool said;
};

static void
on_schema_error(void *arg, xmlErrorPtr err)
{
	struct reading *r = arg;
	struct gw_where at = { r->path,
		(unsigned)(err->line > 0 ? err->line : 0) };
	struct gw_span text = gw_span_trim(gw_span_of(err->message));

	if (err->level < XML_ERR_ERROR || r->said)
		return;
	r->said = true;
	gw_diag_error(r->d, &at, "xml.schema-unusable",
	    "the schema that was installed with this program", "%.*s",
	    GW_FMT(text));
}

static bool
compile(struct schema *s, const char *path, struct gw_diag *d)
{
	struct reading r = { path, d, false };
	struct gw_where at = { path, 0 };
	xmlSchemaParserCtxt *ctxt = NULL;

	s->path = xmlStrdup((const xmlChar *)path);
	s->doc = xmlReadFile(path, NULL,
	    XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
	if (s->path != NULL && s->doc != NULL)
		ctxt = xmlSchemaNewDocParserCtxt(s->doc);
	if (ctxt != NULL) {
		xmlSchemaSetParserStructuredErrors(ctxt, on_schema_error, &r);
		s->compiled = xmlSchemaParse(ctxt);
		xmlSchemaFreeParserCtxt(ctxt);
	}
	if (s->compiled != NULL && !r.said)
		return true;
	if (!r.said)
		gw_diag_error(d, &at, "xml.schema-unusable",
		    "the schema that was installed with this program",
		    "cannot be read as a schema");
	clear(s);
	return false;
}

/* The compiled schema of path, or NULL after a report.  Under the lock. */
static const struct schema *
find_schema(const char *path, struct gw_diag *d)
{
	struct gw_where at = { path, 0 };
	struct schema *s = NULL;
	struct stat st;

	if (stat(path, &st) != 0) {
		gw_diag_error(d, &at, "xml.schema-unusable",
		    "the schema that was installed with this program",
		    "cannot be read");
		return NULL;
	}
	for (size_t i = 0; i < SCHEMAS_MAX && s == NULL; i++)
		if (table[i].path != NULL &&
		    strcmp((const char *)table[i].path, path) == 0)
			s = &table[i];
	if (s != NULL && is_same_file(&s->st, &st))
		return s;
	if (s == NULL) {
		s = &table[next_slot];
		next_slot = (next_slot + 1) % SCHEMAS_MAX;
	}
	clear(s);
	s->st = st;
	return compile(s, path, d) ? s : NULL;
}

/* The element after node in document order, or NULL. */
static xmlNode *
next_in_order(xmlNode *node)
{
	if (node->children != NULL)
		return node->children;
	while (node != NULL && node->next == NULL)
		node = node->parent;
	return node == NULL ? NULL : node->next;
}

static void
drop_hints(xmlDoc *doc)
{
	static const xmlChar *const hints[] = {
		(const xmlChar *)"schemaLocation",
		(const xmlChar *)"noNamespaceSchemaLocation",
	};

	for (xmlNode *n = xmlDocGetRootElement(doc); n != NULL;
	     n = next_in_order(n))
		for (size_t i = 0; i < GW_COUNT(hints); i++) {
			xmlAttr *attr =
			    n->type != XML_ELEMENT_NODE ?
				NULL :
				xmlHasNsProp(n, hints[i], (const xmlChar *)XSI);
			if (attr != NULL)
				xmlRemoveProp(attr);
		}
}

void
xml_schema_check(xmlDoc *doc, const char *xsd, struct gw_diag *d)
{
	struct gw_where at = { (const char *)doc->URL, 0 };
	xmlSchemaValidCtxt *ctxt = NULL;
	size_t before = gw_diag_errors(d);
	int result = -1;

	drop_hints(doc);
	pthread_mutex_lock(&lock);
	const struct schema *s = find_schema(xsd, d);
	if (s != NULL)
		ctxt = xmlSchemaNewValidCtxt(s->compiled);
	if (ctxt != NULL) {
		struct xml_say say = { .schema = s->doc, .d = d };
		xmlSchemaSetValidStructuredErrors(ctxt, xml_say_error, &say);
		result = xmlSchemaValidateDoc(ctxt, doc);
		xmlSchemaFreeValidCtxt(ctxt);
	}
	pthread_mutex_unlock(&lock);
	if (result != 0 && gw_diag_errors(d) == before)
		gw_diag_error(
		    d, &at, "xml.schema", NULL, "does not follow its schema");
}
