/*
 * test_tjson.c: the reader that other tests believe.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "support/tjson.h"

static struct tjson *
parse(const char *text)
{
	return tjson_parse(text, strlen(text));
}

static void
values_are_found_by_path(void **state)
{
	struct tjson *j =
	    parse("{\"a\": {\"b\": [1, -20, {\"c\": \"d\\u00e9\\\"\\n\"}]},\n"
		  " \"t\": true, \"n\": null, \"h\": \"00Ff\", \"e\": {}, "
		  "\"x\": []}");
	uint8_t hex[2];

	(void)state;
	assert_non_null(j);
	assert_int_equal(tjson_int(j, "a.b.1", 0), -20);
	assert_string_equal(tjson_str(j, "a.b.2.c"), "d\xc3\xa9\"\n");
	assert_int_equal(tjson_count(tjson_get(j, "a.b")), 3);
	assert_true(tjson_bool(j, "t", false));
	assert_int_equal(tjson_get(j, "n")->type, TJSON_NULL);
	assert_int_equal(tjson_hex(j, "h", hex, 2), 2);
	assert_int_equal(hex[1], 0xff);
	assert_int_equal(tjson_hex(j, "h", hex, 1), 0);
	assert_int_equal(tjson_count(tjson_get(j, "e")), 0);
	assert_int_equal(tjson_count(tjson_get(j, "x")), 0);
	assert_null(tjson_get(j, "a.z"));
	assert_null(tjson_get(j, "a.b.3"));
	assert_null(tjson_get(j, "a.b.z"));
	assert_null(tjson_str(j, "t"));
	assert_null(tjson_str(NULL, "t"));
	tjson_free(j);
}

static void
what_is_not_json_is_refused(void **state)
{
	static const char *const cases[] = { "", "{", "[1,", "[1 2]", "{\"a\"}",
		"\"a", "\"\\x\"", "\"\\u12\"", "tru", "[1]x", "{1:2}", "[,]",
		"\"\\ud800\\u0041\"", "-", "]" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (parse(cases[i]) != NULL)
			fail_msg("accepted: %s", cases[i]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_are_found_by_path),
		cmocka_unit_test(what_is_not_json_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
