/*
 * test_names.c: which hosts are ours, which are public, and what stands for a
 * system in a token, however many there are and in whatever order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/names.h"

#define MANY 5000

static void
own_hosts_are_known_with_their_ports(void **state)
{
	static const struct conf_listener listeners[] = {
		{ .id = "a", .advertise = "gw.example:5070" },
		{ .id = "b", .advertise = "GW2.example" },
		{ .id = "c", .advertise = "[2001:db8::1]:5061" },
		{ .id = "d", .advertise = "127.0.0.1:5060" },
		{ .id = "e", .advertise = "127.0.0.1:5061" },
	};
	static const struct {
		const char *host;
		uint16_t port;
		bool own;
	} cases[] = {
		{ "gw.example", 0, true },
		{ "GW.Example", 5070, true },
		{ "gw.example", 5060, false },
		{ "gw2.example", 0, true },
		{ "gw2.example", 5060, true },
		{ "gw2.example", 5061, true },
		{ "gw2.example", 5062, false },
		{ "2001:db8::1", 5061, true },
		{ "2001:db8::1", 5060, false },
		{ "127.0.0.1", 5060, true },
		{ "127.0.0.1", 5061, true },
		{ "127.0.0.1", 5080, false },
		{ "w.example", 0, false },
		{ "", 0, false },
	};
	struct conf conf = { .listeners = listeners,
		.n_listeners = GW_COUNT(listeners) };
	struct names *n = names_new(&conf);

	(void)state;
	assert_non_null(n);
	for (size_t i = 0; i < GW_COUNT(cases); i++)
		assert_int_equal(
		    names_is_own(n, gw_span_of(cases[i].host), cases[i].port),
		    cases[i].own);
	for (uint16_t i = 0; i < GW_COUNT(listeners); i++)
		assert_int_equal(
		    names_listener(n, names_listener_hash(n, i)), i);
	assert_int_equal(names_listener(n, 1), UINT16_MAX);
	names_free(n);
}

static void
domains_of_systems_are_public(void **state)
{
	static const char *const a[] = { "mcptt.alpha.example", "x.example" };
	static const char *const b[] = { "mcptt.bravo.example", "x.example" };
	static const struct conf_system systems[] = {
		{ .base = { .id = "alpha", .n_domains = 2, .domains = a } },
		{ .base = { .id = "bravo", .n_domains = 2, .domains = b } },
	};
	struct conf conf = { .systems = systems, .n_systems = 2 };
	struct names *n = names_new(&conf);

	(void)state;
	assert_non_null(n);
	assert_true(names_is_public(n, GW_SPAN("MCPTT.alpha.example")));
	assert_true(names_is_public(n, GW_SPAN("mcptt.bravo.example")));
	assert_true(names_is_public(n, GW_SPAN("x.example")));
	assert_true(names_is_public(n, GW_SPAN("anonymous.invalid")));
	assert_false(names_is_public(n, GW_SPAN("alpha.example")));
	assert_false(names_is_public(n, GW_SPAN("a.mcptt.alpha.example")));
	assert_false(names_is_public(n, GW_SPAN("")));
	names_free(n);
}

static void
a_system_is_the_same_in_any_order(void **state)
{
	static struct conf_system systems[MANY], turned[MANY];
	static char ids[MANY][16];

	(void)state;
	for (size_t i = 0; i < MANY; i++) {
		(void)snprintf(ids[i], sizeof(ids[i]), "system-%zu", i);
		systems[i].base.id = turned[MANY - 1 - i].base.id = ids[i];
	}
	struct conf one = { .systems = systems, .n_systems = MANY };
	struct conf other = { .systems = turned, .n_systems = MANY };
	struct names *a = names_new(&one), *b = names_new(&other);
	assert_non_null(a);
	assert_non_null(b);
	for (uint16_t i = 0; i < MANY; i++) {
		uint64_t hash = names_system_hash(a, i);
		assert_int_equal(names_system(a, hash), i);
		assert_int_equal(names_system(b, hash), MANY - 1 - i);
	}
	assert_int_equal(names_system(a, 12345), GW_SYSTEM_NONE);
	names_free(a);
	names_free(b);
	names_free(NULL);
}

static void
a_host_is_cut_from_its_port(void **state)
{
	static const struct {
		const char *text, *host;
		uint16_t port;
	} cases[] = {
		{ "gw.example", "gw.example", 0 },
		{ "gw.example:5061", "gw.example", 5061 },
		{ "[::1]:5061", "::1", 5061 },
		{ "[::1]", "::1", 0 },
		{ "a:99999", "a", 0 },
		{ "a:", "a", 0 },
		{ "[::1", "[::1", 0 },
		{ "", "", 0 },
		{ "[", "[", 0 },
	};
	struct gw_span host;
	uint16_t port;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		names_split(gw_span_of(cases[i].text), &host, &port);
		assert_true(gw_span_eq(host, gw_span_of(cases[i].host)));
		assert_int_equal(port, cases[i].port);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(own_hosts_are_known_with_their_ports),
		cmocka_unit_test(domains_of_systems_are_public),
		cmocka_unit_test(a_system_is_the_same_in_any_order),
		cmocka_unit_test(a_host_is_cut_from_its_port),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
