/*
 * lookup_char.c: runs of characters, eight at a time.
 */
#include "adapters/lookup/lookup_char.h"

/* Eight octets, the first lowest. */
static inline uint64_t
load(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

/* The high bit of each octet that is none of "-./:", a digit or a letter. */
static inline uint64_t
find_stops(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101, high = 0x80 * ones;
	uint64_t c = w & ~high, l = c | 0x20 * ones; /* letters are lower */
	uint64_t letters =
	    (l + (0x80 - 'a') * ones) & ~(l + (0x7f - 'z') * ones);
	uint64_t others =
	    (c + (0x80 - '-') * ones) & ~(c + (0x7f - ':') * ones);

	return (~(letters | others) | w) & high;
}

size_t
lookup_char_run(struct gw_span s, size_t at)
{
	uint64_t stops;

	for (; s.len - at >= 8; at += 8)
		if ((stops = find_stops(load(s.p + at))))
			return at + (size_t)__builtin_ctzll(stops) / 8;
	if (at < s.len && s.len >= 8) {
		/* The last eight, without those that were seen. */
		stops =
		    find_stops(load(s.p + s.len - 8)) >> 8 * (8 - (s.len - at));
		return stops == 0 ? s.len :
				    at + (size_t)__builtin_ctzll(stops) / 8;
	}
	while (at < s.len && (find_stops(s.p[at]) & 0x80) == 0)
		at++;
	return at;
}
