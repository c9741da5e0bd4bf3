/*
 * test_buf.c: a growing run of octets whose errors stick.
 */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/buf.h"

static void
assert_holds(const struct gw_buf *b, struct gw_span want)
{
	assert_true(gw_buf_ok(b));
	assert_true(gw_span_eq(gw_buf_span(b), want));
}

static void
what_is_written_stands_there(void **state)
{
	struct gw_buf b;

	(void)state;
	gw_buf_init(&b, 1000);
	assert_holds(&b, GW_SPAN(""));
	gw_buf_text(&b, "x=");
	gw_buf_num(&b, 0);
	gw_buf_text(&b, ",");
	gw_buf_num(&b, UINT64_MAX);
	gw_buf_add(&b, GW_SPAN("\0|"));
	gw_buf_hex(&b, GW_SPAN("\x00\xab\xff"));
	gw_buf_fmt(&b, "|%s %05d|", "y", 42);
	gw_buf_add(&b, (struct gw_span){ NULL, 0 });
	gw_buf_text(&b, NULL);
	assert_holds(&b, GW_SPAN("x=0,18446744073709551615\0|00abff|y 00042|"));
	gw_buf_drop(&b, 2);
	assert_int_equal(b.p[0], '0');
	gw_buf_drop(&b, 1000);
	assert_holds(&b, GW_SPAN(""));
	gw_buf_clear(&b);
	gw_buf_add(&b, GW_SPAN("again"));
	assert_holds(&b, GW_SPAN("again"));
	gw_buf_clear(&b);
}

static void
the_cap_holds_to_the_octet(void **state)
{
	static const size_t caps[] = { 0, 1, 255, 256, 257, 10000 };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(caps); i++) {
		struct gw_buf b;
		gw_buf_init(&b, caps[i]);
		for (size_t n = 0; n < caps[i]; n++) {
			gw_buf_fmt(&b, "%c", (int)('a' + n % 26));
			assert_true(gw_buf_ok(&b));
		}
		assert_int_equal(b.len, caps[i]);
		assert_true(b.size <= caps[i]);
		gw_buf_text(&b, "x");
		assert_false(gw_buf_ok(&b));
		assert_int_equal(b.len, caps[i]);
		for (size_t n = 0; n < caps[i]; n++)
			assert_int_equal(b.p[n], 'a' + n % 26);
		gw_buf_clear(&b);
	}
}

static void
a_failure_sticks_until_the_buffer_is_reset(void **state)
{
	struct gw_buf b;

	(void)state;
	gw_buf_init(&b, 8);
	gw_buf_text(&b, "12345678");
	gw_buf_text(&b, "9");
	assert_false(gw_buf_ok(&b));
	gw_buf_drop(&b, 8);
	gw_buf_text(&b, "a"); /* would fit now, but what came before is lost */
	gw_buf_num(&b, 1);
	gw_buf_hex(&b, GW_SPAN("a"));
	gw_buf_fmt(&b, "%d", 1);
	assert_false(gw_buf_ok(&b));
	assert_int_equal(b.len, 0);
	assert_null(gw_buf_room(&b, 1));
	gw_buf_reset(&b);
	gw_buf_text(&b, "ok");
	assert_holds(&b, GW_SPAN("ok"));
	gw_buf_clear(&b);
}

static void
room_is_there_and_taking_more_is_caught(void **state)
{
	struct gw_buf b;
	uint8_t *to;

	(void)state;
	gw_buf_init(&b, 600);
	to = gw_buf_room(&b, 500);
	assert_non_null(to);
	memset(to, 'x', 500);
	gw_buf_took(&b, 300);
	assert_int_equal(b.len, 300);
	assert_null(gw_buf_room(&b, 301));
	gw_buf_reset(&b);
	assert_non_null(gw_buf_room(&b, 1));
	gw_buf_took(&b, b.size + 1);
	assert_false(gw_buf_ok(&b));
	gw_buf_reset(&b);
	gw_buf_hex(
	    &b, (struct gw_span){ (const uint8_t *)"x", SIZE_MAX / 2 + 1 });
	assert_false(gw_buf_ok(&b));
	gw_buf_clear(&b);
}

static void
long_formats_are_whole(void **state)
{
	struct gw_buf b;
	char text[2000];

	(void)state;
	memset(text, 'y', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (size_t len = 250; len < 260; len++) {
		gw_buf_init(&b, 5000);
		gw_buf_fmt(&b, "%.*s", (int)len, text);
		assert_true(gw_buf_ok(&b));
		assert_int_equal(b.len, len);
		gw_buf_fmt(&b, "%s", text);
		assert_int_equal(b.len, len + sizeof(text) - 1);
		gw_buf_clear(&b);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_stands_there),
		cmocka_unit_test(the_cap_holds_to_the_octet),
		cmocka_unit_test(a_failure_sticks_until_the_buffer_is_reset),
		cmocka_unit_test(room_is_there_and_taking_more_is_caught),
		cmocka_unit_test(long_formats_are_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
