/*
 * fuzz_lookup_xml.c: any octets as the answer of a domain-lookup service.
 *   1. the contract holds (support/tadapter.h)
 *   2. what is taken, conf/schema/domain-lookup.xsd allows
 */
#include <stdlib.h>

#include "mcxgw/xml.h"
#include "support/tadapter.h"

#define ARENA_CAP ((size_t)8 << 20)
#define SCHEMA	  GW_SOURCE_DIR "/conf/schema/domain-lookup.xsd"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct gw_arena *arena;

/* The door for files may find a document strange that is well formed; only the
 * schema counts here.  xsi:type and xsi:nil mean something to a schema, and
 * nothing to us.  libxml2 takes a '*' in the name of a namespace for a wildcard
 * of its own when it looks for ##other. */
static bool
is_allowed(struct gw_span text)
{
	struct gw_diag *d = gw_diag_new();
	bool good = true;

	gw_xml_free(gw_xml_parse(text, "x.xml", SCHEMA, d));
	for (const struct gw_diag_entry *e = gw_diag_first(d); e != NULL;
	     e = e->next)
		good = good && strcmp(e->code, "xml.schema") != 0;
	gw_diag_free(d);
	return good || gw_span_search(text, GW_SPAN("-instance")) != text.len ||
	       gw_span_find(text, 0, '*') != text.len;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct gw_lookup_adapter *ad =
	    gw_lookup_adapter(GW_SPAN("domain-lookup"));
	struct gw_lookup_answer answer;
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */

	if (arena == NULL) {
		gw_xml_init();
		arena = gw_arena_new(ARENA_CAP);
	}
	if (size == 0 || copy == NULL || arena == NULL)
		goto out;
	struct gw_span in = { memcpy(copy, data, size), size };
	gw_arena_reset(arena);
	if (tadapter_take(arena, ad, 200, in, &answer) && !is_allowed(in))
		abort();
out:
	free(copy);
	return 0;
}
