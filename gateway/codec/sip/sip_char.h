/*
 * sip_char.h: classes of octets (RFC 3261, 25.1), and the pieces of grammar
 * that the readers of field values share.  Private to this folder.
 *
 * Blanks are SP, HTAB, CR and LF: where a value of a message is read, CR and
 * LF can stand in it only as part of a fold, sip_msg_parse() has seen to it.
 */
#ifndef SIP_CHAR_H
#define SIP_CHAR_H

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "mcxgw/span.h"

#define SIP_CHAR_STEP 16 /* octets that sip_char_run() looks at at once */

enum {
	SIP_CHAR_BLANK = 1, /* SP HTAB CR LF */
	SIP_CHAR_TOKEN = 2, /* token */
	SIP_CHAR_URI = 4, /* may stand in a URI as it is; with '%' */
	SIP_CHAR_USER = 8, /* user part and password, without '%' */
	SIP_CHAR_HOST = 16, /* host name; '_' is tolerated */
	SIP_CHAR_PNAME = 32, /* name of a URI or header parameter */
	SIP_CHAR_PVALUE = 64, /* value of one that is not quoted */
	SIP_CHAR_CTL = 128, /* controls other than HTAB */
};

extern const uint8_t sip_char_class[256];

static inline bool
sip_char_is(uint8_t c, unsigned class)
{
	return (sip_char_class[c] & class) != 0;
}

/** Offset of the first octet at or after pos that is not of that class. */
static inline size_t
sip_char_skip(struct gw_span s, size_t pos, unsigned class)
{
	while (pos < s.len && s.len - pos >= 4) {
		const uint8_t *p = s.p + pos;
		if ((sip_char_class[p[0]] & class) == 0)
			return pos;
		if ((sip_char_class[p[1]] & class) == 0)
			return pos + 1;
		if ((sip_char_class[p[2]] & class) == 0)
			return pos + 2;
		if ((sip_char_class[p[3]] & class) == 0)
			return pos + 3;
		pos += 4;
	}
	while (pos < s.len && (sip_char_class[s.p[pos]] & class) != 0)
		pos++;
	return pos;
}

/** The same for blanks, of which there are mostly none, or one. */
static inline size_t
sip_char_blanks(struct gw_span s, size_t pos)
{
	while (pos < s.len && s.p[pos] <= ' ' &&
	       sip_char_is(s.p[pos], SIP_CHAR_BLANK))
		pos++;
	return pos;
}

#ifdef __SSE2__
static inline __m128i
sip_char_load(const uint8_t *p)
{
	return _mm_loadu_si128((const __m128i *)(const void *)p);
}

static inline __m128i
sip_char_range(__m128i octets, char first, char last)
{
	__m128i from = _mm_sub_epi8(octets, _mm_set1_epi8(first));
	__m128i top = _mm_set1_epi8((char)(last - first));

	return _mm_cmpeq_epi8(_mm_min_epu8(from, top), from);
}

/* One bit for each of the octets at p that is none of those which URIs, or
 * else users, hosts and parameters, mostly consist of. */
static inline unsigned
sip_char_rare(const uint8_t *p, bool uri)
{
	__m128i v = sip_char_load(p), common;

	if (uri) {
		common = _mm_or_si128(
		    sip_char_range(v, '?', 'Z'), sip_char_range(v, 'a', 'z'));
		common = _mm_or_si128(common, sip_char_range(v, '$', ';'));
		common =
		    _mm_or_si128(common, _mm_cmpeq_epi8(v, _mm_set1_epi8('=')));
	} else {
		__m128i lower = _mm_or_si128(v, _mm_set1_epi8(0x20));
		common = _mm_or_si128(sip_char_range(lower, 'a', 'z'),
		    sip_char_range(v, '-', '9'));
	}
	common = _mm_or_si128(common, _mm_cmpeq_epi8(v, _mm_set1_epi8('_')));
	return (unsigned)_mm_movemask_epi8(common) ^ 0xffff;
}
#endif

/**
 * As sip_char_skip(), for what is mostly long: URI, PVALUE, or USER or HOST.
 */
static inline size_t
sip_char_run(struct gw_span s, size_t pos, unsigned class)
{
#ifdef __SSE2__
	while (s.len - pos >= SIP_CHAR_STEP) {
		unsigned rare = sip_char_rare(s.p + pos, class == SIP_CHAR_URI);
		if (rare == 0) {
			pos += SIP_CHAR_STEP;
			continue;
		}
		pos += (size_t)__builtin_ctz(rare);
		if (!sip_char_is(s.p[pos], class))
			return pos;
		pos++;
	}
#endif
	return sip_char_skip(s, pos, class);
}

#ifdef __SSE2__
/* One bit for each of the octets at p that is a control, HTAB included. */
static inline unsigned
sip_char_controls(const uint8_t *p)
{
	__m128i v = sip_char_load(p);
	__m128i del = _mm_cmpeq_epi8(v, _mm_set1_epi8(0x7f));

	return (unsigned)_mm_movemask_epi8(
	    _mm_or_si128(del, sip_char_range(v, 0, ' ' - 1)));
}
#endif

/** Offset of the first control other than HTAB from pos on, or s.len. */
static inline size_t
sip_char_find_ctl(struct gw_span s, size_t pos)
{
#ifdef __SSE2__
	while (s.len - pos >= SIP_CHAR_STEP) {
		unsigned found = sip_char_controls(s.p + pos);
		if (found == 0) {
			pos += SIP_CHAR_STEP;
			continue;
		}
		pos += (size_t)__builtin_ctz(found);
		if (s.p[pos] != '\t')
			return pos;
		pos++;
	}
#endif
	while (pos < s.len && !sip_char_is(s.p[pos], SIP_CHAR_CTL))
		pos++;
	return pos;
}

/** Are n octets the same? */
static inline bool
sip_char_same(const uint8_t *a, const uint8_t *b, size_t n)
{
	uint64_t x, y;
	uint32_t v, w;

	if (n < sizeof(v))
		return n == 0 || (a[0] == b[0] && a[n / 2] == b[n / 2] &&
				     a[n - 1] == b[n - 1]);
	if (n < sizeof(x)) {
		memcpy(&v, a, sizeof(v));
		memcpy(&w, b, sizeof(w));
		if (v != w)
			return false;
		memcpy(&v, a + n - sizeof(v), sizeof(v));
		memcpy(&w, b + n - sizeof(w), sizeof(w));
		return v == w;
	}
	for (;;) {
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		if (x != y)
			return false;
		if (n == sizeof(x))
			return true;
		/* The last step may overlap the one before. */
		size_t step = n < 2 * sizeof(x) ? n - sizeof(x) : sizeof(x);
		a += step;
		b += step;
		n -= step;
	}
}

/**
 * The port in the digits from *pos on, which is moved behind them; 0 if there
 * are none or they are not one.
 */
uint16_t sip_char_port(struct gw_span s, size_t *pos);

/**
 * Skip a quoted string: s.p[pos] is the opening quote.  The offset behind
 * the closing one, or 0 if there is none.
 */
size_t sip_char_quoted(struct gw_span s, size_t pos);

/** Does each '%' of s begin an escape of two hexadecimal digits? */
bool sip_char_escapes(struct gw_span s);

#endif
