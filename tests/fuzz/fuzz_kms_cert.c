/*
 * fuzz_kms_cert.c: for any text the reader of KMS certificates must
 *   1. say yes without an error reported, or no with one
 *   2. keep nothing of what it refused
 *   3. keep only certificates that can be used: a KMS URI, a key, a period,
 *      an offset below it, keys of their length; found by their URI
 *   4. give the same answer twice, the second time as the same certificates
 */
#include <stdlib.h>

#include "codec/mikey/kms_cert.h"
#include "mcxgw/xml.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_cert(const struct kms_certs *certs, const struct kms_cert *c)
{
	CHECK(c->kpak != NULL && c->kms_uri != NULL && c->kms_uri[0] != '\0');
	CHECK(c->period > c->offset);
	CHECK(c->pub_auth_key.len == ECCSI_POINT_LEN);
	CHECK(c->pub_enc_key.len == 257);
	CHECK(kms_certs_find(certs, gw_span_of(c->kms_uri)) == c);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	/* 2026-11-20 */
	const struct gw_now now = { 0, (int64_t)1795176000 * 1000000 };

	if (!ready)
		gw_xml_init();
	ready = true;
	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */
	struct kms_certs *certs = kms_certs_new();
	struct gw_diag *d = gw_diag_new();
	if (size == 0 || copy == NULL || certs == NULL || d == NULL)
		goto out;
	struct gw_span in = { memcpy(copy, data, size), size };

	bool ok = kms_certs_read(certs, in, "fuzz", NULL, now, d);
	size_t n = kms_certs_count(certs);
	CHECK(ok == (gw_diag_errors(d) == 0));
	CHECK(ok || n == 0);
	for (size_t i = 0; i < n; i++)
		check_cert(certs, kms_certs_at(certs, i));
	CHECK(kms_certs_read(certs, in, "fuzz", NULL, now, d) == ok);
	CHECK(kms_certs_count(certs) == n);
out:
	gw_diag_free(d);
	kms_certs_free(certs);
	free(copy);
	return 0;
}
