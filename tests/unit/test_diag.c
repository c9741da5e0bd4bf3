/*
 * test_diag.c: mistakes with their places, in order, shown as text and JSON.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "mcxgw/buf.h"
#include "mcxgw/diag.h"
#include "mcxgw/json.h"
#include "support/tjson.h"

static struct gw_diag *diag;
static struct gw_buf buf;

static int
start(void **state)
{
	(void)state;
	gw_buf_init(&buf, 1 << 20);
	diag = gw_diag_new();
	return diag == NULL;
}

static int
end(void **state)
{
	(void)state;
	gw_buf_clear(&buf);
	gw_diag_free(diag);
	return 0;
}

static void
report_three(void)
{
	char file[] = "conf/a.xml", want[] = "the KMS URI";
	struct gw_where at = { file, 41 }, whole = { "b.xml", 0 };

	gw_diag_error(
	    diag, &at, "agreement.kms", want, "kms \"%s\" is empty", "x");
	memset(file, 'X', sizeof(file) - 1); /* what was given may go */
	memset(want, 'X', sizeof(want) - 1);
	gw_diag_warning(diag, &whole, "tls.expiry", NULL, "%d days left", 9);
	gw_diag_error(diag, NULL, "conf.none", "one", "nothing is there");
}

static void
text_says_where_what_and_what_should_be(void **state)
{
	static const char want[] =
	    "conf/a.xml:41: error: kms \"x\" is empty [agreement.kms]\n"
	    "    want: the KMS URI\n"
	    "b.xml: warning: 9 days left [tls.expiry]\n"
	    "error: nothing is there [conf.none]\n"
	    "    want: one\n";

	(void)state;
	report_three();
	gw_diag_print(diag, &buf);
	assert_true(gw_buf_ok(&buf));
	assert_true(gw_span_eq(gw_buf_span(&buf), gw_span_of(want)));
	assert_int_equal(gw_diag_errors(diag), 2);
	assert_int_equal(gw_diag_warnings(diag), 1);
	assert_string_equal(gw_diag_first(diag)->code, "agreement.kms");
	assert_string_equal(gw_diag_first(diag)->next->text, "9 days left");
}

static void
json_holds_the_same(void **state)
{
	struct gw_json j;
	struct tjson *doc;

	(void)state;
	report_three();
	gw_json_init(&j, &buf);
	gw_json_open(&j, NULL, '{');
	gw_diag_json(diag, &j);
	gw_json_close(&j, '}');
	doc = tjson_parse(buf.p, buf.len);
	assert_non_null(doc);
	assert_int_equal(tjson_int(doc, "errors", -1), 2);
	assert_int_equal(tjson_int(doc, "warnings", -1), 1);
	assert_int_equal(tjson_count(tjson_get(doc, "findings")), 3);
	assert_string_equal(tjson_str(doc, "findings.0.file"), "conf/a.xml");
	assert_int_equal(tjson_int(doc, "findings.0.line", -1), 41);
	assert_string_equal(tjson_str(doc, "findings.0.code"), "agreement.kms");
	assert_string_equal(tjson_str(doc, "findings.1.level"), "warning");
	assert_null(tjson_str(doc, "findings.1.want"));
	assert_null(tjson_str(doc, "findings.2.file"));
	tjson_free(doc);
}

static void
a_flood_is_counted_but_not_kept(void **state)
{
	struct gw_where at = { "a.xml", 1 };
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 5000; i++)
		gw_diag_error(diag, &at, "x.y", "z", "mistake %d", i);
	for (const struct gw_diag_entry *e = gw_diag_first(diag); e != NULL;
	     e = e->next)
		n++;
	assert_int_equal(n, 1000);
	assert_int_equal(gw_diag_errors(diag), 5000);
	gw_diag_print(diag, &buf);
	assert_true(gw_buf_ok(&buf));
	assert_true(gw_span_search(gw_buf_span(&buf),
			GW_SPAN("4000 more not shown\n")) < buf.len);
}

static void
errors_count_even_when_memory_for_them_is_gone(void **state)
{
	char text[1100];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (int i = 0; i < 3000; i++) {
		struct gw_where at = { text, (unsigned)i };
		text[0] = (char)('a' + i % 26); /* each a file of its own */
		gw_diag_error(diag, &at, "x.y", text, "%s%s", text, text);
	}
	assert_int_equal(gw_diag_errors(diag), 3000);
}

static void
control_characters_do_not_reach_a_terminal(void **state)
{
	struct gw_where at = { "a\033[2J.xml", 3 };

	(void)state;
	gw_diag_error(diag, &at, "x.y", NULL, "value \"%s\"",
	    "\033[31mred\r\n\x7f\xc3\xa4");
	gw_diag_print(diag, &buf);
	for (size_t i = 0; i + 1 < buf.len; i++)
		assert_true(buf.p[i] >= 0x20 && buf.p[i] != 0x7f);
	assert_true(
	    gw_span_search(gw_buf_span(&buf), GW_SPAN("\xc3\xa4")) < buf.len);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    text_says_where_what_and_what_should_be, start, end),
		cmocka_unit_test_setup_teardown(
		    json_holds_the_same, start, end),
		cmocka_unit_test_setup_teardown(
		    a_flood_is_counted_but_not_kept, start, end),
		cmocka_unit_test_setup_teardown(
		    errors_count_even_when_memory_for_them_is_gone, start, end),
		cmocka_unit_test_setup_teardown(
		    control_characters_do_not_reach_a_terminal, start, end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
