/*
 * test_lookup_pairs.c: a question asked in one dialect and answered from
 * another; what every adapter owes, whatever it speaks.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/lookup.h"

static struct gw_arena *arena;
static const struct gw_lookup_adapter *const *all;
static size_t n_all;

static const struct gw_lookup_ends ends = {
	.self = GW_LIT("sip:gw.border.example"),
	.kms = GW_LIT("kms.bravo.example"),
	.authority = GW_LIT("lookup.bravo.example:8444"),
	.prefix = GW_LIT("/mcx"),
	.names = &gw_lookup_names_3gpp,
	.wall_us = INT64_C(1893553445123456),
};

static const char *const users[] = { "sip:bob@mcptt.bravo.example",
	"sip:a%2Fb/c&d@b.example", "sips:Bob@B.example:5070;x=y?z=%41",
	"tel:+358-9-123", "tel:*21#;phone-context=b.example",
	"sip:'quoted'@b.example" };

static int
start(void **state)
{
	(void)state;
	arena = gw_arena_new(1 << 20);
	all = gw_lookup_adapters(&n_all);
	return arena == NULL;
}

static int
stop(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static struct gw_lookup_question
question(const char *user)
{
	return (struct gw_lookup_question){ .user = gw_span_of(user) };
}

static struct gw_http_request
ask(const struct gw_lookup_adapter *ad, const struct gw_lookup_question *q)
{
	struct gw_http_request r;

	assert_int_equal(ad->ask(arena, &ends, q, &r), GW_OK);
	assert_true(r.path.len != 0 && r.path.p[0] == '/');
	assert_true(gw_span_eq(r.authority, ends.authority));
	assert_int_equal(r.authorization.len, 0);
	return r;
}

static struct gw_http_response
answer(const struct gw_lookup_adapter *ad, const struct gw_lookup_question *q,
    const struct gw_lookup_answer *in)
{
	struct gw_http_response r;

	assert_int_equal(ad->answer(arena, &ends, q, in, &r), GW_OK);
	assert_int_equal(r.status, 200);
	assert_true(r.content_type.len != 0 && r.body.len != 0);
	return r;
}

/* Three domains: without a list, with an empty one, with two in it. */
static struct gw_lookup_answer
three_domains(void)
{
	static const struct gw_span two[] = { GW_LIT("kms.alpha.example"),
		GW_LIT("https://kms.charlie.example/?a=1&b='2'") };

	return (struct gw_lookup_answer){
		.n_domains = 3,
		.ttl_ms = 300000,
		.domains = {
			{ .kms = GW_LIT("kms.bravo.example") },
			{ .kms = GW_LIT("KMS.Tac.example"),
			    .lists_external = true },
			{ .kms = GW_LIT("urn:kms:3"), .lists_external = true,
			    .n_external = 2, .external = two },
		},
	};
}

static void
assert_span(struct gw_span is, struct gw_span want)
{
	assert_int_equal(is.len, want.len);
	assert_memory_equal(is.p, want.p, want.len);
}

/* What a dialect without external domains and ttl can carry of an answer. */
static void
assert_answer(const struct gw_lookup_answer *is,
    const struct gw_lookup_answer *want, bool whole)
{
	assert_int_equal(is->n_domains, want->n_domains);
	assert_int_equal(is->ttl_ms, whole ? want->ttl_ms : 0);
	for (size_t i = 0; i < want->n_domains; i++) {
		const struct gw_lookup_domain *d = &is->domains[i];
		const struct gw_lookup_domain *w = &want->domains[i];
		assert_span(d->kms, w->kms);
		assert_int_equal(d->lists_external, whole && w->lists_external);
		assert_int_equal(d->n_external, whole ? w->n_external : 0);
		for (size_t k = 0; k < d->n_external; k++)
			assert_span(d->external[k], w->external[k]);
	}
}

static bool
is_kms(const struct gw_lookup_adapter *ad)
{
	return strcmp(ad->name, "kms") == 0;
}

static void
adapters_are_found_by_name(void **state)
{
	(void)state;
	assert_int_equal(n_all, 3);
	for (size_t i = 0; i < n_all; i++)
		assert_ptr_equal(
		    gw_lookup_adapter(gw_span_of(all[i]->name)), all[i]);
	assert_null(gw_lookup_adapter(GW_SPAN("static")));
	assert_null(gw_lookup_adapter(GW_SPAN("KMS")));
	assert_null(gw_lookup_adapter(GW_SPAN("")));
}

static void
a_question_is_heard_by_its_own_dialect_alone(void **state)
{
	struct gw_fault fault;

	(void)state;
	for (size_t u = 0; u < GW_COUNT(users); u++)
		for (size_t i = 0; i < n_all * n_all; i++) {
			const struct gw_lookup_adapter *ear = all[i % n_all];
			struct gw_lookup_question q = question(users[u]), got;
			gw_arena_reset(arena);
			struct gw_http_request r = ask(all[i / n_all], &q);
			enum gw_err err =
			    ear->hear(arena, &ends, &r, &got, &fault);
			if (ear != all[i / n_all]) {
				assert_int_equal(err, GW_ENOTFOUND);
				assert_non_null(fault.why);
				continue;
			}
			assert_int_equal(err, GW_OK);
			assert_span(got.user, q.user);
			assert_span(
			    got.asker, is_kms(ear) ? ends.self : GW_SPAN(""));
		}
}

static void
an_answer_crosses_every_pair_of_dialects(void **state)
{
	struct gw_lookup_answer want = three_domains(), first, second;
	struct gw_fault fault;

	(void)state;
	for (size_t u = 0; u < GW_COUNT(users); u++)
		for (size_t i = 0; i < n_all * n_all; i++) {
			const struct gw_lookup_adapter *from = all[i / n_all];
			const struct gw_lookup_adapter *to = all[i % n_all];
			struct gw_lookup_question q = question(users[u]);
			gw_arena_reset(arena);
			struct gw_http_response r = answer(from, &q, &want);
			assert_int_equal(
			    from->take(arena, &ends, &q, &r, &first, &fault),
			    GW_OK);
			assert_answer(&first, &want, !is_kms(from));
			r = answer(to, &q, &first);
			assert_int_equal(
			    to->take(arena, &ends, &q, &r, &second, &fault),
			    GW_OK);
			assert_answer(
			    &second, &want, !is_kms(from) && !is_kms(to));
		}
}

static void
an_answer_about_another_user_is_not_taken(void **state)
{
	struct gw_lookup_answer none = { 0 }, some = three_domains(), out;
	struct gw_lookup_question q = question("sip:bob@b.example");
	struct gw_lookup_question other = question("sip:Bob@b.example");
	struct gw_lookup_question same =
	    question("sips:%62ob@B.EXAMPLE:5060;transport=tls");
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < n_all; i++)
		for (size_t k = 0; k < 2; k++) {
			gw_arena_reset(arena);
			struct gw_http_response r =
			    answer(all[i], &other, k == 0 ? &none : &some);
			out.n_domains = 99;
			assert_int_equal(
			    all[i]->take(arena, &ends, &q, &r, &out, &fault),
			    GW_EMALFORMED);
			assert_non_null(fault.why);
			assert_int_equal(out.n_domains, 99);
			r = answer(all[i], &same, k == 0 ? &none : &some);
			assert_int_equal(
			    all[i]->take(arena, &ends, &q, &r, &out, &fault),
			    GW_OK);
			assert_int_equal(out.n_domains, k == 0 ? 0 : 3);
		}
}

/* Unknown or not disclosed: nothing tells which. */
static void
an_empty_answer_says_nothing_of_why(void **state)
{
	struct gw_lookup_answer unknown = { .ttl_ms = 30000 };
	struct gw_lookup_answer hidden = three_domains();
	struct gw_lookup_question q = question("sip:bob@b.example");
	struct gw_lookup_ends far = ends, near = ends;

	(void)state;
	hidden.n_domains = 0;
	far.kms = GW_SPAN("");
	near.wall_us += 800000; /* the same second */
	for (size_t i = 0; i < n_all; i++) {
		struct gw_http_response a, b, c;
		gw_arena_reset(arena);
		a = answer(all[i], &q, &unknown);
		b = answer(all[i], &q, &hidden);
		assert_span(a.body, b.body);
		assert_span(a.content_type, b.content_type);
		assert_int_equal(
		    all[i]->answer(arena, &far, &q, &hidden, &c), GW_OK);
		assert_span(a.body, c.body);
		assert_int_equal(
		    all[i]->answer(arena, &near, &q, &hidden, &c), GW_OK);
		assert_span(a.body, c.body);
	}
}

static void
errors_are_told_and_never_taken_for_an_answer(void **state)
{
	static const unsigned status[GW_LOOKUP_ERROR_N] = { 400, 403, 404, 405,
		429, 503 };
	struct gw_http_request in = { .method = GW_HTTP_OTHER,
		.path = GW_LIT("/\xff<&\"\\%zz") };
	struct gw_lookup_question q = question("sip:bob@b.example");
	struct gw_lookup_answer out;
	struct gw_http_response r;
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < n_all; i++)
		for (int e = 0; e < GW_LOOKUP_ERROR_N; e++) {
			gw_arena_reset(arena);
			assert_int_equal(all[i]->refuse(arena, &ends, &in,
					     (enum gw_lookup_error)e, &r),
			    GW_OK);
			assert_int_equal(r.status, status[e]);
			assert_int_equal(r.allow.len != 0, status[e] == 405);
			for (size_t k = 0; k < r.body.len; k++)
				assert_true(r.body.p[k] < 0x7f);
			if (status[e] == 404)
				continue;
			assert_int_equal(
			    all[i]->take(arena, &ends, &q, &r, &out, &fault),
			    GW_EREMOTE);
		}
}

static void
the_most_that_an_answer_can_hold_crosses(void **state)
{
	static char names[GW_LOOKUP_EXTERNAL_MAX][GW_LOOKUP_KMS_MAX + 1];
	static struct gw_span list[GW_LOOKUP_EXTERNAL_MAX];
	struct gw_lookup_answer want = { .n_domains = GW_LOOKUP_DOMAINS_MAX },
				got;
	struct gw_lookup_question q = question("sip:bob@b.example");
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < GW_LOOKUP_EXTERNAL_MAX; i++) {
		memset(names[i], '&', GW_LOOKUP_KMS_MAX);
		names[i][0] = (char)('0' + i / 8);
		names[i][1] = (char)('0' + i % 8);
		list[i] = gw_span_of(names[i]);
	}
	for (size_t i = 0; i < GW_LOOKUP_DOMAINS_MAX; i++)
		want.domains[i] = (struct gw_lookup_domain){ list[i], true,
			i == 0 ? GW_LOOKUP_EXTERNAL_MAX : 0, list };
	for (size_t i = 0; i < n_all; i++) {
		gw_arena_reset(arena);
		struct gw_http_response r = answer(all[i], &q, &want);
		assert_int_equal(
		    all[i]->take(arena, &ends, &q, &r, &got, &fault), GW_OK);
		assert_answer(&got, &want, !is_kms(all[i]));
	}
}

static void
a_full_arena_is_told(void **state)
{
	struct gw_lookup_question q = question("sip:bob@b.example");
	struct gw_lookup_answer want = three_domains();
	struct gw_http_request heard = { .method = GW_HTTP_GET };
	struct gw_http_request r;
	struct gw_http_response s;
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < n_all; i++) {
		struct gw_arena *tiny = gw_arena_new(1);
		gw_arena_reset(arena);
		assert_int_equal(all[i]->ask(tiny, &ends, &q, &r), GW_ENOMEM);
		assert_int_equal(
		    all[i]->answer(tiny, &ends, &q, &want, &s), GW_ENOMEM);
		assert_int_equal(
		    all[i]->refuse(tiny, &ends, &heard, GW_LOOKUP_E_RATE, &s),
		    GW_ENOMEM);
		heard = ask(all[i], &q);
		struct gw_lookup_question h;
		assert_int_equal(
		    all[i]->hear(tiny, &ends, &heard, &h, &fault), GW_ENOMEM);
		gw_arena_free(tiny);
	}
}

/* However far the memory goes: all of the answer, or nothing. */
static void
an_arena_that_ends_anywhere_is_told(void **state)
{
	struct gw_lookup_question q = question("sip:bob@b.example");
	struct gw_lookup_answer want = three_domains(), got;
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < n_all; i++) {
		enum gw_err err = GW_ENOMEM;
		gw_arena_reset(arena);
		struct gw_http_response r = answer(all[i], &q, &want);
		for (size_t cap = 1; err != GW_OK; cap++) {
			struct gw_arena *tiny = gw_arena_new(cap);
			got.n_domains = 99;
			err = all[i]->take(tiny, &ends, &q, &r, &got, &fault);
			assert_true(err == GW_OK || err == GW_ENOMEM);
			assert_int_equal(got.n_domains, err == GW_OK ? 3 : 99);
			if (err == GW_OK)
				assert_answer(&got, &want, !is_kms(all[i]));
			gw_arena_free(tiny);
		}
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(adapters_are_found_by_name),
		cmocka_unit_test(a_question_is_heard_by_its_own_dialect_alone),
		cmocka_unit_test(an_answer_crosses_every_pair_of_dialects),
		cmocka_unit_test(an_answer_about_another_user_is_not_taken),
		cmocka_unit_test(an_empty_answer_says_nothing_of_why),
		cmocka_unit_test(errors_are_told_and_never_taken_for_an_answer),
		cmocka_unit_test(the_most_that_an_answer_can_hold_crosses),
		cmocka_unit_test(a_full_arena_is_told),
		cmocka_unit_test(an_arena_that_ends_anywhere_is_told),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
