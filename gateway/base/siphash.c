/*
 * siphash.c: SipHash, 64 and 128 bits, little-endian on any machine.
 */
#include "mcxgw/siphash.h"

struct sip {
	uint64_t v0, v1, v2, v3;
};

/* Rounds for each word, and at the end. */
struct pace {
	int word, end;
};

static const struct pace whole = { 2, 4 }, half = { 1, 3 };

static inline uint64_t
rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static inline uint64_t
load64(const uint8_t *p)
{
	return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 |
	       (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
	       (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 |
	       (uint64_t)p[7] << 56;
}

static inline void
store64(uint8_t *p, uint64_t x)
{
	for (unsigned i = 0; i < 8; i++)
		p[i] = (uint8_t)(x >> (8 * i));
}

static inline void
round_once(struct sip *s)
{
	s->v0 += s->v1;
	s->v1 = rotl(s->v1, 13) ^ s->v0;
	s->v0 = rotl(s->v0, 32);
	s->v2 += s->v3;
	s->v3 = rotl(s->v3, 16) ^ s->v2;
	s->v0 += s->v3;
	s->v3 = rotl(s->v3, 21) ^ s->v0;
	s->v2 += s->v1;
	s->v1 = rotl(s->v1, 17) ^ s->v2;
	s->v2 = rotl(s->v2, 32);
}

static inline void
absorb(struct sip *s, struct pace p, uint64_t m)
{
	s->v3 ^= m;
	for (int i = 0; i < p.word; i++)
		round_once(s);
	s->v0 ^= m;
}

/* The four words after the last rounds, folded. */
static inline uint64_t
squeeze(struct sip *s, struct pace p)
{
	for (int i = 0; i < p.end; i++)
		round_once(s);
	return s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
}

static inline void
start(struct sip *s, const uint8_t key[GW_SIPHASH_KEY_LEN])
{
	uint64_t k0 = load64(key), k1 = load64(key + 8);

	s->v0 = k0 ^ 0x736f6d6570736575;
	s->v1 = k1 ^ 0x646f72616e646f6d;
	s->v2 = k0 ^ 0x6c7967656e657261;
	s->v3 = k1 ^ 0x7465646279746573;
}

static inline void
absorb_all(struct sip *s, struct pace p, struct gw_span in, bool lower)
{
	uint8_t last[8] = { 0 };
	size_t at = 0;
	uint64_t m;

	for (; in.len - at >= 8; at += 8) {
		m = load64(in.p + at);
		absorb(s, p, lower ? gw_lower8(m) : m);
	}
	if (at < in.len)
		memcpy(last, in.p + at, in.len - at);
	m = load64(last);
	absorb(s, p, (lower ? gw_lower8(m) : m) | (uint64_t)in.len << 56);
}

static inline uint64_t
hash64(const uint8_t key[GW_SIPHASH_KEY_LEN], struct pace p, struct gw_span in,
    bool lower)
{
	struct sip s;

	start(&s, key);
	absorb_all(&s, p, in, lower);
	s.v2 ^= 0xff;
	return squeeze(&s, p);
}

uint64_t
gw_siphash(const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in)
{
	return hash64(key, whole, in, false);
}

uint64_t
gw_siphash13(const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in)
{
	return hash64(key, half, in, false);
}

uint64_t
gw_siphash_i(const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in)
{
	return hash64(key, whole, in, true);
}

void
gw_siphash128(
    const uint8_t key[GW_SIPHASH_KEY_LEN], struct gw_span in, uint8_t out[16])
{
	struct sip s;

	start(&s, key);
	s.v1 ^= 0xee;
	absorb_all(&s, whole, in, false);
	s.v2 ^= 0xee;
	store64(out, squeeze(&s, whole));
	s.v1 ^= 0xdd;
	store64(out + 8, squeeze(&s, whole));
}
