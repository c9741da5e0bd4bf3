/*
 * test_hex.c: hexadecimal and base64, strict.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/hex.h"

static struct gw_arena *arena;
static struct gw_fault fault;

static int
make_arena(void **state)
{
	(void)state;
	arena = gw_arena_new(1 << 20);
	return arena == NULL;
}

static int
free_arena(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static void
hex_of_either_case_is_read(void **state)
{
	struct gw_span out;

	(void)state;
	assert_int_equal(
	    gw_hex_decode(arena, GW_SPAN("00fFAb10"), &out, &fault), GW_OK);
	assert_true(gw_span_eq(out, GW_SPAN("\x00\xff\xab\x10")));
	assert_int_equal(
	    gw_hex_decode(arena, GW_SPAN(""), &out, &fault), GW_OK);
	assert_int_equal(out.len, 0);
}

static void
bad_hex_is_refused_with_its_place(void **state)
{
	static const struct {
		struct gw_span in;
		size_t at;
		const char *why;
	} cases[] = {
		{ GW_LIT("0"), 1, "odd" },
		{ GW_LIT("abc"), 3, "odd" },
		{ GW_LIT("ag"), 1, "digit" },
		{ GW_LIT("a@"), 1, "digit" },
		{ GW_LIT(" aa"), 0, "digit" },
		{ GW_LIT("aa\n"), 2, "digit" },
		{ GW_LIT("aa\0"), 2, "digit" },
		{ GW_LIT("0xaa"), 1, "digit" },
		{ GW_LIT("aa\xc1"), 2, "digit" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_span out = { NULL, 42 };
		assert_int_equal(
		    gw_hex_decode(arena, cases[i].in, &out, &fault),
		    GW_EMALFORMED);
		assert_int_equal(fault.at, cases[i].at);
		assert_non_null(strstr(fault.why, cases[i].why));
		assert_int_equal(out.len, 42);
	}
}

static void
base64_of_rfc_4648_is_read(void **state)
{
	static const struct {
		struct gw_span in, out;
	} cases[] = {
		{ GW_LIT(""), GW_LIT("") },
		{ GW_LIT("Zg=="), GW_LIT("f") },
		{ GW_LIT("Zm8="), GW_LIT("fo") },
		{ GW_LIT("Zm9v"), GW_LIT("foo") },
		{ GW_LIT("Zm9vYg=="), GW_LIT("foob") },
		{ GW_LIT("Zm9vYmE="), GW_LIT("fooba") },
		{ GW_LIT("Zm9vYmFy"), GW_LIT("foobar") },
		{ GW_LIT("+/+/"), GW_LIT("\xfb\xff\xbf") },
		{ GW_LIT("\r\nZm\r\n9v\nYg=\r\n=\r\n"), GW_LIT("foob") },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_span out;
		assert_int_equal(
		    gw_b64_decode(arena, cases[i].in, &out, &fault), GW_OK);
		assert_true(gw_span_eq(out, cases[i].out));
	}
}

static void
bad_base64_is_refused_with_its_place(void **state)
{
	static const struct {
		struct gw_span in;
		size_t at;
		const char *why;
	} cases[] = {
		{ GW_LIT("Zm9vYg"), 6, "ends inside" },
		{ GW_LIT("Zm9vYg="), 7, "ends inside" },
		{ GW_LIT("Z"), 1, "ends inside" },
		{ GW_LIT("="), 0, "padding" },
		{ GW_LIT("Z==="), 1, "padding" },
		{ GW_LIT("Zg==="), 4, "padding" },
		{ GW_LIT("Zm9v="), 4, "padding" },
		{ GW_LIT("Zg==Zg=="), 4, "after the padding" },
		{ GW_LIT("Zm8=Z"), 4, "after the padding" },
		{ GW_LIT("Zh=="), 2, "stray" },
		{ GW_LIT("Zm9="), 3, "stray" },
		{ GW_LIT("Zm 9v"), 2, "digit" },
		{ GW_LIT("Zm-_"), 2, "digit" },
		{ GW_LIT("Zm9v\0"), 4, "digit" },
		{ GW_LIT("\xff"), 0, "digit" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		struct gw_span out = { NULL, 42 };
		assert_int_equal(
		    gw_b64_decode(arena, cases[i].in, &out, &fault),
		    GW_EMALFORMED);
		assert_int_equal(fault.at, cases[i].at);
		assert_non_null(strstr(fault.why, cases[i].why));
		assert_int_equal(out.len, 42);
	}
}

static void
a_full_arena_is_told_apart_from_bad_input(void **state)
{
	struct gw_arena *small = gw_arena_new(2);
	struct gw_span out;

	(void)state;
	assert_int_equal(
	    gw_hex_decode(small, GW_SPAN("aabbcc"), &out, &fault), GW_ENOMEM);
	assert_int_equal(
	    gw_b64_decode(small, GW_SPAN("Zm9v"), &out, &fault), GW_ENOMEM);
	assert_non_null(fault.why);
	gw_arena_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hex_of_either_case_is_read),
		cmocka_unit_test(bad_hex_is_refused_with_its_place),
		cmocka_unit_test(base64_of_rfc_4648_is_read),
		cmocka_unit_test(bad_base64_is_refused_with_its_place),
		cmocka_unit_test(a_full_arena_is_told_apart_from_bad_input),
	};
	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
