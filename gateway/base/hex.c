/*
 * hex.c: hexadecimal and base64, by table, nothing forgiven.
 */
#include "mcxgw/hex.h"

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

static const char url_digit[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* Which alphabet a digit belongs to; its value is in the low six bits. */
#define STD 0x40 /* RFC 4648, 4 */
#define URL 0x80 /* RFC 4648, 5 */

static const uint8_t b64_digit[256] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
	0, 0, 0, 0, 0, 0, 0x7e, 0, 0xbe, 0, 0x7f, 0xf4, 0xf5, 0xf6, 0xf7, 0xf8,
	0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0xc1, 0xc2,
	0xc3, 0xc4, 0xc5, 0xc6, 0xc7, 0xc8, 0xc9, 0xca, 0xcb, 0xcc, 0xcd, 0xce,
	0xcf, 0xd0, 0xd1, 0xd2, 0xd3, 0xd4, 0xd5, 0xd6, 0xd7, 0xd8, 0xd9, 0, 0,
	0, 0, 0xbf, 0, 0xda, 0xdb, 0xdc, 0xdd, 0xde, 0xdf, 0xe0, 0xe1, 0xe2,
	0xe3, 0xe4, 0xe5, 0xe6, 0xe7, 0xe8, 0xe9, 0xea, 0xeb, 0xec, 0xed, 0xee,
	0xef, 0xf0, 0xf1, 0xf2, 0xf3 };

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

/* Whole groups of four digits from i on, for as long as there are such. */
static size_t
b64_groups(struct b64 *b, struct gw_span in, size_t i)
{
	uint8_t *to = b->to + b->len;

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

void
gw_b64url_encode(struct gw_span in, uint8_t *out)
{
	size_t i = 0;
	uint32_t w;

	for (; in.len - i >= 3; i += 3) {
		w = (uint32_t)in.p[i] << 16 | (uint32_t)in.p[i + 1] << 8 |
		    in.p[i + 2];
		*out++ = (uint8_t)url_digit[w >> 18];
		*out++ = (uint8_t)url_digit[w >> 12 & 63];
		*out++ = (uint8_t)url_digit[w >> 6 & 63];
		*out++ = (uint8_t)url_digit[w & 63];
	}
	if (i == in.len)
		return;
	w = (uint32_t)in.p[i] << 16;
	if (in.len - i == 2)
		w |= (uint32_t)in.p[i + 1] << 8;
	*out++ = (uint8_t)url_digit[w >> 18];
	*out++ = (uint8_t)url_digit[w >> 12 & 63];
	if (in.len - i == 2)
		*out = (uint8_t)url_digit[w >> 6 & 63];
}

bool
gw_b64url_is(struct gw_span s)
{
	uint8_t all = URL;

	for (size_t i = 0; i < s.len; i++)
		all &= b64_digit[s.p[i]];
	return all != 0;
}

/* The whole groups of four digits; false if one is none. */
static bool
url_groups(struct gw_span in, uint8_t *out)
{
	uint32_t ok = URL;

	for (size_t i = 0; in.len - i >= 4; i += 4) {
		const uint8_t *p = in.p + i;
		uint32_t v0 = b64_digit[p[0]], v1 = b64_digit[p[1]];
		uint32_t v2 = b64_digit[p[2]], v3 = b64_digit[p[3]];
		uint32_t w = (v0 & 63) << 18 | (v1 & 63) << 12 |
			     (v2 & 63) << 6 | (v3 & 63);
		ok &= v0 & v1 & v2 & v3;
		*out++ = (uint8_t)(w >> 16);
		*out++ = (uint8_t)(w >> 8);
		*out++ = (uint8_t)w;
	}
	return ok != 0;
}

enum gw_err
gw_b64url_decode(struct gw_span in, uint8_t *out, size_t *len)
{
	size_t whole = in.len / 4 * 4, n = whole / 4 * 3;
	uint32_t w = 0;

	if (in.len % 4 == 1 || !url_groups(in, out))
		return GW_EMALFORMED;
	for (size_t i = whole; i < in.len; i++) {
		uint8_t v = b64_digit[in.p[i]];
		if ((v & URL) == 0)
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
