/*
 * test_arena.c: memory that dies together, and its cap.
 */
#include <setjmp.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/arena.h"

static void
objects_are_zeroed_aligned_and_apart(void **state)
{
	struct gw_arena *a = gw_arena_new(1 << 20);
	uint8_t *p[200];

	(void)state;
	assert_non_null(a);
	for (size_t i = 0; i < GW_COUNT(p); i++) {
		size_t len = i * 7 % 301 + 1;
		assert_non_null(gw_arena_bytes(a, i % 5)); /* disturb */
		p[i] = gw_arena_alloc(a, len, 1);
		assert_non_null(p[i]);
		assert_int_equal((uintptr_t)p[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < len; k++)
			assert_int_equal(p[i][k], 0);
		memset(p[i], (int)i + 1, len);
	}
	for (size_t i = 0; i < GW_COUNT(p); i++)
		for (size_t k = 0; k < i * 7 % 301 + 1; k++)
			assert_int_equal(p[i][k], (uint8_t)(i + 1));
	gw_arena_free(a);
	gw_arena_free(NULL);
}

static void
the_cap_holds_to_the_octet(void **state)
{
	static const size_t caps[] = { 0, 1, 100, 4096, 4097, 5000, 300000 };
	static const size_t steps[] = { 1, 3, 16, 999, 5000 };

	(void)state;
	for (size_t i = 0; i < GW_COUNT(caps); i++)
		for (size_t k = 0; k < GW_COUNT(steps); k++) {
			struct gw_arena *a = gw_arena_new(caps[i]);
			size_t n = 0;
			assert_non_null(a);
			while (gw_arena_bytes(a, steps[k]) != NULL)
				n++;
			assert_int_equal(n, caps[i] / steps[k]);
			assert_int_equal(gw_arena_used(a), n * steps[k]);
			/* A refusal takes nothing: the rest still fits. */
			assert_non_null(
			    gw_arena_bytes(a, caps[i] - n * steps[k]));
			assert_int_equal(gw_arena_used(a), caps[i]);
			assert_null(gw_arena_alloc(a, 1, 1));
			gw_arena_free(a);
		}
}

static void
sizes_that_overflow_are_refused(void **state)
{
	struct gw_arena *a = gw_arena_new(SIZE_MAX);
	struct gw_span out = { NULL, 42 };
	struct gw_span huge = { (const uint8_t *)"x", SIZE_MAX };

	(void)state;
	assert_non_null(a);
	assert_null(gw_arena_alloc(a, SIZE_MAX / 2, 3));
	assert_null(gw_arena_alloc(a, 3, SIZE_MAX / 2));
	assert_null(gw_arena_bytes(a, SIZE_MAX));
	assert_null(gw_arena_bytes(a, SIZE_MAX - 8));
	assert_null(gw_arena_str(a, huge));
	assert_false(gw_arena_copy(a, huge, &out));
	assert_int_equal(out.len, 42);
	assert_int_equal(gw_arena_used(a), 0);
	gw_arena_free(a);
}

static void
copies_are_equal_and_their_own(void **state)
{
	struct gw_arena *a = gw_arena_new(64);
	uint8_t text[] = { 'a', 0, 'b' };
	struct gw_span in = { text, sizeof(text) }, out;
	struct gw_span none = { NULL, 0 };
	char *s;

	(void)state;
	assert_true(gw_arena_copy(a, in, &out));
	assert_true(gw_span_eq(in, out) && out.p != in.p);
	s = gw_arena_str(a, GW_SPAN("name"));
	assert_string_equal(s, "name");
	assert_string_equal(gw_arena_str(a, none), "");
	assert_true(gw_arena_copy(a, none, &out));
	assert_int_equal(out.len, 0);
	assert_non_null(gw_arena_alloc(a, 0, 8));
	gw_arena_free(a);
}

static void
a_reset_arena_is_as_new_and_stays_in_place(void **state)
{
	struct gw_arena *a = gw_arena_new(100000);
	void *first = gw_arena_alloc(a, 1, 10);

	(void)state;
	for (int turn = 0; turn < 5; turn++) {
		while (gw_arena_alloc(a, 1, 1000) != NULL)
			;
		gw_arena_reset(a);
		assert_int_equal(gw_arena_used(a), 0);
		assert_ptr_equal(gw_arena_alloc(a, 1, 10), first);
		assert_int_equal(*(uint8_t *)first, 0);
	}
	gw_arena_free(a);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(objects_are_zeroed_aligned_and_apart),
		cmocka_unit_test(the_cap_holds_to_the_octet),
		cmocka_unit_test(sizes_that_overflow_are_refused),
		cmocka_unit_test(copies_are_equal_and_their_own),
		cmocka_unit_test(a_reset_arena_is_as_new_and_stays_in_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
