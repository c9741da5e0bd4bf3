/*
 * test_policy_man.c: agreement(5) has every element, attribute and word of the
 * schemas, and every code of a mistake with its remedy; it has no other codes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "policy/policy_code.h"
#include "support/tfile.h"

#define PAGE	 GW_SOURCE_DIR "/doc/man/agreement.5"
#define SCHEMAS	 GW_SOURCE_DIR "/conf/schema/"
#define FILE_MAX 65536
#define NAME_LEN 128

static bool
has(struct gw_span s, const char *text)
{
	return gw_span_search(s, gw_span_of(text)) < s.len;
}

/* The value of what begins with mark in schema from *at on; empty: none. */
static struct gw_span
next(struct gw_span schema, const char *mark, size_t *at)
{
	struct gw_span rest = gw_span_sub(schema, *at, schema.len);
	size_t hit = gw_span_search(rest, gw_span_of(mark));

	if (hit == rest.len)
		return (struct gw_span){ NULL, 0 };
	rest = gw_span_sub(rest, hit + strlen(mark), rest.len);
	*at += hit + strlen(mark);
	return gw_span_sub(rest, 0, gw_span_find(rest, 0, '"'));
}

/* An element is a heading, alone or first or second of two. */
static bool
has_heading(struct gw_span page, struct gw_span name)
{
	static const char *const forms[][2] = { { "\n.Ss ", "\n" },
		{ "\n.Ss ", " , " }, { " , ", "\n" }, { "\n.Li <", "/>" } };
	char text[NAME_LEN];

	for (size_t i = 0; i < GW_COUNT(forms); i++) {
		snprintf(text, sizeof(text), "%s%.*s%s", forms[i][0],
		    GW_FMT(name), forms[i][1]);
		if (has(page, text))
			return true;
	}
	return false;
}

static void
check_schema(struct gw_span page, const char *path)
{
	static uint8_t octets[FILE_MAX];
	struct gw_span schema = { octets,
		tfile_read(path, octets, sizeof(octets)) };
	struct gw_span name;
	char text[NAME_LEN];
	size_t n = 0;

	for (size_t at = 0;
	     (name = next(schema, "<xs:element name=\"", &at)).len > 0; n++)
		if (!has_heading(page, name))
			fail_msg("no heading for <%.*s>", GW_FMT(name));
	for (size_t at = 0;
	     (name = next(schema, "<xs:attribute name=\"", &at)).len > 0; n++) {
		snprintf(
		    text, sizeof(text), " Cm %.*s Ns = Ns Ar ", GW_FMT(name));
		if (!has(page, text))
			fail_msg("no item for %.*s=", GW_FMT(name));
	}
	for (size_t at = 0;
	     (name = next(schema, "<xs:enumeration value=\"", &at)).len > 0;
	     n++) {
		snprintf(text, sizeof(text), " %.*s |", GW_FMT(name));
		char last[NAME_LEN];
		snprintf(last, sizeof(last), " | %.*s\n", GW_FMT(name));
		if (!has(page, text) && !has(page, last))
			fail_msg("no word %.*s", GW_FMT(name));
	}
	assert_true(n > 15);
}

static void
the_schemas_are_there(void **state)
{
	const struct gw_span *page = *state;

	check_schema(*page, SCHEMAS "agreement.xsd");
	check_schema(*page, SCHEMAS "policy.xsd");
}

/* The item of a code, up to the next, lines joined. */
static void
join_item(struct gw_span item, char *out, size_t size)
{
	size_t end = gw_span_search(item, GW_SPAN("\n.It "));
	size_t list = gw_span_search(item, GW_SPAN("\n.El"));

	item = gw_span_sub(item, 0, list < end ? list : end);
	assert_true(item.len < size);
	memcpy(out, item.p, item.len);
	out[item.len] = '\0';
	for (char *c = out; *c != '\0'; c++)
		if (*c == '\n')
			*c = ' ';
}

static void
each_code_is_there_with_its_remedy(void **state)
{
	const struct gw_span *page = *state;

	for (int i = 0; i < POLICY_CODE_N; i++) {
		char text[4096], want[1024];
		snprintf(
		    want, sizeof(want), "\n.It Cm %s", policy_codes[i].code);
		size_t at = gw_span_search(*page, gw_span_of(want));
		uint8_t after =
		    at == page->len ? 0 : page->p[at + strlen(want)];
		if (after != '\n' && after != ' ')
			fail_msg("%s is not in the page", policy_codes[i].code);
		join_item(gw_span_sub(*page, at + strlen(want), page->len),
		    text, sizeof(text));
		snprintf(
		    want, sizeof(want), " Wanted: %s.", policy_codes[i].want);
		if (strstr(text, want) == NULL)
			fail_msg("%s: the page lacks \"%s\"",
			    policy_codes[i].code, want);
	}
}

static void
no_code_is_made_up(void **state)
{
	static const char *const marks[] = { "\n.It Cm policy.",
		"\n.It Cm agreement." };
	const struct gw_span *page = *state;
	size_t n = 0;

	for (size_t i = 0; i < GW_COUNT(marks); i++)
		for (size_t at = 0; next(*page, marks[i], &at).len > 0;)
			n++;
	assert_int_equal(n, POLICY_CODE_N);
}

int
main(void)
{
	static uint8_t text[FILE_MAX];
	struct gw_span page = { text, tfile_read(PAGE, text, sizeof(text)) };
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate(the_schemas_are_there, &page),
		cmocka_unit_test_prestate(
		    each_code_is_there_with_its_remedy, &page),
		cmocka_unit_test_prestate(no_code_is_made_up, &page),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
