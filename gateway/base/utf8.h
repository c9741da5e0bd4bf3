/*
 * utf8.h: one character of UTF-8 (RFC 3629), no shortest-form tricks.
 */
#ifndef UTF8_H
#define UTF8_H

#include "mcxgw/scan.h"

/**
 * Octets of the character at s.p[at] (at < s.len), its number to *c; 0 when
 * the octets there are not UTF-8.
 */
static inline size_t
utf8_char(struct gw_span s, size_t at, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint32_t v = s.p[at];
	size_t n;

	if (v < 0x80) {
		*c = v;
		return 1;
	}
	n = v >> 5 == 6 ? 2 : v >> 4 == 14 ? 3 : v >> 3 == 30 ? 4 : 0;
	if (n == 0 || n > s.len - at)
		return 0;
	v &= 0x7fu >> n;
	for (size_t i = 1; i < n; i++) {
		if (s.p[at + i] >> 6 != 2)
			return 0;
		v = v << 6 | (s.p[at + i] & 0x3fu);
	}
	if (v < least[n] || v > 0x10ffff || (v >= 0xd800 && v <= 0xdfff))
		return 0;
	*c = v;
	return n;
}

/** May c stand in an XML document (XML 1.0, 2.2)? */
static inline bool
utf8_is_xml(uint32_t c)
{
	return c >= 0x20 ? (c < 0xd800 || c > 0xdfff) && c <= 0x10ffff &&
			       c != 0xfffe && c != 0xffff :
			   c == '\t' || c == '\n' || c == '\r';
}

/** Offset of the first octet of s that XML in UTF-8 cannot hold, or s.len. */
static inline size_t
utf8_find_bad(struct gw_span s)
{
	size_t at = 0, n;
	uint32_t c;

	while ((at = gw_scan(GW_SCAN_UNUSUAL, s, at)) < s.len) {
		n = utf8_char(s, at, &c);
		if (n == 0 || !utf8_is_xml(c))
			break;
		at += n;
	}
	return at;
}

#endif
