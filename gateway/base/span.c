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

static inline bool
same_word(const uint8_t *a, const uint8_t *b)
{
	uint64_t x = load(a), y = load(b);

	return x == y || gw_lower8(x) == gw_lower8(y);
}

bool
gw_same_letters(const uint8_t *a, const uint8_t *b, size_t len)
{
	size_t i = 0;

	for (; len - i >= WORD; i += WORD)
		if (!same_word(a + i, b + i))
			return false;
	/* The last word may overlap the one before. */
	if (i > 0)
		return i == len || same_word(a + len - WORD, b + len - WORD);
	for (; i < len; i++)
		if (a[i] != b[i] && gw_lower(a[i]) != gw_lower(b[i]))
			return false;
	return true;
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
	size_t i = 0;

	for (; s.len - i > WORD; i += WORD)
		h = mix(h, load(s.p + i));
	if (s.len >= WORD)
		last = load(s.p + s.len - WORD); /* may overlap */
	for (; s.len < WORD && i < s.len; i++)
		last = last << 8 | s.p[i];
	return mix(mix(h, last), 0);
}

static bool
is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct gw_span
gw_span_trim(struct gw_span s)
{
	while (s.len > 0 && is_space(s.p[0])) {
		s.p++;
		s.len--;
	}
	while (s.len > 0 && is_space(s.p[s.len - 1]))
		s.len--;
	return s;
}

size_t
gw_span_search(struct gw_span s, struct gw_span needle)
{
	if (needle.len == 0)
		return 0;
	if (needle.len > s.len)
		return s.len;

	/* Where a match may begin. */
	struct gw_span from = { s.p, s.len - needle.len + 1 };

	for (size_t at = 0; at < from.len; at++) {
		at = gw_span_find(from, at, needle.p[0]);
		if (at < from.len &&
		    memcmp(s.p + at, needle.p, needle.len) == 0)
			return at;
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
