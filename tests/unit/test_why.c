/*
 * test_why.c: decisions are found by their id until newer ones push them out.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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
		cmocka_unit_test(old_ones_give_way),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
