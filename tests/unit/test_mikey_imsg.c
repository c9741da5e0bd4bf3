/*
 * test_mikey_imsg.c: messages built for the purpose: what is refused, where
 * and why, and who a message names under a domain's declaration.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/mikey/mikey_compat.h"
#include "support/tmikey.h"

#define HEX(s)                                                                 \
	{                                                                      \
		(const uint8_t *)(s), sizeof(s) - 1                            \
	}
#define ALICE GW_SPAN("sip:alice@mcptt.alpha.example")
#define BOB   GW_SPAN("sip:bob@mcptt.bravo.example")
#define KMS_A GW_SPAN("kms.alpha.example")
#define KMS_B GW_SPAN("kms.bravo.example")
#define UID_A GW_SPAN("\x01-23456789abcdef0123456789abcdef")
#define UID_B GW_SPAN("\x02-23456789abcdef0123456789abcdef")
#define NTP   4000000000

static struct tmikey t;
static struct mikey_imsg m;
static struct gw_fault fault;
static struct mikey_names names;
static const char *why;

static enum gw_err
parse(void)
{
	fault = (struct gw_fault){ SIZE_MAX, NULL };
	return mikey_imsg_parse(tmikey_span(&t), &m, &fault);
}

static void
start(void)
{
	tmikey_start(&t, 0x12345678);
	tmikey_time(&t, NTP);
	tmikey_rand(&t, 16);
}

static void
sign(void)
{
	static const uint8_t body[130] = { 129, 0 };

	tmikey_sakke(&t);
	tmikey_add(&t, 4, (struct gw_span){ body, sizeof(body) });
	/* SIGN has no octet for a next payload: its head starts there. */
	t.octets[t.next_at] = 0x20;
}

static void
a_message_is_read_by_type_and_role_in_any_order(void **state)
{
	(void)state;
	tmikey_start(&t, 0x2abcdef0);
	tmikey_idr(&t, MIKEY_IDRKMSR, 1, KMS_B);
	tmikey_sakke(&t);
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_rand(&t, 32);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, KMS_A);
	tmikey_time(&t, NTP);
	static const uint8_t body[130] = { 129, 0 };
	tmikey_add(&t, 4, (struct gw_span){ body, sizeof(body) });
	t.octets[t.next_at] = 0x20;

	assert_int_equal(parse(), GW_OK);
	assert_int_equal(m.purpose, MIKEY_CSK);
	assert_int_equal(m.csb_id, 0x2abcdef0);
	assert_int_equal(m.ntp >> 32, NTP);
	assert_int_equal(m.rand.len, 32);
	assert_int_equal(m.n_payloads, 8);
	assert_true(gw_span_eq(m.idr[MIKEY_IDRI].data, ALICE));
	assert_true(gw_span_eq(m.idr[MIKEY_IDRKMSI].data, KMS_A));
	assert_true(gw_span_eq(m.idr[MIKEY_IDRKMSR].data, KMS_B));
	assert_null(m.idr[MIKEY_IDRR].data.p);
	assert_int_equal(m.sign_at, t.len - 131);
	assert_int_equal(m.sign.len, MIKEY_SIGN_LEN);
	assert_string_equal(mikey_payload_name(m.payloads[0].type), "HDR");
	assert_string_equal(mikey_payload_name(m.payloads[7].type), "SIGN");
}

/* One payload between RAND (which ends at 38) and SAKKE. */
static void
a_bad_payload_is_refused_with_its_place_and_reason(void **state)
{
	static const struct {
		uint8_t type;
		struct gw_span body;
		size_t at;
		const char *why;
	} cases[] = {
		{ 14, HEX("\x01\x01\x00\x00"), 38, "empty identity" },
		{ 14, HEX("\x00\x01\x00\x01x"), 38, "unknown role" },
		{ 14, HEX("\x0a\x01\x00\x01x"), 38, "unknown role" },
		{ 14, HEX("\x01\x01\xff\xff"), 38, "longer than the message" },
		{ 5, HEX("\x00 12345678"), 38, "only once" },
		{ 11, HEX("\x10 0123456789abcdef"), 38, "only once" },
		{ 10, HEX("\x00\x00\x00\x01\x06"), 38, "cut short" },
		{ 10, HEX("\x00\x00\x00\x03\x06\x02\x01"), 38, "cut short" },
		{ 21, HEX("\x06\x00\x04 123"), 38, "SAKKE-to-self" },
		{ 21, HEX("\x06\x00\x06 12\x00\x02x"), 38, "SAKKE-to-self" },
		{ 1, HEX("\x00"), 38, "no place" },
		{ 6, HEX("\x01\x00\x01x"), 38, "no place" },
		{ 18, HEX("\x00"), 38, "unknown payload" },
		{ 27, HEX("\x00"), 38, "unknown payload" },
		{ 254, HEX("\x00"), 38, "unknown payload" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		start();
		tmikey_add(&t, cases[i].type, cases[i].body);
		sign();
		assert_int_equal(parse(), GW_EMALFORMED);
		if (fault.at != cases[i].at ||
		    strstr(fault.why, cases[i].why) == NULL)
			fail_msg(
			    "case %zu: at %zu: %s", i, fault.at, fault.why);
	}
}

static void
a_harmless_payload_is_passed_over(void **state)
{
	static const struct {
		uint8_t type;
		struct gw_span body;
	} cases[] = {
		{ 7, HEX("\x00\x00\x03xyz") },
		{ 10, HEX("\x00\x00\x00\x00") },
		{ 10, HEX("\x00\x00\x00\x05\x06\x01\x06\x07\x00") },
		{ 21, HEX("\x00\x00\x00") },
		{ 21, HEX("\x07\x00\x02hi") },
		{ 21, HEX("\x06\x00\x06\x00\x01\x02\x00\x01x") },
		{ 14, HEX("\x04\x00\x00\x01x") },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		start();
		tmikey_add(&t, cases[i].type, cases[i].body);
		sign();
		if (parse() != GW_OK)
			fail_msg(
			    "case %zu: at %zu: %s", i, fault.at, fault.why);
	}
}

static void
a_bad_common_header_is_refused(void **state)
{
	static const struct {
		size_t at;
		uint8_t octet;
		const char *why;
	} cases[] = {
		{ 0, 2, "version" },
		{ 1, 25, "data type" },
		{ 2, 0, "behind the last payload" },
		{ 8, 1, "map is empty" },
		{ 9, 3, "unknown CS ID map" },
		{ 9, 255, "unknown CS ID map" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		start();
		sign();
		t.octets[cases[i].at] = cases[i].octet;
		assert_int_equal(parse(), GW_EMALFORMED);
		if (strstr(fault.why, cases[i].why) == NULL)
			fail_msg("case %zu: %s", i, fault.why);
	}
}

/* No map may reach past the end, whatever it claims. */
static void
a_map_that_runs_off_the_end_is_refused(void **state)
{
	(void)state;
	for (unsigned map = 0; map <= 2; map += 2)
		for (unsigned fill = 0; fill < 256; fill++)
			for (size_t len = 10; len < 64; len++) {
				uint8_t octets[64];
				memset(octets, (int)fill, sizeof(octets));
				memcpy(octets, "\x01\x1a\x05\x01", 4);
				octets[8] = 200;
				octets[9] = (uint8_t)map;
				assert_int_equal(
				    mikey_imsg_parse(
					(struct gw_span){ octets, len }, &m,
					&fault),
				    GW_EMALFORMED);
			}
}

static void
limits_are_refused_as_limits(void **state)
{
	static uint8_t big[MIKEY_IMSG_MAX + 1] = { 1, 26 };

	(void)state;
	assert_int_equal(
	    mikey_imsg_parse((struct gw_span){ big, sizeof(big) }, &m, &fault),
	    GW_ELIMIT);
	start();
	for (int i = 0; i < MIKEY_PAYLOADS_MAX; i++)
		tmikey_add(&t, 21, GW_SPAN("\x07\x00\x00"));
	assert_int_equal(parse(), GW_ELIMIT);
	assert_non_null(strstr(fault.why, "32 payloads"));
	assert_int_equal(fault.at, 38 + 29 * 4);
}

static void
on_failure_the_result_is_untouched(void **state)
{
	(void)state;
	start();
	sign();
	assert_int_equal(parse(), GW_OK);
	const uint8_t *before = m.sign.p;
	t.octets[0] = 9;
	assert_int_equal(parse(), GW_EMALFORMED);
	assert_ptr_equal(m.sign.p, before);
	assert_int_equal(m.n_payloads, 5);
}

static void
name(const struct mikey_compat *compat, enum gw_err want)
{
	assert_int_equal(parse(), GW_OK);
	why = NULL;
	assert_int_equal(mikey_compat_names(&m, compat, &names, &why), want);
	if (want != GW_OK)
		assert_non_null(why);
}

static void
idrkms_twice_counts_only_where_declared(void **state)
{
	const struct mikey_compat compat = { .kms_in_role_3 = true };

	(void)state;
	start();
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_A);
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_B);
	sign();
	name(NULL, GW_EMALFORMED);
	assert_true(gw_span_eq(mikey_compat_kms_hint(&m), KMS_A));
	name(&compat, GW_OK);
	assert_true(gw_span_eq(names.initiator_kms, KMS_A));
	assert_true(gw_span_eq(names.receiver_kms, KMS_B));

	start();
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_A);
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_B);
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, KMS_B);
	sign();
	name(&compat, GW_EMALFORMED);

	start();
	tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_A);
	sign();
	name(&compat, GW_OK);
	assert_null(names.initiator_kms.p);
	assert_null(mikey_compat_kms_hint(&m).p);

	start();
	for (int i = 0; i < 3; i++)
		tmikey_idr(&t, MIKEY_IDRKMS, 1, KMS_A);
	sign();
	assert_int_equal(parse(), GW_EMALFORMED);
}

static void
no_other_role_may_stand_twice(void **state)
{
	(void)state;
	for (uint8_t role = 1; role < MIKEY_ROLE_N; role++) {
		if (role == MIKEY_IDRKMS)
			continue;
		start();
		tmikey_idr(&t, role, 1, ALICE);
		tmikey_idr(&t, role, 1, ALICE);
		sign();
		assert_int_equal(parse(), GW_EMALFORMED);
		assert_int_equal(fault.at, 38 + 5 + ALICE.len);
	}
}

static void
a_trailing_nul_goes_only_where_declared(void **state)
{
	const struct mikey_compat compat = { .kms_uri_trailing_nul = true };

	(void)state;
	start();
	tmikey_idr(&t, MIKEY_IDRKMSI, 1, GW_SPAN("kms.alpha.example\0"));
	tmikey_idr(&t, MIKEY_IDRKMSR, 1, KMS_B);
	sign();
	name(NULL, GW_OK);
	assert_int_equal(names.initiator_kms.len, KMS_A.len + 1);
	assert_true(gw_span_eq(mikey_compat_kms_hint(&m), KMS_A));
	name(&compat, GW_OK);
	assert_true(gw_span_eq(names.initiator_kms, KMS_A));
	assert_true(gw_span_eq(names.receiver_kms, KMS_B));
}

static void
uids_in_roles_1_and_2_count_only_where_declared(void **state)
{
	const struct mikey_compat compat = { .uid_in_role_1_2 = true };

	(void)state;
	assert_int_equal(UID_A.len, MIKEY_UID_LEN);
	start();
	tmikey_idr(&t, MIKEY_IDRI, 1, UID_A);
	tmikey_idr(&t, MIKEY_IDRR, 2, UID_B);
	sign();
	name(NULL, GW_OK);
	assert_null(names.initiator_uid.p);
	assert_true(gw_span_eq(names.initiator, UID_A));
	name(&compat, GW_OK);
	assert_null(names.initiator.p);
	assert_null(names.receiver.p);
	assert_true(gw_span_eq(names.initiator_uid, UID_A));
	assert_true(gw_span_eq(names.receiver_uid, UID_B));

	start();
	tmikey_idr(&t, MIKEY_IDRI, 1, UID_A);
	tmikey_idr(&t, MIKEY_IDRUIDI, 1, UID_B);
	sign();
	name(&compat, GW_EMALFORMED);

	start();
	tmikey_idr(&t, MIKEY_IDRI, 1, ALICE);
	tmikey_idr(&t, MIKEY_IDRR, 1, BOB);
	sign();
	name(&compat, GW_OK);
	assert_true(gw_span_eq(names.initiator, ALICE));
	assert_null(names.initiator_uid.p);
}

static void
a_kms_is_named_by_a_uri(void **state)
{
	static const uint8_t roles[] = { MIKEY_IDRKMSI, MIKEY_IDRKMSR };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(roles); i++) {
		start();
		tmikey_idr(&t, roles[i], 0, KMS_A);
		sign();
		name(NULL, GW_EMALFORMED);
	}
}

static void
a_hidden_identity_is_a_uid(void **state)
{
	(void)state;
	start();
	tmikey_idr(&t, MIKEY_IDRUIDI, 1, UID_A);
	sign();
	name(NULL, GW_OK);
	assert_true(gw_span_eq(names.initiator_uid, UID_A));
	start();
	tmikey_idr(&t, MIKEY_IDRUIDR, 1, BOB);
	sign();
	name(NULL, GW_EMALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    a_message_is_read_by_type_and_role_in_any_order),
		cmocka_unit_test(
		    a_bad_payload_is_refused_with_its_place_and_reason),
		cmocka_unit_test(a_harmless_payload_is_passed_over),
		cmocka_unit_test(a_bad_common_header_is_refused),
		cmocka_unit_test(a_map_that_runs_off_the_end_is_refused),
		cmocka_unit_test(limits_are_refused_as_limits),
		cmocka_unit_test(on_failure_the_result_is_untouched),
		cmocka_unit_test(idrkms_twice_counts_only_where_declared),
		cmocka_unit_test(no_other_role_may_stand_twice),
		cmocka_unit_test(a_trailing_nul_goes_only_where_declared),
		cmocka_unit_test(
		    uids_in_roles_1_and_2_count_only_where_declared),
		cmocka_unit_test(a_kms_is_named_by_a_uri),
		cmocka_unit_test(a_hidden_identity_is_a_uid),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
