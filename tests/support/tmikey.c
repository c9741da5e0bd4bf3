/*
 * tmikey.c: the signer's half of RFC 6507, with a key pair made on the spot:
 * PVT = [v]G, SSK = KSAK + HS * v.
 */
#include "support/tmikey.h"

#include <stdio.h>
#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#include "support/tjson.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond)) {                                                 \
			fprintf(stderr, "tmikey: %s\n", #cond);                \
			exit(1);                                               \
		}                                                              \
	} while (0)

enum { SIGN = 4, T = 5, RAND = 11, IDR = 14, SAKKE = 26 };

void
tmikey_kms_load(struct tmikey_kms *k, const char *path)
{
	struct tjson *j = tjson_load(path);
	const char *uri = tjson_str(j, "kms_uri");

	CHECK(uri != NULL && strlen(uri) < sizeof(k->uri));
	memcpy(k->uri, uri, strlen(uri) + 1);
	k->period = (uint64_t)tjson_int(j, "user_key_period", 0);
	k->offset = (uint64_t)tjson_int(j, "user_key_offset", 0);
	CHECK(tjson_hex(j, "KSAK", k->ksak, 32) == 32);
	CHECK(tjson_hex(j, "KPAK", k->kpak, 65) == 65);
	tjson_free(j);
}

static void
put(struct tmikey *m, const void *p, size_t len)
{
	CHECK(len <= sizeof(m->octets) - m->len);
	if (len > 0)
		memcpy(m->octets + m->len, p, len);
	m->len += len;
}

static void
put_be(struct tmikey *m, uint64_t n, int width)
{
	while (width-- > 0) {
		uint8_t octet = (uint8_t)(n >> 8 * width);
		put(m, &octet, 1);
	}
}

void
tmikey_start(struct tmikey *m, uint32_t csb_id)
{
	m->len = 0;
	put(m, "\x01\x1a\x00\x01", 4);
	put_be(m, csb_id, 4);
	put(m, "\x00\x01", 2);
	m->next_at = 2;
}

static void
begin(struct tmikey *m, uint8_t type)
{
	m->octets[m->next_at] = type;
	m->next_at = m->len;
	put(m, "", 1);
}

void
tmikey_add(struct tmikey *m, uint8_t type, struct gw_span body)
{
	begin(m, type);
	put(m, body.p, body.len);
}

void
tmikey_time(struct tmikey *m, uint64_t ntp_seconds)
{
	begin(m, T);
	put(m, "", 1);
	put_be(m, ntp_seconds << 32, 8);
}

void
tmikey_rand(struct tmikey *m, uint8_t len)
{
	begin(m, RAND);
	put(m, &len, 1);
	for (unsigned i = 0; i < len; i++)
		put_be(m, i, 1);
}

void
tmikey_idr(struct tmikey *m, uint8_t role, uint8_t id_type, struct gw_span id)
{
	begin(m, IDR);
	put(m, &role, 1);
	put(m, &id_type, 1);
	put_be(m, id.len, 2);
	put(m, id.p, id.len);
}

void
tmikey_sakke(struct tmikey *m)
{
	static const uint8_t data[273] = { 0x04 };

	begin(m, SAKKE);
	put(m, "\x01\x02", 2);
	put_be(m, sizeof(data), 2);
	put(m, data, sizeof(data));
}

struct signer {
	EC_GROUP *group;
	EC_POINT *point;
	BN_CTX *bn;
	BIGNUM *q, *j, *v, *n, *ssk;
};

static void
base_times(struct signer *s, const BIGNUM *n, uint8_t out[65])
{
	CHECK(EC_POINT_mul(s->group, s->point, n, NULL, NULL, s->bn) == 1);
	CHECK(EC_POINT_point2oct(s->group, s->point,
		  POINT_CONVERSION_UNCOMPRESSED, out, 65, s->bn) == 65);
}

static void
hash(const struct gw_span *parts, size_t n, uint8_t out[32])
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();

	CHECK(EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1);
	for (size_t i = 0; i < n; i++)
		CHECK(EVP_DigestUpdate(md, parts[i].p, parts[i].len) == 1);
	CHECK(EVP_DigestFinal_ex(md, out, NULL) == 1);
	EVP_MD_CTX_free(md);
}

/* s->ssk and PVT for identity; hs is what both sides hash. */
static void
make_key(struct signer *s, const struct tmikey_kms *k, struct gw_span identity,
    uint8_t pvt[65], uint8_t hs[32])
{
	uint8_t one[32] = { [31] = 1 }, g[65];

	BN_bin2bn(one, 32, s->n);
	base_times(s, s->n, g);
	CHECK(BN_rand_range(s->v, s->q) == 1);
	base_times(s, s->v, pvt);
	const struct gw_span parts[] = { { g, 65 }, { k->kpak, 65 }, identity,
		{ pvt, 65 } };
	hash(parts, GW_COUNT(parts), hs);
	BN_bin2bn(hs, 32, s->n);
	BN_bin2bn(k->ksak, 32, s->ssk);
	CHECK(BN_mod_mul(s->n, s->n, s->v, s->q, s->bn) == 1);
	CHECK(BN_mod_add(s->ssk, s->ssk, s->n, s->q, s->bn) == 1);
}

/* s = j / (HE + r * SSK). */
static void
make_signature(struct signer *s, const struct tmikey_kms *k,
    struct gw_span identity, struct gw_span msg, uint8_t sig[129])
{
	uint8_t hs[32], he[32], jp[65];

	make_key(s, k, identity, sig + 64, hs);
	CHECK(BN_rand_range(s->j, s->q) == 1);
	base_times(s, s->j, jp);
	memcpy(sig, jp + 1, 32);
	const struct gw_span parts[] = { { hs, 32 }, { sig, 32 }, msg };
	hash(parts, GW_COUNT(parts), he);
	BN_bin2bn(sig, 32, s->v);
	BN_bin2bn(he, 32, s->n);
	CHECK(BN_mod_mul(s->v, s->v, s->ssk, s->q, s->bn) == 1);
	CHECK(BN_mod_add(s->n, s->n, s->v, s->q, s->bn) == 1);
	CHECK(BN_mod_inverse(s->n, s->n, s->q, s->bn) != NULL);
	CHECK(BN_mod_mul(s->n, s->n, s->j, s->q, s->bn) == 1);
	CHECK(BN_bn2binpad(s->n, sig + 32, 32) == 32);
}

void
tmikey_sign(struct tmikey *m, const struct tmikey_kms *k,
    struct gw_span identity, bool header)
{
	struct signer s = { .bn = BN_CTX_new(),
		.group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1),
		.q = BN_new(),
		.j = BN_new(),
		.v = BN_new(),
		.n = BN_new(),
		.ssk = BN_new() };
	uint8_t sig[129];
	size_t end = m->len;

	CHECK(s.bn != NULL && s.group != NULL && s.ssk != NULL);
	s.point = EC_POINT_new(s.group);
	CHECK(EC_GROUP_get_order(s.group, s.q, s.bn) == 1);
	m->octets[m->next_at] = SIGN;
	put_be(m, 2 << 12 | sizeof(sig), 2);
	make_signature(&s, k, identity,
	    (struct gw_span){ m->octets, header ? m->len : end }, sig);
	put(m, sig, sizeof(sig));
	EC_POINT_free(s.point);
	EC_GROUP_free(s.group);
	BN_CTX_free(s.bn);
	BN_free(s.q);
	BN_free(s.j);
	BN_free(s.v);
	BN_free(s.n);
	BN_free(s.ssk);
}
