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
a_name_ends_where_something_else_begins(void **state)
{
	static const struct {
		const char *text;
		size_t run;
	} rows[] = { { "", 0 }, { "a", 1 }, { "a.b", 3 }, { "a.b:1", 3 },
		{ "a.b;c", 3 }, { "a.:1", 0 }, { "a..b", 0 }, { ":a", 0 },
		{ ".a", 0 }, { "a.b/c", 3 } };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++)
		assert_int_equal(
		    gw_host_name_run(gw_span_of(rows[i].text)), rows[i].run);
	for (unsigned c = 0; c < 256; c++) {
		uint8_t text[] = { 'a', (uint8_t)c, 'a' };
		bool of_label = (c >= 'a' && c <= 'z') ||
				(c >= 'A' && c <= 'Z') ||
				(c >= '0' && c <= '9') || c == '-' || c == '_';
		assert_int_equal(
		    gw_host_is_name((struct gw_span){ text, sizeof(text) }),
		    of_label || c == '.');
	}
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
		cmocka_unit_test(a_name_ends_where_something_else_begins),
		cmocka_unit_test(names_have_a_longest),
		cmocka_unit_test(references),
		cmocka_unit_test(digits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
