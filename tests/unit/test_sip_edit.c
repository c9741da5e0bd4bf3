/*
 * test_sip_edit.c: edits against a splice that is plain and slow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/sip/sip_edit.h"

#define RAW_LEN 200
#define OUT_MAX 8192

static struct sip_edits edits;
static struct iovec iov[SIP_IOV_MAX];
static uint32_t seed;

static size_t
random_below(size_t n)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % n;
}

/* Apply and join; the length is checked on the way. */
static size_t
joined(uint8_t *out)
{
	size_t n = 0, len = 0, sum = 0;

	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_OK);
	assert_in_range(n, 0, SIP_IOV_MAX);
	for (size_t i = 0; i < n; i++) {
		assert_int_not_equal(iov[i].iov_len, 0);
		memcpy(out + sum, iov[i].iov_base, iov[i].iov_len);
		sum += iov[i].iov_len;
	}
	assert_int_equal(sum, len);
	return sum;
}

static void
no_edits_give_the_input_itself(void **state)
{
	struct gw_span raw = GW_LIT("unchanged");
	size_t n, len;

	(void)state;
	sip_edits_init(&edits, raw);
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_OK);
	assert_int_equal(n, 1);
	assert_int_equal(len, raw.len);
	assert_ptr_equal(iov[0].iov_base, raw.p);
	sip_edits_init(&edits, GW_SPAN(""));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_OK);
	assert_int_equal(n + len, 0);
}

static void
edits_in_any_order_give_the_same_text(void **state)
{
	struct gw_span raw = GW_LIT("0123456789");
	static const char want[] = "<A>B2Y45Z";
	uint8_t out[OUT_MAX];

	(void)state;
	sip_edits_init(&edits, raw);
	sip_edits_insert(&edits, 10, GW_SPAN("Z"));
	sip_edits_replace(&edits, gw_span_sub(raw, 3, 1), GW_SPAN("Y"));
	sip_edits_replace(&edits, gw_span_sub(raw, 0, 2), GW_SPAN("B"));
	sip_edits_remove(&edits, gw_span_sub(raw, 6, 4));
	sip_edits_insert(&edits, 0, GW_SPAN("<"));
	sip_edits_insert(&edits, 0, GW_SPAN("A"));
	sip_edits_insert(&edits, 0, GW_SPAN(">"));
	assert_int_equal(joined(out), sizeof(want) - 1);
	assert_memory_equal(out, want, sizeof(want) - 1);
}

/* Cut raw into runs; keep, remove, replace each; insert between some. */
static size_t
random_case(struct gw_span raw, uint8_t *want)
{
	static const uint8_t news[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	static struct sip_edit order[SIP_EDITS_MAX];
	size_t at = 0, len = 0, n = 0;

	while (at < raw.len) {
		size_t run = 1 + random_below(9);
		struct gw_span old = gw_span_sub(raw, at, run);
		struct gw_span ins = { news, random_below(26) };
		size_t what = random_below(4);
		if (random_below(3) == 0) {
			order[n++] = (struct sip_edit){ (uint32_t)at, 0, ins };
			memcpy(want + len, ins.p, ins.len);
			len += ins.len;
		}
		if (what >= 2) {
			ins.len = what == 2 ? 0 : ins.len;
			order[n++] = (struct sip_edit){ (uint32_t)at,
				(uint32_t)old.len, ins };
			memcpy(want + len, ins.p, ins.len);
			len += ins.len;
		} else {
			memcpy(want + len, old.p, old.len);
			len += old.len;
		}
		at += old.len;
	}
	/* Hand them over shuffled. */
	for (; n > 0; n--) {
		size_t pick = random_below(n);
		struct gw_span old =
		    gw_span_sub(raw, order[pick].off, order[pick].del);
		if (order[pick].del == 0)
			sip_edits_insert(
			    &edits, order[pick].off, order[pick].ins);
		else if (order[pick].ins.len == 0)
			sip_edits_remove(&edits, old);
		else
			sip_edits_replace(&edits, old, order[pick].ins);
		order[pick] = order[n - 1];
	}
	return len;
}

static void
random_edits_give_what_a_splice_gives(void **state)
{
	uint8_t text[RAW_LEN], want[OUT_MAX], out[OUT_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i++)
		text[i] = (uint8_t)('a' + i % 26);
	for (seed = 1; seed < 3000; seed++) {
		uint32_t keep = seed;
		struct gw_span raw = { text, random_below(RAW_LEN) + 1 };
		sip_edits_init(&edits, raw);
		size_t len = random_case(raw, want);
		assert_int_equal(joined(out), len);
		assert_memory_equal(out, want, len);
		/* Applying is repeatable. */
		assert_int_equal(joined(out), len);
		assert_memory_equal(out, want, len);
		seed = keep;
	}
}

static void
edits_that_overlap_or_lie_outside_are_our_own_mistake(void **state)
{
	struct gw_span raw = GW_LIT("0123456789");
	struct gw_span inner = gw_span_sub(raw, 2, 6);
	size_t n, len;

	(void)state;
	sip_edits_init(&edits, raw);
	sip_edits_remove(&edits, gw_span_sub(raw, 2, 3));
	sip_edits_remove(&edits, gw_span_sub(raw, 4, 1));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_EBUG);
	sip_edits_init(&edits, raw);
	sip_edits_remove(&edits, gw_span_sub(raw, 2, 3));
	sip_edits_insert(&edits, 3, GW_SPAN("x"));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_EBUG);
	sip_edits_init(&edits, raw);
	sip_edits_insert(&edits, 11, GW_SPAN("x"));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_EBUG);
	sip_edits_init(&edits, inner);
	sip_edits_remove(&edits, gw_span_sub(raw, 7, 2));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_EBUG);
	sip_edits_init(&edits, inner);
	sip_edits_remove(&edits, gw_span_sub(raw, 1, 2));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_EBUG);
	/* Neighbours are no overlap. */
	sip_edits_init(&edits, raw);
	sip_edits_remove(&edits, gw_span_sub(raw, 2, 3));
	sip_edits_remove(&edits, gw_span_sub(raw, 5, 3));
	sip_edits_insert(&edits, 5, GW_SPAN("x"));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_OK);
	assert_int_equal(len, 5);
}

static void
one_edit_too_many_is_a_limit(void **state)
{
	static uint8_t text[2 * SIP_EDITS_MAX + 1];
	struct gw_span raw = { text, sizeof(text) };
	size_t n, len;

	(void)state;
	sip_edits_init(&edits, raw);
	for (size_t i = 0; i < SIP_EDITS_MAX; i++)
		sip_edits_replace(
		    &edits, gw_span_sub(raw, 2 * i + 1, 1), GW_SPAN("x"));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_OK);
	assert_int_equal(n, SIP_IOV_MAX);
	assert_int_equal(len, sizeof(text));
	sip_edits_insert(&edits, 0, GW_SPAN("x"));
	assert_int_equal(sip_edits_apply(&edits, iov, &n, &len), GW_ELIMIT);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_edits_give_the_input_itself),
		cmocka_unit_test(edits_in_any_order_give_the_same_text),
		cmocka_unit_test(random_edits_give_what_a_splice_gives),
		cmocka_unit_test(
		    edits_that_overlap_or_lie_outside_are_our_own_mistake),
		cmocka_unit_test(one_edit_too_many_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
