/*
 * test_kms_cert.c: every KMS file of the corpus against its verdict, and key
 * messages checked with the certificates they name.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/mikey/kms_cert.h"
#include "mcxgw/xml.h"
#include "support/tfile.h"
#include "support/tjson.h"
#include "support/tmikey.h"

#define CORPUS	 GW_TESTS_DIR "/corpus"
#define KMS	 CORPUS "/kms"
#define FILE_MAX 131072
#define NTP	 4000000000

/* 2026-11-20T12:00:00Z */
static const struct gw_now now = { 0, (int64_t)1795176000 * 1000000 };

static struct kms_certs *certs;
static struct gw_diag *diag;
static struct eccsi_verifier *verifier;
static uint8_t octets[FILE_MAX];
static struct mikey_imsg m;
static const char *why;

static void
begin(void)
{
	certs = kms_certs_new();
	diag = gw_diag_new();
	assert_non_null(certs);
	assert_non_null(diag);
}

static void
end(void)
{
	gw_diag_free(diag);
	kms_certs_free(certs);
}

static int
set_up(void **state)
{
	(void)state;
	gw_xml_init();
	return (verifier = eccsi_verifier_new(64)) == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	eccsi_verifier_free(verifier);
	return 0;
}

static bool
load(const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", KMS, name);
	return kms_certs_load(certs, path, NULL, now, diag);
}

static bool
reported(const char *code)
{
	const struct gw_diag_entry *e = gw_diag_first(diag);

	while (e != NULL && strcmp(e->code, code) != 0)
		e = e->next;
	return e != NULL;
}

static void
check_cert(const char *path, const struct tjson *want)
{
	uint8_t key[512];
	struct gw_span uri = gw_span_of(tjson_str(want, "kms_uri"));
	const struct kms_cert *c = kms_certs_find(certs, uri);

	if (c == NULL)
		fail_msg("%s: no certificate", path);
	assert_string_equal(c->kms_uri, tjson_str(want, "kms_uri"));
	assert_int_equal(c->period, tjson_int(want, "user_key_period", 0));
	assert_int_equal(c->offset, tjson_int(want, "user_key_offset", -1));
	assert_true(gw_span_eq(
	    c->pub_auth_key, (struct gw_span){ key,
				 tjson_hex(want, "kpak", key, sizeof(key)) }));
	assert_true(gw_span_eq(c->pub_enc_key,
	    (struct gw_span){ key, tjson_hex(want, "z_t", key, sizeof(key)) }));
	if (tjson_str(want, "role") != NULL)
		assert_int_equal(c->external,
		    strcmp(tjson_str(want, "role"), "External") == 0);
	assert_int_equal(c->security_gateway,
	    tjson_bool(want, "is_security_gateway", false));
	assert_non_null(c->kpak);
}

static void
check_fields(const char *path, const struct tjson *want)
{
	const struct tjson *list = tjson_get(want, "certificates");

	if (list == NULL && tjson_str(want, "kpak") != NULL)
		check_cert(path, want);
	if (list == NULL)
		return;
	assert_int_equal(kms_certs_count(certs), tjson_count(list));
	for (list = list->child; list != NULL; list = list->next)
		check_cert(path, list);
}

/* Key sets are no certificates: a keyprov response is never accepted. */
static bool
is_ours(const struct tjson *j)
{
	return strcmp(tjson_str(j, "kind"), "KmsKeyProv") != 0;
}

static void
check_file(const char *path, void *arg)
{
	struct tjson *j = tjson_load(path);
	const char *verdict = tjson_str(j, "verdict");

	if (verdict == NULL) {
		tjson_free(j);
		return;
	}
	++*(size_t *)arg;
	begin();
	bool ok = load(tjson_str(j, "file"));
	bool may_ok = strcmp(verdict, "ok") == 0 ||
		      tjson_has(j, "alternative_verdicts", "ok");
	bool may_refuse = strcmp(verdict, "ok") != 0 ||
			  tjson_count(tjson_get(j, "alternative_verdicts")) > 0;
	if (ok ? !may_ok || !is_ours(j) : !may_refuse && is_ours(j))
		fail_msg("%s: %s", path, ok ? "accepted" : "refused");
	assert_int_equal(gw_diag_errors(diag) == 0, ok);
	if (ok)
		check_fields(path, tjson_get(j, "expect"));
	else
		assert_int_equal(kms_certs_count(certs), 0);
	end();
	tjson_free(j);
}

static void
each_kms_file_gets_its_verdict(void **state)
{
	static const char *const folders[] = { "alpha", "bravo", "charlie",
		"odd" };
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(folders); i++) {
		char path[512];
		snprintf(path, sizeof(path), "%s/%s", KMS, folders[i]);
		tfile_each(path, ".json", check_file, &n);
	}
	assert_int_equal(n, 87);
}

static void
each_refusal_has_its_code(void **state)
{
	static const struct {
		const char *file, *code;
	} cases[] = {
		{ "certcache-duplicate-kms", "kms.conflict" },
		{ "certcache-external-claims-home", "kms.home" },
		{ "init-wrong-kms", "kms.home" },
		{ "empty-kpak", "kms.key" },
		{ "kpak-compressed", "kms.key" },
		{ "kpak-infinity", "kms.key" },
		{ "non-hex", "kms.key" },
		{ "odd-hex", "kms.key" },
		{ "hex-with-newlines", "kms.key" },
		{ "kpak-off-curve", "kms.point" },
		{ "z-off-curve", "kms.point" },
		{ "expired", "kms.expired" },
		{ "not-yet-valid", "kms.not-yet-valid" },
		{ "revoked", "kms.revoked" },
		{ "revoked-1", "kms.revoked" },
		{ "no-kmsuri", "kms.missing" },
		{ "no-kpak", "kms.missing" },
		{ "two-kmsuri", "kms.twice" },
		{ "two-kpak", "kms.twice" },
		{ "period-zero", "kms.period" },
		{ "period-negative", "kms.number" },
		{ "period-huge", "kms.number" },
		{ "offset-ge-period", "kms.offset" },
		{ "uri-format-1", "kms.format" },
		{ "pset-2", "kms.parameter-set" },
		{ "old-namespace-chorus", "kms.namespace" },
		{ "wrong-namespace", "kms.namespace" },
		{ "krr-standin", "kms.namespace" },
		{ "kmserror", "kms.error-response" },
		{ "keyprov-encrypted", "kms.element" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		char name[128];
		snprintf(name, sizeof(name), "odd/%s.xml", cases[i].file);
		begin();
		assert_false(load(name));
		if (!reported(cases[i].code))
			fail_msg("%s: %s, not %s", name,
			    gw_diag_first(diag)->code, cases[i].code);
		assert_true(gw_diag_first(diag)->where.line > 0);
		end();
	}
}

static void
a_pin_must_match_the_octets_of_the_file(void **state)
{
	uint8_t pin[KMS_SHA256_LEN];

	(void)state;
	begin();
	assert_true(load("alpha/certificate.xml"));
	memcpy(pin, kms_certs_at(certs, 0)->sha256, sizeof(pin));
	end();
	begin();
	assert_true(kms_certs_load(
	    certs, KMS "/alpha/certificate.xml", pin, now, diag));
	pin[31] ^= 1;
	assert_false(kms_certs_load(
	    certs, KMS "/alpha/certificate.xml", pin, now, diag));
	assert_true(reported("kms.pin"));
	end();
}

static void
what_cannot_be_read_is_reported(void **state)
{
	(void)state;
	begin();
	assert_false(load("no-such-file.xml"));
	assert_true(reported("kms.file"));
	assert_non_null(strstr(gw_diag_first(diag)->text, "No such file"));
	assert_false(load("alpha"));
	assert_int_equal(gw_diag_errors(diag), 2);
	assert_int_equal(kms_certs_count(certs), 0);
	end();
}

static void
certificates_are_found_without_case_and_kept_in_order(void **state)
{
	(void)state;
	begin();
	assert_true(load("charlie/certificate.xml"));
	assert_true(load("alpha/certificate.xml"));
	assert_true(load("bravo/certcache-response.xml"));
	assert_int_equal(kms_certs_count(certs), 3);
	assert_string_equal(
	    kms_certs_at(certs, 0)->kms_uri, "kms.charlie.example");
	assert_string_equal(
	    kms_certs_at(certs, 1)->kms_uri, "kms.alpha.example");
	assert_ptr_equal(kms_certs_find(certs, GW_SPAN("KMS.Alpha.Example")),
	    kms_certs_at(certs, 1));
	assert_null(kms_certs_find(certs, GW_SPAN("kms.alpha.exampl")));
	assert_null(kms_certs_find(certs, GW_SPAN("kms.alpha.example\0")));
	assert_null(kms_certs_find(certs, (struct gw_span){ NULL, 0 }));
	end();
}

static void
another_certificate_of_a_known_kms_is_refused(void **state)
{
	(void)state;
	begin();
	assert_true(load("alpha/certificate.xml"));
	assert_true(load("alpha/certificate-minimal.xml"));
	assert_int_equal(kms_certs_count(certs), 1);
	assert_false(load("odd/period-40bit.xml"));
	assert_false(load("odd/kpak-is-other-domain.xml"));
	assert_true(reported("kms.conflict"));
	assert_int_equal(kms_certs_count(certs), 1);
	end();
}

static void
a_certificate_that_soon_lapses_is_warned_of(void **state)
{
	/* 2030-12-20 */
	const struct gw_now late = { 0, (int64_t)1924000000 * 1000000 };

	(void)state;
	begin();
	assert_true(kms_certs_load(
	    certs, KMS "/alpha/certificate.xml", NULL, late, diag));
	assert_int_equal(gw_diag_warnings(diag), 1);
	assert_true(reported("kms.expires"));
	end();
}

static enum gw_err
verify(const struct kms_cert *cert, const struct mikey_compat *compat)
{
	why = NULL;
	enum gw_err err = kms_cert_verify(cert, &m, compat, verifier, &why);
	assert_int_equal(err == GW_OK, why == NULL);
	return err;
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

static const struct kms_cert *
cert_of(const struct tjson *with)
{
	return kms_certs_find(certs, gw_span_of(tjson_str(with, "kms_uri")));
}

static void
check_valid(const char *path, void *arg)
{
	struct gw_fault fault;
	if (strstr(path, ".tshark.") != NULL)
		return;
	struct tjson *j = tjson_load(path);
	const struct tjson *with = tjson_get(j, "signature.verify_with");
	const struct mikey_compat compat = {
		.sign_header_excluded =
		    strcmp(tjson_str(j, "signature.coverage"),
			"no-sign-header") == 0,
		.uid_as_hex = strcmp(tjson_str(with, "eccsi_identity_form"),
				  "uid-octets") != 0,
	};
	bool plain = !compat.sign_header_excluded && !compat.uid_as_hex;

	++*(size_t *)arg;
	assert_int_equal(
	    mikey_imsg_parse(read_message(path), &m, &fault), GW_OK);
	if (verify(cert_of(with), &compat) != GW_OK)
		fail_msg("%s: %s", path, why);
	assert_int_equal(verify(cert_of(with), NULL), plain ? GW_OK : GW_EAUTH);
	for (size_t i = 0; i < kms_certs_count(certs); i++)
		if (kms_certs_at(certs, i) != cert_of(with))
			assert_int_equal(
			    verify(kms_certs_at(certs, i), &compat), GW_EAUTH);
	tjson_free(j);
}

static void
each_valid_message_verifies_with_its_domain_alone(void **state)
{
	size_t n = 0;

	(void)state;
	begin();
	assert_true(load("alpha/certcache-response.xml"));
	tfile_each(CORPUS "/mikey/valid", ".json", check_valid, &n);
	assert_int_equal(n, 35);
	end();
}

/*
 * The cases of category "key" are genuine messages checked with the wrong
 * key: with the right one they are valid.
 */
static void
check_negative(const char *path, void *arg)
{
	struct tjson *j = tjson_load(path);
	struct gw_fault fault;
	const char *policy = tjson_str(j, "policy");
	bool genuine = strcmp(tjson_str(j, "expected_verdict"), "ok") == 0 &&
		       policy == NULL;

	(void)arg;
	if (strcmp(tjson_str(j, "category"), "key") != 0 &&
	    mikey_imsg_parse(read_message(path), &m, &fault) == GW_OK) {
		struct gw_span hint = mikey_compat_kms_hint(&m);
		const struct kms_cert *named = kms_certs_find(certs, hint);
		const struct kms_cert *cert =
		    cert_of(tjson_get(j, "verify_with"));
		if (named != NULL && (verify(named, NULL) == GW_OK) != genuine)
			fail_msg("%s: %s", path, why);
		if ((verify(cert, NULL) == GW_OK) != genuine)
			fail_msg("%s: %s", path, why);
	}
	tjson_free(j);
}

static void
no_bad_message_verifies(void **state)
{
	(void)state;
	begin();
	assert_true(load("alpha/certcache-response.xml"));
	tfile_each(CORPUS "/mikey/negative", ".json", check_negative, NULL);
	end();
}

#define ALICE GW_SPAN("sip:alice@mcptt.alpha.example")
#define KMS_A GW_SPAN("kms.alpha.example")
#define KMS_B GW_SPAN("kms.bravo.example")

static struct tmikey t;
static struct tmikey_kms kms;

static void
start(uint8_t uid[MIKEY_UID_LEN])
{
	assert_int_equal(
	    mikey_uid(ALICE, KMS_A, kms.period, kms.offset, NTP, uid), GW_OK);
	tmikey_start(&t, 0x12345678);
	tmikey_time(&t, NTP);
	tmikey_rand(&t, 16);
}

static void
finish(struct gw_span identity, bool header)
{
	struct gw_fault fault;

	tmikey_sakke(&t);
	tmikey_sign(&t, &kms, identity, header);
	assert_int_equal(mikey_imsg_parse(tmikey_span(&t), &m, &fault), GW_OK);
}

/* Only what is declared is accepted, and all the rest is not. */
static void
only(const struct mikey_compat *declared)
{
	static const struct mikey_compat each[] = {
		{ .sign_header_excluded = true },
		{ .uid_as_hex = true },
		{ .kms_uri_trailing_nul = true },
		{ .uid_in_role_1_2 = true },
		{ .kms_in_role_3 = true },
	};
	const struct kms_cert *cert = kms_certs_find(certs, KMS_A);
	enum gw_err strict = verify(cert, NULL);

	if (verify(cert, declared) != GW_OK)
		fail_msg("%s", why);
	if (declared != NULL)
		assert_int_equal(strict, GW_EAUTH);
	for (size_t i = 0; declared != NULL && i < GW_COUNT(each); i++)
		assert_int_equal(verify(cert, &each[i]) == GW_OK,
		    memcmp(&each[i], declared, sizeof(each[i])) == 0);
}

static void
each_oddity_verifies_only_where_declared(void **state)
{
	uint8_t uid[MIKEY_UID_LEN];
	char hex[2 * MIKEY_UID_LEN + 1];
	const struct gw_span id = { uid, sizeof(uid) };

	(void)state;
	begin();
	assert_true(load("alpha/certificate.xml"));
	tmikey_kms_load(&kms, KMS "/alpha/material.json");

	start(uid);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, KMS_A);
	finish(id, true);
	only(NULL);

	start(uid);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, KMS_A);
	finish(id, false);
	only(&(struct mikey_compat){ .sign_header_excluded = true });

	start(uid);
	for (size_t i = 0; i < sizeof(uid); i++)
		snprintf(hex + 2 * i, 3, "%02x", uid[i]);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, KMS_A);
	finish(gw_span_of(hex), true);
	only(&(struct mikey_compat){ .uid_as_hex = true });

	start(uid);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, GW_SPAN("kms.alpha.example\0"));
	finish(id, true);
	only(&(struct mikey_compat){ .kms_uri_trailing_nul = true });

	start(uid);
	tmikey_idr(&t, MIKEY_IDRI, 1, id);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, KMS_A);
	finish(id, true);
	only(&(struct mikey_compat){ .uid_in_role_1_2 = true });

	start(uid);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_A);
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_B);
	finish(id, true);
	only(&(struct mikey_compat){ .kms_in_role_3 = true });
	end();
}

static void
what_cannot_be_checked_is_unsupported(void **state)
{
	uint8_t uid[MIKEY_UID_LEN];
	const struct gw_span id = { uid, sizeof(uid) };

	(void)state;
	begin();
	assert_true(load("alpha/certificate.xml"));
	tmikey_kms_load(&kms, KMS "/alpha/material.json");
	const struct kms_cert *cert = kms_certs_find(certs, KMS_A);

	start(uid);
	finish(id, true);
	assert_int_equal(verify(cert, NULL), GW_EUNSUPPORTED);
	assert_non_null(strstr(why, "no identity"));

	start(uid);
	tmikey_start(&t, 0x12345678);
	tmikey_add(&t, 5,
	    GW_SPAN("\x02"
		    "1234"));
	tmikey_rand(&t, 16);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	finish(id, true);
	assert_int_equal(verify(cert, NULL), GW_EUNSUPPORTED);
	assert_non_null(strstr(why, "time stamp"));
	end();
}

/* The URI and the hidden identity of one initiator must be of one user. */
static void
a_uid_that_is_not_of_the_uri_is_refused(void **state)
{
	uint8_t uid[MIKEY_UID_LEN], other[MIKEY_UID_LEN];
	const struct gw_span id = { uid, sizeof(uid) };

	(void)state;
	begin();
	assert_true(load("alpha/certificate.xml"));
	tmikey_kms_load(&kms, KMS "/alpha/material.json");
	start(uid);
	memcpy(other, uid, sizeof(other));
	other[0] ^= 1;
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(
	    &t, MIKEY_IDRUIDI, 2, (struct gw_span){ other, sizeof(other) });
	finish(id, true);
	assert_int_equal(verify(kms_certs_find(certs, KMS_A), NULL), GW_EAUTH);
	assert_non_null(strstr(why, "not the UID"));
	end();
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_kms_file_gets_its_verdict),
		cmocka_unit_test(each_refusal_has_its_code),
		cmocka_unit_test(a_pin_must_match_the_octets_of_the_file),
		cmocka_unit_test(what_cannot_be_read_is_reported),
		cmocka_unit_test(
		    certificates_are_found_without_case_and_kept_in_order),
		cmocka_unit_test(another_certificate_of_a_known_kms_is_refused),
		cmocka_unit_test(a_certificate_that_soon_lapses_is_warned_of),
		cmocka_unit_test(
		    each_valid_message_verifies_with_its_domain_alone),
		cmocka_unit_test(no_bad_message_verifies),
		cmocka_unit_test(each_oddity_verifies_only_where_declared),
		cmocka_unit_test(what_cannot_be_checked_is_unsupported),
		cmocka_unit_test(a_uid_that_is_not_of_the_uri_is_refused),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
