/*
 * topo_plain.c: see topo_plain.h.
 */
#include "core/topo_plain.h"

/* Where a URI stands.  Whoever makes two of them collide makes both be read,
 * which is what they would cost without the table. */
static size_t
slot_of(struct gw_span uri)
{
	return (size_t)gw_span_ihash(uri) % TOPO_PLAIN_SLOTS;
}

bool
topo_plain_has(
    const struct topo_plain *p, uint64_t generation, struct gw_span uri)
{
	if (p == NULL || p->generation != generation || uri.len == 0 ||
	    uri.len > TOPO_PLAIN_LEN)
		return false;
	size_t i = slot_of(uri);
	return p->at[i].len == uri.len &&
	       memcmp(p->at[i].text, uri.p, uri.len) == 0;
}

void
topo_plain_add(struct topo_plain *p, uint64_t generation, struct gw_span uri)
{
	if (p == NULL || uri.len == 0 || uri.len > TOPO_PLAIN_LEN)
		return;
	if (p->generation != generation) {
		memset(p, 0, sizeof(*p));
		p->generation = generation;
	}
	size_t i = slot_of(uri);
	p->at[i].len = (uint8_t)uri.len;
	memcpy(p->at[i].text, uri.p, uri.len);
}
