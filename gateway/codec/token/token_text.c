/*
 * token_text.c: sixteen digits at once where the machine has vectors, else,
 * and what remains, four.
 */
#include "codec/token/token_text.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

static const char digits[] =
    "ABCDEFGHIJKLMNOP.RSTUVWXYZabcdefghijklmnop~rstuvwxyz0123456789-_";

/* The value of a digit, with this bit. */
#define DIGIT 0x40

static const uint8_t values[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0x7e, 0x50, 0, 0x74, 0x75, 0x76, 0x77, 0x78, 0x79,
	0x7a, 0x7b, 0x7c, 0x7d, 0, 0, 0, 0, 0, 0, 0, 0x40, 0x41, 0x42, 0x43,
	0x44, 0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b, 0x4c, 0x4d, 0x4e, 0x4f,
	0, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57, 0x58, 0x59, 0, 0, 0, 0,
	0x7f, 0, 0x5a, 0x5b, 0x5c, 0x5d, 0x5e, 0x5f, 0x60, 0x61, 0x62, 0x63,
	0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0, 0x6b, 0x6c, 0x6d, 0x6e, 0x6f,
	0x70, 0x71, 0x72, 0x73, 0, 0, 0, 0x6a };

unsigned
token_text_value(uint8_t digit)
{
	return values[digit] ^ DIGIT;
}

#ifdef __SSE2__

static inline __m128i
all(char c)
{
	return _mm_set1_epi8(c);
}

/* Add by where v is more than floor. */
static inline __m128i
add_above(__m128i to, __m128i v, int floor, int by)
{
	__m128i above = _mm_cmpgt_epi8(v, all((char)floor));

	return _mm_add_epi8(to, _mm_and_si128(above, all((char)by)));
}

/* Put to in place of from. */
static inline __m128i
instead(__m128i c, char from, char to)
{
	__m128i is = _mm_cmpeq_epi8(c, all(from));

	return _mm_xor_si128(c, _mm_and_si128(is, all((char)(from ^ to))));
}

/* Sixteen values, each in its octet, as digits. */
static inline __m128i
digits_of(__m128i v)
{
	__m128i c = _mm_add_epi8(v, all('A'));

	c = add_above(c, v, 25, 'a' - 'Z' - 1);
	c = add_above(c, v, 51, '0' - 'z' - 1);
	c = add_above(c, v, 61, '-' - '9' - 1);
	c = add_above(c, v, 62, '_' - '-' - 1);
	return instead(instead(c, 'Q', '.'), 'q', '~');
}

/* The way back; nonsense for what is no digit. */
static inline __m128i
values_of(__m128i digit)
{
	__m128i c = instead(instead(digit, '.', 'Q'), '~', 'q');
	__m128i v = _mm_sub_epi8(c, all('-' - 62));

	v = add_above(v, c, '0' - 1, '-' - 62 - ('0' - 52));
	v = add_above(v, c, 'A' - 1, '0' - 52 - 'A');
	v = add_above(v, c, '_' - 1, 'A' - ('_' - 63));
	return add_above(v, c, 'a' - 1, '_' - 63 - ('a' - 26));
}

/* Are these the values of these digits? */
static inline bool
agree(__m128i v, __m128i digit)
{
	__m128i high = _mm_and_si128(v, all((char)~63));
	__m128i same = _mm_cmpeq_epi8(digits_of(v), digit);
	__m128i low = _mm_cmpeq_epi8(high, _mm_setzero_si128());

	return _mm_movemask_epi8(_mm_and_si128(same, low)) == 0xffff;
}

/* Six octets, of eight that can be read, as eight values: the first in the
 * lowest octet. */
static inline uint64_t
spread(const uint8_t *p)
{
	uint64_t w;

	memcpy(&w, p, 8);
	w = __builtin_bswap64(w) >> 16;
	w = (w << 8 & 0x00ffffff00000000) | (w & 0x0000000000ffffff);
	w = (w << 4 & 0x0fff00000fff0000) | (w & 0x00000fff00000fff);
	w = (w << 2 & 0x3f003f003f003f00) | (w & 0x003f003f003f003f);
	return __builtin_bswap64(w);
}

/* Two times 24 bits, in the low end of each half, as six octets and two of no
 * meaning. */
static inline void
put_six(uint8_t *out, uint64_t w)
{
	w = __builtin_bswap64(w << 40 | w >> 16);
	memcpy(out, &w, 8);
}

/* The octets of sixteen values, and two of no meaning. */
static inline void
put_values(uint8_t *out, __m128i v)
{
	__m128i even = _mm_and_si128(v, _mm_set1_epi16(0xff));
	__m128i pair =
	    _mm_or_si128(_mm_slli_epi16(even, 6), _mm_srli_epi16(v, 8));
	__m128i four = _mm_madd_epi16(pair, _mm_set1_epi32(1 << 16 | 1 << 12));

	put_six(out, (uint64_t)_mm_cvtsi128_si64(four));
	four = _mm_unpackhi_epi64(four, four);
	put_six(out + 6, (uint64_t)_mm_cvtsi128_si64(four));
}

/* Write whole groups of sixteen digits; how many octets they took. */
static size_t
encode_wide(struct gw_span in, uint8_t *out)
{
	size_t i = 0;

	for (; in.len - i >= 14; i += 12, out += 16) {
		uint64_t lo = spread(in.p + i), hi = spread(in.p + i + 6);
		__m128i v = _mm_set_epi64x((int64_t)hi, (int64_t)lo);
		_mm_storeu_si128((__m128i *)(void *)out, digits_of(v));
	}
	return i;
}

/* Read groups of sixteen digits, as long as there are such; how many digits
 * that were.  out NULL: they are only looked at. */
static size_t
decode_wide(struct gw_span in, uint8_t *out)
{
	size_t i = 0;

	for (; in.len - i >= 16; i += 16) {
		__m128i c =
		    _mm_loadu_si128((const __m128i *)(const void *)(in.p + i));
		__m128i v = values_of(c);
		if (!agree(v, c))
			break;
		if (out != NULL)
			put_values(out + i / 4 * 3, v);
	}
	return i;
}

#else

static size_t
encode_wide(struct gw_span in, uint8_t *out)
{
	(void)in;
	(void)out;
	return 0;
}

static size_t
decode_wide(struct gw_span in, uint8_t *out)
{
	(void)in;
	(void)out;
	return 0;
}

#endif

void
token_text_encode(struct gw_span in, uint8_t *out)
{
	size_t i = encode_wide(in, out);
	uint32_t w;

	for (out += i / 3 * 4; in.len - i >= 3; i += 3) {
		w = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8 |
		    in.p[i + 2];
		*out++ = (uint8_t)digits[w >> 18];
		*out++ = (uint8_t)digits[w >> 12 & 63];
		*out++ = (uint8_t)digits[w >> 6 & 63];
		*out++ = (uint8_t)digits[w & 63];
	}
	if (i == in.len)
		return;
	w = (uint32_t)in.p[i] << 16;
	if (in.len - i == 2)
		w |= (uint32_t)in.p[i + 1] << 8;
	*out++ = (uint8_t)digits[w >> 18];
	*out++ = (uint8_t)digits[w >> 12 & 63];
	if (in.len - i == 2)
		*out = (uint8_t)digits[w >> 6 & 63];
}

bool
token_text_is(struct gw_span s)
{
	uint8_t all_are = DIGIT;

	for (size_t i = decode_wide(s, NULL); i < s.len; i++)
		all_are &= values[s.p[i]];
	return all_are != 0;
}

/* Four digits; false if one is none. */
static bool
decode_four(const uint8_t *p, uint8_t *out)
{
	uint32_t v0 = values[p[0]], v1 = values[p[1]];
	uint32_t v2 = values[p[2]], v3 = values[p[3]];
	uint32_t w =
	    (v0 & 63) << 18 | (v1 & 63) << 12 | (v2 & 63) << 6 | (v3 & 63);

	out[0] = (uint8_t)(w >> 16);
	out[1] = (uint8_t)(w >> 8);
	out[2] = (uint8_t)w;
	return (v0 & v1 & v2 & v3 & DIGIT) != 0;
}

enum gw_err
token_text_decode(struct gw_span in, uint8_t *out, size_t *len)
{
	size_t i = decode_wide(in, out), n = i / 4 * 3;
	uint32_t w = 0;

	for (; in.len - i >= 4; i += 4, n += 3)
		if (!decode_four(in.p + i, out + n))
			return GW_EMALFORMED;
	if (in.len - i == 1)
		return GW_EMALFORMED;
	for (; i < in.len; i++) {
		uint8_t v = values[in.p[i]];
		if ((v & DIGIT) == 0)
			return GW_EMALFORMED;
		w = w << 6 | (v & 63);
		if (i % 4 != 0)
			out[n++] = (uint8_t)(w >> (6 - 2 * (i % 4)));
	}
	if ((in.len % 4 == 2 && (w & 0xf) != 0) ||
	    (in.len % 4 == 3 && (w & 0x3) != 0))
		return GW_EMALFORMED;
	*len = n;
	return GW_OK;
}
