/*
 * test_conf_man.c: mcxgw.xml(5) has every setting with its range and default,
 * and every code of a mistake; it has no others.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "conf/conf_set.h"
#include "support/tfile.h"

#define PAGE	 GW_SOURCE_DIR "/doc/man/mcxgw.xml.5"
#define PAGE_MAX 65536
#define NAME_MAX 96

/* What stands between the line `begin` and the next line that begins with one
 * of the ends; empty if there is none. */
static struct gw_span
section(struct gw_span page, const char *begin, const char *const *ends)
{
	char line[NAME_MAX + 2];

	snprintf(line, sizeof(line), "\n%s", begin);
	size_t at = gw_span_search(page, gw_span_of(line));
	if (at == page.len)
		return (struct gw_span){ NULL, 0 };
	struct gw_span rest = gw_span_sub(page, at + strlen(line), page.len);
	size_t end = rest.len;
	for (; *ends != NULL; ends++) {
		snprintf(line, sizeof(line), "\n%s", *ends);
		size_t hit = gw_span_search(rest, gw_span_of(line));
		end = hit < end ? hit : end;
	}
	return gw_span_sub(rest, 0, end);
}

static bool
has(struct gw_span s, const char *text)
{
	return gw_span_search(s, gw_span_of(text)) < s.len;
}

static const char *const section_ends[] = { ".Ss ", ".Sh ", NULL };
static const char *const item_ends[] = { ".It ", ".El", NULL };

static struct gw_span
item_of(struct gw_span page, const struct conf_setting *s)
{
	char begin[NAME_MAX];

	snprintf(begin, sizeof(begin), ".Ss %s\n", s->element);
	struct gw_span part = section(page, begin, section_ends);
	snprintf(begin, sizeof(begin), ".It Cm %s Ns = Ns Ar ", s->attribute);
	return section(part, begin, item_ends);
}

static void
each_setting_is_there(void **state)
{
	const struct gw_span *page = *state;

	for (int i = 0; i < CONF_SET_N; i++) {
		const struct conf_setting *s = &conf_settings[i];
		struct gw_span item = item_of(*page, s);
		char text[NAME_MAX];
		if (item.len == 0)
			fail_msg("%s %s= is not in the page", s->element,
			    s->attribute);
		if (s->value == NULL)
			snprintf(text, sizeof(text), "\nRequired.");
		else
			snprintf(text, sizeof(text), "\nDefault: %s.",
			    s->value[0] == '\0' ? "none" : s->value);
		if (!has(item, text))
			fail_msg("%s %s=: the page lacks \"%s\"", s->element,
			    s->attribute, text);
	}
}

static void
each_range_is_there(void **state)
{
	const struct gw_span *page = *state;

	for (int i = 0; i < CONF_SET_N; i++) {
		const struct conf_setting *s = &conf_settings[i];
		const char *unit = s->unit == CONF_UNIT_MS	? "ms" :
				   s->unit == CONF_UNIT_SECONDS ? "s" :
								  "";
		char text[NAME_MAX];
		if (s->most == 0)
			continue;
		snprintf(text, sizeof(text), "\nFrom %u%s to %u%s.", s->least,
		    unit, s->most, unit);
		if (!has(item_of(*page, s), text))
			fail_msg("%s %s=: the page lacks \"%s\"", s->element,
			    s->attribute, text);
	}
}

static void
each_code_is_there(void **state)
{
	const struct gw_span *page = *state;

	for (int i = 0; i < CONF_CODE_N; i++) {
		char begin[NAME_MAX];
		snprintf(begin, sizeof(begin), ".It Cm %s", conf_codes[i].code);
		struct gw_span item = section(*page, begin, item_ends);
		size_t line = gw_span_find(item, 0, '\n');
		struct gw_span mark = gw_span_sub(item, 0, line);
		if (item.len < line + 10 ||
		    !(mark.len == 0 ||
			gw_span_eq(mark, GW_SPAN(" Pq warning"))))
			fail_msg("%s is not in the page", conf_codes[i].code);
	}
}

static bool
is_known(struct gw_span code)
{
	for (int i = 0; i < CONF_CODE_N; i++)
		if (gw_span_eq(code, gw_span_of(conf_codes[i].code)))
			return true;
	return false;
}

static void
no_code_is_made_up(void **state)
{
	const struct gw_span mark = GW_SPAN(".It Cm conf.");
	struct gw_span rest = *(const struct gw_span *)*state;
	size_t n = 0, at;

	while ((at = gw_span_search(rest, mark)) < rest.len) {
		rest = gw_span_sub(rest, at + 7, rest.len);
		size_t end = gw_span_find(rest, 0, '\n');
		size_t blank = gw_span_find(rest, 0, ' ');
		struct gw_span code =
		    gw_span_sub(rest, 0, blank < end ? blank : end);
		if (!is_known(code))
			fail_msg("%.*s is unknown", GW_FMT(code));
		n++;
	}
	assert_int_equal(n, CONF_CODE_N);
}

static void
each_default_can_be_written(void **state)
{
	(void)state;
	for (int i = 0; i < CONF_SET_N; i++) {
		const struct conf_setting *s = &conf_settings[i];
		assert_true(s->help[0] != '\0' && s->want[0] != '\0');
		assert_true(s->least <= s->most);
		/* The default stands within the range. */
		if (s->value == NULL || s->value[0] < '0' ||
		    s->value[0] > '9' || s->most == 0)
			continue;
		char *unit;
		unsigned long n = strtoul(s->value, &unit, 10);
		n *= strcmp(unit, "min") == 0 ? 60 : 1;
		n *= s->unit == CONF_UNIT_MS && strcmp(unit, "s") == 0 ? 1000 :
									 1;
		assert_in_range(n, s->least, s->most);
	}
}

int
main(void)
{
	static uint8_t text[PAGE_MAX];
	struct gw_span page = { text, tfile_read(PAGE, text, sizeof(text)) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(each_setting_is_there, &page),
		cmocka_unit_test_prestate(each_range_is_there, &page),
		cmocka_unit_test_prestate(each_code_is_there, &page),
		cmocka_unit_test_prestate(no_code_is_made_up, &page),
		cmocka_unit_test(each_default_can_be_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
