/*
 * test_wheel.c: timers fire in order, never early, at most a tick late.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/wheel.h"
#include "mcxgw/err.h"

#define N 2000

static struct wheel wheel;
static struct wheel_node nodes[N];
static uint64_t due[N];

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

static void
an_empty_wheel_has_nothing_to_do(void **state)
{
	(void)state;
	wheel_init(&wheel, 12345678);
	assert_true(wheel_next_us(&wheel) == UINT64_MAX);
	assert_null(wheel_take(&wheel, UINT64_MAX / 2));
}

static void
every_timer_fires_once_and_not_before_its_time(void **state)
{
	static const uint64_t spans[] = { 10000, 1000000, 40000000, 4000000000,
		100000000000 };
	uint64_t seed = 88172645463325252u, start = 987654321, now = start;

	(void)state;
	for (size_t k = 0; k < GW_COUNT(spans); k++) {
		wheel_init(&wheel, now);
		for (size_t i = 0; i < N; i++) {
			nodes[i] = (struct wheel_node){ 0 };
			due[i] = now + next_random(&seed) % spans[k];
			wheel_arm(&wheel, &nodes[i], due[i]);
		}
		size_t fired = 0;
		while (fired < N) {
			uint64_t at = wheel_next_us(&wheel);
			assert_true(at != UINT64_MAX);
			now = at > now ? at : now;
			struct wheel_node *n;
			while ((n = wheel_take(&wheel, now)) != NULL) {
				size_t i = (size_t)(n - nodes);
				assert_true(due[i] <= now);
				assert_true(now < due[i] + 2 * WHEEL_TICK_US);
				assert_false(wheel_is_armed(n));
				fired++;
			}
		}
		assert_true(wheel.armed == 0);
		assert_true(wheel_next_us(&wheel) == UINT64_MAX);
	}
}

static void
a_stopped_timer_does_not_fire(void **state)
{
	(void)state;
	wheel_init(&wheel, 0);
	for (size_t i = 0; i < 100; i++) {
		nodes[i] = (struct wheel_node){ 0 };
		wheel_arm(&wheel, &nodes[i], i * 70000);
	}
	for (size_t i = 0; i < 100; i += 2)
		wheel_stop(&wheel, &nodes[i]);
	wheel_stop(&wheel, &nodes[0]); /* twice is harmless */
	size_t fired = 0;
	struct wheel_node *n;
	while ((n = wheel_take(&wheel, 100000000)) != NULL) {
		assert_true((n - nodes) % 2 == 1);
		fired++;
	}
	assert_int_equal(fired, 50);
}

static void
a_timer_that_is_armed_again_moves(void **state)
{
	(void)state;
	wheel_init(&wheel, 0);
	nodes[0] = (struct wheel_node){ 0 };
	wheel_arm(&wheel, &nodes[0], 1000000);
	wheel_arm(&wheel, &nodes[0], 5000000);
	assert_null(wheel_take(&wheel, 4999999));
	assert_ptr_equal(wheel_take(&wheel, 5010000), &nodes[0]);
	assert_null(wheel_take(&wheel, 50000000));
}

static void
one_that_lies_in_the_past_fires_at_the_next_tick(void **state)
{
	(void)state;
	wheel_init(&wheel, 10000000);
	nodes[0] = (struct wheel_node){ 0 };
	wheel_arm(&wheel, &nodes[0], 5);
	assert_ptr_equal(
	    wheel_take(&wheel, 10000000 + 2 * WHEEL_TICK_US), &nodes[0]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_empty_wheel_has_nothing_to_do),
		cmocka_unit_test(
		    every_timer_fires_once_and_not_before_its_time),
		cmocka_unit_test(a_stopped_timer_does_not_fire),
		cmocka_unit_test(a_timer_that_is_armed_again_moves),
		cmocka_unit_test(
		    one_that_lies_in_the_past_fires_at_the_next_tick),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
