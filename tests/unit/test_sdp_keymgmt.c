/*
 * test_sdp_keymgmt.c: key-mgmt lines, where they stand and how they are spelt.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "codec/sdp/sdp_keymgmt.h"

#define LINES_MAX 4

static struct gw_fault fault;
static struct sdp_keymgmt lines[LINES_MAX];

static void
assert_span(struct gw_span s, const char *want)
{
	if (!gw_span_eq(s, gw_span_of(want)))
		fail_msg("\"%.*s\" is not \"%s\"", GW_FMT(s), want);
}

static enum gw_err
scan(const char *text, size_t *n)
{
	struct sdp_scan s;
	enum gw_err err;

	fault = (struct gw_fault){ 99, "" };
	sdp_scan_init(&s, gw_span_of(text));
	for (*n = 0; *n < LINES_MAX; ++*n)
		if ((err = sdp_keymgmt_next(&s, &lines[*n], &fault)) != GW_OK)
			return err;
	return GW_OK;
}

static void
lines_are_found_at_both_levels_with_their_media(void **state)
{
	size_t n;

	(void)state;
	assert_int_equal(scan("v=0\r\ns=-\na=key-mgmt:mikey QUJD\r\n"
			      "a=key-mgmt:KEYP1 x y\n"
			      "m=audio 20000 RTP/SAVP 105\r\n"
			      "a=key-mgmt:mikey REVG\r\n"
			      "m=x\r\na=ptime:20\r\na=key-mgmt:MIKEY",
			     &n),
	    GW_OK);
	assert_int_equal(n, 4);
	assert_span(lines[0].protocol, "mikey");
	assert_span(lines[0].data, "QUJD");
	assert_span(lines[0].line, "a=key-mgmt:mikey QUJD");
	assert_false(lines[0].in_media);
	assert_span(lines[1].protocol, "KEYP1");
	assert_span(lines[1].data, "x y");
	assert_true(lines[2].in_media);
	assert_span(lines[2].media, "audio");
	assert_span(lines[2].data, "REVG");
	assert_span(lines[3].media, "x");
	assert_span(lines[3].data, "");
}

static void
other_lines_are_passed_over(void **state)
{
	static const char *const rows[] = { "", "\n", "\r\n", "a",
		"a=", "a=key-mgmt", "a=key-mgm:mikey QUJD",
		" a=key-mgmt:mikey QUJD", "s=a=key-mgmt:mikey QUJD",
		"v=0\nm=\nc=x\r\n" };
	size_t n;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		assert_int_equal(scan(rows[i], &n), GW_ENOTFOUND);
		assert_int_equal(n, 0);
	}
}

static void
what_readers_could_take_differently_is_refused_with_its_place(void **state)
{
	static const struct {
		const char *text;
		size_t at;
		const char *why;
	} rows[] = {
		{ "v=0\ra=key-mgmt:mikey QUJD\r\n", 3, "bare CR" },
		{ "v=0\r\ns=-\r\r\n", 8, "bare CR" },
		{ "v=0\r", 3, "bare CR" },
		{ "v=0\nA=key-mgmt:mikey QUJD\n", 4, "another case" },
		{ "a=Key-Mgmt:mikey QUJD\n", 0, "another case" },
		{ "v=0\na=key-mgmt:\n", 15, "without a protocol" },
		{ "a=key-mgmt: mikey QUJD\n", 11, "without a protocol" },
	};
	size_t n;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		enum gw_err err = scan(rows[i].text, &n);
		if (err != GW_EMALFORMED || fault.at != rows[i].at ||
		    strstr(fault.why, rows[i].why) == NULL)
			fail_msg("row %zu: %d at %zu: %s", i, (int)err,
			    fault.at, fault.why);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    lines_are_found_at_both_levels_with_their_media),
		cmocka_unit_test(other_lines_are_passed_over),
		cmocka_unit_test(
		    what_readers_could_take_differently_is_refused_with_its_place),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
