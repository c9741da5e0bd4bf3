/*
 * mikey_uid.c: SHA-256(0x00 || P0 || L0 || ... || P5 || L5), every L two
 * octets, every number in the fewest octets that hold it, at least one.
 */
#include "codec/mikey/mikey_uid.h"

#include <openssl/evp.h>

#define NUMBER_LEN 8

static struct gw_span
number(uint64_t n, uint8_t octets[NUMBER_LEN])
{
	size_t at = NUMBER_LEN;

	do {
		octets[--at] = (uint8_t)n;
		n >>= 8;
	} while (n > 0);
	return (struct gw_span){ octets + at, NUMBER_LEN - at };
}

static bool
hash(const struct gw_span *parts, size_t n, uint8_t out[MIKEY_UID_LEN])
{
	static const uint8_t zero = 0;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	bool ok = md != NULL &&
		  EVP_DigestInit_ex(md, EVP_sha256(), NULL) == 1 &&
		  EVP_DigestUpdate(md, &zero, 1) == 1;

	for (size_t i = 0; ok && i < n; i++) {
		uint8_t len[2] = { (uint8_t)(parts[i].len >> 8),
			(uint8_t)parts[i].len };
		ok = EVP_DigestUpdate(md, parts[i].p, parts[i].len) == 1 &&
		     EVP_DigestUpdate(md, len, sizeof(len)) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(md, out, NULL) == 1;
	EVP_MD_CTX_free(md);
	return ok;
}

enum gw_err
mikey_uid(struct gw_span user, struct gw_span kms, uint64_t period,
    uint64_t offset, uint64_t ntp_seconds, uint8_t out[MIKEY_UID_LEN])
{
	if (offset >= period || ntp_seconds < offset)
		return GW_EMALFORMED;
	return mikey_uid_of_period(
	    user, kms, period, offset, (ntp_seconds - offset) / period, out);
}

enum gw_err
mikey_uid_of_period(struct gw_span user, struct gw_span kms, uint64_t period,
    uint64_t offset, uint64_t n, uint8_t out[MIKEY_UID_LEN])
{
	uint8_t digits[3][NUMBER_LEN], uid[MIKEY_UID_LEN];

	if (user.len > UINT16_MAX || kms.len > UINT16_MAX)
		return GW_EMALFORMED;
	const struct gw_span parts[] = { GW_LIT("MIKEY-SAKKE-UID"), user, kms,
		number(period, digits[0]), number(offset, digits[1]),
		number(n, digits[2]) };
	if (!hash(parts, GW_COUNT(parts), uid))
		return GW_ENOMEM;
	memcpy(out, uid, MIKEY_UID_LEN);
	return GW_OK;
}
