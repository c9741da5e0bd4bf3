/*
 * test_clock.c: xs:dateTime in, RFC 3339 out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include <time.h>

#include "mcxgw/clock.h"

#define S INT64_C(1000000)

static void
dates_with_a_zone_are_read(void **state)
{
	static const struct {
		const char *text;
		int64_t wall_us;
	} cases[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "1969-12-31T23:59:59.999999Z", -1 },
		{ "2026-01-01T00:00:00Z", 1767225600 * S },
		{ "2026-01-01T01:30:00+01:30", 1767225600 * S },
		{ "2025-12-31T10:00:00-14:00", 1767225600 * S },
		{ "2024-02-29T12:00:00Z", 1709208000 * S },
		{ "2000-02-29T00:00:00+00:00", 951782400 * S },
		{ "2026-01-01T00:00:00.5Z", 1767225600 * S + 500000 },
		{ "2026-01-01T00:00:00.1234567899Z", 1767225600 * S + 123456 },
		{ "2025-12-31T24:00:00Z", 1767225600 * S },
		{ " 2026-01-01T00:00:00Z\n", 1767225600 * S },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		int64_t us = 42;
		assert_int_equal(
		    gw_time_parse(gw_span_of(cases[i].text), &us), GW_OK);
		assert_true(us == cases[i].wall_us);
	}
}

static void
anything_else_is_refused(void **state)
{
	static const char *const bad[] = { "", "2026-01-01T00:00:00",
		"2026-01-01", "2026-01-01T00:00Z", "2026-01-01 00:00:00Z",
		"2026-01-01t00:00:00Z", "2026-01-01T00:00:00z",
		"2026-13-01T00:00:00Z", "2026-00-01T00:00:00Z",
		"2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z",
		"2026-04-31T00:00:00Z", "2026-01-00T00:00:00Z",
		"2026-01-01T25:00:00Z", "2026-01-01T24:00:01Z",
		"2026-01-01T23:60:00Z", "2026-01-01T23:59:60Z",
		"2026-01-01T00:00:00.Z", "2026-01-01T00:00:00,5Z",
		"2026-01-01T00:00:00+14:01", "2026-01-01T00:00:00+01",
		"2026-01-01T00:00:00+0100", "2026-01-01T00:00:00+00:60",
		"2026-01-01T00:00:00ZZ", "2026-01-01T00:00:00Z x",
		"0000-01-01T00:00:00Z", "-2026-01-01T00:00:00Z",
		"12026-01-01T00:00:00Z", "+026-01-01T00:00:00Z",
		"2026-1-01T00:00:00Z", "2026- 1-01T00:00:00Z" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(bad); i++) {
		int64_t us = 42;
		assert_int_equal(
		    gw_time_parse(gw_span_of(bad[i]), &us), GW_EMALFORMED);
		assert_true(us == 42);
	}
}

static void
text_agrees_with_the_c_library_on_every_day(void **state)
{
	char text[GW_TIME_TEXT_LEN], want[40];
	int64_t back;

	(void)state;
	for (int64_t day = -100000; day < 200000; day++) {
		int64_t us = day * 86400 * S + 45296 * S + 500000 + day;
		time_t s = (time_t)(day * 86400 + 45296);
		struct tm tm;
		assert_non_null(gmtime_r(&s, &tm));
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S", &tm);
		gw_time_text(us, text);
		assert_memory_equal(text, want, 19);
		assert_int_equal(gw_time_parse(gw_span_of(text), &back), GW_OK);
		assert_true(back <= us && us - back < 1000);
	}
}

static void
time_beyond_the_calendar_is_clamped(void **state)
{
	char text[GW_TIME_TEXT_LEN];

	(void)state;
	gw_time_text(1772619307113999, text);
	assert_string_equal(text, "2026-03-04T10:15:07.113Z");
	gw_time_text(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59.999Z");
	gw_time_text(INT64_MIN, text);
	assert_string_equal(text, "0001-01-01T00:00:00.000Z");
}

static void
the_clock_that_drives_timers_does_not_go_back(void **state)
{
	struct gw_now last = gw_now_read();

	(void)state;
	assert_true(last.wall_us > 1700000000 * S);
	for (int i = 0; i < 1000; i++) {
		struct gw_now now = gw_now_read();
		assert_true(now.mono_us >= last.mono_us);
		last = now;
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dates_with_a_zone_are_read),
		cmocka_unit_test(anything_else_is_refused),
		cmocka_unit_test(text_agrees_with_the_c_library_on_every_day),
		cmocka_unit_test(time_beyond_the_calendar_is_clamped),
		cmocka_unit_test(the_clock_that_drives_timers_does_not_go_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
