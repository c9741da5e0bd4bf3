/*
 * test_lookup_cache.c: what is remembered, who has to go, and how much room
 * it takes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/lookup_cache.h"

#define MAX	    400
#define USER_OCTETS 45

static const uint8_t key[GW_SIPHASH_KEY_LEN] = { 7 };
static struct lookup_cache *cache;
static struct lookup_service *service;
static struct gw_arena *arena;
static char text[64];

static int
open_cache(void **state)
{
	(void)state;
	cache = lookup_cache_new(MAX, key);
	service = lookup_service_new(1, 0);
	arena = gw_arena_new(1 << 20);
	assert_non_null(cache);
	return 0;
}

static int
close_cache(void **state)
{
	(void)state;
	lookup_cache_free(cache);
	assert_int_equal(service->refs, 1);
	lookup_service_unref(service);
	gw_arena_free(arena);
	return 0;
}

/* Of 45 octets. */
static struct gw_span
user(const char *kind, unsigned n)
{
	int len = snprintf(text, sizeof(text),
	    "sip:%s-%010u@mcptt.somewhere.border.eu", kind, n);

	assert_int_equal(len, USER_OCTETS);
	return gw_span_of(text);
}

static struct gw_lookup_answer
answer_of(const char *kms)
{
	static const struct gw_span external[] = { GW_LIT("kms.alpha.example"),
		GW_LIT("kms.charlie.example") };
	struct gw_lookup_answer a = { .n_domains = kms != NULL };

	a.domains[0] = (struct gw_lookup_domain){ .kms = gw_span_of(kms),
		.lists_external = true,
		.n_external = 2,
		.external = external };
	return a;
}

/* Somebody asks about u, and that is the answer (NULL: no such user). */
static void
learn(struct gw_span u, const char *kms)
{
	struct gw_lookup_answer a = answer_of(kms);
	struct lookup_entry *e = lookup_cache_add(cache, service, u);
	struct lookup_kept *k = lookup_kept_get(lookup_cache_kepts(cache), &a);

	assert_non_null(e);
	assert_non_null(k);
	lookup_cache_answer(cache, e, k, 0, 1000);
	lookup_cache_put(cache, e, false);
}

static struct lookup_entry *
find(struct gw_span u)
{
	return lookup_cache_find(cache, service, u);
}

static void
use(struct gw_span u)
{
	struct lookup_entry *e = find(u);

	assert_non_null(e);
	lookup_cache_use(cache, e);
}

static void
an_answer_comes_back_as_it_was(void **state)
{
	struct gw_lookup_answer in = answer_of("kms.bravo.example"), out;
	struct lookup_kept *k;

	(void)state;
	in.n_domains = 2;
	in.domains[1] = (struct gw_lookup_domain){ .kms = GW_SPAN("kms.two") };
	k = lookup_kept_get(lookup_cache_kepts(cache), &in);
	assert_non_null(k);
	assert_false(lookup_kept_is_empty(k));
	assert_true(lookup_kept_read(k, arena, &out));
	assert_int_equal(out.n_domains, 2);
	assert_true(
	    gw_span_eq(out.domains[0].kms, GW_SPAN("kms.bravo.example")));
	assert_true(out.domains[0].lists_external);
	assert_int_equal(out.domains[0].n_external, 2);
	assert_true(gw_span_eq(
	    out.domains[0].external[1], GW_SPAN("kms.charlie.example")));
	assert_true(gw_span_eq(out.domains[1].kms, GW_SPAN("kms.two")));
	assert_false(out.domains[1].lists_external);
	assert_int_equal(out.domains[1].n_external, 0);
	lookup_kept_unref(lookup_cache_kepts(cache), k);
}

static void
what_differs_in_external_domains_is_another_answer(void **state)
{
	struct lookup_kepts *all = lookup_cache_kepts(cache);
	struct gw_lookup_answer a = answer_of("kms.bravo.example"), b = a;

	(void)state;
	struct lookup_kept *one = lookup_kept_get(all, &a);
	struct lookup_kept *same = lookup_kept_get(all, &b);
	assert_ptr_equal(one, same);
	b.domains[0].n_external = 0; /* it permits none */
	struct lookup_kept *none = lookup_kept_get(all, &b);
	b.domains[0].lists_external = false; /* it does not say */
	struct lookup_kept *silent = lookup_kept_get(all, &b);
	assert_ptr_not_equal(one, none);
	assert_ptr_not_equal(none, silent);
	assert_int_equal(all->n, 3);
	lookup_kept_unref(all, one);
	lookup_kept_unref(all, same);
	lookup_kept_unref(all, none);
	lookup_kept_unref(all, silent);
	assert_int_equal(all->n, 0);
	assert_int_equal(all->octets, 0);
}

static void
a_name_that_is_too_long_is_not_kept(void **state)
{
	static uint8_t name[300];
	struct gw_lookup_answer a = answer_of("kms.bravo.example");

	(void)state;
	a.domains[0].kms = (struct gw_span){ name, 256 };
	assert_null(lookup_kept_get(lookup_cache_kepts(cache), &a));
	a.domains[0].kms.len = 255;
	struct lookup_kept *k = lookup_kept_get(lookup_cache_kepts(cache), &a);
	assert_non_null(k);
	lookup_kept_unref(lookup_cache_kepts(cache), k);
}

static void
users_of_different_services_are_different(void **state)
{
	struct lookup_service *other = lookup_service_new(2, 0);

	(void)state;
	learn(user("real", 1), "kms.bravo.example");
	assert_non_null(find(user("real", 1)));
	assert_null(lookup_cache_find(cache, other, user("real", 1)));
	assert_null(find(user("real", 2)));
	lookup_service_unref(other);
}

static void
unknown_users_push_out_unknown_users_only(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MAX; i++)
		learn(user("real", i), "kms.bravo.example");
	for (unsigned i = 0; i < 50 * MAX; i++)
		learn(user("none", i), NULL);
	for (unsigned i = 0; i < MAX; i++)
		assert_non_null(find(user("real", i)));
	assert_int_equal(
	    lookup_cache_count(cache), MAX + MAX / LOOKUP_CACHE_NEGATIVE);
	assert_non_null(find(user("none", 50 * MAX - 1)));
	assert_null(find(user("none", 0)));
}

static void
users_asked_about_once_do_not_push_out_those_in_use(void **state)
{
	const unsigned in_use = MAX / 2;

	(void)state;
	for (unsigned i = 0; i < in_use; i++)
		learn(user("real", i), "kms.bravo.example");
	for (unsigned i = 0; i < in_use; i++)
		use(user("real", i));
	for (unsigned i = 0; i < 20 * MAX; i++)
		learn(user("once", i), "kms.bravo.example");
	for (unsigned i = 0; i < in_use; i++)
		assert_non_null(find(user("real", i)));
	assert_int_equal(lookup_cache_count(cache), MAX);
}

static void
those_in_use_give_way_to_others_in_use(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 4 * MAX; i++) {
		learn(user("real", i), "kms.bravo.example");
		use(user("real", i));
		assert_true(lookup_cache_count(cache) <= MAX);
	}
	assert_non_null(find(user("real", 4 * MAX - 1)));
	assert_null(find(user("real", 0)));
}

static void
what_is_held_stays_until_it_is_put_back(void **state)
{
	struct lookup_entry *e;

	(void)state;
	learn(user("real", 0), "kms.bravo.example");
	e = find(user("real", 0));
	lookup_cache_hold(cache, e);
	for (unsigned i = 1; i < 5 * MAX; i++)
		learn(user("once", i), "kms.bravo.example");
	assert_ptr_equal(find(user("real", 0)), e);
	lookup_cache_use(cache, e); /* in no list: nothing happens */
	lookup_cache_put(cache, e, true);
	assert_ptr_equal(find(user("real", 0)), e);
	assert_int_equal(e->list, LOOKUP_LIST_USED);
}

static void
a_service_that_is_gone_takes_its_users_along(void **state)
{
	struct lookup_service *old = service;

	(void)state;
	for (unsigned i = 0; i < MAX; i++)
		learn(user("real", i), "kms.bravo.example");
	lookup_cache_forget(cache, old);
	lookup_cache_forget(cache, old);
	service = lookup_service_new(2, 0);
	assert_int_equal(lookup_cache_count(cache), 0);
	assert_null(find(user("real", 3)));
	for (unsigned i = 0; i < 3; i++)
		learn(user("real", i), "kms.bravo.example");
	assert_int_equal(lookup_cache_count(cache), 3);
	for (unsigned i = 3; i < MAX; i++)
		learn(user("real", i), "kms.bravo.example");
	assert_int_equal(lookup_cache_count(cache), MAX);
	assert_int_equal(old->n_entries, 0);
	assert_int_equal(old->refs, 1);
	lookup_service_unref(old);
}

static void
answers_that_all_differ_are_bounded_in_octets(void **state)
{
	struct gw_lookup_answer a = answer_of("kms.bravo.example");
	struct gw_span many[GW_LOOKUP_EXTERNAL_MAX];
	char kms[64];

	(void)state;
	for (size_t i = 0; i < GW_COUNT(many); i++)
		many[i] = GW_SPAN("kms.with-a-rather-long-name.example");
	a.domains[0].external = many;
	a.domains[0].n_external = GW_COUNT(many);
	for (unsigned i = 0; i < 10 * MAX; i++) {
		snprintf(kms, sizeof(kms), "kms-%u.example", i);
		a.domains[0].kms = gw_span_of(kms);
		struct lookup_entry *e =
		    lookup_cache_add(cache, service, user("real", i));
		lookup_cache_answer(cache, e,
		    lookup_kept_get(lookup_cache_kepts(cache), &a), 0, 1000);
		lookup_cache_put(cache, e, false);
	}
	assert_true(lookup_cache_kepts(cache)->octets <
		    (size_t)MAX * LOOKUP_CACHE_OCTETS);
	assert_true(lookup_cache_count(cache) > 10);
}

/* However small what they push out. */
static void
large_answers_take_no_more(void **state)
{
	static char names[GW_LOOKUP_DOMAINS_MAX][32], name[60];
	struct gw_lookup_answer a = { .n_domains = GW_LOOKUP_DOMAINS_MAX };
	struct gw_span many[GW_LOOKUP_EXTERNAL_MAX];
	size_t tables = lookup_cache_octets(cache);

	(void)state;
	memset(name, 'x', sizeof(name));
	for (size_t i = 0; i < GW_COUNT(many); i++)
		many[i] =
		    (struct gw_span){ (const uint8_t *)name, sizeof(name) };
	for (unsigned i = 0; i < MAX; i++)
		learn(user("real", i), "kms.bravo.example");
	for (unsigned i = 0; i < 20; i++) {
		for (unsigned k = 0; k < a.n_domains; k++) {
			snprintf(names[k], sizeof(names[k]), "%u.%u", i, k);
			a.domains[k] =
			    (struct gw_lookup_domain){ gw_span_of(names[k]),
				    true, GW_COUNT(many), many };
		}
		struct lookup_entry *e =
		    lookup_cache_add(cache, service, user("huge", i));
		struct lookup_kept *k =
		    lookup_kept_get(lookup_cache_kepts(cache), &a);
		assert_non_null(k);
		lookup_cache_answer(cache, e, k, 0, 1000);
		lookup_cache_put(cache, e, false);
		assert_true(lookup_cache_octets(cache) - tables <=
			    (size_t)MAX * LOOKUP_CACHE_OCTETS);
	}
}

static void
a_smaller_cache_shrinks_and_still_finds(void **state)
{
	(void)state;
	for (unsigned i = 0; i < MAX; i++)
		learn(user("real", i), "kms.bravo.example");
	lookup_cache_resize(cache, 100);
	for (unsigned i = 0; i < 30; i++)
		learn(user("more", i), "kms.bravo.example");
	assert_int_equal(lookup_cache_count(cache), 100);
	assert_non_null(find(user("more", 29)));
	lookup_cache_resize(cache, 10 * MAX);
	assert_non_null(find(user("more", 29)));
	for (unsigned i = 0; i < 10 * MAX; i++)
		learn(user("last", i), "kms.bravo.example");
	assert_int_equal(lookup_cache_count(cache), 10 * MAX);
}

/* As a share of what a million may take: 256 MiB. */
static void
users_take_little_room(void **state)
{
	const unsigned n = 20000;

	(void)state;
	lookup_cache_free(cache);
	cache = lookup_cache_new(n, key);
	for (unsigned i = 0; i < n; i++)
		learn(user("real", i),
		    i % 2 == 0 ? "kms.bravo.example" : "kms.tac.example");
	assert_int_equal(lookup_cache_count(cache), n);
	assert_int_equal(lookup_cache_kepts(cache)->n, 2);
	assert_true(lookup_cache_octets(cache) / n <= 160);
}

static void
a_service_is_left_alone_after_failures_in_a_row(void **state)
{
	struct lookup_service *s = service;

	(void)state;
	assert_false(lookup_service_bad(s, false, 0, 3, 10));
	assert_false(lookup_service_bad(s, false, 0, 3, 10));
	assert_false(lookup_service_good(s)); /* the row ends */
	assert_false(lookup_service_bad(s, false, 0, 3, 10));
	assert_false(lookup_service_bad(s, false, 0, 3, 10));
	assert_true(lookup_service_may_ask(s, 0));
	assert_true(lookup_service_bad(s, false, 1000, 3, 10));
	assert_false(lookup_service_may_ask(s, 1000));
	assert_false(lookup_service_may_ask(s, 10000999));
	/* What was asked before does not hold it down longer. */
	assert_false(lookup_service_bad(s, false, 9000000, 3, 10));
	assert_true(lookup_service_may_ask(s, 10001000));
}

static void
one_question_tries_it_again(void **state)
{
	struct lookup_service *s = service;

	(void)state;
	assert_true(lookup_service_bad(s, false, 0, 1, 10));
	assert_true(lookup_service_asked(s));
	assert_false(lookup_service_may_ask(s, 20000000));
	assert_true(lookup_service_bad(s, true, 20000000, 1, 10));
	assert_false(lookup_service_may_ask(s, 29999999));
	assert_true(lookup_service_may_ask(s, 30000000));
	assert_true(lookup_service_asked(s));
	assert_true(lookup_service_good(s));
	assert_true(lookup_service_may_ask(s, 30000001));
	assert_false(lookup_service_asked(s));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_cache, close_cache)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_answer_comes_back_as_it_was),
		TEST(what_differs_in_external_domains_is_another_answer),
		TEST(a_name_that_is_too_long_is_not_kept),
		TEST(users_of_different_services_are_different),
		TEST(unknown_users_push_out_unknown_users_only),
		TEST(users_asked_about_once_do_not_push_out_those_in_use),
		TEST(those_in_use_give_way_to_others_in_use),
		TEST(what_is_held_stays_until_it_is_put_back),
		TEST(a_service_that_is_gone_takes_its_users_along),
		TEST(answers_that_all_differ_are_bounded_in_octets),
		TEST(large_answers_take_no_more),
		TEST(a_smaller_cache_shrinks_and_still_finds),
		TEST(users_take_little_room),
		TEST(a_service_is_left_alone_after_failures_in_a_row),
		TEST(one_question_tries_it_again),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
