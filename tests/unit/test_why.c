/*
 * test_why.c: decisions are found by their id until newer ones push them out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "core/why.h"

static const struct gw_verdict verdict = { .outcome = GW_REDIRECT,
	.reason = GW_REASON_PAIR,
	.status = 488,
	.rule = "alpha-bravo/calls",
	.n_domains = 2,
	.domains = { GW_LIT("kms.one"), GW_LIT("kms.two") },
	.n_steps = 1,
	.steps = { { .check = GW_CHECK_PAIR,
	    .outcome = GW_STEP_FAIL,
	    .because = "is not permitted",
	    .fact = GW_LIT("kms.three"),
	    .at = { "agreements/ab.xml", 17 } } } };

static void
add(struct why *w, uint64_t id)
{
	why_add(w,
	    &(struct why_head){ .id = id,
		.method = "INVITE",
		.from = "alpha",
		.to = "bravo",
		.initiator = GW_SPAN("sip:a@alpha"),
		.target = GW_SPAN("sip:b@bravo") },
	    &verdict);
}

static void
assert_holds(const struct gw_buf *b, const char *part)
{
	assert_true(gw_span_search(gw_buf_span(b), gw_span_of(part)) < b->len);
}

static void
a_decision_is_told_with_its_steps(void **state)
{
	static const char *const parts[] = { "00000000000000ab", "INVITE",
		"alpha", "bravo", "redirect", "pair", "488",
		"alpha-bravo/calls", "kms.one kms.two", "is not permitted",
		"kms.three", "ab.xml" };
	struct why *w = why_new(4);
	struct gw_buf text, json;

	(void)state;
	add(w, 0xab);
	gw_buf_init(&text, 4096);
	gw_buf_init(&json, 4096);
	assert_true(why_write(w, 0xab, false, &text));
	assert_true(why_write(w, 0xab, true, &json));
	for (size_t i = 0; i < GW_COUNT(parts); i++) {
		assert_holds(&text, parts[i]);
		assert_holds(&json, parts[i]);
	}
	gw_buf_clear(&text);
	gw_buf_clear(&json);
	why_free(w);
}

/* The longest row there is: every text too long, a file for each step. */
static void
what_is_too_long_is_cut_and_nothing_else(void **state)
{
	static char wide[400], paths[GW_STEPS_MAX][100];
	struct gw_verdict v = verdict;
	struct why *w = why_new(2);
	struct gw_buf text;
	char part[100];

	(void)state;
	memset(wide, 'w', sizeof(wide) - 1);
	v.rule = wide;
	v.n_domains = GW_COUNT(v.domains);
	for (size_t i = 0; i < v.n_domains; i++)
		v.domains[i] = gw_span_sub(gw_span_of(wide), 0, 60);
	v.n_steps = GW_STEPS_MAX;
	for (unsigned i = 0; i < GW_STEPS_MAX; i++) {
		memset(paths[i], 'p', 90);
		snprintf(paths[i] + 80, 20, "/file%02u.xml", i);
		v.steps[i] = v.steps[0];
		v.steps[i].fact = gw_span_of(wide);
		v.steps[i].at = (struct gw_where){ paths[i], 100 + i };
	}
	v.steps[3].at = v.steps[2].at; /* the same place again */
	v.steps[5].at = (struct gw_where){ NULL, 0 };

	add(w, 1);
	why_add(w,
	    &(struct why_head){ .id = 2,
		.method = "INVITE",
		.from = wide,
		.to = wide,
		.initiator = gw_span_of(wide),
		.target = gw_span_of(wide) },
	    &v);
	gw_buf_init(&text, 65536);
	assert_true(why_write(w, 2, false, &text));
	for (unsigned i = 0; i < GW_STEPS_MAX; i++) {
		snprintf(part, sizeof(part), "/file%02u.xml:%u", i, 100 + i);
		size_t at =
		    gw_span_search(gw_buf_span(&text), gw_span_of(part));
		assert_int_equal(at < text.len, i != 3 && i != 5);
	}
	gw_buf_reset(&text);
	assert_true(why_write(w, 1, false, &text)); /* its neighbour */
	assert_holds(&text, "kms.one kms.two");
	add(w, 3); /* in the place of that neighbour */
	assert_true(why_write(w, 2, true, &text));
	gw_buf_clear(&text);
	why_free(w);
}

static void
old_ones_give_way(void **state)
{
	struct why *w = why_new(4);
	struct gw_buf text;

	(void)state;
	gw_buf_init(&text, 65536);
	for (uint64_t id = 1; id <= 5; id++)
		add(w, id);
	assert_false(why_write(w, 1, false, &text));
	assert_int_equal(text.len, 0);
	for (uint64_t id = 2; id <= 5; id++)
		assert_true(why_write(w, id, false, &text));
	assert_false(why_write(w, 0, false, &text)); /* an empty row is none */
	gw_buf_clear(&text);
	why_free(w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_decision_is_told_with_its_steps),
		cmocka_unit_test(what_is_too_long_is_cut_and_nothing_else),
		cmocka_unit_test(old_ones_give_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
