/*
 * kms_point.c: y^2 = x^3 - 3x modulo the prime of RFC 6509, appendix A.
 */
#include "codec/mikey/kms_point.h"

#include <openssl/bn.h>

#define COORD_LEN    128
#define UNCOMPRESSED 0x04

static const char prime[] =
    "997ABB1F0A563FDA65C61198DAD0657A416C0CE19CB48261BE9AE358B3E01A2E"
    "F40AAB27E2FC0F1B228730D531A59CB0E791B39FF7C88A19356D27F4A666A6D0"
    "E26C6487326B4CD4512AC5CD65681CE1B6AFF4A831852A82A7CF3C521C3C09AA"
    "9F94D6AF56971F1FFCE3E82389857DB080C5DF10AC7ACE87666D807AFEA85FEB";

/* right = x^3 - 3x, left = y^2 */
static bool
sides(const BIGNUM *p, const BIGNUM *x, const BIGNUM *y, BIGNUM *left,
    BIGNUM *right, BN_CTX *bn)
{
	return BN_mod_sqr(left, y, p, bn) == 1 &&
	       BN_mod_sqr(right, x, p, bn) == 1 && BN_sub_word(right, 3) == 1 &&
	       BN_mod_mul(right, right, x, p, bn) == 1 &&
	       BN_nnmod(right, right, p, bn) == 1;
}

enum gw_err
kms_point_check_sakke(struct gw_span s)
{
	enum gw_err err = GW_ENOMEM;
	BN_CTX *bn;
	BIGNUM *p = NULL;

	if (s.len != KMS_SAKKE_POINT_LEN || s.p[0] != UNCOMPRESSED)
		return GW_EMALFORMED;
	if ((bn = BN_CTX_new()) == NULL)
		return GW_ENOMEM;
	BN_CTX_start(bn);
	BIGNUM *x = BN_CTX_get(bn), *y = BN_CTX_get(bn);
	BIGNUM *left = BN_CTX_get(bn), *right = BN_CTX_get(bn);
	if (right == NULL || BN_hex2bn(&p, prime) == 0 ||
	    BN_bin2bn(s.p + 1, COORD_LEN, x) == NULL ||
	    BN_bin2bn(s.p + 1 + COORD_LEN, COORD_LEN, y) == NULL ||
	    !sides(p, x, y, left, right, bn))
		goto out;

	err = GW_EMALFORMED;
	if (BN_cmp(x, p) >= 0 || BN_cmp(y, p) >= 0 || BN_cmp(left, right) != 0)
		goto out;
	err = GW_OK;
out:
	BN_free(p);
	BN_CTX_end(bn);
	BN_CTX_free(bn);
	return err;
}
