/*
 * lookup_char.h: sets of ASCII characters.
 */
#ifndef LOOKUP_CHAR_H
#define LOOKUP_CHAR_H

#include "mcxgw/span.h"

/* One bit for each: 0x00 to 0x3f, 0x40 to 0x7f. */
struct lookup_char_set {
	uint64_t low, high;
};

/* One character of its half. */
#define LOOKUP_CHAR(c) (UINT64_C(1) << ((c)&63))

#define LOOKUP_CHAR_DIGITS (UINT64_C(0x3ff) << 48)
#define LOOKUP_CHAR_LETTERS                                                    \
	(UINT64_C(0x3ffffff) << 1 | UINT64_C(0x3ffffff) << 33)

static inline bool
lookup_char_in(struct lookup_char_set set, uint8_t c)
{
	return c < 0x80 &&
	       ((c < 0x40 ? set.low : set.high) >> (c & 63) & 1) != 0;
}

/** From at (at <= s.len) on, the end of the run of letters, digits and "-./:",
 * of which most names are made. */
size_t lookup_char_run(struct gw_span s, size_t at);

/** Characters that a URI is made of (RFC 3986 2), '%' among them. */
static inline bool
lookup_char_is_uri(uint8_t c)
{
	/* All visible ones but " < > \ ^ ` { | } */
	static const struct lookup_char_set uri = {
		~(UINT64_C(0xffffffff) | LOOKUP_CHAR(' ') | LOOKUP_CHAR('"') |
		    LOOKUP_CHAR('<') | LOOKUP_CHAR('>')),
		~(LOOKUP_CHAR('\\') | LOOKUP_CHAR('^') | LOOKUP_CHAR('`') |
		    LOOKUP_CHAR('{') | LOOKUP_CHAR('|') | LOOKUP_CHAR('}') |
		    LOOKUP_CHAR(0x7f)),
	};

	return lookup_char_in(uri, c);
}

#endif
