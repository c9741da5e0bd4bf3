/*
 * fuzz_imsg.c: for any input the I_MESSAGE reader must
 *   1. stay inside the buffer (ASan checks, hence the copy), spans too
 *   2. on GW_OK, tile it: payloads follow each other without a gap, the last
 *      is SIGN and ends the input
 *   3. give the same answer twice
 *   4. on failure, point inside the input and say why
 *   5. name identities that lie inside, or refuse with a reason, under every
 *      declaration of a domain
 *   6. never verify: nobody signed what is fuzzed
 */
#include <stdlib.h>

#include "codec/mikey/kms_cert.h"

#define CHECK(cond)                                                            \
	do {                                                                   \
		if (!(cond))                                                   \
			abort();                                               \
	} while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check_inside(struct gw_span whole, struct gw_span part)
{
	CHECK(part.p == NULL ||
	      (part.p >= whole.p && part.p + part.len <= whole.p + whole.len));
}

static void
check_tiles(struct gw_span in, const struct mikey_imsg *m)
{
	size_t at = 0;

	CHECK(m->n_payloads >= 5 && m->n_payloads <= MIKEY_PAYLOADS_MAX);
	for (size_t i = 0; i < m->n_payloads; i++) {
		const struct mikey_payload *p = &m->payloads[i];
		CHECK(p->off == at && p->len > 0);
		CHECK((p->type == 14) == (p->role != 0));
		CHECK(p->type != 4 || i + 1 == m->n_payloads);
		at += p->len;
	}
	CHECK(at == in.len);
	CHECK(m->sign.p + m->sign.len == in.p + in.len);
	CHECK(m->sign_at == in.len - MIKEY_SIGN_HEAD_LEN - MIKEY_SIGN_LEN);
	check_inside(in, m->rand);
	check_inside(in, m->sakke);
	for (size_t i = 0; i < MIKEY_ROLE_N; i++)
		check_inside(in, m->idr[i].data);
	check_inside(in, m->idr_kms2.data);
}

static void
check_names(struct gw_span in, const struct mikey_imsg *m, unsigned bits)
{
	const struct mikey_compat compat = {
		.sign_header_excluded = (bits & 1) != 0,
		.uid_as_hex = (bits & 2) != 0,
		.kms_uri_trailing_nul = (bits & 4) != 0,
		.uid_in_role_1_2 = (bits & 8) != 0,
		.kms_in_role_3 = (bits & 16) != 0,
	};
	struct mikey_names n = { 0 };
	const char *why = NULL;

	if (mikey_compat_names(m, &compat, &n, &why) != GW_OK)
		CHECK(why != NULL);
	check_inside(in, n.initiator);
	check_inside(in, n.receiver);
	check_inside(in, n.initiator_uid);
	check_inside(in, n.receiver_uid);
	check_inside(in, n.initiator_kms);
	check_inside(in, n.receiver_kms);
	CHECK(n.initiator_uid.p == NULL || n.initiator_uid.len == 32);
	CHECK(n.receiver_uid.p == NULL || n.receiver_uid.len == 32);
	check_inside(in, mikey_compat_kms_hint(m));
	CHECK(mikey_compat_signed(m, &compat).len ==
	      m->sign_at + (bits & 1 ? 0 : MIKEY_SIGN_HEAD_LEN));
}

/* A key that nobody has: the base point as KPAK, so KSAK would be 1. */
static void
check_unsigned(const struct mikey_imsg *m)
{
	static const uint8_t g[ECCSI_POINT_LEN] = { 0x04, 0x6b, 0x17, 0xd1,
		0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63,
		0xa4, 0x40, 0xf2, 0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33,
		0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96, 0x4f,
		0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb,
		0x4a, 0x7c, 0x0f, 0x9e, 0x16, 0x2b, 0xce, 0x33, 0x57, 0x6b,
		0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51,
		0xf5 };
	static struct eccsi_verifier *v;
	static struct kms_cert cert = { .kms_uri = "kms.alpha.example",
		.period = 2592000 };
	const char *why = NULL;

	if (v == NULL) {
		v = eccsi_verifier_new(4);
		CHECK(eccsi_kpak_new((struct gw_span){ g, sizeof(g) },
			  &cert.kpak) == GW_OK);
	}
	CHECK(kms_cert_verify(&cert, m, NULL, v, &why) != GW_OK);
	CHECK(why != NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct mikey_imsg a, b;
	struct gw_fault fault = { SIZE_MAX, NULL };

	uint8_t *copy = malloc(size); /* exact size, so ASan sees overreads */
	if (size == 0 || copy == NULL)
		goto out;
	struct gw_span in = { memcpy(copy, data, size), size };

	enum gw_err err = mikey_imsg_parse(in, &a, &fault);
	CHECK(mikey_imsg_parse(in, &b, &fault) == err);
	if (err != GW_OK) {
		CHECK(err == GW_EMALFORMED || err == GW_ELIMIT);
		CHECK(fault.at <= size && fault.why != NULL);
		goto out;
	}
	CHECK(memcmp(a.payloads, b.payloads,
		  a.n_payloads * sizeof(a.payloads[0])) == 0);
	check_tiles(in, &a);
	for (unsigned bits = 0; bits < 32; bits++)
		check_names(in, &a, bits);
	check_unsigned(&a);
out:
	free(copy);
	return 0;
}
