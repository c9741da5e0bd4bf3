/*
 * eccsi.c: RFC 6507, 5.2.2.
 *
 * J = [s]([HE]G + [r]Y) is computed as [s*HE]G + [s*r]Y: two products of
 * scalars instead of a third product of a point.
 */
#include "codec/eccsi/eccsi.h"

#include <stdlib.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>

#define SCALAR_LEN 32
#define WAYS	   4 /* signers of one set of the cache */

struct eccsi_kpak {
	uint8_t octets[ECCSI_POINT_LEN];
	EC_POINT *point;
};

/*
 * HS hashes KPAK, identity and PVT, so it is the whole name of a Y: equal
 * HS, equal signer.
 */
struct signer {
	uint8_t hs[SCALAR_LEN];
	EC_POINT *y; /* NULL: free */
	uint64_t used; /* tick of the last use */
};

struct eccsi_verifier {
	EC_GROUP *group;
	BN_CTX *bn;
	BIGNUM *q, *r, *s, *hs, *he, *x;
	EC_POINT *pvt, *y, *j;
	EVP_MD *sha256;
	EVP_MD_CTX *md;
	uint64_t tick;
	size_t n_sets, n_ways;
	struct signer *signers; /* n_sets * n_ways */
};

/* The base point of P-256, as HS hashes it (SEC 2, 2.4.2). */
static const uint8_t generator[ECCSI_POINT_LEN] = { 0x04, 0x6b, 0x17, 0xd1,
	0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40,
	0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39,
	0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f,
	0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33,
	0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
	0xf5 };

/*
 * Read an uncompressed point that lies on the curve.  What OpenSSL says of a
 * stranger's octets must not stay in the thread's error queue, where a TLS
 * connection would find it.
 */
static bool
read_point(const EC_GROUP *group, EC_POINT *out, const uint8_t *p, BN_CTX *bn)
{
	if (p[0] != POINT_CONVERSION_UNCOMPRESSED)
		return false;
	ERR_set_mark();
	bool ok = EC_POINT_oct2point(group, out, p, ECCSI_POINT_LEN, bn) == 1;
	ERR_pop_to_mark();
	return ok;
}

enum gw_err
eccsi_kpak_new(struct gw_span point, struct eccsi_kpak **out)
{
	enum gw_err err = GW_ENOMEM;

	if (point.len != ECCSI_POINT_LEN)
		return GW_EMALFORMED;
	struct eccsi_kpak *k = calloc(1, sizeof(*k));
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (k == NULL || group == NULL ||
	    (k->point = EC_POINT_new(group)) == NULL)
		goto out;
	memcpy(k->octets, point.p, ECCSI_POINT_LEN);

	err = GW_EMALFORMED;
	if (!read_point(group, k->point, k->octets, NULL))
		goto out;
	*out = k;
	k = NULL;
	err = GW_OK;
out:
	EC_GROUP_free(group);
	eccsi_kpak_free(k);
	return err;
}

void
eccsi_kpak_free(struct eccsi_kpak *k)
{
	if (k == NULL)
		return;
	EC_POINT_free(k->point);
	free(k);
}

static bool
init_scratch(struct eccsi_verifier *v)
{
	BIGNUM **numbers[] = { &v->q, &v->r, &v->s, &v->hs, &v->he, &v->x };

	for (size_t i = 0; i < GW_COUNT(numbers); i++)
		if ((*numbers[i] = BN_new()) == NULL)
			return false;
	v->bn = BN_CTX_new();
	v->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	v->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
	v->md = EVP_MD_CTX_new();
	return v->bn != NULL && v->group != NULL && v->sha256 != NULL &&
	       v->md != NULL && (v->pvt = EC_POINT_new(v->group)) != NULL &&
	       (v->y = EC_POINT_new(v->group)) != NULL &&
	       (v->j = EC_POINT_new(v->group)) != NULL &&
	       EC_GROUP_get_order(v->group, v->q, v->bn) == 1;
}

struct eccsi_verifier *
eccsi_verifier_new(size_t signers)
{
	struct eccsi_verifier *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->n_ways = signers < WAYS ? signers : WAYS;
	v->n_sets = signers < WAYS ? 1 : signers / WAYS;
	v->signers = calloc(v->n_sets * v->n_ways + 1, sizeof(*v->signers));
	if (v->signers == NULL || !init_scratch(v)) {
		eccsi_verifier_free(v);
		return NULL;
	}
	return v;
}

void
eccsi_verifier_free(struct eccsi_verifier *v)
{
	if (v == NULL)
		return;
	for (size_t i = 0; v->signers != NULL && i < v->n_sets * v->n_ways; i++)
		EC_POINT_free(v->signers[i].y);
	free(v->signers);
	EC_POINT_free(v->j);
	EC_POINT_free(v->y);
	EC_POINT_free(v->pvt);
	EVP_MD_CTX_free(v->md);
	EVP_MD_free(v->sha256);
	EC_GROUP_free(v->group);
	BN_CTX_free(v->bn);
	BN_free(v->x);
	BN_free(v->he);
	BN_free(v->hs);
	BN_free(v->s);
	BN_free(v->r);
	BN_free(v->q);
	free(v);
}

static bool
hash(struct eccsi_verifier *v, const struct gw_span *parts, size_t n,
    uint8_t out[SCALAR_LEN])
{
	if (EVP_DigestInit_ex(v->md, v->sha256, NULL) != 1)
		return false;
	for (size_t i = 0; i < n; i++)
		if (EVP_DigestUpdate(v->md, parts[i].p, parts[i].len) != 1)
			return false;
	return EVP_DigestFinal_ex(v->md, out, NULL) == 1;
}

/* HS = H(G || KPAK || ID || PVT). */
static bool
hash_signer(struct eccsi_verifier *v, const struct eccsi_kpak *k,
    struct gw_span id, const uint8_t *pvt, uint8_t hs[SCALAR_LEN])
{
	const struct gw_span parts[] = { { generator, sizeof(generator) },
		{ k->octets, sizeof(k->octets) }, id,
		{ pvt, ECCSI_POINT_LEN } };

	return hash(v, parts, GW_COUNT(parts), hs) &&
	       BN_bin2bn(hs, SCALAR_LEN, v->hs) != NULL;
}

/* HE = H(HS || r || M). */
static bool
hash_message(struct eccsi_verifier *v, const uint8_t hs[SCALAR_LEN],
    const uint8_t *r, struct gw_span msg)
{
	const struct gw_span parts[] = { { hs, SCALAR_LEN }, { r, SCALAR_LEN },
		msg };
	uint8_t he[SCALAR_LEN];

	return hash(v, parts, GW_COUNT(parts), he) &&
	       BN_bin2bn(he, SCALAR_LEN, v->he) != NULL;
}

/* The set of hs.  HS is a hash: its first octets spread evenly. */
static struct signer *
set_of(struct eccsi_verifier *v, const uint8_t hs[SCALAR_LEN])
{
	uint64_t n = 0;

	for (int i = 0; i < 8; i++)
		n = n << 8 | hs[i];
	return &v->signers[n % v->n_sets * v->n_ways];
}

static const EC_POINT *
recall(struct eccsi_verifier *v, const uint8_t hs[SCALAR_LEN])
{
	struct signer *set = set_of(v, hs);

	for (size_t i = 0; i < v->n_ways; i++) {
		if (set[i].y == NULL || memcmp(set[i].hs, hs, SCALAR_LEN) != 0)
			continue;
		set[i].used = ++v->tick;
		return set[i].y;
	}
	return NULL;
}

/*
 * Keep v->y for hs in the place used longest ago.  Only signers with a valid
 * signature get here: nobody else can push them out.  Without memory nothing
 * is kept, which costs time only.
 */
static void
remember(struct eccsi_verifier *v, const uint8_t hs[SCALAR_LEN])
{
	struct signer *set = set_of(v, hs), *oldest = set;

	if (v->n_ways == 0)
		return;
	for (size_t i = 1; i < v->n_ways; i++)
		if (set[i].used < oldest->used)
			oldest = &set[i];
	EC_POINT_free(oldest->y);
	oldest->y = EC_POINT_dup(v->y, v->group);
	oldest->used = ++v->tick;
	memcpy(oldest->hs, hs, SCALAR_LEN);
}

/* v->y = [HS]PVT + KPAK. */
static enum gw_err
derive(struct eccsi_verifier *v, const struct eccsi_kpak *k, const uint8_t *pvt)
{
	if (!read_point(v->group, v->pvt, pvt, v->bn))
		return GW_EMALFORMED;
	if (EC_POINT_mul(v->group, v->y, NULL, v->pvt, v->hs, v->bn) != 1 ||
	    EC_POINT_add(v->group, v->y, v->y, k->point, v->bn) != 1)
		return GW_ENOMEM;
	return GW_OK;
}

/* Does the equation hold for y, with v->r, v->s and v->he? */
static enum gw_err
check(struct eccsi_verifier *v, const EC_POINT *y)
{
	if (BN_is_zero(v->r) || BN_is_zero(v->s) || BN_cmp(v->s, v->q) >= 0)
		return GW_EAUTH;
	if (BN_mod_mul(v->he, v->he, v->s, v->q, v->bn) != 1 ||
	    BN_mod_mul(v->s, v->s, v->r, v->q, v->bn) != 1 ||
	    EC_POINT_mul(v->group, v->j, v->he, y, v->s, v->bn) != 1)
		return GW_ENOMEM;
	if (EC_POINT_is_at_infinity(v->group, v->j))
		return GW_EAUTH;
	if (EC_POINT_get_affine_coordinates(
		v->group, v->j, v->x, NULL, v->bn) != 1)
		return GW_ENOMEM;
	return BN_cmp(v->x, v->r) == 0 ? GW_OK : GW_EAUTH;
}

enum gw_err
eccsi_verify(struct eccsi_verifier *v, const struct eccsi_kpak *k,
    struct gw_span id, struct gw_span msg, struct gw_span sig)
{
	uint8_t hs[SCALAR_LEN];

	if (sig.len != ECCSI_SIG_LEN)
		return GW_EMALFORMED;
	const uint8_t *r = sig.p, *pvt = sig.p + 2 * SCALAR_LEN;
	if (BN_bin2bn(r, SCALAR_LEN, v->r) == NULL ||
	    BN_bin2bn(r + SCALAR_LEN, SCALAR_LEN, v->s) == NULL ||
	    !hash_signer(v, k, id, pvt, hs) || !hash_message(v, hs, r, msg))
		return GW_ENOMEM;

	const EC_POINT *y = recall(v, hs);
	bool is_new = y == NULL;
	enum gw_err err = is_new ? derive(v, k, pvt) : GW_OK;
	if (err != GW_OK)
		return err;
	err = check(v, is_new ? v->y : y);
	if (err == GW_OK && is_new)
		remember(v, hs);
	return err;
}
