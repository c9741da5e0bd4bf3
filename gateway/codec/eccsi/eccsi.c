/*
 * eccsi.c: RFC 6507, 5.2.2, ordered by what a product of a point costs.
 *
 * J = [s]([HE]G + [r]Y) with Y = [HS]PVT + KPAK takes three products of
 * points one after the other.  With scalars multiplied first it is
 *
 *   a signer not seen   [s*HE]G + ([s*r*HS]PVT + [s*r]KPAK)
 *   a signer known      [s*HE]G + [s*r]Y
 *
 * where the first term uses the library's table of G, the sum in brackets
 * shares its doublings, and Y is made once, when a signer comes back.
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
	EC_GROUP *group; /* P-256 with KPAK as generator: it can stand first in
			    a sum of two products */
	EC_POINT *point;
};

/*
 * HS hashes KPAK, identity and PVT, so it is the whole name of a Y: equal
 * HS, equal signer.
 */
struct signer {
	uint8_t hs[SCALAR_LEN];
	EC_POINT *y; /* NULL until the signer comes back */
	uint64_t used; /* tick of the last use; 0: free */
};

struct eccsi_verifier {
	EC_GROUP *group;
	BN_CTX *bn;
	BIGNUM *q, *r, *s, *hs, *he, *x;
	EC_POINT *pvt, *sum, *j;
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
	if (k == NULL)
		return GW_ENOMEM;
	memcpy(k->octets, point.p, ECCSI_POINT_LEN);
	k->group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
	if (k->group == NULL || (k->point = EC_POINT_new(k->group)) == NULL)
		goto out;

	err = GW_EMALFORMED;
	if (!read_point(k->group, k->point, k->octets, NULL))
		goto out;
	err = GW_ENOMEM;
	if (EC_GROUP_set_generator(k->group, k->point,
		EC_GROUP_get0_order(k->group),
		EC_GROUP_get0_cofactor(k->group)) != 1)
		goto out;
	*out = k;
	k = NULL;
	err = GW_OK;
out:
	eccsi_kpak_free(k);
	return err;
}

void
eccsi_kpak_free(struct eccsi_kpak *k)
{
	if (k == NULL)
		return;
	EC_POINT_free(k->point);
	EC_GROUP_free(k->group);
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
	       (v->sum = EC_POINT_new(v->group)) != NULL &&
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
	EC_POINT_free(v->sum);
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

static struct signer *
recall(struct eccsi_verifier *v, const uint8_t hs[SCALAR_LEN])
{
	struct signer *set = set_of(v, hs);

	for (size_t i = 0; i < v->n_ways; i++) {
		if (set[i].used == 0 || memcmp(set[i].hs, hs, SCALAR_LEN) != 0)
			continue;
		set[i].used = ++v->tick;
		return &set[i];
	}
	return NULL;
}

/*
 * Note hs in the place used longest ago.  Only signers with a valid signature
 * get here: nobody else can push them out.
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
	oldest->y = NULL;
	oldest->used = ++v->tick;
	memcpy(oldest->hs, hs, SCALAR_LEN);
}

/* Y of a signer that came back.  Without memory it stays NULL. */
static const EC_POINT *
known_y(
    struct eccsi_verifier *v, const struct eccsi_kpak *k, struct signer *signer)
{
	if (signer == NULL || signer->y != NULL)
		return signer == NULL ? NULL : signer->y;
	if (EC_POINT_mul(v->group, v->sum, NULL, v->pvt, v->hs, v->bn) == 1 &&
	    EC_POINT_add(v->group, v->sum, v->sum, k->point, v->bn) == 1)
		signer->y = EC_POINT_dup(v->sum, v->group);
	return signer->y;
}

/* v->j = [he]G + [s]Y, with the scalars as check() leaves them. */
static bool
add_up(struct eccsi_verifier *v, const struct eccsi_kpak *k, const EC_POINT *y)
{
	if (y != NULL)
		return EC_POINT_mul(v->group, v->j, v->he, y, v->s, v->bn) == 1;
	return BN_mod_mul(v->hs, v->hs, v->s, v->q, v->bn) == 1 &&
	       EC_POINT_mul(k->group, v->sum, v->s, v->pvt, v->hs, v->bn) ==
		   1 &&
	       EC_POINT_mul(v->group, v->j, v->he, NULL, NULL, v->bn) == 1 &&
	       EC_POINT_add(v->group, v->j, v->j, v->sum, v->bn) == 1;
}

/* Does the equation hold, with v->r, v->s and v->he?  y NULL: not known. */
static enum gw_err
check(struct eccsi_verifier *v, const struct eccsi_kpak *k, const EC_POINT *y)
{
	if (BN_is_zero(v->r) || BN_is_zero(v->s) || BN_cmp(v->s, v->q) >= 0)
		return GW_EAUTH;
	if (BN_mod_mul(v->he, v->he, v->s, v->q, v->bn) != 1 ||
	    BN_mod_mul(v->s, v->s, v->r, v->q, v->bn) != 1 || !add_up(v, k, y))
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

	struct signer *signer = recall(v, hs);
	if ((signer == NULL || signer->y == NULL) &&
	    !read_point(v->group, v->pvt, pvt, v->bn))
		return GW_EMALFORMED;
	enum gw_err err = check(v, k, known_y(v, k, signer));
	if (err == GW_OK && signer == NULL)
		remember(v, hs);
	return err;
}
