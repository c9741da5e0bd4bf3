/*
 * lookup_write.h: bodies, written once into memory that fits.
 */
#ifndef LOOKUP_WRITE_H
#define LOOKUP_WRITE_H

#include "mcxgw/arena.h"
#include "mcxgw/buf.h"

/* What one octet of a value can become at most: "&amp;". */
#define LOOKUP_WRITE_GROWTH 5

/* Writes what arg describes. */
typedef void lookup_write_fn(struct gw_buf *b, const void *arg);

/**
 * Have write() fill a run of the arena.  room is what it needs if no
 * character is escaped; where one is, it may be called once more.
 *
 * GW_ENOMEM  the arena is full
 */
enum gw_err lookup_write(struct gw_arena *a, size_t room,
    lookup_write_fn *write, const void *arg, struct gw_span *out) GW_NODISCARD;

/** gw_buf_add(), inline: a body is written in many small pieces, most of them
 * literals. */
static inline void
lookup_put(struct gw_buf *b, struct gw_span s)
{
	uint8_t *to;

	if (s.len == 0 || (to = gw_buf_room(b, s.len)) == NULL)
		return;
	memcpy(to, s.p, s.len);
	gw_buf_took(b, s.len);
}

/** Append a URI to XML or to a JSON string: what no URI holds is written
 * percent-encoded (RFC 3987 3.1), so that no value breaks out of its place.
 * In XML '&' is escaped beside. */
void lookup_write_xml(struct gw_buf *b, struct gw_span uri);
void lookup_write_json(struct gw_buf *b, struct gw_span uri);

#endif
