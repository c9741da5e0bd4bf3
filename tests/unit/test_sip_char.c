/*
 * test_sip_char.c: what looks at many octets at once, against what looks at
 * one after the other.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "codec/sip/sip_char.h"

#define LONG (3 * SIP_CHAR_STEP + 3)

static size_t
find_ctl(struct gw_span s, size_t pos)
{
	while (pos < s.len && !sip_char_is(s.p[pos], SIP_CHAR_CTL))
		pos++;
	return pos;
}

/* Everything, of s from each of its octets on. */
static void
compare(struct gw_span s)
{
	static const unsigned classes[] = { SIP_CHAR_URI, SIP_CHAR_PVALUE,
		SIP_CHAR_USER | SIP_CHAR_HOST };

	for (size_t pos = 0; pos <= s.len; pos++) {
		for (size_t i = 0; i < GW_COUNT(classes); i++)
			assert_int_equal(sip_char_run(s, pos, classes[i]),
			    sip_char_skip(s, pos, classes[i]));
		assert_int_equal(
		    sip_char_blanks(s, pos), sip_char_skip(s, pos, 1));
		assert_int_equal(sip_char_find_ctl(s, pos), find_ctl(s, pos));
	}
}

static void
each_octet_is_told_apart_in_each_place(void **state)
{
	uint8_t text[LONG];

	(void)state;
	memset(text, 'a', sizeof(text));
	for (unsigned c = 0; c <= UINT8_MAX; c++) {
		for (size_t i = 0; i < LONG; i++) {
			text[i] = (uint8_t)c;
			compare((struct gw_span){ text, LONG });
			text[i] = 'a';
		}
	}
}

static void
two_odd_octets_are_found_in_any_length(void **state)
{
	static const uint8_t odd[] = "\t:/ \x7f@_\x80;`";
	uint8_t text[LONG];

	(void)state;
	memset(text, 'Z', sizeof(text));
	for (size_t len = 0; len <= LONG; len++) {
		for (size_t i = 0; i + 1 < len; i++) {
			for (size_t k = 0; k + 2 < sizeof(odd); k++) {
				memcpy(text + i, odd + k, 2);
				compare((struct gw_span){ text, len });
			}
			memset(text + i, 'Z', 2);
		}
	}
}

static void
octets_that_differ_anywhere_are_not_the_same(void **state)
{
	uint8_t a[LONG], b[LONG];

	(void)state;
	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	for (size_t len = 0; len <= LONG; len++) {
		assert_true(sip_char_same(a, b, len));
		for (size_t i = 0; i < LONG; i++) {
			b[i] = 'y';
			assert_int_equal(sip_char_same(a, b, len), i >= len);
			b[i] = 'x';
		}
	}
}

static void
a_port_has_digits_only_and_is_none_of_0_and_65536(void **state)
{
	static const struct {
		const char *text;
		size_t end;
		uint16_t port;
	} rows[] = {
		{ "", 0, 0 },
		{ ";", 0, 0 },
		{ "0", 1, 0 },
		{ "5060", 4, 5060 },
		{ "65535;", 5, 65535 },
		{ "00000000000000000000005060 ", 26, 5060 },
		{ "65536", 5, 0 },
		{ "655350", 6, 0 },
		{ "429496729600001", 15, 0 },
		{ "18446744073709551617", 20, 0 },
		{ "1/", 1, 1 },
		{ "1:", 1, 1 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		size_t pos = 0;
		assert_int_equal(sip_char_port(gw_span_of(rows[i].text), &pos),
		    rows[i].port);
		assert_int_equal(pos, rows[i].end);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_octet_is_told_apart_in_each_place),
		cmocka_unit_test(two_odd_octets_are_found_in_any_length),
		cmocka_unit_test(octets_that_differ_anywhere_are_not_the_same),
		cmocka_unit_test(
		    a_port_has_digits_only_and_is_none_of_0_and_65536),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
