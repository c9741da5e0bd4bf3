/*
 * test_verdict.c: stable words, and a step as a line.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/verdict.h"

/* Words of a vocabulary: lower case and dashes, each once. */
static void
assert_words(const char *const *word, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		assert_true(strlen(word[i]) > 0);
		assert_int_equal(strspn(word[i], "abcdefghijklmnopqrstuvwxyz-"),
		    strlen(word[i]));
		assert_string_not_equal(word[i], "unknown");
		for (size_t k = 0; k < i; k++)
			assert_string_not_equal(word[i], word[k]);
	}
}

static void
every_value_has_a_word_of_its_own(void **state)
{
	const char *word[32];
	int n;

	(void)state;
	for (n = 0; n < GW_REASON_N; n++)
		word[n] = gw_reason_name((enum gw_reason)n);
	assert_words(word, (size_t)n);
	for (n = 0; n < GW_CHECK_N; n++)
		word[n] = gw_check_name((enum gw_check)n);
	assert_words(word, (size_t)n);
	for (n = 0; n < GW_KIND_N; n++)
		word[n] = gw_kind_name((enum gw_kind)n);
	assert_words(word, (size_t)n);
	for (n = 0; n < GW_URGENCY_N; n++)
		word[n] = gw_urgency_name((enum gw_urgency)n);
	assert_words(word, (size_t)n);
	for (n = GW_SERVICE_NONE; n <= GW_MCDATA; n++)
		word[n] = gw_service_name((enum gw_service)n);
	assert_words(word, (size_t)n);
	for (n = GW_REFUSE; n <= GW_PERMIT; n++)
		word[n] = gw_outcome_name((enum gw_outcome)n);
	assert_words(word, (size_t)n);
	for (n = GW_STEP_PASS; n <= GW_STEP_SKIP; n++)
		word[n] = gw_step_outcome_name((enum gw_step_outcome)n);
	assert_words(word, (size_t)n);
	assert_string_equal(gw_reason_name((enum gw_reason)99), "unknown");
	assert_string_equal(gw_kind_name((enum gw_kind)99), "unknown");
}

static void
the_words_of_the_manual_stay(void **state)
{
	(void)state;
	assert_string_equal(gw_service_name(GW_MCPTT), "mcptt");
	assert_string_equal(
	    gw_kind_name(GW_KIND_FIRST_TO_ANSWER), "first-to-answer");
	assert_string_equal(gw_urgency_name(GW_EMERGENCY), "emergency");
	assert_string_equal(gw_outcome_name(GW_REDIRECT), "redirect");
	assert_string_equal(gw_check_name(GW_CHECK_LOCAL), "local-policy");
	assert_string_equal(
	    gw_reason_name(GW_REASON_SOURCE_NOT_OF_PEER), "source-not-of-peer");
	assert_string_equal(gw_reason_name(GW_REASON_NO_ROUTE), "no-route");
	assert_string_equal(
	    gw_reason_name(GW_REASON_NO_AGREEMENT), "no-agreement");
	assert_string_equal(
	    gw_reason_name(GW_REASON_NOT_PERMITTED), "not-permitted");
}

static void
assert_step(const struct gw_step *s, const char *want)
{
	struct gw_buf b;

	gw_buf_init(&b, 4096);
	gw_step_text(&b, s);
	gw_buf_add(&b, GW_SPAN("\0"));
	assert_true(gw_buf_ok(&b));
	assert_string_equal((const char *)b.p, want);
	gw_buf_clear(&b);
}

static void
a_step_tells_number_check_outcome_fact_and_place(void **state)
{
	struct gw_step s = { GW_CHECK_TARGET, GW_STEP_PASS,
		"is a domain of bravo", GW_LIT("mcptt.bravo.example"),
		{ "a.xml", 4 } };

	(void)state;
	assert_step(&s,
	    "3 target: pass: \"mcptt.bravo.example\" is a domain of bravo "
	    "(a.xml:4)");
	s.fact.len = 0;
	s.at.line = 0;
	assert_step(&s, "3 target: pass: is a domain of bravo (a.xml)");
	s.at.file = NULL;
	s.check = GW_CHECK_PRIORITY;
	s.outcome = GW_STEP_SKIP;
	assert_step(&s, "11 priority: skip: is a domain of bravo");
}

static void
a_fact_from_a_peer_cannot_forge_a_line(void **state)
{
	uint8_t fact[1000];
	struct gw_step s = { GW_CHECK_SOURCE, GW_STEP_FAIL, "is foreign",
		GW_LIT("a\"\r\n3 target: pass\\\xff"), { NULL, 0 } };
	struct gw_buf b;

	(void)state;
	assert_step(&s, "2 source: fail: \"a\\x22\\x0d\\x0a3 target: "
			"pass\\x5c\\xff\" is foreign");
	memset(fact, 'a', sizeof(fact));
	s.fact = (struct gw_span){ fact, sizeof(fact) };
	gw_buf_init(&b, 4096);
	gw_step_text(&b, &s);
	assert_in_range(b.len, 256, 320);
	assert_true(
	    gw_span_search(gw_buf_span(&b), GW_SPAN("a...\" is")) < b.len);
	gw_buf_clear(&b);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_value_has_a_word_of_its_own),
		cmocka_unit_test(the_words_of_the_manual_stay),
		cmocka_unit_test(
		    a_step_tells_number_check_outcome_fact_and_place),
		cmocka_unit_test(a_fact_from_a_peer_cannot_forge_a_line),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
