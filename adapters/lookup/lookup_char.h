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

/* Eight octets, the first lowest. */
static inline uint64_t
lookup_char_load(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* The high bit of each octet that is none of "-./:", a digit or a letter. */
static inline uint64_t
lookup_char_stops(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	uint64_t c = w & ~high, l = c | 0x20 * ones; /* letters are lower */
	uint64_t letters =
	    (l + (0x80 - 'a') * ones) & ~(l + (0x7f - 'z') * ones);
	uint64_t others =
	    (c + (0x80 - '-') * ones) & ~(c + (0x7f - ':') * ones);

	return (~(letters | others) | w) & high;
}

/**
 * From at (at <= s.len) on, the end of the run of letters, digits and "-./:",
 * of which most names are made.
 */
static inline size_t
lookup_char_run(struct gw_span s, size_t at)
{
	uint64_t stops;

	for (; s.len - at >= 8; at += 8)
		if ((stops = lookup_char_stops(lookup_char_load(s.p + at))))
			return at + (size_t)__builtin_ctzll(stops) / 8;
	if (at < s.len && s.len >= 8) {
		/* The last eight, without those that were seen. */
		stops = lookup_char_stops(lookup_char_load(s.p + s.len - 8)) >>
			8 * (8 - (s.len - at));
		return stops == 0 ? s.len :
				    at + (size_t)__builtin_ctzll(stops) / 8;
	}
	while (at < s.len && (lookup_char_stops(s.p[at]) & 0x80) == 0)
		at++;
	return at;
}

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
