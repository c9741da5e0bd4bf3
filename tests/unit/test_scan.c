/*
 * test_scan.c: both ways to look for an octet of a kind find the same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/scan.h"

#define LEN_MAX 40

/* An octet that is of none of the kinds. */
#define NONE 'k'

/* The same every time. */
static unsigned
dice(unsigned sides)
{
	static uint32_t s = 12345;

	s = s * 1664525u + 1013904223u;
	return (s >> 8) % sides;
}

static size_t
by_what_the_machine_has(enum gw_scan_for what, struct gw_span s, size_t at)
{
	size_t found = gw_scan(what, s, at);

#ifdef __SSE2__
	assert_int_equal(gw_scan_wide(what, s, at), found);
#endif
	return found;
}

/* On the heap, without an octet to spare: ASan sees who reads beyond. */
static void
look_for_each_octet(size_t len, size_t place)
{
	uint8_t *p = malloc(len);
	struct gw_span s = { p, len };

	assert_non_null(p);
	memset(p, NONE, len);
	for (unsigned c = 0; c < 256; c++) {
		p[place] = (uint8_t)c;
		for (enum gw_scan_for k = 0; k < GW_SCAN_N; k++)
			for (size_t at = place % 8; at <= len; at += 8)
				assert_int_equal(
				    by_what_the_machine_has(k, s, at),
				    gw_scan_plain(k, s, at));
	}
	free(p);
}

static void
every_octet_is_judged_alike_at_every_place(void **state)
{
	(void)state;
	for (size_t len = 1; len <= LEN_MAX; len++)
		for (size_t place = 0; place < len; place++)
			look_for_each_octet(len, place);
}

static void
the_first_of_several_is_found(void **state)
{
	static const uint8_t octets[] = { 0, '\n', '\r', ' ', '"', '&', '\'',
		'-', '.', '/', '0', '9', ':', '<', '@', 'A', 'Z', '[', ']', '`',
		'a', 'z', '{', 0x7f, 0x80, 0xff };
	uint8_t text[LEN_MAX];
	struct gw_span s = { text, sizeof(text) };

	(void)state;
	for (unsigned round = 0; round < 500; round++) {
		for (size_t i = 0; i < sizeof(text); i++) {
			size_t pick = dice(4 * sizeof(octets));
			text[i] = pick < sizeof(octets) ? octets[pick] : NONE;
		}
		for (enum gw_scan_for k = 0; k < GW_SCAN_N; k++)
			for (size_t at = 0; at <= s.len; at++)
				assert_int_equal(
				    by_what_the_machine_has(k, s, at),
				    gw_scan_plain(k, s, at));
	}
}

static void
the_kinds_are_those_that_are_told(void **state)
{
	static const struct {
		enum gw_scan_for what;
		const char *in, *out; /* of the kind, and not */
	} rows[] = {
		{ GW_SCAN_LINE_END, "\r\n", "\t\v\f az\x8d" },
		{ GW_SCAN_CONTROL, "\x01\t\r\n\x1f", " a\x7f\x80\x9f" },
		{ GW_SCAN_WORD_END, ",/:@[`{_+ \xc1\xe1\xb0\x80", "-.09AZaz" },
		{ GW_SCAN_MARKUP, "<&]", ">[\"';" },
		{ GW_SCAN_VALUE_END, "\"'<&", ">] ;" },
		{ GW_SCAN_BLANK, " \t\r\n\x01&", "!a\x80\xa0\xff" },
		{ GW_SCAN_UNUSUAL, "\x01\t\x1f\x80\xff", " \r\n~\x7f" },
	};

	(void)state;
	assert_int_equal(GW_COUNT(rows), GW_SCAN_N);
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_span in = gw_span_of(rows[i].in);
		for (size_t k = 0; k < in.len; k++)
			assert_true(gw_scan_is(rows[i].what, in.p[k]));
		struct gw_span out = gw_span_of(rows[i].out);
		assert_int_equal(gw_scan(rows[i].what, out, 0), out.len);
	}
	assert_int_equal(gw_scan(GW_SCAN_BLANK, GW_SPAN(""), 0), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_octet_is_judged_alike_at_every_place),
		cmocka_unit_test(the_first_of_several_is_found),
		cmocka_unit_test(the_kinds_are_those_that_are_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
