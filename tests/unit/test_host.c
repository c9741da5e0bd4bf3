/*
 * What may stand for a host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mcxgw/hex.h"
#include "mcxgw/host.h"

static void
names(void **state)
{
	static const char *const good[] = { "a", "mcptt.alpha.example",
		"MCPTT.Alpha.Example", "a-b.c_d", "127.0.0.1", "-" };
	static const char *const bad[] = { "", ".", ".a", "a.", "a..b", "a b",
		"a:1", "[::1]", "a@b", "a/b", "\xc3\xa4.example", "a%2e" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(good); i++)
		assert_true(gw_host_is_name(gw_span_of(good[i])));
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_false(gw_host_is_name(gw_span_of(bad[i])));
}

static void
names_have_a_longest(void **state)
{
	static uint8_t text[GW_HOST_MAX + 1];

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_true(gw_host_is_name((struct gw_span){ text, GW_HOST_MAX }));
	assert_false(gw_host_is_name((struct gw_span){ text, sizeof(text) }));
}

static void
references(void **state)
{
	static const char *const good[] = { "[::]", "[::1]", "[FE80::a:1]",
		"[::ffff:127.0.0.1]" };
	static const char *const bad[] = { "", "[]", "[a]", "::1", "[::1",
		"::1]", "[::g]", "[fe80::1%25eth0]", "[::1]x" };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(good); i++)
		assert_true(gw_host_is_reference(gw_span_of(good[i])));
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_false(gw_host_is_reference(gw_span_of(bad[i])));
}

static void
digits(void **state)
{
	int sum = 0, n = 0;

	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		int v = gw_hex_value((uint8_t)c);
		n += v >= 0;
		sum += v >= 0 ? v : 0;
	}
	assert_int_equal(n, 10 + 6 + 6);
	assert_int_equal(sum, 45 + 2 * (10 + 11 + 12 + 13 + 14 + 15));
	assert_int_equal(gw_hex_value('f'), 15);
	assert_int_equal(gw_hex_value('F'), 15);
	assert_int_equal(gw_hex_value('9'), 9);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(names_have_a_longest),
		cmocka_unit_test(references),
		cmocka_unit_test(digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
