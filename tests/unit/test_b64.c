/*
 * test_b64.c: base64 as it stands in key-mgmt lines and MIME bodies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/hex.h"

#define TEXT_MAX 2048

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static struct gw_arena *arena;

static int
set_up(void **state)
{
	(void)state;
	arena = gw_arena_new(1u << 20);
	return arena == NULL;
}

static int
tear_down(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

/* The same octets every time. */
static unsigned
dice(unsigned sides)
{
	static uint32_t s = 12345;

	s = s * 1664525u + 1013904223u;
	return (s >> 8) % sides;
}

static size_t
encode(struct gw_span in, size_t line, char *out)
{
	size_t n = 0, col = 0;

	for (size_t i = 0; i < in.len; i += 3) {
		size_t left = in.len - i;
		uint32_t w = (uint32_t)in.p[i] << 16;
		w |= left > 1 ? (uint32_t)in.p[i + 1] << 8 : 0;
		w |= left > 2 ? in.p[i + 2] : 0;
		for (unsigned k = 0; k < 4; k++) {
			out[n++] =
			    k > left ? '=' : digits[w >> (18 - 6 * k) & 63];
			if (++col == line) {
				out[n++] = '\r';
				out[n++] = '\n';
				col = 0;
			}
		}
	}
	return n;
}

static void
what_was_encoded_comes_back_whatever_the_length_and_the_lines(void **state)
{
	static const size_t lines[] = { 0, 1, 3, 4, 7, 76 };
	uint8_t octets[200];
	char text[TEXT_MAX];
	struct gw_fault fault;
	struct gw_span out;

	(void)state;
	for (size_t len = 0; len < sizeof(octets); len++) {
		for (size_t i = 0; i < len; i++)
			octets[i] = (uint8_t)dice(256);
		for (size_t l = 0; l < GW_COUNT(lines); l++) {
			struct gw_span in = { octets, len };
			size_t n = encode(in, lines[l], text);
			struct gw_span t = { (uint8_t *)text, n };
			assert_int_equal(
			    gw_b64_decode(arena, t, &out, &fault), GW_OK);
			assert_true(gw_span_eq(out, in));
		}
		gw_arena_reset(arena);
	}
}

static void
each_foreign_octet_is_refused_at_its_place(void **state)
{
	struct gw_fault fault;
	struct gw_span out;

	(void)state;
	for (unsigned c = 0; c < 256; c++)
		for (size_t at = 0; at < 16; at++) {
			uint8_t text[16] = "QUJDREVGR0hJSktM";
			bool is_digit =
			    c != 0 && strchr(digits, (int)c) != NULL;
			memset(text, 'A', sizeof(text));
			text[at] = (uint8_t)c;
			if (is_digit || c == '=' || c == '\r' || c == '\n')
				continue;
			struct gw_span in = { text, sizeof(text) };
			fault = (struct gw_fault){ 99, NULL };
			assert_int_equal(gw_b64_decode(arena, in, &out, &fault),
			    GW_EMALFORMED);
			assert_int_equal(fault.at, at);
			assert_string_equal(fault.why, "not a base64 digit");
		}
}

static void
a_text_of_another_form_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} rows[] = {
		{ "A", 1, "inside a group" },
		{ "QUJD\r\nQU", 8, "inside a group" },
		{ "QUJDQUI", 7, "inside a group" },
		{ "QUJDQQ=", 7, "inside a group" },
		{ "=", 0, "padding where" },
		{ "QUJDQ===", 5, "padding where" },
		{ "QUJDQUI==", 8, "padding where" },
		{ "QUJD====", 4, "padding where" },
		{ "QQ==QUJD", 4, "after the padding" },
		{ "QQ=Q", 3, "after the padding" },
		{ "QR==", 2, "stray bits" },
		{ "QUJDQUJ=", 7, "stray bits" },
		{ "QUJD QUJD", 4, "not a base64 digit" },
		{ "QUJD-_==", 4, "not a base64 digit" },
	};
	struct gw_fault fault;
	struct gw_span out;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		fault = (struct gw_fault){ 99, "" };
		enum gw_err err = gw_b64_decode(
		    arena, gw_span_of(rows[i].text), &out, &fault);
		if (err != GW_EMALFORMED || fault.at != rows[i].at ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("%s: %d at %zu: %s", rows[i].text, (int)err,
			    fault.at, fault.why);
	}
}

static void
a_full_arena_is_told(void **state)
{
	static uint8_t text[4096];
	struct gw_arena *small = gw_arena_new(64);
	struct gw_fault fault;
	struct gw_span out;

	(void)state;
	memset(text, 'A', sizeof(text));
	assert_int_equal(
	    gw_b64_decode(
		small, (struct gw_span){ text, sizeof(text) }, &out, &fault),
	    GW_ENOMEM);
	gw_arena_free(small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    what_was_encoded_comes_back_whatever_the_length_and_the_lines),
		cmocka_unit_test(each_foreign_octet_is_refused_at_its_place),
		cmocka_unit_test(
		    a_text_of_another_form_is_refused_with_its_place),
		cmocka_unit_test(a_full_arena_is_told),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
