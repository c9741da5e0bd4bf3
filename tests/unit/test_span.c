/*
 * test_span.c: runs of octets, and the words for errors.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/span.h"

static void
a_part_never_leaves_the_whole(void **state)
{
	struct gw_span s = GW_LIT("abcdef"), none = { NULL, 0 };

	(void)state;
	for (size_t off = 0; off < 9; off++)
		for (size_t len = 0; len < 9; len++) {
			struct gw_span part = gw_span_sub(s, off, len);
			assert_true(part.p >= s.p);
			assert_true(part.p + part.len <= s.p + s.len);
			assert_true(part.len <= len);
		}
	assert_int_equal(gw_span_sub(s, 2, SIZE_MAX).len, 4);
	assert_int_equal(gw_span_sub(s, SIZE_MAX, SIZE_MAX).len, 0);
	assert_null(gw_span_sub(none, 3, 4).p);
	assert_int_equal(gw_span_find(none, 0, 'a'), 0);
	assert_int_equal(gw_span_trim(none).len, 0);
	assert_true(gw_span_eq(none, GW_SPAN("")));
}

static void
comparison_without_case_is_ascii_only(void **state)
{
	(void)state;
	assert_true(gw_span_ieq(GW_SPAN("aZ[09"), GW_SPAN("Az[09")));
	/* '@' and '`', '[' and '{' differ in the same bit as letters. */
	assert_false(gw_span_ieq(GW_SPAN("@["), GW_SPAN("`{")));
	assert_false(gw_span_ieq(GW_SPAN("\xc4"), GW_SPAN("\xe4")));
	assert_false(gw_span_ieq(GW_SPAN("a"), GW_SPAN("ab")));
	assert_true(gw_span_istarts(GW_SPAN("SiPs:x"), GW_SPAN("sip")));
	assert_false(gw_span_istarts(GW_SPAN("si"), GW_SPAN("sip")));
}

/* As slowly as it can be said. */
static bool
same_letters(struct gw_span a, struct gw_span b)
{
	for (size_t i = 0; i < a.len; i++)
		if (gw_lower(a.p[i]) != gw_lower(b.p[i]))
			return false;
	return a.len == b.len;
}

static void
every_octet_counts_at_every_place_and_length(void **state)
{
	uint8_t x[20], y[20];

	(void)state;
	for (size_t len = 0; len <= sizeof(x); len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned c = 0; c < 256 * 8; c++) {
				struct gw_span a = { x, len }, b = { y, len };
				memset(x, 'k', len);
				memset(y, 'K', len);
				x[at] = (uint8_t)c;
				y[at] = (uint8_t)(c ^ (1u << (c >> 8)));
				bool same = same_letters(a, b);
				assert_int_equal(gw_span_ieq(a, b), same);
				/* '@' and '`' may share theirs. */
				assert_true(
				    same || c >> 8 == 5 ||
				    gw_span_ihash(a) != gw_span_ihash(b));
				assert_true(!same || gw_span_ihash(a) ==
							 gw_span_ihash(b));
			}
}

static void
hashes_without_case_spread_over_a_small_table(void **state)
{
	size_t n[64] = { 0 }, most = 0;
	char text[32];

	(void)state;
	for (unsigned i = 0; i < 64 * 16; i++) {
		(void)snprintf(text, sizeof(text), "kms-%04u.example", i);
		n[gw_span_ihash(gw_span_of(text)) & 63]++;
	}
	for (size_t i = 0; i < 64; i++)
		most = n[i] > most ? n[i] : most;
	assert_in_range(most, 16, 40);
	assert_true(gw_span_ihash(GW_SPAN("")) != gw_span_ihash(GW_SPAN("\0")));
	assert_true(
	    gw_span_ihash(GW_SPAN("ab")) != gw_span_ihash(GW_SPAN("ab\0")));
}

static void
trimming_takes_white_space_at_both_ends_only(void **state)
{
	(void)state;
	assert_true(
	    gw_span_eq(gw_span_trim(GW_SPAN(" \t\r\na b\n ")), GW_SPAN("a b")));
	assert_int_equal(gw_span_trim(GW_SPAN(" \t ")).len, 0);
	assert_int_equal(gw_span_trim(GW_SPAN("\v")).len, 1);
	assert_true(gw_span_eq(gw_span_trim(GW_SPAN("a ")), GW_SPAN("a")));
	assert_true(gw_span_eq(gw_span_trim(GW_SPAN("\na")), GW_SPAN("a")));
	assert_true(gw_span_eq(gw_span_trim(GW_SPAN("a b")), GW_SPAN("a b")));
}

static void
search_finds_the_first_place(void **state)
{
	static const struct {
		struct gw_span in, needle;
		size_t at;
	} cases[] = {
		{ GW_LIT("aaab"), GW_LIT("aab"), 1 },
		{ GW_LIT("abcabc"), GW_LIT("bc"), 1 },
		{ GW_LIT("abc"), GW_LIT("abc"), 0 },
		{ GW_LIT("abc"), GW_LIT("abcd"), 3 },
		{ GW_LIT("abc"), GW_LIT("c"), 2 },
		{ GW_LIT("abc"), GW_LIT("x"), 3 },
		{ GW_LIT("abab"), GW_LIT("ba\0"), 4 },
		{ GW_LIT("abc"), GW_LIT(""), 0 },
		{ GW_LIT(""), GW_LIT("a"), 0 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_int_equal(
		    gw_span_search(cases[i].in, cases[i].needle), cases[i].at);
}

/* The same every time. */
static unsigned
dice(unsigned sides)
{
	static uint32_t s = 12345;

	s = s * 1664525u + 1013904223u;
	return (s >> 8) % sides;
}

/* As slowly as it can be said. */
static size_t
search(struct gw_span s, size_t from, struct gw_span needle)
{
	for (size_t at = from; at + needle.len <= s.len; at++)
		if (gw_span_eq(gw_span_sub(s, at, needle.len), needle))
			return at;
	return s.len;
}

/* On the heap, without an octet to spare: ASan sees who reads beyond. */
static void
search_in_noise(size_t len)
{
	static const struct gw_span needles[] = { GW_LIT("a"), GW_LIT("ab"),
		GW_LIT("aab"), GW_LIT("abba") };
	uint8_t *p = malloc(len);
	struct gw_span s = { p, len };

	assert_non_null(p);
	for (unsigned round = 0; round < 20; round++) {
		for (size_t i = 0; i < len; i++)
			p[i] = (uint8_t) "abcccccccccccccc"[dice(16)];
		for (size_t from = 0; from <= len; from++)
			for (size_t k = 0; k < GW_COUNT(needles); k++)
				assert_int_equal(
				    gw_span_search_from(s, from, needles[k]),
				    search(s, from, needles[k]));
		for (size_t from = 0; from <= len; from++)
			assert_int_equal(gw_span_find(s, from, 'a'),
			    search(s, from, needles[0]));
	}
	free(p);
}

static void
search_finds_the_first_place_in_any_length(void **state)
{
	struct gw_span s = GW_LIT("abc");

	(void)state;
	for (size_t len = 1; len <= 100; len++)
		search_in_noise(len);
	assert_int_equal(gw_span_search_from(s, 4, GW_SPAN("c")), 3);
	assert_int_equal(gw_span_search_from(s, 3, GW_SPAN("bc")), 3);
	assert_int_equal(gw_span_search_from(s, SIZE_MAX, GW_SPAN("bc")), 3);
	assert_int_equal(gw_span_search_from(s, 2, GW_SPAN("")), 2);
	assert_int_equal(gw_span_search_from(s, 9, GW_SPAN("")), 3);
}

static void
numbers_are_digits_within_a_limit(void **state)
{
	static const struct {
		struct gw_span in;
		uint64_t max;
		enum gw_err err;
		uint64_t out;
	} cases[] = {
		{ GW_LIT("0"), 0, GW_OK, 0 },
		{ GW_LIT("00012"), 12, GW_OK, 12 },
		{ GW_LIT("13"), 12, GW_ELIMIT, 0 },
		{ GW_LIT("18446744073709551615"), UINT64_MAX, GW_OK,
		    UINT64_MAX },
		{ GW_LIT("18446744073709551616"), UINT64_MAX, GW_ELIMIT, 0 },
		{ GW_LIT("99999999999999999999999"), UINT64_MAX, GW_ELIMIT, 0 },
		{ GW_LIT("99999999999999999999999x"), UINT64_MAX, GW_EMALFORMED,
		    0 },
		{ GW_LIT(""), 9, GW_EMALFORMED, 0 },
		{ GW_LIT("+1"), 9, GW_EMALFORMED, 0 },
		{ GW_LIT("-1"), 9, GW_EMALFORMED, 0 },
		{ GW_LIT(" 1"), 9, GW_EMALFORMED, 0 },
		{ GW_LIT("1 "), 9, GW_EMALFORMED, 0 },
		{ GW_LIT("1\0"), 9, GW_EMALFORMED, 0 },
		{ GW_LIT("0x1"), 9, GW_EMALFORMED, 0 },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		uint64_t out = 77;
		assert_int_equal(
		    gw_span_to_u64(cases[i].in, cases[i].max, &out),
		    cases[i].err);
		assert_int_equal(
		    out, cases[i].err == GW_OK ? cases[i].out : 77);
	}
}

static void
every_error_has_a_word_of_its_own(void **state)
{
	(void)state;
	for (int i = GW_OK; i <= GW_EBUG; i++)
		for (int k = GW_OK; k < i; k++)
			assert_string_not_equal(gw_strerror((enum gw_err)i),
			    gw_strerror((enum gw_err)k));
	assert_string_equal(gw_strerror(GW_EMALFORMED), "malformed");
	assert_string_equal(gw_strerror((enum gw_err)99), "unknown");
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_part_never_leaves_the_whole),
		cmocka_unit_test(comparison_without_case_is_ascii_only),
		cmocka_unit_test(every_octet_counts_at_every_place_and_length),
		cmocka_unit_test(hashes_without_case_spread_over_a_small_table),
		cmocka_unit_test(trimming_takes_white_space_at_both_ends_only),
		cmocka_unit_test(search_finds_the_first_place),
		cmocka_unit_test(search_finds_the_first_place_in_any_length),
		cmocka_unit_test(numbers_are_digits_within_a_limit),
		cmocka_unit_test(every_error_has_a_word_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
