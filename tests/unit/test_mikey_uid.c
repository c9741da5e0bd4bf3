/*
 * test_mikey_uid.c: the user identifier against published and agreed vectors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/mikey/mikey_uid.h"
#include "support/tjson.h"

#define VECTORS GW_TESTS_DIR "/corpus/vectors/mikey-sakke-uid.json"

static const struct gw_span user = GW_LIT("sip:user@example.org");
static const struct gw_span kms = GW_LIT("kms.example.org");

static void
each_vector_gives_its_uid(void **state)
{
	struct tjson *j = tjson_load(VECTORS);
	uint8_t want[MIKEY_UID_LEN], got[MIKEY_UID_LEN];
	size_t n = 0;

	(void)state;
	for (const struct tjson *v = j->child; v != NULL; v = v->next, n++) {
		struct gw_span uri = gw_span_of(tjson_str(v, "uri"));
		struct gw_span kms_uri = gw_span_of(tjson_str(v, "kms_uri"));
		uint64_t period = (uint64_t)tjson_int(v, "period", 0);
		uint64_t offset = (uint64_t)tjson_int(v, "offset", 0);
		uint64_t number = (uint64_t)tjson_int(v, "number", 0);
		assert_int_equal(tjson_hex(v, "uid", want, sizeof(want)), 32);
		assert_int_equal(mikey_uid_of_period(
				     uri, kms_uri, period, offset, number, got),
		    GW_OK);
		assert_memory_equal(got, want, MIKEY_UID_LEN);
		if (offset >= period)
			continue;
		uint64_t first = number * period + offset;
		assert_int_equal(
		    mikey_uid(uri, kms_uri, period, offset, first, got), GW_OK);
		assert_memory_equal(got, want, MIKEY_UID_LEN);
		assert_int_equal(mikey_uid(uri, kms_uri, period, offset,
				     first + period - 1, got),
		    GW_OK);
		assert_memory_equal(got, want, MIKEY_UID_LEN);
		assert_int_equal(mikey_uid(uri, kms_uri, period, offset,
				     first + period, got),
		    GW_OK);
		assert_memory_not_equal(got, want, MIKEY_UID_LEN);
	}
	assert_true(n >= 7);
	tjson_free(j);
}

/* TS 33.180 F.2.1.2. */
static void
the_vector_of_ts_33_180_holds(void **state)
{
	static const uint8_t want[MIKEY_UID_LEN] = { 0x3a, 0x81, 0xfb, 0x14,
		0xc3, 0xb1, 0xd0, 0xfe, 0x43, 0xc9, 0xc5, 0x77, 0x10, 0x4d,
		0x55, 0xa6, 0xd8, 0x17, 0x88, 0xbf, 0xd2, 0xf0, 0x97, 0x43,
		0xc4, 0x55, 0x77, 0x46, 0xa5, 0xa0, 0x35, 0x3b };
	uint8_t got[MIKEY_UID_LEN];

	(void)state;
	assert_int_equal(
	    mikey_uid(user, kms, 2592000, 0, 3599719634, got), GW_OK);
	assert_memory_equal(got, want, MIKEY_UID_LEN);
}

static void
impossible_periods_and_times_are_refused(void **state)
{
	static const struct {
		uint64_t period, offset, ntp;
	} cases[] = { { 0, 0, 100 }, { 10, 10, 100 }, { 10, 11, 100 },
		{ 10, 5, 4 }, { 0, UINT64_MAX, UINT64_MAX } };
	static const uint8_t untouched[MIKEY_UID_LEN];
	uint8_t got[MIKEY_UID_LEN] = { 0 };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_int_equal(mikey_uid(user, kms, cases[i].period,
				     cases[i].offset, cases[i].ntp, got),
		    GW_EMALFORMED);
	assert_memory_equal(got, untouched, sizeof(got));
	assert_int_equal(mikey_uid(user, kms, 10, 5, 5, got), GW_OK);
	assert_int_equal(
	    mikey_uid(user, kms, UINT64_MAX, 0, UINT64_MAX, got), GW_OK);
	assert_int_equal(mikey_uid((struct gw_span){ user.p, UINT16_MAX + 1 },
			     kms, 10, 0, 10, got),
	    GW_EMALFORMED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_vector_gives_its_uid),
		cmocka_unit_test(the_vector_of_ts_33_180_holds),
		cmocka_unit_test(impossible_periods_and_times_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
