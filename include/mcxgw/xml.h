/*
 * mcxgw/xml.h: the only door for XML files.
 *
 * Files an operator writes (configuration, agreements, KMS certificates) come
 * in here: size capped, UTF-8, no DTD, no entity, no network, no XInclude,
 * depth capped, then validated against an XSD.  XML from the wire goes
 * through mcxgw/xmlpull.h.
 *
 * A schema is compiled once and kept for the life of the process, by path;
 * it is compiled again when its file changed.  Loading is safe from several
 * threads but validation takes one lock.
 */
#ifndef MCXGW_XML_H
#define MCXGW_XML_H

#include "mcxgw/diag.h"

#define GW_XML_FILE_MAX	 (4u << 20) /* octets of one file */
#define GW_XML_DEPTH_MAX 32

typedef struct _xmlDoc xmlDoc;
typedef struct _xmlNode xmlNode;

/** Prepare libxml2.  Call once, before threads. */
void gw_xml_init(void);

/**
 * Read the file at path and validate it with the schema at xsd (a path; NULL
 * for none).  Every mistake is reported to d; NULL if there was one.  The
 * caller frees the document with gw_xml_free().
 */
xmlDoc *gw_xml_load(const char *path, const char *xsd, struct gw_diag *d);

/** The same for text in memory; name stands for the file in reports. */
xmlDoc *gw_xml_parse(
    struct gw_span text, const char *name, const char *xsd, struct gw_diag *d);

/* Where a document comes from. */
struct gw_xml_source {
	const char *path;
	const struct gw_span *text; /* NULL: the file at path */
};

/**
 * Read src and validate it with the schema of that name in schema_dir.  What
 * only the schema minds is reported to d and the document given all the same,
 * so that its reader can tell of what the schema cannot see in the same run;
 * whether it may be used, gw_diag_errors() says.  NULL: it cannot be read.
 */
xmlDoc *gw_xml_open(const struct gw_xml_source *src, const char *schema_dir,
    const char *schema, struct gw_diag *d);

void gw_xml_free(xmlDoc *doc);

/** Where node stands.  file is doc's name, owned by doc. */
struct gw_where gw_xml_where(const xmlNode *node);
/** The root element. */
xmlNode *gw_xml_root(xmlDoc *doc);
/** First child element (any name when name is NULL), or NULL. */
xmlNode *gw_xml_child(const xmlNode *node, const char *name);
/** Next sibling element (any name when name is NULL), or NULL. */
xmlNode *gw_xml_next(const xmlNode *node, const char *name);
/** Local name of an element. */
const char *gw_xml_name(const xmlNode *node);
/**
 * False when gw_xml_attr() or gw_xml_text() could not copy something of doc
 * (arena full): an attribute may then look absent that is not.  Ask once,
 * after reading, and refuse the document.
 */
bool gw_xml_ok(const xmlDoc *doc);
/** Value of an attribute without namespace, copied to a; NULL if absent. */
const char *
gw_xml_attr(const xmlNode *node, const char *name, struct gw_arena *a);
/** Text of an element, trimmed, copied to a; "" when empty. */
const char *gw_xml_text(const xmlNode *node, struct gw_arena *a);

#endif
