/*
 * hex.c: hexadecimal and base64, by table, nothing forgiven.
 */
#include "mcxgw/hex.h"

#include "mcxgw/scan.h"

/* The value of a digit plus one; 0 means it is none. */
static const uint8_t hex_digit[256] = {
	['0'] = 1,
	['1'] = 2,
	['2'] = 3,
	['3'] = 4,
	['4'] = 5,
	['5'] = 6,
	['6'] = 7,
	['7'] = 8,
	['8'] = 9,
	['9'] = 10,
	['a'] = 11,
	['b'] = 12,
	['c'] = 13,
	['d'] = 14,
	['e'] = 15,
	['f'] = 16,
	['A'] = 11,
	['B'] = 12,
	['C'] = 13,
	['D'] = 14,
	['E'] = 15,
	['F'] = 16,
};

/* What a digit has (RFC 4648, 4); its value is in the low six bits. */
#define STD 0x40

static const uint8_t b64_digit[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0x7e, 0, 0, 0, 0x7f, 0x74, 0x75, 0x76, 0x77, 0x78,
	0x79, 0x7a, 0x7b, 0x7c, 0x7d, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x41, 0x42,
	0x43, 0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e,
	0x4f, 0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0, 0,
	0, 0, 0, 0, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63,
	0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
	0x70, 0x71, 0x72, 0x73 };

static enum gw_err
refuse(struct gw_fault *fault, size_t at, const char *why)
{
	*fault = (struct gw_fault){ at, why };
	return GW_EMALFORMED;
}

enum gw_err
gw_hex_decode(struct gw_arena *a, struct gw_span in, struct gw_span *out,
    struct gw_fault *fault)
{
	uint8_t *to;

	for (size_t i = 0; i < in.len; i++)
		if (hex_digit[in.p[i]] == 0)
			return refuse(fault, i, "not a hexadecimal digit");
	if (in.len % 2 != 0)
		return refuse(fault, in.len, "odd number of digits");
	if ((to = gw_arena_bytes(a, in.len / 2)) == NULL) {
		*fault = (struct gw_fault){ 0, "out of memory" };
		return GW_ENOMEM;
	}
	for (size_t i = 0; i < in.len; i += 2)
		to[i / 2] = (uint8_t)((hex_digit[in.p[i]] - 1) << 4 |
				      (hex_digit[in.p[i + 1]] - 1));
	*out = (struct gw_span){ to, in.len / 2 };
	return GW_OK;
}

/* A base64 text while it is read. */
struct b64 {
	uint8_t *to;
	size_t len;
	uint32_t bits; /* of the group that is being collected */
	unsigned n, pads; /* its digits; its '=' */
};

static const char *
b64_step(struct b64 *b, uint8_t c)
{
	uint8_t v = b64_digit[c];

	if (c == '=') {
		if (b->n < 2 || b->n + b->pads == 4)
			return "padding where none belongs";
		if (b->pads++ == 0 &&
		    (b->bits & (b->n == 2 ? 0xfu : 0x3u)) != 0)
			return "stray bits before the padding";
		return NULL;
	}
	if ((v & STD) == 0)
		return "not a base64 digit";
	if (b->pads != 0)
		return "a digit after the padding";
	b->bits = b->bits << 6 | (v & 63);
	if (++b->n == 4) {
		b->to[b->len++] = (uint8_t)(b->bits >> 16);
		b->to[b->len++] = (uint8_t)(b->bits >> 8);
		b->to[b->len++] = (uint8_t)b->bits;
		b->bits = b->n = 0;
	}
	return NULL;
}

#ifdef __SSE2__

/* Two times 24 bits, in the low end of each half, as six octets and two of no
 * meaning. */
static inline void
put_six(uint8_t *to, uint64_t w)
{
	w = __builtin_bswap64(w << 40 | w >> 16);
	memcpy(to, &w, 8);
}

static inline __m128i
add_in(__m128i to, __m128i where, int by)
{
	return _mm_add_epi8(to, _mm_and_si128(where, _mm_set1_epi8((char)by)));
}

/* Sixteen digits at p as twelve octets, and two of no meaning; false, and
 * nothing written, when one is no digit. */
static inline bool
b64_sixteen(uint8_t *to, const uint8_t *p)
{
	__m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
	__m128i upper = gw_scan_between(v, 'A', 'Z');
	__m128i lower = gw_scan_between(v, 'a', 'z');
	__m128i digit = gw_scan_between(v, '0', '9');
	__m128i plus = gw_scan_eq(v, '+'), slash = gw_scan_eq(v, '/');
	__m128i all = _mm_or_si128(_mm_or_si128(upper, lower),
	    _mm_or_si128(_mm_or_si128(digit, plus), slash));

	if (_mm_movemask_epi8(all) != 0xffff)
		return false;
	v = add_in(v, upper, -'A');
	v = add_in(v, lower, 26 - 'a');
	v = add_in(v, digit, 52 - '0');
	v = add_in(v, plus, 62 - '+');
	v = add_in(v, slash, 63 - '/');

	__m128i even = _mm_and_si128(v, _mm_set1_epi16(0xff));
	__m128i pair =
	    _mm_or_si128(_mm_slli_epi16(even, 6), _mm_srli_epi16(v, 8));
	__m128i four = _mm_madd_epi16(pair, _mm_set1_epi32(1 << 16 | 1 << 12));
	put_six(to, (uint64_t)_mm_cvtsi128_si64(four));
	four = _mm_unpackhi_epi64(four, four);
	put_six(to + 6, (uint64_t)_mm_cvtsi128_si64(four));
	return true;
}

#endif

/* Whole groups of four digits from i on, for as long as there are such. */
static size_t
b64_groups(struct b64 *b, struct gw_span in, size_t i)
{
	uint8_t *to = b->to + b->len;

#ifdef __SSE2__
	/* The room is for three octets more than those of all groups. */
	for (; in.len - i >= 16 && b64_sixteen(to, in.p + i); i += 16)
		to += 12;
#endif
	for (; in.len - i >= 4; i += 4) {
		const uint8_t *p = in.p + i;
		uint32_t v0 = b64_digit[p[0]], v1 = b64_digit[p[1]];
		uint32_t v2 = b64_digit[p[2]], v3 = b64_digit[p[3]];
		if ((v0 & v1 & v2 & v3 & STD) == 0)
			break;
		uint32_t w = (v0 & 63) << 18 | (v1 & 63) << 12 |
			     (v2 & 63) << 6 | (v3 & 63);
		*to++ = (uint8_t)(w >> 16);
		*to++ = (uint8_t)(w >> 8);
		*to++ = (uint8_t)w;
	}
	b->len = (size_t)(to - b->to);
	return i;
}

enum gw_err
gw_b64_decode(struct gw_arena *a, struct gw_span in, struct gw_span *out,
    struct gw_fault *fault)
{
	struct b64 b = { .to = gw_arena_bytes(a, in.len / 4 * 3 + 3) };
	const char *why;

	if (b.to == NULL) {
		*fault = (struct gw_fault){ 0, "out of memory" };
		return GW_ENOMEM;
	}
	for (size_t i = 0; i < in.len; i++) {
		if (b.n == 0)
			i = b64_groups(&b, in, i);
		if (i < in.len && in.p[i] != '\r' && in.p[i] != '\n' &&
		    (why = b64_step(&b, in.p[i])) != NULL)
			return refuse(fault, i, why);
	}
	if (b.n != 0 && b.n + b.pads != 4)
		return refuse(fault, in.len, "ends inside a group of four");
	if (b.n == 3) {
		b.to[b.len++] = (uint8_t)(b.bits >> 10);
		b.to[b.len++] = (uint8_t)(b.bits >> 2);
	} else if (b.n == 2) {
		b.to[b.len++] = (uint8_t)(b.bits >> 4);
	}
	*out = (struct gw_span){ b.to, b.len };
	return GW_OK;
}
