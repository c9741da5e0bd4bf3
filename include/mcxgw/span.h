/*
 * mcxgw/span.h: a borrowed run of octets.
 *
 * A span never owns and is never stored beyond the buffer it points into; to
 * keep it, copy it into an arena (gw_arena_copy).  Comparison of ASCII is
 * without locale.  All functions accept the empty span { NULL, 0 }.
 */
#ifndef MCXGW_SPAN_H
#define MCXGW_SPAN_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "mcxgw/err.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

struct gw_span {
	const uint8_t *p;
	size_t len;
};

/* A span of a string literal, usable in static initialisers. */
#define GW_LIT(s)                                                              \
	{                                                                      \
		(const uint8_t *)("" s), sizeof(s) - 1                         \
	}
/* The same as an expression. */
#define GW_SPAN(s) ((struct gw_span)GW_LIT(s))
/* For printf("%.*s", GW_FMT(span)). */
#define GW_FMT(s) (int)(s).len, (const char *)(s).p

static inline struct gw_span
gw_span_of(const char *s)
{
	struct gw_span none = { NULL, 0 };
	return s == NULL ? none :
			   (struct gw_span){ (const uint8_t *)s, strlen(s) };
}

/** At most len octets of s from off on; empty when off is past the end. */
static inline struct gw_span
gw_span_sub(struct gw_span s, size_t off, size_t len)
{
	if (off >= s.len)
		return (struct gw_span){ s.p == NULL ? NULL : s.p + s.len, 0 };
	size_t rest = s.len - off;
	return (struct gw_span){ s.p + off, len < rest ? len : rest };
}

/** Does part lie in whole, as a run of the same octets? */
static inline bool
gw_span_inside(struct gw_span part, struct gw_span whole)
{
	uintptr_t p = (uintptr_t)part.p, w = (uintptr_t)whole.p;

	return p >= w && part.len <= whole.len && p - w <= whole.len - part.len;
}

/** The octets from the start of a up to the end of b; both in one buffer. */
static inline struct gw_span
gw_span_join(struct gw_span a, struct gw_span b)
{
	return (struct gw_span){ a.p, (size_t)(b.p + b.len - a.p) };
}

static inline uint8_t
gw_lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

static inline bool
gw_span_eq(struct gw_span a, struct gw_span b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

/** Eight octets, of which those from 'A' to 'Z' become lower case. */
static inline uint64_t
gw_lower8(uint64_t w)
{
	const uint64_t ones = 0x0101010101010101;
	uint64_t low = w & 0x7f * ones;
	uint64_t from_a = low + (0x80 - 'A') * ones;
	uint64_t past_z = low + (0x80 - 'Z' - 1) * ones;

	return w | (from_a & ~past_z & ~w & 0x80 * ones) >> 2;
}

/** Are len octets equal without case (ASCII)? */
bool gw_same_letters(const uint8_t *a, const uint8_t *b, size_t len);

/** Equal without case (ASCII). */
static inline bool
gw_span_ieq(struct gw_span a, struct gw_span b)
{
	if (a.len != b.len)
		return false;
	/* Most names that differ begin with another letter. */
	return a.len == 0 || (((a.p[0] ^ b.p[0]) & ~0x20) == 0 &&
				 gw_same_letters(a.p, b.p, a.len));
}

/** A hash of s without case (ASCII), for tables that strangers only read: it
 * has no key. */
uint64_t gw_span_ihash(struct gw_span s);

/** Does s begin with prefix, without case (ASCII)? */
static inline bool
gw_span_istarts(struct gw_span s, struct gw_span prefix)
{
	return s.len >= prefix.len &&
	       gw_span_ieq(gw_span_sub(s, 0, prefix.len), prefix);
}

/** Offset of the first c at or after from, or s.len when there is none. */
static inline size_t
gw_span_find(struct gw_span s, size_t from, uint8_t c)
{
	if (from >= s.len)
		return s.len;
#ifdef __SSE2__
	/* Mostly it is near: then this costs less than the call. */
	if (s.len - from >= 16) {
		__m128i v = _mm_loadu_si128(
		    (const __m128i *)(const void *)(s.p + from));
		v = _mm_cmpeq_epi8(v, _mm_set1_epi8((char)c));
		unsigned hits = (unsigned)_mm_movemask_epi8(v);
		if (hits != 0)
			return from + (unsigned)__builtin_ctz(hits);
	}
#endif
	const uint8_t *hit = memchr(s.p + from, c, s.len - from);
	return hit == NULL ? s.len : (size_t)(hit - s.p);
}

/** gw_span_trim() of an s that may have something to trim. */
struct gw_span gw_span_trim_blanks(struct gw_span s);

/** Without leading and trailing SP, HTAB, CR and LF. */
static inline struct gw_span
gw_span_trim(struct gw_span s)
{
	return s.len == 0 || (s.p[0] > ' ' && s.p[s.len - 1] > ' ') ?
		   s :
		   gw_span_trim_blanks(s);
}

/** Offset of needle (exact) in s at or after from, or s.len when it is not
 * there. */
size_t
gw_span_search_from(struct gw_span s, size_t from, struct gw_span needle);

static inline size_t
gw_span_search(struct gw_span s, struct gw_span needle)
{
	return gw_span_search_from(s, 0, needle);
}

/**
 * Read s as decimal digits only, at most max.  On failure *out is untouched.
 *
 * GW_EMALFORMED  empty, or something that is not a digit
 * GW_ELIMIT      larger than max
 */
enum gw_err
gw_span_to_u64(struct gw_span s, uint64_t max, uint64_t *out) GW_NODISCARD;

#endif
