/*
 * test_health.c: the choice of a next hop.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/health.h"

static const struct conf_hop hops[] = {
	{ .priority = 1, .weight = 30, .id = 0 },
	{ .priority = 1, .weight = 10, .id = 1 },
	{ .priority = 2, .weight = 10, .id = 2 },
};
static const struct conf_system one = { .n_hops = 3, .hops = hops };
static const struct conf conf = {
	.n_systems = 1, .systems = &one, .n_hops = 3
};

static int
set_up(void **state)
{
	*state = health_new(&conf, NULL, NULL);
	return *state == NULL ? -1 : 0;
}

static int
tear_down(void **state)
{
	health_free(*state);
	return 0;
}

static void
weights_share_the_lowest_priority(void **state)
{
	unsigned n[3] = { 0 };

	for (uint32_t dice = 0; dice < 4000; dice++)
		n[health_choose(*state, &one, 0, dice, 5)]++;
	assert_int_equal(n[0], 3000);
	assert_int_equal(n[1], 1000);
	assert_int_equal(n[2], 0);
}

static void
a_tried_hop_is_not_chosen_again(void **state)
{
	assert_int_equal(health_choose(*state, &one, 1, 99, 5), 1);
	assert_int_equal(health_choose(*state, &one, 3, 99, 5), 2);
	assert_int_equal(health_choose(*state, &one, 7, 99, 5), -1);
}

static void
a_hop_that_is_down_rests(void **state)
{
	struct health *h = *state;

	assert_true(health_down(h, 0, 1000000, 10));
	assert_false(health_down(h, 0, 1000000, 10)); /* no news */
	assert_false(health_is_up(h, 0, 10999999));
	for (uint32_t dice = 0; dice < 100; dice++)
		assert_int_equal(health_choose(h, &one, 0, dice, 2000000), 1);
	assert_true(health_is_up(h, 0, 11000000));
	assert_true(health_up(h, 0, 11000000));
	assert_false(health_up(h, 0, 11000000));
}

static void
when_all_are_down_the_longest_rested_is_tried(void **state)
{
	struct health *h = *state;

	health_down(h, 1, 1000000, 10);
	health_down(h, 0, 2000000, 10);
	health_down(h, 2, 3000000, 10);
	assert_int_equal(health_choose(h, &one, 0, 0, 4000000), 1);
	assert_int_equal(health_choose(h, &one, 2, 0, 4000000), 0);
}

static void
an_unknown_hop_is_never_up(void **state)
{
	assert_false(health_is_up(*state, 3, 5));
	assert_false(health_down(*state, 3, 5, 1));
	assert_false(health_up(*state, 3, 5));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    weights_share_the_lowest_priority, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_tried_hop_is_not_chosen_again, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    a_hop_that_is_down_rests, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
		    when_all_are_down_the_longest_rested_is_tried, set_up,
		    tear_down),
		cmocka_unit_test_setup_teardown(
		    an_unknown_hop_is_never_up, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
