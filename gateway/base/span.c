/*
 * span.c: what is too long to be inline.
 */
#include "mcxgw/span.h"

#define WORD sizeof(uint64_t)

/* Words are compared and mixed as they lie in memory. */
static inline uint64_t
load(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, WORD);
	return w;
}

/* One to seven octets; some of them twice. */
static inline uint64_t
load_few(const uint8_t *p, size_t len)
{
	uint32_t low, high;

	if (len < sizeof(low))
		return p[0] | (uint64_t)p[len / 2] << 8 |
		       (uint64_t)p[len - 1] << 16;
	memcpy(&low, p, sizeof(low));
	memcpy(&high, p + len - sizeof(high), sizeof(high));
	return low | (uint64_t)high << 32;
}

static inline bool
same(uint64_t x, uint64_t y)
{
	return x == y || gw_lower8(x) == gw_lower8(y);
}

bool
gw_same_letters(const uint8_t *a, const uint8_t *b, size_t len)
{
	if (len < WORD)
		return len == 0 || same(load_few(a, len), load_few(b, len));
	for (size_t i = 0; i + WORD < len; i += WORD)
		if (!same(load(a + i), load(b + i)))
			return false;
	/* The last word may overlap the one before. */
	return same(load(a + len - WORD), load(b + len - WORD));
}

/* Without the bit that lower case has and upper case has not. */
static inline uint64_t
mix(uint64_t h, uint64_t w)
{
	h = (h ^ (w & ~UINT64_C(0x2020202020202020))) * 0x9e3779b97f4a7c15;
	return h ^ h >> 32;
}

uint64_t
gw_span_ihash(struct gw_span s)
{
	uint64_t h = s.len, last = 0;

	for (size_t i = 0; i + WORD < s.len; i += WORD)
		h = mix(h, load(s.p + i));
	if (s.len >= WORD)
		last = load(s.p + s.len - WORD); /* may overlap */
	else if (s.len > 0)
		last = load_few(s.p, s.len);
	return mix(mix(h, last), 0);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct gw_span
gw_span_trim_blanks(struct gw_span s)
{
	while (s.len > 0 && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

#ifdef __SSE2__
/* Where, of sixteen places at p, the two octets stand. */
static inline __m128i
pairs(const uint8_t *p, __m128i one, __m128i two)
{
	const void *here = p, *next = p + 1;

	return _mm_and_si128(_mm_cmpeq_epi8(_mm_loadu_si128(here), one),
	    _mm_cmpeq_epi8(_mm_loadu_si128(next), two));
}
#endif

/*
 * Offset of the first place at or after at, below n, where a match may begin,
 * or n.  The needle has two octets at least: places are known by the first two.
 */
static size_t
find_pair(const uint8_t *p, size_t at, size_t n, const uint8_t *needle)
{
#ifdef __SSE2__
	const __m128i one = _mm_set1_epi8((char)needle[0]);
	const __m128i two = _mm_set1_epi8((char)needle[1]);

	for (; n >= 32 && at <= n - 32; at += 32) {
		__m128i low = pairs(p + at, one, two);
		__m128i high = pairs(p + at + 16, one, two);
		if (_mm_movemask_epi8(_mm_or_si128(low, high)) == 0)
			continue;
		uint32_t hits = (uint32_t)_mm_movemask_epi8(high) << 16 |
				(uint32_t)_mm_movemask_epi8(low);
		return at + (unsigned)__builtin_ctz(hits);
	}
#endif
	while (at < n && (p[at] != needle[0] || p[at + 1] != needle[1]))
		at++;
	return at;
}

size_t
gw_span_search_from(struct gw_span s, size_t from, struct gw_span needle)
{
	if (needle.len == 0)
		return from < s.len ? from : s.len;
	if (needle.len == 1)
		return gw_span_find(s, from, needle.p[0]);
	if (needle.len > s.len || from > s.len - needle.len)
		return s.len;

	size_t n = s.len - needle.len + 1, at = from;

	while ((at = find_pair(s.p, at, n, needle.p)) < n) {
		if (memcmp(s.p + at, needle.p, needle.len) == 0)
			return at;
		at++;
	}
	return s.len;
}

enum gw_err
gw_span_to_u64(struct gw_span s, uint64_t max, uint64_t *out)
{
	uint64_t n = 0;
	bool over = false;

	if (s.len == 0)
		return GW_EMALFORMED;
	for (size_t i = 0; i < s.len; i++) {
		uint8_t d = (uint8_t)(s.p[i] - '0');
		if (d > 9)
			return GW_EMALFORMED;
		if (over || n > (UINT64_MAX - d) / 10)
			over = true;
		else
			n = n * 10 + d;
	}
	if (over || n > max)
		return GW_ELIMIT;
	*out = n;
	return GW_OK;
}
