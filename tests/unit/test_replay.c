/*
 * test_replay.c: what counts as a replay and what does not.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/replay.h"

#define WINDOW_US 300000000

static const uint8_t key[REPLAY_KEY_LEN] = { 7 };

static struct mikey_imsg
imsg(uint64_t ntp)
{
	static const uint8_t rand[16] = { 1, 2, 3 };
	struct mikey_imsg m = { .csb_id = 0x10000001, .ntp = ntp };

	m.rand = (struct gw_span){ rand, sizeof(rand) };
	m.idr[MIKEY_IDRI].data = GW_SPAN("sip:alice@alpha.example");
	return m;
}

static struct gw_now
at(uint64_t s)
{
	return (struct gw_now){ s * 1000000, 0 };
}

static void
the_same_call_may_bring_it_again(void **state)
{
	struct replay *r = replay_new(1024, key);
	struct mikey_imsg m = imsg(1);

	(void)state;
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(10), WINDOW_US));
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(11), WINDOW_US));
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(200), WINDOW_US));
	replay_free(r);
}

static void
another_call_that_brings_it_is_a_replay(void **state)
{
	struct replay *r = replay_new(1024, key);
	struct mikey_imsg m = imsg(1);

	(void)state;
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(10), WINDOW_US));
	assert_true(replay_seen(r, &m, GW_SPAN("b"), at(11), WINDOW_US));
	/* and it stays one: the first keeps its place */
	assert_true(replay_seen(r, &m, GW_SPAN("b"), at(12), WINDOW_US));
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(13), WINDOW_US));
	replay_free(r);
}

static void
the_signature_does_not_matter(void **state)
{
	static const uint8_t one[129] = { 1 }, two[129] = { 2 };
	struct replay *r = replay_new(1024, key);
	struct mikey_imsg m = imsg(1);

	(void)state;
	m.sign = (struct gw_span){ one, sizeof(one) };
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(10), WINDOW_US));
	m.sign = (struct gw_span){ two, sizeof(two) };
	assert_true(replay_seen(r, &m, GW_SPAN("b"), at(10), WINDOW_US));
	replay_free(r);
}

static void
after_the_window_it_is_forgotten(void **state)
{
	struct replay *r = replay_new(1024, key);
	struct mikey_imsg m = imsg(1);

	(void)state;
	assert_false(replay_seen(r, &m, GW_SPAN("a"), at(10), WINDOW_US));
	assert_false(replay_seen(r, &m, GW_SPAN("b"), at(311), WINDOW_US));
	assert_true(replay_seen(r, &m, GW_SPAN("a"), at(312), WINDOW_US));
	replay_free(r);
}

static void
other_messages_are_other_messages(void **state)
{
	struct replay *r = replay_new(65536, key);

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		struct mikey_imsg m = imsg(i << 32);
		assert_false(
		    replay_seen(r, &m, GW_SPAN("a"), at(10), WINDOW_US));
	}
	assert_int_equal(replay_evictions(r), 0);
	for (uint64_t i = 0; i < 20000; i++) {
		struct mikey_imsg m = imsg(i << 32);
		assert_true(
		    replay_seen(r, &m, GW_SPAN("b"), at(11), WINDOW_US));
	}
	replay_free(r);
}

static void
a_full_table_says_that_it_forgets(void **state)
{
	struct replay *r = replay_new(64, key);

	(void)state;
	for (uint64_t i = 0; i < 20000; i++) {
		struct mikey_imsg m = imsg(i << 32);
		assert_false(
		    replay_seen(r, &m, GW_SPAN("a"), at(10), WINDOW_US));
	}
	assert_true(replay_evictions(r) > 10000);
	replay_free(r);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_call_may_bring_it_again),
		cmocka_unit_test(another_call_that_brings_it_is_a_replay),
		cmocka_unit_test(the_signature_does_not_matter),
		cmocka_unit_test(after_the_window_it_is_forgotten),
		cmocka_unit_test(other_messages_are_other_messages),
		cmocka_unit_test(a_full_table_says_that_it_forgets),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
