/*
 * xml_say.h: what libxml2 says about a document and its schema, said again
 * so that the person who wrote the file knows what to write instead.
 *
 * libxml2 tells the kind of mistake only in the text of its message; the
 * forms we know are those of xmlschemas.c in 2.9 to 2.14.  A message of
 * another form is passed on without its namespaces.
 */
#ifndef XML_SAY_H
#define XML_SAY_H

#include <libxml/tree.h>
#include <libxml/xmlerror.h>

#include "mcxgw/diag.h"

struct xml_say {
	const xmlDoc *schema; /* the XSD as a document, for its names */
	struct gw_diag *d;
	/* The last value that broke a facet; its type is not told again. */
	const xmlNode *last;
	char last_attr[64];
};

/** Handler for xmlSchemaSetValidStructuredErrors; arg is a xml_say. */
void xml_say_error(void *arg, xmlErrorPtr err);

#endif
