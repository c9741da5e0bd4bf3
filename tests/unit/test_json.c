/*
 * test_json.c: what the writer writes, another reader reads.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/json.h"
#include "support/tjson.h"

static struct gw_buf buf;
static struct gw_json json;

static int
start(void **state)
{
	(void)state;
	gw_buf_init(&buf, 1 << 20);
	gw_json_init(&json, &buf);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	gw_buf_clear(&buf);
	return 0;
}

static void
assert_text(const char *want)
{
	assert_true(gw_buf_ok(&buf));
	assert_true(gw_span_eq(gw_buf_span(&buf), gw_span_of(want)));
}

static void
commas_and_nesting_are_kept(void **state)
{
	(void)state;
	gw_json_open(&json, NULL, '{');
	gw_json_text(&json, "a", "x");
	gw_json_open(&json, "b", '[');
	gw_json_num(&json, NULL, -1);
	gw_json_open(&json, NULL, '{');
	gw_json_close(&json, '}');
	gw_json_open(&json, NULL, '[');
	gw_json_close(&json, ']');
	gw_json_bool(&json, NULL, true);
	gw_json_close(&json, ']');
	gw_json_null(&json, "c");
	gw_json_text(&json, "d", NULL);
	gw_json_bool(&json, "e", false);
	gw_json_hex(&json, "f", GW_SPAN("\x00\xff"));
	gw_json_close(&json, '}');
	assert_text("{\"a\":\"x\",\"b\":[-1,{},[],true],\"c\":null,"
		    "\"d\":null,\"e\":false,\"f\":\"00ff\"}");
}

static void
numbers_are_exact_at_both_ends(void **state)
{
	(void)state;
	gw_json_open(&json, NULL, '[');
	gw_json_num(&json, NULL, INT64_MIN);
	gw_json_num(&json, NULL, INT64_MAX);
	gw_json_num(&json, NULL, 0);
	gw_json_close(&json, ']');
	assert_text("[-9223372036854775808,9223372036854775807,0]");
}

static void
text_is_escaped_and_made_utf8(void **state)
{
	static const struct {
		struct gw_span in;
		const char *out;
	} cases[] = {
		{ GW_LIT(""), "\"\"" },
		{ GW_LIT("a\"\\/b"), "\"a\\\"\\\\/b\"" },
		{ GW_LIT("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\"" },
		{ GW_LIT("\0\x1f\x7f"), "\"\\u0000\\u001f\\u007f\"" },
		{ GW_LIT("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
		    "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"" },
		/* Lone, cut, too long, surrogate, beyond Unicode. */
		{ GW_LIT("a\x80z"), "\"a\xef\xbf\xbdz\"" },
		{ GW_LIT("\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ GW_LIT("\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ GW_LIT("\xed\xa0\x80"),
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
		{ GW_LIT("\xf4\x90\x80\x80"),
		    "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(cases); i++) {
		gw_buf_reset(&buf);
		gw_json_init(&json, &buf);
		gw_json_span(&json, NULL, cases[i].in);
		assert_text(cases[i].out);
	}
}

static void
any_octets_come_back_as_one_document(void **state)
{
	uint8_t octets[256];
	struct tjson *doc;

	(void)state;
	for (size_t i = 0; i < sizeof(octets); i++)
		octets[i] = (uint8_t)i;
	gw_json_open(&json, NULL, '{');
	gw_json_span(&json, "k\"ey", (struct gw_span){ octets, 256 });
	gw_json_num(&json, "after", 7);
	gw_json_close(&json, '}');
	assert_true(gw_buf_ok(&buf));
	doc = tjson_parse(buf.p, buf.len);
	assert_non_null(doc);
	assert_int_equal(tjson_int(doc, "after", 0), 7);
	assert_int_equal(tjson_count(doc), 2);
	tjson_free(doc);
}

static void
depth_is_capped_and_brackets_must_match(void **state)
{
	(void)state;
	for (int i = 0; i < GW_JSON_DEPTH_MAX; i++)
		gw_json_open(&json, NULL, '[');
	assert_true(gw_buf_ok(&buf));
	gw_json_open(&json, NULL, '[');
	assert_false(gw_buf_ok(&buf));

	gw_buf_reset(&buf);
	gw_json_init(&json, &buf);
	gw_json_close(&json, '}');
	assert_false(gw_buf_ok(&buf));
}

static void
a_full_buffer_is_reported_once_at_the_end(void **state)
{
	struct gw_buf small;

	(void)state;
	gw_buf_init(&small, 10);
	gw_json_init(&json, &small);
	gw_json_open(&json, NULL, '{');
	for (int i = 0; i < 100; i++)
		gw_json_text(&json, "key", "value");
	gw_json_close(&json, '}');
	assert_false(gw_buf_ok(&small));
	gw_buf_clear(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    commas_and_nesting_are_kept, start, end),
		cmocka_unit_test_setup_teardown(
		    numbers_are_exact_at_both_ends, start, end),
		cmocka_unit_test_setup_teardown(
		    text_is_escaped_and_made_utf8, start, end),
		cmocka_unit_test_setup_teardown(
		    any_octets_come_back_as_one_document, start, end),
		cmocka_unit_test_setup_teardown(
		    depth_is_capped_and_brackets_must_match, start, end),
		cmocka_unit_test_setup_teardown(
		    a_full_buffer_is_reported_once_at_the_end, start, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
