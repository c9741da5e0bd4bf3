/*
 * topo_plain.c: see topo_plain.h.
 */
#include "core/topo_plain.h"

/* Where a URI stands.  Whoever makes two of them collide makes both be read,
 * which is what they would cost without the table. */
static size_t
slot_of(struct gw_span uri)
{
	const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
	uint64_t h = uri.len, w = 0;
	size_t at = 0;

	for (; uri.len - at >= sizeof(w); at += sizeof(w)) {
		memcpy(&w, uri.p + at, sizeof(w));
		h = (h ^ w) * odd;
		h ^= h >> 32;
	}
	for (w = 0; at < uri.len; at++)
		w = w << 8 | uri.p[at];
	h = (h ^ w) * odd;
	return (size_t)(h >> 32) % TOPO_PLAIN_SLOTS;
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
