/*
 * xml_schema.h: validate a document, and say what is wrong in our own words.
 *
 * Compiled schemas are kept for the life of the process, by path: ten
 * thousand files share one.  A schema file that changed is compiled again.
 * One lock covers the table and each validation, since libxml2 does not
 * promise that a compiled schema may be used by two threads.
 */
#ifndef XML_SCHEMA_H
#define XML_SCHEMA_H

#include <libxml/tree.h>

#include "mcxgw/diag.h"

/**
 * Check doc against the schema file at xsd and report every mistake to d.
 * Hints in the document where to find a schema (xsi:schemaLocation) are
 * taken out of it first: they are for editors.
 */
void xml_schema_check(xmlDoc *doc, const char *xsd, struct gw_diag *d);

#endif
