/*
 * test_token_text.c: the text of tokens comes back, is the only one of its
 * octets, and holds nothing that a peer, or our own reader, takes for
 * something else.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "codec/sip/sip_uri.h"
#include "codec/sip/sip_via.h"
#include "codec/token/token_text.h"

#define OCTETS_MAX 100
#define TEXT_MAX   ((4 * OCTETS_MAX + 2) / 3)

static const char digits[] =
    "ABCDEFGHIJKLMNOP.RSTUVWXYZabcdefghijklmnop~rstuvwxyz0123456789-_";

static uint8_t octets[OCTETS_MAX], text[TEXT_MAX + 16];
static uint8_t back[OCTETS_MAX + 2];

static int
set_up(void **state)
{
	(void)state;
	for (size_t i = 0; i < OCTETS_MAX; i++)
		octets[i] = (uint8_t)(i * 37 + i / 7 + 250);
	return 0;
}

static struct gw_span
text_of(size_t len)
{
	token_text_encode((struct gw_span){ octets, len }, text);
	return (struct gw_span){ text, (4 * len + 2) / 3 };
}

static void
every_length_comes_back(void **state)
{
	size_t len = 0;

	(void)state;
	for (size_t n = 0; n <= OCTETS_MAX; n++) {
		memset(text, '!', sizeof(text));
		struct gw_span t = text_of(n);
		assert_int_equal(text[t.len], '!');
		assert_true(token_text_is(t));
		assert_int_equal(token_text_decode(t, back, &len), GW_OK);
		assert_int_equal(len, n);
		assert_memory_equal(back, octets, n);
	}
}

/* Three octets are written, and four digits read, without vectors; and a text
 * is that of its groups. */
static void
wide_and_narrow_agree(void **state)
{
	uint8_t one[4], three[5];
	size_t len = 0;

	(void)state;
	for (unsigned seed = 0; seed < 4096; seed++) {
		for (size_t i = 0; i < 48; i++)
			octets[i] = (uint8_t)((seed * 193 + i * i * 31) >> 2);
		struct gw_span t = text_of(48);
		assert_int_equal(token_text_decode(t, back, &len), GW_OK);
		for (size_t i = 0; i < 16; i++) {
			token_text_encode(
			    (struct gw_span){ octets + 3 * i, 3 }, one);
			assert_memory_equal(one, text + 4 * i, 4);
			struct gw_span four = gw_span_sub(t, 4 * i, 4);
			assert_int_equal(
			    token_text_decode(four, three, &len), GW_OK);
			assert_memory_equal(three, back + 3 * i, 3);
		}
	}
}

/* At each place, in what is read by sixteen and in what remains. */
static void
each_foreign_octet_is_refused(void **state)
{
	size_t len = 42;

	(void)state;
	for (size_t at = 0; at < 39; at++) {
		struct gw_span t = text_of(29);
		uint8_t was = text[at];
		for (unsigned c = 0; c < 256; c++) {
			bool good = c != 0 && strchr(digits, (int)c) != NULL;
			text[at] = (uint8_t)c;
			assert_int_equal(token_text_is(t), good);
			/* The last digit has two bits that must be 0. */
			if (good && at == 38)
				continue;
			assert_int_equal(token_text_decode(t, back, &len),
			    good ? GW_OK : GW_EMALFORMED);
		}
		text[at] = was;
	}
}

static void
values_are_those_of_the_digits(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		const char *hit = c == 0 ? NULL : strchr(digits, (int)c);
		if (hit != NULL)
			assert_int_equal(
			    token_text_value((uint8_t)c), hit - digits);
		else
			assert_true(token_text_value((uint8_t)c) > 63);
	}
}

static void
there_is_one_text_of_each_value(void **state)
{
	static const char *const bad[] = { "A", "AAAAA", "AB", "AAB",
		"AA==", "AA=", "+/AA", "A A", "AAA\n", "QAAA", "AAAq",
		"AAAAAAAAAAAAAAAAA", "AAAAAAAAAAAAAAAQ", "qAAAAAAAAAAAAAAA" };
	uint8_t again[4];
	size_t len = 42, valid = 0;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_int_equal(
		    token_text_decode(gw_span_of(bad[i]), back, &len),
		    GW_EMALFORMED);
	assert_int_equal(len, 42);
	for (int a = 0; a < 256; a++)
		for (int b = 0; b < 256; b++) {
			uint8_t two[2] = { (uint8_t)a, (uint8_t)b };
			struct gw_span s = { two, 2 };
			if (token_text_decode(s, back, &len) != GW_OK)
				continue;
			valid++;
			token_text_encode((struct gw_span){ back, len }, again);
			assert_memory_equal(again, two, 2);
		}
	assert_int_equal(valid, 256);
}

/* Peers look for "CSeq", in any case, anywhere in a message.  One token in
 * some thousands of base64url had it, and their call failed. */
static void
no_token_spells_cseq(void **state)
{
	static const uint8_t both[2][3] = { { 0x09, 0x27, 0xaa },
		{ 0x71, 0x21, 0x10 } };

	(void)state;
	assert_null(strchr(digits, 'Q'));
	assert_null(strchr(digits, 'q'));
	/* In base64url the first is "CSeq", the second "cSEQ". */
	token_text_encode((struct gw_span){ both[0], 3 }, text);
	assert_memory_equal(text, "CSe~", 4);
	token_text_encode((struct gw_span){ both[1], 3 }, text);
	assert_memory_equal(text, "cSE.", 4);
	for (unsigned w = 0; w < 1u << 24; w += 61) {
		uint8_t in[3] = { (uint8_t)(w >> 16), (uint8_t)(w >> 8),
			(uint8_t)w };
		token_text_encode((struct gw_span){ in, 3 }, text);
		for (size_t i = 0; i < 4; i++)
			assert_true(gw_lower(text[i]) != 'q');
	}
}

/* RFC 3261, 25.1: the characters of token (a Via parameter), of unreserved
 * (a user part) and of word (a Call-ID), and what our reader makes of them. */
static void
every_digit_may_stand_where_tokens_do(void **state)
{
	static const char marks[] = "-_.!~*'", of_token[] = "-.!%*_+`'~";
	static const char of_word[] = "-.!%*_+`'~()<>:\\\"/[]?{}";
	char uri[128], via[192];
	struct gw_fault fault;
	struct sip_uri u;
	struct sip_via v;

	(void)state;
	for (const char *d = digits; *d != '\0'; d++) {
		uint8_t l = gw_lower((uint8_t)*d);
		size_t pos = 0;
		if ((l < 'a' || l > 'z') && (l < '0' || l > '9')) {
			assert_non_null(strchr(marks, *d));
			assert_non_null(strchr(of_token, *d));
			assert_non_null(strchr(of_word, *d));
		}
		/* All of them, this one last. */
		(void)snprintf(uri, sizeof(uri), "sip:%s%c@h", digits, *d);
		assert_int_equal(
		    sip_uri_parse(gw_span_of(uri), &u, &fault), GW_OK);
		assert_int_equal(u.user.len, 65);
		(void)snprintf(via, sizeof(via),
		    "SIP/2.0/UDP h;branch=z9hG4bKa;gw=%s%c", digits, *d);
		assert_int_equal(
		    sip_via_next(gw_span_of(via), &pos, &v, &fault), GW_OK);
		assert_true(gw_span_ieq(v.other, GW_SPAN("gw")));
		assert_int_equal(v.other_value.len, 65);
		assert_int_equal(v.other_value.p[64], *d);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_comes_back),
		cmocka_unit_test(wide_and_narrow_agree),
		cmocka_unit_test(each_foreign_octet_is_refused),
		cmocka_unit_test(values_are_those_of_the_digits),
		cmocka_unit_test(there_is_one_text_of_each_value),
		cmocka_unit_test(no_token_spells_cseq),
		cmocka_unit_test(every_digit_may_stand_where_tokens_do),
	};
	return cmocka_run_group_tests(tests, set_up, NULL);
}
