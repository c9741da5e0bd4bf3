/*
 * URIs that are known to say nothing of the inside.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/topo_plain.h"

static struct topo_plain table;

static int
empty(void **state)
{
	(void)state;
	memset(&table, 0, sizeof(table));
	return 0;
}

static void
knows_what_was_added(void **state)
{
	struct gw_span uri = GW_SPAN("sip:alice@mcptt.alpha.example");

	(void)state;
	assert_false(topo_plain_has(&table, 1, uri));
	topo_plain_add(&table, 1, uri);
	assert_true(topo_plain_has(&table, 1, uri));
	assert_false(
	    topo_plain_has(&table, 1, GW_SPAN("sip:alice@mcptt.alpha.exampl")));
	assert_false(topo_plain_has(
	    &table, 1, GW_SPAN("sip:Alice@mcptt.alpha.example")));
}

static void
forgets_another_snapshot(void **state)
{
	struct gw_span a = GW_SPAN("sip:a@alpha.example");
	struct gw_span b = GW_SPAN("sip:b@alpha.example");

	(void)state;
	topo_plain_add(&table, 1, a);
	assert_false(topo_plain_has(&table, 2, a));
	topo_plain_add(&table, 2, b);
	assert_true(topo_plain_has(&table, 2, b));
	assert_false(topo_plain_has(&table, 2, a));
	assert_false(topo_plain_has(&table, 1, a));
}

static void
leaves_out_what_is_too_long_or_empty(void **state)
{
	static uint8_t text[TOPO_PLAIN_LEN + 1];
	struct gw_span longest = { text, TOPO_PLAIN_LEN };
	struct gw_span longer = { text, sizeof(text) };

	(void)state;
	memset(text, 'a', sizeof(text));
	topo_plain_add(&table, 1, longer);
	assert_false(topo_plain_has(&table, 1, longer));
	topo_plain_add(&table, 1, longest);
	assert_true(topo_plain_has(&table, 1, longest));
	assert_false(topo_plain_has(&table, 1, GW_SPAN("")));
	assert_false(topo_plain_has(NULL, 1, longest));
	topo_plain_add(NULL, 1, longest);
}

/* Many more than there is room for: never one for another. */
static void
never_takes_one_for_another(void **state)
{
	char text[64];
	size_t known = 0;

	(void)state;
	for (unsigned i = 0; i < 10 * TOPO_PLAIN_SLOTS; i++) {
		int n = snprintf(text, sizeof(text), "sip:%u@a.example", i);
		struct gw_span uri = { (const uint8_t *)text, (size_t)n };
		assert_false(topo_plain_has(&table, 7, uri));
		topo_plain_add(&table, 7, uri);
		assert_true(topo_plain_has(&table, 7, uri));
	}
	for (unsigned i = 0; i < 10 * TOPO_PLAIN_SLOTS; i++) {
		int n = snprintf(text, sizeof(text), "sip:%u@a.example", i);
		struct gw_span uri = { (const uint8_t *)text, (size_t)n };
		known += topo_plain_has(&table, 7, uri);
	}
	assert_in_range(known, TOPO_PLAIN_SLOTS / 2, TOPO_PLAIN_SLOTS);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(knows_what_was_added, empty),
		cmocka_unit_test_setup(forgets_another_snapshot, empty),
		cmocka_unit_test_setup(
		    leaves_out_what_is_too_long_or_empty, empty),
		cmocka_unit_test_setup(never_takes_one_for_another, empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
