/*
 * span.c: what is too long to be inline.
 */
#include "mcxgw/span.h"

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
