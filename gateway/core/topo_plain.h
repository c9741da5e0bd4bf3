/*
 * topo_plain.h: URIs that were read and found to say nothing of the inside.
 *
 * From and To stand in every message of a dialog.  Under one snapshot what
 * becomes of a public URI does not depend on who sends it, so it is read once
 * and known again octet for octet.  One table for each thread; two URIs that
 * share a slot push each other out.
 */
#ifndef TOPO_PLAIN_H
#define TOPO_PLAIN_H

#include "mcxgw/span.h"

#define TOPO_PLAIN_SLOTS 256
#define TOPO_PLAIN_LEN	 126 /* longer ones are read each time */

struct topo_plain {
	uint64_t generation; /* of the snapshot they were judged under */
	struct {
		uint8_t len, text[TOPO_PLAIN_LEN];
	} at[TOPO_PLAIN_SLOTS];
};

/** Is uri known?  p may be NULL: nothing is. */
bool topo_plain_has(
    const struct topo_plain *p, uint64_t generation, struct gw_span uri);
/** Remember it; those of another generation are forgotten. */
void
topo_plain_add(struct topo_plain *p, uint64_t generation, struct gw_span uri);

#endif
