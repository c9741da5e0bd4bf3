/*
 * test_mikey_corpus.c: every I_MESSAGE of the corpus, valid and bad, and
 * every single-bit flip of one, against the verdict written beside it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/eccsi/eccsi.h"
#include "codec/mikey/mikey_compat.h"
#include "support/tfile.h"
#include "support/tjson.h"

#define FILE_MAX 131072
#define MIKEY	 GW_TESTS_DIR "/corpus/mikey"

static uint8_t octets[FILE_MAX];
static struct mikey_imsg m;
static struct gw_fault fault;
static struct eccsi_verifier *verifier;

static int
set_up(void **state)
{
	(void)state;
	verifier = eccsi_verifier_new(64);
	return verifier == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	eccsi_verifier_free(verifier);
	return 0;
}

static struct gw_span
read_message(const char *json_path)
{
	char path[1024];
	size_t stem = strlen(json_path) - strlen(".json");

	snprintf(path, sizeof(path), "%.*s.bin", (int)stem, json_path);
	return (
	    struct gw_span){ octets, tfile_read(path, octets, sizeof(octets)) };
}

static struct eccsi_kpak *
read_kpak(const struct tjson *with)
{
	uint8_t point[ECCSI_POINT_LEN];
	struct eccsi_kpak *k = NULL;
	size_t len = tjson_hex(with, "kpak", point, sizeof(point));

	assert_int_equal(
	    eccsi_kpak_new((struct gw_span){ point, len }, &k), GW_OK);
	return k;
}

/* "malformed", "bad-signature" or "ok", with the keys of the case. */
static const char *
verdict_of(struct gw_span in, const struct tjson *with, bool excluded)
{
	const struct mikey_compat compat = { .sign_header_excluded = excluded };
	uint8_t id[64];
	size_t id_len = tjson_hex(with, "eccsi_identity", id, sizeof(id));

	fault = (struct gw_fault){ SIZE_MAX, NULL };
	enum gw_err err = mikey_imsg_parse(in, &m, &fault);
	if (err != GW_OK) {
		assert_true(err == GW_EMALFORMED || err == GW_ELIMIT);
		assert_true(fault.at <= in.len && fault.why != NULL);
		return "malformed";
	}
	if (id_len == 0)
		id_len = tjson_hex(with, "signer_uid", id, sizeof(id));
	struct eccsi_kpak *k = read_kpak(with);
	err = eccsi_verify(verifier, k, (struct gw_span){ id, id_len },
	    mikey_compat_signed(&m, &compat), m.sign);
	eccsi_kpak_free(k);
	return err == GW_OK ? "ok" : "bad-signature";
}

static bool
is_excluded(const char *coverage)
{
	return coverage != NULL && strcmp(coverage, "no-sign-header") == 0;
}

static void
check_payloads(const char *path, const struct tjson *list)
{
	size_t i = 0, at = 0;

	assert_int_equal(m.n_payloads, tjson_count(list));
	for (const struct tjson *p = list->child; p != NULL; p = p->next, i++) {
		const struct mikey_payload *got = &m.payloads[i];
		if (strcmp(mikey_payload_name(got->type),
			tjson_str(p, "name")) != 0 ||
		    got->off != tjson_int(p, "offset", -1) ||
		    got->len != tjson_int(p, "length", -1) ||
		    got->role != tjson_int(p, "role", 0) || got->off != at)
			fail_msg("%s: payload %zu differs", path, i);
		at += got->len;
	}
	assert_int_equal(at, m.raw.len);
}

static void
check_idr(const char *path, const struct tjson *idr)
{
	for (unsigned role = 0; role < MIKEY_ROLE_N; role++) {
		uint8_t hex[1024];
		char name[16];
		snprintf(name, sizeof(name), "%u.0", role);
		const struct tjson *want = tjson_get(idr, name);
		const struct mikey_idr *got = &m.idr[role];
		size_t len = tjson_hex(want, "hex", hex, sizeof(hex));
		if ((want != NULL) != (got->data.p != NULL) ||
		    !gw_span_eq(got->data, (struct gw_span){ hex, len }))
			fail_msg("%s: role %u differs", path, role);
		if (want != NULL)
			assert_int_equal(
			    got->id_type, tjson_int(want, "id_type", -1));
	}
}

static bool
has_extension(const struct tjson *j, const char *name)
{
	return tjson_has(j, "general_extensions", name);
}

static void
check_fields(const char *path, const struct tjson *j)
{
	uint8_t hex[64];
	size_t len;

	assert_int_equal(m.csb_id, strtoul(tjson_str(j, "csb_id"), NULL, 16));
	assert_string_equal(
	    mikey_purpose_name(m.purpose), tjson_str(j, "purpose"));
	assert_int_equal(m.v_bit, tjson_int(j, "v_bit", -1));
	assert_int_equal(m.prf, tjson_int(j, "prf_func", -1));
	assert_int_equal(m.cs_count, tjson_int(j, "cs_count", -1));
	assert_int_equal(m.cs_map_type, tjson_int(j, "cs_id_map_type", -1));
	assert_int_equal(m.ts_type, tjson_int(j, "timestamp.ts_type", -1));
	assert_int_equal(
	    m.ntp >> 32, tjson_int(j, "timestamp.ntp_seconds", -1));
	len = tjson_hex(j, "rand_hex", hex, sizeof(hex));
	assert_true(gw_span_eq(m.rand, (struct gw_span){ hex, len }));
	assert_int_equal(m.sakke_params, tjson_int(j, "sakke.params", -1));
	assert_int_equal(m.sakke_scheme, tjson_int(j, "sakke.id_scheme", -1));
	assert_int_equal(m.sakke.len, tjson_int(j, "sakke.data_length", -1));
	assert_int_equal(m.has_key_params, has_extension(j, "3GPP-key-params"));
	assert_int_equal(
	    m.has_sakke_to_self, has_extension(j, "SAKKE-to-self"));
	assert_int_equal(
	    m.sign_at, tjson_int(j, "signature.sign_payload_offset", -1));
	check_payloads(path, tjson_get(j, "payloads"));
	check_idr(path, tjson_get(j, "idr"));
}

static void
check_names(const struct tjson *j)
{
	struct mikey_names n;
	const char *why = NULL;
	static const char *const keys[] = { "idri", "idrr", "idrkmsi",
		"idrkmsr" };

	assert_int_equal(mikey_compat_names(&m, NULL, &n, &why), GW_OK);
	const struct gw_span got[] = { n.initiator, n.receiver, n.initiator_kms,
		n.receiver_kms };
	for (size_t i = 0; i < GW_COUNT(keys); i++)
		assert_true(
		    gw_span_eq(got[i], gw_span_of(tjson_str(j, keys[i]))));
	assert_int_equal(
	    n.initiator_uid.p != NULL, tjson_str(j, "idruidi") != NULL);
	assert_true(gw_span_eq(mikey_compat_kms_hint(&m), n.initiator_kms));
}

static void
check_valid(const char *path, void *arg)
{
	if (strstr(path, ".tshark.") != NULL)
		return;
	struct tjson *j = tjson_load(path);
	const struct tjson *with = tjson_get(j, "signature.verify_with");
	struct gw_span in = read_message(path);
	bool excluded = is_excluded(tjson_str(j, "signature.coverage"));
	const char *got = verdict_of(in, with, excluded);

	++*(size_t *)arg;
	if (strcmp(got, "ok") != 0)
		fail_msg("%s: %s (at %zu: %s)", path, got, fault.at, fault.why);
	check_fields(path, j);
	check_names(j);
	if (strcmp(verdict_of(in, with, !excluded), "ok") == 0)
		fail_msg("%s: verifies with the other coverage too", path);
	tjson_free(j);
}

static void
each_valid_message_gives_its_fields_and_verifies(void **state)
{
	size_t n = 0;

	(void)state;
	tfile_each(MIKEY "/valid", ".json", check_valid, &n);
	assert_int_equal(n, 35);
}

static void
check_negative(const char *path, void *arg)
{
	struct tjson *j = tjson_load(path);
	const struct tjson *with = tjson_get(j, "verify_with");
	const char *got = verdict_of(
	    read_message(path), with, is_excluded(tjson_str(with, "coverage")));

	(void)arg;
	if (strcmp(got, tjson_str(j, "expected_verdict")) != 0 &&
	    !tjson_has(j, "alternative_verdicts", got))
		fail_msg("%s: %s (at %zu: %s)", path, got, fault.at, fault.why);
	tjson_free(j);
}

static void
each_bad_message_gets_its_verdict(void **state)
{
	(void)state;
	assert_int_equal(
	    tfile_each(MIKEY "/negative", ".json", check_negative, NULL), 522);
}

/* A malformed one may also fail by its signature; nothing else is accepted. */
static void
check_flip(
    const struct tjson *with, struct gw_span in, size_t at, int bit, char want)
{
	octets[at] ^= (uint8_t)(1 << bit);
	const char *got = verdict_of(in, with, false);

	if ((strcmp(got, "ok") == 0) != (want == 'o'))
		fail_msg("octet %zu, bit %d: %s", at, bit, got);
	octets[at] ^= (uint8_t)(1 << bit);
}

static void
no_flipped_bit_is_accepted(void **state)
{
	struct tjson *j =
	    tjson_load(MIKEY "/bitflips-pck-alpha-charlie-plain.json");
	struct gw_span in =
	    read_message(MIKEY "/valid/o-v007-pck-alpha-charlie-plain.json");
	const struct tjson *with = tjson_get(j, "verify_with");
	size_t at = 0;

	(void)state;
	assert_string_equal(verdict_of(in, with, false), "ok");
	for (const struct tjson *row = tjson_get(j, "rows.0"); row != NULL;
	     row = row->next, at++)
		for (int bit = 0; bit < 8; bit++)
			check_flip(with, in, at, bit, row->text[bit]);
	assert_int_equal(at, in.len);
	tjson_free(j);
}

static void
every_prefix_is_malformed(void **state)
{
	struct gw_span in =
	    read_message(MIKEY "/valid/o-v001-api-gmk-alpha.json");

	(void)state;
	for (size_t len = 0; len < in.len; len++)
		assert_int_equal(
		    mikey_imsg_parse(gw_span_sub(in, 0, len), &m, &fault),
		    GW_EMALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    each_valid_message_gives_its_fields_and_verifies),
		cmocka_unit_test(each_bad_message_gets_its_verdict),
		cmocka_unit_test(no_flipped_bit_is_accepted),
		cmocka_unit_test(every_prefix_is_malformed),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
