/*
 * mcxgw/scan.h: the next octet of a kind, sixteen at a time.
 *
 * For the kinds that stand in the way of parsers most often.  Where there are
 * vectors (SSE2, which every x86-64 has) a block of sixteen octets costs about
 * as much as two octets one by one.  Nothing is read beyond the span.
 */
#ifndef MCXGW_SCAN_H
#define MCXGW_SCAN_H

#include "mcxgw/span.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define GW_SCAN_BLOCK 16

enum gw_scan_for {
	GW_SCAN_LINE_END, /* CR, LF */
	GW_SCAN_CONTROL, /* below 0x20 */
	GW_SCAN_WORD_END, /* all but letters, digits, '-' and '.' */
	GW_SCAN_MARKUP, /* '<', '&', ']' */
	GW_SCAN_VALUE_END, /* '"', '\'', '<', '&' */
	GW_SCAN_BLANK, /* up to 0x20, and '&' */
	GW_SCAN_UNUSUAL, /* below 0x20 except CR and LF; above 0x7f */
	GW_SCAN_N
};

static inline bool
gw_scan_is(enum gw_scan_for what, uint8_t c)
{
	switch (what) {
	case GW_SCAN_LINE_END: return c == '\r' || c == '\n';
	case GW_SCAN_CONTROL: return c < ' ';
	case GW_SCAN_WORD_END:
		return (uint8_t)((c | 0x20) - 'a') > 25 &&
		       (uint8_t)(c - '0') > 9 && c != '-' && c != '.';
	case GW_SCAN_MARKUP: return c == '<' || c == '&' || c == ']';
	case GW_SCAN_VALUE_END:
		return c == '"' || c == '\'' || c == '<' || c == '&';
	case GW_SCAN_BLANK: return c <= ' ' || c == '&';
	case GW_SCAN_UNUSUAL:
		return c > 0x7f || (c < ' ' && c != '\r' && c != '\n');
	case GW_SCAN_N: break;
	}
	return true;
}

/** Offset of the first octet of the kind at or after at (at <= s.len), or
 * s.len when there is none. */
static inline size_t
gw_scan_plain(enum gw_scan_for what, struct gw_span s, size_t at)
{
	while (at < s.len && !gw_scan_is(what, s.p[at]))
		at++;
	return at;
}

#ifdef __SSE2__

static inline __m128i
gw_scan_eq(__m128i v, char c)
{
	return _mm_cmpeq_epi8(v, _mm_set1_epi8(c));
}

static inline __m128i
gw_scan_either(__m128i v, char a, char b)
{
	return _mm_or_si128(gw_scan_eq(v, a), gw_scan_eq(v, b));
}

/* From 0 to max, without sign. */
static inline __m128i
gw_scan_up_to(__m128i v, char max)
{
	return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(max)), v);
}

static inline __m128i
gw_scan_between(__m128i v, char from, char to)
{
	return gw_scan_up_to(
	    _mm_sub_epi8(v, _mm_set1_epi8(from)), (char)(to - from));
}

static inline __m128i
gw_scan_word(__m128i v)
{
	__m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
	__m128i letter = gw_scan_between(lower, 'a', 'z');
	__m128i digit = gw_scan_between(v, '0', '9');

	return _mm_or_si128(
	    _mm_or_si128(letter, digit), gw_scan_either(v, '-', '.'));
}

/* Of the block at p, a bit for each octet of the kind. */
static inline unsigned
gw_scan_block(enum gw_scan_for what, const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i hit = v;
	unsigned others = 0;

	switch (what) {
	case GW_SCAN_LINE_END: hit = gw_scan_either(v, '\r', '\n'); break;
	case GW_SCAN_CONTROL: hit = gw_scan_up_to(v, 0x1f); break;
	case GW_SCAN_WORD_END:
		hit = gw_scan_word(v);
		others = 0xffff;
		break;
	case GW_SCAN_MARKUP:
		hit = _mm_or_si128(
		    gw_scan_either(v, '<', '&'), gw_scan_eq(v, ']'));
		break;
	case GW_SCAN_VALUE_END:
		hit = _mm_or_si128(
		    gw_scan_either(v, '"', '\''), gw_scan_either(v, '<', '&'));
		break;
	case GW_SCAN_BLANK:
		hit = _mm_or_si128(gw_scan_up_to(v, ' '), gw_scan_eq(v, '&'));
		break;
	case GW_SCAN_UNUSUAL: /* with a sign, what is above 0x7f is below 0 */
		hit = _mm_andnot_si128(gw_scan_either(v, '\r', '\n'),
		    _mm_cmplt_epi8(v, _mm_set1_epi8(' ')));
		break;
	case GW_SCAN_N: break;
	}
	return (unsigned)_mm_movemask_epi8(hit) ^ others;
}

/** As gw_scan_plain(). */
static inline size_t
gw_scan_wide(enum gw_scan_for what, struct gw_span s, size_t at)
{
	size_t last = s.len - GW_SCAN_BLOCK;
	unsigned hits;

	if (s.len < GW_SCAN_BLOCK)
		return gw_scan_plain(what, s, at);
	for (; at <= last; at += GW_SCAN_BLOCK)
		if ((hits = gw_scan_block(what, s.p + at)) != 0)
			return at + (unsigned)__builtin_ctz(hits);
	/* The last block begins with octets that were seen. */
	hits = gw_scan_block(what, s.p + last) >> (at - last);
	return hits == 0 ? s.len : at + (unsigned)__builtin_ctz(hits);
}

#endif

/** As gw_scan_plain(), by what the machine has. */
static inline size_t
gw_scan(enum gw_scan_for what, struct gw_span s, size_t at)
{
#ifdef __SSE2__
	return gw_scan_wide(what, s, at);
#else
	return gw_scan_plain(what, s, at);
#endif
}

#endif
