/*
 * test_lookup_user.c: users in one form, and in paths.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "adapters/lookup/lookup_char.h"
#include "adapters/lookup/lookup_path.h"
#include "adapters/lookup/lookup_user.h"
#include "mcxgw/buf.h"

#define ROOT GW_SPAN("/x/users/")

static struct gw_arena *arena;

static int
make_arena(void **state)
{
	(void)state;
	arena = gw_arena_new(1 << 20);
	return arena == NULL;
}

static int
free_arena(void **state)
{
	(void)state;
	gw_arena_free(arena);
	return 0;
}

static void
assert_text(struct gw_span is, const char *want)
{
	char *text = gw_arena_str(arena, is);

	assert_non_null(text);
	assert_string_equal(text, want);
}

static bool
is_of_run(uint8_t c)
{
	return c >= 0x20 && c < 0x7f &&
	       strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
		      "0123456789-./:",
		   c) != NULL;
}

static void
a_run_ends_at_the_first_other_octet(void **state)
{
	uint8_t text[20];

	(void)state;
	for (size_t len = 1; len <= sizeof(text); len++)
		for (size_t at = 0; at < len; at++)
			for (unsigned c = 0; c < 256; c++) {
				memset(text, 'z', len);
				text[at] = (uint8_t)c;
				text[len - 1] = at + 1 < len ? '_' : (uint8_t)c;
				size_t end = at;
				while (end < len && is_of_run(text[end]))
					end++;
				for (size_t from = 0; from <= at; from++)
					assert_int_equal(
					    lookup_char_run(
						(struct gw_span){ text, len },
						from),
					    end);
			}
	assert_int_equal(lookup_char_run((struct gw_span){ NULL, 0 }, 0), 0);
}

static void
every_spelling_has_one_form(void **state)
{
	static const struct {
		const char *uri, *form;
	} rows[] = {
		{ "sip:bob@mcptt.bravo.example",
		    "sip:bob@mcptt.bravo.example" },
		{ "SIPS:bob@MCPTT.Bravo.example",
		    "sip:bob@mcptt.bravo.example" },
		{ "sip:Bob@b.example", "sip:Bob@b.example" },
		{ "sip:%62o%62@b.example;transport=tcp", "sip:bob@b.example" },
		{ "sip:bob:secret@b.example?Subject=x", "sip:bob@b.example" },
		{ "sip:bob@b.example:5060", "sip:bob@b.example" },
		{ "sips:bob@b.example:5061;lr", "sip:bob@b.example" },
		{ "sip:bob@b.example:05070", "sip:bob@b.example:5070" },
		{ "sip:bob@[2001:DB8::1]:5070", "sip:bob@[2001:db8::1]:5070" },
		{ "sip:a%2fb@b.example", "sip:a%2Fb@b.example" },
		{ "sip:a/b@b.example", "sip:a/b@b.example" },
		{ "sip:*21#@b.example", "sip:*21%23@b.example" },
		{ "sip:*21%23@b.example", "sip:*21%23@b.example" },
		{ "sip:b%C3%A9b%c3%a9@b.example",
		    "sip:b%C3%A9b%C3%A9@b.example" },
		{ "sip:%40@b.example", "sip:%40@b.example" },
		{ "sip:+358-9;ext=1@b.example", "sip:+358-9;ext=1@b.example" },
		{ "tel:+358-9-123(45)6.7", "tel:+35891234567" },
		{ "TEL:+3589;ext=7;phone-context=x", "tel:+3589" },
		{ "tel:70A2", "tel:70a2" },
		{ "tel:7042;isub=1;phone-context=B.Example",
		    "tel:7042;phone-context=b.example" },
		{ "tel:*21#;phone-context=+358",
		    "tel:*21#;phone-context=+358" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_span out, again;
		gw_arena_reset(arena);
		assert_int_equal(
		    gw_lookup_user(arena, gw_span_of(rows[i].uri), &out),
		    GW_OK);
		assert_text(out, rows[i].form);
		assert_int_equal(gw_lookup_user(arena, out, &again), GW_OK);
		assert_true(gw_span_eq(out, again));
		assert_true(lookup_user_same(
		    gw_span_of(rows[i].uri), gw_span_of(rows[i].form)));
	}
}

static void
different_users_stay_different(void **state)
{
	static const char *const pairs[][2] = {
		{ "sip:bob@b.example", "sip:Bob@b.example" },
		{ "sip:bob@b.example", "sip:bob@b.example:5070" },
		{ "sip:bob@b.example", "sip:bob@bb.example" },
		{ "sip:a%2Fb@b.example", "sip:a/b@b.example" },
		{ "sip:a%252Fb@b.example", "sip:a%2Fb@b.example" },
		{ "sip:+3589@b.example", "tel:+3589" },
		{ "tel:7042;phone-context=a.example",
		    "tel:7042;phone-context=b.example" },
		{ "tel:+7042", "tel:7042" },
	};

	(void)state;
	for (size_t i = 0; i < GW_COUNT(pairs); i++)
		assert_false(lookup_user_same(
		    gw_span_of(pairs[i][0]), gw_span_of(pairs[i][1])));
}

static void
what_is_no_user_is_refused(void **state)
{
	static const char *const uris[] = { "", "sip:", "bob@b.example",
		"sip:b.example", "sip:@b.example", "sip::pw@b.example",
		"sip:bob@", "sip:bob@b..example", "sip:bob@.b", "sip:bob@b.",
		"sip:bob@b.example@c.example",
		"sip:bob@b.example:", "sip:bob@b.example:65536",
		"sip:bob@b.example:5x", "sip:bob@b.example:000050",
		"sip:b b@b.example", "sip:bob@b.example;a=\"b\"",
		"sip:bob@b example", "sip:<bob>@b.example", "sip:%@b.example",
		"sip:%4@b.example", "sip:%zz@b.example", "sip:b%00b@b.example",
		"sip:b\xc3\xa9@b.example", "sip:bob@b\x01", "sip:bob@[::1",
		"sip:bob@[]", "tel:", "tel:()", "tel:+", "tel:1+2", "tel:xyz",
		"tel:7042;phone-context=a;phone-context=b",
		"tel:7042;phone-context=a..b", "http://b.example/",
		"urn:bob@b.example", " sip:bob@b.example" };
	struct gw_span out = GW_SPAN("as it was");

	(void)state;
	for (size_t i = 0; i < GW_COUNT(uris); i++) {
		assert_int_equal(
		    gw_lookup_user(arena, gw_span_of(uris[i]), &out),
		    GW_EMALFORMED);
		assert_text(out, "as it was");
	}
}

static void
the_form_has_a_limit_and_not_its_spelling(void **state)
{
	uint8_t text[3 * GW_LOOKUP_USER_MAX] = "sip:";
	static const char tail[] = "@b.example";
	size_t most = GW_LOOKUP_USER_MAX - 4 - (sizeof(tail) - 1);
	struct gw_span out;

	(void)state;
	memset(text + 4, 'a', most + 1);
	memcpy(text + 4 + most, tail, sizeof(tail) - 1);
	assert_int_equal(
	    gw_lookup_user(
		arena, (struct gw_span){ text, GW_LOOKUP_USER_MAX }, &out),
	    GW_OK);
	memset(text + GW_LOOKUP_USER_MAX, ';', 100);
	assert_int_equal(
	    gw_lookup_user(arena,
		(struct gw_span){ text, GW_LOOKUP_USER_MAX + 100 }, &out),
	    GW_OK);
	assert_int_equal(out.len, GW_LOOKUP_USER_MAX);
	memset(text + 4, 'a', most + 1);
	memcpy(text + 5 + most, tail, sizeof(tail) - 1);
	assert_int_equal(
	    gw_lookup_user(
		arena, (struct gw_span){ text, GW_LOOKUP_USER_MAX + 1 }, &out),
	    GW_ELIMIT);
}

static void
a_full_arena_is_told(void **state)
{
	struct gw_arena *small = gw_arena_new(8);
	struct gw_span out;

	(void)state;
	assert_int_equal(
	    gw_lookup_user(small, GW_SPAN("sip:bob@b.example"), &out),
	    GW_ENOMEM);
	assert_int_equal(
	    gw_lookup_unescape(small, GW_SPAN("sip%3Abob%40"), &out),
	    GW_ENOMEM);
	assert_int_equal(lookup_path_build(small, GW_SPAN(""), ROOT,
			     GW_SPAN("sip:bob@b.example"), &out),
	    GW_ENOMEM);
	gw_arena_free(small);
}

static void
escapes_come_back_as_they_were(void **state)
{
	uint8_t all[255];
	struct gw_buf b;
	struct gw_span back;

	(void)state;
	for (size_t i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)(i + 1);
	gw_buf_init(&b, 4096);
	gw_lookup_escape(&b, (struct gw_span){ all, sizeof(all) });
	for (size_t i = 0; i < b.len; i++)
		assert_non_null(strchr("%-._~0123456789"
				       "abcdefghijklmnopqrstuvwxyz"
				       "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
		    b.p[i]));
	assert_int_equal(
	    gw_lookup_unescape(arena, gw_buf_span(&b), &back), GW_OK);
	assert_true(gw_span_eq(back, (struct gw_span){ all, sizeof(all) }));
	gw_buf_clear(&b);
	gw_buf_init(&b, 64);
	gw_lookup_escape(&b, GW_SPAN("sip:a%2Fb/c@b.example"));
	assert_text(gw_buf_span(&b), "sip%3Aa%252Fb%2Fc%40b.example");
	gw_buf_clear(&b);
}

static void
what_is_no_escape_is_refused(void **state)
{
	static const char *const bad[] = { "%", "a%4", "%zz", "%4z", "%00",
		"a%", "%%41", "%-1" };
	struct gw_span out;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(bad); i++)
		assert_int_equal(
		    gw_lookup_unescape(arena, gw_span_of(bad[i]), &out),
		    GW_EMALFORMED);
	assert_int_equal(gw_lookup_unescape(arena, GW_SPAN(""), &out), GW_OK);
	assert_int_equal(out.len, 0);
}

static void
a_path_is_cut_before_it_is_decoded(void **state)
{
	struct gw_span segment, user;
	struct gw_fault fault;

	(void)state;
	assert_true(lookup_path_is(GW_SPAN("/p"), ROOT,
	    GW_SPAN("/p/x/users/sip%3Aa%2Fb%40b.example"), &segment));
	assert_int_equal(
	    lookup_path_user(arena, segment, &user, &fault), GW_OK);
	assert_text(user, "sip:a/b@b.example");
	assert_true(lookup_path_is(GW_SPAN(""), ROOT,
	    GW_SPAN("/x/users/sip%3Aa%252Fb%40b.example"), &segment));
	assert_int_equal(
	    lookup_path_user(arena, segment, &user, &fault), GW_OK);
	assert_text(user, "sip:a%2Fb@b.example");
}

static void
other_paths_are_told_apart(void **state)
{
	static const char *const other[] = { "", "/", "/x/users",
		"/x/users/sip:a@b/more", "/x/users/sip:a@b/", "/x//users/a",
		"/y/users/sip:a@b", "/p/x/users/sip:a@b", "x/users/sip:a@b",
		"/x/%75sers/sip:a@b", "/x/Users/sip:a@b" };
	static const char *const bad[] = { "/x/users/", "/x/users/sip:a@b?x=y",
		"/x/users/sip:a@b#f", "/x/users/bob", "/x/users/sip%3Aa%40b%",
		"/x/users/sip:a%00@b", "/x/users/..",
		"/x/users/sip%253Aa%2540b" };
	struct gw_span segment, user;
	struct gw_fault fault;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(other); i++)
		assert_false(lookup_path_is(
		    GW_SPAN(""), ROOT, gw_span_of(other[i]), &segment));
	for (size_t i = 0; i < GW_COUNT(bad); i++) {
		assert_true(lookup_path_is(
		    GW_SPAN(""), ROOT, gw_span_of(bad[i]), &segment));
		fault.why = NULL;
		assert_int_equal(
		    lookup_path_user(arena, segment, &user, &fault),
		    GW_EMALFORMED);
		assert_non_null(fault.why);
	}
}

/* Some servers decode a path before they cut it. */
static void
a_path_leads_nowhere_else(void **state)
{
	static const struct {
		const char *user;
		bool steps;
	} rows[] = {
		{ "sip:bob@x", false },
		{ "sip:a/../../keyprov/b@x", true },
		{ "sip:a/./b@x", true },
		{ "sip:a/..", true },
		{ "..", true },
		{ "sip:a/b@x", false },
		{ "sip:a/..b/c.@x", false },
		{ "", false },
	};
	struct gw_span out;

	(void)state;
	for (size_t i = 0; i < GW_COUNT(rows); i++) {
		struct gw_span user = gw_span_of(rows[i].user);
		assert_int_equal(gw_lookup_has_steps(user), rows[i].steps);
		assert_int_equal(
		    lookup_path_build(arena, GW_SPAN(""), ROOT, user, &out),
		    rows[i].steps ? GW_EUNSUPPORTED : GW_OK);
	}
}

static void
a_path_has_a_limit(void **state)
{
	static uint8_t text[GW_HTTP_PATH_MAX + 1];
	struct gw_span out;

	(void)state;
	memset(text, 'a', sizeof(text));
	assert_int_equal(
	    lookup_path_build(arena, GW_SPAN(""), ROOT,
		(struct gw_span){ text, GW_HTTP_PATH_MAX - ROOT.len }, &out),
	    GW_OK);
	assert_int_equal(out.len, GW_HTTP_PATH_MAX);
	assert_int_equal(
	    lookup_path_build(arena, GW_SPAN(""), ROOT,
		(struct gw_span){ text, GW_HTTP_PATH_MAX + 1 - ROOT.len },
		&out),
	    GW_EUNSUPPORTED);
	memset(text, '@', sizeof(text));
	assert_int_equal(lookup_path_build(arena, GW_SPAN(""), ROOT,
			     (struct gw_span){ text, 800 }, &out),
	    GW_EUNSUPPORTED);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_ends_at_the_first_other_octet),
		cmocka_unit_test(every_spelling_has_one_form),
		cmocka_unit_test(different_users_stay_different),
		cmocka_unit_test(what_is_no_user_is_refused),
		cmocka_unit_test(the_form_has_a_limit_and_not_its_spelling),
		cmocka_unit_test(a_full_arena_is_told),
		cmocka_unit_test(escapes_come_back_as_they_were),
		cmocka_unit_test(what_is_no_escape_is_refused),
		cmocka_unit_test(a_path_is_cut_before_it_is_decoded),
		cmocka_unit_test(other_paths_are_told_apart),
		cmocka_unit_test(a_path_leads_nowhere_else),
		cmocka_unit_test(a_path_has_a_limit),
	};
	return cmocka_run_group_tests(tests, make_arena, free_arena);
}
